#!/bin/sh
# Says what it was told.
ARMLOG "stop $ARMS_EVENT $ARMS_DISK $ARMS_SERVER $ARMS_GROUPNAME"
