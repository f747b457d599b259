#!/bin/sh
# Stop script of a group, the counterpart of start.sh. ARMS_EVENT is the event of the start (D20).
# Translated from the guide's STOP.BAT (2.2.4); what ARMLOAD started is ended by ARMKILL, always (D23).
#
# GROUP NAME=IIS; FAILOVER_POLICY=SERVER1->SERVER2
# Status 0 = stopped. Anything else, or a run beyond stopTimeoutMs, is a failed stop: this server gives up.

if ! command -v armlog >/dev/null 2>&1; then
  armlog() { printf '%s\n' "$1" >&2; }
fi

status=0

stop_service() {
  armkill RSP || status=1
  if [ "${ARMS_DISK:-}" = FAILURE ]; then return; fi
  armlog "$1"
  armkill WWWPS || status=1
  armlog "WWW STOPPED"
}

case "${ARMS_EVENT:-}" in
START) stop_service "NORMAL STOP IIS GROUP SCRIPT" ;;
FAILOVER) stop_service "FAILOVER STOP IIS GROUP SCRIPT" ;;
*) armlog "ERROR NO_ARM IIS GROUP" /ARM ;;
esac
armlog "END IIS STOP SCRIPT"
exit "$status"
