#!/bin/sh
# Start script of a group: one-way standby of a web service, watched by ARMLOAD, its addresses by ARMRSP.
# Translated from the guide's START.BAT (2.2.4); the disk is asked first (D23).
# Copy it to every server, e.g. to /etc/kagemusha/scripts, and name it in the group's "script" resource.
#
# ARMS_EVENT      START (normal start, also a move), FAILOVER, RECOVER (this server has returned)
# ARMS_DISK       FAILURE = connecting the group's disk failed
# ARMS_SERVER     HOME = first server of the group's policy, OTHER = any other
# ARMS_GROUPNAME  name of the group
#
# GROUP NAME=IIS; FAILOVER_POLICY=SERVER1->SERVER2
# Status 0 = started. Anything else fails the start, and the group goes to the next server.

# The service that this group is for; a name of systemd (or of service(8)).
SERVICE=${SERVICE:-apache2}
HERE=$(dirname "$0")

# Run by hand, outside the cluster, there are no ARM commands: log lines go to standard error.
if ! command -v armlog >/dev/null 2>&1; then
  armlog() { printf '%s\n' "$1" >&2; }
fi

start_service() {
  armload RSP /R 9 /H 1 /FOV armrsp /A || exit 1
  armlog "$1"
  armload WWWPS /S /M "$SERVICE" || exit 1
  # Log after each program: it makes a script easy to follow.
  armlog "WWW STARTED"
}

error_disk() {
  armlog "ERROR DISK IIS GROUP" /ARM
  # In the background, as the guide has it: the order to fail over does not wait for this script.
  "$HERE/diskfail.sh" &
}

case "${ARMS_EVENT:-}" in
START)
  if [ "${ARMS_DISK:-}" = FAILURE ]; then error_disk; else start_service "NORMAL START IIS GROUP SCRIPT"; fi
  ;;
FAILOVER)
  # Recovery of the business's own data belongs here, before the service starts.
  if [ "${ARMS_DISK:-}" = FAILURE ]; then error_disk; else start_service "FAILOVER START IIS GROUP SCRIPT"; fi
  ;;
RECOVER)
  # Nothing is activated on this server now: log only, never start a program here.
  armlog "RECOVER START IIS GROUP"
  ;;
*)
  armlog "ERROR NO_ARM IIS GROUP" /ARM
  ;;
esac
exit 0
