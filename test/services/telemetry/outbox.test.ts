/** The outbox is bounded in every direction, and what a broker did not acknowledge goes again. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { EventMessage } from "../../../services/telemetry/model.ts";
import {
  EVENTS_MAX,
  LETTERS_MAX,
  Outbox,
  TOPICS_MAX,
  WINDOW,
} from "../../../services/telemetry/outbox.ts";

const event = (seq: number): EventMessage => ({
  v: 1,
  id: `SERVER1-${seq}`,
  seq,
  ts: "2026-11-22T12:00:00.000Z",
  severity: "info",
  code: "KG-4011",
  key: "group.running",
  server: "SERVER1",
  subject: { kind: "group", id: "web" },
  args: {},
  cause: null,
  text: { en: "", ja: "" },
  why: { en: "", ja: "" },
  hint: { en: "", ja: "" },
});

const letter = (topic: string) => ({
  topic,
  payload: "x",
  retain: false,
  correlation: null,
  expiryS: null,
});

/** Takes and acknowledges until nothing is left. */
function drain(outbox: Outbox): { topic: string; payload: string }[] {
  const all: { topic: string; payload: string }[] = [];
  for (;;) {
    const some = outbox.take();
    if (some.length === 0) return all;
    for (const one of some) {
      all.push(one);
      outbox.delivered(one.token);
    }
  }
}

test("of a topic only the last value waits, and never two of it are under way", () => {
  const outbox = new Outbox("e");
  outbox.becomeConnected();
  outbox.put("a", "1");
  const [first] = outbox.take();
  for (let n = 2; n <= 1000; n += 1) outbox.put("a", String(n));
  assert.equal(outbox.take(), []);
  outbox.delivered(first?.token ?? 0);
  assert.equal(
    drain(outbox).map(({ payload }) => payload),
    ["1000"],
  );
});

test("a broker that does not acknowledge gets one window and no more", () => {
  const outbox = new Outbox("e");
  outbox.becomeConnected();
  for (let n = 0; n < 500; n += 1) outbox.put(`t${n}`, "x");
  assert.is(outbox.take().length, WINDOW);
  assert.is(outbox.take().length, 0);
});

test("of the events the newest 10,000 are kept, and the loss is counted", () => {
  const outbox = new Outbox("e");
  for (let seq = 1; seq <= EVENTS_MAX + 500; seq += 1) outbox.event(event(seq));
  outbox.becomeConnected();
  const sent = drain(outbox).map(({ payload }) => JSON.parse(payload) as EventMessage);
  assert.is(sent.length, EVENTS_MAX);
  assert.is(sent[0]?.seq, 501);
  assert.is(outbox.dropped, 500);
  assert.is(outbox.ackedSeq, EVENTS_MAX + 500);
});

test("events that were not acknowledged go again after a reconnect, the others do not", () => {
  const outbox = new Outbox("e");
  outbox.becomeConnected();
  for (const seq of [1, 2, 3, 4]) outbox.event(event(seq));
  const sent = outbox.take();
  outbox.delivered(sent[0]?.token ?? 0);
  // The broker has 3, but not 2: both go again, in order.
  outbox.delivered(sent[2]?.token ?? 0);
  assert.is(outbox.ackedSeq, 1);
  outbox.becomeLost();
  outbox.becomeConnected();
  const again = drain(outbox).map(({ payload }) => JSON.parse(payload) as EventMessage);
  assert.equal(
    again.map(({ seq, replay }) => [seq, replay]),
    [
      [2, true],
      [3, true],
      [4, true],
    ],
  );
});

test("an acknowledgement of an earlier connection counts for nothing", () => {
  const outbox = new Outbox("e");
  outbox.becomeConnected();
  outbox.put("a", "1");
  const [first] = outbox.take();
  outbox.becomeLost();
  outbox.becomeConnected();
  const [second] = outbox.take();
  outbox.delivered(first?.token ?? 0);
  outbox.put("a", "2");
  assert.equal(outbox.take(), [], "the second is still under way");
  outbox.delivered(second?.token ?? 0);
  assert.is(drain(outbox)[0]?.payload, "2");
});

test("replies come before state and events, are bounded, and do not wait for an outage to end", () => {
  const outbox = new Outbox("e");
  outbox.letter(letter("lost"));
  outbox.becomeConnected();
  outbox.event(event(1));
  outbox.put("a", "1");
  for (let n = 0; n < LETTERS_MAX + 10; n += 1) outbox.letter(letter(`r${n}`));
  const sent = drain(outbox).map(({ topic }) => topic);
  assert.is(sent.length, LETTERS_MAX + 2);
  assert.is(sent[0], "r0");
  assert.equal(sent.slice(-2), ["a", "e"]);
  assert.is(outbox.dropped, 11);
});

test("topics are bounded, and a removed one is gone at the broker and here", () => {
  const outbox = new Outbox("e");
  outbox.becomeConnected();
  for (let n = 0; n < TOPICS_MAX + 10; n += 1) outbox.put(`t${n}`, "x");
  assert.is(drain(outbox).length, TOPICS_MAX);
  outbox.clear("t0");
  outbox.clear("never-there");
  assert.equal(
    drain(outbox).map(({ topic, payload }) => [topic, payload]),
    [["t0", ""]],
  );
  assert.not(outbox.topics().includes("t0"));
});

test.run();
