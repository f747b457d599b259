/**
 * `kage blackbox`: which black boxes the servers of this place have, and saving one that is being written.
 * Reads folders only, so that it works for a server whose agent is silent or that is off.
 * Source: work order 4 item 8; firmware/replay/boxes.ts.
 */
import { existsSync } from "node:fs";
import { stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  boxName,
  listBoxes,
  type Ring,
  readRing,
  readRings,
  ringFolder,
  roleOfBox,
  startOfBox,
} from "../replay/boxes.ts";
import { type Call, DONE, fail, operand, printJson, printLines, wantsJson } from "./call.ts";
import { layTable } from "./columns.ts";
import { type AgentAddress, discover, type Place } from "./discover.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { type LocalFolders, localFolders } from "./local-paths.ts";

interface Row {
  readonly server: string;
  readonly role: string;
  readonly state: "live" | "saved" | "emergency";
  /** ISO 8601, UTC. */
  readonly started: string;
  readonly bytes: number;
  /** null = it is being written: `kage blackbox save` makes a file of it. */
  readonly file: string | null;
}

export async function runBlackboxList(call: Call, place: Place): Promise<ExitCode> {
  const wanted = call.invocation.texts.server;
  const agents = place.agents.filter(({ server }) => wanted === undefined || server === wanted);
  if (agents.length === 0) return unknownServer(call, place, wanted ?? "");
  const rows: Row[] = [];
  for (const agent of agents) {
    const folders = localFolders(agent);
    if (folders === null) return unknownFolders(call, agent.server);
    try {
      rows.push(...(await savedRows(folders)), ...(await liveRows(folders)));
    } catch (error) {
      return unreadable(call, folders, error);
    }
  }
  if (wantsJson(call)) {
    printJson(call, { ok: true, exit: DONE, boxes: rows });
    return DONE;
  }
  if (rows.length === 0) printLines(call, [call.say("boxNone")]);
  else printLines(call, drawRows(call, rows));
  return DONE;
}

async function savedRows({ server, stateDir }: LocalFolders): Promise<Row[]> {
  const rows: Row[] = [];
  for (const name of await listBoxes(stateDir)) {
    const file = join(stateDir, name);
    const state = name.includes("-emergency") ? ("emergency" as const) : ("saved" as const);
    const { size } = await stat(file);
    const started = new Date(startOfBox(name)).toISOString();
    rows.push({ server, role: roleOfBox(name), state, started, bytes: size, file });
  }
  return rows;
}

async function liveRows({ server, runDir }: LocalFolders): Promise<Row[]> {
  const rows: Row[] = [];
  for (const ring of await readRings(runDir)) {
    const bytes = (await readRing(runDir, ring)).length;
    const started = new Date(ring.startMs).toISOString();
    rows.push({ server, role: ring.role, state: "live", started, bytes, file: null });
  }
  return rows;
}

function drawRows(call: Call, rows: readonly Row[]): string[] {
  const states = {
    live: call.say("boxLive"),
    saved: call.say("boxSaved"),
    emergency: call.say("boxEmergency"),
  };
  const head = ["headServer", "boxRole", "boxState", "boxBegin", "boxBytes", "boxFile"] as const;
  return layTable(
    [
      head.map((key) => ({ text: call.say(key), style: "head" as const })),
      ...rows.map(({ server, role, state, started, bytes, file }) => [
        { text: server, style: "plain" as const },
        { text: role, style: "plain" as const },
        {
          text: states[state],
          style: state === "emergency" ? ("bad" as const) : ("plain" as const),
        },
        { text: started.slice(0, 23).replace("T", " "), style: "plain" as const },
        { text: `${bytes}`, style: "plain" as const },
        { text: file ?? "-", style: "plain" as const },
      ]),
    ],
    call.paint,
  );
}

export async function runBlackboxSave(call: Call, place: Place): Promise<ExitCode> {
  const wanted = operand(call, 0);
  const agent = place.agents.find(({ server }) => server === wanted) ?? onlyUnnamed(place);
  if (agent === null) return unknownServer(call, place, wanted);
  const folders = localFolders(agent);
  if (folders === null) return unknownFolders(call, wanted);
  const { runDir } = folders;
  let rings: Ring[];
  try {
    rings = newestOfEach(await readRings(runDir));
  } catch (error) {
    return unreadable(call, folders, error);
  }
  if (rings.length === 0) {
    const message = call.say("boxNone");
    return fail(call, { exit: EXIT.failed, code: null, message, remedy: call.say("noAgentDo") });
  }
  const files: string[] = [];
  for (const ring of rings) {
    const file = resolve(boxName(ring, ""));
    try {
      await writeFile(file, await readRing(runDir, ring), { mode: 0o600 });
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      const message = call.say("boxNotSaved", { file, detail });
      const remedy = call.say("boxNotSavedDo");
      return fail(call, { exit: EXIT.failed, code: null, message, remedy });
    }
    files.push(file);
  }
  if (wantsJson(call)) printJson(call, { ok: true, exit: DONE, files });
  else
    printLines(
      call,
      files.map((file) => call.say("boxWritten", { file })),
    );
  return DONE;
}

/** The ring that each process writes at present. */
const newestOfEach = (rings: readonly Ring[]): Ring[] =>
  (["pulse", "agent"] as const).flatMap((role) => {
    const newest = rings.filter((ring) => ring.role === role).at(-1);
    return newest === undefined ? [] : [newest];
  });

/** A real server does not know its name before it is asked. */
function onlyUnnamed({ agents }: Place): AgentAddress | null {
  const [only] = agents;
  return agents.length === 1 && only?.server === "" ? only : null;
}

function unknownServer(call: Call, place: Place, server: string): ExitCode {
  const all = place.agents.map((agent) => agent.server).join(", ");
  const message = call.say("unknownServer", { server });
  return fail(call, { exit: EXIT.usage, code: null, message, remedy: call.say("oneOf", { all }) });
}

function unreadable(call: Call, { runDir }: LocalFolders, error: unknown): ExitCode {
  const detail = error instanceof Error ? error.message : String(error);
  const message = call.say("cannotRead", { file: ringFolder(runDir), detail });
  const remedy = call.say("cannotReadDo");
  return fail(call, { exit: EXIT.failed, code: null, message, remedy });
}

function unknownFolders(call: Call, server: string): ExitCode {
  const message = call.say("boxUnknown", { server });
  return fail(call, { exit: EXIT.failed, code: null, message, remedy: call.say("boxUnknownDo") });
}

export interface FoundBox {
  /** File as given or found; of a box in memory the server's name. */
  readonly name: string;
  /** null = `name` is a file, which may not exist. */
  readonly ring: { readonly runDir: string; readonly ring: Ring } | null;
}

/**
 * `name` as given when there is such a file, else a saved box of that name, or of the server of that name the
 * newest one of the pulse: the last that was saved, and when none was, what it writes just now.
 */
export async function findBox(call: Call, name: string): Promise<FoundBox> {
  const asGiven: FoundBox = { name, ring: null };
  if (existsSync(name) || name.includes("/")) return asGiven;
  const { local, state } = call.invocation.texts;
  const found = discover({ local, state }, call.io.env, call.say);
  if (found.kind === "trouble") return asGiven;
  for (const agent of found.place.agents) {
    const folders = localFolders(agent);
    if (folders === null) continue;
    const { server, stateDir, runDir } = folders;
    const boxes = await seen(listBoxes(stateDir));
    const newest = boxes.filter((box) => roleOfBox(box) === "pulse").at(-1);
    const box = server === name ? newest : boxes.find((one) => one === name);
    if (box !== undefined) return { name: join(stateDir, box), ring: null };
    if (server !== name) continue;
    const ring = newestOfEach(await seen(readRings(runDir))).find(({ role }) => role === "pulse");
    if (ring !== undefined) return { name, ring: { runDir, ring } };
  }
  return asGiven;
}

/** What this user may not see is reported as a file that cannot be read. */
function seen<T>(list: Promise<readonly T[]>): Promise<readonly T[]> {
  return list.catch((error: unknown) => {
    if (error instanceof Error && "code" in error) return [];
    throw error;
  });
}
