/**
 * Two to five servers that change their key, each as the rotation core sees it: a disk, an agent that may die, a
 * pulse that may die, words on the way. Played by hand, or at random from a seed; after each step of a random
 * play every server has to open what every other one seals with. Source: D56; services/keys/core.ts.
 */
import * as assert from "uvu/assert";
import { Prng } from "../../../hal/base/prng.ts";
import {
  createKeys,
  type KeyEvent,
  type KeyPeer,
  type KeySight,
  type KeyState,
  ownKeyWords,
  step,
} from "../../../services/keys/core.ts";
import { firstSet, type KeySet, keyId, ringOf } from "../../../services/keys/key-set.ts";
import type { KeyWords } from "../../../services/keys/key-words.ts";

const keyOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
/** The key all begin with, and two that may follow it. */
export const K0 = keyOf(10);
export const K1 = keyOf(11);
export const K2 = keyOf(12);
export const [ID0, ID1, ID2] = [keyId(K0), keyId(K1), keyId(K2)];

export const words = (active: string, others: readonly string[] = []): KeyWords => {
  return { active, others, retired: null, offer: null };
};

export const start = (): KeyState => createKeys(firstSet(K0, 0));

/** The step and the save that it asks for, taken. */
export function stepSaved(state: KeyState, event: KeyEvent, see: KeySight): KeyState {
  return step(step(state, event, see).state, { kind: "saved" }, see).state;
}

export class KeyServer {
  disk: KeySet = firstSet(K0, 0);
  state: KeyState = createKeys(this.disk);
  pulse: KeySet = this.disk;
  /** By server: the words that came last; the own place stays null. */
  readonly heard: (KeyWords | null)[];
  /** Its disk refuses to write. */
  fails = false;
  readonly self: number;
  readonly #coordinator: number;

  constructor(self: number, count: number, coordinator: number) {
    this.self = self;
    this.#coordinator = coordinator;
    this.heard = Array.from({ length: count }, () => null);
  }

  see(atMs: number, hasTrouble: boolean): KeySight {
    const ids = ringOf(this.pulse).map(({ id }) => id);
    const peers = this.heard.flatMap((said, index): KeyPeer[] =>
      index === this.self ? [] : [{ index, isIn: true, isHeard: true, words: said }],
    );
    const own = { self: this.self, isIn: true, coordinator: this.#coordinator, hasTrouble, peers };
    return { atMs, wallMs: atMs, ...own, sealing: ids[0] ?? null, held: ids };
  }

  take(event: KeyEvent, see: KeySight): void {
    const { state, effects } = step(this.state, event, see);
    this.state = state;
    for (const effect of effects) {
      if (effect.kind === "save" && !this.fails) this.disk = effect.set;
    }
  }

  /** Who asked the disk hears from it. */
  settle(see: KeySight): void {
    if (this.state.saving === null) return;
    this.take({ kind: this.disk === this.state.saving.set ? "saved" : "not-saved" }, see);
  }

  /** The agent is dead, and the next one reads the disk. */
  restartAgent(): void {
    this.state = createKeys(this.disk);
  }
}

/** In a cluster of more than two another one than the first coordinates. */
export const serversOf = (count: number): KeyServer[] =>
  Array.from({ length: count }, (_, self) => new KeyServer(self, count, count > 2 ? 1 : 0));

const TURNS = 400;
/** Ms between two steps. */
const TURN_MS = 2000;

/** Orders, losses, deaths and refusing disks from one seed; fails when a server cannot open another's frames. */
export function playRandom(seed: number, count: number): void {
  const random = new Prng(seed);
  const pick = (n: number): number => random.below(n);
  const all = serversOf(count);
  for (let turn = 0; turn < TURNS; turn += 1) {
    const one = all[pick(count)];
    const other = all[pick(count)];
    if (one === undefined || other === undefined) continue;
    const see = one.see(turn * TURN_MS, pick(6) === 0);
    one.fails = pick(5) === 0;
    switch (pick(10)) {
      case 0:
        one.restartAgent();
        break;
      case 1:
        one.pulse = one.disk;
        break;
      case 2:
        one.take({ kind: "rotate", key: random.bytes(32), alone: false }, see);
        break;
      case 3:
        one.take({ kind: "retire" }, see);
        break;
      case 4:
        one.settle(see);
        break;
      case 5:
        if (one.state.saving === null) one.pulse = one.state.set;
        break;
      case 6:
      case 7:
        other.heard[one.self] = ownKeyWords(one.state, see, pick(3) > 0);
        break;
      default:
        one.take({ kind: "seen" }, see);
    }
    for (const a of all) {
      for (const b of all) checkOpens(a, b, `seed ${seed} turn ${turn}`);
    }
  }
}

/** `b` opens what `a` seals with, and both would after a power cut. */
function checkOpens(a: KeyServer, b: KeyServer, where: string): void {
  const opens = ringOf(b.pulse).some(({ id }) => id === a.pulse.active.id);
  const survives = ringOf(b.disk).some(({ id }) => id === a.disk.active.id);
  assert.ok(opens && survives, `${where}: S${b.self} cannot hear S${a.self}`);
}
