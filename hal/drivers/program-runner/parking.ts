/**
 * The parked parents of one runner: at most one per program, each waiting for the word to go.
 * Intuition: a parked parent is no promise, only a head start. It counts when it was made for the
 * very same order and lives at the instant it is needed; otherwise the start does all by itself.
 * Source: requirement R52; architecture.md 2 (takeover budget); protocol.md P4.
 */
import type { ProgramSpec } from "../../ports/host.ts";
import type { ProcessIdentity } from "../process-tree/process-tree.ts";
import type { Parent } from "./launch.ts";
import type { Known } from "./record.ts";

export interface Held {
  /** Of the order it was made for, see `orderKey`. */
  readonly key: string;
  readonly parent: Parent;
  readonly identity: ProcessIdentity;
  /** The folder it waits in; null = none. */
  readonly cgroup: string | null;
  /**
   * The run that lived when it was parked: what that left behind must go first. Null = none, or
   * all of it is gone for certain.
   */
  readonly behind: Known | null;
}

export class Parking {
  readonly #held = new Map<string, Held>();
  readonly #specs = new Map<string, ProgramSpec>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #delayMs: number | null;
  readonly #prepare: (spec: ProgramSpec) => void;
  #closed = false;

  /** `prepare` is called `delayMs` after `later`; null = never. */
  constructor(delayMs: number | null, prepare: (spec: ProgramSpec) => void) {
    this.#delayMs = delayMs;
    this.#prepare = prepare;
  }

  /** The living one of this folder; one that has died is forgotten. */
  get(dir: string): Held | null {
    const held = this.#held.get(dir);
    if (held === undefined) return null;
    if (held.parent.isWaiting) return held;
    this.drop(dir);
    return null;
  }

  /** Hands over the one made for this order; one made for another is ended. */
  take(dir: string, key: string): Held | null {
    const held = this.get(dir);
    if (held !== null && held.key === key) {
      this.#held.delete(dir);
      return held;
    }
    this.drop(dir);
    return null;
  }

  hold(dir: string, held: Held): void {
    this.drop(dir);
    if (this.#closed) return held.parent.end();
    this.#held.set(dir, held);
  }

  /** Nothing of the run before is left. */
  cleaned(dir: string): void {
    const held = this.#held.get(dir);
    if (held !== undefined) this.#held.set(dir, { ...held, behind: null });
  }

  drop(dir: string): void {
    this.#held.get(dir)?.parent.end();
    this.#held.delete(dir);
  }

  /** The order that `later` prepares. */
  remember(dir: string, spec: ProgramSpec): void {
    this.#specs.set(dir, spec);
  }

  later(dir: string): void {
    const spec = this.#specs.get(dir);
    clearTimeout(this.#timers.get(dir));
    this.#timers.delete(dir);
    if (spec === undefined || this.#delayMs === null || this.#closed) return;
    const due = (): void => {
      this.#timers.delete(dir);
      this.#prepare(spec);
    };
    this.#timers.set(dir, setTimeout(due, this.#delayMs).unref());
  }

  /** Ends all of them, also one that is being made. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const dir of [...this.#held.keys()]) this.drop(dir);
  }
}
