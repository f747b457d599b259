/**
 * The rehearsal of a takeover goes the way that a takeover goes: for each method of two servers the verdict at
 * its end is to go on, so that what is compiled beforehand is what will be needed. Source: R94, R101; README,
 * "Figures" (activation after detection).
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { rehearseTakeover } from "../../../firmware/pulse/rehearse.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { Method } from "../../../services/quorum/judgement.ts";
import { METHODS } from "../../../services/quorum/methods.ts";
import { pairConfig } from "./pair.ts";

const HOST = hostIncarnation("00000000000000aa");

/** Kinds of the judgements that `rehearse` asks for. */
function judgementsOf(
  method: "com" | "com-disk" | "none",
  rehearse: () => void,
): ReadonlySet<string> {
  const row = METHODS[method];
  if (row === null) throw new Error("a table of one server's evidence");
  const kinds = new Set<string>();
  const judge: Method["judge"] = (...asked) => {
    const judgement = row.judge(...asked);
    kinds.add(judgement.kind);
    return judgement;
  };
  METHODS[method] = { ...row, judge };
  try {
    rehearse();
  } finally {
    METHODS[method] = row;
  }
  return kinds;
}

for (const method of ["com", "com-disk", "none"] as const) {
  test(`R101: the rehearsal by ${method} ends in going on, and never in a stop`, () => {
    for (const self of [0, 1]) {
      const kinds = judgementsOf(method, () => rehearseTakeover(self, HOST, pairConfig(method)));
      assert.ok(kinds.has("survive"), `${self}: ${[...kinds]}`);
      assert.not(kinds.has("stop"));
    }
  });
}

test.run();
