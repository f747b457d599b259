/**
 * The one-time code with which the first administrator is made: it exists exactly as long as there are no
 * users, survives restarts in a file only the owner reads, and goes away once used. No default password
 * exists anywhere. Source: issue 3 item 7; IEC 62443-4-2 CR 1.5; EU 2024/2847 annex I (2)(b).
 */
import { createHash, randomInt, timingSafeEqual } from "node:crypto";
import { unlink } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { folderFiles } from "../../../flash/store/files.ts";

/** Without 0, 1, I, L, O, U: read aloud over the telephone. 30 ^ 8 = 39 bits behind the throttle. */
const LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHARACTERS = 8;
const SHAPE = /^[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}$/;
const FILE_BYTES_MAX = 64;

export type SetupCode =
  /** `kept`: the code of an earlier start. */
  | { readonly kind: "code"; readonly code: string; readonly kept: boolean }
  | { readonly kind: "failed"; readonly reason: string };

/** The code of the file, or a new one that is written there with mode 0600. */
export async function obtainSetupCode(file: string): Promise<SetupCode> {
  const files = folderFiles(dirname(file));
  const name = basename(file);
  const found = await files.read(name, FILE_BYTES_MAX);
  if (found.kind === "failed") return { kind: "failed", reason: found.text };
  if (found.kind === "bytes") {
    const kept = Buffer.from(found.bytes).toString("utf8").trim();
    if (SHAPE.test(kept)) return { kind: "code", code: kept, kept: true };
  }
  const code = newCode();
  const bytes = Buffer.from(`${code}\n`, "utf8");
  for (const step of [
    () => files.write(`${name}.new`, bytes),
    () => files.rename(`${name}.new`, name),
    () => files.syncFolder(),
  ]) {
    const done = await step();
    if (done.kind === "failed") return { kind: "failed", reason: done.text };
  }
  return { kind: "code", code, kept: false };
}

/** Null = gone (also when it was not there), else why not. */
export async function removeSetupCode(file: string): Promise<string | null> {
  try {
    await unlink(file);
    return null;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? null : message;
  }
}

/** Hyphen, blanks and case do not matter; takes the same time for every wrong code. */
export function isSameCode(typed: string, code: string): boolean {
  return timingSafeEqual(digest(typed), digest(code));
}

const digest = (text: string): Buffer =>
  createHash("sha256")
    .update(text.toUpperCase().replace(/[^0-9A-Z]/g, ""))
    .digest();

function newCode(): string {
  const letters = Array.from({ length: CHARACTERS }, () => LETTERS[randomInt(LETTERS.length)]);
  const half = CHARACTERS / 2;
  return `${letters.slice(0, half).join("")}-${letters.slice(half).join("")}`;
}
