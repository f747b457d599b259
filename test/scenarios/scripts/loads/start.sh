#!/bin/sh
# Loads a program that ends at once on the home server: two restarts, then the group fails over.
if [ "$ARMS_EVENT" = RECOVER ]; then exit 0; fi
if [ "$ARMS_SERVER" = HOME ]; then
  ARMLOAD APP /R 2 /H 1 /FOV sh -c 'sleep 0.3; exit 7' || exit 1
else
  ARMLOAD RSP /R 9 /H 1 /FOV ARMRSP /A || exit 1
  armload APP /R 2 /H 1 /FOV sleep 1000 || exit 1
  armload app sleep 1 || armlog "duplicate refused"
fi
armlog "start $ARMS_EVENT"
