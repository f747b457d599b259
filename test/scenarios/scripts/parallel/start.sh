#!/bin/sh
# The same program under the same identity on every server: the instances of one parallel group.
armload PARALLEL sleep 1000 || exit 1
armlog "start $ARMS_EVENT $ARMS_GROUPNAME"
