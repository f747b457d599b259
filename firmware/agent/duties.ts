/**
 * In which order the agent carries out what its core asks for, and what is news for the pulse.
 * Intuition: what a client waits for comes before what only a log waits for. Source: architecture.md 4.
 */
import { sameEpoch, type View } from "../../hal/base/view.ts";
import type { Wish } from "../../services/events.ts";
import type { Facts } from "../../services/facts.ts";
import type { AgentEffect } from "../../services/failover/state.ts";

/** The acknowledged stamp in a wish moves with every fact; that alone is no news for the pulse. */
export function sameWish(a: Wish | null, b: Wish | null): boolean {
  if (a === b || a === null || b === null) return a === b;
  if (a.kind === "resume" && b.kind === "resume") {
    const same = (a.provisional === true) === (b.provisional === true);
    return same && sameEpoch(a.view.epoch, b.view.epoch);
  }
  if (a.kind === "start" && b.kind === "start") return a.waitUntilMs === b.waitUntilMs;
  return a.kind === b.kind;
}

/**
 * The wish as a new pulse is taught it: whole facts are up to a second old, the short words between them say
 * how long the lease really was when the pulse was lost.
 */
export function withNewestAck(wish: Wish, told: Pick<Facts, "view" | "ackedMs"> | null): Wish {
  if (wish.kind !== "resume" || told?.view == null || told.ackedMs === null) return wish;
  if (!sameEpoch(told.view.epoch, wish.view.epoch)) return wish;
  const ackedStampMs = Math.max(wish.ackedStampMs ?? Number.NEGATIVE_INFINITY, told.ackedMs);
  return { ...wish, ackedStampMs };
}

/** What the agent holds for its pulse: nobody sees a promise before both hold it, so a new one is news. */
export function sameView(a: View | null, b: View | null): boolean {
  return a === b || (a !== null && b !== null && sameEpoch(a.epoch, b.epoch));
}

/** Duties of the executor, in this order (architecture.md 4): send, actuate, then keep and report. */
const DUTIES: Readonly<Record<AgentEffect["kind"], number>> = {
  "will.deposit": 0,
  "resource.start": 1,
  "resource.stop": 1,
  "script.recover": 1,
  "give-up": 1,
  "force-off": 1,
  "words.changed": 2,
  "mark.write": 3,
  "view.hold": 3,
  "server.off": 4,
  "command.answer": 4,
  "table.persist": 5,
  note: 6,
};

export function inOrder(effects: readonly AgentEffect[]): readonly AgentEffect[] {
  return [...effects].sort((a, b) => DUTIES[a.kind] - DUTIES[b.kind]);
}
