/**
 * R104: a change of the method is judged against servers, cable and disk at once, every combination of them.
 * The table is by hand from the guide's summary (1.2.4); the guide sets no limit of servers for none, this
 * release does, and it has no mirror driver yet.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { recommendMethod } from "../../../services/configuration/recommend.ts";
import { configured } from "../quorum/rule-worlds.ts";

const TWO = "exactly 2 servers";
const CABLE = "a COM path";
const PARTITION = "an arbitration partition";
const MORE = "3 to 16 servers";
const PROTECTS = "a method that protects the shared disk";
const RELEASED = 'one of "com", "com-disk", "disk", "majority", "none"';

// Method, servers; then what is missing: with cable and disk, cable only, disk only, neither.
const TABLE: readonly (readonly [string, number, readonly (readonly string[])[]])[] = [
  ["com", 2, [[], [], [CABLE], [CABLE]]],
  ["com", 3, [[TWO], [TWO], [TWO, CABLE], [TWO, CABLE]]],
  ["com-disk", 2, [[], [PARTITION], [CABLE], [CABLE, PARTITION]]],
  ["com-disk", 3, [[TWO], [TWO, PARTITION], [TWO, CABLE], [TWO, CABLE, PARTITION]]],
  ["disk", 2, [[], [PARTITION], [], [PARTITION]]],
  ["disk", 3, [[], [PARTITION], [], [PARTITION]]],
  ["disk", 16, [[], [PARTITION], [], [PARTITION]]],
  ["none", 2, [[PROTECTS], [], [PROTECTS], []]],
  ["none", 3, [[TWO, PROTECTS], [TWO], [TWO, PROTECTS], [TWO]]],
  ["majority", 2, [[MORE], [MORE], [MORE], [MORE]]],
  ["majority", 3, [[], [], [], []]],
  ["majority", 16, [[], [], [], []]],
  ["mirror", 2, [[RELEASED], [RELEASED], [RELEASED], [RELEASED]]],
];

const EQUIPMENT = [
  { com: true, disk: true },
  { com: true, disk: false },
  { com: false, disk: true },
  { com: false, disk: false },
];

for (const [method, servers, expected] of TABLE) {
  test(`R104: ${method} for ${servers} servers: all that is missing is said at once`, () => {
    for (const [at, equipment] of EQUIPMENT.entries()) {
      const said = configured(method, { servers, ...equipment });
      const missing = expected[at] ?? [];
      const where = JSON.stringify(equipment);
      if (missing.length === 0) assert.is(said, "accepted", where);
      const found = said === "accepted" ? [] : said.split("; ");
      assert.is(found.length, missing.length, `${where}: ${said}`);
      for (const part of missing) assert.ok(said.includes(part), `${where}: ${said}`);
    }
  });
}

test("R105: what is recommended is accepted with its equipment, for 2 to 16 servers", () => {
  for (let servers = 2; servers <= 16; servers += 1) {
    for (const disk of [false, true]) {
      const facts = { servers, sharedDisk: disk, comCable: true, mirror: false } as const;
      const { method, missing } = recommendMethod({ ...facts, volumeManager: "none" });
      assert.equal(missing, []);
      assert.is(configured(method, { servers, com: true, disk }), "accepted", method);
    }
  }
});

test("R97, R105: all that is offered is accepted with its equipment, also where a mirror was asked for", () => {
  for (let servers = 2; servers <= 16; servers += 1) {
    for (const [disk, mirror] of [
      [false, false],
      [true, false],
      [false, true],
    ] as const) {
      // The mirror of two is recommended by the guide; its driver is not in this release.
      if (mirror && servers === 2) continue;
      const facts = { servers, sharedDisk: disk, comCable: true, mirror } as const;
      const { offered } = recommendMethod({ ...facts, volumeManager: "none" });
      for (const method of offered) {
        const usesDisk = method === "disk" || method === "com-disk";
        const said = configured(method, { servers, com: servers === 2, disk: usesDisk });
        assert.is(said, "accepted", `${method} for ${servers} servers`);
      }
    }
  }
});

test.run();
