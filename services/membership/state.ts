/**
 * What membership remembers, and the few ways a view can change. Two servers in this release; the fields
 * are those of protocol.md 1.1, so that views of more members need no other words.
 * Source: protocol.md 1.1, 1.4, 1.5.7, 1.7; requirements D14-D19, D53, R202-R204.
 */
import type { HostIncarnation, ServerIndex } from "../../hal/base/ids.ts";
import { type Epoch, type ServerState, sameEpoch, type View } from "../../hal/base/view.ts";
import type { ClusterConfig } from "../configuration/model.ts";
import type { NoteData, PulseEffect, Step } from "../effects.ts";
import type { StopReason } from "../events.ts";
import type { PeerHealth } from "../heartbeat/peer.ts";

export interface MembershipState {
  readonly self: ServerIndex;
  readonly host: HostIncarnation;
  /** `observing`: the agent has not yet said what this server is; no beat is sent. */
  readonly server: ServerState | "observing";
  readonly sinceMs: number;
  readonly view: View | null;
  /** Ages count from here until the first acknowledgement in the view, ms. */
  readonly baseMs: number;
  /** Acknowledgement of the epoch before, where a new text has been installed with this one; null = none. */
  readonly carriedMs: number | null;
  /** The peer's silence counts from here until it is heard: what this process slept through is no silence. */
  readonly listensFromMs: number;
  /** Host incarnation of each server when the view was installed or first heard in it. */
  readonly hosts: readonly (HostIncarnation | null)[];
  /** Highest epoch counter known; the next view is above it. */
  readonly floor: number;
  readonly promise: View | null;
  readonly promiseAtMs: number;
  /** Epoch of the own proposal that the other server was seen to promise; null = none was. */
  readonly agreed: Epoch | null;
  /** No acknowledgement before this moment (amnesia, 1.4.8). */
  readonly abstainUntilMs: number;
  /** End of the start sync wait (D17). */
  readonly waitUntilMs: number;
  /** The will has been executed; nothing starts here any more in this host incarnation. */
  readonly gaveUp: StopReason | null;
  /**
   * Addresses are down and nothing starts until this moment: after a long gap without a lease-bound method (1.5),
   * and where a new process is told of a sole view: by an agent as new as itself, or where nothing runs.
   */
  readonly listenUntilMs: number | null;
  /** Two sole views met (D53): nobody announces addresses. */
  readonly conflict: boolean;
  /** Why a start alone or a takeover is refused at present, for status and alert; null = nothing. */
  readonly refused: StopReason | null;
  readonly mismatchNoted: boolean;
  /** Since when the other server runs by another text; null = it does not. */
  readonly mismatchAtMs: number | null;
  /**
   * The sole view was written by a force-return: nothing starts in it before the method's own condition
   * of a start alone holds, or another server is in (protocol.md 1.8). `taught`: by the agent to a new
   * pulse, which has forgotten whom it last heard as what. null = the view is one like any other.
   */
  readonly provisional: "founded" | "taught" | null;
}

export type Result = Step<MembershipState, PulseEffect>;

/** What membership sees of its surroundings at one moment. */
export interface Surroundings {
  readonly peer: PeerHealth;
  readonly mayOwn: boolean;
  /** Epoch of the view that the agent would teach a new pulse; null = unknown. */
  readonly held: Epoch | null;
  /** An operator has stated that the peer is off. */
  readonly peerOff: boolean;
  readonly atMs: number;
  readonly config: ClusterConfig;
  /** Hash of the text that this server holds ready for the next epoch; absent = none. */
  readonly prepared?: string | null;
}

export function createMembership(
  self: ServerIndex,
  host: HostIncarnation,
  serverCount: number,
  atMs: number,
): MembershipState {
  return {
    self,
    host,
    server: "observing",
    sinceMs: atMs,
    view: null,
    baseMs: atMs,
    carriedMs: null,
    listensFromMs: atMs,
    hosts: Array.from({ length: serverCount }, () => null),
    floor: 0,
    promise: null,
    promiseAtMs: atMs,
    agreed: null,
    abstainUntilMs: Number.NEGATIVE_INFINITY,
    waitUntilMs: Number.POSITIVE_INFINITY,
    gaveUp: null,
    listenUntilMs: null,
    conflict: false,
    refused: null,
    mismatchNoted: false,
    mismatchAtMs: null,
    provisional: null,
  };
}

export const isSole = (view: View | null, self: ServerIndex): boolean =>
  view !== null && view.members.length === 1 && view.members[0] === self;

/** The view of both that this sole server installs as soon as its agent holds it; null = none. */
export function proposalOf(state: MembershipState): View | null {
  const { promise, agreed, self, view } = state;
  if (promise === null || agreed === null || !sameEpoch(promise.epoch, agreed)) return null;
  return isSole(view, self) ? promise : null;
}

export const isMember = (state: MembershipState): boolean =>
  (state.view?.members.includes(state.self) ?? false) && takesPart(state);

/** Only these states grant, promise, resolve and own. */
export const takesPart = (state: MembershipState): boolean =>
  state.server === "member" || state.server === "leaving" || state.server === "stopping";

export const note = (key: string, data: NoteData): PulseEffect => ({ kind: "note", key, data });
