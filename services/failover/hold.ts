/**
 * Holds the view into which a sole server is about to take the other one: on flash first, then in the wish,
 * so that whichever process dies, nobody teaches the sole view again once the other server may be in.
 * Intuition: the pulse steps out of its sole view only onto ground that its twin already stands on.
 * Source: protocol.md 1.4.8, 1.5; README, Invariants.
 */
import { sameEpoch } from "../../hal/base/view.ts";
import type { AgentEffect, FailoverState } from "./state.ts";

type Result = { readonly state: FailoverState; readonly effects: readonly AgentEffect[] };

/** Follows the pulse's proposal; run after the wish has been drawn from the facts. */
export function holdProposal(state: FailoverState): Result {
  const proposal = state.facts?.proposal ?? null;
  if (proposal === null) {
    if (state.hold === null) return { state, effects: [] };
    // Installed, or it came to nothing: the record follows the view again.
    return { state: { ...state, hold: null }, effects: [{ kind: "table.persist" }] };
  }
  if (state.hold !== null && sameEpoch(state.hold.view.epoch, proposal.epoch)) {
    return { state: teach(state), effects: [] };
  }
  const id = state.nextId;
  const hold = { view: proposal, atMs: Math.floor(state.facts?.atMs ?? 0), id, kept: false };
  return { state: { ...state, nextId: id + 1, hold }, effects: [{ kind: "view.hold", id }] };
}

/** The record names the view. A failure leaves it unheld: the pulse proposes again after T. */
export function viewKept(state: FailoverState, id: number): FailoverState | null {
  if (state.hold?.id !== id) return null;
  return { ...state, hold: { ...state.hold, kept: true } };
}

function teach(state: FailoverState): FailoverState {
  const { hold, wish } = state;
  if (hold === null || !hold.kept || wish?.kind !== "resume") return state;
  const { view, atMs } = hold;
  return { ...state, wish: { kind: "resume", view, ackedStampMs: atMs, remembered: true } };
}
