#!/bin/sh
# Stop script to try out, the counterpart of start.sh. Its status is that of ARMKILL: a failed stop ends this server.
armlog "stop after $ARMS_EVENT"
armkill BUSINESS
