/**
 * The configuration texts of one server of the simulator: its configuration file and its folder of revisions, as
 * flash/store/revisions.ts and firmware/local.ts keep and read them. What a process starts by is asked for here.
 * Intuition: a desk drawer with the rule in force, the next one, and those before it; and the rule on the wall.
 * Source: protocol.md 1.9; flash/store/installed.ts.
 */
import { rules } from "../../flash/store/installed.ts";
import { OLD_REVISIONS_MAX, textHash } from "../../flash/store/revisions.ts";
import { type LoadedConfig, loadConfiguration } from "../../services/configuration/load.ts";
import type { Revision } from "../../services/configuration/rollout-words.ts";

/** A text under its number. */
export interface TextEntry extends Revision {
  readonly bytes: Uint8Array;
}

interface Index {
  readonly current: TextEntry;
  readonly host: string;
  readonly isFileBehind: boolean;
  readonly prepared: TextEntry | null;
  readonly old: readonly TextEntry[];
}

/** What a process starts by. */
export interface StartedBy {
  readonly config: LoadedConfig;
  readonly bytes: Uint8Array;
  /** No apply has put it there. */
  readonly byHand: boolean;
}

/** Every process of every run reads the same few texts. */
const READ_MAX = 256;
const READ = new Map<string, LoadedConfig | null>();

/** null = refused by the validator. */
export function readText(bytes: Uint8Array): LoadedConfig | null {
  const text = Buffer.from(bytes).toString("utf8");
  const known = READ.get(text);
  if (known !== undefined) return known;
  const loaded = loadConfiguration(text, "simulated");
  const config = loaded.kind === "ok" ? loaded.config : null;
  if (READ.size >= READ_MAX) READ.clear();
  READ.set(text, config);
  return config;
}

export class TextFolder {
  file: Uint8Array;
  #fileHash: string;
  #index: Index | null = null;

  /** `file`: the configuration file as a person has put it there. */
  constructor(file: Uint8Array) {
    this.file = file;
    this.#fileHash = textHash(file);
  }

  get index(): Readonly<Index> | null {
    return this.#index;
  }

  get fileHash(): string {
    return this.#fileHash;
  }

  /** As firmware/local.ts chooses it. A text that nobody can read never gets here. */
  start(host: string): StartedBy {
    const index = this.#index;
    const isSame = index?.current.hash === this.#fileHash;
    const isInstalled = index !== null && (isSame || rulesHere(index, this.#fileHash, host));
    const bytes = isInstalled ? index.current.bytes : this.file;
    const config = readText(bytes);
    if (config === null) throw new Error("a server has a text that cannot be read");
    const revision = isInstalled ? index.current.rev : config.revision;
    return { config: { ...config, revision }, bytes, byHand: !isInstalled };
  }

  prepare(entry: TextEntry): void {
    if (this.#index !== null) this.#index = { ...this.#index, prepared: entry };
  }

  /** False when there is no such text. */
  install(hash: string, host: string): boolean {
    const index = this.#index;
    if (index === null) return false;
    if (index.current.hash === hash) {
      this.#index = { ...index, host, prepared: null };
      return true;
    }
    const known = [index.prepared, ...index.old].find((entry) => entry?.hash === hash);
    if (known == null) return false;
    const old = [index.current, ...index.old.filter((entry) => entry !== known)];
    const kept = old.slice(0, OLD_REVISIONS_MAX);
    this.#index = { current: known, host, isFileBehind: true, prepared: null, old: kept };
    return true;
  }

  /** The text that a process has started by is in force. */
  adopt(entry: TextEntry, host: string): void {
    const index = this.#index;
    if (index !== null && index.current.hash === entry.hash) {
      const current = { ...index.current, rev: entry.rev };
      this.#index = { ...index, current, host, isFileBehind: false };
      return;
    }
    const old = index === null ? [] : [index.current, ...index.old].slice(0, OLD_REVISIONS_MAX);
    this.#index = { current: entry, host, isFileBehind: false, prepared: null, old };
  }

  drop(): void {
    if (this.#index !== null) this.#index = { ...this.#index, prepared: null };
  }

  /** The configuration file is replaced by the text in force. */
  writeFile(): void {
    if (this.#index === null) return;
    this.putFile(this.#index.current.bytes);
    this.#index = { ...this.#index, isFileBehind: false };
  }

  /** A person puts another text there. */
  putFile(bytes: Uint8Array): void {
    this.file = bytes;
    this.#fileHash = textHash(bytes);
  }
}

const rulesHere = (index: Index, fileHash: string, host: string): boolean => {
  const old = index.old.map(({ rev, hash }) => ({ rev, hash, at: "", by: "", slot: 0 }));
  return rules({ ...index, old }, fileHash, host);
};
