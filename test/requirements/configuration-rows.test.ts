/**
 * Rows about what may be chosen and changed: start attribute, heartbeat timeout, methods under a volume
 * manager that owns whole disks. Expectations by hand from the guide's 1.2.4 and its glossary.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { compareConfigs, groupsToStop } from "../../services/configuration/changes.ts";
import { type LoadedConfig, loadConfiguration } from "../../services/configuration/load.ts";
import { recommendMethod } from "../../services/configuration/recommend.ts";
import { manySheet } from "../firmware/evaluate/sheets.ts";
import { sample, write } from "../services/configuration/sample.ts";

function load(bend: (config: ReturnType<typeof sample>) => void = () => undefined): LoadedConfig {
  const config = sample();
  bend(config);
  const result = loadConfiguration(write(config), "cluster.jsonc");
  if (result.kind === "refused") throw new Error(result.findings[0]?.text);
  return result.config;
}

test("R143: the start attribute is changed while the cluster runs, both ways, and stops nothing", () => {
  const manual = load((c) => Object.assign(c.groups[0] ?? {}, { start: "manual" }));
  for (const [from, to, words] of [
    [load(), manual, ["auto: SERVER1, SERVER2", "manual: SERVER1, SERVER2"]],
    [manual, load(), ["manual: SERVER1, SERVER2", "auto: SERVER1, SERVER2"]],
  ] as const) {
    const changes = compareConfigs(from, to);
    assert.equal(
      changes.map((change) => [change.at, change.from, change.to, change.needs]),
      [["web", ...words, "live"]],
    );
    assert.equal(groupsToStop(changes), []);
  }
});

test("R12: a new heartbeat timeout is a change of the running cluster", () => {
  const longer = load((c) => Object.assign(c.timing, { heartbeatTimeoutMs: 1500 }));
  const timeout = compareConfigs(load(), longer).find(({ at }) =>
    at.endsWith("heartbeatTimeoutMs"),
  );
  assert.equal([timeout?.from, timeout?.to, timeout?.needs], ["1000", "1500", "live"]);
});

/** What is offered on a shared disk under a volume manager that owns whole disks. */
const offered = (servers: number): readonly string[] =>
  recommendMethod({
    servers,
    sharedDisk: true,
    comCable: true,
    mirror: false,
    volumeManager: "vxvm",
  }).offered;

test("R18, R66: under such a volume manager no method with heartbeats on the disk is offered", () => {
  for (let servers = 2; servers <= 16; servers += 1) {
    const methods = offered(servers);
    assert.not.ok(methods.includes("disk"), `${servers} servers`);
    assert.not.ok(methods.includes("com-disk"), `${servers} servers`);
    assert.ok(methods.length > 0);
  }
});

test("D11: under such a volume manager two servers use COM, three and more a majority", () => {
  assert.equal(offered(2), ["com"]);
  for (const servers of [3, 4, 16]) assert.equal(offered(servers), ["majority"]);
});

/** One group of the parallel form on `count` servers under an edition; null = none is named. */
function parallelOn(count: number, edition: string | null): readonly string[] {
  const text = manySheet(count, (made) => {
    const [web] = made.groups;
    if (web !== undefined) {
      Object.assign(web, { form: "parallel", resources: web.resources.slice(1) });
    }
    if (edition !== null) Object.assign(made, { edition });
    if (count === 2) made.method = "none";
  });
  const result = loadConfiguration(text, "cluster.jsonc");
  return result.kind === "refused" ? result.findings.map(({ path }) => path) : [];
}

test("D45: parallel groups: Standard on two servers, Enterprise and no edition on up to sixteen", () => {
  assert.equal(parallelOn(2, "standard"), []);
  assert.equal(parallelOn(3, "standard"), ["servers[2]"]);
  for (const count of [2, 3, 16]) {
    assert.equal(parallelOn(count, "enterprise"), [], `${count}`);
    assert.equal(parallelOn(count, null), [], `${count}`);
  }
  assert.not.equal(parallelOn(17, "enterprise"), []);
});

test("D42: what the guide gives no number for has one here, and the file may leave it out", () => {
  const config = load((c) => {
    Object.assign(c, { timing: {} });
    const script = { type: "script", name: "app", start: "/s/start", stop: "/s/stop" };
    c.groups[0]?.resources.push(script);
  });
  const { heartbeatIntervalMs, comIntervalMs, diskWaitMs, watchdogTimeoutMs } = config.timing;
  assert.equal([heartbeatIntervalMs, comIntervalMs], [3000, 1000]);
  assert.equal([diskWaitMs, watchdogTimeoutMs], [30_000, 0]);
  assert.is(config.com?.baud, 38_400);
  const [, program, script] = config.groups[0]?.resources ?? [];
  assert.ok(program?.kind === "program" && script?.kind === "script");
  const { stopTimeoutMs, restartMax, restartWindowMs } = program;
  assert.equal([stopTimeoutMs, restartMax, restartWindowMs], [5000, 3, 3_600_000]);
  assert.equal([script.startTimeoutMs, script.stopTimeoutMs], [1_800_000, 1_800_000]);
});

test.run();
