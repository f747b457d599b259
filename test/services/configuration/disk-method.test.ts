/**
 * The shared-disk method in the configuration: what is demanded, the budget of B8 and its words. Numbers by
 * hand: T 30 s, DIO 80 s: J = 2 x 80 = 160 s; M = 250 + 750 + 2 x 0.0005 x 160,000 = 1160 ms.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { explainBudget } from "../../../services/configuration/explain.ts";
import { type LoadedConfig, loadConfiguration } from "../../../services/configuration/load.ts";
import { sample, write } from "./sample.ts";

type Bend = (config: ReturnType<typeof sample>) => unknown;

const load = (bend: Bend) => {
  const config = sample();
  Object.assign(config, { method: "disk", com: undefined });
  bend(config);
  return loadConfiguration(write(config), "f");
};

function good(bend: Bend): LoadedConfig {
  const result = load(bend);
  if (result.kind === "refused") throw new Error(result.findings[0]?.text);
  return result.config;
}

function refusalOf(bend: Bend): string {
  const result = load(bend);
  return result.kind === "refused" ? result.findings.map(({ text }) => text).join("\n") : "";
}

const guide: Bend = (c) =>
  Object.assign(c, {
    timing: { heartbeatTimeoutMs: 30_000, heartbeatIntervalMs: 3000, diskWaitMs: 80_000 },
  });

test("R77: heartbeat timeout 30 s and disk wait 80 s give 160 s, and explain says so", () => {
  const config = good(guide);
  assert.is(config.budget.judgeMs, 160_000);
  assert.is(config.budget.marginMs, 1160);
  assert.is(config.budget.leaveMs, 158_840);
  assert.is(config.budget.stampLeaseMs, 78_840);
  assert.is(config.budget.stampIntervalMs, 1000);
  const text = explainBudget(config).join("\n");
  assert.match(
    text,
    "Resolution time 160 s: the longer of 2 x 30 s heartbeat timeout and 2 x 80 s",
  );
  assert.match(text, "arbitration 130 s");
  for (const word of ["A2", "Claim", "COM"]) assert.not.match(text, word);
});

test("R76: with the disk wait below the timeout the resolution takes two timeouts", () => {
  assert.is(good((c) => Object.assign(c.timing, { diskWaitMs: 900 })).budget.judgeMs, 2000);
});

test("R65: without an arbitration partition the method is refused; COM is not needed", () => {
  assert.match(
    refusalOf((c) => Object.assign(c, { disk: undefined })),
    "an arbitration partition",
  );
  assert.is(good(() => undefined).com, null);
});

test("R67: a third server is taken as soon as it has its addresses and its path to the disk", () => {
  const third = refusalOf((c) => c.servers.push({ name: "SERVER3" }));
  assert.not.match(third, "exactly 2 servers");
  assert.match(third, "SERVER3");
});

test("1.6: a disk wait that holds no four stamps is refused with the missing time", () => {
  // M 51 or 52, D 40, four stamps of 200 ms: 892
  const text = refusalOf((c) => Object.assign(c.timing, { diskWaitMs: 500 }));
  assert.match(text, "DIO >= M + D + 4 Idisk");
  assert.match(text, "too short by 392 ms");
});

test("D1: the early verdict is a setting, and off while the disk wait is the longer one", () => {
  const set = (earlyVerdict: boolean, diskWaitMs: number): Bend => {
    return (c) => Object.assign(c.timing, { earlyVerdict, diskWaitMs });
  };
  assert.not(good(set(false, 1000)).budget.earlyVerdict);
  assert.ok(good(set(true, 1000)).budget.earlyVerdict);
  assert.not(good(set(true, 1001)).budget.earlyVerdict);
  const warned = load(set(true, 1001));
  assert.ok(warned.kind === "ok" && warned.warnings.some(({ text }) => /earlyVerdict/.test(text)));
});

test("1.3.6: reset-bounded needs a watchdog below T and below the age of a stamp", () => {
  const set = (watchdogTimeoutMs: number, diskWaitMs: number): Bend => {
    return (c) => Object.assign(c.timing, { watchdogTimeoutMs, diskWaitMs });
  };
  // T 1000 - sigma 210 - 1 = 789; DIO 1000 - 200 - 40 - 1 = 759
  assert.is(good(set(759, 1000)).budget.protection, "reset-bounded");
  assert.is(good(set(760, 1000)).budget.protection, "software-bounded");
  assert.is(good(set(789, 2000)).budget.protection, "reset-bounded");
  assert.is(good(set(790, 2000)).budget.protection, "software-bounded");
});

/** Three servers that share the disk; `bend` spoils one place of it. */
const three = (bend: Bend = () => undefined): Bend => {
  const names = ["SERVER1", "SERVER2", "SERVER3"];
  return (c) => {
    c.servers = names.map((name) => ({ name }));
    for (const [at, lan] of c.lans.entries()) {
      lan.addresses = Object.fromEntries(
        names.map((name, n) => [name, `127.5.5.${n + 1}:${7001 + at}`]),
      );
    }
    c.disk = { paths: Object.fromEntries(names.map((name) => [name, "/dev/sdb1"])) };
    bend(c);
  };
};

test("R67, B5, B8: explain of three says how many may fail, who goes on, and when a cut is past mending", () => {
  // J = 2 x 2000 and two ways of delta 5 + P 25 each, and one more; the door is nailed at 4000 - 2000 - 40 - 200.
  const text = explainBudget(
    good(three((c) => Object.assign(c.timing, { diskWaitMs: 2000 }))),
  ).join("\n");
  assert.match(text, "at the latest after 4.09 s");
  assert.match(text, "Shared disk of 3 servers: 2 may fail one after the other");
  assert.match(
    text,
    "a silence of up to 1.56 s cause no failover; later the disk names who is out",
  );
  assert.not.match(text, /majority/i);
  const inJapanese = explainBudget(good(three()), "ja").join("\n");
  assert.match(inJapanese, "サーバ 3 台の共有ディスク: 2 台まで");
  assert.not.match(explainBudget(good(() => undefined)).join("\n"), "one after the other");
});

test("R57, R67: a cable between two of three has no role: a warning, no path, and the third lacks nothing", () => {
  const cable = { devices: { SERVER1: "/dev/ttyS0", SERVER2: "/dev/ttyS0" } };
  const result = load(three((c) => Object.assign(c, { com: cable })));
  if (result.kind === "refused") throw new Error(result.findings[0]?.text);
  assert.is(result.config.com, null);
  const remedies = result.warnings.map(({ remedy }) => remedy).join("; ");
  assert.match(remedies, 'remove "com": one serial cable joins two servers');
  const strange = load(
    three((c) => Object.assign(c, { com: { devices: { SERVER9: "/dev/ttyS0" } } })),
  );
  assert.is(strange.kind, "refused");
  // Of two servers it stays a path that is shown.
  assert.is.not(good((c) => Object.assign(c, { com: cable })).com, null);
});

test("R57, R67: three servers with a COM method are told of majority and of the disk", () => {
  const text = refusalOf(three((c) => Object.assign(c, { method: "com-disk" })));
  assert.match(text, 'choose "majority", or "disk" where one is shared');
});

test.run();
