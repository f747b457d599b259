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

test.run();
