/**
 * Seeded random numbers for fuzzing and the simulator: the seed alone repeats a run.
 * Intuition: sfc32, 128 bits of state, fast and good enough for tests; never for keys or salts.
 * Source: PractRand by Chris Doty-Humphrey (public domain), generator sfc32.
 */
import { assert } from "./assert.ts";

/** Rounds after seeding until the seed has spread over the whole state. */
const WARM_UP_ROUNDS = 15;

export class Prng {
  #a = 0;
  #b = 0;
  #c: number;
  #counter = 1;

  /** `seed`: any whole number; only its low 32 bits count. */
  constructor(seed: number) {
    this.#c = seed >>> 0;
    for (let round = 0; round < WARM_UP_ROUNDS; round += 1) this.u32();
  }

  /** 0 to 2^32 - 1. */
  u32(): number {
    const result = (this.#a + this.#b + this.#counter) >>> 0;
    this.#counter = (this.#counter + 1) >>> 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) >>> 0;
    return result;
  }

  /** 0 to `limit` - 1, evenly; `limit` 1 to 2^32. */
  below(limit: number): number {
    assert(Number.isInteger(limit) && limit >= 1 && limit <= 2 ** 32, "limit is 1 to 2^32");
    return Math.floor((this.u32() / 2 ** 32) * limit);
  }

  /** True with the given probability, 0 to 1. */
  chance(probability: number): boolean {
    return this.u32() / 2 ** 32 < probability;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.u32() & 0xff);
  }
}
