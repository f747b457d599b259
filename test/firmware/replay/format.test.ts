/**
 * The form of a journal under everything that can befall a file: cut at every byte, every byte damaged, other
 * versions, roles and orders. Nothing of it is believed half, and nothing throws.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { drawSegment, MAGIC, wholeBytes } from "../../../firmware/replay/format.ts";
import { readJournal } from "../../../firmware/replay/journal.ts";
import { Recorder } from "../../../firmware/replay/recorder.ts";
import { replay } from "../../../firmware/replay/replay.ts";
import { createFailover, step } from "../../../services/failover/core.ts";
import { swarmConfig } from "../pulse/swarm-plan.ts";
import { drawJournal, IDENTITY, MemorySink, readWhole } from "./recordings.ts";

const CONFIG = swarmConfig({ method: "none", timeoutMs: 1000, watchdogMs: 0 });
const HEAD_PART = 1;

/** Ten ticks of an agent that has not heard of anything, in one segment. */
function shortJournal(): { readonly bytes: Buffer; readonly ends: readonly number[] } {
  const sink = new MemorySink();
  const identity = { ...IDENTITY, role: "agent" as const };
  const recorder = new Recorder({ identity, sink, wallMs: () => 0, onTrouble: assert.unreachable });
  let state = createFailover(0, CONFIG);
  const ends: number[] = [];
  for (let atMs = 1000; atMs < 1010; atMs += 1) {
    state = recorder.through(step, state, { kind: "tick", atMs }, CONFIG).state;
    recorder.flush();
    ends.push(sink.journal.length);
  }
  return { bytes: sink.journal, ends };
}

const { bytes, ends } = shortJournal();
const headEnd = (ends[0] ?? 0) - ((ends[1] ?? 0) - (ends[0] ?? 0));

test("a journal cut at any byte replays to its last whole entry and says where it is cut", () => {
  for (let length = 0; length < bytes.length; length += 1) {
    const whole = ends.filter((end) => end <= length).length;
    const read = readJournal(bytes.subarray(0, length));
    if (whole === 0) {
      assert.is(read.kind, "refused", `${length} bytes`);
      if (read.kind === "refused") assert.is(read.reason, "empty");
      continue;
    }
    assert.is(read.kind, "journal", `${length} bytes`);
    if (read.kind !== "journal") continue;
    const { moments, fault } = replay(read.journal);
    assert.is(moments.length, whole);
    assert.is(fault, null);
    const isWhole = ends.includes(length);
    assert.is(read.journal.cutAt, isWhole ? null : (ends[whole - 1] ?? null), `${length} bytes`);
  }
});

test("a damaged byte is refused with entry and offset, wherever it is", () => {
  const reasons = new Map<string, number>();
  for (let at = 0; at < bytes.length; at += 1) {
    const bent = Buffer.from(bytes);
    bent[at] = (bent[at] ?? 0) ^ 0x20;
    const read = readJournal(bent);
    assert.is(read.kind, "refused", `byte ${at}`);
    if (read.kind !== "refused") continue;
    reasons.set(read.reason, (reasons.get(read.reason) ?? 0) + 1);
    const entry = at < headEnd ? null : ends.filter((end) => end <= at).length + 1;
    assert.is(read.entry, entry, `byte ${at}`);
    assert.ok(read.offset <= at, `byte ${at}`);
  }
  assert.equal([...reasons.keys()].sort(), ["checksum", "damaged", "foreign", "version"]);
});

test("bytes of no sense never throw", () => {
  let seed = 1;
  for (let round = 0; round < 300; round += 1) {
    const noise = Buffer.alloc(200);
    for (let at = 0; at < noise.length; at += 1) {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      noise[at] = seed >>> 24;
    }
    assert.is(readJournal(noise).kind, "refused");
    assert.is(readJournal(Buffer.concat([bytes, noise])).kind, "refused");
    assert.is(readJournal(Buffer.concat([drawSegment("{}"), noise])).kind, "refused");
  }
});

const head = (changes: object = {}): object => ({
  segment: 0,
  ...IDENTITY,
  role: "agent",
  wallMs: 0,
  atMs: 1000,
  next: 1,
  config: CONFIG,
  state: createFailover(0, CONFIG),
  ...changes,
});
const TICK = '[1,"t",1000]';

const REFUSED: readonly (readonly [string, Buffer, string, number | null])[] = [
  ["the format of another version", otherVersion(), "version", null],
  ["a role that is none", drawJournal(head({ role: "disk" }), [TICK]), "role", null],
  ["a state of another role", drawJournal(head({ role: "pulse" }), [TICK]), "role", null],
  ["a head without a server", drawJournal(head({ server: 7 }), [TICK]), "shape", null],
  ["a head without configuration", drawJournal(head({ config: {} }), [TICK]), "shape", null],
  ["an entry that is not the next", drawJournal(head(), [TICK, '[3,"t",1001]']), "order", 2],
  ["an entry twice", drawJournal(head(), [TICK, TICK]), "order", 2],
  ["an event of no kind", drawJournal(head(), [TICK, '[2,"e",{"atMs":1}]']), "shape", 2],
  ["a letter that means nothing", drawJournal(head(), ['[1,"t",1000,"Q",5]']), "shape", 1],
  ["an effect that is told and missing", drawJournal(head(), ['[1,"t",1000,"N",0]']), "shape", 1],
  ["a beat that differs from none", drawJournal(head(), [differing()]), "shape", 1],
  ["no JSON", drawJournal(head(), ["[1,"]), "shape", 1],
  ["a configuration that is none", drawJournal(head(), ['{"config":{"name":"x"}}']), "shape", 1],
  [
    "another process in the next segment",
    Buffer.concat([
      drawJournal(head(), [TICK]),
      drawJournal(head({ segment: 1, next: 2, pid: 9 }), ['[2,"t",1001]']),
    ]),
    "role",
    2,
  ],
  [
    "an older segment behind a newer one",
    Buffer.concat([
      drawJournal(head({ segment: 4 }), [TICK]),
      drawJournal(head({ segment: 3, next: 2 }), ['[2,"t",1001]']),
    ]),
    "order",
    2,
  ],
];

function otherVersion(): Buffer {
  const other = Buffer.from(bytes);
  other.write("2", MAGIC.length, "latin1");
  return other;
}

function differing(): string {
  return '[1,"d",1000,0,1,"lan-beat",1,{"stampMs":5}]';
}

for (const [what, journal, reason, entry] of REFUSED) {
  test(`${what} is refused as "${reason}"`, () => {
    const read = readJournal(journal);
    assert.is(read.kind, "refused");
    if (read.kind !== "refused") return;
    assert.is(read.reason, reason);
    assert.is(read.entry, entry);
  });
}

test("an event of another version that the core cannot take is a difference and no crash", () => {
  const journal = readWhole(drawJournal(head(), ['[1,"e",{"kind":"facts.received","atMs":1000}]']));
  const { fault, moments } = replay(journal);
  assert.is(moments.length, 1);
  assert.is(fault?.kind, "decision");
  assert.is(fault?.entry, 1);
});

test("what a kill tears off a segment is left out, and damage is kept for the reader to see", () => {
  const [first = 0, second = 0] = ends;
  assert.is(wholeBytes(bytes), bytes.length);
  assert.is(wholeBytes(bytes.subarray(0, second - 1)), first);
  assert.is(wholeBytes(bytes.subarray(0, MAGIC.length)), 0);
  // A write that never came before one that did leaves zeros.
  assert.is(wholeBytes(Buffer.concat([bytes.subarray(0, second), Buffer.alloc(64)])), second);
  const bent = Buffer.from(bytes);
  bent[first - HEAD_PART] = 0;
  assert.is(wholeBytes(bent), bytes.length);
});

test.run();
