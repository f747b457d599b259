/**
 * What membership by majority remembers beside the words of two servers, and what it sees around it.
 * Source: protocol.md 1.1-1.4; requirements R86-R94.
 */
import type { HostIncarnation, ServerIndex } from "../../../hal/base/ids.ts";
import type { Epoch, View } from "../../../hal/base/view.ts";
import type { ClusterConfig } from "../../configuration/model.ts";
import type { PulseEffect } from "../../effects.ts";
import type { PeerHealth } from "../../heartbeat/peer.ts";
import type { StampState } from "../../quorum/stamp-state.ts";
import { createMembership, type MembershipState } from "../state.ts";

export interface MajorityState extends MembershipState {
  /**
   * End of the lease that was held in the view before: it carries the groups until the acknowledgements of
   * this view do, and never any further. -Infinity = none was held.
   */
  readonly carriedUntilMs: number;
  /** The lease of this epoch is over; a later acknowledgement does not undo it (rule 1.3.3). */
  readonly lapsed: boolean;
  /**
   * The promise that the agent holds as well, so that the next pulse will keep it: only this one is shown.
   * A promise that only this process knows would be forgotten with it (1.4.8). null = none.
   */
  readonly shown: View | null;
  /**
   * Views that this process has agreed to come into from outside, newest last, 0-8. Any of them may be
   * installed by the others although a higher one was agreed to since.
   */
  readonly accepted: readonly Epoch[];
  /** Since when a promise stands, here or at another member, that has come to nothing; null = none. */
  readonly stuckSinceMs: number | null;
}

/** Everything that membership by majority looks at in one moment. */
export interface Field {
  /** All other configured servers. */
  readonly peers: readonly PeerHealth[];
  readonly mayOwn: boolean;
  /** This server is to propose its view once more, for a text that all members hold (1.9). Default false. */
  readonly renews?: boolean;
  /** What the slots show, where the shared disk decides; absent = a majority does. */
  readonly disk?: StampState;
  /** Servers that an operator has stated to be off. Default none. */
  readonly peersOff?: readonly ServerIndex[];
  readonly atMs: number;
  readonly config: ClusterConfig;
}

export interface Outcome {
  readonly state: MajorityState;
  readonly effects: readonly PulseEffect[];
}

export function createMajority(
  self: ServerIndex,
  host: HostIncarnation,
  serverCount: number,
  atMs: number,
): MajorityState {
  return {
    ...createMembership(self, host, serverCount, atMs),
    carriedUntilMs: Number.NEGATIVE_INFINITY,
    lapsed: false,
    shown: null,
    accepted: [],
    stuckSinceMs: null,
  };
}

export const still = (state: MajorityState): Outcome => ({ state, effects: [] });

/** The state has changed in a way that the agent is told of at once. */
export const spoken = (state: MajorityState, effects: readonly PulseEffect[]): Outcome => ({
  state,
  effects: [...effects, { kind: "agent.tell" }],
});
