/**
 * Watches a service of the operating system as if it were a program (ARMLOAD /S): starts it, lives while
 * it is active, ends with 1 when it is not, and stops it on TERM.
 * Intuition: the runner knows how to watch a process, so the service gets one that stands for it.
 * Source: guide 2.2.4 (`ARMLOAD WWWPS /S /M "W3SVC"`); requirement R158; systemctl(1), service(8).
 */

/** Argument: the service's name. Status: 1 it ended or did not start, 127 no service manager here. */
export const SERVICE_WATCH = `
if command -v systemctl >/dev/null 2>&1; then
  up() { systemctl start -- "$1"; }
  down() { systemctl stop -- "$1"; }
  active() { systemctl is-active --quiet -- "$1"; }
elif command -v service >/dev/null 2>&1; then
  up() { service "$1" start; }
  down() { service "$1" stop; }
  active() { service "$1" status >/dev/null 2>&1; }
else
  echo "armload /S: neither systemctl nor service is here; load the program itself instead" >&2
  exit 127
fi
name=$1
ends=
trap 'ends=yes' TERM INT
up "$name" || { echo "armload /S: service $name did not start" >&2; exit 1; }
while [ -z "$ends" ] && active "$name"; do
  sleep 1 &
  wait "$!"
done
if [ -n "$ends" ]; then
  trap '' TERM INT
  down "$name"
  exit 0
fi
echo "armload /S: service $name is not active any more" >&2
exit 1
`;
