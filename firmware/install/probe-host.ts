/**
 * Settings of the host that decide how a failure looks: clock, time zone, what the kernel does after a
 * panic; and the site's own files (local file, configuration, key, off command).
 * Source: protocol.md P10 (kernel.panic); R108 (times of events are compared between servers);
 * firmware/local.ts.
 */
import { KEY_FILE, LOCAL_FILE } from "../../flash/package/places.ts";
import { type CheckFacts, type Found, lacks, ok, type Probe, warns } from "./facts.ts";

export const probeClock: Probe = ({ machine }) => {
  if (machine.exists("/run/systemd/timesync/synchronized")) return [ok("clock")];
  const told = machine.ask(["timedatectl", "show", "-p", "NTPSynchronized", "--value"]);
  if (told?.trim() === "yes") return [ok("clock")];
  const tracked = machine.ask(["chronyc", "-n", "tracking"]);
  if (tracked !== null && /^Leap status\s*:\s*Normal/m.test(tracked)) return [ok("clock")];
  return [warns("clock.unsynchronised")];
};

export const probeZone: Probe = ({ machine }) => {
  const zone = /zoneinfo\/(.+)$/.exec(machine.link("/etc/localtime") ?? "")?.[1];
  if (zone !== undefined) return [ok("zone", { zone })];
  return [machine.exists("/etc/localtime") ? ok("zone", { zone: "?" }) : warns("zone.none")];
};

export const probePanic: Probe = ({ machine }) => {
  const value = machine.text("/proc/sys/kernel/panic")?.trim();
  if (value === undefined) return [warns("panic.unknown")];
  const seconds = Number(value);
  return [seconds === 0 ? warns("panic.stays") : ok("panic", { seconds: Math.max(0, seconds) })];
};

export const probeOff: Probe = ({ machine, local }) => {
  if (local === null) return [];
  if (local.off.kind !== "command") return [ok("off.rack")];
  const [program = ""] = local.off.argv;
  if (program.startsWith("/") && !machine.exists(program))
    return [lacks("off.missing", { program })];
  return [local.off.armed === true ? ok("off", { program }) : warns("off.not-armed", { program })];
};

export const probeKey: Probe = ({ machine, local }) => {
  const path = local?.keyFile ?? KEY_FILE;
  const stat = machine.stat(path);
  if (stat === null) return [lacks("key.missing", { path })];
  if ((stat.mode & 0o077) !== 0) return [lacks("key.open", { path })];
  const text = machine.text(path)?.trim() ?? "";
  if (!/^[0-9a-fA-F]{64}$/.test(text)) return [lacks("key.bad", { path })];
  return [ok("key", { path })];
};

/** The two texts that everything else is checked against. */
export function probeFiles(
  facts: CheckFacts,
  troubles: { readonly local: string | null; readonly config: string | null },
): readonly Found[] {
  const lines: Found[] = [];
  const path = LOCAL_FILE;
  if (troubles.local !== null) lines.push(lacks("local.bad", { path, detail: troubles.local }));
  else lines.push(ok("local", { path, server: facts.local?.server ?? "?" }));
  if (troubles.config !== null) {
    lines.push(
      lacks("config.bad", { path: facts.local?.configFile ?? "?", detail: troubles.config }),
    );
  } else if (facts.config !== null && facts.self === null) {
    const names = facts.config.servers.map(({ name }) => name).join(", ");
    lines.push(lacks("config.not-in", { server: facts.local?.server ?? "?", names }));
  } else if (facts.config !== null) {
    lines.push(ok("config", { path: facts.local?.configFile ?? "?", method: facts.config.method }));
  }
  return lines;
}
