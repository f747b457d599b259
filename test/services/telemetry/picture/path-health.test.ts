/** What a cable is called: alarm only where a cable is the trouble, never for what nobody looked at. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { PathState } from "../../../../services/telemetry/model.ts";
import {
  directionWord,
  diskHealth,
  pairHealth,
} from "../../../../services/telemetry/picture/path-health.ts";
import { wiresOf } from "../../../../services/telemetry/picture/rack.ts";

type State = PathState["pairs"][number]["state"];

const pair = (from: string, to: string, state: State) => ({ from, to, state, lastHeardMs: null });
const path = (...pairs: PathState["pairs"]): PathState =>
  ({ id: "lan1", kind: "lan-private", pairs }) as unknown as PathState;
const toneOf = (there: State, back: State, down: readonly string[] = []) =>
  pairHealth(path(pair("A", "B", there), pair("B", "A", back)), "A", "B", new Set(down)).word.tone;

test("towards a server that is down no cable is an alarm, silent or unknown", () => {
  assert.is(toneOf("unknown", "unknown", ["A"]), "quiet");
  assert.is(toneOf("faulty", "unknown", ["A"]), "quiet");
  assert.is(directionWord(pair("A", "B", "unknown"), new Set(["A"])).tone, "quiet");
});

test("between living servers unknown is a warning and faulty an alarm", () => {
  assert.is(toneOf("unknown", "unknown"), "warn");
  assert.is(toneOf("faulty", "faulty"), "bad");
  assert.is(toneOf("normal", "faulty"), "bad");
});

test("another server's way to the array, which nobody reported, is no warning", () => {
  const disk = path(pair("A", "A", "normal"));
  assert.is(diskHealth(disk, "A", new Set()).text.en, "normal");
  assert.is(diskHealth(disk, "B", new Set()).text.en, "not reported");
  assert.is(diskHealth(disk, "B", new Set(["B"])).text.en, "no signal");
});

test("all wires at once are those between the servers, not the array and not the clients' switch", () => {
  const cables = ["lan1", "lan2", "com", "array", "public-switch"];
  const rows = cables.map((each) => ({ path: each, cut: 0, of: 2 }));
  assert.equal(wiresOf(rows), ["lan1", "lan2", "com"]);
});

test.run();
