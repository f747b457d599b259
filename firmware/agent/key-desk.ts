/**
 * The agent's part in a rotation of the cluster's key: carries out what the core asks for, keeps the set on disk,
 * hands it to the pulse, and answers the `key.` verbs.
 *
 * ```
 * key.status  {}                    -> KeyStatus              ids, never keys
 * key.rotate  {without?, waitMs?}   -> {id, before, servers}  answers when all members seal with the new key
 * key.retire  {waitMs?}             -> {id, servers}          answers when all members have let the old key go
 * ```
 * `without`: names, separated by commas, of all servers that are no members; each of them has to be off.
 * Order of every step: disk, then pulse (and by it the disk process), then the word to the other servers.
 * Source: reliability.md 4.3; services/keys/core.ts; architecture.md 2.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { folderFiles } from "../../flash/store/files.ts";
import { monotonicMs } from "../../hal/base/clock.ts";
import type { ServerIndex } from "../../hal/base/ids.ts";
import type { NoteData } from "../../services/effects.ts";
import type { AliveWord, Facts, PeerFact } from "../../services/facts.ts";
import { decodeWords } from "../../services/failover/words.ts";
import {
  createKeys,
  type KeyEffect,
  type KeyEvent,
  type KeyPeer,
  type KeySight,
  type KeyState,
  ownKeyWords,
  peerHoldsActive,
  retireTrouble,
  rotateTrouble,
  step,
} from "../../services/keys/core.ts";
import {
  formatRing,
  holds,
  KEY_BYTES,
  keyHint,
  keyId,
  ringOf,
} from "../../services/keys/key-set.ts";
import { decodeKeyWords, encodeKeyWords, type KeyWords } from "../../services/keys/key-words.ts";
import { keysFolder, readKeySet, writeKeySet } from "../key-files.ts";
import type { ServerContext } from "../local.ts";
import type { ConfigAnswer } from "./config-requests.ts";
import { drawSight } from "./config-sight.ts";
import { drawKeyStatus } from "./key-status.ts";

type Args = Readonly<Record<string, unknown>>;

export interface KeyDeskOptions {
  readonly note: (key: string, data: NoteData) => void;
  readonly send: (message: object) => void;
  /** The words for the beat have changed. */
  readonly say: () => void;
}

type WaitEnd = "done" | "failed" | "late";

/** Somebody who asked and is told when `isDone`. */
interface Waiter {
  readonly isDone: (see: KeySight) => boolean;
  /** It will not come about. */
  readonly hasFailed: () => boolean;
  readonly untilMs: number;
  readonly tell: (end: WaitEnd) => void;
}

/** What the pulse does not show is sent again. */
const SEND_AGAIN_MS = 1000;
/** Wait of an order unless it says another; what is not done by then goes on without its sender. */
const WAIT_MS = 30_000;
const WAIT_MS_MAX = 600_000;
/** Two of 256 first bytes are taken at most; so many tries are never needed. */
const RINGS_TRIED_MAX = 64;

export class KeyDesk {
  readonly #context: ServerContext;
  readonly #options: KeyDeskOptions;
  #state: KeyState;
  #facts: Facts | null = null;
  #sentAtMs = Number.NEGATIVE_INFINITY;
  #holders = "";
  #said = "";
  #refusal = "";
  #waiters: Waiter[] = [];

  constructor(context: ServerContext, options: KeyDeskOptions) {
    this.#context = context;
    this.#options = options;
    this.#state = createKeys(readKeySet(context.local).set);
  }

  /** Makes the folder of the set; says when the set on disk cannot be used. */
  open(): void {
    const { local } = this.#context;
    const folder = keysFolder(local.stateDir);
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#note("key.store-failed", { error: error.message });
    }
    const { active } = this.#state.set;
    if (readKeySet(local).kind === "broken") {
      this.#note("key.set-broken", { file: folder, id: active.id });
    }
  }

  /** Another pulse: what it seals with is in its first facts. */
  greet(): void {
    this.#facts = null;
    this.#holders = "";
    this.#sentAtMs = Number.NEGATIVE_INFINITY;
  }

  hear(facts: Facts): void {
    this.#facts = facts;
    this.#take({ kind: "seen" });
    this.#minder();
  }

  /** Between two facts: how old the acknowledgements are. */
  hearAlive(word: AliveWord): void {
    if (this.#facts !== null) this.#facts = { ...this.#facts, ...word };
  }

  tick(): void {
    if (this.#facts === null) return;
    this.#take({ kind: "seen" });
    this.#minder();
  }

  /** `mayOffer` false = a configuration text is under way and there is no room for a key. Null = not yet known. */
  words(mayOffer: boolean): Uint8Array | null {
    const see = this.#see();
    return see === null ? null : encodeKeyWords(ownKeyWords(this.#state, see, mayOffer));
  }

  /** `busy`: a configuration is being changed. */
  async answer(verb: string, args: Args, busy: boolean): Promise<ConfigAnswer> {
    const see = this.#see();
    if (see === null) return refused("view-changing", {});
    switch (verb) {
      case "key.status": {
        const strange = (this.#facts?.peers ?? []).filter(({ presence }) => presence);
        const indices = strange.map(({ index }) => index);
        return { kind: "done", result: drawKeyStatus(this.#context, this.#state, see, indices) };
      }
      case "key.rotate":
        return busy ? refused("key-busy", {}) : this.#rotate(args, see);
      case "key.retire":
        return this.#retire(args, see);
      default: {
        const known = "key.status, key.rotate, key.retire";
        return refused("malformed-request", { detail: `verb; expected one of ${known}` });
      }
    }
  }

  async #rotate(args: Args, see: KeySight): Promise<ConfigAnswer> {
    const { without } = args;
    const left = typeof without === "string" ? without.split(",").map((name) => name.trim()) : [];
    const others = see.peers.map(({ index }) => this.#nameOf(index));
    const unknown = left.find((name) => !others.includes(name));
    if (unknown !== undefined) return refused("unknown-server", { server: unknown });
    const alone = left.length > 0;
    const trouble = rotateTrouble(this.#state, alone, see);
    if (trouble !== null) return refused(trouble, this.#refusalData(see));
    // Each that is left out is named: nobody is forgotten by mistake.
    const forgotten = see.peers.filter(
      ({ isIn, index }) => !isIn && !left.includes(this.#nameOf(index)),
    );
    if (forgotten.length > 0) return refused("key-peer-away", this.#refusalData(see));
    const before = this.#state.set.active.id;
    this.#refusal = "";
    this.#take({ kind: "rotate", key: this.#freshKey(), alone });
    // Two orders at once become one key, perhaps another server's: any other one that all seal with will do.
    const changed = (now: KeySight): boolean => {
      const { id } = this.#state.set.active;
      const areOn = membersOf(now).every(({ words }) => words?.active === id);
      return id !== before && now.sealing === id && areOn;
    };
    const unsaved = (): boolean => this.#refusal !== "" && this.#state.set.next === null;
    const end = await this.#wait(changed, unsaved, args);
    if (end !== "done") return this.#notDone(end, see);
    const { id } = this.#state.set.active;
    return { kind: "done", result: { id, before, servers: this.#servers() } };
  }

  async #retire(args: Args, see: KeySight): Promise<ConfigAnswer> {
    const trouble = retireTrouble(this.#state, see);
    if (trouble !== null) return refused(trouble, this.#refusalData(see));
    const id = this.#state.set.old?.id ?? "";
    this.#refusal = "";
    this.#take({ kind: "retire" });
    const gone = (now: KeySight): boolean =>
      this.#state.set.old === null &&
      membersOf(now).every(({ words }) => words?.others.includes(id) === false);
    const unsaved = (): boolean => this.#refusal !== "" && this.#state.set.old !== null;
    const end = await this.#wait(gone, unsaved, args);
    if (end !== "done") return this.#notDone(end, see);
    return { kind: "done", result: { id, servers: this.#servers() } };
  }

  /** Its first byte names it in LAN frames: another one than those of the keys that are there. */
  #freshKey(): Uint8Array {
    const hints = ringOf(this.#state.set).map(({ id }) => keyHint(id));
    let key = new Uint8Array(randomBytes(KEY_BYTES));
    for (let tried = 0; tried < RINGS_TRIED_MAX && hints.includes(hintOf(key)); tried += 1) {
      key = new Uint8Array(randomBytes(KEY_BYTES));
    }
    return key;
  }

  #notDone(end: "failed" | "late", see: KeySight): ConfigAnswer {
    const data = { ...this.#refusalData(see), error: this.#refusal };
    return refused(end === "failed" ? "key-unsaved" : "key-pending", data);
  }

  #wait(isDone: Waiter["isDone"], hasFailed: () => boolean, args: Args): Promise<WaitEnd> {
    const { waitMs } = args;
    const isGiven = typeof waitMs === "number" && waitMs >= 0 && waitMs <= WAIT_MS_MAX;
    const untilMs = monotonicMs() + (isGiven ? waitMs : WAIT_MS);
    return new Promise((tell) => {
      this.#waiters.push({ isDone, hasFailed, untilMs, tell });
    });
  }

  #take(event: KeyEvent): void {
    const see = this.#see();
    if (see === null) return;
    const { state, effects } = step(this.#state, event, see);
    this.#state = state;
    for (const effect of effects) this.#execute(effect);
  }

  #execute(effect: KeyEffect): void {
    switch (effect.kind) {
      case "save":
        void this.#save(effect.set);
        return;
      case "note":
        return this.#note(effect.key, { id: effect.id });
    }
  }

  async #save(set: KeyState["set"]): Promise<void> {
    const { local } = this.#context;
    const saved = await writeKeySet(folderFiles(keysFolder(local.stateDir)), local.keyFile, set);
    if (saved.kind === "failed") {
      if (saved.text !== this.#refusal) this.#note("key.store-failed", { error: saved.text });
      this.#refusal = saved.text;
      return this.#take({ kind: "not-saved" });
    }
    this.#refusal = "";
    this.#take({ kind: "saved" });
    this.#send();
  }

  /** A set that lacks what the pulse seals with is not the set it lives by: lost or damaged on disk. */
  #send(): void {
    const [sealing] = this.#facts?.keys?.ids ?? [];
    if (sealing === undefined || !holds(this.#state.set, sealing)) return;
    const keys = formatRing(ringOf(this.#state.set));
    const holders = this.#peerHolders();
    this.#holders = holders.join();
    this.#sentAtMs = monotonicMs();
    this.#options.send({ kind: "keys", keys, holders });
  }

  /** Sends what the pulse has not, says what the beat does not say, and answers who waits. */
  #minder(): void {
    const see = this.#see();
    if (see === null) return;
    const wanted = ringOf(this.#state.set).map(({ id }) => id);
    const differs = wanted.join() !== this.#facts?.keys?.ids.join();
    const isNews = this.#holders !== this.#peerHolders().join();
    if (isNews || (differs && see.atMs - this.#sentAtMs >= SEND_AGAIN_MS)) this.#send();
    const words = Buffer.from(this.words(true) ?? []).toString("base64");
    if (words !== this.#said) {
      this.#said = words;
      this.#options.say();
    }
    this.#waiters = this.#waiters.filter((one) => {
      const late = see.atMs >= one.untilMs ? ("late" as const) : null;
      const end = one.isDone(see)
        ? ("done" as const)
        : one.hasFailed()
          ? ("failed" as const)
          : late;
      if (end !== null) one.tell(end);
      return end === null;
    });
  }

  #peerHolders(): readonly ServerIndex[] {
    const holding = (this.#facts?.peers ?? []).filter((peer) =>
      peerHoldsActive(this.#state, keysOf(peer)),
    );
    return holding.map(({ index }) => index);
  }

  #see(): KeySight | null {
    const facts = this.#facts;
    if (facts === null) return null;
    const { config, self } = this.#context;
    const atMs = monotonicMs();
    const sight = drawSight(facts, self, atMs, config.budget);
    const { ids = [], disk = null } = facts.keys ?? {};
    const members = sight.peers.filter(({ isIn }) => isIn).map(({ index }) => index);
    return {
      atMs,
      wallMs: Date.now(),
      self,
      isIn: sight.isIn,
      coordinator: sight.coordinator,
      peers: facts.peers.map((peer) => ({
        index: peer.index,
        isIn: members.includes(peer.index),
        isHeard: peer.heard === true,
        words: keysOf(peer),
      })),
      hasTrouble: sight.hasTrouble,
      sealing: ids[0] ?? null,
      held: disk === null ? ids : ids.filter((id) => disk.includes(id)),
    };
  }

  #nameOf(index: ServerIndex): string {
    return this.#context.config.servers[index]?.name ?? `#${index}`;
  }

  #servers(): readonly string[] {
    const see = this.#see();
    const members = see === null ? [] : membersOf(see).map(({ index }) => this.#nameOf(index));
    return [this.#context.local.server, ...members].sort();
  }

  /** `peer`: who is behind or away, where somebody is, else all other servers. */
  #refusalData({ peers }: KeySight): Readonly<Record<string, string>> {
    const { old, active } = this.#state.set;
    const { server } = this.#context.local;
    const behind = peers.filter(({ isIn, words }) => !isIn || words?.active !== active.id);
    const named = (behind.length > 0 ? behind : peers).map(({ index }) => this.#nameOf(index));
    return { server, peer: named.join(","), id: active.id, old: old?.id ?? "" };
  }

  #note(key: string, data: NoteData): void {
    this.#options.note(key, { server: this.#context.local.server, ...data });
  }
}

const hintOf = (key: Uint8Array): number => keyHint(keyId(key));

const refused = (key: string, data: Readonly<Record<string, string>>): ConfigAnswer => ({
  kind: "refused",
  key,
  data,
});

const membersOf = (see: KeySight): readonly KeyPeer[] =>
  see.isIn ? see.peers.filter(({ isIn }) => isIn) : [];

/** What another server's agent says about keys; null = it is silent or says nothing. */
function keysOf(peer: PeerFact): KeyWords | null {
  if (peer.state === null) return null;
  const { keys } = decodeWords(peer.blob) ?? {};
  return keys === undefined ? null : decodeKeyWords(keys);
}
