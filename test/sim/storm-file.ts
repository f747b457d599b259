/**
 * Storms as files: written with one fault per line, read with every field checked, refused with line and
 * reason. Source: work order 4 item 5 and "Bad input"; reliability.md 2.4 (test/regress).
 */
import { faultNamed } from "./faults.ts";
import { lineOf, parsePlanText } from "./plan-text.ts";
import { ALL_SETTING_NAMES, serversOf } from "./settings.ts";
import type { Storm, StormFault } from "./storm.ts";

const FAULTS_MAX = 1000;
const RUN_MAX_MS = 3_600_000;

export type ReadStorm =
  | { readonly kind: "storm"; readonly storm: Storm }
  | { readonly kind: "refused"; readonly text: string };

export function writeStorm({ faults, ...head }: Storm): string {
  const fields = JSON.stringify(head).slice(1, -1);
  const lines = faults.map((fault) => `    ${JSON.stringify(fault)}`);
  return `{\n  ${fields},\n  "faults": [\n${lines.join(",\n")}\n  ]\n}\n`;
}

/** Never throws. */
export function readStorm(text: string): ReadStorm {
  const parsed = parsePlanText(text);
  if (parsed.kind === "refused") return parsed;
  const read = check(parsed.value);
  if (typeof read !== "string") return { kind: "storm", storm: read };
  const line = lineOf(text, read.slice(0, Math.max(0, read.indexOf(":"))));
  return { kind: "refused", text: `line ${line}: ${read}` };
}

/** The storm, or `path: what was expected`. */
function check(raw: unknown): Storm | string {
  if (!isRecord(raw)) return ": expected an object with version, setting, seed, healAtMs, faults";
  if (raw["version"] !== 2) return `version: expected 2, found ${shown(raw["version"])}`;
  const setting = ALL_SETTING_NAMES.find((name) => name === raw["setting"]);
  if (setting === undefined) {
    return `setting: expected one of ${ALL_SETTING_NAMES.join(", ")}, found ${shown(raw["setting"])}`;
  }
  const seed = whole(raw, "seed", 0, 2 ** 32 - 1);
  const healAtMs = whole(raw, "healAtMs", 0, RUN_MAX_MS);
  if (typeof seed === "string") return seed;
  if (typeof healAtMs === "string") return healAtMs;
  const list = raw["faults"];
  if (!Array.isArray(list) || list.length > FAULTS_MAX) {
    return `faults: expected a list of at most ${FAULTS_MAX}, found ${shown(list)}`;
  }
  const faults: StormFault[] = [];
  for (const [index, entry] of list.entries()) {
    const fault = checkFault(entry, serversOf(setting), healAtMs);
    if (typeof fault === "string") return `faults[${index}]${fault}`;
    faults.push(fault);
  }
  const tendMs = raw["tendMs"] === undefined ? undefined : whole(raw, "tendMs", 1, RUN_MAX_MS);
  if (typeof tendMs === "string") return tendMs;
  const tended = tendMs === undefined ? {} : { tendMs };
  return { version: 2, setting, seed, healAtMs, faults, ...tended };
}

function checkFault(raw: unknown, servers: number, healAtMs: number): StormFault | string {
  if (!isRecord(raw)) return ": expected an object with atMs, kind, server, amount, forMs, key";
  const kind = faultNamed(String(raw["kind"]));
  if (kind === undefined) {
    return `.kind: expected the name of a fault, found ${shown(raw["kind"])}; npm run sim -- --faults lists them`;
  }
  const atMs = whole(raw, "atMs", 0, healAtMs);
  if (typeof atMs === "string") return `.${atMs}`;
  const server = whole(raw, "server", 0, servers - 1);
  if (typeof server === "string") return `.${server}`;
  const amount = whole(raw, "amount", kind.range[0], kind.range[1]);
  if (typeof amount === "string") return `.${amount}`;
  const forMs = whole(raw, "forMs", 0, RUN_MAX_MS);
  if (typeof forMs === "string") return `.${forMs}`;
  const key = whole(raw, "key", 0, FAULTS_MAX);
  if (typeof key === "string") return `.${key}`;
  return { atMs, kind: kind.name, server, amount, forMs, key };
}

function whole(
  raw: Readonly<Record<string, unknown>>,
  key: string,
  min: number,
  max: number,
): number | string {
  const value = raw[key];
  const fits = typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
  return fits ? value : `${key}: expected a whole number ${min}-${max}, found ${shown(value)}`;
}

const SHOWN_MAX = 60;
const shown = (value: unknown): string => (JSON.stringify(value) ?? "nothing").slice(0, SHOWN_MAX);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
