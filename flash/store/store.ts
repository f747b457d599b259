/**
 * The store of one server: two copies in one folder, of which a save replaces the one not in use.
 * Intuition: at every instant at least one complete copy is on disk, so a power cut leaves the old
 * record or the new one. Trouble with the disk is a value: the cluster goes on without saving.
 *
 * A save: write the temporary file durably, rename it over the older copy, make the folder durable,
 * read back and compare. Only then the new record counts as saved.
 * What it costs the flash: a record of 2 servers is below 1 kB, of 16 servers and 32 groups about 4 kB, so a
 * save is one or two pages and the folder's entries. It is written when epoch, orders or mark change, never by
 * the clock: an idle server writes nothing, a move of a group about 20 kB with its events, 100 moves a day 2 MB
 * (`npm run bench -- --only store`; aim <= 20 MB a day). A folder that refuses is tried once a second.
 * Source: protocol.md 1.4.8; style.md 1.8, 16; work order "Bad input" (full state folder).
 */
import { assert } from "../../hal/base/assert.ts";
import { COPY_BYTES_MAX, damageOf, decodeCopy, encodeCopy } from "./copy.ts";
import type { FileDone, FileFailure, StoreFiles } from "./files.ts";
import { afterSave, type CopyName, type CopyState, type NextSave, pick } from "./pick.ts";
import { parseRecord, type StoreRecord, withoutVouching } from "./record.ts";

export type LoadedRecord =
  | {
      readonly kind: "loaded";
      readonly record: StoreRecord;
      /**
       * Name of the copy that was lost or damaged and is replaced by the next save; null = none. It may
       * have been the newer one, so the record then vouches for nothing (`withoutVouching`).
       */
      readonly damaged: CopyName | null;
    }
  | {
      readonly kind: "defaults";
      readonly reason: "missing" | "damaged" | "undecided" | "newer-version";
    }
  /** The folder cannot be read: neither a record nor the right to start as new. */
  | FileFailure;

export type SaveResult = FileDone;

export interface RecordStore {
  /**
   * Puts the record on disk. Calls that come while a save runs are joined: the newest record wins, and
   * every call answers when a record at least as new as its own is durable, or with the failure.
   */
  save(record: StoreRecord): Promise<SaveResult>;
}

export interface OpenedStore {
  readonly loaded: LoadedRecord;
  readonly store: RecordStore;
}

const FILE_NAMES: Readonly<Record<CopyName, string>> = { a: "state-a.bin", b: "state-b.bin" };
const TEMPORARY_NAME = "state-new.tmp";
const NOTHING = new Uint8Array(0);

/** Reads both copies and decides by `pick`. A folder must not be opened twice at the same time. */
export async function openStore(files: StoreFiles): Promise<OpenedStore> {
  const found = await readBoth(files);
  return { loaded: found.loaded, store: recordStore(files, found.next) };
}

interface FoundCopies {
  readonly loaded: LoadedRecord;
  /** null = the folder could not be read, so nobody knows which copy is the newer one. */
  readonly next: NextSave | null;
}

async function readBoth(files: StoreFiles): Promise<FoundCopies> {
  const a = await readCopy(files, "a");
  if (a.state.kind === "failed") return { loaded: a.state, next: null };
  const b = await readCopy(files, "b");
  if (b.state.kind === "failed") return { loaded: b.state, next: null };
  const picked = pick(a.state, b.state);
  if (picked.kind === "defaults") {
    return { loaded: { kind: "defaults", reason: picked.reason }, next: picked.next };
  }
  const { damaged, next } = picked;
  const newest = picked.copy === "a" ? a.record : b.record;
  assert(newest !== null, "a good copy carries its record");
  const record = damaged === null ? newest : withoutVouching(newest);
  return { loaded: { kind: "loaded", record, damaged }, next };
}

interface ReadCopy {
  readonly state: CopyState | FileFailure;
  readonly record: StoreRecord | null;
}

async function readCopy(files: StoreFiles, copy: CopyName): Promise<ReadCopy> {
  const read = await files.read(FILE_NAMES[copy], COPY_BYTES_MAX);
  if (read.kind === "absent") return { state: { kind: "absent" }, record: null };
  // EIO on one copy is the trouble of that copy; the other may be sound.
  if (read.kind === "failed" && read.code === "EIO") {
    return { state: { kind: "unreadable" }, record: null };
  }
  if (read.kind === "failed") return { state: read, record: null };
  const decoded = decodeCopy(read.bytes);
  if (decoded.kind === "newer-version") return { state: decoded, record: null };
  if (decoded.kind === "bad") return { state: damageOf(decoded), record: null };
  const parsed = parseRecord(decoded.value);
  if (parsed.kind === "malformed") {
    return { state: { kind: "bad", why: "foreign" }, record: null };
  }
  return { state: { kind: "good", serial: decoded.serial }, record: parsed.record };
}

function recordStore(files: StoreFiles, start: NextSave | null): RecordStore {
  let position = start;
  let isSaving = false;
  let waiting: { record: StoreRecord; answers: ((result: SaveResult) => void)[] } | null = null;

  const drain = async (): Promise<void> => {
    while (waiting !== null) {
      const { record, answers } = waiting;
      waiting = null;
      const { result, next } = await saveOnce(files, position, record);
      position = next;
      for (const answer of answers) answer(result);
    }
    isSaving = false;
  };

  return {
    save: (record) =>
      new Promise((resolve, reject) => {
        waiting = { record, answers: [...(waiting?.answers ?? []), resolve] };
        if (isSaving) return;
        isSaving = true;
        // A broken contract inside must reach the caller instead of leaving it waiting.
        drain().catch(reject);
      }),
  };
}

interface Saved {
  readonly result: SaveResult;
  readonly next: NextSave | null;
}

async function saveOnce(
  files: StoreFiles,
  position: NextSave | null,
  record: StoreRecord,
): Promise<Saved> {
  if (position !== null) return replaceCopies(files, position, record);
  // The folder was unreadable at the start; a save before the copies are known could look older than
  // what is there.
  const found = await readBoth(files);
  if (found.next !== null) return replaceCopies(files, found.next, record);
  assert(found.loaded.kind === "failed", "without a position there is a failure");
  return { result: found.loaded, next: null };
}

async function replaceCopies(
  files: StoreFiles,
  position: NextSave,
  record: StoreRecord,
): Promise<Saved> {
  const first = await replaceCopy(files, position, record);
  if (!position.isForBoth || first.result.kind === "failed" || first.next === null) return first;
  return replaceCopy(files, first.next, record);
}

async function replaceCopy(
  files: StoreFiles,
  position: NextSave,
  record: StoreRecord,
): Promise<Saved> {
  const { copy, serial } = position;
  const target = FILE_NAMES[copy];
  // After a failure the target may or may not hold this serial: the next try overwrites the same copy
  // with the same serial, so the copy in use is never touched.
  const failed = (result: FileFailure): Saved => ({ result, next: position });
  const bytes = encodeCopy(serial, record);
  if (bytes === null) return failed(failure("EFBIG", `record above ${COPY_BYTES_MAX} bytes`));
  const written = await files.write(TEMPORARY_NAME, bytes);
  if (written.kind === "failed") {
    // On a full disk half a file would keep the space that everything else needs. It is emptied and
    // not removed: its folder entry costs nothing, and the next try might not get one. If even that
    // fails there is nothing more to say than what the write said.
    await files.write(TEMPORARY_NAME, NOTHING);
    return failed(written);
  }
  const renamed = await files.rename(TEMPORARY_NAME, target);
  if (renamed.kind === "failed") return failed(renamed);
  const synced = await files.syncFolder();
  if (synced.kind === "failed") return failed(synced);
  const back = await files.read(target, COPY_BYTES_MAX);
  if (back.kind === "failed") return failed(back);
  if (back.kind === "absent" || !Buffer.from(bytes).equals(back.bytes)) {
    return failed(failure("EIO", `${target} reads back differently`));
  }
  return { result: { kind: "done" }, next: afterSave(position) };
}

function failure(code: string, text: string): FileFailure {
  return { kind: "failed", code, text: `${code}: ${text}` };
}
