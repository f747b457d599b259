/**
 * Plays a takeover through the failover core before there is one: see firmware/pulse/rehearse.ts.
 * Pure state, thrown away; nothing is executed.
 */
import { hostIncarnation, type ServerIndex } from "../../hal/base/ids.ts";
import type { View } from "../../hal/base/view.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { Facts } from "../../services/facts.ts";
import { createFailover, ownWords, step } from "../../services/failover/core.ts";
import type { AgentEvent } from "../../services/failover/state.ts";
import { encodeWords } from "../../services/failover/words.ts";

const ROUNDS = 20;
/** An address and a program are two steps each; one more for the end. */
const STEPS = 8;

export function rehearseTakeover(self: ServerIndex, config: ClusterConfig): void {
  for (let round = 0; round < ROUNDS; round += 1) playTakeover(self, config);
}

function playTakeover(self: ServerIndex, config: ClusterConfig): void {
  let state = createFailover(self, config);
  const pending: number[] = [];
  const take = (event: AgentEvent): void => {
    const taken = step(state, event, config);
    state = taken.state;
    for (const effect of taken.effects) {
      if (effect.kind === "resource.start" || effect.kind === "resource.stop")
        pending.push(effect.id);
    }
  };
  const owner = self === 0 ? 1 : 0;
  const theirs = config.groups.map(() => ({ state: "running" as const, desired: owner, order: 1 }));
  const blob = encodeWords({ ...ownWords(state), groups: theirs });
  const count = config.servers.length;
  const facts = (sole: boolean, atMs: number): Facts => drawFacts(self, count, sole, blob, atMs);
  take({ kind: "facts.received", atMs: 1, facts: facts(false, 1) });
  const running = config.groups.map(() => false);
  take({ kind: "restored", atMs: 1, first: true, words: null, running });
  take({ kind: "facts.received", atMs: 2, facts: facts(false, 2) });
  for (let atMs = 3; atMs < 3 + STEPS; atMs += 1) {
    take({ kind: "facts.received", atMs, facts: facts(true, atMs) });
    const id = pending.shift();
    if (id !== undefined) take({ kind: "effect.completed", atMs, id });
  }
}

function drawFacts(
  self: ServerIndex,
  count: number,
  sole: boolean,
  blob: Uint8Array,
  atMs: number,
): Facts {
  const host = hostIncarnation("0".repeat(16));
  const all = Array.from({ length: count }, (_, index) => index);
  const members = sole ? [self] : all;
  const coordinator = sole ? self : self === 0 ? 1 : 0;
  const view: View = { epoch: { counter: sole ? 2 : 1, coordinator, host }, members };
  return {
    atMs,
    server: "member",
    sinceMs: 0,
    view,
    proposal: null,
    promise: null,
    floor: 2,
    sole,
    gaveUp: null,
    holdsLease: true,
    leaseUntilMs: null,
    ackedMs: atMs,
    lostAfterMs: sole ? 1 : null,
    conflict: false,
    refused: null,
    claim: "none",
    waitUntilMs: null,
    peers: all
      .filter((index) => index !== self)
      .map((index) => ({
        index,
        state: sole ? null : ("member" as const),
        sinceHeardMs: 1,
        host,
        mayOwn: true,
        sameView: !sole,
        epochCounter: 1,
        blob,
        presence: false,
        configDiffers: false,
      })),
    paths: [],
    willRevision: Number.MAX_SAFE_INTEGER,
  };
}
