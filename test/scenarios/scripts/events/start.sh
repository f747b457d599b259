#!/bin/sh
# Says what it was told.
armlog "start $ARMS_EVENT $ARMS_DISK $ARMS_SERVER $ARMS_GROUPNAME"
