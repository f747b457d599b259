/**
 * Whether an agent is the first one in its boot: what it finds running was started in this boot, also when the
 * record that would say so is lost. Found by a storm (test/regress/pair-running-without-record.json).
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isFirstAgent } from "../../../firmware/agent/boot.ts";
import { emptyRecord } from "../../../flash/store/record.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { Facts } from "../../../services/facts.ts";

const host = hostIncarnation("00000000000000aa");
const other = hostIncarnation("00000000000000bb");
const facts = { server: "observing" } as Facts;
const lost = { kind: "defaults", reason: "damaged" } as const;
const of = (writer: typeof host) =>
  ({
    kind: "loaded",
    record: emptyRecord({ cluster: "c", server: "s" }, writer),
    damaged: null,
  }) as const;

test("D18: a new boot that runs nothing has its first agent, with or without a record", () => {
  assert.ok(isFirstAgent({ loaded: lost, host, facts, runs: false }));
  assert.ok(isFirstAgent({ loaded: of(other), host, facts, runs: false }));
});

test("S1: what runs was started in this boot, whether the record can be read or not", () => {
  assert.not(isFirstAgent({ loaded: lost, host, facts, runs: true }));
  assert.not(isFirstAgent({ loaded: of(other), host, facts, runs: true }));
});

test("R24: a record of this boot, or a pulse that knows, tells of an earlier agent", () => {
  assert.not(isFirstAgent({ loaded: of(host), host, facts, runs: false }));
  const known = { ...facts, server: "member" } as Facts;
  assert.not(isFirstAgent({ loaded: lost, host, facts: known, runs: false }));
});

test("S1: an address or half a group may be up although no whole group runs: an earlier agent left its mark", () => {
  for (const loaded of [lost, of(other)]) {
    assert.not(isFirstAgent({ loaded, host, facts, runs: false, hasRun: true }));
  }
});

test.run();
