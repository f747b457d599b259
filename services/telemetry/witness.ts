/**
 * The last word on a server that was ordered to shut itself down and can say nothing any more: another
 * server on the same broker has overheard the order and attests what it sees. It speaks of what has come
 * true only; refusals and failures are told by the server that was asked, for it is still there.
 * Pure: time is a parameter. Source: ecosystem.md 1.4 (a final reply for every command); R186.
 */
import type { StatusDocument } from "../status.ts";
import { GoalWatch, type Order } from "./commands/order.ts";
import type { Bilingual } from "./model.ts";

/** As long as an order may take; what is seen later has other reasons. */
const WITNESS_MS_MAX = 120_000;
/** A person shuts down a server now and then; more is a flood. */
const WITNESSED_MAX = 16;

interface Witnessed<S> {
  readonly commandId: string;
  readonly sender: S;
  readonly sinceMs: number;
  readonly watch: GoalWatch;
}

/** `S`: whatever is needed to answer. */
export class Witness<S> {
  #seen: readonly Witnessed<S>[] = [];

  take(commandId: string, sender: S, { goal }: Order, status: StatusDocument, atMs: number): void {
    const watch = new GoalWatch(goal, status);
    this.#seen = [...this.#seen, { commandId, sender, sinceMs: atMs, watch }].slice(-WITNESSED_MAX);
  }

  /** Those that have come true; each is told once. */
  look(
    status: StatusDocument,
    atMs: number,
  ): readonly { readonly commandId: string; readonly sender: S; readonly now: Bilingual }[] {
    if (this.#seen.length === 0) return [];
    const judged = this.#seen.map((one) => ({ ...one, progress: one.watch.judge(status) }));
    this.#seen = judged.filter(
      ({ progress, sinceMs }) => progress.kind === "pending" && atMs - sinceMs < WITNESS_MS_MAX,
    );
    return judged
      .filter(({ progress }) => progress.kind === "reached")
      .map(({ commandId, sender, progress }) => ({ commandId, sender, now: progress.now }));
  }
}
