/**
 * The agent's part in a change of the configuration: carries out what the rollout core asks for, keeps the
 * texts on disk, and makes place for an agent that runs by the new one.
 *
 * Taking effect: the pulse changes to the new text with its epoch, in one step. This process ends and its
 * supervisor starts it anew by the new text; it adopts what runs, nothing is stopped. In turn: the other
 * servers' agents first, the coordinator's when those are back, so that one always can act.
 * Source: protocol.md 1.9, V3; README, "Changing the configuration".
 */
import { mkdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import { folderFiles } from "../../flash/store/files.ts";
import { revisionsFolder } from "../../flash/store/installed.ts";
import {
  openRevisions,
  type RevisionEntry,
  type RevisionStore,
  textHash,
} from "../../flash/store/revisions.ts";
import { monotonicMs } from "../../hal/base/clock.ts";
import { judgeStep } from "../../services/configuration/judge-step.ts";
import { type LoadedConfig, loadConfiguration } from "../../services/configuration/load.ts";
import { createRollout, ownRollout, step } from "../../services/configuration/rollout.ts";
import type {
  Draft,
  RolloutEffect,
  RolloutEvent,
  RolloutState,
  Sight,
  WithdrawReason,
} from "../../services/configuration/rollout-state.ts";
import {
  encodeRollout,
  type Revision,
  type RolloutWords,
} from "../../services/configuration/rollout-words.ts";
import type { NoteData } from "../../services/effects.ts";
import type { AliveWord, Facts } from "../../services/facts.ts";
import { remapWords } from "../../services/failover/remap.ts";
import { decodeWords, type Words } from "../../services/failover/words.ts";
import type { ServerContext } from "../local.ts";
import { drawSight, isMixed, knownText } from "./config-sight.ts";

export interface ConfigDeskOptions {
  readonly note: (key: string, data: NoteData) => void;
  readonly send: (message: object) => void;
  /** The words for the beat have changed. */
  readonly say: () => void;
  /** Groups that are not stopped, as far as this server knows. */
  readonly busyGroups: () => readonly string[];
  /** End this process; the supervisor starts the next one. */
  readonly restart: () => void;
}

export type Outcome =
  | { readonly kind: "installed"; readonly revision: Revision }
  | { readonly kind: "dropped"; readonly reason: WithdrawReason };

/** The coordinator does not wait for ever for the other servers' agents to be back. */
const TURN_MS = 15_000;
/** A refused save is tried again; without it a restart would bring the old text back. */
const RETRY_MS = 1000;
/** Answers that are on their way leave before the process does. */
const FLUSH_MS = 100;

export class ConfigDesk {
  readonly #context: ServerContext;
  readonly #options: ConfigDeskOptions;
  readonly #ownHash: string;
  #store: RevisionStore | null = null;
  #state: RolloutState;
  #facts: Facts | null = null;
  /** What every server says about texts, by server index; null = silent. */
  #said: readonly (RolloutWords | null)[] = [];
  #spoken = "";
  #previous: { readonly hash: string; readonly config: LoadedConfig } | null = null;
  #waiter: ((outcome: Outcome) => void) | null = null;
  /** In force in the pulse; `durable` since when it is so on disk. */
  #leaving: { readonly revision: Revision; readonly durableAtMs: number | null } | null = null;
  #retryAtMs: number | null = null;
  #ends = false;
  /** The pulse knows what this server is. */
  #isTaught = false;
  /** Newest text that was ready here: given up, it may be what the pulse has just gone on by. */
  #ready: Draft | null = null;

  constructor(context: ServerContext, options: ConfigDeskOptions) {
    this.#context = context;
    const { server } = context.local;
    this.#options = {
      ...options,
      note: (key, data) => options.note(key, { server, ...data }),
    };
    const text = Buffer.from(context.start?.text ?? "", "utf8");
    const byHand = context.start?.rev == null;
    this.#state = createRollout(context.config.revision, byHand, text);
    this.#ownHash = this.#state.current.hash;
  }

  /** Before anything is granted: the text that this process runs by is on disk under its number. */
  async open(): Promise<void> {
    const { local, host, start } = this.#context;
    const folder = revisionsFolder(local.stateDir);
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      this.#options.note("config.store-failed", { error: textOf(error) });
    }
    const store = await openRevisions(folderFiles(folder));
    this.#store = store;
    const { index } = store;
    if (start === undefined) return;
    if (start.isFileOther) {
      const { rev, hash } = this.#state.current;
      this.#options.note("config.file-other", {
        file: local.configFile,
        rev,
        hash: hash.slice(0, 8),
      });
      if (index?.isFileBehind === true) await this.#writeFile();
    } else if (index?.current.hash !== this.#ownHash || index.host !== host) {
      const entry = { ...this.#state.current, at: new Date().toISOString(), by: "file" };
      const text = this.#state.currentBytes;
      const saved = await store.adopt(entry, text, host);
      if (saved.kind === "failed") this.#options.note("config.store-failed", { error: saved.text });
    }
    this.#previous = await this.#readPrevious(store);
  }

  get store(): RevisionStore | null {
    return this.#store;
  }

  get state(): RolloutState {
    return this.#state;
  }

  get facts(): Facts | null {
    return this.#facts;
  }

  /** Orders to groups wait until every server runs by the new text. */
  get isChanging(): boolean {
    return this.#leaving !== null || (this.#state.draft?.installAtMs ?? null) !== null;
  }

  /** By server index, for the status; null = not heard. */
  get revisions(): readonly (Revision | null)[] {
    const { config, self } = this.#context;
    return config.servers.map(({ index }) =>
      index === self ? this.#state.current : (this.#said[index]?.current ?? null),
    );
  }

  words(): Uint8Array {
    return encodeRollout(ownRollout(this.#state, this.sight?.peers ?? []));
  }

  /** The pulse is being started anew: who ended now would leave nobody who remembers the lease. */
  miss(): void {
    this.#isTaught = false;
  }

  /** A new pulse holds nothing. */
  greet(): void {
    const { draft } = this.#state;
    if (draft?.prepared === "yes" && !draft.isCatchUp) this.#handOver(draft, draft.bytes);
  }

  /** Looks at the facts; what it hands back counts group words by the text that their speaker runs by. */
  hear(facts: Facts): Facts {
    this.#facts = facts;
    this.#isTaught = facts.server !== "observing";
    const sight = this.#see(facts);
    const { config } = this.#context;
    this.#said = config.servers.map(
      ({ index }) => sight.peers.find((peer) => peer.index === index)?.words ?? null,
    );
    // What its own pulse lives by comes before everything that others still say.
    this.#findInstalled(sight.pulseHash);
    if (this.#leaving === null) this.#take({ kind: "seen" });
    this.#advance();
    const peers = facts.peers.map((peer) => {
      const said = this.#said[peer.index] ?? null;
      return said === null ? peer : { ...peer, configDiffers: said.current.hash !== this.#ownHash };
    });
    return { ...facts, peers };
  }

  /** Between two facts: how old the acknowledgements are. */
  hearAlive(word: AliveWord): void {
    if (this.#facts !== null) this.#facts = { ...this.#facts, ...word };
  }

  /** What a text on its way sees of this moment; null before the pulse has spoken. */
  get sight(): Sight | null {
    return this.#facts === null ? null : this.#see(this.#facts);
  }

  #see(facts: Facts): Sight {
    const { config, self } = this.#context;
    return drawSight(facts, self, monotonicMs(), config.budget);
  }

  tick(atMs: number): void {
    if (this.#retryAtMs !== null && atMs >= this.#retryAtMs) void this.#persist();
    this.#advance();
  }

  /** What an agent of the text before has left with the pulse, by the names of this one. */
  translate(blob: Uint8Array): Words | null {
    const words = decodeWords(blob);
    if (words?.rollout === undefined) return words;
    const said = Buffer.from(words.rollout.subarray(5, 13)).toString("hex");
    if (said === this.#ownHash) return words;
    if (said !== this.#previous?.hash) return null;
    return remapWords(words, this.#previous.config, this.#context.config);
  }

  /** An operator's text, checked before. Resolves when it is in force everywhere or given up. */
  apply(bytes: Uint8Array, by: string): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#waiter = resolve;
      this.#by = by;
      this.#take({ kind: "apply", bytes, hash: textHash(bytes) });
    });
  }

  #by = "";

  #take(event: RolloutEvent): void {
    const facts = this.#facts;
    if (facts === null) return;
    const see = this.#see(facts);
    const { state, effects } = step(this.#state, event, see);
    this.#state = state;
    if (state.draft?.prepared === "yes") this.#ready = state.draft;
    for (const effect of effects) this.#execute(effect);
    const words = Buffer.from(this.words()).toString("base64");
    if (words === this.#spoken) return;
    this.#spoken = words;
    this.#options.say();
  }

  #execute(effect: RolloutEffect): void {
    switch (effect.kind) {
      case "prepare":
        void this.#prepare(effect.revision, effect.bytes);
        return;
      case "install":
        return this.#options.send({ kind: "config.install", hash: effect.hash });
      case "installed":
        this.#leaving = { revision: effect.revision, durableAtMs: null };
        void this.#persist();
        return;
      case "dropped": {
        const { revision, reason, isOwn } = effect;
        const hash = revision.hash.slice(0, 8);
        this.#options.send({ kind: "config.drop" });
        this.#options.note("config.withdrawn", { rev: revision.rev, hash, reason });
        void this.#store?.drop();
        if (isOwn) this.#settle({ kind: "dropped", reason });
        return;
      }
      case "leftover": {
        const { hash } = effect;
        const rev = this.#store?.index?.prepared?.rev ?? this.#state.current.rev + 1;
        this.#options.send({ kind: "config.drop" });
        this.#options.note("config.withdrawn", { rev, hash, reason: "leftover" });
        void this.#store?.drop();
        return;
      }
      case "renumbered": {
        const entry = { ...effect.revision, at: new Date().toISOString(), by: "file" };
        void this.#store?.adopt(entry, this.#state.currentBytes, this.#context.host);
        return;
      }
      case "say":
        return;
    }
  }

  async #prepare(revision: Revision, bytes: Uint8Array): Promise<void> {
    const { config, local } = this.#context;
    const hash = revision.hash.slice(0, 8);
    const text = Buffer.from(bytes).toString("utf8");
    const loaded = loadConfiguration(text, `revision ${revision.rev}`);
    const isIn = this.#facts?.view != null;
    const verdict =
      loaded.kind === "ok"
        ? judgeStep(config, loaded.config, isIn ? this.#options.busyGroups() : [])
        : { kind: "refused" as const, key: "config-invalid", what: loaded.findings[0]?.text ?? "" };
    if (verdict.kind === "refused") {
      this.#options.note("config.unfit", { rev: revision.rev, hash, detail: verdict.what });
      return this.#take({ kind: "unfit", hash: revision.hash });
    }
    const by = this.#by === "" ? "another server" : this.#by;
    const entry = { ...revision, at: new Date().toISOString(), by };
    const saved = await this.#store?.prepare(entry, bytes);
    if (saved?.kind !== "done") {
      this.#options.note("config.store-failed", { error: saved?.text ?? local.stateDir });
      return this.#take({ kind: "unfit", hash: revision.hash });
    }
    if (this.#state.draft?.hash !== revision.hash) return; // Given up meanwhile.
    this.#handOver(revision, bytes);
    this.#options.note("config.prepared", { rev: revision.rev, hash });
    this.#take({ kind: "stored", hash: revision.hash });
  }

  #handOver({ rev }: Revision, bytes: Uint8Array): void {
    this.#options.send({ kind: "config.prepare", rev, text: Buffer.from(bytes).toString("utf8") });
  }

  /** The pulse has gone on by a text that this process gave up, or knows from its predecessor only. */
  #findInstalled(pulseHash: string): void {
    if (this.#leaving !== null || pulseHash === "" || this.#ownHash.startsWith(pulseHash)) return;
    const { draft } = this.#state;
    if (draft?.prepared === "yes" && draft.hash.startsWith(pulseHash)) return;
    const known = knownText(this.#store?.index ?? null, this.#ready, pulseHash);
    if (known === null) return;
    this.#leaving = { revision: known, durableAtMs: null };
    void this.#persist();
  }

  async #persist(): Promise<void> {
    const leaving = this.#leaving;
    if (leaving === null || leaving.durableAtMs !== null) return;
    this.#retryAtMs = null;
    const { host } = this.#context;
    if (this.#ready?.hash === leaving.revision.hash) {
      const entry = { ...leaving.revision, at: new Date().toISOString(), by: "another server" };
      await this.#store?.prepare(entry, this.#ready.bytes);
    }
    const saved = await this.#store?.install(leaving.revision.hash, host);
    if (saved?.kind !== "done") {
      this.#options.note("config.store-failed", { error: saved?.text ?? "no store" });
      // It was taken back while the pulse went on by it: the others hand it over once more.
      const { hash } = leaving.revision;
      if (knownText(this.#store?.index ?? null, this.#ready, hash) === null) this.#leaving = null;
      else this.#retryAtMs = monotonicMs() + RETRY_MS;
      return;
    }
    await this.#writeFile();
    this.#leaving = { ...leaving, durableAtMs: monotonicMs() };
    this.#advance();
  }

  /** Replaced in one step. A file that refuses is behind; the revision on disk rules all the same. */
  async #writeFile(): Promise<void> {
    const { configFile } = this.#context.local;
    const current = this.#store?.index?.current;
    const bytes = current === undefined ? null : ((await this.#store?.read(current)) ?? null);
    if (bytes === null) return;
    const files = folderFiles(dirname(configFile));
    const name = basename(configFile);
    const temporary = `.${name}.${this.#context.local.server}.new`;
    const written = await files.write(temporary, bytes);
    const renamed = written.kind === "done" ? await files.rename(temporary, name) : written;
    const synced = renamed.kind === "done" ? await files.syncFolder() : renamed;
    if (synced.kind === "done") await this.#store?.fileWritten();
    else this.#options.note("config.file-behind", { file: configFile, error: synced.text });
  }

  /** Answers when it is in force everywhere, and ends this process when it is its turn. */
  #advance(): void {
    const leaving = this.#leaving;
    const facts = this.#facts;
    if (leaving === null || leaving.durableAtMs === null || facts === null || this.#ends) return;
    const see = this.#see(facts);
    const members = see.peers.filter(({ isIn }) => isIn);
    if (!isMixed(facts)) this.#settle({ kind: "installed", revision: leaving.revision });
    const overdue = monotonicMs() - leaving.durableAtMs >= TURN_MS;
    const areBack = members.every(({ words }) => words?.current.hash === leaving.revision.hash);
    if (see.coordinator === see.self && !areBack && !overdue) return;
    if (!this.#isTaught) return;
    this.#ends = true;
    setTimeout(() => {
      this.#ends = this.#isTaught;
      if (this.#ends) this.#options.restart();
    }, FLUSH_MS);
  }

  #settle(outcome: Outcome): void {
    this.#waiter?.(outcome);
    this.#waiter = null;
    this.#by = "";
  }

  async #readPrevious(
    store: RevisionStore,
  ): Promise<{ readonly hash: string; readonly config: LoadedConfig } | null> {
    const entry: RevisionEntry | undefined = store.index?.old[0];
    const bytes = entry === undefined ? null : await store.read(entry);
    if (entry === undefined || bytes === null) return null;
    const loaded = loadConfiguration(Buffer.from(bytes).toString("utf8"), "previous");
    return loaded.kind === "ok" ? { hash: entry.hash, config: loaded.config } : null;
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
