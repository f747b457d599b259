/**
 * Two to five servers that hand each other a configuration text in rounds of beats. Each has the real rollout
 * core; its pulse is played by a few lines: what the coordinator installs, the others follow when they hold it.
 * Source: protocol.md 1.9, V3.
 */
import {
  createRollout,
  hashOf,
  ownRollout,
  step,
} from "../../../services/configuration/rollout.ts";
import type {
  PeerSight,
  RolloutEffect,
  RolloutEvent,
  RolloutState,
  Sight,
} from "../../../services/configuration/rollout-state.ts";
import {
  decodeRollout,
  encodeRollout,
  type RolloutWords,
} from "../../../services/configuration/rollout-words.ts";

export const OLD = Buffer.from("old text");
/** Of four pieces. */
export const NEW = Buffer.from("n".repeat(1500));
export const OTHER = Buffer.from("o".repeat(700));

/** A text as the pulses name it. */
export const short = (bytes: Buffer): string => hashOf(bytes).slice(0, 8);

export const ROUND_MS = 100;
const ROUNDS_MAX = 200;

/** What a server begins with. */
export interface Start {
  readonly text: Buffer;
  readonly rev: number;
  /** A person put the file there. */
  readonly byHand: boolean;
}

interface Side {
  state: RolloutState;
  /** By server: what was heard last. */
  heard: (RolloutWords | null)[];
  /** Text that the pulse holds ready, and the one it runs by. */
  holds: string | null;
  pulse: string;
  /** Member of the view. */
  isIn: boolean;
  /** Its checks let a new text pass. */
  fit: boolean;
  /** All so far. */
  effects: RolloutEffect[];
}

export class TextServers {
  readonly sides: readonly Side[];
  nowMs = 0;
  epoch = 5;
  hasTrouble = false;
  /** Who alone sees trouble. */
  troubled: readonly number[] = [];
  /** Nobody hears anybody, which is trouble as well. */
  isCut = false;
  readonly #coordinator: number;

  /** Where `coordinator` is out of the view the first one in it coordinates. */
  constructor(starts: readonly Start[], coordinator = 0) {
    this.#coordinator = coordinator;
    this.sides = starts.map(({ text, rev, byHand }): Side => {
      const state = createRollout(rev, byHand, text);
      const pulse = state.current.hash.slice(0, 8);
      const heard = starts.map(() => null);
      return { state, heard, holds: null, pulse, isIn: true, fit: true, effects: [] };
    });
  }

  at(self: number): Side {
    const side = this.sides[self];
    if (side === undefined) throw new Error(`no server ${self}`);
    return side;
  }

  see(self: number): Sight {
    const side = this.at(self);
    const peers = this.sides.flatMap((other, index): PeerSight[] => {
      const words = this.isCut ? null : (side.heard[index] ?? null);
      return index === self ? [] : [{ index, isIn: side.isIn && other.isIn, words }];
    });
    return {
      atMs: this.nowMs,
      self,
      isIn: side.isIn,
      coordinator: side.isIn ? this.#coordinatorNow() : null,
      epoch: side.isIn ? this.epoch : null,
      peers,
      hasTrouble: this.hasTrouble || this.isCut || this.troubled.includes(self),
      timeoutMs: 10 * ROUND_MS,
      pulseHash: side.pulse,
      pulseHolds: side.holds,
    };
  }

  apply(self: number, bytes: Buffer): void {
    this.#tell(self, { kind: "apply", bytes, hash: hashOf(bytes) });
  }

  /** One exchange of beats; those of `lost` reach nobody, `deaf` hear nobody. */
  round(lost: readonly number[] = [], deaf: readonly number[] = []): void {
    this.nowMs += ROUND_MS;
    const words = this.sides.map(({ state }, self) =>
      decodeRollout(encodeRollout(ownRollout(state, this.see(self).peers))),
    );
    for (const [self, side] of this.sides.entries()) {
      if (this.isCut || deaf.includes(self)) continue;
      side.heard = side.heard.map((old, from) =>
        from === self || lost.includes(from) ? old : (words[from] ?? null),
      );
    }
    for (const self of this.sides.keys()) this.#tell(self, { kind: "seen" });
  }

  /** Its agent is killed; the next one runs by the text in force and knows of no other. */
  restartAgent(self: number, { text, rev, byHand }: Start): void {
    this.at(self).state = createRollout(rev, byHand, text);
  }

  rounds(count: number): void {
    for (let round = 0; round < count; round += 1) this.round();
  }

  /** Rounds it took; at most 200. */
  until(isDone: () => boolean, lost: (round: number) => readonly number[] = () => []): number {
    let rounds = 0;
    for (; !isDone() && rounds < ROUNDS_MAX; rounds += 1) this.round(lost(rounds));
    return rounds;
  }

  /** How often a server asked for it. */
  did(self: number, kind: RolloutEffect["kind"]): number {
    return this.at(self).effects.filter((effect) => effect.kind === kind).length;
  }

  /** Texts by which the pulses run. */
  get inForce(): readonly string[] {
    return this.sides.map(({ pulse }) => pulse);
  }

  #coordinatorNow(): number {
    if (this.at(this.#coordinator).isIn) return this.#coordinator;
    return this.sides.findIndex(({ isIn }) => isIn);
  }

  #tell(self: number, event: RolloutEvent): void {
    const side = this.at(self);
    const { state, effects } = step(side.state, event, this.see(self));
    side.state = state;
    side.effects.push(...effects);
    for (const effect of effects) this.#execute(self, effect);
  }

  #execute(self: number, effect: RolloutEffect): void {
    const side = this.at(self);
    if (effect.kind === "prepare") {
      const { hash } = effect.revision;
      if (side.fit) side.holds = hash.slice(0, 8);
      this.#tell(self, side.fit ? { kind: "stored", hash } : { kind: "unfit", hash });
    }
    if (effect.kind === "dropped" || effect.kind === "leftover") side.holds = null;
    if (effect.kind !== "install" || side.holds !== effect.hash) return;
    side.pulse = effect.hash;
    const others = this.sides.filter((other) => side.isIn && other !== side && other.isIn);
    if (others.length === 0) return;
    this.epoch += 1;
    for (const other of others) {
      if (other.holds === effect.hash && !this.isCut) other.pulse = effect.hash;
    }
  }
}

/** All with the old text. */
export const alike = (count: number, byHand = false): Start[] =>
  Array.from({ length: count }, () => ({ text: OLD, rev: 1, byHand }));
