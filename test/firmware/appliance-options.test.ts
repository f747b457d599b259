/** Arguments of the launcher. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseApplianceOptions } from "../../firmware/appliance/options.ts";

test("without arguments: com-disk, two servers, 1 s, group web", () => {
  const parsed = parseApplianceOptions([]);
  assert.equal(parsed, {
    kind: "options",
    options: {
      stateDir: null,
      configFile: null,
      template: {
        method: "com-disk",
        servers: 2,
        timeoutMs: 1000,
        intervalMs: 100,
        startSyncMs: 5000,
        watchdogMs: 0,
        groups: [{ name: "web", policy: ["SERVER1", "SERVER2"] }],
      },
      templateGiven: false,
      power: true,
      fresh: false,
      keep: false,
    },
  });
});

test("values come as the next argument or after an equals sign; groups add up", () => {
  const parsed = parseApplianceOptions([
    "--method=none",
    "--timeout",
    "300",
    "--group",
    "a:SERVER1,SERVER2",
    "--group=b:SERVER2,SERVER1:manual",
    "--no-power",
  ]);
  if (parsed.kind !== "options") throw new Error(JSON.stringify(parsed));
  assert.is(parsed.options.template.method, "none");
  assert.is(parsed.options.template.intervalMs, 30);
  assert.equal(parsed.options.template.groups, [
    { name: "a", policy: ["SERVER1", "SERVER2"], start: "auto" },
    { name: "b", policy: ["SERVER2", "SERVER1"], start: "manual" },
  ]);
  assert.not(parsed.options.power);
  assert.ok(parsed.options.templateGiven);
});

const REFUSALS: readonly (readonly [readonly string[], string])[] = [
  [["--metod", "com"], 'unknown argument "--metod"'],
  [["--__proto__", "com"], 'unknown argument "--__proto__"'],
  [["--method", "disk"], '--method: expected one of com-disk, com, none, found "disk"'],
  [["--timeout", "1s"], '--timeout: expected a whole number from 50 to 600000, found "1s"'],
  [["--timeout"], '--timeout: expected a whole number from 50 to 600000, found ""'],
  [["--state"], '--state: expected a folder, found ""'],
  [["--group", "web"], '--group: expected NAME:SERVER1,SERVER2[:manual], found "web"'],
  [["--group", "web:SERVER9"], "--group web: expected servers out of SERVER1,SERVER2"],
  [["--servers", "3"], "--servers 3: a COM cable joins two servers"],
  [["--fresh", "--keep"], "expected --fresh or --keep"],
  [["--config", "x.jsonc", "--method", "com"], "--config already says all that"],
];

for (const [argv, expected] of REFUSALS) {
  test(`${argv.join(" ")} is refused with what was expected`, () => {
    const parsed = parseApplianceOptions(argv);
    assert.is(parsed.kind, "refused");
    assert.ok(parsed.kind === "refused" && parsed.message.startsWith(expected));
  });
}

test.run();
