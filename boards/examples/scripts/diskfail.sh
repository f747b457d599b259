#!/bin/sh
# Called by start.sh when connecting the group's disk failed (guide 2.2.4): on the home server the group is
# failed over to the standby, once; on any other server nothing is done, so the group does not go to and fro.
if [ "${ARMS_SERVER:-}" != OTHER ]; then
  armfover /F "${ARMS_GROUPNAME:?is set by the cluster}"
fi
