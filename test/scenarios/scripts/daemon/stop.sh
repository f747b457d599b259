#!/bin/sh
# Leaves the daemon to the cluster.
armlog "stop $ARMS_EVENT"
