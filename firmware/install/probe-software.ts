/**
 * Software of the machine: Node, systemd, tools, the rights of a real-time process, cgroups, broker.
 * Everything is read from files; only the right to real-time priority is tried, with a process that does
 * nothing. Source: README "Dependencies"; flash/package/*-units.ts (what the units use).
 */

import { TLS_FILES } from "../../flash/broker/mosquitto.ts";
import { UNIT_NAMES } from "../../flash/package/files.ts";
import { TMPFILES_FILE, UNIT_DIR } from "../../flash/package/places.ts";
import { isLoopback, parseIp } from "../../services/configuration/address.ts";
import type { Local } from "../local.ts";
import { brokerFolder, EXPIRY_WARNING_DAYS, expiryOfPem } from "../telemetry/broker-certificate.ts";
import { type CheckFacts, type Found, lacks, ok, type Probe, warns } from "./facts.ts";
import type { Machine } from "./machine.ts";

const NODE_MIN = [20, 19] as const;
/** ProtectProc and the cgroup.kill that the kernels of that time have; 252 was tried. */
const SYSTEMD_MIN = 247;
/** cgroup.kill. */
const KERNEL_MIN = [5, 14] as const;
const PULSE_PRIORITY = "50";

export const probeNode: Probe = ({ machine }) => {
  const version = machine.nodeVersion;
  const values = { version, wanted: NODE_MIN.join(".") };
  return [isAtLeast(version, NODE_MIN) ? ok("node", values) : lacks("node.old", values)];
};

export const probeTools: Probe = ({ machine, local }) => {
  const look = (tool: string, packageName: string, isNeeded: boolean): Found => {
    const values = { tool, package: packageName };
    if (machine.tool(tool) !== null) return ok("tool", values);
    return isNeeded ? lacks("tool.missing", values) : warns("tool.missing-optional", values);
  };
  const isLinux = local?.addresses.kind !== "rack";
  return [
    look("ip", "iproute2", isLinux),
    look("socat", "socat", false),
    look("flock", "util-linux", true),
    look("chrt", "util-linux", true),
  ];
};

export const probeSystemd: Probe = ({ machine }) => {
  // Debian keeps it in the folder of the architecture, e.g. x86_64-linux-gnu.
  const below = machine.list("/usr/lib").filter((name) => name.endsWith("-linux-gnu"));
  const folders = ["/usr/lib/systemd", "/lib/systemd", "/usr/lib64/systemd"];
  folders.push(...below.map((name) => `/usr/lib/${name}/systemd`));
  const names = folders.flatMap((folder) => machine.list(folder));
  const version = names
    .map((name) => Number(/^libsystemd-shared-(\d+)/.exec(name)?.[1]))
    .find((number) => number > 0);
  if (version === undefined) return [lacks("systemd.missing", { wanted: SYSTEMD_MIN })];
  const values = { version, wanted: SYSTEMD_MIN };
  const lines = [version >= SYSTEMD_MIN ? ok("systemd", values) : lacks("systemd.old", values)];
  if (!machine.exists("/run/systemd/system")) lines.push(lacks("systemd.not-running"));
  if (machine.tool("systemd-notify") === null) {
    lines.push(lacks("tool.missing", { tool: "systemd-notify", package: "systemd" }));
  }
  return lines;
};

export const probePackage: Probe = ({ machine }) => {
  const wanted = [...UNIT_NAMES.map((name) => `${UNIT_DIR}/${name}`), TMPFILES_FILE];
  const missing = wanted.filter((path) => !machine.exists(path));
  if (missing.length > 0) return [lacks("package.incomplete", { files: missing.join(", ") })];
  const unit = machine.text(`${UNIT_DIR}/kage-agent.service`) ?? "";
  const [node = "", ...words] = (/^ExecStart=(.+)$/m.exec(unit)?.[1] ?? "").split(" ");
  const main = words.find((word) => word.endsWith("/main.js")) ?? "";
  const absent = [node, main].filter((path) => path === "" || !machine.exists(path));
  if (absent.length > 0) {
    return [lacks("package.incomplete", { files: absent.join(", ") || "ExecStart" })];
  }
  const lines = [ok("package", { main })];
  if (/^\/(root|home)\//.test(node)) lines.push(lacks("package.node-home", { node }));
  const link = `${UNIT_DIR}/multi-user.target.wants/kage.target`;
  const isEnabled = machine.link(link) !== null || machine.exists(link);
  lines.push(isEnabled ? ok("package.enabled") : warns("package.not-enabled"));
  return lines;
};

/** The unit asks for the priority; a kernel with real-time groups would refuse it below a slice. */
export const probeRealtime: Probe = ({ machine }) => {
  const runtimeUs = Number(machine.text("/proc/sys/kernel/sched_rt_runtime_us")?.trim());
  if (runtimeUs === 0) return [lacks("realtime.none")];
  const hasGroups =
    machine.exists("/sys/fs/cgroup/cpu/cpu.rt_runtime_us") ||
    machine.exists("/sys/fs/cgroup/system.slice/cpu.rt_runtime_us");
  if (hasGroups) return [lacks("realtime.groups")];
  if (!machine.isLive || machine.tool("chrt") === null) {
    return [runtimeUs > 0 || runtimeUs === -1 ? ok("realtime") : warns("realtime.unknown")];
  }
  const tried = machine.ask(["chrt", "-r", PULSE_PRIORITY, "true"]);
  return [tried !== null ? ok("realtime") : lacks("realtime.refused")];
};

export const probeCgroups: Probe = ({ machine }) => {
  const controllers = machine.text("/sys/fs/cgroup/cgroup.controllers");
  if (controllers === null) return [warns("cgroup.old")];
  const release = machine.text("/proc/sys/kernel/osrelease")?.trim() ?? "?";
  if (!isAtLeast(release, KERNEL_MIN)) return [warns("cgroup.no-kill", { release })];
  const has = controllers.trim().split(/\s+/);
  return [has.includes("memory") ? ok("cgroup") : warns("cgroup.no-memory")];
};

export const probeBroker: Probe = ({ machine, local }) => {
  const brokers = local?.telemetry?.brokers;
  if (brokers === undefined) return [ok("broker.unused")];
  const tls = probeCertificate(machine, local);
  const isOwn = brokers.some((url) => isLoopbackHost(new URL(url).hostname)) || tls.length > 0;
  if (!isOwn) return [ok("broker.elsewhere", { brokers: brokers.join(", ") })];
  const there = machine.tool("mosquitto") !== null;
  const own = there ? ok("broker") : lacks("broker.missing", { brokers: brokers.join(", ") });
  return [own, ...tls];
};

function probeCertificate(machine: Machine, local: Local | null): readonly Found[] {
  if (local?.telemetry?.brokerTls === undefined) return [];
  const folder = brokerFolder(local.telemetry);
  const file = `${folder}/${TLS_FILES.certificate}`;
  const key = `${folder}/${TLS_FILES.key}`;
  const expiry = expiryOfPem(machine.text(file) ?? "", Date.now());
  const stat = machine.stat(key);
  if (expiry === null || stat === null) return [lacks("broker.no-certificate", { file })];
  if ((stat.mode & 0o077) !== 0) return [lacks("broker.key-open", { file: key })];
  const { until, daysLeft } = expiry;
  if (daysLeft < 0) return [lacks("broker.certificate-ended", { until })];
  if (daysLeft < EXPIRY_WARNING_DAYS) return [warns("broker.certificate-ends", { until })];
  return [ok("broker.certificate", { until })];
}

function isLoopbackHost(host: string): boolean {
  const address = parseIp(host);
  return host === "localhost" || (address !== null && isLoopback(address));
}

/** `20.19.1` or `6.1.0-13-amd64` against major and minor. */
function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [hasMajor = 0, hasMinor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  return hasMajor > major || (hasMajor === major && hasMinor >= minor);
}

/** Own processes of the cluster, whatever folder they were started from. */
export function ownProcesses({ machine }: Pick<CheckFacts, "machine">): ReadonlySet<number> {
  const roles = new Set(["pulse", "agent", "disk", "telemetry"]);
  const rows = machine.processes().filter(({ argv }) => {
    const at = argv.findIndex((word) => word.endsWith("/firmware/main.js"));
    return at >= 0 && roles.has(argv[at + 1] ?? "");
  });
  return new Set(rows.map(({ pid }) => pid));
}
