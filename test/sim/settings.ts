/**
 * The clusters that storms are run over: method, times and size by a name, so that a plan file says in one word
 * what it was drawn for. Source: R57-R111; protocol.md 1.2, 1.3-1.6.
 */
import { type LoadedConfig, loadConfiguration } from "../../services/configuration/load.ts";
import type { InternalFailure } from "../../services/configuration/model.ts";

interface Setting {
  readonly method: "com" | "com-disk" | "disk" | "none" | "majority";
  readonly servers?: number;
  readonly timeoutMs?: number;
  readonly watchdogMs?: number;
  readonly diskWaitMs?: number;
  readonly earlyVerdict?: boolean;
  readonly internalFailure?: InternalFailure;
}

export const SETTINGS = {
  "com-disk": { method: "com-disk" },
  "com-disk-watchdog": { method: "com-disk", watchdogMs: 500 },
  com: { method: "com" },
  none: { method: "none" },
  "none-300": { method: "none", timeoutMs: 300 },
  disk: { method: "disk" },
  "disk-early": { method: "disk", earlyVerdict: true },
  "disk-watchdog": { method: "disk", watchdogMs: 500, diskWaitMs: 1600 },
  "majority-3": { method: "majority", servers: 3 },
  "majority-3-watchdog": { method: "majority", servers: 3, watchdogMs: 500 },
  "majority-4": { method: "majority", servers: 4 },
  "majority-5": { method: "majority", servers: 5 },
  "disk-3": { method: "disk", servers: 3 },
  "disk-3-watchdog": { method: "disk", servers: 3, watchdogMs: 500, diskWaitMs: 1600 },
  "disk-4": { method: "disk", servers: 4 },
} as const satisfies Readonly<Record<string, Setting>>;

/** Sizes and times that only long storms are drawn for (long-storm.ts); 30 s is the product's default. */
export const LONG_SETTINGS = {
  "com-disk-3s": { method: "com-disk", timeoutMs: 3000 },
  "com-disk-30s": { method: "com-disk", timeoutMs: 30_000 },
  "com-10s": { method: "com", timeoutMs: 10_000 },
  "disk-10s": { method: "disk", timeoutMs: 10_000 },
  "none-10s": { method: "none", timeoutMs: 10_000 },
  "majority-3-3s": { method: "majority", servers: 3, timeoutMs: 3000 },
  "majority-3-30s": { method: "majority", servers: 3, timeoutMs: 30_000 },
  "majority-4-10s": { method: "majority", servers: 4, timeoutMs: 10_000 },
  "majority-4-30s": { method: "majority", servers: 4, timeoutMs: 30_000 },
  "majority-6-10s": { method: "majority", servers: 6, timeoutMs: 10_000 },
  "majority-7-10s": { method: "majority", servers: 7, timeoutMs: 10_000 },
  "majority-9-30s": { method: "majority", servers: 9, timeoutMs: 30_000 },
  "majority-16": { method: "majority", servers: 16 },
  "majority-16-3s": { method: "majority", servers: 16, timeoutMs: 3000 },
  "disk-3-30s": { method: "disk", servers: 3, timeoutMs: 30_000 },
  "disk-8-10s": { method: "disk", servers: 8, timeoutMs: 10_000 },
  "majority-16-30s": { method: "majority", servers: 16, timeoutMs: 30_000 },
} as const satisfies Readonly<Record<string, Setting>>;
/** Levels of D24 beside the default, and the shared disk of three and more: played by name, so that the draws of all other storms stay what they are. */
export const LEVEL_SETTINGS = {
  "com-service-stop": { method: "com", internalFailure: "service-stop" },
  "com-disk-service-stop": { method: "com-disk", internalFailure: "service-stop" },
  "disk-service-stop": { method: "disk", internalFailure: "service-stop" },
  "none-service-stop": { method: "none", internalFailure: "service-stop" },
  "majority-3-service-stop": {
    method: "majority",
    servers: 3,
    internalFailure: "service-stop",
  },
  "com-disk-restart": { method: "com-disk", watchdogMs: 500, internalFailure: "restart" },
  "disk-restart": {
    method: "disk",
    watchdogMs: 500,
    diskWaitMs: 1600,
    internalFailure: "restart",
  },
  "disk-3-early": { method: "disk", servers: 3, earlyVerdict: true },
  "disk-5-3s": { method: "disk", servers: 5, timeoutMs: 3000 },
  "none-restart": { method: "none", watchdogMs: 500, internalFailure: "restart" },
  "majority-3-restart": {
    method: "majority",
    servers: 3,
    watchdogMs: 500,
    internalFailure: "restart",
  },
} as const satisfies Readonly<Record<string, Setting>>;
export type SettingName =
  | keyof typeof SETTINGS
  | keyof typeof LONG_SETTINGS
  | keyof typeof LEVEL_SETTINGS;
/** What short storms are drawn for. */
export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];
const ALL: Readonly<Record<SettingName, Setting>> = {
  ...SETTINGS,
  ...LONG_SETTINGS,
  ...LEVEL_SETTINGS,
};
export const ALL_SETTING_NAMES = Object.keys(ALL) as SettingName[];

const LOADED = new Map<SettingName, LoadedConfig>();

export const serversOf = (name: SettingName): number => settingOf(name).servers ?? 2;

const settingOf = (name: SettingName): Setting => ALL[name];

/** Two LANs, two groups that every server may run, the second one at home on the second server. */
export function configOf(name: SettingName): LoadedConfig {
  const known = LOADED.get(name);
  if (known !== undefined) return known;
  const loaded = loadConfiguration(writeSetting(settingOf(name)), `${name}.jsonc`);
  if (loaded.kind !== "ok") throw new Error(loaded.findings.map(({ text }) => text).join("\n"));
  LOADED.set(name, loaded.config);
  return loaded.config;
}

/** The text that `configOf` is read from. */
export const textOf = (name: SettingName): Uint8Array =>
  Buffer.from(writeSetting(settingOf(name)), "utf8");

function writeSetting(setting: Setting): string {
  const { method, servers: count = 2, timeoutMs = 1000, internalFailure } = setting;
  const names = Array.from({ length: count }, (_, index) => `SERVER${index + 1}`);
  const perServer = (value: (index: number) => string): Record<string, string> =>
    Object.fromEntries(names.map((server, index) => [server, value(index)]));
  const lan = (id: string, kind: string, net: number): object => ({
    id,
    kind,
    addresses: perServer((index) => `127.1.${net}.${index + 1}:7001`),
  });
  const group = (id: string, first: number): object => ({
    name: id,
    policy: [...names.slice(first), ...names.slice(0, first)],
    resources: [{ type: "program", name: `${id}-program`, argv: ["/bin/true"] }],
  });
  const hasCom = method === "com" || method === "com-disk";
  const hasDisk = method === "disk" || method === "com-disk";
  const com = { id: "com1", devices: perServer((index) => `tcp://127.1.1.9:710${index}`) };
  const disk = { paths: perServer((index) => `nbd://127.1.1.9:1080${index}/array`) };
  return JSON.stringify({
    cluster: { name: "storm" },
    virtual: true,
    method,
    ...(internalFailure === undefined ? {} : { internalFailure }),
    timing: {
      heartbeatTimeoutMs: timeoutMs,
      heartbeatIntervalMs: timeoutMs / 10,
      diskWaitMs: setting.diskWaitMs ?? Math.max(1000, timeoutMs),
      earlyVerdict: setting.earlyVerdict ?? false,
      startSyncWaitMs: 2.5 * Math.max(1000, timeoutMs),
      watchdogTimeoutMs: setting.watchdogMs ?? 0,
    },
    servers: names.map((server) => ({ name: server })),
    lans: [lan("lan1", "private", 1), lan("lan2", "public", 2)],
    ...(hasCom ? { com } : {}),
    ...(hasDisk ? { disk } : {}),
    groups: [group("one", 0), group("two", 1)],
  });
}
