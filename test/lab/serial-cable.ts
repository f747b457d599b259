/**
 * The COM cross cable: two real terminals (socat makes a pty each), joined by this process, which
 * can cut the wire, add noise and - like a wire - drops what nobody listens to. The line's pace
 * is kept: a byte takes its ten bits. Source: issue 2 item 9; pty(7), socat(1).
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { closeSync, constants, existsSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { untilWithin } from "../deadline.ts";
import { errorCode, gone } from "./command.ts";

const UP_WITHIN_MS = 5_000;
/** 8N1. */
const BITS_PER_BYTE = 10;
/**
 * A sender may be ahead of the line by this much, as a UART's and driver's buffers allow; then
 * bytes are lost.
 */
const AHEAD_BYTES_MAX = 4096;

interface End {
  readonly path: string;
  readonly socat: ChildProcessByStdio<Writable, Readable, null>;
  /** Keeps the terminal from hanging up between two users. */
  readonly hold: number;
  /** When the line towards this end is free again, monotonic ms. */
  freeAtMs: number;
}

export interface SerialCable {
  /** Terminal of each server, in their order. */
  readonly devices: readonly [string, string];
  /** Bytes from that end (0, 1) get lost; both directions are two calls. */
  setCut(from: 0 | 1, cut: boolean): void;
  isCut(from: 0 | 1): boolean;
  /** Noise onto the wire towards that end, even through a cut. */
  inject(to: 0 | 1, bytes: Uint8Array): void;
  /** Forgets what a powered-off server would not have received. */
  flush(end: 0 | 1): void;
  /** Called with every piece that leaves an end, for replay. */
  onBytes(listener: (from: 0 | 1, bytes: Uint8Array) => void): void;
  close(): Promise<void>;
}

export async function openCable(
  folder: string,
  baud: number,
  env: Readonly<Record<string, string>>,
): Promise<SerialCable> {
  const ends = await Promise.all([
    openEnd(join(folder, "com1"), env),
    openEnd(join(folder, "com2"), env),
  ]);
  const cut: [boolean, boolean] = [false, false];
  let listener: ((from: 0 | 1, bytes: Uint8Array) => void) | null = null;
  const timers = new Set<NodeJS.Timeout>();
  const carry = (to: 0 | 1, bytes: Uint8Array): void => {
    const end = ends[to];
    const nowMs = performance.now();
    const byteMs = (BITS_PER_BYTE * 1000) / baud;
    if (end.freeAtMs - nowMs > AHEAD_BYTES_MAX * byteMs) return;
    end.freeAtMs = Math.max(end.freeAtMs, nowMs) + bytes.length * byteMs;
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (end.socat.stdin.writable) end.socat.stdin.write(bytes);
    }, end.freeAtMs - nowMs);
    timers.add(timer);
  };
  for (const from of [0, 1] as const) {
    ends[from].socat.stdout.on("data", (bytes: Buffer) => {
      listener?.(from, bytes);
      if (!cut[from]) carry(from === 0 ? 1 : 0, bytes);
    });
  }
  return {
    devices: [ends[0].path, ends[1].path],
    setCut: (from, isCut) => {
      cut[from] = isCut;
    },
    isCut: (from) => cut[from],
    inject: carry,
    flush: (end) => drain(ends[end].hold),
    onBytes: (heard) => {
      listener = heard;
    },
    close: async () => {
      for (const timer of timers) clearTimeout(timer);
      for (const end of ends) {
        closeSync(end.hold);
        end.socat.kill("SIGKILL");
      }
      await Promise.all(ends.map((end) => gone(end.socat)));
    },
  };
}

async function openEnd(path: string, env: Readonly<Record<string, string>>): Promise<End> {
  const socat = spawn("socat", [`pty,rawer,link=${path}`, "STDIO"], {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const failure = new Promise<never>((_, fail) => {
    socat.once("error", (error) => fail(new Error(`socat: ${error.message}: install socat`)));
  });
  // A write after its end is the loss of a byte, which a wire does too; its exit is noticed by
  // the tests.
  socat.stdin.on("error", () => socat.kill("SIGKILL"));
  const up = untilWithin(`terminal ${path}`, UP_WITHIN_MS, () => (existsSync(path) ? true : null));
  await Promise.race([up, failure]);
  const hold = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  return { path, socat, hold, freeAtMs: 0 };
}

function drain(fd: number): void {
  const buffer = Buffer.alloc(4096);
  try {
    while (readSync(fd, buffer) > 0);
  } catch (error) {
    if (errorCode(error) !== "EAGAIN") throw error;
  }
}
