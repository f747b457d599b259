/** The guide's recommendation table (1.2.4), row by row, and what may be chosen beside it. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type RecommendFacts, recommendMethod } from "../../../services/configuration/recommend.ts";

const TWO: RecommendFacts = {
  servers: 2,
  sharedDisk: false,
  comCable: true,
  mirror: false,
  volumeManager: "none",
};

type Row = readonly [string, Partial<RecommendFacts>, string, string, readonly string[]];

/** Situation, facts, recommended method, reason, all that is offered. */
const TABLE: readonly Row[] = [
  ["data mirror", { mirror: true }, "mirror", "mirrorAutomatic", ["mirror"]],
  ["mirror of three", { mirror: true, servers: 3 }, "mirror", "mirrorAutomatic", ["mirror"]],
  ["three servers", { servers: 3 }, "majority", "threeMajority", ["majority", "none"]],
  [
    "three servers with a disk",
    { servers: 3, sharedDisk: true },
    "majority",
    "threeMajority",
    ["majority", "disk"],
  ],
  [
    "three servers, VxVM",
    { servers: 3, sharedDisk: true, volumeManager: "vxvm" },
    "majority",
    "threeMajority",
    ["majority"],
  ],
  ["two, shared disk", { sharedDisk: true }, "com-disk", "twoShared", ["com-disk", "com", "disk"]],
  ["two, no shared disk", {}, "com", "twoUnshared", ["com", "none"]],
  ["two, VxVM", { sharedDisk: true, volumeManager: "vxvm" }, "com", "vxvmCom", ["com"]],
  [
    "first of two",
    { servers: 1, sharedDisk: true },
    "com-disk",
    "twoShared",
    ["com-disk", "com", "disk"],
  ],
];

for (const [name, facts, method, reason, offered] of TABLE) {
  test(`R105: ${name}: ${method} is recommended because of ${reason}`, () => {
    const found = recommendMethod({ ...TWO, ...facts });
    assert.is(found.method, method);
    assert.is(found.reason, reason);
    assert.equal(found.offered, offered);
  });
}

test("R105: a recommended COM method without its cable says that the cable is missing", () => {
  assert.equal(recommendMethod({ ...TWO, comCable: false }).missing, ["com"]);
  assert.equal(recommendMethod({ ...TWO, comCable: false, sharedDisk: true }).missing, ["com"]);
  assert.equal(recommendMethod(TWO).missing, []);
  assert.equal(recommendMethod({ ...TWO, comCable: false, servers: 3 }).missing, []);
});

test("R100: none is never offered where a disk is shared", () => {
  for (const servers of [2, 3, 16]) {
    const { offered } = recommendMethod({ ...TWO, servers, sharedDisk: true });
    assert.not.ok(offered.includes("none"));
  }
});

test.run();
