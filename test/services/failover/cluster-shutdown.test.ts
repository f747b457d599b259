/**
 * Cluster shutdown in its three steps, and the clean mark as the last of all: nobody vouches for groups
 * that another member has not yet reported as stopped. Two agents are stepped by hand.
 * Source: protocol.md 1.4.8, G7; R184, D18.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { GroupState } from "../../../hal/base/view.ts";
import { loadConfiguration } from "../../../services/configuration/load.ts";
import type { ClusterConfig } from "../../../services/configuration/model.ts";
import type { Facts } from "../../../services/facts.ts";
import { createFailover, ownWords, step } from "../../../services/failover/core.ts";
import type { AgentEffect, AgentEvent, FailoverState } from "../../../services/failover/state.ts";
import { encodeWords } from "../../../services/failover/words.ts";
import { sample, write } from "../configuration/sample.ts";
import { UNEVENTFUL } from "./uneventful-facts.ts";

const HOST = hostIncarnation("00000000000000a1");

interface Peer {
  readonly state: GroupState;
  readonly shutdown?: 0 | 1 | 2;
  readonly marked?: boolean;
  readonly mayOwn?: boolean;
  /** It is silent, but not yet judged lost. */
  readonly silent?: boolean;
}

class Agent {
  readonly self: number;
  readonly config: ClusterConfig;
  state: FailoverState;
  effects: AgentEffect[] = [];
  atMs = 1000;

  constructor(self: number) {
    const loaded = loadConfiguration(write(sample()), "cluster.jsonc");
    if (loaded.kind === "refused") throw new Error("sample refused");
    this.self = self;
    this.config = loaded.config;
    this.state = createFailover(self, this.config);
    const running = this.config.groups.map(() => false);
    // Stopped by an operator before, so that nothing is placed here.
    const groups = this.config.groups.map(() => {
      return { state: "stopped" as const, desired: null, order: 1 };
    });
    const words = { ...ownWords(this.state), groups };
    this.take({ kind: "restored", atMs: 1000, first: true, words, running });
  }

  take(event: AgentEvent): void {
    const { state, effects } = step(this.state, event, this.config);
    this.state = state;
    this.effects.push(...effects);
  }

  /** SERVER1 coordinates; `peer` null = this server is alone. */
  hear(peer: Peer | null): void {
    this.atMs += 10;
    const epoch = { counter: 3, coordinator: peer === null ? this.self : 0, host: HOST };
    const groups = this.config.groups.map(() => {
      return { state: peer?.state ?? ("stopped" as const), desired: null, order: 1 };
    });
    const { shutdown = 0, marked = false } = peer ?? {};
    const words = { ...ownWords(this.state), shutdown, marked, request: null, reply: null, groups };
    const silent = peer === null || peer.silent === true;
    const facts: Facts = {
      ...UNEVENTFUL,
      atMs: this.atMs,
      server: "member",
      view: { epoch, members: peer === null ? [this.self] : [0, 1] },
      floor: 3,
      sole: peer === null,
      holdsLease: true,
      peers: [
        {
          index: 1 - this.self,
          state: silent ? null : "member",
          sinceHeardMs: 10,
          host: HOST,
          mayOwn: peer?.mayOwn ?? false,
          sameView: peer !== null,
          epochCounter: 3,
          blob: encodeWords(words),
          presence: false,
          configDiffers: false,
        },
      ],
      willRevision: this.state.willRevision,
    };
    this.take({ kind: "facts.received", atMs: this.atMs, facts });
  }

  shutDown(): void {
    const commandId = "c";
    const verb = "cluster.shutdown";
    this.take({
      kind: "operator.command",
      atMs: this.atMs,
      commandId,
      verb,
      group: 0,
      target: null,
    });
  }

  get marks(): number[] {
    return this.effects.flatMap((effect) => (effect.kind === "mark.write" ? [effect.id] : []));
  }
}

test("G7: no commit while a group of the other member is not stopped, or its will is not empty", () => {
  const agent = new Agent(0);
  agent.hear({ state: "stopped" });
  agent.shutDown();
  for (const peer of [
    { state: "running", shutdown: 1 },
    { state: "stopping", shutdown: 1 },
    { state: "stopped", shutdown: 1, mayOwn: true },
    { state: "stopped", shutdown: 0 },
  ] as const) {
    agent.hear(peer);
    assert.is(agent.state.shutdown, 1, JSON.stringify(peer));
  }
  agent.hear({ state: "stopped", shutdown: 1 });
  assert.is(agent.state.shutdown, 2);
  assert.equal(agent.marks, []);
});

test("G7: the coordinator's mark is the last: it waits until the member shows its own", () => {
  const agent = new Agent(0);
  agent.hear({ state: "stopped" });
  agent.shutDown();
  agent.hear({ state: "stopped", shutdown: 1 });
  agent.hear({ state: "stopped", shutdown: 2 });
  assert.equal(agent.marks, []);
  agent.hear({ state: "stopped", shutdown: 2, marked: true });
  assert.is(agent.marks.length, 1);
  assert.not(agent.effects.some(({ kind }) => kind === "server.off"));
});

test("G7: a member writes its mark when the coordinator has committed, not before", () => {
  const agent = new Agent(1);
  agent.hear({ state: "stopped", shutdown: 1 });
  assert.equal(agent.marks, []);
  agent.hear({ state: "stopped", shutdown: 2 });
  assert.is(agent.marks.length, 1);
});

test("D18: a server is off only after its mark is on disk, or was refused by the disk", () => {
  for (const kind of ["effect.completed", "effect.failed"] as const) {
    const agent = new Agent(1);
    agent.hear({ state: "stopped", shutdown: 2 });
    for (let tick = 0; tick < 3; tick += 1) {
      agent.atMs += 60_000;
      agent.take({ kind: "tick", atMs: agent.atMs });
    }
    assert.not(
      agent.effects.some((effect) => effect.kind === "server.off"),
      kind,
    );
    const [id = 0] = agent.marks;
    const base = { atMs: agent.atMs, id };
    agent.take(kind === "effect.failed" ? { kind, ...base, error: "ENOSPC" } : { kind, ...base });
    agent.hear({ state: "stopped", shutdown: 2 });
    agent.atMs += 60_000;
    agent.take({ kind: "tick", atMs: agent.atMs });
    assert.ok(
      agent.effects.some((effect) => effect.kind === "server.off"),
      kind,
    );
    const told = agent.effects.some((e) => e.kind === "note" && e.key === "shutdown.unclean");
    assert.is(told, kind === "effect.failed");
  }
});

test("R184: the shutdown of a sole server needs nobody's word, and it is told once", () => {
  const agent = new Agent(0);
  agent.hear(null);
  agent.shutDown();
  agent.hear(null);
  agent.hear(null);
  assert.is(agent.state.shutdown, 2);
  assert.is(agent.marks.length, 1);
  const told = agent.effects.filter((e) => e.kind === "note" && e.key === "shutdown.cluster");
  assert.is(told.length, 1);
});

test.run();
