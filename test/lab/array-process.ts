/**
 * The lab's disk cabinet: one image, one path per server, each a loop device over a file that this process
 * serves; and the faults that arrays and paths have. A process of its own, in a mount namespace of its own:
 * it ends when its owner does, and everything of it ends with it.
 * Intuition: a technician who may pull a cable, freeze the drives, make them fail, or cut a write in two.
 * Started as `node array-process.js IMAGE PATH1 PATH2 ...`; JSON lines on stdin, see `ArrayOrder`.
 * Source: architecture.md 7; hal/rack/array-export.ts (the same faults); losetup(8), loop(4).
 */
import { openSync, readFileSync, readSync, statSync, writeSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { createInterface } from "node:readline";
import { untilWithin } from "../deadline.ts";
import type { DiskFault } from "../scenarios/command-grammar.ts";
import { run } from "./command.ts";
import { type FuseAnswer, type FuseOrder, serveFile } from "./fuse-file.ts";

export type ArrayOrder =
  | { readonly kind: "fault"; readonly path: number; readonly fault: DiskFault }
  | { readonly kind: "cut"; readonly path: number; readonly cut: boolean }
  /** The server lost power: what it still had waiting is forgotten, but for what the array holds. */
  | { readonly kind: "drop"; readonly path: number }
  | { readonly kind: "close" };

export type ArrayWord =
  | { readonly kind: "ready"; readonly devices: readonly string[] }
  | { readonly kind: "done" };

/** What a torn write leaves on the medium, bytes: one sector of the old kind. */
const TORN_BYTES = 512;
const EIO = 5;
/** A killed server's last operation must end first. */
const FREE_WITHIN_MS = 5_000;

interface Held {
  readonly order: FuseOrder;
  readonly answer: (result: FuseAnswer) => void;
}

interface Path {
  fault: DiskFault;
  cut: boolean;
  held: Held[];
}

const [imageFile = "", ...files] = process.argv.slice(2);
const image = openSync(imageFile, "r+");
const sizeBytes = statSync(imageFile).size;
const paths: Path[] = files.map(() => ({ fault: "none", cut: false, held: [] }));
const devices: string[] = [];
const keepers: FileHandle[] = [];

void main();

async function main(): Promise<void> {
  for (const [index, path] of files.entries()) {
    await serveFile({
      path,
      sizeBytes,
      onOrder: (order, answer) => take(index, { order, answer }),
    });
    const device = (await run(["losetup", "--find", "--show", path])).trim();
    // Not at once and not synchronously: what an open device asks is answered here.
    const keeper = await open(device, "r");
    // In use by us, so this only marks it: it is given back at the last close, however this ends.
    await run(["losetup", "--detach", device]);
    devices.push(device);
    keepers.push(keeper);
  }
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => void obey(JSON.parse(line) as ArrayOrder));
  // The owner is gone. A read of /dev/fuse is always under way, so no other end would be one.
  lines.on("close", () => process.kill(process.pid, "SIGKILL"));
  say({ kind: "ready", devices });
}

async function obey(order: ArrayOrder): Promise<void> {
  if (order.kind === "close") await giveBack();
  else change(order);
  say({ kind: "done" });
}

function change(order: Exclude<ArrayOrder, { kind: "close" }>): void {
  const path = paths[order.path];
  if (path === undefined) throw new Error(`no path ${order.path}`);
  const held = path.held.splice(0);
  if (order.kind === "fault") path.fault = order.fault;
  if (order.kind === "cut") path.cut = order.cut;
  for (const one of held) {
    if (order.kind === "drop") drop(path, one);
    else take(order.path, one);
  }
}

/** Nobody waits for the answer any more; what the array has taken it carries out all the same. */
function drop(path: Path, one: Held): void {
  one.answer(EIO);
  const taken = path.fault === "late" && one.order.kind === "write";
  if (taken) path.held.push({ order: one.order, answer: toNobody });
}

function take(index: number, one: Held): void {
  const path = paths[index];
  if (path === undefined || path.cut) return one.answer(EIO);
  switch (path.fault) {
    case "stall":
    case "late":
      path.held.push(one);
      return;
    case "error":
      return one.answer(EIO);
    case "none":
    case "torn":
      return one.answer(perform(one.order, path.fault === "torn"));
  }
}

function perform(order: FuseOrder, torn: boolean): FuseAnswer {
  if (order.kind === "read") {
    const bytes = Buffer.alloc(order.length);
    return readSync(image, bytes, 0, bytes.length, order.offset) === bytes.length ? bytes : EIO;
  }
  const stored = torn ? order.data.subarray(0, TORN_BYTES) : order.data;
  writeSync(image, stored, 0, stored.length, order.offset);
  return torn ? EIO : Buffer.alloc(0);
}

/** Waits until nobody has a device open: what it was is then no device any more. */
async function giveBack(): Promise<void> {
  for (const index of paths.keys()) change({ kind: "fault", path: index, fault: "error" });
  const sequence = (device: string): string =>
    readFileSync(device.replace("/dev/", "/sys/block/").concat("/diskseq"), "utf8");
  const before = devices.map(sequence);
  for (const keeper of keepers.splice(0)) await keeper.close();
  for (const [index, device] of devices.entries()) {
    await untilWithin(`${device} let go by every process`, FREE_WITHIN_MS, () =>
      sequence(device) === before[index] ? null : true,
    );
  }
}

const toNobody = (): void => undefined;

function say(word: ArrayWord): void {
  process.stdout.write(`${JSON.stringify(word)}\n`);
}
