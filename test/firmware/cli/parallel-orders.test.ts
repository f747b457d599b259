/**
 * R131 at the command line: a parallel group is ordered as one, its instances one by one, and it counts as
 * running where every server that is there runs it. Expectations by hand.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { findGroup } from "../../../firmware/cli/goal.ts";
import type { GroupStatus, StatusDocument } from "../../../services/status.ts";
import { fakeAppliance, ok, type Script } from "./fake-appliance.ts";
import { kage } from "./fake-terminal.ts";
import { HEALTHY, WEB, withServer } from "./pictures.ts";

type State = GroupStatus["state"];

/** `ops` with an instance on each server, in these states. */
function draw(one: State, two: State, base: StatusDocument = HEALTHY): StatusDocument {
  const instance = (server: string, state: State): GroupStatus => ({
    name: `ops@${server}`,
    state,
    owner: state === "stopped" ? null : server,
    policy: [server],
    details: { parallelOf: "ops" },
  });
  return { ...base, groups: [WEB, instance("SERVER1", one), instance("SERVER2", two)] };
}

async function run(before: StatusDocument, after: StatusDocument, words: string) {
  let isOrdered = false;
  const script: Script = (request) => {
    if (request["verb"] === "status") return ok(isOrdered ? after : before);
    isOrdered = true;
    return ok({});
  };
  const appliance = await fakeAppliance({ SERVER1: script }, null);
  const ran = await kage(appliance.runDir, words.split(" "), {});
  await appliance.stop();
  const sent = appliance.requests.filter((request) => request["verb"] !== "status");
  return { ...ran, sent: sent.map(({ verb, args }) => ({ verb, args })) };
}

test("R131: as one it runs when all of its servers run it, and is on its way while some do", () => {
  const state = (one: State, two: State): State | undefined =>
    findGroup(draw(one, two), "ops")?.state;
  assert.is(state("running", "running"), "running");
  assert.is(state("stopped", "stopped"), "stopped");
  assert.is(state("running", "stopped"), "starting");
  assert.is(state("running", "failed"), "failed");
  assert.equal(findGroup(draw("running", "running"), "ops")?.policy, ["SERVER1", "SERVER2"]);
  assert.is(findGroup(draw("running", "running"), "ops@SERVER2")?.owner, "SERVER2");
  assert.is(findGroup(draw("running", "running"), "op"), undefined);
});

test("R131: an instance whose server is off is not waited for", () => {
  const alone = withServer("SERVER2", { state: "off" });
  assert.is(findGroup(draw("running", "stopped", alone), "ops")?.state, "running");
});

test("R131: a start is one order, and it is done when every server runs it", async () => {
  const ran = await run(draw("stopped", "stopped"), draw("running", "running"), "group start ops");
  assert.is(ran.exit, 0, ran.err);
  assert.equal(ran.sent, [{ verb: "group.start", args: { group: "ops" } }]);
});

test("R131: with --to the instance of that server is meant", async () => {
  const words = "group start ops --to SERVER2";
  const ran = await run(draw("running", "stopped"), draw("running", "running"), words);
  assert.is(ran.exit, 0, ran.err);
  assert.equal(ran.sent, [{ verb: "group.start", args: { group: "ops@SERVER2", to: "SERVER2" } }]);
});

test("R131: a dry run names every instance, and a move has nowhere to go", async () => {
  const both = draw("running", "running");
  const stop = await run(both, both, "group stop ops --dry-run");
  assert.match(stop.out, /ops@SERVER1.*SERVER1[\s\S]*ops@SERVER2.*SERVER2/);
  const move = await run(both, both, "group move ops --dry-run");
  assert.is(move.exit, 3);
  assert.equal([...stop.sent, ...move.sent], []);
});

test.run();
