/**
 * What membership remembers, and the few ways a view can change. Two servers in this release; the fields
 * are those of protocol.md 1.1, so that views of more members need no other words.
 * Source: protocol.md 1.1, 1.4, 1.5.7, 1.7; requirements D14-D19, D53, R202-R204.
 */
import type { HostIncarnation, ServerIndex } from "../../hal/base/ids.ts";
import type { ServerState, View } from "../../hal/base/view.ts";
import type { NoteData, PulseEffect } from "../effects.ts";
import type { StopReason } from "../events.ts";

export interface MembershipState {
  readonly self: ServerIndex;
  readonly host: HostIncarnation;
  /** `observing`: the agent has not yet said what this server is; no beat is sent. */
  readonly server: ServerState | "observing";
  readonly sinceMs: number;
  readonly view: View | null;
  /** Ages count from here until the first acknowledgement in the view, ms. */
  readonly baseMs: number;
  /** The peer's silence counts from here until it is heard: what this process slept through is no silence. */
  readonly listensFromMs: number;
  /** Host incarnation of each server when the view was installed or first heard in it. */
  readonly hosts: readonly (HostIncarnation | null)[];
  /** Highest epoch counter known; the next view is above it. */
  readonly floor: number;
  readonly promise: View | null;
  readonly promiseAtMs: number;
  /** No acknowledgement before this moment (amnesia, 1.4.8). */
  readonly abstainUntilMs: number;
  /** End of the start sync wait (D17). */
  readonly waitUntilMs: number;
  /** The will has been executed; nothing starts here any more in this host incarnation. */
  readonly gaveUp: StopReason | null;
  /** After a long gap without a lease-bound method: addresses are down until this moment (1.5). */
  readonly listenUntilMs: number | null;
  /** Two sole views met (D53): nobody announces addresses. */
  readonly conflict: boolean;
  /** Why a start alone or a takeover is refused at present, for status and alert; null = nothing. */
  readonly refused: StopReason | null;
  readonly mismatchNoted: boolean;
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
    listensFromMs: atMs,
    hosts: Array.from({ length: serverCount }, () => null),
    floor: 0,
    promise: null,
    promiseAtMs: atMs,
    abstainUntilMs: Number.NEGATIVE_INFINITY,
    waitUntilMs: Number.POSITIVE_INFINITY,
    gaveUp: null,
    listenUntilMs: null,
    conflict: false,
    refused: null,
    mismatchNoted: false,
  };
}

export const isSole = (view: View | null, self: ServerIndex): boolean =>
  view !== null && view.members.length === 1 && view.members[0] === self;

export const isMember = (state: MembershipState): boolean =>
  (state.view?.members.includes(state.self) ?? false) && takesPart(state);

/** Only these states grant, promise, resolve and own. */
export const takesPart = (state: MembershipState): boolean =>
  state.server === "member" || state.server === "leaving" || state.server === "stopping";

export const note = (key: string, data: NoteData): PulseEffect => ({ kind: "note", key, data });
