/**
 * A fault plan: how many servers, and what befalls them when. Drawn whole from a seed before the run, so that
 * a failing plan can be cut down fault by fault, kept in a file and run again.
 * Source: reliability.md 2.3-2.4; issue 4 items 5 and 8.
 */
import { Prng } from "../../hal/base/prng.ts";
import { lineOf, parsePlanText } from "./plan-text.ts";

/** What a fault does; `one` and `other` are servers, `amount` is ms or a share in percent. */
export const FAULT_KINDS = [
  "cut-link",
  "cut-one-way",
  "isolate",
  "isolate-out",
  "isolate-in",
  "cut-in-two",
  "heal-server",
  "heal-links",
  "power-off",
  "power-on-detached",
  "power-on-returning",
  "restart-pulse",
  "restart-pulse-slowly",
  "pause",
  "short-pause",
  "loss",
  "no-loss",
  "leave",
  "return-all",
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  /** Since the start of the run, ms. */
  readonly atMs: number;
  readonly kind: FaultKind;
  readonly one: number;
  readonly other: number;
  /** ms for pauses and absences, percent for loss, bit set of servers for `cut-in-two`. */
  readonly amount: number;
}

export interface Plan {
  /** Format of the file. */
  readonly version: 1;
  readonly seed: number;
  /** 3-16. */
  readonly servers: number;
  /** T, ms. */
  readonly timeoutMs: number;
  /** Everything is healed at this moment, ms. */
  readonly healAtMs: number;
  readonly faults: readonly Fault[];
  /** Majority that nothing befalls but its links to the others: it has to go on. Empty = nobody is spared. */
  readonly core: readonly number[];
}

/** What leaves the servers of the core among themselves alone when `one` is outside it. */
const SPARING: readonly FaultKind[] = FAULT_KINDS.filter((kind) => kind !== "loss");
const SPARED_SHARE = 0.6;
const SIZES = [3, 3, 3, 3, 4, 4, 5, 5, 7, 9];
const TIMEOUT_MS = 1000;
/** A plan from a file is read whole; longer ones are not what anybody wants to look at. */
const FAULTS_MAX = 1000;
const PLAN_MAX_MS = 3_600_000;

export function drawPlan(seed: number, fixedSize?: number): Plan {
  const random = new Prng(seed);
  const servers = fixedSize ?? SIZES[random.below(SIZES.length)] ?? 3;
  const rounds = 2 + random.below(10);
  const violence = 1 + random.below(3);
  let atMs = 500 + random.below(1500);
  const core = random.chance(SPARED_SHARE) ? drawCore(random, servers) : [];
  const faults: Fault[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (let n = random.below(violence + 1); n >= 0; n -= 1)
      faults.push(draw(random, servers, core, atMs));
    atMs += random.chance(0.5) ? random.below(300) : random.below(3 * TIMEOUT_MS);
  }
  return { version: 1, seed, servers, timeoutMs: TIMEOUT_MS, healAtMs: atMs, faults, core };
}

function drawCore(random: Prng, servers: number): number[] {
  const left = everybody(servers);
  const needed = Math.floor(servers / 2) + 1;
  const core: number[] = [];
  while (core.length < needed) core.push(...left.splice(random.below(left.length), 1));
  return core.sort((a, b) => a - b);
}

function draw(random: Prng, servers: number, core: readonly number[], atMs: number): Fault {
  const kinds = core.length > 0 ? SPARING : FAULT_KINDS;
  const kind = kinds[random.below(kinds.length)] ?? "pause";
  const exposed = everybody(servers).filter((index) => !core.includes(index));
  const one = exposed[random.below(exposed.length)] ?? 0;
  const other = (one + 1 + random.below(servers - 1)) % servers;
  const drawn = amountOf(kind, random, servers);
  // The mask of one side: the core stays whole on the other.
  const mask = core.reduce((bits, index) => bits & ~(1 << index), drawn);
  return { atMs, kind, one, other, amount: kind === "cut-in-two" ? mask : drawn };
}

const everybody = (servers: number): number[] =>
  Array.from({ length: servers }, (_, index) => index);

function amountOf(kind: FaultKind, random: Prng, servers: number): number {
  switch (kind) {
    case "pause":
      return 1 + random.below(2 * TIMEOUT_MS);
    case "short-pause":
      return 1 + random.below(60);
    case "restart-pulse":
      return 1 + random.below(100);
    case "restart-pulse-slowly":
      return 1 + random.below(1200);
    case "loss":
      return 1 + random.below(40);
    case "cut-in-two":
      return random.below(2 ** servers);
    default:
      return 0;
  }
}

export type ReadPlan =
  | { readonly kind: "plan"; readonly plan: Plan }
  | { readonly kind: "refused"; readonly text: string };

/** A plan from a file; refused with line, place and what was expected. */
export function readPlan(text: string): ReadPlan {
  const parsed = parsePlanText(text);
  if (parsed.kind === "refused") return parsed;
  const read = check(parsed.value);
  if (read.kind === "plan") return read;
  const path = read.text.slice(0, Math.max(0, read.text.indexOf(":")));
  return refuse(`line ${lineOf(text, path)}: ${read.text}`);
}

function check(raw: unknown): ReadPlan {
  if (!isRecord(raw)) return refuse(": expected an object with version, servers and faults");
  if (raw["version"] !== 1) return refuse(`version: expected 1, found ${String(raw["version"])}`);
  const seed = whole(raw, "seed", 0, 2 ** 32 - 1);
  const servers = whole(raw, "servers", 3, 16);
  const timeoutMs = whole(raw, "timeoutMs", 300, 60_000);
  const healAtMs = whole(raw, "healAtMs", 0, PLAN_MAX_MS);
  for (const value of [seed, servers, timeoutMs, healAtMs]) {
    if (typeof value === "string") return refuse(value);
  }
  const list = raw["faults"];
  if (!Array.isArray(list) || list.length > FAULTS_MAX) {
    return refuse(`faults: expected a list of at most ${FAULTS_MAX}`);
  }
  const core = raw["core"] ?? [];
  const isCore =
    Array.isArray(core) &&
    core.every((index) => Number.isInteger(index) && index >= 0 && index < (servers as number));
  if (!isCore) return refuse("core: expected a list of server numbers from 0");
  const faults: Fault[] = [];
  for (const [index, entry] of list.entries()) {
    const fault = readFault(entry, servers as number, healAtMs as number);
    if (typeof fault === "string") return refuse(`faults[${index}].${fault}`);
    faults.push(fault);
  }
  const times = { seed: seed as number, servers: servers as number };
  const ends = { timeoutMs: timeoutMs as number, healAtMs: healAtMs as number };
  return { kind: "plan", plan: { version: 1, ...times, ...ends, faults, core: core as number[] } };
}

function readFault(entry: unknown, servers: number, healAtMs: number): Fault | string {
  if (!isRecord(entry)) return "atMs: expected an object with atMs, kind, one, other, amount";
  const kind = FAULT_KINDS.find((known) => known === entry["kind"]);
  if (kind === undefined) {
    return `kind: "${String(entry["kind"])}" is unknown; expected one of ${FAULT_KINDS.join(", ")}`;
  }
  const atMs = whole(entry, "atMs", 0, healAtMs);
  const one = whole(entry, "one", 0, servers - 1);
  const other = whole(entry, "other", 0, servers - 1);
  const amount = whole(entry, "amount", 0, PLAN_MAX_MS);
  for (const value of [atMs, one, other, amount]) if (typeof value === "string") return value;
  return {
    atMs: atMs as number,
    kind,
    one: one as number,
    other: other as number,
    amount: amount as number,
  };
}

/** The number, or what is wrong with it. */
function whole(
  raw: Readonly<Record<string, unknown>>,
  key: string,
  min: number,
  max: number,
): number | string {
  const value = raw[key];
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) {
    return value;
  }
  return `${key}: expected a whole number ${min}-${max}, found ${JSON.stringify(value) ?? "nothing"}`;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const refuse = (text: string): ReadPlan => ({ kind: "refused", text });
