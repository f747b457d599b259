/**
 * Journals for tests: a ring in memory instead of files, and whole simulated clusters whose processes all
 * record.
 */
import { drawSegment, putRecord, RECORD_HEAD_BYTES } from "../../../firmware/replay/format.ts";
import { type Journal, readJournal } from "../../../firmware/replay/journal.ts";
import {
  type Identity,
  Recorder,
  type Role,
  type Sink,
  type Through,
} from "../../../firmware/replay/recorder.ts";
import { COM } from "../../../firmware/simulator/wires.ts";
import { World } from "../../../firmware/simulator/world.ts";
import { swarmConfig } from "../pulse/swarm-plan.ts";

/** Everything that was ever handed over, and when what of it was. */
export class MemorySink implements Sink {
  readonly parts: Buffer[] = [];
  /** Number of `parts` with which each segment begins. */
  readonly begins: number[] = [];
  isLost = false;
  bytes = 0;

  begin(_segment: number, bytes: Buffer): void {
    this.begins.push(this.parts.length);
    this.isLost = false;
    this.bytes = 0;
    this.append(bytes);
  }

  append(bytes: Buffer): void {
    if (this.isLost) return;
    this.parts.push(bytes);
    this.bytes += bytes.length;
  }

  flush(): void {
    // What was handed over is there.
    this.isLost = false;
  }

  whenIdle(done: () => void): void {
    done();
  }

  get journal(): Buffer {
    return Buffer.concat(this.parts);
  }
}

/** A process to which nothing in particular belongs. */
export const IDENTITY: Identity = {
  role: "pulse",
  product: "0.1.0",
  cluster: "swarm",
  clusterId: 7,
  server: "SERVER1",
  host: "00000000000000aa",
  pid: 4711,
};

export interface Recording {
  readonly index: number;
  readonly role: Role;
  readonly sink: MemorySink;
  readonly recorder: Recorder;
}

/** To be given to a simulated world: every process that starts gets a recording of its own. */
export function recordAll(into: Recording[]): (index: number, role: Role) => Through {
  return (index, role) => {
    const sink = new MemorySink();
    const identity = { ...IDENTITY, role, server: `SERVER${index + 1}`, pid: into.length + 1 };
    const onTrouble = (text: string): void => {
      throw new Error(text);
    };
    const wallMs = (): number => Date.UTC(2026, 10, 23);
    const recorder = new Recorder({ identity, sink, wallMs, onTrouble });
    into.push({ index, role, sink, recorder });
    return recorder.through;
  };
}

/** Two servers by COM + disk; every wire but the array's is cut in one instant, and one of them gives up. */
export function recordCut(): { readonly world: World; readonly recordings: Recording[] } {
  const recordings: Recording[] = [];
  const config = swarmConfig({ method: "com-disk", timeoutMs: 1000, watchdogMs: 0 });
  const world = new World(config, 5, { through: recordAll(recordings) });
  for (const host of world.hosts) host.power();
  world.run(4000);
  for (const path of [0, 1, COM]) {
    for (const from of [0, 1]) world.wires.change(path, from, { cut: true });
  }
  world.run(3000);
  for (const { recorder } of recordings) recorder.flush();
  return { world, recordings };
}

export function readWhole(bytes: Buffer): Journal {
  const read = readJournal(bytes);
  if (read.kind === "journal") return read.journal;
  throw new Error(`refused: ${read.reason} at ${read.offset}, entry ${read.entry} ${read.found}`);
}

/** A journal written by hand: a head, and items as they would stand in it. */
export function drawJournal(head: object, items: readonly string[]): Buffer {
  const parts = [drawSegment(JSON.stringify(head))];
  for (const item of items) {
    const record = Buffer.alloc(RECORD_HEAD_BYTES + Buffer.byteLength(item));
    putRecord(record, 0, item);
    parts.push(record);
  }
  return Buffer.concat(parts);
}
