/** Two faults: which pairs there are, what must hold whatever happens, and some whose outcome is known. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { SimulatedMethod } from "../../../firmware/evaluate/expected.ts";
import { listFaults } from "../../../firmware/evaluate/fault.ts";
import { listPairs, runPair } from "../../../firmware/evaluate/pairs.ts";
import { listStarts } from "../../../firmware/evaluate/stage.ts";
import { loaded, sheet } from "./sheets.ts";

test("every ordered pair of single faults stands once, and no sequence is doubled", () => {
  const config = loaded(sheet("com-disk"));
  const single = listFaults(config).filter(({ blows }) => blows.length === 1).length;
  const pairs = listPairs(config).map(([first, second]) => `${first.id} > ${second.id}`);
  assert.is(pairs.length, single * (single - 1));
  assert.is(new Set(pairs).size, pairs.length);
  assert.ok(pairs.includes("lans > com") && pairs.includes("com > lans"));
  assert.not.ok(pairs.some((pair) => pair.includes("com-lans")));
});

const PAIRS: readonly (readonly [SimulatedMethod, string, string, string])[] = [
  // COM has spoken for half a timeout after the LANs fell silent: a partition, whatever came later.
  ["com", "lans", "power:SERVER2", "all-stop"],
  ["com-disk", "lan:lan1", "lan:lan2", "all-stop"],
  ["com-disk", "lan:lan1", "power:SERVER1", "takeover"],
  ["disk", "lan:lan2", "power:SERVER2", "takeover"],
  ["none", "lan:lan1", "lan:lan2", "both-go-on"],
  ["none", "power:SERVER1", "power:SERVER2", "dark"],
];

for (const [method, one, two, outcome] of PAIRS) {
  test(`${method}: ${one}, then ${two}`, () => {
    const config = loaded(sheet(method));
    const [home] = listStarts(config);
    const couple = listPairs(config).find(([first, second]) => {
      return first.id === one && second.id === two;
    });
    if (home === undefined || couple === undefined) throw new Error("no such pair");
    const row = runPair(config, home, couple);
    assert.equal(row.troubles, []);
    assert.is(row.simulated, outcome);
    assert.ok(row.permitted);
  });
}

test.run();
