#!/bin/sh
# An application monitor of the user's own: on the home server it finds that the server is no good.
if [ "$ARMS_EVENT" = RECOVER ]; then exit 0; fi
if [ "$ARMS_SERVER" = HOME ]; then
  armload MONITOR sh -c 'sleep 1; armlog "no good"; armdown; sleep 1000' || exit 1
fi
armlog "start $ARMS_EVENT"
