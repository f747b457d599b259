/**
 * The scenario language: one story per text file, a command, a line `----`, then what must be true.
 * Intuition: review is reading a story; a story that cannot be parsed is refused with its line.
 * The parser never throws and knows no world; `runner.ts` plays what it returns.
 *
 *   # R187: a power cut of the owner lets the standby take over.      first comment line: title
 *   # fails without: <the rule whose removal makes this story fail>
 *   cluster method=com group=web:SERVER1,SERVER2 world=rack,lab
 *   ----
 *   SERVER1 runs web
 *
 *   power off SERVER1
 *   ----
 *   within 2500 ms: SERVER2 runs web
 *
 * Source: style.md 32; form after the transcripts of etcd-io/raft.
 */
import { serverNames } from "../../firmware/appliance/options.ts";
import { INTERNAL_FAILURES } from "../../services/configuration/schema.ts";
import { type Command, parseCommand } from "./command-grammar.ts";
import { type Fact, parseFact } from "./fact-grammar.ts";

export type WorldKind = "rack" | "lab";
export type ScenarioMethod = "com" | "com-disk" | "disk" | "none" | "majority";

export interface GroupLine {
  readonly name: string;
  /** Failover policy, home server first. */
  readonly policy: readonly string[];
  readonly start: "auto" | "manual";
}

/** What the `cluster` line asks for. All times ms; null = the world's own default. */
export interface ClusterLine {
  readonly method: ScenarioMethod;
  /** Names, best cluster priority first: `SERVER1` and so on, 2 to 16 of them. */
  readonly servers: readonly string[];
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly groups: readonly GroupLine[];
  /** W: an unfed tree is reset after this long; 0 = no watchdog; null = the world's default. */
  readonly watchdogMs: number | null;
  /** D24: what follows when an own process cannot be restarted; null = the default. */
  readonly internalFailure: "emergency" | "service-stop" | "restart" | null;
  /** DIO; null = the timeout. */
  readonly diskWaitMs: number | null;
  /** Start-synchronisation wait (D17); null = the world's default. */
  readonly startWaitMs: number | null;
  readonly worlds: readonly WorldKind[];
  /** With broker, telemetry and dashboard; without them a story is quicker and tells the same. */
  readonly view: boolean;
  /** Played while no other story runs: process restarts must fit the story's own timeout. */
  readonly alone: boolean;
  /** `basic` stories fit the five minutes of `npm test`; `more` ones are played by `npm run test:more`. */
  readonly set: "basic" | "more";
  /**
   * Script pair of `test/scenarios/scripts` for the first group or for all, and its longest run; null =
   * none.
   */
  readonly script: {
    readonly name: string;
    readonly timeoutMs: number;
    readonly isForAll: boolean;
  } | null;
  /** `accepted` for A7, G3 and H2, where the guide itself lets both servers own. */
  readonly twoOwners: "forbidden" | "accepted";
}

export type Expectation =
  /** True at some moment before the deadline; null = the runner's own bound. */
  | { readonly kind: "eventually"; readonly withinMs: number | null }
  /** True at every look during this long. */
  | { readonly kind: "throughout"; readonly forMs: number };

export interface FactLine {
  readonly line: number;
  readonly text: string;
  readonly expectation: Expectation;
  readonly fact: Fact;
}

export interface CommandLine {
  readonly line: number;
  readonly text: string;
  readonly command: Command;
}

/** Commands given one after the other without waiting, then facts awaited in order. */
export interface Block {
  readonly commands: readonly CommandLine[];
  readonly facts: readonly FactLine[];
}

export interface Scenario {
  readonly name: string;
  /** First comment line; starts with the requirement ids. */
  readonly title: string;
  /** The rule whose removal makes the story fail. */
  readonly failsWithout: string;
  readonly cluster: ClusterLine;
  readonly blocks: readonly Block[];
}

export interface Fault {
  readonly line: number;
  readonly expected: string;
}

export type Parsed =
  | { readonly kind: "scenario"; readonly scenario: Scenario }
  | { readonly kind: "malformed"; readonly faults: readonly Fault[] };

const SEPARATOR = "----";
const SERVERS_MAX = 16;

interface Draft {
  title: string | null;
  failsWithout: string | null;
  cluster: ClusterLine | null;
  blocks: { commands: CommandLine[]; facts: FactLine[] }[];
  faults: Fault[];
  /** Which half of a block the next line belongs to. */
  part: "header" | "commands" | "facts";
}

/** Reads one file. `name` is the file's name without `.txt`; it appears in reports only. */
export function parseScenario(name: string, text: string): Parsed {
  const draft: Draft = {
    title: null,
    failsWithout: null,
    cluster: null,
    blocks: [],
    faults: [],
    part: "header",
  };
  text.split("\n").forEach((raw, index) => {
    readLine(draft, raw.trim(), index + 1);
  });
  const { title, failsWithout, cluster, blocks, faults } = draft;
  if (title === null || !/^[A-Z]+\d+/.test(title)) {
    faults.push({ line: 1, expected: "a first line `# R187: what is shown`" });
  }
  if (failsWithout === null) {
    faults.push({ line: 1, expected: "a header line `# fails without: <rule>`" });
  }
  if (cluster === null) faults.push({ line: 1, expected: "a line `cluster method=...`" });
  for (const block of blocks) {
    if (block.facts.length > 0) continue;
    const line = block.commands.at(-1)?.line ?? 1;
    faults.push({ line, expected: "`----` and at least one fact after these commands" });
  }
  if (title === null || failsWithout === null || cluster === null || faults.length > 0) {
    return { kind: "malformed", faults };
  }
  return { kind: "scenario", scenario: { name, title, failsWithout, cluster, blocks } };
}

function readLine(draft: Draft, line: string, number: number): void {
  if (line === "") {
    if (draft.part === "facts") draft.part = "commands";
    return;
  }
  if (line.startsWith("#")) readComment(draft, line.slice(1).trim());
  else if (line === SEPARATOR) readSeparator(draft, number);
  else if (draft.part === "header") readClusterLine(draft, line, number);
  else if (draft.part === "facts") readFact(draft, line, number);
  else readCommand(draft, line, number);
}

function readComment(draft: Draft, text: string): void {
  const without = /^fails without: (.+)$/.exec(text)?.[1];
  if (without !== undefined) draft.failsWithout = without;
  else draft.title ??= text;
}

function readSeparator(draft: Draft, number: number): void {
  const open = draft.blocks.at(-1);
  if (draft.part === "facts" || open === undefined || open.facts.length > 0) {
    draft.faults.push({ line: number, expected: "commands before `----`" });
    return;
  }
  draft.part = "facts";
}

function readClusterLine(draft: Draft, line: string, number: number): void {
  const parsed = parseCluster(line);
  if (typeof parsed === "string") draft.faults.push({ line: number, expected: parsed });
  else draft.cluster = parsed;
  draft.blocks.push({ commands: [], facts: [] });
  draft.part = "commands";
}

function readCommand(draft: Draft, text: string, line: number): void {
  const command = parseCommand(text);
  if (typeof command === "string") {
    draft.faults.push({ line, expected: command });
    return;
  }
  const open = draft.blocks.at(-1);
  if (open !== undefined && open.facts.length === 0 && open.commands.length > 0) {
    open.commands.push({ line, text, command });
  } else {
    draft.blocks.push({ commands: [{ line, text, command }], facts: [] });
  }
}

function readFact(draft: Draft, text: string, line: number): void {
  const timed = /^(within|for) ([\d.]+) (ms|s|timeouts?): (.+)$/.exec(text);
  const fact = parseFact(timed?.[4] ?? text);
  if (typeof fact === "string") {
    draft.faults.push({ line, expected: fact });
    return;
  }
  const ms = durationMs(timed?.[2], timed?.[3], draft.cluster?.timeoutMs ?? 0);
  const expectation: Expectation =
    timed?.[1] === "for"
      ? { kind: "throughout", forMs: ms ?? 0 }
      : { kind: "eventually", withinMs: ms };
  draft.blocks.at(-1)?.facts.push({ line, text, expectation, fact });
}

function durationMs(
  amount: string | undefined,
  unit: string | undefined,
  timeoutMs: number,
): number | null {
  if (amount === undefined || unit === undefined) return null;
  const unitMs = unit === "ms" ? 1 : unit === "s" ? 1000 : timeoutMs;
  return Math.round(Number(amount) * unitMs);
}

const METHODS: readonly ScenarioMethod[] = ["com", "com-disk", "disk", "none", "majority"];
const WORLDS: readonly WorldKind[] = ["rack", "lab"];

/** The cluster line, or a text that says what was expected. */
function parseCluster(line: string): ClusterLine | string {
  const [word, ...pairs] = line.split(/\s+/);
  if (word !== "cluster") return "`cluster method=...` as the first line after the comments";
  let cluster: ClusterLine = {
    method: "com",
    servers: serverNames(2),
    timeoutMs: 1000,
    intervalMs: 100,
    groups: [],
    watchdogMs: null,
    internalFailure: null,
    diskWaitMs: null,
    startWaitMs: null,
    worlds: ["rack"],
    view: false,
    alone: false,
    set: "basic",
    script: null,
    twoOwners: "forbidden",
  };
  for (const pair of pairs) {
    const cut = pair.indexOf("=");
    const next = applyOption(cluster, pair.slice(0, cut), pair.slice(cut + 1));
    if (typeof next === "string") return next;
    cluster = next;
  }
  if (cluster.groups.length === 0) return "at least one group=NAME:SERVER1,SERVER2";
  // R80: a majority takes three, a cable joins two; a disk serves any number (R67, guide 1.2.4).
  if (cluster.method === "disk") return cluster;
  if ((cluster.method === "majority") !== cluster.servers.length > 2) {
    return "method=majority with servers=3 to 16, disk with 2 to 16, another method with two servers";
  }
  return cluster;
}

function applyOption(cluster: ClusterLine, key: string, value: string): ClusterLine | string {
  const ms = /^\d{1,6}$/.test(value) ? Number(value) : null;
  switch (key) {
    case "method": {
      const method = METHODS.find((m) => m === value);
      return method === undefined ? `method=${METHODS.join("|")}` : { ...cluster, method };
    }
    case "servers":
      return readServers(cluster, Number(value));
    case "timeout":
      return ms === null ? "timeout=MS" : { ...cluster, timeoutMs: ms, intervalMs: ms / 10 };
    case "interval":
      return ms === null ? "interval=MS after timeout=MS" : { ...cluster, intervalMs: ms };
    case "watchdog":
      return ms === null ? "watchdog=MS (0 = none)" : { ...cluster, watchdogMs: ms };
    case "internal-failure": {
      const level = INTERNAL_FAILURES.find((one) => one === value);
      return level === undefined
        ? `internal-failure=${INTERNAL_FAILURES.join("|")}`
        : { ...cluster, internalFailure: level };
    }
    case "disk-wait":
      return ms === null ? "disk-wait=MS" : { ...cluster, diskWaitMs: ms };
    case "start-wait":
      return ms === null ? "start-wait=MS" : { ...cluster, startWaitMs: ms };
    case "view":
      return value === "yes" ? { ...cluster, view: true } : "view=yes";
    case "alone":
      return value === "yes" ? { ...cluster, alone: true } : "alone=yes";
    case "set":
      return value === "more" ? { ...cluster, set: "more" } : "set=more";
    case "script": {
      const [, name, limit = "30000", all] = /^([a-z-]+)(?::(\d{3,6}))?(:all)?$/.exec(value) ?? [];
      const script = { name: name ?? "", timeoutMs: Number(limit), isForAll: all !== undefined };
      return name === undefined ? "script=NAME[:MS][:all]" : { ...cluster, script };
    }
    case "two-owners":
      return value === "accepted" ? { ...cluster, twoOwners: "accepted" } : "two-owners=accepted";
    case "group": {
      const group = parseGroup(value, cluster.servers);
      return typeof group === "string" ? group : { ...cluster, groups: [...cluster.groups, group] };
    }
    case "world": {
      const worlds = WORLDS.filter((w) => value.split(",").includes(w));
      return worlds.length === value.split(",").length
        ? { ...cluster, worlds }
        : `world=${WORLDS.join(",")}`;
    }
    default:
      return `one of method= servers= timeout= interval= group= watchdog= internal-failure= disk-wait= start-wait= two-owners= alone= set= view= script= world=, not \`${key}\``;
  }
}

function readServers(cluster: ClusterLine, count: number): ClusterLine | string {
  if (!(count >= 2 && count <= SERVERS_MAX)) return `servers=2 to ${SERVERS_MAX}`;
  // A policy that was read before would have been held against the wrong names.
  if (cluster.groups.length > 0) return "servers=N before group=";
  return { ...cluster, servers: serverNames(count) };
}

/** `policy`: names with commas, or `all`. */
function parseGroup(value: string, servers: readonly string[]): GroupLine | string {
  const [name = "", policy = "", start = "auto"] = value.split(":");
  const named = policy === "all" ? servers : policy.split(",");
  const isFit = named.every((server) => servers.includes(server));
  if (!/^[a-z][a-z0-9-]{0,14}$/.test(name) || !isFit) {
    return `group=NAME:${servers.join(",")} with a policy of these servers, or NAME:all`;
  }
  if (start !== "auto" && start !== "manual") return "group=NAME:POLICY[:manual]";
  return { name, policy: named, start };
}
