#!/bin/sh
# Hangs on the home server, with a child in another session that ignores TERM.
if [ "$ARMS_SERVER" = HOME ]; then
  setsid sh -c 'trap "" TERM; while :; do sleep 1; done' &
  while :; do sleep 1; done
fi
armlog "start $ARMS_EVENT"
