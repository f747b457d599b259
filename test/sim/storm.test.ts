/**
 * Storms as lists and files: what a seed draws, what a file may say, how a failing storm is cut down and told.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { FAULTS } from "./faults.ts";
import { runStorm } from "./run-storm.ts";
import { SETTING_NAMES } from "./settings.ts";
import { shrinkStorm } from "./shrink-storm.ts";
import { drawStorm, fits, isInside, type Storm } from "./storm.ts";
import { readStorm, writeStorm } from "./storm-file.ts";
import { HEAD, Timeline } from "./timeline.ts";

test("issue 4: a drawn storm is read back as it was written, and the seed alone makes it", () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const storm = drawStorm(seed);
    assert.equal(readStorm(writeStorm(storm)), { kind: "storm", storm });
    assert.equal(drawStorm(seed), storm);
  }
});

test("issue 4: every kind is drawn within a campaign, and only where it can strike", () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 6000; seed += 1) {
    const { faults, setting } = drawStorm(seed);
    for (const { kind: name } of faults) {
      seen.add(name);
      const kind = FAULTS.find((known) => known.name === name);
      assert.ok(kind !== undefined && fits(kind, setting), `${name} in ${setting}`);
    }
  }
  assert.equal(
    FAULTS.filter(({ name }) => !seen.has(name)),
    [],
  );
});

test("what only a watchdog stops is inside for a reset-bounded cluster alone", () => {
  const freeze = FAULTS.find(({ name }) => name === "freeze");
  assert.ok(freeze !== undefined);
  const inside = SETTING_NAMES.filter((setting) => isInside(freeze, setting));
  assert.equal(inside, [
    "com-disk-watchdog",
    "disk-watchdog",
    "majority-3-watchdog",
    "disk-3-watchdog",
  ]);
});

const FAULT = '{"atMs":100,"kind":"power-off","server":0,"amount":0,"forMs":0,"key":0}';
const text = (faults: string, version = 2, setting = "com-disk"): string =>
  `{\n  "version": ${version},\n  "setting": "${setting}",\n  "seed": 5,\n  "healAtMs": 4000,\n  "faults": [\n    ${faults}\n  ]\n}\n`;

const REFUSALS: readonly (readonly [string, string, RegExp])[] = [
  ["nothing", "", /^line 1: empty; expected a plan/],
  ["no JSON", "{\n  version\n}", /^line 2: not JSON/],
  ["cut short", text(FAULT).slice(0, 120), /^line 7: cut short; expected the rest/],
  ["another shape", "[]", /^line 1: : expected an object/],
  ["another version", text(FAULT, 3), /^line 2: version: expected 2, found 3/],
  ["an unknown cluster", text(FAULT, 2, "moon"), /^line 3: setting: expected one of com-disk,/],
  [
    "an unknown fault",
    text(`${FAULT},\n    ${FAULT.replace("power-off", "flood")}`),
    /^line 8: faults\[1\]\.kind: expected the name of a fault, found "flood"; npm run sim -- --faults/,
  ],
  [
    "a server that is not there",
    text(FAULT.replace('"server":0', '"server":2')),
    /^line 7: faults\[0\]\.server: expected a whole number 0-1, found 2/,
  ],
  [
    "more than the kind knows",
    text(FAULT.replace('"amount":0', '"amount":7')),
    /^line 7: faults\[0\]\.amount: expected a whole number 0-0, found 7/,
  ],
  [
    "after the healing",
    text(FAULT.replace('"atMs":100', '"atMs":4001')),
    /^line 7: faults\[0\]\.atMs: expected a whole number 0-4000, found 4001/,
  ],
  ["a fault that is none", text('"power-off"'), /^line 7: faults\[0\]: expected an object/],
];

for (const [name, file, expected] of REFUSALS) {
  test(`issue 4 bad input: ${name} is refused with line and reason`, () => {
    const read = readStorm(file);
    assert.is(read.kind, "refused");
    assert.match(read.kind === "refused" ? read.text : "", expected);
  });
}

test("issue 4 bad input: a whole file passes, so that the refusals mean something", () => {
  assert.is(readStorm(text(FAULT)).kind, "storm");
});

/** Breaks S5: of the six faults only three are needed (the array loses a claim, and every wire is cut). */
const BROKEN: Storm = {
  version: 2,
  setting: "com-disk",
  seed: 7,
  healAtMs: 9000,
  faults: [
    { atMs: 3500, kind: "order-return", server: 0, amount: 0, forMs: 0, key: 0 },
    { atMs: 3600, kind: "array-lost", server: 0, amount: 0, forMs: 0, key: 1 },
    { atMs: 3700, kind: "kill-agent", server: 1, amount: 0, forMs: 0, key: 2 },
    { atMs: 4510, kind: "lans-cut", server: 0, amount: 0, forMs: 0, key: 3 },
    { atMs: 4510, kind: "com-cut", server: 1, amount: 0, forMs: 0, key: 4 },
    { atMs: 6500, kind: "program-crash", server: 0, amount: 1, forMs: 0, key: 5 },
  ],
};
const breaks = (storm: Storm): boolean =>
  runStorm(storm).world.checks.found.some(({ id }) => id === "S5");

test("reliability 2.4: a failing storm is cut down to the faults that matter within 30 s", () => {
  assert.ok(breaks(BROKEN));
  const beganAtMs = performance.now();
  const { storm, runs } = shrinkStorm(BROKEN, "S5", breaks);
  assert.ok(performance.now() - beganAtMs < 30_000);
  assert.equal(
    storm.faults.map(({ kind }) => kind),
    ["array-lost", "lans-cut", "com-cut"],
  );
  assert.ok(runs < 100, `${runs} runs`);
});

test("reliability 2.4: the timeline shows who was what, what befell them and what broke", () => {
  let timeline: Timeline | null = null;
  runStorm(BROKEN, (world) => {
    timeline = new Timeline(world);
  });
  const lines = (timeline as Timeline | null)?.lines ?? [];
  assert.is(lines[0], HEAD);
  assert.ok(lines.some((line) => /- \*\* lans-cut S0/.test(line)));
  assert.ok(lines.some((line) => /- FAIL S5 S\d is sole while S\d acts/.test(line)));
  assert.ok(lines.some((line) => /1 \/ +\w+ \{12\} +\^v\^v \^v +ok/.test(line)));
});

test.run();
