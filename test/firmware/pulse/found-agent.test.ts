/**
 * Rows that the swarm found in the agent's core: what a restarted agent must not say, what a silent member
 * does not lose, and orders that got lost. Source: protocol.md 1.4.5-1.4.8; R21, R54; G7.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import { type Facts, overdueMs, type PeerFact } from "../../../services/facts.ts";
import { createFailover, ownWords, step } from "../../../services/failover/core.ts";
import type { AgentEffect, AgentEvent, FailoverState } from "../../../services/failover/state.ts";
import {
  decodeWords,
  encodeWords,
  type GroupWords,
  type Words,
} from "../../../services/failover/words.ts";
import { UNEVENTFUL } from "../../services/failover/uneventful-facts.ts";
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
  readonly counter?: number;
  readonly outside?: boolean;
  readonly server?: Facts["server"];
  readonly atMs?: number;
  readonly holdsLease?: boolean;
  readonly peerState?: PeerFact["state"];
  readonly proposal?: Facts["proposal"];
}

/** Whatever will the agent deposits, the pulse of the next facts holds it. */
let revision = 0;

/** SERVER1 coordinates the common view; `peer` null = silent but still a member. */
function facts(
  {
    peer = words([idle, idle]),
    sole = false,
    counter = sole ? 2 : 1,
    outside = false,
    server = "member",
    atMs = 1000,
    holdsLease = true,
    proposal = null,
    peerState = "member",
  }: Scene,
  self = 0,
): Facts {
  const view = {
    epoch: { counter, coordinator: sole ? self : 0, host: HOST },
    members: sole ? [self] : [0, 1],
  };
  const heard = peer !== null && !sole;
  revision += 100;
  return {
    ...UNEVENTFUL,
    atMs,
    server,
    view: outside ? null : view,
    proposal,
    floor: view.epoch.counter,
    sole,
    holdsLease,
    ackedMs: atMs,
    peers: [
      {
        index: 1 - self,
        state: heard ? peerState : null,
        sinceHeardMs: heard ? 10 : null,
        host: HOST,
        mayOwn: false,
        sameView: heard,
        epochCounter: 1,
        blob: heard ? encodeWords(peer) : new Uint8Array(0),
        presence: false,
        configDiffers: false,
      },
    ],
    willRevision: revision,
  };
}

class Agent {
  readonly #self: number;
  state: FailoverState;
  effects: readonly AgentEffect[] = [];

  constructor(self = 0) {
    this.#self = self;
    this.state = createFailover(self, config);
  }

  take(event: AgentEvent): void {
    const { state, effects } = step(this.state, event, config);
    this.state = state;
    this.effects = effects;
  }

  hear(scene: Scene): void {
    this.take({
      kind: "facts.received",
      atMs: scene.atMs ?? 1000,
      facts: facts(scene, this.#self),
    });
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

const joined = { epoch: { counter: 7, coordinator: 0, host: HOST }, members: [0, 1] };

test("1.4.8: an agent teaches the view that its pulse proposes once the record names it", () => {
  const agent = new Agent();
  agent.hear({ sole: true });
  agent.restore(words([onFirst, onFirst]));
  agent.hear({ sole: true });
  const taught = (): number | null =>
    agent.state.wish?.kind === "resume" ? agent.state.wish.view.epoch.counter : null;
  assert.is(taught(), 2);
  agent.hear({ sole: true, proposal: joined, atMs: 2000 });
  const holds = agent.effects.find(({ kind }) => kind === "view.hold");
  assert.ok(holds?.kind === "view.hold");
  const id = holds?.kind === "view.hold" ? holds.id : -1;
  agent.hear({ sole: true, proposal: joined, atMs: 2010 });
  assert.not(
    agent.effects.some(({ kind }) => kind === "view.hold"),
    "asked for once",
  );
  assert.is(taught(), 2, "not before it is on flash");
  agent.take({ kind: "effect.completed", atMs: 2020, id });
  assert.equal(agent.state.wish, {
    kind: "resume",
    view: joined,
    // A pulse that is taught it counts its lease from the proposal: that was before any installation.
    ackedStampMs: 2000,
    remembered: true,
  });
  agent.hear({ sole: true, proposal: joined, atMs: 2030 });
  assert.is(taught(), 7);
  agent.hear({ sole: true, atMs: 3000 });
  assert.is(taught(), 2, "it came to nothing");
  assert.ok(agent.effects.some(({ kind }) => kind === "table.persist"));
});

test("1.4.8: a view that flash refuses is not taught", () => {
  const agent = new Agent();
  agent.hear({ sole: true });
  agent.restore(words([onFirst, onFirst]));
  agent.hear({ sole: true, proposal: joined });
  const holds = agent.effects.find(({ kind }) => kind === "view.hold");
  const id = holds?.kind === "view.hold" ? holds.id : -1;
  agent.take({ kind: "effect.failed", atMs: 1010, id, error: "ENOSPC" });
  agent.hear({ sole: true, proposal: joined });
  assert.ok(agent.state.wish?.kind === "resume" && agent.state.wish.view.epoch.counter === 2);
});

test("1.4.8: a new epoch is kept though the order table did not change with it", () => {
  const agent = new Agent(1);
  agent.hear({ peer: words([onFirst, onFirst]) });
  agent.restore(words([onFirst, onFirst]));
  agent.hear({ peer: words([onFirst, onFirst]) });
  agent.hear({ peer: words([onFirst, onFirst]), counter: 3 });
  assert.ok(agent.effects.some(({ kind }) => kind === "table.persist"));
  agent.hear({ peer: words([onFirst, onFirst]), counter: 3 });
  assert.not(
    agent.effects.some(({ kind }) => kind === "table.persist"),
    "once",
  );
});

test("R180: words from before the first placement do not undo it when they come late", () => {
  const agent = new Agent(1);
  agent.hear({ peer: words([idle, idle]) });
  agent.restore(null);
  agent.hear({ peer: words([onFirst, onSecond]) });
  assert.equal(agent.desired(), [0, 1]);
  agent.hear({ peer: words([idle, idle]) });
  assert.equal(agent.desired(), [0, 1]);
  // Nor in the next view, whose coordinator is a new agent without a table.
  agent.hear({ peer: words([idle, idle]), counter: 3 });
  assert.equal(agent.desired(), [0, 1]);
  agent.hear({ sole: true });
  assert.equal(agent.desired(), [1, 1]);
});

test("1.4.8: a new agent keeps at once that its server is outside the view", () => {
  for (const server of ["detached", "returning", "starting"] as const) {
    const agent = new Agent();
    agent.hear({ server, outside: true });
    agent.take({
      kind: "restored",
      atMs: 1000,
      first: false,
      words: null,
      running: [false, false],
    });
    assert.ok(
      agent.effects.some(({ kind }) => kind === "table.persist"),
      server,
    );
  }
  const inside = new Agent(1);
  inside.hear({ peer: null });
  inside.take({ kind: "restored", atMs: 1000, first: false, words: null, running: [false, false] });
  assert.not(inside.effects.some(({ kind }) => kind === "table.persist"));
});

test("1.2: near the end of its lease a server waits for no more than two words of its pulse", () => {
  assert.is(overdueMs(100), 200);
  assert.is(overdueMs(3000), 2000);
  // Where two words are less than what load explains, three are waited for.
  assert.is(overdueMs(40), 100);
  assert.is(overdueMs(10), 60);
});

test("R54: both members are to leave: the one that stays takes back what the other gave up", () => {
  const first = new Agent();
  first.hear({});
  first.restore(words([onFirst, onSecond]));
  first.take({ kind: "wish.set", atMs: 1000, wish: { kind: "leave" } });
  first.hear({ server: "leaving", peer: words([onFirst, onSecond]), peerState: "leaving" });
  assert.equal(first.desired(), [null, null]);
  const said = decodeWords(encodeWords(ownWords(first.state)));
  const second = new Agent(1);
  second.hear({ peer: words([onFirst, onSecond]) });
  second.restore(words([onFirst, onSecond]));
  second.hear({ peer: said });
  assert.equal(second.desired(), [null, null]);
  second.hear({ sole: true });
  assert.equal(second.desired(), [1, 1]);
});

test("R54: what an operator stopped stays stopped when the other member leaves", () => {
  const agent = new Agent(1);
  agent.hear({ peer: words([onFirst, onSecond]) });
  agent.restore(words([onFirst, onSecond]));
  agent.hear({ peer: words([{ ...onFirst, desired: null, order: 4 }, onSecond]) });
  agent.hear({ sole: true });
  assert.equal(agent.desired(), [null, 1]);
});

test.run();
