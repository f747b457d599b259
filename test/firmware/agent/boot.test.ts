/** What a server is when its agent starts, said in the event that an operator reads; D18, R203. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type BootInput, decideBoot } from "../../../firmware/agent/boot.ts";
import { emptyRecord } from "../../../flash/store/record.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { Facts } from "../../../services/facts.ts";

const HOST = hostIncarnation("00000000000000a2");
const BEFORE = hostIncarnation("00000000000000a1");
const NEW: BootInput = {
  loaded: { kind: "defaults", reason: "missing" },
  belongs: true,
  host: HOST,
  facts: { server: "observing", floor: 0 } as unknown as Facts,
  runs: false,
  atMs: 1000,
  waitUntilMs: 2000,
};

test("D18: a new state folder is told as a first start, not as an end that never was", () => {
  const decision = decideBoot(NEW);
  assert.equal(decision.wish, { kind: "start", floor: 0, waitUntilMs: 2000 });
  assert.is(decision.consumes, true);
  assert.equal(
    decision.notes.map(({ key }) => key),
    ["start.first", "start.waiting"],
  );
});

test("D18: the clean mark of an earlier boot is told as a cluster shutdown", () => {
  const identity = { cluster: "demo", server: "SERVER1" };
  const record = { ...emptyRecord(identity, BEFORE), cleanMark: { epochCounter: 0 } };
  const decision = decideBoot({ ...NEW, loaded: { kind: "loaded", record, damaged: null } });
  assert.is(decision.wish.kind, "start");
  assert.equal(
    decision.notes.map(({ key }) => key),
    ["start.clean", "start.waiting"],
  );
});

/** Agent and pulse are both new in a boot whose record names a view of three, one on planned leave. */
function bothNew(isMajority: boolean, runs: boolean) {
  const epoch = { counter: 7, coordinator: 0, host: HOST };
  const known = { epoch, members: [0, 1], absent: [2], hostIncarnation: HOST };
  const record = { ...emptyRecord({ cluster: "demo", server: "SERVER1" }, HOST), ...known };
  const { wish } = decideBoot({
    ...NEW,
    loaded: { kind: "loaded", record, damaged: null },
    runs,
    isMajority,
  });
  if (wish.kind !== "resume") throw new Error(`expected to resume, found ${wish.kind}`);
  return wish;
}

test("1.4.8 L9: of three, whoever has lost both processes does not remember what it promised", () => {
  assert.equal(
    [bothNew(true, false), bothNew(true, true)].map(({ remembered }) => remembered),
    [false, false],
  );
  assert.is(bothNew(false, false).remembered, true, "of two the only promise is its own");
  assert.is(bothNew(true, true).ackedStampMs, null, "the lease of what runs counts as over");
});

test("1.5: where both are new, nobody has heard what was said meanwhile", () => {
  assert.is(bothNew(false, true).unheard, true);
  assert.is(bothNew(false, false).unheard, true);
});

const IDENTITY = { cluster: "demo", server: "SERVER1" };
const loaded = (writer: typeof HOST, more: object, damaged: "a" | null = null) =>
  ({ kind: "loaded", record: { ...emptyRecord(IDENTITY, writer), ...more }, damaged }) as const;
const MARKED = { cleanMark: { epochCounter: 4 } };
/** Records that do not say what runs here in this boot, by what has become of them. */
const SILENT: Readonly<Record<string, BootInput["loaded"]>> = {
  damaged: { kind: "defaults", reason: "damaged" },
  missing: { kind: "defaults", reason: "missing" },
  "of the boot before": loaded(BEFORE, {}),
  "with the mark of the boot before": loaded(BEFORE, MARKED),
  "an older copy of this boot": loaded(HOST, {}, "a"),
  "an older copy, on the mark": loaded(HOST, { consumedBy: HOST }, "a"),
};

for (const [name, record] of Object.entries(SILENT)) {
  test(`1.3.7 1.4.5: what runs under a record that is ${name} is ended before anything else`, () => {
    const decision = decideBoot({ ...NEW, loaded: record, runs: true });
    const floor = record.kind === "loaded" ? (record.record.epoch?.counter ?? 0) : 0;
    assert.equal(decision.wish, { kind: "detached", floor, leftOver: true });
    assert.is(decision.consumes, false);
    assert.is(decision.notes.at(-1)?.key, "start.unclean");
  });
}

test("1.3.7: what may be half up is ended as well where an agent was before and the record does not say", () => {
  for (const record of Object.values(SILENT)) {
    const { wish } = decideBoot({ ...NEW, loaded: record, hasRun: true });
    assert.ok(wish.kind === "detached" && wish.leftOver === true, wish.kind);
  }
  const whole = decideBoot({ ...NEW, loaded: loaded(HOST, {}), hasRun: true });
  assert.equal(
    whole.wish,
    { kind: "detached", floor: 0 },
    "outside by its own word: nothing is up",
  );
  const started = loaded(HOST, { consumedBy: HOST });
  assert.is(decideBoot({ ...NEW, loaded: started, hasRun: true }).wish.kind, "start");
});

test("1.4.8: what runs in a view that the record names, or under a pulse that knows, is left alone", () => {
  const epoch = { counter: 7, coordinator: 0, host: HOST };
  const record = loaded(HOST, { epoch, members: [0, 1] });
  assert.is(decideBoot({ ...NEW, loaded: record, runs: true }).wish.kind, "resume");
  const facts = { server: "detached", floor: 3, view: null } as unknown as Facts;
  const known = decideBoot({ ...NEW, loaded: loaded(HOST, {}), facts, runs: true });
  assert.equal(known.wish, { kind: "detached", floor: 3 });
});

test("D18: a server that is outside by its record and runs nothing has nothing to end", () => {
  assert.equal(decideBoot({ ...NEW, loaded: loaded(HOST, {}) }).wish, {
    kind: "detached",
    floor: 0,
  });
});

test("D15: servers on planned leave are no part of the count after a restart either", () => {
  assert.equal(bothNew(true, false).view.absent, [2]);
});

test.run();
