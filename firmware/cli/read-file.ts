/**
 * Reading a file that a person has named: bounded, whatever it is, and what is wrong with it in words of the
 * reader's language. A pipe is read to its end, because a shell's `<(...)` is one; a device without end stops
 * at the bound. Source: work order 4 "Bad input"; style.md (error texts).
 */
import { open } from "node:fs/promises";
import type { Call } from "./call.ts";

export type FileBytes =
  | { readonly kind: "bytes"; readonly bytes: Buffer }
  | { readonly kind: "unreadable"; readonly message: string; readonly remedy: string };

const KIB = 1024;
/** From here on a part of a MiB says nothing. */
const KIB_EXACT_MAX = 10 * KIB;
const CHUNK_BYTES = 64 * 1024;

/** At most `bytesMax`, whole KiB; the remedy of a file that is too big is the caller's: it knows what was expected. */
export async function readNamed(
  { say }: Pick<Call, "say">,
  file: string,
  bytesMax: number,
  tooBigDo: string,
): Promise<FileBytes> {
  const unreadable = (detail: string, remedy: string): FileBytes => ({
    kind: "unreadable",
    message: say("cannotRead", { file, detail }),
    remedy,
  });
  try {
    const handle = await open(file);
    try {
      const { size } = await handle.stat();
      const bytes = size > bytesMax ? null : await readAll(handle, bytesMax);
      if (bytes !== null) return { kind: "bytes", bytes };
      const found = size > bytesMax ? sizeWords(size) : say("fileMore");
      return unreadable(say("fileTooBig", { max: sizeWords(bytesMax), found }), tooBigDo);
    } finally {
      await handle.close();
    }
  } catch (error) {
    return unreadable(whyUnreadable(say, error), say("cannotReadDo"));
  }
}

/** Rounded up, so that what is too big never looks as if it fitted. */
function sizeWords(bytes: number): string {
  const kib = Math.ceil(bytes / KIB);
  const isWhole = kib % KIB === 0 || kib >= KIB_EXACT_MAX;
  return isWhole ? `${Math.ceil(kib / KIB)} MiB` : `${kib} KiB`;
}

/** null = more than `bytesMax`. */
async function readAll(
  handle: Awaited<ReturnType<typeof open>>,
  bytesMax: number,
): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  let total = 0;
  for (;;) {
    const { bytesRead, buffer } = await handle.read(
      Buffer.alloc(CHUNK_BYTES),
      0,
      CHUNK_BYTES,
      null,
    );
    if (bytesRead === 0) return Buffer.concat(parts);
    total += bytesRead;
    if (total > bytesMax) return null;
    parts.push(buffer.subarray(0, bytesRead));
  }
}

const WHY = {
  ENOENT: "fileMissing",
  ENOTDIR: "filePathBroken",
  EISDIR: "fileIsFolder",
  EACCES: "fileForbidden",
  EPERM: "fileForbidden",
  EIO: "fileDamaged",
} as const;

/** Trouble that is not expected keeps the system's words. */
export function whyUnreadable(say: Call["say"], error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? String(error.code) : "";
  for (const [known, key] of Object.entries(WHY)) if (known === code) return say(key);
  return error.message;
}
