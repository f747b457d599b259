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
  ["mirror of three", { mirror: true, servers: 3 }, "majority", "mirrorTwoOnly", ["majority"]],
  ["three servers", { servers: 3 }, "majority", "threeMajority", ["majority"]],
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

// The guide's recommendation table (1.2.4), its five rows in its order, whatever else is there.
const GUIDE: readonly (readonly [string, Partial<RecommendFacts>, string])[] = [
  ["data-mirror environment", { mirror: true }, "mirror"],
  ["3 nodes or more", { servers: 3 }, "majority"],
  ["2 nodes, shared disk", { sharedDisk: true }, "com-disk"],
  ["2 nodes, no shared disk", { sharedDisk: false }, "com"],
  ["VxVM in use", { volumeManager: "vxvm", sharedDisk: true }, "com"],
];

for (const [situation, facts, method] of GUIDE) {
  test(`R105: guide 1.2.4: ${situation}: ${method}, with and without a cable`, () => {
    for (const comCable of [true, false]) {
      assert.is(recommendMethod({ ...TWO, ...facts, comCable }).method, method);
    }
  });
}

test("R105: 3 nodes or more: majority for every number up to 16, with and without a disk", () => {
  for (let servers = 3; servers <= 16; servers += 1) {
    for (const sharedDisk of [false, true]) {
      const { method, offered } = recommendMethod({ ...TWO, servers, sharedDisk });
      assert.is(method, "majority");
      // A1, C1: one cable joins two servers.
      for (const other of offered) assert.ok(other !== "com" && other !== "com-disk");
    }
  }
});

test("R95, R96: a mirror environment has the data mirror whatever else is there, and nothing beside it", () => {
  for (const sharedDisk of [false, true]) {
    for (const volumeManager of ["none", "vxvm"] as const) {
      const found = recommendMethod({ ...TWO, mirror: true, sharedDisk, volumeManager });
      assert.is(found.method, "mirror");
      assert.equal(found.offered, ["mirror"]);
      assert.equal(found.missing, []);
    }
  }
});

test("R106: two nodes under VxVM: neither disk method is offered, and the missing cable is said", () => {
  const facts = { ...TWO, sharedDisk: true, volumeManager: "vxvm", comCable: false } as const;
  assert.equal(recommendMethod(facts).offered, ["com"]);
  assert.equal(recommendMethod(facts).missing, ["com"]);
  assert.equal(recommendMethod({ ...facts, sharedDisk: false }).offered, ["com"]);
});

test("G1, J1: a mirror or a majority is never offered to two servers that do not ask for it", () => {
  for (const sharedDisk of [false, true]) {
    const { offered } = recommendMethod({ ...TWO, sharedDisk });
    assert.not.ok(offered.includes("mirror"));
    assert.not.ok(offered.includes("majority"));
  }
});

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
