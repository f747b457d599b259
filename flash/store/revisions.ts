/**
 * The configuration texts of one server: the one in force, the one prepared, and those before them.
 * Intuition: a text is written where nothing points to it, the index that points to it changes in one step;
 * a power cut leaves the old index or the new one, and either names whole texts only.
 *
 * ```
 * revisions/index-a.bin, index-b.bin   two copies as in copy.ts; a save replaces the one not in use
 * revisions/text-00.jsonc ...          one text each; a slot that the index names is never written
 * ```
 * Source: protocol.md 1.9, V3; ecosystem.md 4.2; rename(2), fsync(2).
 */
import { createHash } from "node:crypto";
import { damageOf, decodeCopy, encodeCopy } from "./copy.ts";
import type { FileDone, FileFailure, StoreFiles } from "./files.ts";
import { afterSave, type CopyName, type CopyState, type NextSave, pick } from "./pick.ts";

export interface RevisionEntry {
  readonly rev: number;
  /** First 16 hex digits of SHA-256 over the text. */
  readonly hash: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  /** Who ordered it; "file" = found in the configuration file. */
  readonly by: string;
  readonly slot: number;
}

export interface RevisionIndex {
  readonly current: RevisionEntry;
  /** OS boot in which it came into force: within this boot it rules, whatever the file says. */
  readonly host: string;
  /** The configuration file does not have it yet. */
  readonly isFileBehind: boolean;
  readonly prepared: RevisionEntry | null;
  /** Earlier ones, newest first. */
  readonly old: readonly RevisionEntry[];
}

export interface RevisionStore {
  /** null = nothing (readable) is there. */
  readonly index: RevisionIndex | null;
  /** Puts a text on disk as prepared; an earlier prepared one is given up. */
  prepare(entry: Omit<RevisionEntry, "slot">, text: Uint8Array): Promise<FileDone>;
  /** The prepared text is in force; the one before becomes history. */
  install(hash: string, host: string): Promise<FileDone>;
  /** The text found in the configuration file is in force. */
  adopt(entry: Omit<RevisionEntry, "slot">, text: Uint8Array, host: string): Promise<FileDone>;
  /** The configuration file has the text in force. */
  fileWritten(): Promise<FileDone>;
  drop(): Promise<FileDone>;
  /** The server was stopped in order: its next start goes by the configuration file. */
  release(): Promise<FileDone>;
  /** null = not there, or not what the index says. */
  read(entry: RevisionEntry): Promise<Uint8Array | null>;
}

/** Earlier texts that are kept. */
export const OLD_REVISIONS_MAX = 20;
/** The old ones, the current, the prepared, and one to write to. */
const SLOTS = OLD_REVISIONS_MAX + 3;
export const REVISION_BYTES_MAX = 1 << 20;
export const INDEX_NAMES: Readonly<Record<CopyName, string>> = {
  a: "index-a.bin",
  b: "index-b.bin",
};
const INDEX_BYTES_MAX = 65_536;
const TEMPORARY = "new.tmp";

export const textName = (slot: number): string => `text-${String(slot).padStart(2, "0")}.jsonc`;

export const textHash = (text: Uint8Array): string =>
  createHash("sha256").update(text).digest("hex").slice(0, 16);

/** null = absent; "unreadable" = the disk or the rights refuse, which may end. */
export type IndexBytes = Uint8Array | "unreadable" | null;

/** Which of two copies counts, and where the next one goes; shared with the reader at the start. */
export function pickIndex(copies: Readonly<Record<CopyName, IndexBytes>>): {
  readonly index: RevisionIndex | null;
  readonly next: NextSave;
} {
  const a = readIndex(copies.a);
  const b = readIndex(copies.b);
  const picked = pick(a.state, b.state);
  if (picked.kind === "defaults") return { index: null, next: picked.next };
  return { index: picked.copy === "a" ? a.index : b.index, next: picked.next };
}

/** Never fails: a folder that cannot be read is one without an index, and its saves tell why. */
export async function openRevisions(files: StoreFiles): Promise<RevisionStore> {
  const load = async (copy: CopyName): Promise<IndexBytes> => {
    const read = await files.read(INDEX_NAMES[copy], INDEX_BYTES_MAX);
    if (read.kind === "failed") return "unreadable";
    return read.kind === "bytes" ? read.bytes : null;
  };
  const copies = { a: await load("a"), b: await load("b") };
  const { index, next } = pickIndex(copies);
  const isDoubtful = copies.a === "unreadable" || copies.b === "unreadable";
  return new Revisions(files, index, next, isDoubtful);
}

class Revisions implements RevisionStore {
  readonly #files: StoreFiles;
  #next: NextSave;
  index: RevisionIndex | null;
  /** An index on disk, unread or of a failed save, may name slots that look free. */
  #isDoubtful: boolean;
  /** One change at a time: each ends before the next looks at the index. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(files: StoreFiles, index: RevisionIndex | null, next: NextSave, isDoubtful: boolean) {
    this.#files = files;
    this.index = index;
    this.#next = next;
    this.#isDoubtful = isDoubtful;
  }

  prepare(entry: Omit<RevisionEntry, "slot">, text: Uint8Array): Promise<FileDone> {
    return this.#inTurn(async () => {
      const { index } = this;
      if (index === null) return failure("ENOENT", "there is no revision in force");
      if (index.prepared?.hash === entry.hash && index.prepared.rev === entry.rev) return DONE;
      const placed = await this.#place(entry, text);
      return placed.kind === "failed" ? placed : this.#save({ ...index, prepared: placed.entry });
    });
  }

  install(hash: string, host: string): Promise<FileDone> {
    return this.#inTurn(async () => {
      const { index } = this;
      if (index === null) return failure("ENOENT", "there is no revision in force");
      if (index.current.hash === hash) return this.#save({ ...index, host, prepared: null });
      const known = [index.prepared, ...index.old].find((entry) => entry?.hash === hash);
      if (known === undefined || known === null) return failure("ENOENT", `no text ${hash}`);
      const old = [index.current, ...index.old.filter((entry) => entry !== known)];
      const current = known;
      const kept = old.slice(0, OLD_REVISIONS_MAX);
      return this.#save({ current, host, isFileBehind: true, prepared: null, old: kept });
    });
  }

  adopt(entry: Omit<RevisionEntry, "slot">, text: Uint8Array, host: string): Promise<FileDone> {
    return this.#inTurn(async () => {
      const { index } = this;
      if (index !== null && index.current.hash === entry.hash) {
        const current = { ...index.current, rev: entry.rev };
        return this.#save({ ...index, current, host, isFileBehind: false });
      }
      const placed = await this.#place(entry, text);
      if (placed.kind === "failed") return placed;
      const old = index === null ? [] : [index.current, ...index.old].slice(0, OLD_REVISIONS_MAX);
      const current = placed.entry;
      return this.#save({ current, host, isFileBehind: false, prepared: null, old });
    });
  }

  fileWritten(): Promise<FileDone> {
    return this.#inTurn(async () =>
      this.index === null ? DONE : this.#save({ ...this.index, isFileBehind: false }),
    );
  }

  drop(): Promise<FileDone> {
    return this.#inTurn(async () =>
      this.index?.prepared == null ? DONE : this.#save({ ...this.index, prepared: null }),
    );
  }

  release(): Promise<FileDone> {
    return this.#inTurn(async () =>
      this.index === null ? DONE : this.#save({ ...this.index, host: "", prepared: null }),
    );
  }

  async read(entry: RevisionEntry): Promise<Uint8Array | null> {
    const found = await this.#files.read(textName(entry.slot), REVISION_BYTES_MAX);
    if (found.kind !== "bytes" || textHash(found.bytes) !== entry.hash) return null;
    return found.bytes;
  }

  #inTurn(act: () => Promise<FileDone>): Promise<FileDone> {
    const turn = this.#last.then(act);
    this.#last = turn;
    return turn;
  }

  async #place(
    entry: Omit<RevisionEntry, "slot">,
    text: Uint8Array,
  ): Promise<{ readonly kind: "placed"; readonly entry: RevisionEntry } | FileFailure> {
    if (text.length > REVISION_BYTES_MAX) return failure("EFBIG", "configuration text too long");
    const { index } = this;
    if (this.#isDoubtful && index !== null) {
      // A power cut after the text is overwritten would leave an index that names it.
      const known = await this.#save(index);
      if (known.kind === "failed") return known;
    }
    const used = index === null ? [] : [index.current, index.prepared, ...index.old];
    const slot = Array.from({ length: SLOTS }, (_, at) => at).find(
      (at) => !used.some((known) => known?.slot === at),
    );
    if (slot === undefined) return failure("ENOSPC", "every slot is in use");
    const written = await this.#replace(textName(slot), text);
    if (written.kind === "failed") return written;
    return { kind: "placed", entry: { ...entry, slot } };
  }

  async #save(index: RevisionIndex): Promise<FileDone> {
    const { isForBoth } = this.#next;
    this.#isDoubtful = true;
    const first = await this.#saveCopy(index);
    const saved = first.kind === "done" && isForBoth ? await this.#saveCopy(index) : first;
    if (saved.kind === "done") this.#isDoubtful = false;
    return saved;
  }

  async #saveCopy(index: RevisionIndex): Promise<FileDone> {
    const { copy, serial } = this.#next;
    const bytes = encodeCopy(serial, index);
    if (bytes === null) return failure("EFBIG", "index of revisions too long");
    const written = await this.#replace(INDEX_NAMES[copy], bytes);
    if (written.kind === "failed") return written;
    this.index = index;
    this.#next = afterSave(this.#next);
    return DONE;
  }

  async #replace(name: string, bytes: Uint8Array): Promise<FileDone> {
    const written = await this.#files.write(TEMPORARY, bytes);
    if (written.kind === "failed") {
      // Half a file on a full disk would keep the space; what the write said is the finding.
      await this.#files.write(TEMPORARY, new Uint8Array(0));
      return written;
    }
    const renamed = await this.#files.rename(TEMPORARY, name);
    return renamed.kind === "failed" ? renamed : this.#files.syncFolder();
  }
}

const DONE: FileDone = { kind: "done" };

function failure(code: string, text: string): FileFailure {
  return { kind: "failed", code, text: `${code}: ${text}` };
}

function readIndex(bytes: IndexBytes): {
  readonly state: CopyState;
  readonly index: RevisionIndex | null;
} {
  if (bytes === null) return { state: { kind: "absent" }, index: null };
  if (bytes === "unreadable") return { state: { kind: "unreadable" }, index: null };
  const decoded = decodeCopy(bytes);
  if (decoded.kind === "newer-version") return { state: decoded, index: null };
  if (decoded.kind === "bad") return { state: damageOf(decoded), index: null };
  const index = parseIndex(decoded.value);
  if (index === null) return { state: { kind: "bad", why: "foreign" }, index: null };
  return { state: { kind: "good", serial: decoded.serial }, index };
}

function parseIndex(value: unknown): RevisionIndex | null {
  if (!isRecord(value)) return null;
  const { current, host, isFileBehind, prepared, old } = value;
  if (!isEntry(current) || typeof host !== "string" || typeof isFileBehind !== "boolean") {
    return null;
  }
  if (prepared !== null && !isEntry(prepared)) return null;
  if (!Array.isArray(old) || old.length > OLD_REVISIONS_MAX || !old.every(isEntry)) return null;
  return { current, host, isFileBehind, prepared, old };
}

function isEntry(value: unknown): value is RevisionEntry {
  if (!isRecord(value)) return false;
  const { rev, hash, at, by, slot } = value;
  const isSlot = Number.isInteger(slot) && Number(slot) >= 0 && Number(slot) < SLOTS;
  const isRev = Number.isInteger(rev) && Number(rev) > 0 && Number(rev) < 2 ** 32;
  const texts = typeof at === "string" && typeof by === "string" && by.length <= 200;
  return isSlot && isRev && texts && typeof hash === "string" && /^[0-9a-f]{16}$/.test(hash);
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
