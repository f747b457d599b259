#!/bin/sh
# Ends what was loaded.
armkill PARALLEL && armlog "stop $ARMS_EVENT $ARMS_GROUPNAME"
