/**
 * The few file operations the store needs, each a value on trouble, and their make for a real folder.
 * Intuition: small enough that a test can stop the power between any two of them.
 * Source: style.md 16; rename(2) (atomic replacement), fsync(2) (a folder entry is durable only after
 * fsync of the folder).
 */
import { constants } from "node:fs";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";

/** `code` as the system names it (ENOSPC, EACCES, EROFS, EIO...); `text` for people. */
export interface FileFailure {
  readonly kind: "failed";
  readonly code: string;
  readonly text: string;
}

export type FileDone = { readonly kind: "done" } | FileFailure;
export type FileRead =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "absent" }
  | FileFailure;

/** All names are within one folder. One call at a time. */
export interface StoreFiles {
  /** Reads at most `bytesMax` + 1 bytes, so that a longer file is seen as too long. */
  read(name: string, bytesMax: number): Promise<FileRead>;
  /** Creates or empties the file, writes all bytes and makes them durable. */
  write(name: string, bytes: Uint8Array): Promise<FileDone>;
  /** Replaces `to` by `from` in one step; durable only after `syncFolder`. */
  rename(from: string, to: string): Promise<FileDone>;
  syncFolder(): Promise<FileDone>;
}

/** Store files in a real folder, which must exist; files are readable by the owner only. */
export function folderFiles(folder: string): StoreFiles {
  const at = (name: string) => join(folder, name);
  return {
    read: (name, bytesMax) => readBounded(at(name), bytesMax),
    write: (name, bytes) => attempt(() => writeDurably(at(name), bytes)),
    rename: (from, to) => attempt(() => rename(at(from), at(to))),
    syncFolder: () => attempt(() => syncFolder(folder)),
  };
}

async function readBounded(path: string, bytesMax: number): Promise<FileRead> {
  try {
    // Non-blocking, so that a FIFO left in the folder cannot hang the start.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const buffer = Buffer.alloc(bytesMax + 1);
      let length = 0;
      while (length < buffer.length) {
        const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return { kind: "bytes", bytes: buffer.subarray(0, length) };
    } finally {
      await handle.close();
    }
  } catch (error) {
    const failure = failureOf(error);
    return failure.code === "ENOENT" ? { kind: "absent" } : failure;
  }
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, "w", 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function attempt(act: () => Promise<void>): Promise<FileDone> {
  try {
    await act();
    return { kind: "done" };
  } catch (error) {
    return failureOf(error);
  }
}

/** System errors become values; anything else is a broken contract and goes on. */
function failureOf(error: unknown): FileFailure {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) throw error;
  return { kind: "failed", code: String(error.code), text: error.message };
}
