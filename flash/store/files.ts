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

/**
 * The calls of the system below: what a test replaces to stop the power between any two of them. Trouble is
 * thrown as the system's error with `code` and `syscall`.
 */
export interface Disk {
  /** read: must exist; replace: created or emptied, owner only; folder: for `sync` alone. */
  open(path: string, how: "read" | "replace" | "folder"): Promise<DiskFile>;
  rename(from: string, to: string): Promise<void>;
}

export interface DiskFile {
  /** Fills `buffer` from `at` with what stands in the file at `at`; 0 = end of the file. */
  read(buffer: Uint8Array, at: number): Promise<number>;
  /** All of `bytes`, from the start. */
  write(bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Non-blocking, so that a FIFO left in the folder cannot hang the start. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

const systemDisk: Disk = {
  rename,
  open: async (path, how) => {
    const handle = await open(path, how === "replace" ? "w" : READ_FLAGS, 0o600);
    return {
      read: async (buffer, at) => (await handle.read(buffer, at, buffer.length - at, at)).bytesRead,
      write: (bytes) => handle.writeFile(bytes),
      sync: () => handle.sync(),
      close: () => handle.close(),
    };
  },
};

/** Store files in a real folder, which must exist; files are readable by the owner only. */
export function folderFiles(folder: string, disk: Disk = systemDisk): StoreFiles {
  const at = (name: string) => join(folder, name);
  return {
    read: (name, bytesMax) => readBounded(disk, at(name), bytesMax),
    write: (name, bytes) =>
      attempt(() =>
        withFile(disk, at(name), "replace", async (file) => {
          await file.write(bytes);
          await file.sync();
        }),
      ),
    rename: (from, to) => attempt(() => disk.rename(at(from), at(to))),
    syncFolder: () => attempt(() => withFile(disk, folder, "folder", (file) => file.sync())),
  };
}

async function readBounded(disk: Disk, path: string, bytesMax: number): Promise<FileRead> {
  try {
    const bytes = await withFile(disk, path, "read", async (file) => {
      const buffer = Buffer.alloc(bytesMax + 1);
      let length = 0;
      while (length < buffer.length) {
        const count = await file.read(buffer, length);
        if (count === 0) break;
        length += count;
      }
      return buffer.subarray(0, length);
    });
    return { kind: "bytes", bytes };
  } catch (error) {
    const failure = failureOf(error);
    return failure.code === "ENOENT" ? { kind: "absent" } : failure;
  }
}

async function withFile<T>(
  disk: Disk,
  path: string,
  how: "read" | "replace" | "folder",
  act: (file: DiskFile) => Promise<T>,
): Promise<T> {
  const file = await disk.open(path, how);
  try {
    return await act(file);
  } finally {
    await file.close();
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
