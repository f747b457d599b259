/**
 * A folder whose power can be cut after any step: keeps apart what is visible, what is durable, and what
 * may or may not have reached the disk. After the cut, `survivors` lists every folder that could be found.
 * Rules: file content is durable after the write's fsync; creating and renaming are durable only after
 * the folder's fsync, before that each of them may be lost or kept. Source: fsync(2), rename(2).
 */
import type { FileDone, FileRead, StoreFiles } from "../../../flash/store/files.ts";

interface Content {
  bytes: Uint8Array;
  /** What may be on disk when the power goes before the fsync of the content. */
  torn: readonly Uint8Array[] | null;
}

type Folder = ReadonlyMap<string, Content>;
type FolderChange = (folder: Map<string, Content>) => void;

const OFF: FileDone = { kind: "failed", code: "EPOWER", text: "power is off" };

/** Every file system a start after the power cut could find, as plain bytes by name. */
export type Survivor = ReadonlyMap<string, Uint8Array>;

export class PowerCutFiles implements StoreFiles {
  readonly #durable = new Map<string, Content>();
  readonly #visible = new Map<string, Content>();
  #pending: FolderChange[] = [];
  #stepsLeft: number;
  /** Steps done so far: every call that changes something counts two, before and after its effect. */
  steps = 0;

  constructor(initial: Survivor, stepsUntilCut: number) {
    for (const [name, bytes] of initial) {
      this.#durable.set(name, { bytes, torn: null });
      this.#visible.set(name, { bytes, torn: null });
    }
    this.#stepsLeft = stepsUntilCut;
  }

  get isOff(): boolean {
    return this.#stepsLeft < 0;
  }

  async read(name: string): Promise<FileRead> {
    if (this.isOff) return OFF as FileRead;
    const content = this.#visible.get(name);
    return content === undefined ? { kind: "absent" } : { kind: "bytes", bytes: content.bytes };
  }

  async write(name: string, bytes: Uint8Array): Promise<FileDone> {
    if (this.#step()) return OFF;
    const cuts = [0, 1, Math.floor(bytes.length / 2), bytes.length - 1, bytes.length];
    const content: Content = { bytes, torn: cuts.map((length) => bytes.slice(0, length)) };
    this.#change((folder) => folder.set(name, content));
    if (this.#step()) return OFF;
    content.torn = null;
    return this.#step() ? OFF : { kind: "done" };
  }

  async rename(from: string, to: string): Promise<FileDone> {
    if (this.#step()) return OFF;
    const content = this.#visible.get(from);
    if (content === undefined) return { kind: "failed", code: "ENOENT", text: from };
    this.#change((folder) => {
      folder.set(to, content);
      folder.delete(from);
    });
    return this.#step() ? OFF : { kind: "done" };
  }

  async syncFolder(): Promise<FileDone> {
    if (this.#step()) return OFF;
    for (const change of this.#pending) change(this.#durable);
    this.#pending = [];
    return this.#step() ? OFF : { kind: "done" };
  }

  /** All folders that the next start could find: every subset of what was not yet durable. */
  survivors(): Survivor[] {
    const folders: Folder[] = [];
    for (let subset = 0; subset < 2 ** this.#pending.length; subset += 1) {
      const folder = new Map(this.#durable);
      for (const [bit, change] of this.#pending.entries()) if (subset & (1 << bit)) change(folder);
      folders.push(folder);
    }
    return folders.flatMap(tornVariants);
  }

  #change(change: FolderChange): void {
    change(this.#visible);
    this.#pending.push(change);
  }

  /** Counts one step; true when the power goes here. */
  #step(): boolean {
    if (this.isOff) return true;
    this.steps += 1;
    this.#stepsLeft -= 1;
    return this.isOff;
  }
}

function tornVariants(folder: Folder): Survivor[] {
  let variants: Map<string, Uint8Array>[] = [new Map()];
  for (const [name, content] of folder) {
    const possible = content.torn ?? [content.bytes];
    variants = variants.flatMap((variant) =>
      possible.map((bytes) => new Map(variant).set(name, bytes)),
    );
  }
  return variants;
}
