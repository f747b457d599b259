/**
 * Two scripts of a machine that has systemd as its first process. PREPARE lays the machine's own root over
 * the host's (overlay, so that nothing is written to the host) and installs the package there. FIRST is
 * run as process 1 of new namespaces, builds /dev, /proc and /sys, waits for its network ports and becomes
 * systemd.
 * What can reach past the namespaces is taken away: no sysrq, no watchdog, no disk but the array, /sys and
 * /proc/sys read-only, no capability to load modules or set the clock. `poweroff` inside ends the first
 * process only (pid_namespaces(7), reboot(2)).
 * Source: systemd's container interface; pid_namespaces(7), time_namespaces(7), overlay of the kernel.
 */

/** Units of a Debian host that mean hardware or logins; a machine of the lab has neither. */
const MASKED = [
  ...["systemd-logind.service", "dbus.service", "dbus.socket", "getty.target"],
  ...["systemd-modules-load.service", "systemd-sysctl.service", "systemd-networkd.service"],
  ...["systemd-udevd.service", "systemd-udev-trigger.service", "systemd-timesyncd.service"],
  ...["dev-hugepages.mount", "dev-mqueue.mount", "proc-sys-fs-binfmt_misc.automount"],
  ...["sys-fs-fuse-connections.mount", "sys-kernel-config.mount", "sys-kernel-debug.mount"],
  ...["sys-kernel-tracing.mount", "tmp.mount", "systemd-remount-fs.service"],
];

const OVERLAY =
  'mount -t overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" machine "$root" || exit 1';

/** Positional: folder, machine id (32 hex digits), service to copy, then the words that install. */
export const PREPARE_SCRIPT = `
set -u
folder=$1 id=$2 service=$3
shift 3
root=$folder/root
mkdir -p "$folder/upper" "$folder/work" "$root" || exit 1
${OVERLAY}
rm -rf "$root/etc/systemd/system" "$root/etc/kagemusha" "$root/var/lib/kagemusha" "$root/var/log/journal" || exit 1
mkdir -p "$root/etc/systemd/system" "$root/etc/systemd/journald.conf.d" "$root/opt" || exit 1
for unit in ${MASKED.join(" ")}; do ln -s /dev/null "$root/etc/systemd/system/$unit" || exit 1; done
ln -s /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"
printf '[Journal]\\nStorage=volatile\\nRateLimitBurst=0\\n' >"$root/etc/systemd/journald.conf.d/lab.conf"
printf '%s\\n' "$id" >"$root/etc/machine-id"
: >"$root/etc/fstab"
cp "$service" "$root/opt/service.mjs" || exit 1
"$@" --root "$root" || exit 1
umount "$root"
`;

/** Positional: number, name, folder, boot id, block device or "", terminal or "", console file. */
export const FIRST_SCRIPT = `
set -u
[ "$$" = 1 ] || { echo "not the first process of a namespace" >&2; exit 1; }
number=$1 name=$2 folder=$3 boot_id=$4 disk=$5 com=$6 console=$7
root=$folder/root
exec 2>>"$console"
${OVERLAY}
mount -t proc proc "$root/proc" || exit 1
mount -t sysfs -o ro sysfs "$root/sys" || exit 1
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup" || exit 1
mount -t tmpfs -o mode=755 dev "$root/dev" || exit 1
for node in null:3 zero:5 full:7 random:8 urandom:9; do
  mknod -m 666 "$root/dev/\${node%:*}" c 1 "\${node#*:}" || exit 1
done
mknod -m 666 "$root/dev/tty" c 5 0
mkdir -p "$root/dev/pts" "$root/dev/shm" "$root/dev/disk/by-partlabel"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts" || exit 1
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm" || exit 1
if [ -n "$disk" ]; then
  mknod -m 600 "$root/dev/\${disk##*/}" b $(stat -c '0x%t 0x%T' "$disk") || exit 1
  ln -s "../../\${disk##*/}" "$root/dev/disk/by-partlabel/arb"
fi
if [ -n "$com" ]; then
  : >"$root/dev/ttyS0"
  mount --bind "$(readlink -f "$com")" "$root/dev/ttyS0" || exit 1
fi
mount -t tmpfs -o mode=755 run "$root/run" || exit 1
mount -t tmpfs -o mode=1777 tmp "$root/tmp" || exit 1
mount --bind "$root/proc/sys" "$root/proc/sys" && mount -o remount,ro,bind "$root/proc/sys" || exit 1
# The kernel's own number of this boot is the host's; a machine of the lab has one per boot.
printf '%s\\n' "$boot_id" >"$root/run/boot-id"
mount --bind "$root/run/boot-id" "$root/proc/sys/kernel/random/boot_id" || exit 1
# ProtectProc= gives a unit a fresh /proc, where the host's would be seen again: so it is said as well.
incarnation=$(tr -d - <"$root/run/boot-id" | cut -c 1-16)
mkdir -p "$root/run/systemd/system.conf.d"
printf '[Manager]\\nDefaultEnvironment=KAGE_HOST_INCARNATION=%s KAGE_HOST_STARTED_MS=0\\n' \\
  "$incarnation" >"$root/run/systemd/system.conf.d/boot.conf"
# Its console is the host's as well, on a port that is not the machine's.
printf 'quiet\\n' >"$root/run/cmdline"
mount --bind "$root/run/cmdline" "$root/proc/cmdline" || exit 1
for danger in /proc/sysrq-trigger /proc/kmsg /proc/kcore; do
  [ ! -e "$root$danger" ] || mount --bind /dev/null "$root$danger" || exit 1
done
hostname "$name"
printf '%s\\n' "$name" >"$root/etc/hostname"
printf 'booted\\n'
read -r word || exit 1
[ "$word" = wired ] || exit 1
printf '%s\\n' "link set lo up" \\
  "addr add 10.77.1.$number/24 dev ic0" "link set ic0 up" \\
  "addr add 10.77.2.$number/24 dev pub0" "link set pub0 up" | ip -batch - || exit 1
cd "$root" && mkdir -p .host && pivot_root . .host && umount -l /.host || exit 1
printf 'up\\n'
exec </dev/null >/dev/null 2>&1
exec env -i container=kage-lab PATH=/usr/sbin:/usr/bin:/sbin:/bin \\
  setpriv --bounding-set=-sys_module,-sys_time,-sys_rawio,-syslog,-mac_admin,-mac_override \\
  /lib/systemd/systemd --system --show-status=no
`;
