/**
 * Who owned what, seen from outside every few ms: floating addresses in the servers' kernels
 * (/proc/PID/net/fib_trie of their first process), claim blocks on the array's platters. Both
 * servers are read in one turn and losses are written down before gains, so a clean hand-over
 * never looks like two owners. Known gap: what comes and goes within one turn is not seen.
 */
import { ARRAY_BLOCK_BYTES } from "../../hal/ports/array.ts";
import { claimBlockIndex } from "../../services/quorum/arbitration-layout.ts";
import type { WorldRecord } from "../scenarios/world.ts";
import type { Cabinet } from "./cabinet.ts";
import { readProc } from "./command.ts";

const LOOK_EVERY_MS = 5;
/** Array writes matter to the ms of a freeze, not of a hand-over. */
const ARRAY_EVERY_LOOKS = 4;

export interface Recorder {
  records(): readonly WorldRecord[];
  note(record: WorldRecord): void;
  close(): void;
}

export function openRecorder(cabinet: Cabinet, addresses: readonly string[]): Recorder {
  const records: WorldRecord[] = [];
  const held = new Map<string, ReadonlySet<string>>();
  const blocks = new Map<string, Buffer>();
  let looks = 0;
  const look = (): void => {
    const atMs = performance.now();
    const gains: WorldRecord[] = [];
    for (const { name, life } of cabinet.bays) {
      const now = life === null ? new Set<string>() : heldAddresses(life.initPid, addresses);
      const before = held.get(name) ?? new Set<string>();
      held.set(name, now);
      for (const address of before) {
        if (!now.has(address)) records.push({ atMs, server: name, kind: "withdraw", address });
      }
      for (const address of now) {
        if (!before.has(address)) gains.push({ atMs, server: name, kind: "announce", address });
      }
    }
    records.push(...gains);
    looks += 1;
    if (looks % ARRAY_EVERY_LOOKS === 0) lookAtArray(atMs);
  };
  const lookAtArray = (atMs: number): void => {
    cabinet.bays.forEach(({ name }, index) => {
      const block = readClaimBlocks(cabinet, index);
      const before = blocks.get(name);
      if (block === null) return;
      blocks.set(name, block);
      if (before !== undefined && !before.equals(block)) {
        records.push({ atMs, server: name, kind: "array-write" });
      }
    });
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    records: () => [...records, ...cabinet.events.map(cabinetRecord)],
    note: (record) => records.push(record),
    close: () => clearInterval(timer),
  };
}

function cabinetRecord(event: Cabinet["events"][number]): WorldRecord {
  const { atMs, server, reason } = event;
  return event.kind === "power"
    ? { atMs, server, kind: "power", on: event.on, reason }
    : { atMs, server, kind: "freeze", frozen: event.on };
}

/**
 * Which of `addresses` the server holds. They stand in the trie as `|-- ADDRESS` followed by `/32
 * host LOCAL`.
 */
export function heldAddresses(initPid: number, addresses: readonly string[]): ReadonlySet<string> {
  const trie = readProc(`/proc/${initPid}/net/fib_trie`) ?? "";
  return new Set(addresses.filter((address) => hasLocal(trie, address)));
}

function hasLocal(trie: string, address: string): boolean {
  const at = trie.indexOf(`|-- ${address}\n`);
  return at >= 0 && /^[^\n]*\n[^\n]*\/32 host LOCAL/.test(trie.slice(at, at + 200));
}

/** Both copies of one server's claim. */
function readClaimBlocks(cabinet: Cabinet, index: number): Buffer | null {
  const offset = claimBlockIndex(index, 0) * ARRAY_BLOCK_BYTES;
  return cabinet.array?.read(offset, 2 * ARRAY_BLOCK_BYTES) ?? null;
}
