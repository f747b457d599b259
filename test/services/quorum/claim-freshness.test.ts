/**
 * What a reader believes of a slot it has read before: every row of the table in claim-freshness.ts,
 * from hand-made writes, and the slots that a peer's crash, restart or repair rightly leaves.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import { type ClaimWrite, FORMAT_WRITER } from "../../../services/quorum/claim.ts";
import {
  FORMER_WRITERS_MAX,
  isSlotMemory,
  judgeFreshness,
  type SlotMemory,
} from "../../../services/quorum/claim-freshness.ts";

const boot = (number: number) => hostIncarnation(number.toString(16).padStart(16, "0"));
const write = (number: number, serial: number, writtenMs: number): ClaimWrite => ({
  serial,
  writer: boot(number),
  writtenMs,
});

/** Last seen: write 20 of boot 3, after boots 1 and 2. */
const SEEN: SlotMemory = { newest: write(3, 20, 5000), former: [boot(1), boot(2)] };

interface Row {
  readonly what: string;
  readonly found: ClaimWrite;
  readonly expected: "fresh" | "stale";
}

const ROWS: readonly Row[] = [
  { what: "the write seen last", found: write(3, 20, 5000), expected: "fresh" },
  { what: "the next write", found: write(3, 21, 5500), expected: "fresh" },
  {
    what: "a later write whose serial began anew after a rollback",
    found: write(3, 2, 6000),
    expected: "fresh",
  },
  { what: "the other of the two copies, put back", found: write(3, 19, 4500), expected: "stale" },
  { what: "an earlier write of the same boot", found: write(3, 11, 100), expected: "stale" },
  { what: "an earlier instant, a newer serial", found: write(3, 21, 4999), expected: "stale" },
  { what: "another write of the same instant", found: write(3, 21, 5000), expected: "stale" },
  { what: "the last write of the boot before", found: write(2, 10, 99_000), expected: "stale" },
  { what: "a former boot with a newer serial", found: write(1, 30, 99_000), expected: "stale" },
  { what: "the first write of a new boot", found: write(4, 21, 300), expected: "fresh" },
  { what: "a new boot, some writes on", found: write(4, 40, 300), expected: "fresh" },
  { what: "an unknown boot with the same serial", found: write(4, 20, 300), expected: "stale" },
  { what: "a boot of long ago", found: write(9, 7, 99_000), expected: "stale" },
  {
    what: "the slot as it was formatted",
    found: { serial: 1, writer: FORMAT_WRITER, writtenMs: 0 },
    expected: "stale",
  },
];

for (const { what, found, expected } of ROWS) {
  test(`R84: after write 20 of boot 3, ${what} is ${expected}`, () => {
    assert.is(judgeFreshness(SEEN, found).kind, expected);
  });
}

test("R84: the first reading is believed, the format's copies among them", () => {
  for (const found of [write(3, 20, 5000), { serial: 1, writer: FORMAT_WRITER, writtenMs: 0 }]) {
    const memory = { newest: found, former: [] };
    assert.equal(judgeFreshness(null, found), { kind: "fresh", memory });
  }
});

test("R84: what is believed is remembered, what is stale changes nothing", () => {
  assert.equal(judgeFreshness(SEEN, write(3, 21, 5500)), {
    kind: "fresh",
    memory: { newest: write(3, 21, 5500), former: [boot(1), boot(2)] },
  });
  assert.equal(judgeFreshness(SEEN, write(4, 21, 300)), {
    kind: "fresh",
    memory: { newest: write(4, 21, 300), former: [boot(1), boot(2), boot(3)] },
  });
  assert.equal(judgeFreshness(SEEN, write(2, 10, 9)), { kind: "stale", seen: SEEN.newest });
});

test("R84: a serial that goes round is still the newer one", () => {
  const memory = { newest: write(3, 0xffff_ffff, 5000), former: [] };
  assert.is(judgeFreshness(memory, write(4, 0, 300)).kind, "fresh");
  assert.is(judgeFreshness(memory, write(4, 0xffff_fffe, 300)).kind, "stale");
});

test("R84: a server that boots for years fills no memory, and its oldest boots stay stale", () => {
  let memory: SlotMemory | null = null;
  for (let number = 1; number <= 40; number++) {
    const verdict = judgeFreshness(memory, write(number, number, 100));
    assert.is(verdict.kind, "fresh", `boot ${number}`);
    if (verdict.kind === "fresh") memory = verdict.memory;
  }
  assert.is(memory?.former.length, FORMER_WRITERS_MAX);
  assert.equal(memory?.former.at(-1), boot(39));
  assert.is(judgeFreshness(memory, write(1, 1, 100)).kind, "stale", "by its serial");
  assert.is(judgeFreshness(memory, write(39, 41, 100)).kind, "stale", "by its name");
});

test("R84: a message is a memory only with every field in its range", () => {
  assert.ok(isSlotMemory(SEEN));
  assert.ok(isSlotMemory(JSON.parse(JSON.stringify(SEEN))));
  const many = Array.from({ length: FORMER_WRITERS_MAX + 1 }, (_, i) => boot(i));
  for (const wrong of [
    null,
    [],
    { newest: SEEN.newest },
    { former: [] },
    { ...SEEN, former: many },
    { ...SEEN, former: ["XY"] },
    { ...SEEN, newest: { ...SEEN.newest, serial: 2 ** 32 } },
    { ...SEEN, newest: { ...SEEN.newest, serial: -1 } },
    { ...SEEN, newest: { ...SEEN.newest, writer: "0" } },
    { ...SEEN, newest: { ...SEEN.newest, writtenMs: 0.5 } },
  ]) {
    assert.not(isSlotMemory(wrong), JSON.stringify(wrong));
  }
});

test.run();
