/** From measurements to proposed times (guide 3.2.3, D51). Times of the sample: T 1000, I 100. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type LoadedConfig, loadConfiguration } from "../../../services/configuration/load.ts";
import {
  type Measurements,
  measureEvents,
  proposeTimes,
  type TimedEvent,
} from "../../../services/configuration/tuning.ts";
import { sample, write } from "./sample.ts";

const NOTHING: Measurements = {
  lateMs: null,
  diskMs: null,
  giveUpMs: null,
  spreadMs: null,
  scripts: [],
};

function load(bend: (config: ReturnType<typeof sample>) => void = () => undefined): LoadedConfig {
  const config = sample();
  bend(config);
  const loaded = loadConfiguration(write(config), "cluster.jsonc");
  if (loaded.kind === "refused") throw new Error(loaded.findings[0]?.text);
  return loaded.config;
}

const shown = (config: LoadedConfig, measured: Partial<Measurements>) =>
  proposeTimes(config, { ...NOTHING, ...measured }).map(
    ({ at, nowMs, proposedMs }) => `${at.join(".")} ${nowMs} ${proposedMs}`,
  );

test("D51: nothing measured, or times that cover it, propose nothing", () => {
  assert.equal(shown(load(), {}), []);
  // P 25, G 25, D 40 are assumed at T 1000; 12 ms late twice is 24.
  assert.equal(shown(load(), { lateMs: 12, diskMs: 8, giveUpMs: 12, spreadMs: 100_000 }), []);
});

test("D51: a pulse later than assumed lengthens P, and T where P no longer fits", () => {
  assert.equal(shown(load(), { lateMs: 16 }), ["timing.pauseMs 25 32"]);
  const [pause, timeout] = shown(load(), { lateMs: 256 });
  assert.is(pause, "timing.pauseMs 25 512");
  assert.match(timeout ?? "", /^timing\.heartbeatTimeoutMs 1000 1[0-9]{3}$/);
});

test("guide 3.2.3: slow array accesses lengthen the claim and the disk wait", () => {
  // A claim is a write and a read: four times one access.
  assert.is(shown(load(), { diskMs: 16 })[0], "timing.claimMs 40 64");
  const slow = shown(load(), { diskMs: 768 });
  assert.ok(slow.includes("timing.diskWaitMs 1000 1536"), slow.join());
});

test("guide 3.2.3: the grace time at start covers twice the difference of start times", () => {
  assert.equal(shown(load(), { spreadMs: 200_000 }), ["timing.startSyncWaitMs 300000 400000"]);
});

test("D51: a proposal, put into the text, loads", () => {
  const measured = { ...NOTHING, lateMs: 256, giveUpMs: 300, diskMs: 128, spreadMs: 400_000 };
  const proposals = proposeTimes(load(), measured);
  const config = load((text) => {
    for (const { at, proposedMs } of proposals) text.timing[String(at[1])] = proposedMs;
  });
  assert.is(config.budget.pauseMs, 512);
  assert.is(config.budget.giveUpMs, 600);
  assert.equal(proposeTimes(config, measured), []);
});

test("D51: one measured time alone loads too: what is only assumed grows with T", () => {
  for (const measured of [
    { ...NOTHING, lateMs: 32 },
    { ...NOTHING, giveUpMs: 200 },
    { ...NOTHING, diskMs: 64 },
  ]) {
    const proposals = proposeTimes(load(), measured);
    assert.ok(proposals.some(({ reason }) => reason === "reasonTimeout"));
    load((text) => {
      for (const { at, proposedMs } of proposals) text.timing[String(at[1])] = proposedMs;
    });
  }
});

test("guide 3.2.3: a script timeout covers three times the longest run", () => {
  const config = load((text) => {
    const script = { type: "script", name: "app", start: "/a", stop: "/b", startTimeoutMs: 1000 };
    text.groups[0]?.resources.push(script);
  });
  const run = { group: "web", resource: "app", run: "start", tookMs: 500, count: 1 } as const;
  assert.equal(shown(config, { scripts: [run] }), [
    "groups.0.resources.2.startTimeoutMs 1000 1500",
  ]);
  assert.equal(shown(config, { scripts: [{ ...run, tookMs: 300 }] }), []);
  assert.equal(shown(config, { scripts: [{ ...run, group: "gone" }] }), []);
});

const event = (server: string, key: string, atS: number, data: object = {}): TimedEvent => ({
  server,
  key,
  atMs: atS * 1000,
  data: { ...data },
});

test("D51: start spread counts common starts only, whatever the order of the logs", () => {
  const measured = measureEvents([
    event("B", "start.first", 95),
    event("A", "start.first", 10),
    event("A", "start.unclean", 100_000),
    event("B", "start.clean", 500_000),
    event("A", "start.clean", 500_020),
  ]);
  assert.is(measured.spreadMs, 85_000);
  assert.is(measured.starts, 2);
  assert.is(measureEvents([event("A", "start.clean", 1)]).spreadMs, null);
});

test("D51: give-ups and scripts are read from the log; what is no time is left out", () => {
  const script = (run: string, tookMs: unknown) =>
    event("A", "script.ended", 1, { group: "web", resource: "app", run, tookMs });
  const measured = measureEvents([
    event("A", "give-up.completed", 1, { tookMs: 12 }),
    event("B", "give-up.completed", 2, { tookMs: 40 }),
    event("B", "give-up.completed", 3, { tookMs: "soon" }),
    script("start", 20.4),
    script("recover", 30),
    script("stop", 5),
    script("stop", undefined),
  ]);
  assert.is(measured.giveUpMs, 40);
  assert.is(measured.giveUps, 2);
  assert.equal(measured.scripts, [
    { group: "web", resource: "app", run: "start", tookMs: 30, count: 2 },
    { group: "web", resource: "app", run: "stop", tookMs: 5, count: 1 },
  ]);
});

test.run();
