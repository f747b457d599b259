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
        diskWaitMs: null,
        watchdogMs: 0,
        scripts: [],
        groups: [{ name: "web", policy: ["SERVER1", "SERVER2"] }],
      },
      templateGiven: false,
      power: true,
      fresh: false,
      keep: false,
      web: true,
      brokerUrl: null,
      brokerAccounts: null,
    },
  });
});

test("D24: the level of an internal failure is one of three words, and goes into the configuration", () => {
  for (const level of ["emergency", "service-stop", "restart"]) {
    const parsed = parseApplianceOptions(["--internal-failure", level]);
    assert.ok(parsed.kind === "options" && parsed.options.template.internalFailure === level);
  }
  const unknown = parseApplianceOptions(["--internal-failure", "reboot"]);
  assert.ok(unknown.kind === "refused");
  assert.match(
    unknown.kind === "refused" ? unknown.message : "",
    '--internal-failure: expected one of emergency, service-stop, restart, found "reboot"',
  );
});

test("another broker is named by its address, and no dashboard is wanted with --no-web", () => {
  const given = parseApplianceOptions(["--broker", "mqtt://127.0.0.1:1883"]);
  assert.ok(given.kind === "options" && given.options.brokerUrl === "mqtt://127.0.0.1:1883");
  assert.ok(given.kind === "options" && !given.options.templateGiven);
  const without = parseApplianceOptions(["--no-web"]);
  assert.ok(without.kind === "options" && !without.options.web);
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

test("R86: three and more servers decide by majority, and a majority alone means three", () => {
  const templateOf = (...argv: string[]): readonly [number, string, number] => {
    const parsed = parseApplianceOptions(argv);
    if (parsed.kind !== "options") throw new Error(JSON.stringify(parsed));
    const { servers, method, groups } = parsed.options.template;
    return [servers, method, groups[0]?.policy.length ?? 0];
  };
  assert.equal(templateOf("--servers", "3"), [3, "majority", 3]);
  assert.equal(templateOf("--servers", "16"), [16, "majority", 16]);
  assert.equal(templateOf("--servers", "5", "--method", "majority"), [5, "majority", 5]);
  assert.equal(templateOf("--method", "majority"), [3, "majority", 3]);
  assert.equal(templateOf("--servers", "2"), [2, "com-disk", 2]);
});

test("R67: the shared disk takes two servers, and as many more as are asked for", () => {
  for (const [count, argv] of [
    [2, []],
    [3, ["--servers", "3"]],
    [16, ["--servers=16"]],
  ] as const) {
    const parsed = parseApplianceOptions(["--method", "disk", ...argv]);
    if (parsed.kind !== "options") throw new Error(JSON.stringify(parsed));
    assert.is(parsed.options.template.servers, count);
    assert.is(parsed.options.template.method, "disk");
  }
});

test("a script pair is named by its folder, with its longest run", () => {
  const parsed = parseApplianceOptions(["--script", "web:/s", "--script=web:/t:2000"]);
  if (parsed.kind !== "options") throw new Error(JSON.stringify(parsed));
  assert.equal(parsed.options.template.scripts, [
    { group: "web", folder: "/s", timeoutMs: 30_000 },
    { group: "web", folder: "/t", timeoutMs: 2000 },
  ]);
});

const REFUSALS: readonly (readonly [readonly string[], string])[] = [
  [["--metod", "com"], 'unknown argument "--metod"'],
  [["--__proto__", "com"], 'unknown argument "--__proto__"'],
  [
    ["--method", "mirror"],
    '--method: expected one of com-disk, com, disk, none, majority, found "mirror"',
  ],
  [["--timeout", "1s"], '--timeout: expected a whole number from 50 to 600000, found "1s"'],
  [["--timeout"], '--timeout: expected a whole number from 50 to 600000, found ""'],
  [["--state"], '--state: expected a folder, found ""'],
  [["--group", "web"], '--group: expected NAME:SERVER1,SERVER2[:manual], found "web"'],
  [["--group", "web:SERVER9"], "--group web: expected servers out of SERVER1,SERVER2"],
  [["--servers", "1"], '--servers: expected a whole number from 2 to 16, found "1"'],
  [["--servers", "17"], '--servers: expected a whole number from 2 to 16, found "17"'],
  [["--servers", "3.5"], '--servers: expected a whole number from 2 to 16, found "3.5"'],
  [
    ["--servers", "3", "--method", "com"],
    "--servers 3 --method com: that method joins two servers; expected --method majority, which is " +
      "the default for three and more, or --method disk",
  ],
  [["--servers=5", "--method=none"], "--servers 5 --method none: that method joins two servers"],
  [["--servers", "2", "--method", "majority"], "--servers 2: of two servers none is a majority"],
  [["--script", "web"], '--script: expected GROUP:DIR[:MS], found "web"'],
  [["--script", "db:/s"], '--script: no group "db"'],
  [["--fresh", "--keep"], "expected --fresh or --keep"],
  [["--broker", "127.0.0.1"], '--broker: expected mqtt://host:port, found "127.0.0.1"'],
  [["--no-web", "--broker", "mqtt://127.0.0.1:1883"], "expected --no-web or --broker"],
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
