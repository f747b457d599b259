/**
 * What follows when an own process cannot be restarted (D24) as a setting: its three words, its default, what
 * `restart` needs, what is said of it, and its change on a running cluster. Expectations by hand from D24, D54.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { compareConfigs } from "../../../services/configuration/changes.ts";
import { explainBudget } from "../../../services/configuration/explain.ts";
import { type LoadedConfig, loadConfiguration } from "../../../services/configuration/load.ts";
import { sample, write } from "./sample.ts";

const load = (more: object, times: object = {}) => {
  const base = sample();
  const timing = { ...base.timing, ...times };
  return loadConfiguration(write({ ...base, ...more, timing }), "cluster.jsonc");
};

function accepted(more: object, times: object = {}): LoadedConfig {
  const result = load(more, times);
  if (result.kind === "refused") throw new Error(result.findings[0]?.text);
  return result.config;
}

/** Each finding as `path: expected, found, remedy`. */
const refusals = (more: object, times: object = {}): readonly string[] => {
  const result = load(more, times);
  if (result.kind === "ok") return [];
  return result.findings.map((f) => `${f.path}: ${f.expected}; ${f.found}; ${f.remedy}`);
};

/** T 1000: sigma is 2 x 100 + 2 x 5; a reset within 789 ms comes before anybody takes over. */
const WATCHDOG = { watchdogTimeoutMs: 500 };

test("D24: the default is the emergency shutdown, and all three levels can be chosen", () => {
  assert.is(accepted({}).internalFailure, "emergency");
  assert.is(accepted({ internalFailure: "emergency" }).internalFailure, "emergency");
  assert.is(accepted({ internalFailure: "service-stop" }).internalFailure, "service-stop");
  assert.is(accepted({ internalFailure: "restart" }, WATCHDOG).internalFailure, "restart");
});

test("D24: an unknown level is refused, and the three that exist are named", () => {
  for (const level of ["reboot", "", "Emergency", true, null, 1]) {
    const [text = "", ...more] = refusals({ internalFailure: level });
    assert.match(text, /^internalFailure: one of "emergency", "service-stop", "restart"/);
    assert.equal(more, []);
  }
});

test("D24 D54: restart is refused without a watchdog that resets before a takeover", () => {
  const level = { internalFailure: "restart" };
  const remedy = 'set timing.watchdogTimeoutMs, or choose "service-stop" or "emergency"';
  const expected = '"restart" only with a watchdog of at most 789 ms (level reset-bounded)';
  assert.equal(refusals(level), [`internalFailure: ${expected}; no watchdog; ${remedy}`]);
  const late = refusals(level, { watchdogTimeoutMs: 790 });
  assert.equal(late, [`internalFailure: ${expected}; a watchdog of 790 ms; ${remedy}`]);
  assert.equal(refusals(level, { watchdogTimeoutMs: 789 }), []);
});

test("D24: the other levels need no watchdog", () => {
  for (const internalFailure of ["emergency", "service-stop"]) {
    assert.equal(refusals({ internalFailure }), []);
  }
});

test("D24: explain says in both languages what a failed process leads to", () => {
  const said = (more: object, language: "en" | "ja"): string =>
    explainBudget(accepted(more, WATCHDOG), language).join("\n");
  assert.match(said({}, "en"), "in time, this server performs emergency shutdown");
  assert.match(said({}, "ja"), "復旧しなければ本サーバを緊急シャットダウンします");
  const stop = { internalFailure: "service-stop" };
  assert.match(said(stop, "en"), "and the server stays on, detached. What cannot be ended");
  assert.match(said(stop, "ja"), "サーバは切り離された状態で稼働を続けます");
  const restart = { internalFailure: "restart" };
  assert.match(said(restart, "en"), "restarted for as long as it takes");
  assert.match(said(restart, "ja"), "復旧するまで再起動を続け");
});

test("D24: the level changes while the cluster runs, and the change is named", () => {
  const [from, to] = [accepted({}), accepted({ internalFailure: "service-stop" })];
  assert.equal(compareConfigs(from, to), [
    {
      kind: "failure",
      at: "internalFailure",
      from: "emergency",
      to: "service-stop",
      needs: "live",
    },
  ]);
  // Written out is the same as left out.
  const same = compareConfigs(from, accepted({ internalFailure: "emergency" }));
  assert.equal(
    same.map(({ kind }) => kind),
    ["text"],
  );
});

test.run();
