/**
 * Rows that the swarm found in the agent's core: what a restarted agent must not say, what a silent member
 * does not lose, and orders that got lost. Source: protocol.md 1.4.5-1.4.8; R21, R54; G7.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { Facts } from "../../../services/facts.ts";
import { createFailover, ownWords, step } from "../../../services/failover/core.ts";
import type { AgentEffect, AgentEvent, FailoverState } from "../../../services/failover/state.ts";
import { encodeWords, type GroupWords, type Words } from "../../../services/failover/words.ts";
import { SETTINGS, swarmConfig } from "./swarm-plan.ts";

const HOST = hostIncarnation("00000000000000a1");
const setting = SETTINGS[0];
if (setting === undefined) throw new Error("no setting");
const config = swarmConfig(setting);

const idle: GroupWords = { state: "stopped", desired: null, order: 0 };
const onFirst: GroupWords = { state: "stopped", desired: 0, order: 3 };
const onSecond: GroupWords = { state: "stopped", desired: 1, order: 3 };

function words(groups: readonly GroupWords[], shutdown: Words["shutdown"] = 0): Words {
  return { shutdown, marked: false, offAfterLeave: false, request: null, reply: null, groups };
}

interface Scene {
  readonly peer?: Words | null;
  readonly sole?: boolean;
  readonly server?: Facts["server"];
  readonly atMs?: number;
  readonly holdsLease?: boolean;
}

/** Whatever will the agent deposits, the pulse of the next facts holds it. */
let revision = 0;

/** SERVER1 coordinates; `peer` null = silent but still a member. */
function facts({
  peer = words([idle, idle]),
  sole = false,
  server = "member",
  atMs = 1000,
  holdsLease = true,
}: Scene): Facts {
  const view = {
    epoch: { counter: sole ? 2 : 1, coordinator: 0, host: HOST },
    members: sole ? [0] : [0, 1],
  };
  const heard = peer !== null && !sole;
  revision += 100;
  return {
    atMs,
    server,
    sinceMs: 0,
    view,
    floor: view.epoch.counter,
    sole,
    gaveUp: null,
    holdsLease,
    leaseUntilMs: null,
    ackedMs: atMs,
    lostAfterMs: null,
    conflict: false,
    refused: null,
    claim: "none",
    waitUntilMs: null,
    peer: {
      index: 1,
      state: heard ? "member" : null,
      sinceHeardMs: heard ? 10 : null,
      host: HOST,
      mayOwn: false,
      sameView: heard,
      epochCounter: 1,
      blob: heard ? encodeWords(peer) : new Uint8Array(0),
      presence: false,
      configDiffers: false,
    },
    paths: [],
    willRevision: revision,
  };
}

class Agent {
  state: FailoverState = createFailover(0, config);
  effects: readonly AgentEffect[] = [];

  take(event: AgentEvent): void {
    const { state, effects } = step(this.state, event, config);
    this.state = state;
    this.effects = effects;
  }

  hear(scene: Scene): void {
    this.take({ kind: "facts.received", atMs: scene.atMs ?? 1000, facts: facts(scene) });
  }

  restore(kept: Words | null, running: readonly boolean[] = [false, false]): void {
    this.take({ kind: "restored", atMs: 1000, first: false, words: kept, running });
    // What an earlier agent may have left half stopped is cleaned up first.
    for (let effect = this.stop(); effect !== undefined; effect = this.stop()) {
      this.take({ kind: "effect.completed", atMs: 1000, id: effect });
    }
  }

  /** Id of a stop under way. */
  stop(): number | undefined {
    return this.state.groups.find(({ pendingId }) => pendingId !== null)?.pendingId ?? undefined;
  }

  desired(): readonly (number | null)[] {
    return this.state.groups.map(({ desired }) => desired);
  }
}

test("1.4.7: an agent that has not looked at what runs here says, orders and starts nothing", () => {
  const agent = new Agent();
  agent.hear({});
  agent.hear({});
  assert.is(agent.state.wish, null);
  assert.is(agent.state.tableKnown, false);
  assert.equal(agent.desired(), [null, null]);
  assert.equal(agent.effects, []);
  agent.restore(words([{ ...onFirst, state: "running" }, onSecond]), [true, false]);
  assert.equal(agent.desired(), [0, 1]);
  assert.is(ownWords(agent.state).groups[0]?.state, "running");
});

test("1.4.5: nothing starts before the lease of the epoch is held", () => {
  const agent = new Agent();
  agent.hear({ holdsLease: false });
  agent.restore(words([onFirst, onSecond]));
  agent.hear({ holdsLease: false, peer: words([onFirst, onSecond]) });
  assert.not(agent.effects.some(({ kind }) => kind === "resource.start"));
  agent.hear({ peer: words([onFirst, onSecond]) });
  assert.ok(agent.effects.some(({ kind }) => kind === "resource.start"));
});

test("R180: words from before the first placement are no table: the groups are placed after all", () => {
  const agent = new Agent();
  agent.hear({});
  agent.restore(words([idle, idle]));
  agent.hear({});
  assert.equal(agent.desired(), [0, 1]);
});

test("R21: a member that is silent keeps its group until the verdict", () => {
  const agent = new Agent();
  agent.hear({ peer: null });
  agent.restore(words([onFirst, onSecond]));
  agent.hear({ peer: null });
  assert.equal(agent.desired(), [0, 1]);
  agent.hear({ sole: true });
  assert.equal(agent.desired(), [0, 0]);
});

test("R185, R54: the last server drops its wish to leave and takes back what it had let go", () => {
  const agent = new Agent();
  agent.hear({});
  agent.restore(words([onFirst, onSecond]));
  agent.take({ kind: "wish.set", atMs: 1000, wish: { kind: "leave" } });
  agent.hear({ server: "leaving", peer: words([onFirst, onSecond]) });
  assert.equal(agent.desired(), [1, 1]);
  agent.hear({ server: "leaving", sole: true });
  assert.equal(agent.desired(), [null, null]);
  agent.hear({ sole: true });
  assert.is(agent.state.wish?.kind, "resume");
  assert.equal(agent.desired(), [0, 0]);
});

test("G7: an agent that restarts in a cluster shutdown goes on with it", () => {
  const agent = new Agent();
  agent.hear({});
  agent.restore(words([idle, { ...idle, order: 4 }], 1));
  assert.is(ownWords(agent.state).shutdown, 1);
});

test("G7: the order to go off is repeated by a server that still runs", () => {
  const agent = new Agent();
  agent.hear({ sole: true });
  agent.restore(words([{ ...idle, order: 4 }, idle], 2));
  agent.hear({ sole: true });
  const mark = agent.state.nextId - 1;
  agent.take({ kind: "effect.completed", atMs: 1100, id: mark });
  const offs: number[] = [];
  for (let atMs = 1100; atMs < 30_000; atMs += 50) {
    agent.take({ kind: "tick", atMs });
    if (agent.effects.some(({ kind }) => kind === "server.off")) offs.push(atMs);
  }
  assert.ok(offs.length >= 2, `${offs.length} times`);
  assert.ok(offs.length <= 4, `${offs.length} times`);
});

test.run();
