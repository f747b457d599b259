/**
 * Events of another server, read at its broker: its own, each once, and what was missed marked as such.
 * Source: ecosystem.md 1.2, 1.3.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { PeerTrail } from "../../../services/telemetry/peer-trail.ts";
import { DeskStage, PREFIX, picture } from "./desk-stage.ts";

const event = (seq: number, server = "SERVER2", more: object = {}): object => {
  const ts = new Date(Date.UTC(2026, 10, 22, 12, 0, seq % 60)).toISOString();
  return { v: 1, id: `${server}-${seq}`, seq, ts, server, key: "group.running", ...more };
};

const message = (content: unknown, below = "event") => ({
  topic: `${PREFIX}/${below}`,
  payload: Buffer.from(typeof content === "string" ? content : JSON.stringify(content)),
  retain: false,
  responseTopic: null,
  correlation: null,
});

const seqs = (trail: PeerTrail, content: unknown): number[] =>
  trail.take("SERVER2", message(content)).map(({ seq }) => seq);

test("each event once, whether told at once or found in the list", () => {
  const trail = new PeerTrail();
  assert.equal(seqs(trail, { events: [event(2), event(1)] }), [1, 2]);
  assert.equal(seqs(trail, event(2)), []);
  assert.equal(seqs(trail, event(3)), [3]);
  assert.equal(seqs(trail, { events: [event(2), event(3), event(5)] }), [5]);
});

test("what was found in the list is marked as sent again", () => {
  const trail = new PeerTrail();
  const [late] = trail.take("SERVER2", message({ events: [event(1)] }));
  const [live] = trail.take("SERVER2", message(event(2)));
  assert.equal([late?.replay, live?.replay], [true, undefined]);
});

test("a server speaks for itself alone", () => {
  const trail = new PeerTrail();
  assert.equal(seqs(trail, event(9, "SERVER1")), []);
  assert.equal(seqs(trail, { events: [event(9, "SERVER1"), event(1)] }), [1]);
  assert.equal(seqs(trail, { ...event(2), id: "SERVER1-2" }), []);
  assert.equal(seqs(trail, { ...event(2), server: "SERVER1" }), []);
});

test("the log of a server that was set up anew counts from one again", () => {
  const trail = new PeerTrail();
  assert.equal(seqs(trail, event(700)), [700]);
  assert.equal(seqs(trail, event(1)), []);
  assert.equal(seqs(trail, { events: [event(1), event(2)] }), [1, 2]);
});

test("what is no event is nobody's", () => {
  const trail = new PeerTrail();
  const huge = event(1, "SERVER2", { text: "x".repeat(20_000) });
  const bad = ["", "[]", "null", "{", { events: "no" }, { events: [null, 1, []] }, huge];
  for (const content of bad) assert.equal(seqs(trail, content), []);
  for (const seq of [0, -1, 1.5, "1", null]) assert.equal(seqs(trail, { ...event(1), seq }), []);
});

test("events of a peer go to the own broker and into its list, not to the outside", () => {
  const brokers = [{ takesCommands: true }, { takesCommands: false, wantsSignature: true }];
  const stage = new DeskStage({ brokers });
  stage.see(picture());
  stage.connect(0);
  stage.connect(1);
  stage.take({ kind: "peer.heard", server: "SERVER2", message: message(event(4)) });
  stage.pass(1000, picture());
  const told = stage.published.filter(({ topic }) => topic === `${PREFIX}/event`);
  assert.equal(
    told.map(({ broker }) => broker),
    [0],
  );
  assert.match(told[0]?.payload ?? "", '"id":"SERVER2-4"');
  const lists = stage.published.filter(({ topic }) => topic === `${PREFIX}/event/recent`);
  assert.match(lists.at(-1)?.payload ?? "", '"id":"SERVER2-4"');
  // The mark of what was delivered counts the own log only.
  assert.equal(stage.marks, []);
});

test.run();
