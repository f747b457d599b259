/** Identities of loaded programs over the whole cluster; R160. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  type HeardLoads,
  hearLoads,
  markOf,
  NOTHING_HEARD,
  takenElsewhere,
} from "../../../services/resources/load-marks.ts";

const heard = (...ids: readonly string[]): HeardLoads => ({
  host: "b1",
  marks: ids.map((id) => ({ group: 1, mark: markOf(id) })),
});

test("R160: a mark is the CRC-32 of the identity in lower case", () => {
  // Check value of CRC-32/ISO-HDLC.
  assert.is(markOf("123456789"), 0xcbf43926);
  assert.is(markOf("WWWPS"), markOf("wwwps"));
});

test("R160: an identity is taken by another group of the other server, never by the same group", () => {
  assert.is(takenElsewhere(heard("RSP", "WWWPS"), 0, "wwwps"), 1);
  assert.is(takenElsewhere(heard("RSP"), 0, "WWWPS"), null);
  assert.is(takenElsewhere(heard("WWWPS"), 1, "WWWPS"), null);
  assert.is(takenElsewhere(NOTHING_HEARD, 0, "WWWPS"), null);
});

test("R160: what the beat had no room for stands until a whole list or another host is heard", () => {
  const { marks } = heard("A", "B");
  const [a, b] = marks;
  if (a === undefined || b === undefined) throw new Error("two marks");
  const cut = hearLoads(heard("A", "B"), "b1", { isWhole: false, marks: [a] });
  assert.equal(cut.marks, [a, b]);
  assert.equal(hearLoads(cut, "b1", { isWhole: true, marks: [a] }).marks, [a]);
  assert.equal(hearLoads(cut, "b2", { isWhole: false, marks: [a] }).marks, [a]);
  assert.equal(hearLoads(cut, "b1", undefined).marks, []);
});

test.run();
