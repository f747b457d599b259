/**
 * The event log of a server that cannot be asked, from its folder on this machine: the log as its agent wrote
 * it, then the last words of its pulse, which the next start of the agent would take into it.
 * Intuition: the operator asks just when nobody is left to answer. Source: requirements R108; README (files).
 */
import { join } from "node:path";
import type { Call } from "./call.ts";
import { parseObject } from "./client.ts";
import type { AgentAddress } from "./discover.ts";
import { lastWords, tellLine } from "./last-end.ts";
import { localFolders } from "./local-paths.ts";
import { readNamed } from "./read-file.ts";
import { agentName } from "./survey.ts";

export type Entry = Readonly<Record<string, unknown>>;

export interface Page {
  /** null = the newest; else those that follow this number. */
  readonly after: number | null;
  readonly limit: number;
}

export interface LeftLog {
  readonly server: string;
  readonly file: string;
  /** Oldest first, at most `limit` and the last words. */
  readonly entries: readonly Entry[];
}

/** The agent begins a new file at 2 MiB (firmware/agent/event-log.ts); what one flush adds is far less than that. */
const FILE_BYTES_MAX = 8 << 20;

/** Logs that are here and say something; an agent without one is left out. */
export async function leftLogs(
  call: Call,
  agents: readonly AgentAddress[],
  page: Page,
): Promise<readonly LeftLog[]> {
  const logs = await Promise.all(agents.map((agent) => leftLog(call, agent, page)));
  return logs.filter((log) => log !== null).filter(({ entries }) => entries.length > 0);
}

async function leftLog(call: Call, agent: AgentAddress, page: Page): Promise<LeftLog | null> {
  const folders = localFolders(agent);
  if (folders === null) return null;
  const { server, stateDir } = folders;
  const file = join(stateDir, "events.jsonl");
  const read = await readNamed(call, file, FILE_BYTES_MAX, "");
  const lines = read.kind === "bytes" ? parseLines(read.bytes.toString("utf8")) : [];
  const { after, limit } = page;
  const newer = lines.filter(({ seq }) => Number(seq) > (after ?? 0));
  const isFromStart = (after ?? 0) > 0;
  const shown = isFromStart ? newer.slice(0, limit) : newer.slice(-limit);
  const isToEnd = shown.at(-1) === newer.at(-1);
  const words = isToEnd ? wordEntries(stateDir, server) : [];
  return { server: agentName({ ...agent, server }), file, entries: [...shown, ...words] };
}

/** Torn lines are left out, and what a repeated write has brought twice is taken once, as the agent does. */
function parseLines(text: string): Entry[] {
  const entries: Entry[] = [];
  let newest = 0;
  for (const line of text.split("\n")) {
    const entry = line === "" ? null : parseObject(line);
    const seq = entry?.["seq"];
    if (entry === null || typeof seq !== "number" || !(seq > newest)) continue;
    newest = seq;
    entries.push(entry);
  }
  return entries;
}

/** Without a number: that is given when the agent takes them into its log. */
function wordEntries(stateDir: string, server: string): Entry[] {
  return lastWords(stateDir).map(({ at, key, data }) => {
    const none = { code: "KG-0000", severity: "info", text: key, cause: "", remedy: "" };
    return { ...(tellLine(key, { server, ...data }, "en") ?? none), at, key, server, data };
  });
}
