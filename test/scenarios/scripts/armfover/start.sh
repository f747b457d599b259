#!/bin/sh
# Finds its disk missing on the home server and asks for a failover, as the guide's diskfail does.
armlog "start $ARMS_EVENT $ARMS_SERVER"
if [ "$ARMS_SERVER" != OTHER ]; then armfover /F "$ARMS_GROUPNAME" || armlog "no failover"; fi
