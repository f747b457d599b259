/**
 * Units of the three processes that keep a server in its cluster: pulse, agent, disk. Every setting has
 * its reason beside it, because the next engineer reads the unit and not this file.
 * Intuition: what must never be late gets priority and protected memory; what starts the customer's
 * programs gets no sandbox, because they would inherit it; what may hang gets nothing that others need.
 * Source: architecture.md 2; protocol.md P1-P8; ecosystem.md 4.3; systemd.exec(5), systemd.service(5).
 */
import {
  CLUSTER_FILE,
  DISK_LOCK_FILE,
  ETC_DIR,
  LOCAL_FILE,
  type PackagePlaces,
  RUN_DIR,
  STATE_DIR,
} from "./places.ts";

export function pulseUnit({ nodePath, mainJs }: PackagePlaces): string {
  return `# Kagemusha: heartbeats, lease, verdict, addresses, watchdog. Written by "kage install".
# Own settings belong into kage-pulse.service.d/*.conf; this file is replaced.
[Unit]
Description=Kagemusha pulse
PartOf=kage.target
# Not network-online.target: with a cable out that waits for minutes, and a cut LAN is our business.
After=network.target kage-sweep.service
RequiresMountsFor=${ETC_DIR} ${STATE_DIR}
ConditionPathExists=${CLUSTER_FILE}
# Stopped alone, the agent gives the groups up when the lease ends. The way out is kage.target.
RefuseManualStop=yes
# Back before the lease ends, but a pulse that cannot start must not use up the machine for ever:
# then the unit is "failed", the agent ends the groups, and the other server has them.
StartLimitIntervalSec=60
StartLimitBurst=30

[Service]
# Not notify: Node tells systemd something by starting a process, and the pulse starts none while it
# works. Who watches it is the agent, within half of the heartbeat timeout; systemd could not be faster.
Type=exec
ExecStart=${nodePath} ${mainJs} pulse --local ${LOCAL_FILE}
Restart=always
RestartSec=0
# Helpers ("ip", "socat") go with it; programs of groups are not in this cgroup.
KillMode=control-group
TimeoutStopSec=5
Slice=kage.slice
# A heartbeat that is late is a heartbeat that is lost.
CPUSchedulingPolicy=rr
CPUSchedulingPriority=50
IOSchedulingClass=realtime
IOSchedulingPriority=4
# Its code must stay in memory while the disk is slow. Node cannot lock memory (no LimitMEMLOCK needed),
# so the kernel is told not to take it; needs the same in kage.slice.
MemoryMin=96M
MemorySwapMax=0
# A leak ends the pulse alone, long before the machine suffers.
MemoryMax=384M
OOMScoreAdjust=-1000
TasksMax=64
# Only sockets, the last words and the black box are written.
ProtectSystem=strict
ReadWritePaths=${RUN_DIR} ${STATE_DIR}
ProtectHome=yes
PrivateTmp=yes
# No PrivateDevices, no DevicePolicy: the serial line and the watchdog are devices that the site chooses.
# No ProtectControlGroups: the last will kills programs through their cgroup.
# No ProtectProc: the last will finds programs by their environment.
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectClock=yes
ProtectHostname=yes
RestrictNamespaces=yes
RestrictSUIDSGID=yes
LockPersonality=yes
# No MemoryDenyWriteExecute: JavaScript is compiled while it runs.
NoNewPrivileges=yes
# Addresses and ARP: NET_ADMIN, NET_RAW. Will over programs of other users: KILL, SYS_PTRACE and
# DAC_OVERRIDE (their environment in /proc). Off: SYS_BOOT. Ports below 1024: NET_BIND_SERVICE.
# ProtectClock takes SYS_TIME and WAKE_ALARM.
CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BIND_SERVICE CAP_KILL CAP_SYS_PTRACE CAP_DAC_OVERRIDE CAP_SYS_NICE CAP_SYS_BOOT
# PACKET is ARP, NETLINK is ip(8).
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET
SystemCallArchitectures=native
# reboot: "systemctl poweroff --force --force" when nothing else ends the machine.
# pkey: newer Node protects its compiled code with it.
SystemCallFilter=@system-service @pkey reboot
SystemCallErrorNumber=EPERM
`;
}

export function agentUnit({ nodePath, mainJs }: PackagePlaces): string {
  return `# Kagemusha: groups, programs, record, event log, control socket. Written by "kage install".
# Own settings belong into kage-agent.service.d/*.conf; this file is replaced.
[Unit]
Description=Kagemusha agent
PartOf=kage.target
After=network.target kage-sweep.service kage-pulse.service
RequiresMountsFor=${ETC_DIR} ${STATE_DIR}
ConditionPathExists=${CLUSTER_FILE}
# Stopped alone, the pulse ends the groups after a grace. The way out is kage.target; for a new version:
# systemctl kill --kill-whom=main -s KILL kage-agent.service (programs run on, the next agent adopts them).
RefuseManualStop=yes
StartLimitIntervalSec=60
StartLimitBurst=30

[Service]
# Ready when groups were adopted and the control socket is open. The word and the sign of life come from
# "systemd-notify", a child: that is why NotifyAccess=all.
Type=notify
NotifyAccess=all
# The pulse replaces a hung agent after about a second; this is the net below it, for an agent and a pulse
# that hang together. One short process every 10 s.
WatchdogSec=30
ExecStart=${nodePath} --max-old-space-size=192 ${mainJs} agent --local ${LOCAL_FILE}
Restart=always
RestartSec=0
# Programs of groups are in this cgroup and must outlive the agent.
KillMode=process
TimeoutStopSec=10
Slice=kage.slice
# A cgroup of its own below this one for every program; systemd keeps its hands off.
Delegate=yes
# Programs count as well: no MemoryMax, no MemorySwapMax and no TasksMax here.
TasksMax=infinity
MemoryMin=96M
# Programs are set back to 0 before they start.
OOMScoreAdjust=-900
# A program that the kernel kills for its memory is restarted by the agent; the agent stays.
OOMPolicy=continue
# No sandbox on purpose: whatever is forbidden here is forbidden to every program of every group,
# databases and web servers included. They bring their own. What the agent may do, root may do.
`;
}

export function diskUnit({ nodePath, mainJs }: PackagePlaces): string {
  return `# Kagemusha: all raw I/O of the arbitration partition. Written by "kage install".
# Own settings belong into kage-disk.service.d/*.conf; this file is replaced.
[Unit]
Description=Kagemusha disk process
PartOf=kage.target
After=kage-sweep.service kage-pulse.service
RequiresMountsFor=${ETC_DIR}
ConditionPathExists=${CLUSTER_FILE}
# A dead array may come back after hours: no limit, one try per second.
StartLimitIntervalSec=0

[Service]
# No notify and no WatchdogSec: an operation that hangs for hours is normal for a dead array, and the
# pulse keeps the deadlines.
Type=exec
# The lock is held by the process itself until the kernel has really ended it. So a second one never runs
# beside one that hangs in the kernel, even after systemd has given it up.
ExecStart=/usr/bin/flock --nonblock --no-fork ${DISK_LOCK_FILE} ${nodePath} --max-old-space-size=64 ${mainJs} disk --local ${LOCAL_FILE}
Restart=always
RestartSec=1
# It owns nothing and may end at any instant.
KillSignal=SIGKILL
# So an ordered stop is no failure; a kill that nobody ordered is followed by a restart as ever.
SuccessExitStatus=SIGKILL
TimeoutStopSec=5
Slice=kage.slice
# A claim is late when the code has to be read from the disk first.
MemoryMin=64M
MemorySwapMax=0
MemoryMax=256M
OOMScoreAdjust=-900
TasksMax=32
ProtectSystem=strict
ReadWritePaths=${RUN_DIR}
ProtectHome=yes
PrivateTmp=yes
# Block devices and nothing else: never the watchdog, never a serial line.
DevicePolicy=closed
DeviceAllow=block-* rw
PrivateNetwork=yes
ProtectProc=invisible
ProtectControlGroups=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectClock=yes
ProtectHostname=yes
RestrictRealtime=yes
RestrictNamespaces=yes
RestrictSUIDSGID=yes
LockPersonality=yes
NoNewPrivileges=yes
# root's own files and devices need no capability.
CapabilityBoundingSet=
RestrictAddressFamilies=AF_UNIX
SystemCallArchitectures=native
# pkey: newer Node protects its compiled code with it.
SystemCallFilter=@system-service @pkey
SystemCallErrorNumber=EPERM
`;
}
