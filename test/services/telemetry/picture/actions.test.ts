/** Orders: what each state offers, the command that is sent, the `kage` line that does the same. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  type Action,
  commandFor,
  commandTopic,
  groupVerbs,
  kageLine,
  needsConfirm,
  serverVerbs,
  targetsFor,
} from "../../../../services/telemetry/picture/actions.ts";
import { rackLine, readRack } from "../../../../services/telemetry/picture/rack.ts";
import { groupState, nodeState, pairBoard } from "./states.ts";

const move: Action = { kind: "group", verb: "move", id: "web", name: "Web", to: "SERVER2" };
const detach: Action = { kind: "server", verb: "detach", id: "server1", name: "SERVER1" };

test("ecosystem 1.4: a move carries its target, what was seen, the typed name and a short life", () => {
  const sending = { commandId: "abcd1234", ts: "2026-11-22T05:00:00.000Z", dryRun: false };
  assert.equal(commandFor(pairBoard(), move, sending), {
    ...sending,
    args: { to: "SERVER2" },
    confirm: "Web",
    expect: { owner: "SERVER1", state: "running" },
    ttlS: 30,
  });
});

test("the role stands in the topic: operators move, only administrators shut down", () => {
  assert.is(commandTopic(move), "cmd/op/group/web/move");
  assert.is(commandTopic(detach), "cmd/op/node/server1/detach");
  assert.is(commandTopic({ ...detach, verb: "shutdown" }), "cmd/admin/node/server1/shutdown");
});

test("the kage line is what commands.ts takes; a strange name is quoted for the shell", () => {
  assert.is(kageLine(move), "kage group move Web --to SERVER2");
  assert.is(kageLine(detach), "kage server detach SERVER1");
  assert.is(kageLine({ ...move, name: "a b'; rm", to: null }), "kage group move 'a b'\\''; rm'");
});

test("R143: what interrupts a service wants its name typed, what restores it does not", () => {
  assert.equal(
    (["start", "stop", "move"] as const).map((verb) => needsConfirm({ ...move, verb })),
    [false, true, true],
  );
  assert.equal(
    (["detach", "return", "shutdown"] as const).map((verb) => needsConfirm({ ...detach, verb })),
    [true, false, true],
  );
});

test("each state of a group offers what makes sense in it", () => {
  const offered = (state: string, owner: string | null = "SERVER1") => {
    const board = pairBoard(["group/web/state", groupState("web", owner, state, 2)]);
    const group = board.groups.get("web");
    return group === undefined ? null : groupVerbs(group.value).join(" ");
  };
  assert.is(offered("running"), "move stop");
  assert.is(offered("stopped", null), "start");
  assert.is(offered("failed", null), "start");
  assert.is(offered("starting"), "stop");
  assert.is(offered("stopping"), "");
  assert.is(offered("unknown"), "");
});

test("each state of a server offers what makes sense in it and to the role", () => {
  const offered = (state: string, role: "op" | "admin") => {
    const board = pairBoard(["node/server1/state", nodeState("SERVER1", state, 2)]);
    const node = board.nodes.get("server1");
    return node === undefined ? null : serverVerbs(node.value, role).join(" ");
  };
  assert.is(offered("member", "op"), "detach");
  assert.is(offered("member", "admin"), "detach shutdown");
  assert.is(offered("detached", "op"), "return");
  assert.is(offered("off", "admin"), "");
});

test("R144: targets are members of the policy, best first, without the present owner", () => {
  const board = pairBoard();
  const web = board.groups.get("web");
  assert.ok(web);
  assert.equal(web && targetsFor(board, web.value), ["SERVER2"]);
  const lonely = pairBoard(["node/server2/state", nodeState("SERVER2", "detached", 2)]);
  assert.equal(web && targetsFor(lonely, web.value), []);
});

test("the rack's answer becomes cables and switches; half a cable is told from a whole one", () => {
  const wire = (state: string) => ({ path: "lan1", from: "A", to: "B", state });
  const panel = readRack({
    servers: [{ name: "A", power: "off", frozen: false }, { power: "on" }],
    paths: [wire("cut"), wire("up"), { path: "com", state: "up" }, 7],
  });
  assert.equal(panel, {
    cables: [
      { path: "lan1", cut: 1, of: 2 },
      { path: "com", cut: 0, of: 1 },
    ],
    servers: [{ name: "A", isOn: false, isFrozen: false }],
  });
  assert.is(readRack({ ok: false }), null);
  assert.is(rackLine({ verb: "cut", paths: ["lan1", "com"] }), "kage rack cut lan1 com");
  assert.is(rackLine({ verb: "power", server: "A", on: false }), "kage rack power off A");
  assert.is(rackLine({ verb: "freeze", server: "A" }), "kage rack freeze A");
});

test.run();
