/**
 * The shared array: one loop device over a file, seen by both servers as the block device that a
 * real array would be. It is set to vanish with the last process that holds it open, and we hold
 * it: nothing stays after a crash of the lab. Source: losetup(8) (lazy detach); issue 2 item 9.
 */
import { closeSync, openSync, readSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { finish, run, until } from "./command.ts";

/** Enough for the arbitration partition, small enough to forget. */
const ARRAY_BYTES = 16 * 1024 * 1024;
/** A killed server's last reads must end first. */
const FREE_WITHIN_MS = 5_000;

export interface LoopArray {
  /** `/dev/loopN` */
  readonly device: string;
  /** What the platters hold; the array's own cache is coherent with it. */
  read(offset: number, length: number): Buffer;
  /** As somebody with access to the array would overwrite it. */
  write(offset: number, bytes: Uint8Array): void;
  close(): Promise<void>;
}

export async function openArray(folder: string): Promise<LoopArray> {
  const file = join(folder, "array.img");
  writeFileSync(file, "");
  truncateSync(file, ARRAY_BYTES);
  const device = (await run(["losetup", "--find", "--show", file])).trim();
  let held: number;
  try {
    held = openSync(device, "r");
  } catch (error) {
    await finish(["losetup", "--detach", device]);
    throw error;
  }
  // In use by us, so this only marks it: detached at the last close.
  await run(["losetup", "--detach", device]);
  const platters = openSync(file, "r+");
  return {
    device,
    read: (offset, length) => {
      const bytes = Buffer.alloc(length);
      readSync(platters, bytes, 0, length, offset);
      return bytes;
    },
    write: (offset, bytes) => {
      writeSync(platters, bytes, 0, bytes.length, offset);
    },
    close: async () => {
      closeSync(platters);
      closeSync(held);
      await until(`${device} let go by every process`, FREE_WITHIN_MS, async () => {
        const columns = ["--list", "--noheadings", "--output", "BACK-FILE"];
        const listed = await finish(["losetup", ...columns, device]);
        return listed.stdout.trim().startsWith(file) ? null : true;
      });
    },
  };
}
