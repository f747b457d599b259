/**
 * The shared array: one image and, per server, a loop device that leads to it, seen as the block device
 * that a real array would be behind that server's own path. The bytes are moved by a process of its own
 * (`array-process.ts`), which can let paths and drives fail. Nothing stays after a crash of the lab: the
 * devices end with their last user. Source: losetup(8) (lazy detach); issue 2 item 9.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, openSync, readSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { DiskFault } from "../scenarios/command-grammar.ts";
import type { ArrayOrder, ArrayWord } from "./array-process.ts";
import { gone } from "./command.ts";

/** Enough for the arbitration partition, small enough to forget. */
const ARRAY_BYTES = 16 * 1024 * 1024;
/** A mount and a loop device for each server; a busy machine takes its time. */
const READY_WITHIN_MS = 10_000;
const CLOSED_WITHIN_MS = 8_000;
const PROCESS_JS = fileURLToPath(new URL("array-process.js", import.meta.url));

export interface LoopArray {
  /** `/dev/loopN` per server: its own path to the one array. */
  readonly devices: readonly string[];
  /** What the platters hold, past every path. */
  read(offset: number, length: number): Buffer;
  /** As somebody with access to the array would overwrite it. */
  write(offset: number, bytes: Uint8Array): void;
  /** `path`: server index. Returns when the array behaves so. */
  setFault(path: number, fault: DiskFault): Promise<void>;
  cut(path: number, cut: boolean): Promise<void>;
  /** The server's power is gone, and with it what it had asked. */
  drop(path: number): Promise<void>;
  close(): Promise<void>;
}

type Child = ChildProcess & { readonly stdin: Writable; readonly stdout: Readable };

/** `servers`: number of paths, default 2. */
export async function openArray(
  folder: string,
  env: Readonly<Record<string, string>>,
  servers = 2,
): Promise<LoopArray> {
  if (!existsSync("/dev/fuse"))
    throw new Error("the lab's array needs /dev/fuse (FUSE in the kernel)");
  const image = join(folder, "array.img");
  const files = Array.from({ length: servers }, (_, at) => join(folder, `array-path-${at + 1}`));
  for (const file of [image, ...files]) writeFileSync(file, "");
  truncateSync(image, ARRAY_BYTES);
  // Before everything ordinary, as an array's own processor is.
  const argv = ["--mount", "--propagation", "private", "nice", "-n", "-15", process.execPath];
  const child = spawn("unshare", [...argv, PROCESS_JS, image, ...files], {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "inherit"],
  }) as Child;
  const link = new ArrayLink(child);
  const ready = await link.next(READY_WITHIN_MS);
  if (ready.kind !== "ready") throw new Error("the array did not say its devices");
  const platters = openSync(image, "r+");
  return {
    devices: ready.devices,
    read: (offset, length) => {
      const bytes = Buffer.alloc(length);
      readSync(platters, bytes, 0, length, offset);
      return bytes;
    },
    write: (offset, bytes) => {
      writeSync(platters, bytes, 0, bytes.length, offset);
    },
    setFault: (path, fault) => link.order({ kind: "fault", path, fault }),
    cut: (path, cut) => link.order({ kind: "cut", path, cut }),
    drop: (path) => link.order({ kind: "drop", path }),
    close: () => link.close(),
  };
}

/** One word per order, in the order of the orders. */
class ArrayLink {
  readonly #child: Child;
  readonly #waiting: ((word: ArrayWord | null) => void)[] = [];

  constructor(child: Child) {
    this.#child = child;
    child.stdin.on("error", () => child.kill("SIGKILL"));
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.#waiting.shift()?.(JSON.parse(line) as ArrayWord);
    });
    child.once("close", () => {
      for (const settle of this.#waiting.splice(0)) settle(null);
    });
  }

  async next(withinMs: number): Promise<ArrayWord> {
    const deadline = setTimeout(() => this.#child.kill("SIGKILL"), withinMs);
    const word = await new Promise<ArrayWord | null>((settle) => this.#waiting.push(settle));
    clearTimeout(deadline);
    if (word === null) throw new Error(`the lab's array ended or said nothing for ${withinMs} ms`);
    return word;
  }

  async order(order: ArrayOrder): Promise<void> {
    const done = this.next(CLOSED_WITHIN_MS);
    this.#child.stdin.write(`${JSON.stringify(order)}\n`);
    await done;
  }

  async close(): Promise<void> {
    try {
      await this.order({ kind: "close" });
    } finally {
      this.#child.kill("SIGKILL");
      await gone(this.#child);
    }
  }
}
