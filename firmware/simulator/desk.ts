/**
 * The change of the configuration on one server of the simulator: the real rollout core behind a folder that takes
 * its milliseconds, as firmware/agent/config-desk.ts and config-requests.ts carry it out. An agent that is to
 * run by a new text ends and is started anew; the others' first, the coordinator's when those are back.
 * Source: protocol.md 1.9, V3; firmware/agent/config-desk.ts.
 */

import { textHash } from "../../flash/store/revisions.ts";
import { judgeStep } from "../../services/configuration/judge-step.ts";
import type { LoadedConfig } from "../../services/configuration/load.ts";
import {
  applyTrouble,
  createRollout,
  ownRollout,
  step,
} from "../../services/configuration/rollout.ts";
import type {
  Draft,
  RolloutEffect,
  RolloutEvent,
  RolloutState,
  Sight,
} from "../../services/configuration/rollout-state.ts";
import {
  encodeRollout,
  type Revision,
  type RolloutWords,
} from "../../services/configuration/rollout-words.ts";
import type { PulseEvent } from "../../services/events.ts";
import type { AliveWord, Facts } from "../../services/facts.ts";
import { remapWords } from "../../services/failover/remap.ts";
import { decodeWords, type Words } from "../../services/failover/words.ts";
import { drawSight, isMixed, knownText } from "../agent/config-sight.ts";
import type { SwarmHost } from "./host.ts";
import { readText, type StartedBy, type TextFolder } from "./texts.ts";

/** As firmware/agent/config-desk.ts has them. */
const TURN_MS = 15_000;
const RETRY_MS = 1000;
const FLUSH_MS = 100;
/** Longest time that a healthy disk takes for a text, ms. */
const SAVE_MAX_MS = 40;

export interface DeskOptions {
  /** Runs when the agent does, or never when it has ended by then. */
  readonly do: (run: () => void) => void;
  /** The words for the beat have changed. */
  readonly say: () => void;
  readonly busyGroups: () => readonly string[];
}

export class SwarmDesk {
  readonly #host: SwarmHost;
  readonly #folder: TextFolder;
  readonly #config: LoadedConfig;
  readonly #options: DeskOptions;
  readonly #ownHash: string;
  readonly #previous: { readonly hash: string; readonly config: LoadedConfig } | null;
  #state: RolloutState;
  #facts: Facts | null = null;
  #said: readonly (RolloutWords | null)[] = [];
  #spoken = "";
  #quiet: {
    readonly current: Revision;
    readonly byHand: boolean;
    readonly bytes: Uint8Array;
  } | null = null;
  #leaving: { readonly revision: Revision; readonly durableAtMs: number | null } | null = null;
  #retryAtMs: number | null = null;
  #ends = false;
  #isTaught = false;
  #ready: Draft | null = null;
  #waits = false;
  #savedAtMs = 0;

  constructor(host: SwarmHost, folder: TextFolder, start: StartedBy, options: DeskOptions) {
    this.#host = host;
    this.#folder = folder;
    this.#config = start.config;
    this.#options = options;
    this.#state = createRollout(start.config.revision, start.byHand, start.bytes);
    this.#ownHash = this.#state.current.hash;
    this.#open();
    const old = folder.index?.old[0];
    const config = old === undefined ? null : readText(old.bytes);
    this.#previous = old === undefined || config === null ? null : { hash: old.hash, config };
  }

  get state(): RolloutState {
    return this.#state;
  }

  get isChanging(): boolean {
    return this.#leaving !== null || (this.#state.draft?.installAtMs ?? null) !== null;
  }

  /** Most of the time there is nothing under way, and they are the same. */
  words(): Uint8Array {
    if (this.#state.draft !== null) {
      return encodeRollout(ownRollout(this.#state, this.#sight?.peers ?? []));
    }
    const { current, byHand } = this.#state;
    if (this.#quiet?.current !== current || this.#quiet.byHand !== byHand) {
      this.#quiet = { current, byHand, bytes: encodeRollout(ownRollout(this.#state, [])) };
    }
    return this.#quiet.bytes;
  }

  /** The pulse is being started anew. */
  miss(): void {
    this.#isTaught = false;
  }

  /** A new pulse holds nothing. */
  greet(): void {
    const { draft } = this.#state;
    if (draft?.prepared === "yes" && !draft.isCatchUp) this.#handOver(draft, draft.bytes);
  }

  /** What it hands back counts group words by the text that their speaker runs by. */
  hear(facts: Facts): Facts {
    this.#facts = facts;
    this.#isTaught = facts.server !== "observing";
    const sight = this.#see(facts);
    this.#said = this.#config.servers.map(
      ({ index }) => sight.peers.find((peer) => peer.index === index)?.words ?? null,
    );
    this.#findInstalled(sight.pulseHash);
    if (this.#leaving === null) this.#take({ kind: "seen" });
    this.#advance();
    const peers = facts.peers.map((peer) => {
      const said = this.#said[peer.index] ?? null;
      return said === null ? peer : { ...peer, configDiffers: said.current.hash !== this.#ownHash };
    });
    return { ...facts, peers };
  }

  hearAlive(word: AliveWord): void {
    if (this.#facts !== null) this.#facts = { ...this.#facts, ...word };
  }

  tick(): void {
    if (this.#retryAtMs !== null && this.#host.localMs() >= this.#retryAtMs) this.#persist();
    this.#advance();
  }

  /** What an agent of the text before has left with the pulse, by the names of this one. */
  translate(blob: Uint8Array): Words | null {
    const words = decodeWords(blob);
    if (words?.rollout === undefined) return words;
    const said = Buffer.from(words.rollout.subarray(5, 13)).toString("hex");
    if (said === this.#ownHash) return words;
    if (said !== this.#previous?.hash) return null;
    return remapWords(words, this.#previous.config, this.#config);
  }

  /** An operator's text: everything that can be said against it is said here. */
  apply(bytes: Uint8Array): void {
    const refusal = this.#against(bytes);
    if (refusal !== null) return this.#host.world.noteText(this.#host.index, refusal, 0);
    this.#waits = true;
    this.#take({ kind: "apply", bytes, hash: textHash(bytes) });
  }

  #against(bytes: Uint8Array): string | null {
    if (this.#state.installed) return "config-busy";
    const next = readText(bytes);
    if (next === null) return "config-invalid";
    const verdict = judgeStep(this.#config, next, this.#options.busyGroups());
    if (verdict.kind === "refused") return verdict.key;
    if (textHash(bytes) === this.#state.current.hash) return "same";
    const sight = this.#sight;
    if (this.#waits) return "config-busy";
    if (sight === null) return "view-changing";
    const trouble = applyTrouble(this.#state, sight);
    if (trouble !== null) return `config-${trouble}`;
    return this.isChanging ? "config-busy" : null;
  }

  /** Before anything is granted: the text that this process runs by is on disk under its number. */
  #open(): void {
    const { incarnation } = this.#host;
    const { index, fileHash } = this.#folder;
    if (fileHash !== this.#ownHash) {
      if (index?.isFileBehind === true)
        this.#save(
          () => this.#folder.writeFile(),
          () => undefined,
        );
    } else if (index?.current.hash !== this.#ownHash || index.host !== incarnation) {
      const entry = { ...this.#state.current, bytes: this.#state.currentBytes };
      const { saveMs, savesLie } = this.#host.bends;
      // The agent waits for it before it says anything; a folder that refuses is a note.
      if (saveMs !== Number.POSITIVE_INFINITY && !savesLie) this.#folder.adopt(entry, incarnation);
    }
  }

  get #sight(): Sight | null {
    return this.#facts === null ? null : this.#see(this.#facts);
  }

  #see(facts: Facts): Sight {
    return drawSight(facts, this.#host.index, this.#host.localMs(), this.#config.budget);
  }

  #take(event: RolloutEvent): void {
    const facts = this.#facts;
    if (facts === null) return;
    const { state, effects } = step(this.#state, event, this.#see(facts));
    this.#state = state;
    if (state.draft?.prepared === "yes") this.#ready = state.draft;
    for (const effect of effects) this.#execute(effect);
    const words = Buffer.from(this.words()).toString("latin1");
    if (words === this.#spoken) return;
    this.#spoken = words;
    this.#options.say();
  }

  #execute(effect: RolloutEffect): void {
    switch (effect.kind) {
      case "prepare":
        return this.#prepare(effect.revision, effect.bytes);
      case "install":
        return this.#send({ kind: "config.install", atMs: 0, hash: effect.hash });
      case "installed":
        this.#leaving = { revision: effect.revision, durableAtMs: null };
        return this.#persist();
      case "dropped": {
        const { revision, reason, isOwn } = effect;
        this.#send({ kind: "config.dropped", atMs: 0 });
        this.#note("config.withdrawn", revision, reason);
        this.#save(
          () => this.#folder.drop(),
          () => undefined,
        );
        if (isOwn) this.#settle(`dropped: ${reason}`, 0);
        return;
      }
      case "leftover":
        this.#send({ kind: "config.dropped", atMs: 0 });
        this.#note("config.withdrawn", { rev: 0, hash: effect.hash }, "leftover");
        return this.#save(
          () => this.#folder.drop(),
          () => undefined,
        );
      case "renumbered": {
        const entry = { ...effect.revision, bytes: this.#state.currentBytes };
        const { incarnation } = this.#host;
        return this.#save(
          () => this.#folder.adopt(entry, incarnation),
          () => undefined,
        );
      }
      case "say":
        return;
    }
  }

  #prepare(revision: Revision, bytes: Uint8Array): void {
    const next = this.#host.bends.refusesTexts ? null : readText(bytes);
    const busy = this.#facts?.view != null ? this.#options.busyGroups() : [];
    if (next === null || judgeStep(this.#config, next, busy).kind === "refused") {
      this.#note("config.unfit", revision, "");
      return this.#take({ kind: "unfit", hash: revision.hash });
    }
    this.#save(
      () => this.#folder.prepare({ ...revision, bytes }),
      (isSaved) => {
        const isThere = isSaved && this.#folder.index !== null;
        if (!isThere) return this.#take({ kind: "unfit", hash: revision.hash });
        if (this.#state.draft?.hash !== revision.hash) return;
        this.#handOver(revision, bytes);
        this.#note("config.prepared", revision, "");
        this.#take({ kind: "stored", hash: revision.hash });
      },
    );
  }

  #handOver({ rev }: Revision, bytes: Uint8Array): void {
    const config = readText(bytes);
    if (config === null) return;
    this.#send({ kind: "config.prepared", atMs: 0, config: { ...config, revision: rev } });
    this.#host.world.moveText(this.#host.index, "prepared");
  }

  #findInstalled(pulseHash: string): void {
    const { index } = this.#folder;
    if (this.#leaving !== null || pulseHash === "" || this.#ownHash.startsWith(pulseHash)) return;
    const { draft } = this.#state;
    if (index === null || (draft?.prepared === "yes" && draft.hash.startsWith(pulseHash))) return;
    const known = knownText(index, this.#ready, pulseHash);
    if (known === null) return;
    this.#leaving = { revision: known, durableAtMs: null };
    this.#persist();
  }

  #persist(): void {
    const leaving = this.#leaving;
    if (leaving === null || leaving.durableAtMs !== null) return;
    this.#retryAtMs = null;
    const { incarnation } = this.#host;
    let isKnown = true;
    const install = (): void => {
      if (this.#ready?.hash === leaving.revision.hash) {
        this.#folder.prepare({ ...leaving.revision, bytes: this.#ready.bytes });
      }
      isKnown = this.#folder.install(leaving.revision.hash, incarnation);
    };
    this.#save(install, (isSaved) => {
      const atMs = this.#host.localMs();
      if (!isSaved || !isKnown) {
        // It was taken back while the pulse went on by it: the others hand it over once more.
        if (isKnown) this.#retryAtMs = atMs + RETRY_MS;
        else this.#leaving = null;
        return;
      }
      this.#save(
        () => this.#folder.writeFile(),
        () => {
          this.#leaving = { ...leaving, durableAtMs: this.#host.localMs() };
          this.#advance();
        },
      );
    });
  }

  /** Answers when it is in force everywhere, and ends this process when it is its turn. */
  #advance(): void {
    const leaving = this.#leaving;
    const facts = this.#facts;
    if (leaving === null || leaving.durableAtMs === null || facts === null || this.#ends) return;
    const see = this.#see(facts);
    const members = see.peers.filter(({ isIn }) => isIn);
    if (!isMixed(facts)) this.#settle("installed", leaving.revision.rev);
    const overdue = this.#host.localMs() - leaving.durableAtMs >= TURN_MS;
    const areBack = members.every(({ words }) => words?.current.hash === leaving.revision.hash);
    if (see.coordinator === see.self && !areBack && !overdue) return;
    if (!this.#isTaught) return;
    this.#ends = true;
    this.#host.world.clock.after(FLUSH_MS, () =>
      this.#options.do(() => {
        this.#ends = this.#isTaught;
        if (this.#ends) this.#host.renewAgent();
      }),
    );
  }

  #settle(outcome: string, rev: number): void {
    if (!this.#waits) return;
    this.#waits = false;
    this.#host.world.noteText(this.#host.index, outcome, rev);
  }

  /** What was given to a slow disk is still on its way. */
  get isSaving(): boolean {
    return this.#savedAtMs > this.#host.world.clock.nowMs;
  }

  #send(event: PulseEvent): void {
    this.#host.toPulse((pulse) => pulse.hearEvent(event));
  }

  #note(key: string, { rev, hash }: Revision, reason: string): void {
    this.#host.world.note(this.#host.index, key, { rev, hash: hash.slice(0, 8), reason });
  }

  /** One after the other; what its process does not live to see is not on flash. */
  #save(act: () => void, done: (isSaved: boolean) => void): void {
    const { clock } = this.#host.world;
    const { incarnation } = this.#host;
    const isRefused = this.#host.bends.saveMs === Number.POSITIVE_INFINITY;
    const slowMs = isRefused ? 0 : this.#host.bends.saveMs;
    const ms = 1 + this.#host.random.below(SAVE_MAX_MS) + slowMs;
    this.#savedAtMs = Math.max(clock.nowMs, this.#savedAtMs) + ms;
    clock.at(this.#savedAtMs, () =>
      this.#options.do(() => {
        if (!this.#host.on || this.#host.incarnation !== incarnation) return;
        if (!isRefused && !this.#host.bends.savesLie) act();
        done(!isRefused);
      }),
    );
  }
}
