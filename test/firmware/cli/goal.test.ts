/** Is an order carried out? Pictures written by hand; source: firmware/cli/goal.ts, R184-R190. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Goal, GoalWatch, type Progress } from "../../../firmware/cli/goal.ts";
import type { GroupStatus } from "../../../services/status.ts";
import { HEALTHY, WEB } from "./pictures.ts";

type Change = Partial<GroupStatus>;

/** SERVER1 failed to start web before; SERVER2 runs it by order 3. */
const ELSEWHERE: Change = { owner: "SERVER2", details: { desired: "SERVER2", order: 3 } };

/** Verdict after each picture of the group that follows the first. */
function judge(goal: Goal, first: Change, ...pictures: readonly Change[]): readonly Progress[] {
  const draw = (change: Change) => ({ ...HEALTHY, groups: [{ ...WEB, ...change }] });
  const watch = new GoalWatch(goal, draw(first));
  return pictures.map((picture) =>
    watch.judge({
      document: draw(picture),
      goneAgents: new Set<string>(),
      agentsAll: ["SERVER1", "SERVER2"],
      power: null,
    }),
  );
}

const failed = (desired: string | null, order: number): Change => ({
  state: "failed",
  owner: null,
  details: { desired, order },
});
const stopping: Change = {
  state: "stopping",
  owner: "SERVER2",
  details: { desired: null, order: 4 },
};
const group = (state: "running" | "stopped", on: string | null = null): Goal => ({
  kind: "group",
  group: "web",
  state,
  on,
  notOn: null,
});

test("R188: an older failure on the other server does not spoil a stop", () => {
  const progress = judge(group("stopped"), ELSEWHERE, ELSEWHERE, stopping, failed(null, 4));
  assert.equal(progress, ["pending", "pending", "reached"]);
});

test("R188: a group that is stopped everywhere is stopped", () => {
  const stopped: Change = { state: "stopped", owner: null, details: { desired: null, order: 4 } };
  assert.equal(judge(group("stopped"), ELSEWHERE, stopping, stopped), ["pending", "reached"]);
});

test("R184: an older failure between stop and start does not spoil a move", () => {
  const toServer1 = { ...stopping, details: { desired: "SERVER1", order: 4 } };
  const running: Change = { owner: "SERVER1", details: { desired: "SERVER1", order: 4 } };
  const progress = judge(
    group("running", "SERVER1"),
    ELSEWHERE,
    toServer1,
    failed("SERVER1", 4),
    running,
  );
  assert.equal(progress, ["pending", "pending", "reached"]);
});

test("R54: a start that failed on every server has failed", () => {
  const off: Change = { state: "stopped", owner: null, details: { desired: null, order: 3 } };
  const starting: Change = { state: "starting", details: { desired: "SERVER1", order: 4 } };
  const progress = judge(group("running"), off, starting, failed("SERVER2", 5), failed(null, 6));
  assert.equal(progress, ["pending", "pending", "failed"]);
});

test("R54: a picture that does not tell the order keeps the old meaning: failed is failed", () => {
  const bare: Change = { state: "failed", owner: null };
  assert.equal(judge(group("stopped"), {}, bare), ["failed"]);
});

test.run();
