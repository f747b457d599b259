/**
 * Visits every state that a small world can come into, each once, nearest first: what it finds is the
 * shortest way there. Where the world asks for it, the adversary may also give up in every state: all is
 * healed, and the world has to come to rest as one view.
 * A world is a few 32-bit words; what they mean only its model knows.
 * Source: issue 4 item 7; reliability.md 5; protocol.md chapter 3 (the model this repeats over real cores).
 */
import { cpuUsage } from "node:process";
import { Table } from "./table.ts";

/** Tells the search of one next state; `next` is copied. An empty label is a round in which nothing befalls. */
export type Emit = (label: string, isRound: boolean, next: Uint32Array) => void;

/** What the search has to know of a world; all its functions are pure. */
export interface Model {
  /** Words per state; equal words are equal situations. */
  readonly words: number;
  readonly initial: readonly Uint32Array[];
  /** Everything that the adversary may do here, and the round in which it does nothing. */
  readonly next: (world: Uint32Array, emit: Emit) => void;
  /** A broken invariant in words; null = none is. */
  readonly problemOf: (world: Uint32Array) => string | null;
  /** What has to become true when all is healed; null = only safety is looked at. */
  readonly rest: Rest | null;
  readonly describe: (world: Uint32Array) => string;
  /** Server situations met and rounds of single servers played, for the profile. */
  readonly sizes?: () => string;
}

export interface Rest {
  /** Everything healed, nothing more happens. */
  readonly heal: (world: Uint32Array, into: Uint32Array) => void;
  /** One round without any event. */
  readonly round: (world: Uint32Array, into: Uint32Array) => void;
  /** `world` is at rest after healing: "one" view, all "down" (permitted), or what is wrong. */
  readonly restOf: (world: Uint32Array) => "one" | "down" | { readonly problem: string };
}

export interface Limits {
  readonly states: number;
  /** Of the processor, so that a busy machine finds what an idle one finds. */
  readonly ms: number;
}

export interface Finding {
  readonly problem: string;
  /** Rounds from the first state to the violation. */
  readonly rounds: number;
  readonly path: readonly string[];
  readonly shown: readonly string[];
  /** Which of the first states it began in, and what befell it step by step: enough to go there again. */
  readonly start: number;
  readonly steps: readonly Step[];
}

export interface Step {
  readonly label: string;
  readonly isRound: boolean;
}

/** What ended a search before it had looked at every state. */
export type Bound = "states" | "seconds";

export interface Result {
  readonly states: number;
  readonly transitions: number;
  /** States that were visited after healing only. */
  readonly healed: number;
  /** Steps of the longest shortest path. */
  readonly depth: number;
  /** Healed ends in which nobody is a member any more. */
  readonly down: number;
  readonly finding: Finding | null;
  /** Why the search ended early; null = it is complete, or a violation ended it. */
  readonly incomplete: Bound | null;
  /** States that were seen and not looked at; 0 = none is left. */
  readonly frontier: number;
  /** Time of the processor. */
  readonly ms: number;
}

/** After healing so many rounds must suffice to come to rest: thirty timeouts of ten rounds. */
const REST_ROUNDS_MAX = 320;
/** The clock is looked at once in so many states. */
const LOOK_EVERY = 256;
const NO_PARENT = 0xffffffff;
/** Values of a healed state: on the way, or what its circle is. */
const ON_THE_WAY = 0;
const ONE = 1;
const DOWN = 2;

/**
 * Goes the way of a finding once more, in a model of the same world: what is broken at its end, or on it;
 * null = nothing is, or that way does not exist there.
 */
export function retrace(model: Model, { start, steps }: Finding): string | null {
  const first = model.initial[start];
  if (first === undefined) return null;
  let world = first.slice();
  const search = new Search(model, { states: 0, ms: 0 });
  for (const { label, isRound } of steps) {
    const problem = model.problemOf(world);
    if (problem !== null) return problem;
    let found: Uint32Array | null = null;
    model.next(world, (name, isPassing, next) => {
      if (name === label && isPassing === isRound) found ??= next.slice();
    });
    if (found === null) return null;
    world = found;
  }
  return search.problemOf(world);
}

export function explore(model: Model, limits: Limits): Result {
  const before = cpuUsage();
  const elapsedMs = (): number => {
    const { user, system } = cpuUsage(before);
    return (user + system) / 1000;
  };
  const search = new Search(model, limits);
  const end = search.run(elapsedMs);
  return { ...search.sums(), ...end, ms: Math.round(elapsedMs()) };
}

class Search {
  readonly #model: Model;
  readonly #limits: Limits;
  /** Value: number of the parent, and that of the label. */
  readonly #seen: Table;
  readonly #rest: Table;
  readonly #labels = new Map<string, number>();
  readonly #world: Uint32Array;
  #transitions = 0;
  #down = 0;
  #parent = NO_PARENT;
  #depth = 0;

  constructor(model: Model, limits: Limits) {
    this.#model = model;
    this.#limits = limits;
    this.#seen = new Table(model.words, 2);
    this.#rest = new Table(model.words, 1);
    this.#world = new Uint32Array(model.words);
  }

  sums(): Pick<Result, "states" | "transitions" | "healed" | "depth" | "down"> {
    const [states, healed] = [this.#seen.size, this.#rest.size];
    return { states, transitions: this.#transitions, healed, depth: this.#depth, down: this.#down };
  }

  run(elapsedMs: () => number): Pick<Result, "finding" | "incomplete" | "frontier"> {
    for (const world of this.#model.initial) this.#emit("", true, world);
    this.#transitions = 0;
    let levelEnd = this.#seen.size;
    for (let at = 0; at < this.#seen.size; at += 1) {
      if (at === levelEnd) {
        this.#depth += 1;
        levelEnd = this.#seen.size;
      }
      const finding = this.#visit(at);
      const frontier = this.#seen.size - at - 1;
      if (finding !== null) return { finding, incomplete: null, frontier };
      if (frontier === 0) break;
      const bound = this.#boundAt(at, elapsedMs);
      if (bound !== null) return { finding: null, incomplete: bound, frontier };
    }
    return { finding: null, incomplete: null, frontier: 0 };
  }

  #boundAt(at: number, elapsedMs: () => number): Bound | null {
    if (this.#seen.size >= this.#limits.states) return "states";
    return at % LOOK_EVERY === 0 && elapsedMs() >= this.#limits.ms ? "seconds" : null;
  }

  /** What is broken here, or cannot come to rest from here. */
  problemOf(world: Uint32Array): string | null {
    return this.#model.problemOf(world) ?? this.#restless(world);
  }

  #visit(at: number): Finding | null {
    const world = this.#world;
    this.#seen.read(at, world);
    const problem = this.problemOf(world);
    if (problem !== null) return this.#tell(at, problem);
    this.#parent = at;
    this.#model.next(world, this.#emit);
    return null;
  }

  readonly #emit: Emit = (label, isRound, next) => {
    this.#transitions += 1;
    if (this.#seen.find(next) >= 0) return;
    const at = this.#seen.add(next);
    this.#seen.put(at, 0, this.#parent);
    this.#seen.put(at, 1, 2 * this.#labelId(label) + (isRound ? 1 : 0));
  };

  #labelId(label: string): number {
    const known = this.#labels.get(label) ?? this.#labels.size;
    this.#labels.set(label, known);
    return known;
  }

  /** Heals and waits until a state comes again; what is true in that circle is true for ever. */
  #restless(from: Uint32Array): string | null {
    const { rest } = this.#model;
    if (rest === null) return null;
    let world = new Uint32Array(this.#model.words);
    let next = new Uint32Array(this.#model.words);
    rest.heal(from, world);
    const chain: number[] = [];
    for (let rounds = 0; rounds < REST_ROUNDS_MAX; rounds += 1) {
      const known = this.#rest.find(world);
      if (known >= 0) {
        const value = this.#rest.value(known, 0);
        if (value !== ON_THE_WAY) return this.#settle(chain, value);
        const end = rest.restOf(world);
        if (typeof end !== "string") return `after healing: ${end.problem}`;
        return this.#settle(chain, end === "one" ? ONE : DOWN);
      }
      const problem = this.#model.problemOf(world);
      if (problem !== null) return `${problem} (${rounds} rounds after healing)`;
      chain.push(this.#rest.add(world));
      rest.round(world, next);
      [world, next] = [next, world];
    }
    return `no rest within ${REST_ROUNDS_MAX} rounds after healing: ${this.#model.describe(world)}`;
  }

  #settle(chain: readonly number[], value: number): null {
    for (const at of chain) this.#rest.put(at, 0, value);
    if (value === DOWN) this.#down += 1;
    return null;
  }

  #tell(end: number, problem: string): Finding {
    const numbers: number[] = [];
    for (let at = end; at !== NO_PARENT; at = this.#seen.value(at, 0)) numbers.unshift(at);
    const labels = [...this.#labels.keys()];
    const world = new Uint32Array(this.#model.words);
    const path: string[] = [];
    const shown: string[] = [];
    const steps: Step[] = [];
    let round = 0;
    for (const [step, at] of numbers.entries()) {
      const word = this.#seen.value(at, 1);
      const label = labels[Math.floor(word / 2)] ?? "";
      const isRound = word % 2 === 1;
      if (label !== "") path.push(`round ${round}: ${label}`);
      if (step > 0) steps.push({ label, isRound });
      if (step > 0 && isRound) round += 1;
      this.#seen.read(at, world);
      const cause = label === "" ? "" : `  <- ${label}`;
      shown.push(`${String(round).padStart(4)} ${this.#model.describe(world)}${cause}`);
    }
    path.push(`round ${round}: ${problem}`);
    // The first states were put in first, and equal ones once.
    this.#seen.read(numbers[0] ?? 0, world);
    const start = this.#model.initial.findIndex((first) => first.every((w, i) => w === world[i]));
    return { problem, rounds: round, path, shown, start, steps };
  }
}
