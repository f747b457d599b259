/**
 * Units around the deciding three: telemetry, the two that lead a server out of its cluster, and the
 * target and slice that hold all together.
 * Intuition: leaving is a unit that stops first (in order, by the cluster's rules) and one that stops last
 * (by force, what is left). Between them the processes end, and nothing of a group can remain behind a
 * server whose successor already works.
 * Source: architecture.md 2; protocol.md P4, P5, P8; R17; systemd.unit(5), systemd.resource-control(5).
 */
import {
  CLUSTER_FILE,
  ETC_DIR,
  KEY_FILE,
  LEAVING_FILE,
  LOCAL_FILE,
  type PackagePlaces,
  RUN_DIR,
  STATE_DIR,
} from "./places.ts";

export function telemetryUnit({ nodePath, mainJs }: PackagePlaces): string {
  return `# Kagemusha: MQTT and dashboard. Written by "kage install".
# Own settings belong into kage-telemetry.service.d/*.conf; this file is replaced.
[Unit]
Description=Kagemusha telemetry and dashboard
PartOf=kage.target
After=network.target kage-sweep.service kage-agent.service mosquitto.service
RequiresMountsFor=${ETC_DIR} ${STATE_DIR}
ConditionPathExists=${CLUSTER_FILE}
# The cluster works without it: it may take its time, for ever.
StartLimitIntervalSec=0

[Service]
# Nobody else watches this process, so systemd does. The words come from a child: NotifyAccess=all.
Type=notify
NotifyAccess=all
WatchdogSec=60
# A server whose local file has no such section has no telemetry; that is no failure.
ExecCondition=/bin/grep -q "\\"telemetry\\"" ${LOCAL_FILE}
ExecStart=${nodePath} --max-old-space-size=96 ${mainJs} telemetry --local ${LOCAL_FILE}
Restart=always
RestartSec=2
TimeoutStopSec=10
Slice=kage.slice
# It must never be in the way of a heartbeat, a program or the machine.
Nice=10
CPUWeight=20
IOWeight=20
MemoryHigh=192M
MemoryMax=256M
MemorySwapMax=0
OOMScoreAdjust=500
TasksMax=64
# The one process that strangers speak to: it gets least.
ProtectSystem=strict
ReadWritePaths=${STATE_DIR} ${RUN_DIR}
# It never needs the keys of the cluster.
InaccessiblePaths=-${KEY_FILE} -${STATE_DIR}/keys
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
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
# Ports 80 and 443; its files are root's own.
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
# NETLINK: the list of this server's addresses.
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
# pkey: newer Node protects its compiled code with it.
SystemCallFilter=@system-service @pkey
SystemCallErrorNumber=EPERM
`;
}

export function leaveUnit({ nodePath, mainJs }: PackagePlaces): string {
  return `# Kagemusha: leads this server out of the cluster in order. Written by "kage install".
# Stops first of all: groups go to another server, the watchdog is taken off. The server comes back detached,
# as after "kage server shutdown"; a sole one with the clean mark, as after "kage cluster shutdown".
[Unit]
Description=Kagemusha membership of this server
PartOf=kage.target
# Not after telemetry: while that one hangs at its start, this unit would not be up, and what is not up is
# not stopped either: a poweroff would end the groups by force.
After=kage-pulse.service kage-agent.service kage-disk.service
RequiresMountsFor=${ETC_DIR} ${STATE_DIR}
ConditionPathExists=${CLUSTER_FILE}
RefuseManualStop=yes

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
# "-": a server that cannot leave in order is swept afterwards and comes up detached.
ExecStop=-${nodePath} ${mainJs} leave --local ${LOCAL_FILE}
# Stop scripts of groups have their own time limits (default 30 minutes); longer than a database needs,
# shorter than an operator waits. Site's choice: kage-leave.service.d/time.conf.
TimeoutStopSec=600
Slice=kage.slice
`;
}

export function sweepUnit({ nodePath, mainJs }: PackagePlaces): string {
  return `# Kagemusha: nothing of a group may be left here when the cluster software is down.
# Written by "kage install". Stops last: what still runs of a group is killed, its addresses go.
[Unit]
Description=Kagemusha clearing of this server
PartOf=kage.target
After=network.target
Before=kage-pulse.service kage-agent.service
RequiresMountsFor=${ETC_DIR} ${STATE_DIR}
ConditionPathExists=${CLUSTER_FILE}
RefuseManualStop=yes

[Service]
Type=oneshot
RemainAfterExit=yes
# The word of an earlier leave must not keep this server from being switched off.
ExecStart=/bin/rm -f ${LEAVING_FILE}
ExecStop=${nodePath} ${mainJs} sweep --local ${LOCAL_FILE}
TimeoutStopSec=60
Slice=kage.slice
`;
}

export const TARGET_UNIT = `# Kagemusha as a whole: enable, start and stop this one. Written by "kage install".
[Unit]
Description=Kagemusha failover cluster
# None requires another: each is restarted by itself, and none falls with another.
Wants=kage-sweep.service kage-pulse.service kage-agent.service kage-disk.service
Wants=kage-telemetry.service kage-leave.service
After=network.target
# Up first and down last: "systemctl stop" waits for the named unit alone, and whoever stops this one has to
# be told "done" when the groups are away and nothing runs, not before.
Before=kage-sweep.service kage-pulse.service kage-agent.service kage-disk.service
Before=kage-telemetry.service kage-leave.service

[Install]
WantedBy=multi-user.target
`;

export const SLICE_UNIT = `# Kagemusha: memory that the kernel must not take from pulse, agent and disk process.
# Written by "kage install". Without it here the MemoryMin of a service counts for nothing.
[Unit]
Description=Kagemusha processes
Before=slices.target

[Slice]
MemoryMin=256M
CPUWeight=1000
IOWeight=1000
`;
