/**
 * A disk with its file system below the store: power can go before any call, any call can fail. It keeps
 * apart what programs see and what is on the platter. After a cut, `survivors` lists what may be found:
 *  - of changes of the folder (create, rename) that no folder sync has covered, any subset;
 *  - of content that no file sync has covered: the old content, any length, any mixture of new sectors with
 *    empty ones or with the old ones, whatever became of the folder: rename and data are not ordered.
 * A sync that fails has lost its data: a later sync of the same file does not bring it back.
 * Source: fsync(2), rename(2); FAST'13 (shorn writes); reliability.md F23, reordering as LazyFS.
 */
import { basename } from "node:path";
import type { Disk, DiskFile } from "../../../flash/store/files.ts";

export type Contents = ReadonlyMap<string, Uint8Array>;

export interface Trouble {
  /** Number of the first call that fails, from 0. */
  readonly at: number;
  /** Number of calls that fail. */
  readonly count: number;
  readonly code: "ENOSPC" | "EIO";
}

interface Inode {
  seen: Uint8Array;
  onDisk: Uint8Array;
  isSynced: boolean;
  /** A sync has failed since the last write: the system believes that the content is on the platter. */
  isForgotten: boolean;
}

type Entries = Map<string, Inode>;
type EntryChange = (entries: Entries) => void;

const SECTOR_BYTES = 512;
/** Above it not every mixture of sectors is tried, but each single one missing and each alone. */
const MIXED_SECTORS_MAX = 8;

export class SystemError extends Error {
  readonly code: string;
  readonly syscall: string;
  constructor(code: string, syscall: string) {
    super(`${code}: refused, ${syscall}`);
    this.code = code;
    this.syscall = syscall;
  }
}

export class EmulatedDisk implements Disk {
  readonly #seen: Entries = new Map();
  readonly #onDisk: Entries = new Map();
  #pending: EntryChange[] = [];
  readonly #cutBefore: number;
  readonly #trouble: Trouble | null;
  /** Calls so far, each `open`, `read`, `write`, `sync`, `close` and `rename`. */
  readonly calls: string[] = [];
  isOff = false;

  constructor(contents: Contents, cutBefore = Number.POSITIVE_INFINITY, trouble?: Trouble) {
    this.#cutBefore = cutBefore;
    this.#trouble = trouble ?? null;
    for (const [name, bytes] of contents) {
      const inode = { seen: bytes, onDisk: bytes, isSynced: true, isForgotten: false };
      this.#seen.set(name, inode);
      this.#onDisk.set(name, inode);
    }
  }

  async open(path: string, how: "read" | "replace" | "folder"): Promise<DiskFile> {
    this.#enter("open");
    const name = basename(path);
    if (how === "folder") return this.#folder();
    const inode = how === "read" ? this.#seen.get(name) : this.#replaced(name);
    if (inode === undefined) throw new SystemError("ENOENT", "open");
    return {
      read: async (buffer, at) => {
        this.#enter("read");
        const part = inode.seen.subarray(at, buffer.length);
        buffer.set(part, at);
        return part.length;
      },
      write: async (bytes) => {
        this.#enter("write", () => {
          inode.seen = bytes.slice(0, Math.floor(bytes.length / 2));
          inode.isSynced = false;
        });
        inode.seen = bytes.slice();
        inode.isSynced = false;
        inode.isForgotten = false;
      },
      sync: async () => {
        this.#enter("sync", () => {
          inode.isForgotten = true;
        });
        if (inode.isForgotten) return;
        inode.onDisk = inode.seen;
        inode.isSynced = true;
      },
      close: async () => this.#enter("close"),
    };
  }

  async rename(from: string, to: string): Promise<void> {
    this.#enter("rename");
    const inode = this.#seen.get(basename(from));
    if (inode === undefined) throw new SystemError("ENOENT", "rename");
    this.#change((entries) => {
      entries.set(basename(to), inode);
      entries.delete(basename(from));
    });
  }

  /** What programs see, the power being on. */
  contents(): Contents {
    return new Map([...this.#seen].map(([name, { seen }]) => [name, seen]));
  }

  /** Every folder that the next start could find; `names` are the files that matter. */
  survivors(names: readonly string[]): Contents[] {
    const found = new Map<string, Contents>();
    for (let subset = 0; subset < 2 ** this.#pending.length; subset += 1) {
      const entries = new Map(this.#onDisk);
      for (const [bit, change] of this.#pending.entries()) if (subset & (1 << bit)) change(entries);
      for (const contents of variantsOf(entries, names)) {
        const texts = names.map((name) =>
          Buffer.from(contents.get(name) ?? "-").toString("latin1"),
        );
        found.set(texts.join("|"), contents);
      }
    }
    return [...found.values()];
  }

  #folder(): DiskFile {
    const refuse = async (): Promise<never> => {
      throw new SystemError("EISDIR", "read");
    };
    return {
      read: refuse,
      write: refuse,
      sync: async () => {
        this.#enter("sync");
        for (const change of this.#pending) change(this.#onDisk);
        this.#pending = [];
      },
      close: async () => this.#enter("close"),
    };
  }

  /** Emptied when it is there; the truncation is content like any other. */
  #replaced(name: string): Inode {
    const known = this.#seen.get(name);
    if (known !== undefined) {
      known.seen = new Uint8Array();
      known.isSynced = false;
      return known;
    }
    const nothing = new Uint8Array();
    const inode: Inode = { seen: nothing, onDisk: nothing, isSynced: true, isForgotten: false };
    this.#change((entries) => entries.set(name, inode));
    return inode;
  }

  #change(change: EntryChange): void {
    change(this.#seen);
    this.#pending.push(change);
  }

  /** Counts the call; throws when the power goes or the call fails, after what it did before failing. */
  #enter(call: string, half?: () => void): void {
    const at = this.calls.length;
    this.calls.push(call);
    if (at >= this.#cutBefore) this.isOff = true;
    if (this.isOff) throw new SystemError("EPOWER", call);
    const trouble = this.#trouble;
    if (trouble === null || at < trouble.at || at >= trouble.at + trouble.count) return;
    half?.();
    throw new SystemError(trouble.code, call);
  }
}

function variantsOf(entries: Entries, names: readonly string[]): Contents[] {
  let variants: Map<string, Uint8Array>[] = [new Map()];
  for (const name of names) {
    const inode = entries.get(name);
    if (inode === undefined) continue;
    const possible = inode.isSynced ? [inode.onDisk] : [inode.onDisk, ...tornOf(inode)];
    variants = variants.flatMap((variant) => possible.map((b) => new Map(variant).set(name, b)));
  }
  return variants;
}

function tornOf({ seen, onDisk }: Inode): Uint8Array[] {
  const sectors = Math.ceil(seen.length / SECTOR_BYTES);
  const ends = Array.from({ length: sectors }, (_, at) => at * SECTOR_BYTES);
  const cut = [...ends, 1, seen.length - 1, seen.length].map((length) => seen.slice(0, length));
  return [
    ...cut,
    ...masksOf(sectors).flatMap((mask) => [mixed(seen, mask), mixed(seen, mask, onDisk)]),
  ];
}

/** Bit set = the new sector is on the platter. */
function masksOf(sectors: number): number[] {
  if (sectors <= MIXED_SECTORS_MAX) return Array.from({ length: 2 ** sectors }, (_, mask) => mask);
  const all = 2 ** sectors - 1;
  return Array.from({ length: sectors }, (_, at) => 2 ** at).flatMap((bit) => [bit, all - bit]);
}

function mixed(fresh: Uint8Array, mask: number, old: Uint8Array = new Uint8Array()): Uint8Array {
  const bytes = new Uint8Array(fresh.length);
  bytes.set(old.subarray(0, fresh.length));
  for (let sector = 0; sector * SECTOR_BYTES < fresh.length; sector += 1) {
    if ((mask & (1 << sector)) === 0) continue;
    const at = sector * SECTOR_BYTES;
    bytes.set(fresh.subarray(at, at + SECTOR_BYTES), at);
  }
  return bytes;
}
