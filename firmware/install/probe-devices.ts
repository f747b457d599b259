/**
 * Devices of the machine: watchdog, serial line, arbitration partition. The watchdog is never opened,
 * because opening it starts its countdown; the serial line is not opened either; of the partition the
 * first 132 KiB are read.
 * Source: kernel watchdog-api.rst; guide 3.2.1 (COM), protocol.md 1.5, P10; udev(7).
 */

import { ARRAY_BLOCK_BYTES } from "../../hal/ports/array.ts";
import { parseComDevice, parseDiskPath } from "../../services/configuration/address.ts";
import {
  ARBITRATION_BLOCKS,
  decodeHeader,
  isBlank,
} from "../../services/quorum/arbitration-layout.ts";
import { type CheckFacts, type Found, lacks, ok, type Probe, warns } from "./facts.ts";

const LAYOUT_BYTES = ARBITRATION_BLOCKS * ARRAY_BLOCK_BYTES;
const SECTOR_BYTES = 512;

export const probeWatchdog: Probe = (facts) => {
  const { machine, local, config, ownPids } = facts;
  if (local === null) return [];
  if (local.watchdog.kind !== "device") return [warns("watchdog.none")];
  const { path } = local.watchdog;
  const timeoutMs = config?.timing.watchdogTimeoutMs ?? 0;
  if (!machine.exists(path)) return [lacks("watchdog.missing", { path })];
  // /dev/watchdog and /dev/watchdog0 are one device with two names.
  const aliases = /\/watchdog0?$/.test(path) ? ["/dev/watchdog", "/dev/watchdog0"] : [path];
  const strangers = aliases
    .flatMap((alias) => machine.holders(alias))
    .filter(({ pid }) => !ownPids.has(pid));
  if (strangers.length > 0) {
    return [lacks("watchdog.held", { path, who: whoText(strangers) })];
  }
  if (config !== null && timeoutMs <= 0) return [warns("watchdog.not-configured", { path })];
  const name = (path.split("/").at(-1) ?? "").replace(/^watchdog$/, "watchdog0");
  const seconds = Number(machine.text(`/sys/class/watchdog/${name}/timeout`)?.trim() ?? "");
  if (timeoutMs > 0 && seconds * 1000 > timeoutMs) {
    return [lacks("watchdog.slow", { path, seconds, wanted: timeoutMs / 1000 })];
  }
  const values = { path, seconds: seconds > 0 ? seconds : "?" };
  return [seconds > 0 ? ok("watchdog", values) : warns("watchdog.unknown-time", values)];
};

export const probeSerial: Probe = (facts) => {
  const { machine, config, self, ownPids } = facts;
  if (config === null || self === null) return [];
  const device = config.com?.devices[self];
  const path = device === undefined ? null : parseComDevice(device);
  if (device === undefined || path?.kind === "tcp") return [ok("serial.unused")];
  if (!machine.exists(device)) return [lacks("serial.missing", { device })];
  const name = (machine.real(device) ?? device).replace(/^\/dev\//, "");
  if (!machine.canOpen(device)) return [lacks("serial.forbidden", { device })];
  const number = /^ttyS(\d+)$/.exec(name)?.[1];
  const driver = machine.text("/proc/tty/driver/serial") ?? "";
  if (number !== undefined && new RegExp(`^${number}: uart:unknown`, "m").test(driver)) {
    return [lacks("serial.no-uart", { device })];
  }
  const console = new RegExp(`\\bconsole=${name}\\b`);
  if (console.test(machine.text("/proc/cmdline") ?? "")) {
    return [lacks("serial.console", { device, name })];
  }
  const wanted = machine.list("/etc/systemd/system/getty.target.wants");
  const getty = machine
    .processes()
    .find(({ argv }) => /getty$/.test(argv[0] ?? "") && argv.includes(name));
  if (getty !== undefined || wanted.includes(`serial-getty@${name}.service`)) {
    return [lacks("serial.getty", { device, name })];
  }
  const strangers = machine.holders(device).filter(({ pid }) => !ownPids.has(pid));
  if (strangers.length > 0) return [lacks("serial.held", { device, who: whoText(strangers) })];
  return [ok("serial", { device, speed: config.com?.baud ?? "?" })];
};

export const probeDisk: Probe = (facts) => {
  const { machine, config, self } = facts;
  if (config === null || self === null) return [];
  const path = config.disk?.paths[self];
  if (path === undefined || parseDiskPath(path)?.kind === "nbd") return [ok("disk.unused")];
  const real = machine.real(path);
  if (real === null) return [lacks("disk.missing", { path })];
  const name = real.split("/").at(-1) ?? "";
  const block = `/sys/class/block/${name}`;
  const number = machine.text(`${block}/dev`)?.trim();
  if (number === undefined) return [lacks("disk.no-block-device", { path, real })];
  const lines: Found[] = [];
  if (!/\/by-(partlabel|partuuid|id)\//.test(path))
    lines.push(warns("disk.unstable-name", { path }));
  const used = diskUse(facts, real, block, number);
  if (used !== null) return [...lines, lacks("disk.used", { path, by: used })];
  if (machine.list(block).includes("partition") === false && /^(sd|vd|nvme)/.test(name)) {
    lines.push(warns("disk.whole", { path }));
  }
  const bytes = Number(machine.text(`${block}/size`)?.trim() ?? 0) * SECTOR_BYTES;
  if (bytes < LAYOUT_BYTES) {
    const wanted = Math.ceil(LAYOUT_BYTES / 1024);
    return [...lines, lacks("disk.small", { path, wanted, found: Math.floor(bytes / 1024) })];
  }
  return [...lines, diskContent(facts, path)];
};

/** Who uses the partition, in words; null = nobody. */
function diskUse(facts: CheckFacts, real: string, block: string, number: string): string | null {
  const { machine } = facts;
  const mounts = (machine.text("/proc/self/mountinfo") ?? "").split("\n");
  const mount = mounts.map((line) => line.split(" ")).find((fields) => fields[2] === number);
  if (mount !== undefined) return `mounted on ${mount[4]}`;
  const isSwap = (machine.text("/proc/swaps") ?? "").split("\n").some((line) => {
    return line.split(/\s/)[0] === real;
  });
  if (isSwap) return "swap";
  const holders = machine.list(`${block}/holders`);
  if (holders.length > 0) return `device mapper, LVM or RAID: ${holders.join(", ")}`;
  const kind = /^E:ID_FS_TYPE=(.+)$/m.exec(machine.text(`/run/udev/data/b${number}`) ?? "")?.[1];
  return kind === undefined ? null : `signature of ${kind}`;
}

function diskContent({ machine, config }: CheckFacts, path: string): Found {
  const content = machine.bytes(path, LAYOUT_BYTES);
  if (content === null || content.length < LAYOUT_BYTES) return lacks("disk.unreadable", { path });
  const header = decodeHeader(content.subarray(0, ARRAY_BLOCK_BYTES));
  if (header.kind === "good") {
    const isOurs = header.clusterId === config?.clusterId;
    return isOurs ? ok("disk", { path }) : lacks("disk.other-cluster", { path });
  }
  if (header.kind === "blank" && isBlank(content)) return lacks("disk.blank", { path });
  const found = header.kind === "foreign" ? header.found : "data of another program";
  return lacks("disk.foreign", { path, found });
}

function whoText(who: readonly { readonly pid: number; readonly name: string }[]): string {
  return who.map(({ pid, name }) => `${name} (${pid})`).join(", ");
}
