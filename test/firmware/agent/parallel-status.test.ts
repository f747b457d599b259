/** R131 in the status: instances by server, and a loss that lowers the capacity is no failed group. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { drawStatus } from "../../../firmware/agent/status.ts";
import type { StatusDocument } from "../../../services/status.ts";
import { type Crew, viewOf } from "../../services/failover/crew.ts";
import { parallelCrew } from "../../services/failover/parallel-crew.ts";

/** As SERVER2 sees it. */
function statusOf(crew: Crew): StatusDocument {
  const { state, config } = crew.at(1);
  return drawStatus(state, "", [], config, "en", { isUnsaved: false });
}

const groupsOf = (document: StatusDocument) =>
  document.groups.map(({ name, state, owner, details }) => [
    name,
    state,
    owner,
    details?.["parallelOf"],
  ]);

test("R131: every server has its instance with its own state, and the group that it is of", () => {
  const crew = parallelCrew(3);
  crew.round(6);
  assert.equal(groupsOf(statusOf(crew)), [
    ["group1", "running", "SERVER1", undefined],
    ["group2", "running", "SERVER1", "ops"],
    ["group3", "running", "SERVER2", "ops"],
    ["group4", "running", "SERVER3", "ops"],
  ]);
});

test("R131: without one of its servers the group goes on: degraded, and it is said where it is missing", () => {
  const crew = parallelCrew(3);
  crew.round(6);
  crew.view = viewOf(2, [1, 2]);
  crew.round(6);
  const { cluster } = statusOf(crew);
  assert.is(cluster.level, "degraded");
  const said = cluster.reasons.filter(({ code }) => code === "KG-4019").map(({ text }) => text);
  assert.equal(said, ["Parallel group ops does not run on SERVER1: it has less capacity."]);
  assert.not.ok(cluster.reasons.some(({ code }) => code === "KG-4015"));
});

test("R54, R131: where none of its servers can run it the group has failed", () => {
  const crew = parallelCrew(2);
  crew.broken.set(0, new Set([1]));
  crew.broken.set(1, new Set([2]));
  crew.round(8);
  const { cluster } = statusOf(crew);
  assert.is(cluster.level, "failed");
  const said = cluster.reasons.filter(({ code }) => code === "KG-4015").map(({ text }) => text);
  assert.equal(said, ["No server of its policy can run group ops; it stays stopped."]);
});

test.run();
