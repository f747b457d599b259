/**
 * Events as text of a journal and back: beats by what differs, what the process hands on out of the state by
 * identity, everything else whole.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  type AnyEvent,
  type Bases,
  eventText,
  parseEvent,
  resolveHeld,
} from "../../../firmware/replay/entry.ts";
import { asIs, fromText } from "../../../firmware/replay/values.ts";

const EPOCH = { counter: 4, coordinator: 0, host: "00000000000000aa" };
const BEAT = {
  kind: "lan-beat",
  from: 1,
  to: 0,
  host: "00000000000000bb",
  stampMs: 1000,
  state: "member",
  view: { epoch: EPOCH, members: [0, 1] },
  promise: null,
  heardStampMs: 990,
  ack: { stampMs: 990, grantedMs: 1000 },
  hearsLanBits: 3,
  hearsCom: true,
  claim: 0,
  mayOwn: false,
  configRevision: 1,
  configHash: "00112233",
  agentProgress: 7,
  blob: Uint8Array.of(3, 0, 0),
};
const COM_BEAT = { kind: "com-beat", from: 1, to: 0, stampMs: 5, state: "member", sole: false };

const heard = (beat: object, path = 0, proven = true): AnyEvent =>
  ({ kind: "beat.received", atMs: 5000.25, path, beat, proven }) as AnyEvent;

/** Texts of `events` in a row, and what comes out of them. */
function through(events: readonly AnyEvent[]): { texts: string[]; back: unknown[] } {
  const written: Bases = new Map();
  const read: Bases = new Map();
  const texts = events.map((event) => eventText(event, null, written, asIs));
  const back = texts.map((text) => parseEvent(fromText(`[${text}]`) as unknown[], read)?.event);
  return { texts, back };
}

test("beats come back as they were, the second by what differs", () => {
  const events = [
    heard(BEAT),
    heard({ ...BEAT }, 1),
    heard({ ...BEAT, stampMs: 1100, view: { epoch: EPOCH, members: [1] } }, 0, false),
    heard({ ...BEAT, from: 2, blob: new Uint8Array(0) }),
    heard(COM_BEAT),
    heard({ ...COM_BEAT, sole: true }),
    heard({ ...BEAT, stampMs: 1200, blob: Uint8Array.of(9) }),
  ];
  const { texts, back } = through(events);
  assert.equal(back, events);
  assert.is(texts[1], '"d",5000.25,1,1,"lan-beat",1,{}');
  assert.match(texts[2] ?? "", /^"d",5000\.25,0,0,"lan-beat",1,\{"stampMs":1100,"view":/);
  assert.match(texts[3] ?? "", /^"b",/);
});

test("a field that a beat no longer has does not come back with it", () => {
  const events = [heard({ ...BEAT, lapsed: true, hears: 3 }), heard(BEAT)];
  const { texts, back } = through(events);
  assert.equal(back, events);
  assert.match(texts[1] ?? "", /^"b",/);
});

test("two beats share nothing after the way through a journal", () => {
  const { back } = through([heard(BEAT), heard({ ...BEAT, stampMs: 1100 })]);
  const [a, b] = back as { beat: { view: object; blob: Uint8Array } }[];
  assert.is.not(a?.beat.view, b?.beat.view);
  assert.is.not(a?.beat.blob, b?.beat.blob);
});

test("an event with a field that is not known here is kept whole", () => {
  const event = { ...heard(BEAT), hops: 2 };
  assert.equal(through([event]).back, [event]);
});

test("ticks and other events come back", () => {
  const claim = { state: "claimed", number: 3 };
  const events: AnyEvent[] = [
    { kind: "tick", atMs: 1 },
    { kind: "gap.noticed", atMs: 2, gapMs: 900 } as AnyEvent,
    { kind: "disk.answered", atMs: 3, id: 4, op: "read", ok: true, claim, error: "" } as AnyEvent,
  ];
  assert.equal(through(events).back, events);
});

test("what a token or facts hand on out of the state is the state's own value again, by identity", () => {
  const token = { progress: 1, blob: Uint8Array.of(1), wish: { kind: "leave" }, mayOwn: false };
  const facts = { atMs: 5, view: { epoch: EPOCH, members: [0] }, peers: [] };
  const cases = [
    {
      event: { kind: "agent.spoke", token: { ...token, mayOwn: true } },
      state: { agent: { token } },
    },
    { event: { kind: "facts.received", facts: { ...facts, holdsLease: false } }, state: { facts } },
  ];
  for (const { event, state } of cases) {
    const given = { ...event, atMs: 6 } as AnyEvent;
    const text = eventText(given, state, new Map(), asIs);
    assert.match(text, '{"$held":1}');
    const told = parseEvent(fromText(`[${text}]`) as unknown[], new Map())?.event;
    if (told === undefined) throw new Error("not read");
    const back = resolveHeld(told, state) as unknown as {
      token?: typeof token;
      facts?: typeof facts;
    };
    assert.equal(back, given);
    if (back.token !== undefined) assert.is(back.token.blob, token.blob);
    if (back.facts !== undefined) assert.is(back.facts.view, facts.view);
  }
});

const MALFORMED: readonly unknown[][] = [
  [],
  ["t"],
  ["t", "x"],
  ["e", { kind: "tick" }],
  ["b", 1, 0, 1, 7],
  ["d", 1, 0, 1, "lan-beat", 1, { stampMs: 1 }],
  ["x", 1],
];
for (const items of MALFORMED) {
  test(`${JSON.stringify(items)} is no event`, () => {
    assert.is(parseEvent(items, new Map()), null);
  });
}

test.run();
