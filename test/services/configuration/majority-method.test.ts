/**
 * Majority as a configuration: 3 to 16 servers, no cable, no partition. Expectations by hand from the guide's
 * counts (J1-J3) and the budget of 1000 and 100 ms.
 * Source: R86-R93, R94, R105, D15; guide 1.2.4.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { explainBudget } from "../../../services/configuration/explain.ts";
import { loadConfiguration } from "../../../services/configuration/load.ts";
import { sample, write } from "./sample.ts";

type Sheet = ReturnType<typeof sample>;

/** A majority cluster of `count` servers; `bend` spoils one place of it. */
function load(count: number, bend: (sheet: Sheet) => unknown = () => undefined) {
  const sheet = sample();
  const names = Array.from({ length: count }, (_, i) => `SERVER${i + 1}`);
  sheet.method = "majority";
  sheet.servers = names.map((name) => ({ name }));
  for (const [i, lan] of sheet.lans.entries()) {
    lan.addresses = Object.fromEntries(
      names.map((name, n) => [name, `127.5.5.${n + 1}:${7001 + i}`]),
    );
  }
  for (const group of sheet.groups) group.policy = names;
  Object.assign(sheet, { com: undefined, disk: undefined });
  bend(sheet);
  return loadConfiguration(write(sheet), "f");
}

function accepted(count: number, bend?: (sheet: Sheet) => unknown) {
  const result = load(count, bend);
  if (result.kind === "refused") throw new Error(result.findings[0]?.text);
  return result;
}

test("R86: 3 and 16 servers are accepted, without warning about what the method does not use", () => {
  for (const count of [3, 16]) {
    const { config, warnings } = accepted(count);
    assert.is(config.servers.length, count);
    assert.equal(
      warnings.map(({ expected }) => expected),
      ["a watchdog"],
    );
  }
});

test("R86: two servers are refused with the reason and what to choose; 17 are too many", () => {
  const two = load(2);
  const [finding] = two.kind === "refused" ? two.findings : [];
  assert.match(finding?.expected ?? "", "3 to 16 servers");
  assert.match(finding?.found ?? "", "when one fails, the other has no majority and stops");
  assert.match(finding?.remedy ?? "", 'add a third server, or choose "com-disk"');
  const many = load(17);
  assert.is(many.kind, "refused");
  if (many.kind === "refused") assert.match(many.findings[0]?.text ?? "", "at most 16 servers");
});

test("a cable between two of three servers and a partition have no role: a warning, no path", () => {
  const { config, warnings } = accepted(3, (sheet) => {
    sheet.com = { devices: { SERVER1: "/dev/ttyS0", SERVER2: "/dev/ttyS0" } };
    sheet.disk = { paths: { SERVER1: "/dev/sdb1" } };
  });
  assert.is(config.com, null);
  assert.is(config.disk, null);
  const remedies = warnings.map(({ remedy }) => remedy).join("; ");
  assert.match(remedies, 'remove "com"');
  assert.match(remedies, 'remove "disk"');
});

test("a device of a server that is not in the list is refused all the same", () => {
  const result = load(3, (sheet) => {
    sheet.com = { devices: { SERVER9: "/dev/ttyS0" } };
  });
  assert.is(result.kind, "refused");
  if (result.kind === "refused") assert.match(result.findings[0]?.text ?? "", "SERVER9");
});

test("J1-J3, R94: explain says how many may fail and what a takeover consists of", () => {
  const three = explainBudget(accepted(3).config).join("\n");
  // 1000 + four ways and one more of delta 5 + P 25 each
  assert.match(three, "at the latest after 1.15 s");
  assert.match(three, "arbitration 120 ms");
  assert.match(three, "2 of 3 servers have to stay; 1 may fail, the rest then stops");
  const four = explainBudget(accepted(4).config).join("\n");
  assert.match(four, "3 of 4 servers have to stay; 1 may fail, as with one server fewer");
  assert.match(explainBudget(accepted(5).config).join("\n"), "3 of 5 servers");
  assert.match(explainBudget(accepted(16).config).join("\n"), "9 of 16 servers");
});

test("majority explains itself in Japanese, with the same count", () => {
  const lines = explainBudget(accepted(5).config, "ja").join("\n");
  assert.match(lines, "5 台のうち 3 台が必要です");
});

test.run();
