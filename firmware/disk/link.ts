/**
 * The disk process's end of the pulse socket: newline JSON, bounded, dialled again when the pulse
 * is gone.
 * Intuition: the pulse is the master; whatever it asked before it died was asked by a dead one. So
 * answers and waiting requests belong to one connection and end with it.
 * Source: architecture.md 2 (talk over a Unix socket owned by the pulse).
 */
import { connect, type Socket } from "node:net";
import type { ServerIndex } from "../../hal/base/ids.ts";
import { parseRing, type RingKey } from "../../services/keys/key-set.ts";
import { ARBITRATION_SLOTS } from "../../services/quorum/arbitration-layout.ts";
import { isSlotWord } from "../../services/quorum/claim.ts";
import { isSlotMemory, type SlotMemory } from "../../services/quorum/claim-freshness.ts";
import type { SlotWord } from "../../services/quorum/stamp.ts";

/** Longest line, bytes: a claim takes about 250, a memory of a slot with 16 former boots 450. */
const LINE_BYTES_MAX = 4096;
/** Answers a pulse may leave unread, bytes, before it counts as dead. */
const UNREAD_BYTES_MAX = 64 * 1024;
/** Pause before the next dial, ms: doubles from the first to the second. */
const BACKOFF_FIRST_MS = 20;
const BACKOFF_MAX_MS = 1000;

export type DiskRequest =
  | { readonly kind: "disk.write"; readonly id: number; readonly claim: SlotWord | null }
  | { readonly kind: "disk.read"; readonly id: number; readonly server: ServerIndex };

export type ParsedLine =
  | { readonly kind: "request"; readonly request: DiskRequest }
  /** The cluster keys from this moment on, the active one first. */
  | { readonly kind: "keys"; readonly keys: readonly RingKey[] }
  /** What an earlier disk process of this server has told the pulse of a slot. */
  | { readonly kind: "recalled"; readonly server: ServerIndex; readonly memory: SlotMemory }
  /** A request to be answered with an error. */
  | { readonly kind: "refused"; readonly id: number; readonly op: DiskOp; readonly reason: string }
  /** Nothing for this process, or nothing that could be answered. */
  | { readonly kind: "ignored"; readonly reason: string };

export type DiskOp = "write" | "read";

export interface DiskAnswer {
  readonly id: number;
  readonly op: DiskOp;
  readonly result:
    | {
        readonly ok: true;
        readonly claim: SlotWord | null;
        readonly tookMs: number;
        /** Of a reading: what is known of the slot, for the pulse to teach the next disk process. */
        readonly seen?: SeenSlot;
      }
    | { readonly ok: false; readonly error: string };
}

/** The pulse sends it as it is to the next disk process, whose `recalled` it becomes. */
export interface SeenSlot {
  readonly kind: "disk.recall";
  readonly server: ServerIndex;
  readonly memory: SlotMemory;
}

/** One connection to one pulse. */
export interface PulseConnection {
  /** False as soon as the pulse is gone: its requests are void. */
  isUp(): boolean;
  send(answer: DiskAnswer): void;
  /** Says which keys are believed from this moment on. */
  sendHeld(ids: readonly string[]): void;
}

export interface DiskLinkOptions {
  readonly socketPath: string;
  readonly self: ServerIndex;
  readonly onRequest: (connection: PulseConnection, parsed: ParsedLine) => void;
  readonly report: (text: string) => void;
}

/** Never throws. */
export function parseDiskLine(line: string): ParsedLine {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    return { kind: "ignored", reason: "a line that is not JSON" };
  }
  if (typeof message !== "object" || message === null) {
    return { kind: "ignored", reason: "a line that is not an object" };
  }
  const { kind, id, claim, server, memory, keys } = message as Record<string, unknown>;
  if (kind === "disk.keys") {
    const ring = parseRing(keys);
    if (ring !== null) return { kind: "keys", keys: ring };
    return { kind: "ignored", reason: "keys that are none" };
  }
  const index = typeof server === "number" && Number.isInteger(server) ? server : -1;
  const isSlot = index >= 0 && index < ARBITRATION_SLOTS;
  if (kind === "disk.recall") {
    if (isSlot && isSlotMemory(memory)) return { kind: "recalled", server: index, memory };
    return { kind: "ignored", reason: "a memory of a slot that is none" };
  }
  if (kind !== "disk.write" && kind !== "disk.read") {
    return { kind: "ignored", reason: "a message of another kind" };
  }
  if (typeof id !== "number" || !Number.isSafeInteger(id)) {
    return { kind: "ignored", reason: `${kind} without a whole number as id` };
  }
  if (kind === "disk.write") {
    if (claim === null || isSlotWord(claim))
      return { kind: "request", request: { kind, id, claim } };
    return { kind: "refused", id, op: "write", reason: "expected a claim or null, or a stamp" };
  }
  if (isSlot) return { kind: "request", request: { kind, id, server: index } };
  return { kind: "refused", id, op: "read", reason: "expected a server index" };
}

/** Dials at once and keeps dialling until `close`. */
export class DiskLink {
  readonly #options: DiskLinkOptions;
  #socket: Socket | null = null;
  #redial: NodeJS.Timeout | null = null;
  #backoffMs = BACKOFF_FIRST_MS;
  #closed = false;

  constructor(options: DiskLinkOptions) {
    this.#options = options;
    this.#dial();
  }

  close(): void {
    this.#closed = true;
    if (this.#redial !== null) clearTimeout(this.#redial);
    this.#socket?.destroy();
  }

  #dial(): void {
    const socket = connect({ path: this.#options.socketPath });
    this.#socket = socket;
    let up = true;
    const connection: PulseConnection = {
      isUp: () => up,
      send: (answer) => {
        if (!up) return;
        socket.write(`${JSON.stringify(wireOf(answer))}\n`);
        if (socket.writableLength > UNREAD_BYTES_MAX) socket.destroy();
      },
      sendHeld: (ids) => {
        if (up) socket.write(`${JSON.stringify({ kind: "disk.keys-held", ids })}\n`);
      },
    };
    const lines = new LineReader();
    socket.on("connect", () => {
      this.#backoffMs = BACKOFF_FIRST_MS;
      const hello = { kind: "hello", role: "disk", pid: process.pid, self: this.#options.self };
      socket.write(`${JSON.stringify(hello)}\n`);
    });
    socket.on("data", (bytes) => {
      for (const line of lines.push(bytes))
        this.#options.onRequest(connection, parseDiskLine(line));
      if (!lines.overlong) return;
      this.#options.report(
        `pulse socket: a line of more than ${LINE_BYTES_MAX} bytes; dialling again`,
      );
      socket.destroy();
    });
    // Without a pulse there is nobody to tell; "close" follows and plans the next dial.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      up = false;
      if (this.#closed) return;
      this.#redial = setTimeout(() => this.#dial(), this.#backoffMs);
      this.#backoffMs = Math.min(2 * this.#backoffMs, BACKOFF_MAX_MS);
    });
  }
}

function wireOf(answer: DiskAnswer): Record<string, unknown> {
  return { kind: "disk.result", id: answer.id, op: answer.op, ...answer.result };
}

class LineReader {
  #rest = Buffer.alloc(0);
  overlong = false;

  push(bytes: Uint8Array): string[] {
    const lines: string[] = [];
    let rest = Buffer.concat([this.#rest, bytes]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      if (end > LINE_BYTES_MAX) break;
      if (end > 0) lines.push(rest.toString("utf8", 0, end));
      rest = rest.subarray(end + 1);
    }
    this.overlong = rest.length > LINE_BYTES_MAX;
    this.#rest = this.overlong ? Buffer.alloc(0) : rest;
    return lines;
  }
}
