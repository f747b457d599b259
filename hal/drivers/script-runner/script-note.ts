/**
 * What must be known of a group's script after a restart of the agent: under which event the group
 * was started here, and how far it had come. Lies beside the run record of the start script.
 * Intuition: the stop script is told the event of the start (D20), and whoever stops the group may be
 * another process than the one that started it. A note of an earlier boot says nothing.
 * Source: requirements R149, R153; D20; architecture.md 2 (adoption).
 */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../process-tree/process-tree.ts";

/** Why the group was started here. */
export type StartEvent = "START" | "FAILOVER";

export interface ScriptNote {
  /** Host incarnation in which it was written. */
  readonly host: string;
  readonly event: StartEvent;
  /** `starting` until the start script has ended well; what is not `up` is stopped through. */
  readonly phase: "starting" | "up" | "stopping";
}

const FILE = "script.json";
/** A note is below 100 bytes; anything longer is none. */
const CHARACTERS_MAX = 1000;

/** Null = there is none of this boot, or it is damaged. */
export async function readScriptNote(recordDir: string, host: string): Promise<ScriptNote | null> {
  try {
    const note = parseScriptNote(await readFile(join(recordDir, FILE), "utf8"));
    return note?.host === host ? note : null;
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return null;
    throw error;
  }
}

export function parseScriptNote(text: string): ScriptNote | null {
  const form =
    /^\{"host":"([0-9a-f]{1,64})","event":"(START|FAILOVER)","phase":"(starting|up|stopping)"\}\n$/;
  const match = text.length > CHARACTERS_MAX ? null : form.exec(text);
  const host = match?.[1];
  const event = match?.[2];
  const phase = match?.[3];
  if (host === undefined || event === undefined || phase === undefined) return null;
  return { host, event: event as StartEvent, phase: phase as ScriptNote["phase"] };
}

/** Whole or not at all. Rejects with the system's error, e.g. ENOSPC. */
export async function writeScriptNote(recordDir: string, note: ScriptNote): Promise<void> {
  await mkdir(recordDir, { recursive: true, mode: 0o750 });
  const draft = join(recordDir, `${FILE}.new`);
  const { host, event, phase } = note;
  await writeFile(draft, `${JSON.stringify({ host, event, phase })}\n`, { mode: 0o600 });
  await rename(draft, join(recordDir, FILE));
}

export async function removeScriptNote(recordDir: string): Promise<void> {
  await rm(join(recordDir, FILE), { force: true });
}
