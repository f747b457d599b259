/**
 * Which text an agent recognises when its pulse names one by the beginning of its hash: whatever of it is on
 * disk or in memory counts, so that what the pulse lives by is never taken for unknown.
 * Source: protocol.md 1.9, V3.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { knownText } from "../../../firmware/agent/config-sight.ts";

const text = (rev: number, hash: string) => ({ rev, hash, at: "2026-01-01T00:00:00Z" });
const CURRENT = text(4, "4444444400000000");
const PREPARED = text(5, "5555555500000000");
const OLDER = text(3, "3333333300000000");
const OLDEST = text(2, "2222222200000000");
const READY = text(6, "6666666600000000");
const INDEX = { current: CURRENT, prepared: PREPARED, old: [OLDER, OLDEST] };

test("V3: a text in memory is known although nothing on disk can be read", () => {
  assert.equal(knownText(null, READY, "66666666"), { rev: 6, hash: READY.hash });
  assert.is(knownText(null, READY, "44444444"), null, "another one is not");
  assert.is(knownText(null, null, "66666666"), null);
});

test("V3: a text is known by its whole hash or its beginning, wherever this server has it", () => {
  for (const { rev, hash } of [CURRENT, PREPARED, OLDER, OLDEST, READY]) {
    assert.equal(knownText(INDEX, READY, hash.slice(0, 8)), { rev, hash });
    assert.equal(knownText(INDEX, READY, hash), { rev, hash });
  }
});

test("V3: a text that is neither on disk nor in memory is not known", () => {
  assert.is(knownText(INDEX, READY, "77777777"), null);
  assert.is(knownText({ ...INDEX, prepared: null }, null, "55555555"), null, "it was dropped");
});

test.run();
