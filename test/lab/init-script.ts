/**
 * First process of a virtual server in the lab: mounts, cgroup, addresses, then what the server
 * boots, then it waits to be switched off. It is bash and not sh because bash reaps orphans while
 * it reads.
 *
 *   power cable   stdin; "wired" = the network ports are plugged in; end of file = power lost
 *                 (the lab was killed)
 *   power button  the FIFO /run/kage-power: a line in it ends the server: all processes killed,
 *                 then the links down, then this process (architecture 7, "OS off" of the lab). It says "off"
 *                 first: a process that hangs in the array would keep this namespace alive for ever.
 *                 It exists in this mount namespace only.
 *
 * Positional: number, name, cgroup folder or "", boot script, console file.
 */
export const INIT_SCRIPT = `
set -u
[ "$$" = 1 ] || { echo "not the first process of a namespace" >&2; exit 1; }
number=$1 name=$2 cgroup=$3 boot=$4 console=$5
exec 2>>"$console"
if [ -n "$cgroup" ]; then echo 0 >"$cgroup/cgroup.procs" || exit 1; fi
mount -t tmpfs -o mode=755 run /run || exit 1
mkdir -p /run/lock /run/kagemusha
# Anything that would reboot or power off the machine under the lab finds nothing.
for danger in /proc/sysrq-trigger /dev/watchdog /dev/watchdog0; do
  [ ! -e "$danger" ] || mount --bind /dev/null "$danger" || exit 1
done
hostname "$name"
mkfifo -m 600 /run/kage-power
exec 9<>/run/kage-power
printf 'booted\\n'
read -r word || exit 1
[ "$word" = wired ] || exit 1
printf '%s\\n' "link set lo up" \
  "addr add 10.77.1.$number/24 dev ic0" "link set ic0 up" \
  "addr add 10.77.2.$number/24 dev pub0" "link set pub0 up" | ip -batch - || exit 1
# The power cable: whoever holds its other end is the mains.
exec 7<&0 0</dev/null
( read -r word <&7; echo lost >&9 ) &
exec 7<&-
mkfifo /run/kage-mains
( exec setsid bash "$boot" <>/run/kage-mains >>"$console" 2>&1 9>&- ) &
printf 'up\\n'
exec 8>&1 1>>"$console"
read -r word <&9
printf 'off\\n' >&8
kill -9 -1
printf 'link set ic0 down\\nlink set pub0 down\\n' | ip -batch -
exit 0
`;
