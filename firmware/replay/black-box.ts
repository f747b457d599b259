/**
 * The black box of a process of a server: opens its ring, keeps it over every end of the process, and has the
 * rings of those that ended saved. A pulse that gives up saves at once, beside the will and never in its way,
 * for on a real server the run folder goes with the power; everything else is saved by the next agent.
 * Source: work order 4 item 8; architecture.md 1.4 (the pulse waits for no disk).
 */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { readProcess } from "../../hal/drivers/process-tree/process-tree.ts";
import type { OffPort, OffReason } from "../../hal/ports/host.ts";
import type { NoteData } from "../../services/effects.ts";
import { productVersion } from "../cli/version.ts";
import type { ServerContext } from "../local.ts";
import {
  listRings,
  type Ring,
  readRings,
  removeRing,
  ringFolder,
  roleOfBox,
  saveRing,
  segmentName,
  settleDrafts,
  takeNewBoxes,
} from "./boxes.ts";
import { Recorder, type Role, straight, type Through } from "./recorder.ts";
import { SegmentFiles } from "./segment-files.ts";

type Note = (key: string, data: NoteData) => void;

/** Between two looks for rings of processes that have ended. */
const COLLECT_MS = 10_000;
/** Rings of ended processes that wait for an agent to save them, per role. */
const WAITING_MAX = 4;
/** Longest wait of an emergency's off for the box: nothing of the groups is left, but the disk may hang. */
const OFF_WAIT_MS = 1000;
/** Causes of trouble that one process tells. */
const TOLD_MAX = 4;

export interface BlackBox {
  /** What the process's core is to be stepped through. */
  readonly through: Through;
  /** `off`, but an emergency waits a moment for the box: on a real server the run folder goes with the power. */
  readonly beforeOff: (off: OffPort) => OffPort;
}

/** Never throws: without a box the process runs as well. */
export function openBlackBox(role: Role, context: ServerContext, note: Note): BlackBox {
  const told = new Set<string>();
  const onTrouble = (detail: string): void => {
    // Once per cause and process: a folder that stays full is no news.
    if (told.has(detail) || told.size >= TOLD_MAX) return;
    told.add(detail);
    note("blackbox.trouble", { role, detail });
  };
  try {
    return open(role, context, note, onTrouble);
  } catch (error) {
    setImmediate(() => onTrouble(textOf(error)));
    return { through: straight, beforeOff: (off) => off };
  }
}

function open(
  role: Role,
  context: ServerContext,
  note: Note,
  onTrouble: (detail: string) => void,
): BlackBox {
  const { runDir, stateDir, server } = context.local;
  const { config, host } = context;
  const { pid } = process;
  const startMs = Date.now();
  makeRoom(runDir, role);
  const { name: cluster, clusterId } = config;
  const product = productVersion();
  const boxes = new Boxes(runDir, stateDir, onTrouble, note);
  let saved: Promise<void> | null = null;
  const pathOf = (segment: number): string =>
    join(ringFolder(runDir), segmentName(role, startMs, pid, segment));
  const recorder = new Recorder({
    identity: { role, product, cluster, clusterId, server, host, pid },
    sink: new SegmentFiles({ pathOf, onTrouble }),
    wallMs: Date.now,
    onTrouble,
    onWill: () => {
      saved = save();
    },
  });
  const save = (): Promise<void> => recorder.settle().then(() => boxes.saveAll());
  keepOverTheEnd(recorder);
  if (role === "agent") {
    const through = collecting(recorder.through, () => boxes.collect());
    return { through, beforeOff: (off) => off };
  }
  let isOverdue = false;
  const through: Through = (step, state, event, at) => {
    if (event.kind === "will.done") isOverdue = "completed" in event && event.completed === false;
    return recorder.through(step, state, event, at);
  };
  // What the will has not ended is ended by the off: then nothing may come between.
  const wait = (): Promise<void> | null => (isOverdue ? null : (saved ?? save()));
  return { through, beforeOff: (off) => ({ off: (reason) => offAfter(off, reason, wait) }) };
}

function collecting(through: Through, collect: () => Promise<void>): Through {
  let nextMs = Number.NEGATIVE_INFINITY;
  return (step, state, event, config) => {
    if (event.atMs >= nextMs) {
      nextMs = event.atMs + COLLECT_MS;
      void collect();
    }
    return through(step, state, event, config);
  };
}

function offAfter(off: OffPort, reason: OffReason, wait: () => Promise<void> | null): void {
  const saved = reason === "emergency" ? wait() : null;
  if (saved === null) return off.off(reason);
  let isOff = false;
  const go = (): void => {
    if (isOff) return;
    isOff = true;
    off.off(reason);
  };
  void saved.then(go);
  setTimeout(go, OFF_WAIT_MS);
}

/**
 * By the process and not by the time of its start, for a clock may be set back. The run folder does not outlive
 * a boot; a number that is given away again in one boot makes a ring wait, which is all.
 */
function hasEnded({ pid }: Ring): boolean {
  const found = readProcess(pid);
  return found === null || found.state === "Z";
}

/** Folder made, and no more old rings than memory is meant for. */
function makeRoom(runDir: string, role: Role): void {
  const folder = ringFolder(runDir);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const old = listRings(readdirSync(folder)).filter((ring) => ring.role === role);
  for (const ring of old.slice(0, Math.max(0, old.length - WAITING_MAX + 1))) {
    for (const file of ring.files) rmSync(join(folder, file), { force: true });
  }
}

/**
 * Every end but that by a signal or the loss of power; those lose what waited, a second at most. TERM is not
 * caught: a pulse that was stopped and is told to end would first do what was due, and its late COM beat
 * without a LAN beat that heard anybody is a partition to the other server.
 */
function keepOverTheEnd(recorder: Recorder): void {
  process.once("exit", () => recorder.flush());
}

class Boxes {
  readonly #runDir: string;
  readonly #stateDir: string;
  readonly #onTrouble: (text: string) => void;
  readonly #note: Note;
  #busy: Promise<void> | null = null;

  constructor(runDir: string, stateDir: string, onTrouble: (text: string) => void, note: Note) {
    this.#runDir = runDir;
    this.#stateDir = stateDir;
    this.#onTrouble = onTrouble;
    this.#note = note;
  }

  /** Everything that is known of this server, the newest first: it may go off any moment. */
  saveAll(): Promise<void> {
    return this.#once(async () => {
      for (const ring of (await readRings(this.#runDir)).reverse()) await this.#save(ring);
    });
  }

  /** Rings of processes that have ended become boxes; boxes that are new are told. */
  collect(): Promise<void> {
    return this.#once(async () => {
      await settleDrafts(this.#stateDir);
      for (const ring of (await readRings(this.#runDir)).filter(hasEnded)) {
        if (await this.#save(ring)) await removeRing(this.#runDir, ring);
      }
      for (const file of await takeNewBoxes(this.#stateDir)) {
        this.#note("blackbox.saved", { role: roleOfBox(file), file: basename(file) });
      }
    });
  }

  /** Resolves when all is done that was asked for; never rejects. */
  #once(run: () => Promise<void>): Promise<void> {
    this.#busy ??= run()
      .catch((error: unknown) => this.#onTrouble(textOf(error)))
      .finally(() => {
        this.#busy = null;
      });
    return this.#busy;
  }

  async #save(ring: Ring): Promise<boolean> {
    const saved = await saveRing(this.#runDir, this.#stateDir, ring);
    if (saved.kind === "full") this.#onTrouble(`no room for it in ${this.#stateDir}`);
    return saved.kind !== "full";
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
