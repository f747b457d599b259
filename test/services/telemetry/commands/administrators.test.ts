/**
 * Orders of an administrator over MQTT: who carries them out when nobody leads, what their plan says, and
 * what the last word is of a server that goes down with its own order. Also: two who have seen the same.
 * Source: ecosystem.md 1.4; R185-R191; protocol.md 1.7, 1.8; work order 3 items 6, 7.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { ServerStatus, StatusDocument } from "../../../../services/status.ts";
import { DeskStage, PREFIX, picture, ready, request } from "../desk-stage.ts";

const OUTSIDE = { epoch: null, coordinator: null, owner: null, state: "unknown" } as const;

/** A picture with these two server states. */
function with2(
  first: ServerStatus["state"],
  second: ServerStatus["state"],
  change: Parameters<typeof picture>[0] = {},
): StatusDocument {
  const shown = picture(change);
  const states = [first, second];
  return {
    ...shown,
    servers: shown.servers.map((server, at) => ({ ...server, state: states[at] ?? "off" })),
  };
}

function stageOf(status: StatusDocument, self = "SERVER1"): DeskStage {
  const stage = new DeskStage({ self });
  stage.see(status);
  stage.connect();
  return stage;
}

function give(stage: DeskStage, topic: string, change: Readonly<Record<string, unknown>>): void {
  const payload = request({ args: undefined, ...change });
  stage.command({ topic: `${PREFIX}/cmd/admin/${topic}`, payload });
}

const accept = (stage: DeskStage): void =>
  stage.take({
    kind: "agent.answered",
    token: stage.orders.at(-1)?.token ?? 0,
    answer: { kind: "accepted" },
  });

const verbs = (stage: DeskStage): object[] =>
  stage.orders.map(({ verb, args }) => ({ verb, args }));

const outcomes = (stage: DeskStage): string[] => stage.replies().map(({ status }) => status);

const FORCE = { confirm: "SERVER1", expect: { state: "detached" } };

test("R191: all are down and share a broker: the base is forced back, the other says nothing", () => {
  const down = with2("detached", "detached", OUTSIDE);
  const [base, other] = [stageOf(down), stageOf(down, "SERVER2")];
  base.hear("node/server2/online", "online", true);
  other.hear("node/server1/online", "online", true);
  for (const stage of [base, other]) give(stage, "node/server1/force-return", FORCE);
  assert.equal(verbs(base), [{ verb: "server.force-return", args: { server: "SERVER1" } }]);
  assert.equal([other.orders, other.replies()], [[], []], "one command, one answer");
  accept(base);
  base.see(with2("member", "detached", { epoch: 8, owner: null, state: "stopped" }));
  assert.equal(outcomes(base), ["accepted", "running", "done"]);
});

test("R191: a force-returned sole server in a provisional view counts as done, and it is said so", () => {
  const stage = stageOf(with2("detached", "off", OUTSIDE));
  give(stage, "node/server1/force-return", { ...FORCE, dryRun: true });
  assert.match(
    stage.replies()[0]?.plan[0]?.en ?? "",
    "all groups stay stopped until you start them",
  );
  give(stage, "node/server1/force-return", { ...FORCE, commandId: "cmd-00000002" });
  accept(stage);
  const waiting = [
    { code: "KG-2061", text: "No group may start on the force-returned server yet." },
  ];
  const sole = { epoch: 8, owner: null, state: "stopped", reasons: waiting } as const;
  stage.see(with2("member", "off", sole));
  const last = stage.replies().at(-1);
  assert.is(last?.status, "done");
  assert.match(last?.text.en ?? "", "begun anew with SERVER1; start the groups when they may run");
  assert.match(last?.text.ja ?? "", "SERVER1 を基準に");
});

test("R191: a target whose telemetry is not on this broker is said to have no leader", () => {
  const stage = stageOf(with2("detached", "detached", OUTSIDE), "SERVER2");
  give(stage, "node/server1/force-return", FORCE);
  assert.equal(
    stage.replies().map(({ code }) => code),
    ["KG-9111"],
  );
});

const WAITING = with2("starting", "off", OUTSIDE);

test("R208: the start sync wait of the only server on the broker is ended", () => {
  const stage = stageOf(WAITING);
  give(stage, "cluster/start-now", { confirm: "SERVER1", dryRun: true });
  assert.match(stage.replies()[0]?.plan[0]?.en ?? "", "SERVER1 no longer waits for the others");
  give(stage, "cluster/start-now", { confirm: "SERVER1", commandId: "cmd-00000002" });
  assert.equal(verbs(stage), [{ verb: "cluster.start-now", args: {} }]);
  accept(stage);
  stage.see(with2("member", "off"));
  assert.equal(outcomes(stage), ["done", "accepted", "running", "done"]);
});

test("R208: where two servers are reached nobody starts alone unless it is named", () => {
  const [one, two] = [
    stageOf(with2("starting", "starting", OUTSIDE)),
    stageOf(with2("starting", "starting", OUTSIDE), "SERVER2"),
  ];
  one.hear("node/server2/online", "online", true);
  two.hear("node/server1/online", "online", true);
  for (const stage of [one, two]) give(stage, "cluster/start-now", { confirm: "SERVER1" });
  assert.equal([one.orders, two.orders], [[], []]);
  assert.is(one.replies()[0]?.code, "KG-9117");
  const named = { confirm: "SERVER2", commandId: "cmd-00000002", expect: { state: "starting" } };
  for (const stage of [one, two]) give(stage, "node/server2/start-now", named);
  assert.equal(one.orders, []);
  assert.equal(verbs(two), [{ verb: "cluster.start-now", args: {} }]);
});

test("R208: a leader does not take another server's start for its own", () => {
  const stage = stageOf(with2("member", "starting"));
  give(stage, "node/server2/start-now", { confirm: "SERVER2" });
  assert.equal(stage.orders, []);
  assert.is(stage.replies()[0]?.status, "rejected");
});

test("the role of an administrator's order stands in its topic; an operator's is refused", () => {
  const stage = stageOf(WAITING);
  for (const [nth, topic] of ["cluster/start-now", "node/server1/start-now"].entries()) {
    const payload = request({
      args: undefined,
      confirm: "SERVER1",
      commandId: `cmd-0000001${nth}`,
    });
    stage.command({ topic: `${PREFIX}/cmd/op/${topic}`, payload });
  }
  assert.equal(
    stage.replies().map(({ code }) => code),
    ["KG-9109", "KG-9109"],
  );
  assert.equal(stage.orders, []);
});

test("R186: a server that shuts itself down gives its last word when its groups are gone, not before", () => {
  const stage = ready();
  const order = { confirm: "SERVER1", expect: { state: "member" } };
  give(stage, "node/server1/shutdown", { ...order, dryRun: true });
  const plan = stage.replies()[0]?.plan.map(({ en }) => en) ?? [];
  assert.match(plan.at(-1) ?? "", "SERVER1 answers here and goes down with it");
  give(stage, "node/server1/shutdown", { ...order, commandId: "cmd-00000002" });
  accept(stage);
  stage.see(with2("leaving", "member"));
  stage.see(with2("leaving", "member", { owner: "SERVER2", state: "starting" }));
  const replies = stage.replies();
  assert.equal(
    replies.map(({ status }) => status),
    ["done", "accepted", "running", "done"],
  );
  assert.match(replies.at(-1)?.text.en ?? "", "this is its last word");
  assert.match(replies.at(-1)?.text.ja ?? "", "最後の応答");
});

test("R186: before the order is given its sender knows that the answering server goes down with it", () => {
  const stage = ready();
  give(stage, "node/server1/shutdown", { confirm: "SERVER1" });
  assert.match(stage.replies()[0]?.text.en ?? "", "SERVER1 answers here and goes down with it");
  give(stage, "node/server2/shutdown", { confirm: "SERVER2", commandId: "cmd-00000002" });
  assert.is(stage.replies()[1]?.text.en, "Order accepted.");
});

test("R186: the other server on the broker attests that the leader has shut itself down, once", () => {
  const other = stageOf(picture(), "SERVER2");
  const order = { confirm: "SERVER1", expect: { state: "member" } };
  give(other, "node/server1/shutdown", order);
  give(other, "node/server1/shutdown", order);
  assert.equal([other.orders, other.replies()], [[], []], "it is not its order");
  const after = { coordinator: "SERVER2", owner: "SERVER2", epoch: 8 } as const;
  other.see(with2("leaving", "member"));
  other.see(with2("detached", "member", after));
  assert.equal(outcomes(other), []);
  other.see(with2("off", "member", after));
  other.see(with2("off", "member", after));
  const [said] = other.replies();
  assert.equal(outcomes(other), ["done"]);
  assert.equal([said?.by, said?.text.en], ["SERVER2", "Done: SERVER1 is off or not heard"]);
});

test("R186: nothing is attested of an order that is unconfirmed, late, a dry run, or did not succeed", () => {
  const other = stageOf(picture(), "SERVER2");
  const topic = "node/server1/shutdown";
  give(other, topic, { commandId: "cmd-00000002" });
  give(other, topic, { commandId: "cmd-00000003", confirm: "SERVER1", dryRun: true });
  give(other, topic, { commandId: "cmd-00000004", confirm: "SERVER1", ts: "2026-11-22T11:59:00Z" });
  give(other, topic, {
    ...{ commandId: "cmd-00000005", confirm: "SERVER1" },
    expect: { state: "detached" },
  });
  give(other, topic, { commandId: "cmd-00000006", confirm: "SERVER1" });
  other.see(with2("leaving", "member"));
  other.see(with2("member", "member"));
  other.see(with2("off", "member", { coordinator: "SERVER2", epoch: 8 }));
  assert.equal(other.replies(), []);
});

test("R186: a server whose groups cannot leave stays and says that the shutdown has failed", () => {
  const stage = ready();
  give(stage, "node/server1/shutdown", { confirm: "SERVER1" });
  accept(stage);
  stage.see(with2("leaving", "member", { state: "stopping" }));
  assert.equal(outcomes(stage), ["accepted", "running"]);
  stage.see(with2("member", "member", { state: "failed" }));
  assert.is(outcomes(stage).at(-1), "failed");
  assert.not.match(stage.replies().at(-1)?.text.en ?? "", "last word");
});

test("R190: the end of the whole cluster is told when no group runs any more", () => {
  const stage = ready();
  give(stage, "cluster/shutdown", { confirm: "lab", expect: { epoch: 7 } });
  accept(stage);
  stage.see(picture({ state: "stopping" }));
  assert.equal(outcomes(stage), ["accepted", "running"]);
  stage.see(with2("stopping", "stopping", { owner: null, state: "stopped" }));
  assert.is(outcomes(stage).at(-1), "done");
  assert.match(stage.replies().at(-1)?.text.en ?? "", "no group runs any more");
});

test("two with the same expectation: one is carried out, the other refused, also before anything moves", () => {
  const stage = ready();
  const expect = { owner: "SERVER1", state: "running" };
  for (const commandId of ["console-a-1", "console-b-1"]) {
    stage.command({ payload: request({ commandId, expect }) });
  }
  assert.equal(verbs(stage), [{ verb: "group.move", args: { group: "web", to: "SERVER2" } }]);
  const [first, second] = stage.replies();
  assert.equal([first?.commandId, first?.status], ["console-a-1", "accepted"]);
  assert.equal(
    [second?.commandId, second?.status, second?.code],
    ["console-b-1", "rejected", "KG-9118"],
  );
  accept(stage);
  stage.see(picture({ state: "stopping" }));
  stage.command({ payload: request({ commandId: "console-c-1", expect }) });
  assert.is(stage.replies().at(-1)?.code, "KG-9107", "the picture has moved: not as expected");
  stage.see(picture({ owner: "SERVER2" }));
  assert.is(stage.replies().at(-1)?.status, "done");
  assert.is(stage.orders.length, 1);
});

test("an order that was refused by the agent leaves the way free for the next", () => {
  const stage = ready();
  const expect = { owner: "SERVER1" };
  stage.command({ payload: request({ expect }) });
  const refused = { kind: "refused", key: "group-busy", data: { group: "web" } } as const;
  stage.take({ kind: "agent.answered", token: stage.orders[0]?.token ?? 0, answer: refused });
  stage.command({ payload: request({ commandId: "cmd-00000002", expect }) });
  assert.is(stage.orders.length, 2);
});

test("what moves already may be ordered otherwise by who has seen it move", () => {
  const stage = ready();
  stage.command({ payload: request({ expect: { owner: "SERVER1", state: "running" } }) });
  accept(stage);
  stage.see(picture({ owner: "SERVER2", state: "starting" }));
  const payload = request({
    ...{ commandId: "cmd-00000002", args: {} },
    expect: { owner: "SERVER2", state: "starting" },
  });
  stage.command({ topic: `${PREFIX}/cmd/op/group/web/stop`, payload });
  assert.is(stage.orders.at(-1)?.verb, "group.stop");
});

test.run();
