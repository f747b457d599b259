/**
 * Arguments of the virtual appliance's launcher. Everything a test needs to bring up a variant is an
 * option here, so that no test edits files behind the launcher's back.
 * Source: issue 2 item 6.
 */

import { resolve } from "node:path";
import type { InternalFailure } from "../../services/configuration/model.ts";
import { INTERNAL_FAILURES } from "../../services/configuration/schema.ts";

export const APPLIANCE_METHODS = ["com-disk", "com", "disk", "none", "majority"] as const;
export type ApplianceMethod = (typeof APPLIANCE_METHODS)[number];

export interface GroupWish {
  readonly name: string;
  /** Servers in order of preference. */
  readonly policy: readonly string[];
  /** Default `auto`. */
  readonly start?: "auto" | "manual";
}

/** A script of a group: `start.sh` and `stop.sh` of a folder. */
export interface ScriptWish {
  readonly group: string;
  readonly folder: string;
  readonly timeoutMs: number;
}

/** What a generated configuration is made from. All times ms. */
export interface TemplateOptions {
  readonly method: ApplianceMethod;
  readonly servers: number;
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly startSyncMs: number;
  /** null = the heartbeat timeout. */
  readonly diskWaitMs?: number | null;
  /** 0 = no watchdog. */
  readonly watchdogMs: number;
  /** D24; default emergency. */
  readonly internalFailure?: InternalFailure;
  readonly groups: readonly GroupWish[];
  readonly scripts: readonly ScriptWish[];
}

export interface ApplianceOptions {
  readonly stateDir: string | null;
  /** Configuration to use instead of the generated one. */
  readonly configFile: string | null;
  readonly template: TemplateOptions;
  /** True: at least one template option was given. */
  readonly templateGiven: boolean;
  /** False: servers stay off until `kage rack power on`. */
  readonly power: boolean;
  /** Forget what the servers remember. */
  readonly fresh: boolean;
  /** Keep what the servers remember even when the generated configuration is a new one. */
  readonly keep: boolean;
  /** False: neither broker nor telemetry nor dashboard. */
  readonly web: boolean;
  /** `mqtt://[user:password@]host:port` of a broker to use instead of the embedded one. */
  readonly brokerUrl: string | null;
  /** Passwords of that broker's accounts, a JSON file; null = it asks for none. */
  readonly brokerAccounts: string | null;
}

export type ParsedOptions =
  | { readonly kind: "options"; readonly options: ApplianceOptions }
  | { readonly kind: "help" }
  | { readonly kind: "refused"; readonly message: string };

/** The demonstration's timeout; the shipped profile is 30 s. */
const DEMO_TIMEOUT_MS = 1000;
const DEMO_START_SYNC_MS = 5000;
/** Longest run of a script; the shipped default is 30 minutes. */
const DEMO_SCRIPT_MS = 30_000;
/** A cluster holds 2-16 servers (R1); what joins two of them joins no third. */
const SERVERS_MAX = 16;

export const APPLIANCE_USAGE = `usage: npm start -- [options]

  --state DIR         folder of configuration and server state (or KAGE_STATE_DIR)
  --config FILE       use this configuration instead of the generated one
  --method M          com-disk (default of two servers), com or none: two servers; majority (default
                      of three and more): 3 to 16; disk: 2 to 16; --template M is the same
  --timeout MS        heartbeat timeout, default 1000
  --interval MS       heartbeat interval, default a tenth of the timeout
  --start-sync MS     wait for the other server at start, default 5000
  --disk-wait MS      longest wait for the array, default the timeout
  --watchdog MS       watchdog timeout, default 0 = none
  --internal-failure emergency|service-stop|restart
                      what follows when an own process cannot be restarted, default emergency
  --servers N         number of servers, 2 to 16, default 2; three and more decide by majority, or by
                      the shared disk with --method disk
  --group NAME:S1,S2  a group with its servers in order of preference; repeatable, default web;
                      NAME:S1,S2:manual waits for an order to start
  --script GROUP:DIR[:MS]  runs DIR/start.sh and DIR/stop.sh with the group; longest run, default 30000
  --no-power          leave the servers off
  --fresh             forget what the servers remember (configuration and key stay)
  --keep              keep it even when the options make a new configuration
  --no-web            neither broker nor dashboard
  --broker URL        use this MQTT 5 broker (mqtt://host:port) instead of the embedded one
  --broker-accounts FILE
                      JSON {"node","viewer","operator","admin"} with the passwords of its accounts
  --help              this text
`;

type Reader = (value: string, draft: Draft) => string | null;

interface Draft {
  stateDir: string | null;
  configFile: string | null;
  /** null = the usual one for that many servers. */
  method: ApplianceMethod | null;
  /** null = as many as the method takes at least. */
  servers: number | null;
  timeoutMs: number;
  intervalMs: number | null;
  startSyncMs: number;
  diskWaitMs: number | null;
  watchdogMs: number;
  internalFailure: InternalFailure | null;
  groups: GroupWish[];
  scripts: ScriptWish[];
  brokerUrl: string | null;
  brokerAccounts: string | null;
}

/** Each takes the option's value and answers null, or what was expected. */
const VALUE_OPTIONS: Readonly<Record<string, Reader>> = {
  "--state": (value, draft) => {
    draft.stateDir = value;
    return value === "" ? "a folder" : null;
  },
  "--config": (value, draft) => {
    draft.configFile = value;
    return value === "" ? "a file" : null;
  },
  "--broker": (value, draft) => {
    draft.brokerUrl = value;
    return /^mqtts?:\/\/[^/\s]+:\d+$/.test(value) ? null : "mqtt://host:port";
  },
  "--broker-accounts": (value, draft) => {
    draft.brokerAccounts = value;
    return value === "" ? "a file" : null;
  },
  "--method": readMethod,
  "--template": readMethod,
  "--timeout": readWhole(50, 600_000, (draft, ms) => {
    draft.timeoutMs = ms;
  }),
  "--interval": readWhole(5, 60_000, (draft, ms) => {
    draft.intervalMs = ms;
  }),
  "--disk-wait": readWhole(10, 600_000, (draft, ms) => {
    draft.diskWaitMs = ms;
  }),
  "--start-sync": readWhole(0, 86_400_000, (draft, ms) => {
    draft.startSyncMs = ms;
  }),
  "--watchdog": readWhole(0, 600_000, (draft, ms) => {
    draft.watchdogMs = ms;
  }),
  "--internal-failure": (value, draft) => {
    draft.internalFailure = INTERNAL_FAILURES.find((level) => level === value) ?? null;
    return draft.internalFailure === null ? `one of ${INTERNAL_FAILURES.join(", ")}` : null;
  },
  "--servers": readWhole(2, SERVERS_MAX, (draft, count) => {
    draft.servers = count;
  }),
  "--group": (value, draft) => {
    const [name, servers, start = "auto", more] = value.split(":");
    const known = start === "auto" || start === "manual";
    if (!name || !servers || !known || more !== undefined) return "NAME:SERVER1,SERVER2[:manual]";
    draft.groups.push({ name, policy: servers.split(","), start });
    return null;
  },
  "--script": (value, draft) => {
    const match = /^([^:]+):([^:]+)(?::(\d{3,8}))?$/.exec(value);
    const [, group, folder, ms] = match ?? [];
    if (group === undefined || folder === undefined) return "GROUP:DIR[:MS]";
    const timeoutMs = ms === undefined ? DEMO_SCRIPT_MS : Number(ms);
    draft.scripts.push({ group, folder: resolve(folder), timeoutMs });
    return null;
  },
};
const PLACE_OPTIONS = ["--state", "--config", "--broker", "--broker-accounts"];
const FLAGS = ["--no-power", "--no-web", "--fresh", "--keep", "--help"];

/** Reads the arguments after `appliance`. Accepts `--name value` and `--name=value`. */
export function parseApplianceOptions(argv: readonly string[]): ParsedOptions {
  const draft: Draft = {
    stateDir: null,
    configFile: null,
    method: null,
    servers: null,
    timeoutMs: DEMO_TIMEOUT_MS,
    intervalMs: null,
    startSyncMs: DEMO_START_SYNC_MS,
    diskWaitMs: null,
    watchdogMs: 0,
    internalFailure: null,
    groups: [],
    scripts: [],
    brokerUrl: null,
    brokerAccounts: null,
  };
  const flags = new Set<string>();
  let templateGiven = false;
  for (let at = 0; at < argv.length; at += 1) {
    const [name = "", ...inline] = (argv[at] ?? "").split("=");
    if (FLAGS.includes(name) && inline.length === 0) {
      flags.add(name);
      continue;
    }
    const reader = Object.hasOwn(VALUE_OPTIONS, name) ? VALUE_OPTIONS[name] : undefined;
    if (reader === undefined) {
      const valid = [...Object.keys(VALUE_OPTIONS), ...FLAGS].join(" ");
      return refused(`unknown argument "${argv[at]}"; expected one of ${valid}`);
    }
    if (inline.length === 0) at += 1;
    const value = inline.length > 0 ? inline.join("=") : (argv[at] ?? "");
    const expected = reader(value, draft);
    if (expected !== null) return refused(`${name}: expected ${expected}, found "${value}"`);
    templateGiven ||= !PLACE_OPTIONS.includes(name);
  }
  if (flags.has("--help")) return { kind: "help" };
  return finish(draft, flags, templateGiven);
}

function finish(draft: Draft, flags: ReadonlySet<string>, templateGiven: boolean): ParsedOptions {
  const { stateDir, configFile, timeoutMs, startSyncMs, watchdogMs } = draft;
  const intervalMs = draft.intervalMs ?? Math.max(5, Math.floor(timeoutMs / 10));
  const servers = draft.servers ?? (draft.method === "majority" ? 3 : 2);
  const method = draft.method ?? (servers > 2 ? "majority" : "com-disk");
  const misfit = methodMisfit(method, servers);
  if (misfit !== null) return refused(misfit);
  if (flags.has("--fresh") && flags.has("--keep")) return refused("expected --fresh or --keep");
  if (flags.has("--no-web") && draft.brokerUrl !== null) {
    return refused("expected --no-web or --broker");
  }
  if (configFile !== null && templateGiven) {
    return refused("--config already says all that; expected it without template options");
  }
  const names = serverNames(servers);
  const groups = draft.groups.length > 0 ? draft.groups : [{ name: "web", policy: names }];
  for (const group of groups) {
    const stranger = group.policy.find((server) => !names.includes(server));
    if (stranger === undefined) continue;
    return refused(`--group ${group.name}: expected servers out of ${names}, found "${stranger}"`);
  }
  const { scripts } = draft;
  const lost = scripts.find(({ group }) => !groups.some(({ name }) => name === group));
  if (lost !== undefined) return refused(`--script: no group "${lost.group}"; name it by --group`);
  const { diskWaitMs, internalFailure } = draft;
  const times = { timeoutMs, intervalMs, startSyncMs, watchdogMs, diskWaitMs };
  const level = internalFailure === null ? {} : { internalFailure };
  const template = { method, servers, ...times, ...level, groups, scripts };
  return {
    kind: "options",
    options: {
      stateDir,
      configFile,
      template,
      templateGiven,
      power: !flags.has("--no-power"),
      fresh: flags.has("--fresh"),
      keep: flags.has("--keep"),
      web: !flags.has("--no-web"),
      brokerUrl: draft.brokerUrl,
      brokerAccounts: draft.brokerAccounts,
    },
  };
}

/** R67, R80, guide 1.2.4: which method takes how many servers; null = these fit. */
function methodMisfit(method: ApplianceMethod, servers: number): string | null {
  if (method === "disk") return null;
  if (method === "majority") {
    if (servers > 2) return null;
    return `--servers ${servers}: of two servers none is a majority; expected --servers 3 to ${SERVERS_MAX}, or a method for two servers`;
  }
  if (servers === 2) return null;
  return `--servers ${servers} --method ${method}: that method joins two servers; expected --method majority, which is the default for three and more, or --method disk`;
}

/** `SERVER1`, `SERVER2` and so on. */
export function serverNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `SERVER${index + 1}`);
}

function readMethod(value: string, draft: Draft): string | null {
  const method = APPLIANCE_METHODS.find((one) => one === value);
  if (method === undefined) return `one of ${APPLIANCE_METHODS.join(", ")}`;
  draft.method = method;
  return null;
}

function readWhole(low: number, high: number, put: (draft: Draft, value: number) => void): Reader {
  return (value, draft) => {
    const number = Number(value);
    if (value === "" || !Number.isInteger(number) || number < low || number > high) {
      return `a whole number from ${low} to ${high}`;
    }
    put(draft, number);
    return null;
  };
}

const refused = (message: string): ParsedOptions => ({ kind: "refused", message });
