/**
 * Orders to a server itself: what is accepted, what is refused, and what a force-return leaves in the
 * table. One agent is stepped by hand. Source: guide 3.3; R191, R205, R208, R209; D17, D25; V4.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { ServerState } from "../../../hal/base/view.ts";
import { loadConfiguration } from "../../../services/configuration/load.ts";
import type { ClusterConfig } from "../../../services/configuration/model.ts";
import type { Wish } from "../../../services/events.ts";
import type { Facts } from "../../../services/facts.ts";
import { createFailover, ownWords, step } from "../../../services/failover/core.ts";
import type { AgentEffect, AgentEvent, FailoverState } from "../../../services/failover/state.ts";
import { decodeWords, encodeWords, type RequestVerb } from "../../../services/failover/words.ts";
import { sample, write } from "../configuration/sample.ts";
import { UNEVENTFUL } from "./uneventful-facts.ts";

const HOST = hostIncarnation("00000000000000a1");

interface Scene {
  readonly server: ServerState;
  /** null = the peer is not heard. */
  readonly peer: ServerState | null;
  readonly live?: boolean;
  readonly heard?: boolean;
  readonly peerEpoch?: number;
  readonly provisional?: boolean;
  readonly waitUntilMs?: number;
  readonly sole?: boolean;
}

class Agent {
  readonly config: ClusterConfig;
  state: FailoverState;
  effects: AgentEffect[] = [];

  constructor(epoch = 5) {
    const loaded = loadConfiguration(write(sample()), "cluster.jsonc");
    if (loaded.kind === "refused") throw new Error("sample refused");
    this.config = loaded.config;
    this.state = createFailover(0, this.config);
    const running = this.config.groups.map(() => false);
    this.take({ kind: "restored", atMs: 1000, first: true, words: null, running, epoch });
  }

  take(event: AgentEvent): void {
    const { state, effects } = step(this.state, event, this.config);
    this.state = state;
    this.effects.push(...effects);
  }

  wish(wish: Wish): void {
    this.take({ kind: "wish.set", atMs: 1000, wish });
  }

  hear(scene: Scene): void {
    const member = scene.server === "member";
    const sole = scene.sole ?? (member && scene.peer !== "member");
    const epoch = { counter: 6, coordinator: 0, host: HOST };
    const words = { ...ownWords(this.state), epoch: scene.peerEpoch ?? 0 };
    const facts: Facts = {
      ...UNEVENTFUL,
      atMs: 1000,
      server: scene.server,
      view: member ? { epoch, members: sole ? [0] : [0, 1] } : null,
      floor: 6,
      sole,
      provisional: scene.provisional === true,
      holdsLease: member && scene.provisional !== true,
      waitUntilMs: scene.waitUntilMs ?? null,
      peers: [
        {
          index: 1,
          state: scene.peer,
          sinceHeardMs: 10,
          host: HOST,
          mayOwn: false,
          sameView: scene.peer === "member",
          epochCounter: 6,
          blob: encodeWords(words),
          presence: false,
          configDiffers: false,
          live: scene.live ?? scene.peer === "member",
          heard: scene.heard ?? scene.peer !== null,
        },
      ],
      willRevision: this.state.willRevision,
    };
    this.take({ kind: "facts.received", atMs: 1000, facts });
  }

  order(verb: RequestVerb, target = 0): string {
    this.effects = [];
    const commandId = "c";
    this.take({ kind: "operator.command", atMs: 1000, commandId, verb, group: 0, target });
    const answer = this.effects.find((effect) => effect.kind === "command.answer");
    return answer?.kind === "command.answer" ? answer.code : "";
  }
}

test("R208: an ordinary return is refused when all are down, and the refusal names the other way", () => {
  const agent = new Agent();
  agent.hear({ server: "detached", peer: null });
  assert.is(agent.order("server.return"), "all-down");
  agent.hear({ server: "detached", peer: "detached" });
  assert.is(agent.order("server.return"), "all-down");
  agent.hear({ server: "detached", peer: "member" });
  assert.is(agent.order("server.return"), "accepted");
});

test("R191, D25: after a force-return the table says stopped on purpose, for every group", () => {
  const agent = new Agent();
  agent.hear({ server: "detached", peer: "detached" });
  assert.is(agent.order("server.force-return"), "accepted");
  assert.is(agent.state.wish?.kind, "found");
  assert.ok(agent.state.groups.every(({ desired, order }) => desired === null && order > 0));
  agent.hear({ server: "member", peer: "detached" });
  agent.hear({ server: "member", peer: "detached" });
  assert.ok(agent.state.groups.every(({ desired }) => desired === null));
  assert.not(agent.effects.some(({ kind }) => kind === "resource.start"));
});

test("R191: an agent that restarts after a force-return starts nothing either", () => {
  const before = new Agent();
  before.hear({ server: "detached", peer: "detached" });
  before.order("server.force-return");
  const words = decodeWords(encodeWords(ownWords(before.state)));
  const after = new Agent();
  const running = after.config.groups.map(() => false);
  after.take({ kind: "restored", atMs: 1000, first: true, words, running });
  after.hear({ server: "member", peer: null });
  after.hear({ server: "member", peer: null });
  assert.ok(after.state.groups.every(({ desired }) => desired === null));
});

test("R190, R185: what a server was at its start does not undo an order given since, as the first save takes its time", () => {
  const outside = new Agent();
  outside.hear({ server: "detached", peer: "member" });
  assert.is(outside.order("server.return"), "accepted");
  outside.wish({ kind: "detached", floor: 6 });
  assert.is(outside.state.wish?.kind, "return");

  const base = new Agent();
  base.hear({ server: "detached", peer: "detached" });
  assert.is(base.order("server.force-return"), "accepted");
  base.wish({ kind: "detached", floor: 6 });
  assert.is(base.state.wish?.kind, "found");

  const inside = new Agent();
  inside.hear({ server: "member", peer: "member" });
  assert.is(inside.order("server.detach"), "accepted");
  const view = inside.state.facts?.view;
  if (view == null) throw new Error("a member has a view");
  inside.wish({ kind: "resume", view, ackedStampMs: null, remembered: true });
  assert.is(inside.state.wish?.kind, "leave");
});

test("V4: a force-return is refused while a live member is heard, and is dropped when one appears", () => {
  const agent = new Agent();
  agent.hear({ server: "detached", peer: null, live: true, heard: true });
  assert.is(agent.order("server.force-return"), "live-member-heard");
  agent.hear({ server: "detached", peer: null });
  assert.is(agent.order("server.force-return"), "accepted");
  agent.hear({ server: "detached", peer: null, live: true, heard: true });
  assert.is(agent.state.wish?.kind, "detached");
});

test("V4: a server that knows less needs the operator's word for the loss", () => {
  const agent = new Agent(5);
  agent.hear({ server: "detached", peer: "detached", peerEpoch: 6 });
  assert.is(agent.order("server.force-return"), "later-epoch");
  assert.is(agent.state.wish?.kind, "detached");
  assert.is(agent.order("server.force-return-loss"), "accepted");
  const equal = new Agent(6);
  equal.hear({ server: "detached", peer: "detached", peerEpoch: 6 });
  assert.is(equal.order("server.force-return"), "accepted");
});

test("V4: the epoch that a server was in travels in its words", () => {
  const agent = new Agent(0xabcdef0123);
  const words = decodeWords(encodeWords(ownWords(agent.state)));
  assert.is(words?.epoch, 0xabcdef0123);
});

test("only a detached server is force-returned", () => {
  const agent = new Agent();
  agent.hear({ server: "member", peer: "member" });
  assert.is(agent.order("server.force-return"), "not-detached");
});

test("1.8: in a provisional view no group is started", () => {
  const agent = new Agent();
  agent.hear({ server: "detached", peer: null });
  agent.order("server.force-return");
  agent.hear({ server: "member", peer: null, provisional: true });
  assert.is(agent.order("group.start"), "provisional");
  agent.hear({ server: "member", peer: null });
  assert.is(agent.order("group.start"), "accepted");
});

test("1.8: the wish of a member tells a new pulse that its view is provisional", () => {
  const agent = new Agent();
  agent.hear({ server: "member", peer: null, provisional: true });
  const { wish } = agent.state;
  assert.ok(wish?.kind === "resume" && wish.provisional === true);
});

test("S2: start-now ends the wait of a starting server and is refused to any other", () => {
  const agent = new Agent();
  agent.wish({ kind: "start", floor: 5, waitUntilMs: 9000 });
  agent.hear({ server: "starting", peer: null, waitUntilMs: 9000 });
  assert.is(agent.order("cluster.start-now"), "accepted");
  const { wish } = agent.state;
  assert.is(wish?.kind === "start" ? wish.waitUntilMs : null, 1000);
  agent.hear({ server: "starting", peer: null, waitUntilMs: 900 });
  assert.is(agent.order("cluster.start-now"), "not-waiting");
  agent.hear({ server: "member", peer: null });
  assert.is(agent.order("cluster.start-now"), "not-waiting");
});

test("R205: a forced stop is refused where it would stop the business", () => {
  const agent = new Agent();
  agent.hear({ server: "member", peer: null });
  assert.is(agent.order("server.force-stop"), "only-server");
  assert.not(agent.effects.some(({ kind }) => kind === "force-off"));
  agent.hear({ server: "member", peer: "detached" });
  assert.is(agent.order("server.force-stop"), "only-server");
  agent.hear({ server: "member", peer: "member" });
  assert.is(agent.order("server.force-stop"), "accepted");
  assert.ok(agent.effects.some(({ kind }) => kind === "force-off"));
});

test("2.5: the word that a server is off is refused while anything of it is heard, and ends with its voice", () => {
  const agent = new Agent();
  agent.hear({ server: "member", peer: "detached" });
  assert.is(agent.order("server.confirm-off", 1), "still-heard");
  agent.hear({ server: "member", peer: null, heard: true });
  assert.is(agent.order("server.confirm-off", 1), "still-heard");
  agent.hear({ server: "member", peer: null });
  assert.is(agent.order("server.confirm-off", 0), "still-heard");
  assert.is(agent.order("server.confirm-off", 1), "accepted");
  assert.equal(agent.state.confirmedOff, [1]);
  agent.hear({ server: "member", peer: null, heard: true });
  assert.equal(agent.state.confirmedOff, []);
});

test.run();
