/** Orders: what each state offers, the command that is sent, the `kage` line that does the same. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  type Action,
  commandFor,
  commandTopic,
  dropOrder,
  groupVerbs,
  isAllDown,
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

test("what interrupts a service wants its name typed, what restores it does not", () => {
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
  assert.is(offered("starting", "admin"), "start-now");
  assert.is(offered("starting", "op"), "");
});

test("R191: force-return is offered to an administrator, and only while all servers are down", () => {
  const board = pairBoard(["node/server1/state", nodeState("SERVER1", "detached", 2)]);
  const [one] = [board.nodes.get("server1")?.value];
  assert.ok(one);
  assert.is(isAllDown(board), false, "SERVER2 is a member");
  const down = pairBoard(
    ["node/server1/state", nodeState("SERVER1", "detached", 2)],
    ["node/server2/state", nodeState("SERVER2", "off", 2)],
  );
  assert.is(isAllDown(down), true);
  if (one === undefined) return;
  assert.equal(serverVerbs(one, "admin", true), ["return", "force-return", "shutdown"]);
  assert.equal(serverVerbs(one, "admin", false), ["return", "shutdown"]);
  assert.equal(serverVerbs(one, "op", true), ["return"]);
});

test("an administrator's orders: topic, line, typed name and what was seen", () => {
  const cluster: Action = { kind: "cluster", verb: "shutdown", name: "example" };
  const begin: Action = { ...detach, verb: "start-now" };
  const base: Action = { ...detach, verb: "force-return" };
  assert.equal(
    [cluster, begin, base].map((each) => [commandTopic(each), kageLine(each), needsConfirm(each)]),
    [
      ["cmd/admin/cluster/shutdown", "kage cluster shutdown", true],
      ["cmd/admin/node/server1/start-now", "kage cluster start-now --server SERVER1", true],
      ["cmd/admin/node/server1/force-return", "kage server force-return SERVER1", true],
    ],
  );
  const sending = { commandId: "abcd1234", ts: "2026-11-22T05:00:00.000Z", dryRun: true };
  const { confirm, expect } = commandFor(pairBoard(), cluster, sending);
  const { epoch } = pairBoard().cluster?.value ?? {};
  assert.equal([confirm, expect], ["example", { epoch }]);
});

test("a group dragged onto a server is moved or started there, or stays", () => {
  assert.equal(dropOrder(pairBoard(), "web", "server2"), { verb: "move", to: "SERVER2" });
  assert.is(dropOrder(pairBoard(), "web", "server1"), null, "it is there already");
  assert.is(dropOrder(pairBoard(), "web", "nobody"), null);
  const stopped = pairBoard(["group/web/state", groupState("web", null, "stopped", 2)]);
  assert.equal(dropOrder(stopped, "web", "server1"), { verb: "start", to: "SERVER1" });
  const busy = pairBoard(["group/web/state", groupState("web", "SERVER1", "stopping", 2)]);
  assert.is(dropOrder(busy, "web", "server2"), null);
  const lonely = pairBoard(["node/server2/state", nodeState("SERVER2", "detached", 2)]);
  assert.is(dropOrder(lonely, "web", "server2"), null);
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
  const names = Array.from({ length: 16 }, (_, index) => `SERVER${index + 1}`);
  const wires = names.flatMap((from) =>
    names.filter((to) => to !== from).map((to) => ({ from, to, state: "up" })),
  );
  const paths = ["lan1", "lan2"].flatMap((path) => wires.map((wire) => ({ path, ...wire })));
  // All wires of sixteen servers are counted, the last LAN included.
  assert.equal(readRack({ servers: [], paths })?.cables, [
    { path: "lan1", cut: 0, of: 240 },
    { path: "lan2", cut: 0, of: 240 },
  ]);
  assert.is(rackLine({ verb: "cut", paths: ["lan1", "com"] }), "kage rack cut lan1 com");
  assert.is(rackLine({ verb: "power", server: "A", on: false }), "kage rack power off A");
  assert.is(rackLine({ verb: "freeze", server: "A" }), "kage rack freeze A");
});

test.run();
