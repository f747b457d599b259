/**
 * The cabinet's memory: who had power, who claimed an address, who answered a client, who wrote the
 * array, and when. It is the oracle of ownership for scenarios ("no answer of the old owner after
 * the successor's first"). Each kind has its own ring, so that a busy client cannot push out the
 * power cut it was waiting for. Source: issue 2 item 5 and Behaviour; architecture.md 7.
 */

export type RackEvent =
  | {
      readonly kind: "power";
      readonly server: string;
      readonly to: PowerStep;
      readonly reason: string;
    }
  | { readonly kind: "freeze"; readonly server: string; readonly frozen: boolean }
  | {
      readonly kind: "announce";
      readonly server: string;
      readonly address: string;
      readonly previous: string | null;
    }
  | { readonly kind: "withdraw"; readonly server: string; readonly address: string }
  | {
      readonly kind: "answer";
      readonly server: string;
      readonly address: string;
      readonly port: number;
      readonly bytes: number;
    }
  | {
      readonly kind: "array-write";
      readonly server: string;
      /** In the array, bytes. */
      readonly offset: number;
      readonly bytes: number;
    }
  | { readonly kind: "reset"; readonly server: string; readonly reason: string }
  | { readonly kind: "off-request"; readonly server: string; readonly reason: string }
  | {
      readonly kind: "cut";
      readonly path: string;
      readonly from: string;
      readonly to: string | null;
    }
  | {
      readonly kind: "restore";
      readonly path: string;
      readonly from: string;
      readonly to: string | null;
    }
  | { readonly kind: "fault"; readonly path: string; readonly text: string }
  | { readonly kind: "trouble"; readonly text: string };

/** `dark`: power lost, wires silent; `off`: read back, no process is left. */
export type PowerStep = "on" | "dark" | "off";

/**
 * `atMs`: monotonic clock of the machine, ms, comparable between its processes. Answers that follow
 * each other without another event between are one entry: `atMs` first, `lastMs` last, `count` of them.
 */
export type RackRecord = RackEvent & {
  readonly seq: number;
  readonly atMs: number;
  readonly lastMs: number;
  readonly count: number;
};

export interface RackLog {
  add(event: RackEvent): void;
  /** Entries that ended at or after `sinceMs` (default: all kept), oldest first. */
  list(sinceMs?: number): readonly RackRecord[];
  /** `hear` is told of every new entry at once, in their order. It must not throw or take long: wires wait. */
  watch(hear: (event: RackEvent) => void): void;
}

/** Entries kept per kind; at ten per second of one kind this is about seven minutes. */
const RING_MAX = 4096;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** `now`: monotonic, ms. */
export function createRackLog(now: () => number): RackLog {
  const rings = new Map<RackEvent["kind"], Mutable<RackRecord>[]>();
  let seq = 0;
  let newest: Mutable<RackRecord> | null = null;
  const watchers: ((event: RackEvent) => void)[] = [];

  function add(event: RackEvent): void {
    const atMs = now();
    if (newest !== null && continues(newest, event)) {
      newest.lastMs = atMs;
      newest.count += 1;
      return;
    }
    seq += 1;
    const entry: Mutable<RackRecord> = { ...event, seq, atMs, lastMs: atMs, count: 1 };
    newest = entry;
    const ring = rings.get(event.kind) ?? [];
    rings.set(event.kind, ring);
    ring.push(entry);
    if (ring.length > RING_MAX) ring.shift();
    for (const hear of watchers) hear(event);
  }

  function list(sinceMs = 0): readonly RackRecord[] {
    const kept = [...rings.values()].flat().filter((entry) => entry.lastMs >= sinceMs);
    return kept.sort((a, b) => a.seq - b.seq).map((entry) => ({ ...entry }));
  }

  return { add, list, watch: (hear) => void watchers.push(hear) };
}

function continues(last: RackRecord, event: RackEvent): boolean {
  return (
    last.kind === "answer" &&
    event.kind === "answer" &&
    last.server === event.server &&
    last.address === event.address &&
    last.port === event.port
  );
}
