/** The board takes what is newer, refuses what is older or malformed, and forgets what is withdrawn. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  beginSession,
  dropOld,
  EMPTY_BOARD,
  EVENTS_KEPT_MAX,
  groupsOf,
  pathsOf,
  takeMessage,
} from "../../../../services/telemetry/picture/board.ts";
import { readReply } from "../../../../services/telemetry/picture/read-message.ts";
import { boardOf, groupState, nodeState, pairBoard, pathState } from "./states.ts";

const take = (board: ReturnType<typeof pairBoard>, topic: string, payload: unknown) =>
  takeMessage(board, topic, typeof payload === "string" ? payload : JSON.stringify(payload), 2000);

test("a message that is older by its revision never turns the picture back", () => {
  const board = boardOf(["group/web/state", groupState("web", "SERVER2", "running", 9)]);
  const late = { ...groupState("web", "SERVER1", "running", 8) };
  assert.is(take(board, "group/web/state", late), board);
});

test("a message of an older epoch is refused even with a higher revision", () => {
  const board = boardOf(["node/server1/state", nodeState("SERVER1")]);
  const old = { ...nodeState("SERVER1", "off", 99), epoch: 6 };
  assert.is(take(board, "node/server1/state", old), board);
});

test("an observer that began to count anew is believed when its observation is later", () => {
  const board = boardOf(["group/web/state", groupState("web", "SERVER1", "running", 900)]);
  const fresh = { ...groupState("web", "SERVER2", "running", 1), ts: "2026-11-22T05:04:00.000Z" };
  const next = take(board, "group/web/state", fresh);
  assert.is(next.groups.get("web")?.value.owner, "SERVER2");
});

test("after a new connection a cluster that was created anew is believed at once", () => {
  const board = beginSession(pairBoard());
  const anew = { ...nodeState("SERVER1", "starting", 1), epoch: 1 };
  assert.is(take(board, "node/server1/state", anew).nodes.get("server1")?.value.state, "starting");
});

test("what the new connection did not bring again is dropped", () => {
  const board = take(beginSession(pairBoard()), "group/web/state", groupState("web", "SERVER1"));
  const settled = dropOld(board);
  assert.equal([...settled.groups.keys()], ["web"]);
  assert.is(settled.nodes.size, 0);
});

test("the moment of receipt of any valid message is kept", () => {
  assert.is(take(pairBoard(), "group/web/state", groupState("web", "SERVER1")).heardAtMs, 2000);
});

const malformed: readonly [string, string][] = [
  ["group/web/state", "{"],
  ["group/web/state", "[]"],
  ["group/web/state", "null"],
  ["group/web/state", '{"v":1}'],
  ["group/web/state", JSON.stringify({ ...groupState("web", "SERVER1"), v: 2 })],
  ["group/web/state", JSON.stringify({ ...groupState("web", "SERVER1"), state: "dancing" })],
  ["group/web/state", JSON.stringify({ ...groupState("web", "SERVER1"), ts: "yesterday" })],
  ["group/web/state", JSON.stringify({ ...groupState("web", "SERVER1"), rev: -1 })],
  ["node/server1/state", JSON.stringify({ ...nodeState("SERVER1"), name: 7 })],
  ["path/lan1/state", JSON.stringify({ ...pathState("lan1", "pigeon", "normal") })],
  ["event", JSON.stringify({ id: "a-1" })],
  ["nothing/of/ours", "{}"],
  ["__proto__/x/state", "{}"],
];

for (const [topic, text] of malformed) {
  test(`a malformed message changes nothing: ${topic} ${text.slice(0, 30)}`, () => {
    const board = pairBoard();
    assert.is(takeMessage(board, topic, text, 2000), board);
  });
}

test("a pair or reason that is malformed is left out, the rest is taken", () => {
  const path = { ...pathState("lan1", "lan-private", "normal") };
  const spoilt = { ...path, pairs: [...path.pairs, { from: "SERVER1" }, 7, null] };
  assert.is(boardOf(["path/lan1/state", spoilt]).paths.get("lan1")?.value.pairs.length, 2);
});

test("an empty retained payload withdraws a group", () => {
  assert.equal([...take(pairBoard(), "group/web/state", "").groups.keys()], ["db"]);
});

test("a message larger than its bound is not parsed", () => {
  const board = pairBoard();
  const huge = JSON.stringify({ ...groupState("web", "SERVER2"), padding: "x".repeat(500_000) });
  assert.is(takeMessage(board, "group/web/state", huge, 2000), board);
});

test("more groups than the bound are not taken in, known ones still change", () => {
  let board = EMPTY_BOARD;
  for (let i = 0; i < 1100; i += 1) {
    board = take(board, `group/g${i}/state`, groupState(`g${i}`, "SERVER1"));
  }
  assert.is(board.groups.size, 1024);
  const changed = take(board, "group/g3/state", groupState("g3", "SERVER2"));
  assert.is(changed.groups.get("g3")?.value.owner, "SERVER2");
});

const event = (seq: number) => ({
  ...{ v: 1, id: `s1-${seq}`, seq, ts: "2026-11-22T05:00:00.000Z", severity: "info" },
  ...{ code: "KG-1", key: "x", server: "SERVER1", subject: { kind: "group", id: "web" } },
  ...{ args: {}, cause: null, text: { en: "t", ja: "t" }, why: {}, hint: {} },
});

test("an event that comes twice is one event, and the order is that of the log", () => {
  const board = boardOf(["event", event(2)], ["event/recent", { events: [event(1), event(2)] }]);
  assert.equal(
    board.events.map(({ id }) => id),
    ["s1-1", "s1-2"],
  );
});

test("events are bounded, the newest stay", () => {
  let board = EMPTY_BOARD;
  for (let seq = 1; seq <= EVENTS_KEPT_MAX + 20; seq += 1) board = take(board, "event", event(seq));
  assert.is(board.events.length, EVENTS_KEPT_MAX);
  assert.is(board.events.at(-1)?.seq, EVENTS_KEPT_MAX + 20);
});

test("groups stand in the order of the configuration, paths by kind", () => {
  const groups = ["mail", "db", "web"].map((name) => ({ name, policy: [], resources: [] }));
  const servers = ["SERVER1", "SERVER2"];
  const board = pairBoard(
    ["info", { ...nodeState("x"), cluster: "c", version: "1", method: "com", groups, servers }],
    ["path/array/state", pathState("array", "disk", "normal")],
  );
  assert.equal(
    groupsOf(board).map(({ value }) => value.name),
    ["db", "web"],
  );
  assert.equal(
    pathsOf(board).map(({ value }) => value.id),
    ["lan1", "com1", "array"],
  );
});

test("a reply of an unknown status or without an id is no reply", () => {
  assert.is(readReply({ commandId: "a1", status: "perhaps" }), null);
  assert.is(readReply({ status: "done" }), null);
  assert.is(readReply({ commandId: "a1", status: "done", plan: ["x"] })?.plan.length, 0);
});

test.run();
