/**
 * The cores of a cluster of two as the pulse process runs them: the reducer of route.ts, its present state, and
 * the last stamp of the shared-disk method. Source: cores.ts; protocol.md 1.5, 1.6.
 */
import { assert } from "../../hal/base/assert.ts";
import type { HostIncarnation, ServerIndex } from "../../hal/base/ids.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { AgentToken, PulseEvent } from "../../services/events.ts";
import type { AliveWord, Facts } from "../../services/facts.ts";
import type { PeerHealth } from "../../services/heartbeat/peer.ts";
import type { MembershipState } from "../../services/membership/state.ts";
import type { Through } from "../replay/recorder.ts";
import type { Cores, Taken } from "./cores.ts";
import { drawFacts, drawLease } from "./facts.ts";
import { Farewell, hasSaidFarewell, isFarewellOpen } from "./farewell.ts";
import { hasChanged, lostAfter } from "./news.ts";
import { holdsLease, nextDeadlineMs, peerOf, step } from "./route.ts";
import { createPulse, type PulseState } from "./state.ts";

export class PairCores implements Cores {
  readonly #farewell = new Farewell();
  readonly #through: Through;
  #state: PulseState;
  #lostAfterMs: number | null = null;

  constructor(
    self: ServerIndex,
    host: HostIncarnation,
    config: ClusterConfig,
    atMs: number,
    through: Through,
  ) {
    this.#through = through;
    assert(config.servers.length === 2, "an arbiter settles between two servers");
    this.#state = createPulse(self, host, config, atMs);
  }

  get membership(): MembershipState {
    return this.#state.membership;
  }

  get token(): AgentToken | null {
    return this.#state.agent.token;
  }

  get peers(): readonly PeerHealth[] {
    return [this.#peer];
  }

  get hasSaidFarewell(): boolean {
    return hasSaidFarewell(this.#state);
  }

  take(event: PulseEvent, config: ClusterConfig): Taken {
    const before = this.#state;
    const { state, effects } = this.#through(step, before, event, config);
    this.#state = state;
    if (state.membership.view !== before.membership.view) {
      this.#lostAfterMs = lostAfter(state, event.atMs);
    }
    this.#farewell.look(state, config);
    const isNews = state.membership !== before.membership || hasChanged(before, state);
    return { effects, isNews };
  }

  holdsLease(atMs: number, config: ClusterConfig): boolean {
    return holdsLease(this.#state, atMs, config);
  }

  nextDeadlineMs(config: ClusterConfig, nowMs: number): number {
    return nextDeadlineMs(this.#state, config, nowMs);
  }

  drawFacts(willRevision: number, atMs: number, config: ClusterConfig): Facts {
    return drawFacts(this.#state, this.#peer, willRevision, this.#lostAfterMs, atMs, config);
  }

  drawLease(_atMs: number, config: ClusterConfig): Pick<AliveWord, "leaseUntilMs" | "ackedMs"> {
    return drawLease(this.#state, config);
  }

  owesFarewell(config: ClusterConfig): boolean {
    return isFarewellOpen(this.#state, config);
  }

  sayFarewell(): Promise<void> {
    return this.#farewell.begin();
  }

  get #peer(): PeerHealth {
    const peer = peerOf(this.#state);
    assert(peer !== null, "a cluster of two has another server");
    return peer;
  }
}
