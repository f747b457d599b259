/**
 * One file whose bytes are asked of this process: a FUSE mount with a regular file as its root, read and
 * written past every cache. Intuition: the kernel asks "read here", "write there" and waits for the answer
 * as for a disk, as long as it takes; so whoever answers decides how the disk behaves.
 * Only what a loop device asks is served. Must not run in a process that itself touches the file: the
 * kernel would wait for a process that waits for the kernel. Source: fuse(4); linux/fuse.h, protocol 7.31.
 */
import { spawn } from "node:child_process";
import { openSync, read, writeSync } from "node:fs";
import { gone } from "./command.ts";

export type FuseOrder =
  | { readonly kind: "read"; readonly offset: number; readonly length: number }
  | { readonly kind: "write"; readonly offset: number; readonly data: Buffer };

/** `data` of a read, else empty; a number is the errno. */
export type FuseAnswer = Buffer | number;

export interface FuseFile {
  /** Existing empty file that the mount covers. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Answers once, now or later. */
  readonly onOrder: (order: FuseOrder, answer: (result: FuseAnswer) => void) => void;
}

const HEAD_BYTES = 40;
const REPLY_HEAD_BYTES = 16;
/** Largest single write taken; a loop device splits larger ones. */
const WRITE_MAX_BYTES = 128 * 1024;
/** A request is at most one write with its head; the kernel refuses a shorter buffer. */
const REQUEST_MAX_BYTES = WRITE_MAX_BYTES + 4096;
const OP = {
  forget: 2,
  getattr: 3,
  open: 14,
  read: 15,
  write: 16,
  release: 18,
  fsync: 20,
} as const;
const OP_MORE = { flush: 25, init: 26, interrupt: 36, batchForget: 42 } as const;
const ENOSYS = 38;
const EIO = 5;
/** FOPEN_DIRECT_IO: the page cache would answer in our stead. */
const DIRECT_IO = 1;
/** Seconds for which the size may be believed; it never changes. */
const ATTRIBUTES_VALID_S = 3600n;

/** Mounts over `file.path` and serves until the mount or this process ends. Needs root. */
export async function serveFile(file: FuseFile): Promise<void> {
  const device = openSync("/dev/fuse", "r+");
  const options = "fd=3,rootmode=100600,user_id=0,group_id=0";
  const argv = ["-i", "-t", "fuse", "-o", options, "kage-array", file.path];
  const mount = spawn("mount", argv, { stdio: ["ignore", "ignore", "inherit", device] });
  await gone(mount);
  if (mount.exitCode !== 0) throw new Error(`mount of ${file.path}: exit ${mount.exitCode}`);
  const buffer = Buffer.alloc(REQUEST_MAX_BYTES);
  const next = (): void => {
    read(device, buffer, 0, buffer.length, null, (error, bytes) => {
      // ENODEV: unmounted. Everything else that a read may say (EINTR, ENOENT) is asked again.
      if (error?.code === "ENODEV") return;
      if (error === null) serve(Buffer.from(buffer.subarray(0, bytes)), device, file);
      next();
    });
  };
  next();
}

function serve(request: Buffer, device: number, file: FuseFile): void {
  if (request.length < HEAD_BYTES) return;
  const op = request.readUInt32LE(4);
  const unique = request.readBigUInt64LE(8);
  const body = request.subarray(HEAD_BYTES);
  const answer = (result: FuseAnswer): void => reply(device, unique, result);
  switch (op) {
    case OP.forget:
    case OP_MORE.batchForget:
    case OP_MORE.interrupt:
      return;
    case OP_MORE.init:
      return answer(initAnswer(body));
    case OP.getattr:
      return answer(attributes(file.sizeBytes));
    case OP.open:
      return answer(openAnswer());
    case OP.release:
    case OP.fsync:
    case OP_MORE.flush:
      return answer(Buffer.alloc(0));
    case OP.read:
    case OP.write:
      return transfer(op, body, file, answer);
    default:
      return answer(ENOSYS);
  }
}

function transfer(
  op: number,
  body: Buffer,
  file: FuseFile,
  answer: (result: FuseAnswer) => void,
): void {
  const offset = Number(body.readBigUInt64LE(8));
  const length = body.readUInt32LE(16);
  if (offset + length > file.sizeBytes) return answer(EIO);
  if (op === OP.read) return file.onOrder({ kind: "read", offset, length }, answer);
  const data = body.subarray(40, 40 + length);
  file.onOrder({ kind: "write", offset, data }, (result) => {
    answer(typeof result === "number" ? result : words(8, [[0, length]]));
  });
}

function reply(device: number, unique: bigint, result: FuseAnswer): void {
  const data = typeof result === "number" ? Buffer.alloc(0) : result;
  const head = words(REPLY_HEAD_BYTES, [[0, REPLY_HEAD_BYTES + data.length]]);
  head.writeInt32LE(typeof result === "number" ? -result : 0, 4);
  head.writeBigUInt64LE(unique, 8);
  try {
    writeSync(device, Buffer.concat([head, data]));
  } catch (error) {
    // ENOENT: nobody waits any more, the mount is gone or the request was given up.
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}

/** fuse_init_out, without any of the optional abilities. */
function initAnswer(body: Buffer): Buffer {
  const readaheadBytes = body.readUInt32LE(8);
  const answer = words(64, [
    [0, 7],
    [4, 31],
    [8, readaheadBytes],
    [20, WRITE_MAX_BYTES],
    [24, 1],
  ]);
  answer.writeUInt16LE(16, 16);
  answer.writeUInt16LE(12, 18);
  return answer;
}

const openAnswer = (): Buffer => words(16, [[8, DIRECT_IO]]);

/** fuse_attr_out of a regular file. */
function attributes(sizeBytes: number): Buffer {
  const answer = words(104, [
    [16 + 60, 0o100600],
    [16 + 64, 1],
    [16 + 80, 4096],
  ]);
  answer.writeBigUInt64LE(ATTRIBUTES_VALID_S, 0);
  answer.writeBigUInt64LE(1n, 16);
  answer.writeBigUInt64LE(BigInt(sizeBytes), 16 + 8);
  answer.writeBigUInt64LE(BigInt(sizeBytes / 512), 16 + 16);
  return answer;
}

function words(bytes: number, fields: readonly (readonly [at: number, value: number])[]): Buffer {
  const buffer = Buffer.alloc(bytes);
  for (const [at, value] of fields) buffer.writeUInt32LE(value, at);
  return buffer;
}
