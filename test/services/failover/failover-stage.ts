/**
 * One agent's failover core stepped by hand: what the pulse tells it of a peer that the test writes down,
 * and every effect so far. SERVER1 coordinates while both are there.
 */
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { GroupState, ServerState } from "../../../hal/base/view.ts";
import { loadConfiguration } from "../../../services/configuration/load.ts";
import type { ClusterConfig } from "../../../services/configuration/model.ts";
import type { Facts } from "../../../services/facts.ts";
import { createFailover, step } from "../../../services/failover/core.ts";
import type { AgentEffect, AgentEvent, FailoverState } from "../../../services/failover/state.ts";
import { encodeWords } from "../../../services/failover/words.ts";
import { sample, write } from "../configuration/sample.ts";
import { UNEVENTFUL } from "./uneventful-facts.ts";

export const HOST = hostIncarnation("00000000000000a1");

/** What the peer says of the one group. */
export interface Peer {
  readonly state: GroupState;
  readonly desired: number | null;
  readonly order: number;
  readonly failover?: boolean;
  /** Bytes of its words instead of those drawn from the above. */
  readonly blob?: Uint8Array;
}

export interface Agent {
  readonly config: ClusterConfig;
  readonly self: number;
  state: FailoverState;
  atMs: number;
  /** All effects so far, oldest first. */
  readonly effects: AgentEffect[];
}

/** An agent after its first start, with nothing running. */
export function stageAgent(self: number, value: ReturnType<typeof sample> = sample()): Agent {
  const loaded = loadConfiguration(write(value), "cluster.jsonc");
  if (loaded.kind === "refused") throw new Error(loaded.findings.map(({ text }) => text).join());
  const { config } = loaded;
  const agent = { config, self, state: createFailover(self, config), atMs: 1000, effects: [] };
  take(agent, { kind: "restored", atMs: agent.atMs, first: true, words: null, running: [false] });
  return agent;
}

export function take(agent: Agent, event: AgentEvent): void {
  const { state, effects } = step(agent.state, event, agent.config);
  agent.state = state;
  agent.effects.push(...effects);
}

/** `peer` null = it is lost and this server goes on alone. */
export function hear(agent: Agent, peer: Peer | null, server: ServerState = "member"): void {
  agent.atMs += 10;
  const { self, atMs, state } = agent;
  const coordinator = peer === null ? self : 0;
  const rest = { shutdown: 0 as const, marked: false, offAfterLeave: false };
  const groups = peer === null ? [] : [peer];
  const words = { ...rest, request: null, reply: null, groups };
  const inView = server === "member";
  const epoch = { counter: peer === null ? 2 : 1, coordinator, host: HOST };
  const facts: Facts = {
    ...UNEVENTFUL,
    atMs,
    server,
    view: inView ? { epoch, members: peer === null ? [self] : [0, 1] } : null,
    floor: 1,
    sole: peer === null,
    holdsLease: inView,
    peers: [
      {
        index: 1 - self,
        state: peer === null ? null : "member",
        sinceHeardMs: 10,
        host: HOST,
        mayOwn: false,
        sameView: peer !== null,
        epochCounter: 1,
        blob: peer?.blob ?? encodeWords(words),
        presence: false,
        configDiffers: false,
      },
    ],
    willRevision: state.willRevision,
  };
  take(agent, { kind: "facts.received", atMs, facts });
}
