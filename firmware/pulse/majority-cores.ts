/**
 * The cores of a cluster of three and more as the pulse process runs them: the reducer of majority-route.ts and
 * its present state. Where a majority decides nobody has to be told at the end, silence is the word; where the
 * shared disk does, the last stamp says it.
 * Source: cores.ts; protocol.md 1.3-1.4; guide 1.2.4 J1-J4.
 */
import type { HostIncarnation, ServerIndex } from "../../hal/base/ids.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { AgentToken, PulseEvent } from "../../services/events.ts";
import type { AliveWord, Facts } from "../../services/facts.ts";
import type { PeerHealth } from "../../services/heartbeat/peer.ts";
import type { MembershipState } from "../../services/membership/state.ts";
import type { Through } from "../replay/recorder.ts";
import { mayOwn } from "./agent-watch.ts";
import type { Cores, Taken } from "./cores.ts";
import { Farewell, hasSaidFarewell, isFarewellOpen, type Leaver } from "./farewell.ts";
import { drawMajorityFacts, drawMajorityLease } from "./majority-facts.ts";
import {
  createPulse,
  holdsLease,
  type MajorityPulse,
  nextDeadlineMs,
  peersOf,
  step,
} from "./majority-route.ts";
import { hasOtherNews } from "./news.ts";

export class MajorityCores implements Cores {
  readonly #farewell = new Farewell();
  readonly #through: Through;
  #state: MajorityPulse;
  #lostAfterMs: number | null = null;

  constructor(
    self: ServerIndex,
    host: HostIncarnation,
    config: ClusterConfig,
    atMs: number,
    through: Through,
  ) {
    this.#through = through;
    this.#state = createPulse(self, host, config, atMs);
  }

  get membership(): MembershipState {
    return this.#state.membership;
  }

  get token(): AgentToken | null {
    return this.#state.agent.token;
  }

  get peers(): readonly PeerHealth[] {
    return peersOf(this.#state);
  }

  get hasSaidFarewell(): boolean {
    return hasSaidFarewell(this.#leaver);
  }

  take(event: PulseEvent, config: ClusterConfig): Taken {
    const before = this.#state;
    const { state, effects } = this.#through(step, before, event, config);
    this.#state = state;
    if (state.membership.view !== before.membership.view) {
      this.#lostAfterMs = lostAfter(before, state, event.atMs);
    }
    this.#farewell.look(this.#leaver, config);
    return { effects, isNews: hasChanged(before, state) };
  }

  holdsLease(atMs: number, config: ClusterConfig): boolean {
    return holdsLease(this.#state, atMs, config);
  }

  nextDeadlineMs(config: ClusterConfig, nowMs: number): number {
    return nextDeadlineMs(this.#state, config, nowMs);
  }

  drawFacts(willRevision: number, atMs: number, config: ClusterConfig): Facts {
    return drawMajorityFacts(this.#state, willRevision, this.#lostAfterMs, atMs, config);
  }

  drawLease(atMs: number, config: ClusterConfig): Pick<AliveWord, "leaseUntilMs" | "ackedMs"> {
    return drawMajorityLease(this.#state, atMs, config);
  }

  owesFarewell(config: ClusterConfig): boolean {
    return isFarewellOpen(this.#leaver, config);
  }

  sayFarewell(): Promise<void> {
    return this.#state.disk === null ? Promise.resolve() : this.#farewell.begin();
  }

  get #leaver(): Leaver {
    const { membership, willDone, disk } = this.#state;
    return { membership, willDone, disk: disk === null ? null : { stamps: disk } };
  }
}

/** How long the last of those that the new view has dropped had been silent; null = nobody was dropped. */
function lostAfter(before: MajorityPulse, after: MajorityPulse, atMs: number): number | null {
  const members = after.membership.view?.members ?? [];
  const dropped = (before.membership.view?.members ?? []).filter((i) => !members.includes(i));
  const silences = peersOf(after).flatMap(({ index, lanHeardAtMs }) =>
    dropped.includes(index) && lanHeardAtMs !== null ? [Math.round(atMs - lanHeardAtMs)] : [],
  );
  return members.length === 0 || silences.length === 0 ? null : Math.max(...silences);
}

/** Something of it concerns the agent, which hears of it at once. */
export function hasChanged(before: MajorityPulse, after: MajorityPulse): boolean {
  if (before.membership !== after.membership || mayOwn(before) !== mayOwn(after)) return true;
  if (before.heartbeat === after.heartbeat) return false;
  return after.heartbeat.peers.some((peer, index) =>
    hasOtherNews(before.heartbeat.peers[index]?.beat ?? null, peer.beat),
  );
}
