/**
 * Puts one beat together from what the cores know at this moment. The acknowledgement is the only
 * promise in it: present iff the receiver is a member of the very view the receiver itself shows.
 * Source: protocol.md 1.3 rule 1.
 */
import type { ServerIndex } from "../../hal/base/ids.ts";
import type { ServerState, View } from "../../hal/base/view.ts";
import type { ClusterConfig } from "../configuration/model.ts";
import { isMember, isSole, type MembershipState } from "../membership/state.ts";
import type { ComBeat, LanBeat, LanBeatDraft } from "./beat.ts";
import { hearsCom, hearsLanBits, type PeerHealth, showsView } from "./peer.ts";

export interface OwnWords {
  readonly blob: Uint8Array;
  readonly progress: number;
  readonly mayOwn: boolean;
  /** Number of the claim that stands on the own block, 0 = none. */
  readonly claim: number;
}

/** What a beat says beside that where a majority decides. */
export interface MajorityWords {
  readonly promise: View | null;
  readonly hears: number;
  readonly lapsed: boolean;
}

export function composeMajorityBeat(
  to: PeerHealth,
  membership: MembershipState,
  words: OwnWords & MajorityWords,
  atMs: number,
  config: ClusterConfig,
): LanBeat {
  const beat = composeLanBeat(to, membership, words, atMs, config);
  beat.promise = words.promise;
  beat.hears = words.hears;
  beat.lapsed = words.lapsed;
  return beat;
}

export function composeLanBeat(
  to: PeerHealth,
  membership: MembershipState,
  words: OwnWords,
  atMs: number,
  config: ClusterConfig,
): LanBeatDraft {
  return {
    kind: "lan-beat",
    from: membership.self,
    to: to.index,
    host: membership.host,
    stampMs: Math.floor(atMs),
    state: shownState(membership),
    view: shownView(membership),
    promise: membership.promise,
    heardStampMs: to.beat === null ? null : to.beat.stampMs,
    ack: grants(membership, to, atMs, config.hash)
      ? { stampMs: to.beat?.stampMs ?? 0, grantedMs: config.budget.timeoutMs }
      : null,
    hearsLanBits: hearsLanBits(to, atMs, config),
    hearsCom: hearsCom(to, atMs, config),
    claim: words.claim,
    mayOwn: words.mayOwn,
    configRevision: config.revision,
    configHash: config.hash,
    agentProgress: words.progress,
    blob: words.blob,
  };
}

export function composeComBeat(
  to: PeerHealth,
  membership: MembershipState,
  mayOwn: boolean,
  atMs: number,
  config: ClusterConfig,
): ComBeat {
  return {
    kind: "com-beat",
    from: membership.self,
    to: to.index,
    host: membership.host,
    stampMs: Math.floor(atMs),
    state: shownState(membership),
    epochCounter: membership.view?.epoch.counter ?? membership.floor,
    hearsCom: hearsCom(to, atMs, config),
    sole: isSole(membership.view, membership.self),
    mayOwn,
  };
}

/**
 * Whether this server acknowledges `to`: both show the same view and run by the same text, and no amnesia
 * stands between. `configHash` is this server's.
 */
export function grants(
  membership: MembershipState,
  to: PeerHealth,
  atMs: number,
  configHash: string,
): boolean {
  const { view } = membership;
  if (view === null || !isMember(membership) || atMs < membership.abstainUntilMs) return false;
  if (!view.members.includes(to.index) || to.beat?.view == null) return false;
  // Whoever has promised a view without the receiver never acknowledges it again (rule 1.3.1).
  if (membership.promise?.members.includes(to.index) === false) return false;
  const known = membership.hosts[to.index] ?? null;
  if (known !== null && known !== to.host) return false;
  return to.beat.configHash === configHash && showsView(to, view);
}

/** Outside a view a server shows the highest epoch it knows, with nobody in it. */
function shownView(membership: MembershipState): View {
  if (membership.view !== null && isMember(membership)) return membership.view;
  const counter = membership.floor;
  const epoch = { counter, coordinator: membership.self as ServerIndex, host: membership.host };
  return { epoch, members: [] };
}

const shownState = (membership: MembershipState): ServerState =>
  membership.server === "observing" ? "detached" : membership.server;
