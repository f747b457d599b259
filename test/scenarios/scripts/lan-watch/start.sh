#!/bin/sh
# Watches all resources of the group; the second trouble in an hour fails it over.
if [ "$ARMS_EVENT" = RECOVER ]; then exit 0; fi
armload RSP /R 1 /H 1 /FOV armrsp /A || exit 1
armlog "start $ARMS_EVENT"
