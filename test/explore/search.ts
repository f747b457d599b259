/**
 * Visits every state that a small world can come into, each once, nearest first: what it finds is the
 * shortest way there. From every state the adversary may also give up: all is healed, and the world has to
 * come to rest as one view.
 * Source: issue 4 item 7; reliability.md 5; protocol.md chapter 3 (the model this repeats over real cores).
 */

/** What the search has to know of a world `W`; all its functions are pure. */
export interface Model<W> {
  readonly initial: readonly W[];
  /** Equal texts are equal situations. */
  readonly keyOf: (world: W) => string;
  /** One round without any event. */
  readonly round: (world: W) => W;
  /** What the adversary may do before this round; empty = its events are used up. */
  readonly events: (world: W) => readonly { readonly label: string; readonly world: W }[];
  /** A broken invariant in words; null = none is. */
  readonly problemOf: (world: W) => string | null;
  /** Everything healed, nothing more happens. */
  readonly heal: (world: W) => W;
  /** `world` is at rest after healing: "one" view, all "down" (permitted), or what is wrong. */
  readonly restOf: (world: W) => "one" | "down" | { readonly problem: string };
  readonly describe: (world: W) => string;
}

export interface Limits {
  readonly states: number;
  readonly ms: number;
  /** No event more than this many rounds after the first state. */
  readonly rounds: number;
}

export interface Finding {
  readonly problem: string;
  /** Rounds and events from the first state to the violation. */
  readonly path: readonly string[];
  readonly shown: readonly string[];
}

export interface Result {
  readonly states: number;
  readonly transitions: number;
  /** States that were visited after healing only. */
  readonly healed: number;
  /** Rounds of the longest shortest path. */
  readonly rounds: number;
  /** Healed ends in which nobody is a member any more. */
  readonly down: number;
  readonly finding: Finding | null;
  /** Why the search ended early; null = it is complete. */
  readonly incomplete: string | null;
  readonly ms: number;
}

interface Node<W> {
  readonly world: W;
  readonly parent: Node<W> | null;
  readonly label: string;
  readonly round: number;
}

/** After healing this many rounds must suffice to come to rest: twenty timeouts of ten rounds. */
const REST_ROUNDS_MAX = 320;
/** The clock is looked at once in so many states. */
const LOOK_EVERY = 256;

export function explore<W>(model: Model<W>, limits: Limits): Result {
  const startedMs = performance.now();
  const search = new Search(model, limits);
  const end = search.run(() => performance.now() - startedMs);
  return { ...search.sums(), ...end, ms: Math.round(performance.now() - startedMs) };
}

class Search<W> {
  readonly #model: Model<W>;
  readonly #limits: Limits;
  readonly #seen = new Set<string>();
  readonly #rest = new Map<string, "one" | "down">();
  #queue: Node<W>[] = [];
  #transitions = 0;
  #rounds = 0;
  #down = 0;

  constructor(model: Model<W>, limits: Limits) {
    this.#model = model;
    this.#limits = limits;
  }

  sums(): Pick<Result, "states" | "transitions" | "healed" | "rounds" | "down"> {
    const [states, healed] = [this.#seen.size, this.#rest.size];
    const [transitions, rounds, down] = [this.#transitions, this.#rounds, this.#down];
    return { states, transitions, healed, rounds, down };
  }

  run(elapsedMs: () => number): Pick<Result, "finding" | "incomplete"> {
    for (const world of this.#model.initial) {
      this.#add({ world, parent: null, label: "", round: 0 });
    }
    let looked = 0;
    while (this.#queue.length > 0) {
      const now = this.#queue;
      this.#queue = [];
      for (const node of now) {
        looked += 1;
        const finding = this.#visit(node);
        if (finding !== null) return { finding, incomplete: null };
        const { size } = this.#seen;
        if (size >= this.#limits.states) return stopped(`${size} states`);
        if (looked % LOOK_EVERY === 0 && elapsedMs() >= this.#limits.ms) {
          return stopped(`${size} states (time)`);
        }
      }
    }
    return { finding: null, incomplete: null };
  }

  #visit(node: Node<W>): Finding | null {
    const problem = this.#model.problemOf(node.world) ?? this.#restless(node);
    if (problem !== null) return this.#tell(node, problem);
    this.#transitions += 1;
    const round = node.round + 1;
    this.#add({ world: this.#model.round(node.world), parent: node, label: "", round });
    if (node.round > this.#limits.rounds) return null;
    for (const { label, world } of this.#model.events(node.world)) {
      this.#transitions += 1;
      this.#add({ world, parent: node, label, round: node.round });
    }
    return null;
  }

  #add(node: Node<W>): void {
    const key = this.#model.keyOf(node.world);
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#rounds = Math.max(this.#rounds, node.round);
    this.#queue.push(node);
  }

  /** Heals and waits until a state comes again; what is true in that circle is true for ever. */
  #restless(node: Node<W>): string | null {
    const chain = new Map<string, W>();
    let world = this.#model.heal(node.world);
    for (let rounds = 0; rounds < REST_ROUNDS_MAX; rounds += 1) {
      const key = this.#model.keyOf(world);
      const known = this.#rest.get(key);
      if (known !== undefined) return this.#settle(chain, known);
      if (chain.has(key)) {
        const rest = this.#model.restOf(world);
        if (typeof rest !== "string") return `after healing: ${rest.problem}`;
        return this.#settle(chain, rest);
      }
      const problem = this.#model.problemOf(world);
      if (problem !== null) return `${problem} (${rounds} rounds after healing)`;
      chain.set(key, world);
      world = this.#model.round(world);
    }
    return `no rest within ${REST_ROUNDS_MAX} rounds after healing: ${this.#model.describe(world)}`;
  }

  #settle(chain: ReadonlyMap<string, W>, rest: "one" | "down"): null {
    for (const key of chain.keys()) this.#rest.set(key, rest);
    if (rest === "down") this.#down += 1;
    return null;
  }

  #tell(node: Node<W>, problem: string): Finding {
    const nodes: Node<W>[] = [];
    for (let at: Node<W> | null = node; at !== null; at = at.parent) nodes.unshift(at);
    const path = nodes
      .filter(({ label }) => label !== "")
      .map(({ label, round }) => `round ${round}: ${label}`);
    path.push(`round ${node.round}: ${problem}`);
    const shown = nodes.map(
      ({ world, round, label }) =>
        `${String(round).padStart(4)} ${this.#model.describe(world)}${label === "" ? "" : `  <- ${label}`}`,
    );
    return { problem, path, shown };
  }
}

const stopped = (text: string): { finding: null; incomplete: string } => ({
  finding: null,
  incomplete: `stopped at ${text}`,
});
