/**
 * One program that a script has loaded, as it is kept on disk beside its run record, so that the next
 * agent goes on watching it under the same rules.
 * Source: guide 2.2.4 (ARMLOAD); architecture.md 2 (adoption); D21.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../../hal/drivers/process-tree/process-tree.ts";
import { type LoadRules, RESTARTS_MAX } from "../../services/resources/monitored-load.ts";

export interface LoadRecord {
  readonly host: string;
  /** As it was given; compared without regard to case. */
  readonly id: string;
  readonly script: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly isService: boolean;
  readonly rules: LoadRules;
  /** Monotonic clock of this boot, ms. */
  readonly restartsAtMs: readonly number[];
}

const FILE = "load.json";
/** Environment and arguments of one program; the control socket takes no more either. */
const CHARACTERS_MAX = 1 << 20;

/** Null = none of this boot, or damaged. */
export async function readLoadRecord(dir: string, host: string): Promise<LoadRecord | null> {
  try {
    const record = parseLoadRecord(await readFile(join(dir, FILE), "utf8"));
    return record?.host === host ? record : null;
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  }
}

/** null = not such a record, damaged, or too long to be one. */
export function parseLoadRecord(text: string): LoadRecord | null {
  const value = text.length > CHARACTERS_MAX ? null : parseJson(text);
  if (!isRecord(value) || !isRecord(value["rules"])) return null;
  const { host, id, script, argv, env, isService, rules, restartsAtMs } = value;
  const words = [host, id, script].every((word) => typeof word === "string" && word !== "");
  const lists = isTexts(argv) && argv.length > 0 && isRecord(env) && isTexts(Object.values(env));
  const times =
    Array.isArray(restartsAtMs) &&
    restartsAtMs.length <= RESTARTS_MAX &&
    restartsAtMs.every((at) => Number.isFinite(at));
  const { restartMax, forgetHours, failsOver, isMonitored } = rules;
  const numbers =
    Number.isInteger(restartMax) && (forgetHours === null || Number.isInteger(forgetHours));
  const flags = [failsOver, isMonitored, isService].every((flag) => typeof flag === "boolean");
  return words && lists && times && numbers && flags ? (value as unknown as LoadRecord) : null;
}

/** Whole or not at all; readable by this user only, because an environment may hold secrets. */
export async function writeLoadRecord(dir: string, record: LoadRecord): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o750 });
  const draft = join(dir, `${FILE}.new`);
  await writeFile(draft, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  await rename(draft, join(dir, FILE));
}

export async function removeLoadRecord(dir: string): Promise<void> {
  await rm(join(dir, FILE), { force: true });
}

/** Record folders of a group's programs; empty when there are none. */
export async function listRecordFolders(groupDir: string): Promise<readonly string[]> {
  try {
    return (await readdir(groupDir)).map((name) => join(groupDir, name));
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return [];
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((word) => typeof word === "string");

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
