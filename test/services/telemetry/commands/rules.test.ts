/**
 * The rules of commands, each with its own accident: what may be executed is executed once, everything
 * else is refused with its reason or dropped, and the sender is told in both languages.
 * Source: ecosystem.md 1.4; work order 3 item 6 and "Faults and bad input".
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { DeskStage, PREFIX, picture, REPLY_TO, ready, request, START_MS } from "../desk-stage.ts";

const agent = (stage: DeskStage, nth = 0): number => stage.orders[nth]?.token ?? 0;

test("a command of the table is ordered, answered at each stage and ends with the state", () => {
  const stage = ready();
  stage.command();
  assert.equal(
    stage.orders.map(({ verb, args }) => ({ verb, args })),
    [{ verb: "group.move", args: { group: "web", to: "SERVER2" } }],
  );
  stage.take({ kind: "agent.answered", token: agent(stage), answer: { kind: "accepted" } });
  stage.see(picture({ state: "stopping" }));
  stage.see(picture({ state: "stopped", owner: null }));
  stage.see(picture({ owner: "SERVER2" }));
  const replies = stage.replies();
  assert.equal(
    replies.map(({ status }) => status),
    ["accepted", "running", "done"],
  );
  assert.is(replies[2]?.text.en, "Done: web is running on SERVER2");
  assert.is(replies[2]?.text.ja, "完了しました: web は SERVER2 で 動作中");
  assert.is(replies[0]?.plan[0]?.en, "Stop web on SERVER1; its clients are cut.");
  const reply = stage.published.find(({ topic }) => topic === REPLY_TO);
  assert.equal(Buffer.from(reply?.correlation ?? []).toString(), "c1");
  assert.not(reply?.retain);
});

test("a retained command is dropped with an event and not answered", () => {
  const stage = ready();
  stage.command({ retain: true });
  assert.equal(stage.orders, []);
  assert.equal(stage.replies(), []);
  assert.equal(
    stage.notes.map(({ key }) => key),
    ["command.retained"],
  );
  assert.is(stage.on("audit")[0]?.["status"], "ignored");
  stage.command({ retain: true });
  assert.is(stage.notes.length, 1, "a flood gets one line in 10 s");
});

test("the empty message that clears a retained command is nothing at all", () => {
  const stage = ready();
  stage.command({ payload: "" });
  stage.command({ payload: "", retain: true });
  assert.equal([stage.orders, stage.replies(), stage.notes], [[], [], []]);
});

test("the same commandId acts once and answers again", () => {
  const stage = ready();
  stage.command();
  stage.take({ kind: "agent.answered", token: agent(stage), answer: { kind: "accepted" } });
  stage.see(picture({ owner: "SERVER2" }));
  const before = stage.replies().length;
  stage.command({ correlation: "c2" });
  assert.is(stage.orders.length, 1);
  assert.is(stage.replies().length, before + 1);
  assert.is(stage.replies().at(-1)?.status, "done");
  const last = stage.published.findLast(({ topic }) => topic === REPLY_TO);
  assert.equal(Buffer.from(last?.correlation ?? []).toString(), "c2");
});

test("a duplicate of a refused command stays refused, also when it would fit by then", () => {
  const stage = ready();
  const payload = request({ expect: { owner: "SERVER2" } });
  stage.command({ payload });
  assert.is(stage.replies()[0]?.code, "KG-9107");
  stage.see(picture({ owner: "SERVER2" }));
  stage.command({ payload });
  assert.equal(stage.orders, []);
  assert.is(stage.replies().at(-1)?.code, "KG-9107");
});

test("a commandId with other content is refused and does not replace the first answer", () => {
  const stage = ready();
  stage.command();
  stage.command({ topic: `${PREFIX}/cmd/op/group/web/stop`, payload: request({ args: {} }) });
  assert.is(stage.orders.length, 1);
  assert.is(stage.replies().at(-1)?.code, "KG-9106");
  stage.command();
  assert.is(stage.replies().at(-1)?.status, "accepted");
});

test("an id is remembered for ten minutes, and a late duplicate is expired by then", () => {
  const stage = ready();
  stage.command();
  stage.pass(601_000, picture());
  stage.command();
  assert.is(stage.orders.length, 1);
  assert.is(stage.replies().at(-1)?.status, "expired");
});

test("a command after its ttl is expired, one from the future refused", () => {
  const stage = ready();
  const at = (ms: number): string => new Date(START_MS + ms).toISOString();
  stage.command({ payload: request({ ts: at(-31_000) }) });
  assert.is(stage.replies()[0]?.status, "expired");
  assert.is(stage.replies()[0]?.code, "KG-9103");
  stage.command({ payload: request({ commandId: "cmd-00000002", ts: at(61_000) }) });
  assert.is(stage.replies()[1]?.code, "KG-9104");
  assert.equal(stage.orders, []);
});

test("a command from before this process' memory may have been carried out: refused", () => {
  const stage = ready();
  const ts = new Date(START_MS - 61_000).toISOString();
  stage.command({ payload: request({ ts, ttlS: 300 }) });
  assert.is(stage.replies()[0]?.code, "KG-9105");
  assert.equal(stage.orders, []);
});

const EXPECTATIONS: readonly [string, object, boolean][] = [
  ["owner as seen", { owner: "SERVER1" }, true],
  ["another owner", { owner: "SERVER2" }, false],
  ["nobody as owner", { owner: null }, false],
  ["epoch as seen", { epoch: 7 }, true],
  ["an older epoch", { epoch: 6 }, false],
  ["state as seen", { state: "running" }, true],
  ["another state", { state: "stopped" }, false],
];
for (const [what, expect, acts] of EXPECTATIONS) {
  test(`expect ${what}: ${acts ? "acts" : "refused with what differs"}`, () => {
    const stage = ready();
    stage.command({ payload: request({ expect }) });
    assert.is(stage.orders.length, acts ? 1 : 0);
    if (!acts) assert.is(stage.replies()[0]?.code, "KG-9107");
  });
}

const TO_CONFIRM: readonly [string, string][] = [
  ["op/group/web/move", "web"],
  ["op/group/web/stop", "web"],
  ["op/node/server2/detach", "SERVER2"],
  ["admin/node/server2/shutdown", "SERVER2"],
  ["admin/node/server2/force-return", "SERVER2"],
  ["admin/cluster/shutdown", "lab"],
];
for (const [topic, name] of TO_CONFIRM) {
  test(`${topic} needs the name ${name} as confirmation`, () => {
    const stage = ready();
    const send = (commandId: string, confirm: string | undefined): void =>
      stage.command({
        topic: `${PREFIX}/cmd/${topic}`,
        payload: request({ commandId, confirm, args: undefined }),
      });
    send("cmd-00000001", undefined);
    send("cmd-00000002", `${name}x`);
    assert.equal(stage.orders, []);
    assert.equal(
      stage.replies().map(({ code }) => code),
      ["KG-9108", "KG-9108"],
    );
    assert.match(stage.replies()[0]?.hint.en ?? "", name);
    send("cmd-00000003", name);
    assert.is(stage.orders.length, 1);
  });
}

test("a dry run answers the plan and orders nothing", () => {
  const stage = ready();
  stage.command({ payload: request({ dryRun: true }) });
  const [reply] = stage.replies();
  assert.is(reply?.status, "done");
  assert.equal(
    reply?.plan.map(({ en }) => en),
    ["Stop web on SERVER1; its clients are cut.", "Start web on SERVER2."],
  );
  assert.equal(stage.orders, []);
});

test("groups and servers that do not exist are named in the refusal", () => {
  const stage = ready();
  stage.command({ topic: `${PREFIX}/cmd/op/group/constructor/move` });
  stage.command({ payload: request({ commandId: "cmd-00000002", args: { to: "SERVER9" } }) });
  assert.equal(
    stage.replies().map(({ code }) => code),
    ["KG-9001", "KG-9002"],
  );
  assert.equal(stage.orders, []);
});

test("a target does not belong to a stop or to a server's command", () => {
  const stage = ready();
  stage.command({ topic: `${PREFIX}/cmd/op/group/web/stop` });
  assert.is(stage.replies()[0]?.code, "KG-9101");
  assert.equal(stage.orders, []);
});

test("a command without response topic is carried out and only audited", () => {
  const stage = ready();
  stage.command({ responseTopic: null });
  assert.is(stage.orders.length, 1);
  stage.take({ kind: "agent.answered", token: agent(stage), answer: { kind: "accepted" } });
  stage.see(picture({ owner: "SERVER2" }));
  assert.equal(stage.replies(), []);
  assert.is(stage.on("audit")[0]?.["status"], "done");
});

test("only the coordinator acts; the others are silent", () => {
  const stage = new DeskStage({ self: "SERVER2" });
  stage.see(picture());
  stage.connect();
  for (const payload of [request({}), "{", request({ ttlS: 0 })]) stage.command({ payload });
  stage.command({ retain: true });
  assert.equal([stage.orders, stage.replies(), stage.notes], [[], [], []]);
});

test("a command heard while another led is not acted on by its successor", () => {
  const stage = new DeskStage({ self: "SERVER2" });
  stage.see(picture());
  stage.connect();
  stage.command();
  stage.see(picture({ epoch: 8, coordinator: "SERVER2", owner: "SERVER2" }));
  stage.command();
  assert.equal(stage.orders, []);
  assert.is(stage.replies()[0]?.code, "KG-9029");
});

test("without a coordinator every server says NO_QUORUM, but for its own node it acts", () => {
  const stage = new DeskStage({ self: "SERVER2" });
  stage.see(picture({ epoch: null, coordinator: null, second: "detached" }));
  stage.connect();
  stage.command();
  assert.is(stage.replies()[0]?.code, "KG-9111");
  stage.command({
    topic: `${PREFIX}/cmd/op/node/server1/return`,
    payload: request({ commandId: "cmd-00000002", args: {} }),
  });
  assert.is(stage.replies()[1]?.code, "KG-9111");
  stage.command({
    topic: `${PREFIX}/cmd/op/node/server2/return`,
    payload: request({ commandId: "cmd-00000003", args: {} }),
  });
  assert.equal(
    stage.orders.map(({ verb, args }) => ({ verb, args })),
    [{ verb: "server.return", args: { server: "SERVER2" } }],
  );
});

test("R185: on a shared broker a detached server leaves its return to the coordinator it hears", () => {
  const own = (commandId: string) => ({
    topic: `${PREFIX}/cmd/op/node/server2/return`,
    payload: request({ commandId, args: {} }),
  });
  const stage = new DeskStage({ self: "SERVER2" });
  stage.see(picture({ epoch: null, coordinator: null, second: "detached" }));
  stage.connect();
  stage.hear("node/server1/online", "online");
  stage.hear("state", JSON.stringify({ by: "SERVER1", epoch: 7, coordinator: "SERVER1" }));
  stage.command(own("cmd-00000001"));
  assert.equal(stage.orders, [], "one order, one executor");
  assert.equal(stage.replies(), [], "and one answer");
  stage.hear("node/server1/online", "offline");
  stage.command(own("cmd-00000002"));
  assert.is(stage.orders.length, 1, "the coordinator's telemetry is gone: nobody else does it");
});

test("a coordinator whose agent is silent refuses", () => {
  const stage = ready();
  stage.pass(6500);
  stage.command({ payload: request({ ts: new Date(stage.nowMs).toISOString() }) });
  assert.is(stage.replies()[0]?.code, "KG-9112");
  assert.equal(stage.orders, []);
});

test("the agent's refusal reaches the sender in both languages with its code", () => {
  const stage = ready();
  stage.command();
  const answer = {
    kind: "refused",
    key: "target-not-member",
    data: { server: "SERVER2" },
  } as const;
  stage.take({ kind: "agent.answered", token: agent(stage), answer });
  const reply = stage.replies().at(-1);
  assert.is(reply?.status, "rejected");
  assert.is(reply?.code, "KG-9009");
  assert.match(reply?.text.ja ?? "", "メンバーではない");
});

test("an agent that does not answer leaves the outcome open, and nothing is tried again", () => {
  const stage = ready();
  stage.command();
  stage.take({ kind: "agent.answered", token: agent(stage), answer: { kind: "silent" } });
  assert.is(stage.replies().at(-1)?.code, "KG-9029");
  assert.is(stage.orders.length, 1);
});

test("a group that comes to rest elsewhere has failed, one that never rests is late", () => {
  const stage = ready();
  stage.command();
  stage.take({ kind: "agent.answered", token: agent(stage), answer: { kind: "accepted" } });
  stage.see(picture({ state: "stopping" }));
  stage.see(picture({ state: "running" }));
  assert.is(stage.replies().at(-1)?.code, "KG-9115");
  stage.command({ payload: request({ commandId: "cmd-00000002" }) });
  stage.take({ kind: "agent.answered", token: agent(stage, 1), answer: { kind: "accepted" } });
  stage.pass(121_000, picture({ state: "starting", owner: "SERVER2" }));
  assert.is(stage.replies().at(-1)?.code, "KG-9116");
});

test("an id is never forgotten early: when the memory is full, commands are refused", () => {
  const stage = ready();
  const send = (n: number): void =>
    stage.command({ payload: request({ commandId: `cmd-${String(n).padStart(8, "0")}` }) });
  for (let n = 0; n < 2100; n += 1) send(n);
  assert.is(stage.orders.length, 2048);
  assert.is(stage.replies().at(-1)?.code, "KG-9114");
  send(0);
  assert.is(stage.orders.length, 2048);
  stage.command({
    topic: `${PREFIX}/cmd/admin/node/server2/shutdown`,
    payload: request({ args: undefined, confirm: "SERVER2" }),
  });
  assert.is(stage.orders.length, 2049, "a flood of operators does not lock administrators out");
});

test("ping and snapshot answer every time and are not remembered", () => {
  const stage = ready();
  const ask = (what: string): void =>
    stage.command({
      topic: `${PREFIX}/cmd/view/${what}`,
      payload: request({ args: undefined, confirm: undefined }),
      responseTopic: `${PREFIX}/reply/viewer/v1`,
    });
  ask("ping");
  ask("ping");
  ask("snapshot");
  const replies = stage.replies();
  assert.is(replies.length, 3);
  assert.is(replies[0]?.text.en, "SERVER1 is there.");
  const snapshot = replies[2] as unknown as { data: { cluster: { name: string } } };
  assert.is(snapshot.data.cluster.name, "lab");
});

test("10,000 duplicate, late, retained, forged and malformed commands: 0 wrongly executed", () => {
  const stage = ready();
  stage.command({ payload: request({ commandId: "honest-0001" }) });
  const old = new Date(START_MS - 400_000).toISOString();
  const kinds: ((n: number) => void)[] = [
    () => stage.command({ payload: request({ commandId: "honest-0001" }) }),
    (n) => stage.command({ payload: request({ commandId: `late-${n + 1000}`, ts: old }) }),
    (n) => stage.command({ payload: request({ commandId: `kept-${n + 1000}` }), retain: true }),
    (n) =>
      stage.command({ payload: request({ commandId: `fake-${n + 1000}` }), responseTopic: "x" }),
    (n) =>
      stage.command({
        topic: `${PREFIX}/cmd/view/group/web/move`,
        payload: request({ commandId: `role-${n + 1000}` }),
      }),
    (n) => stage.command({ payload: request({}).slice(0, (n % 90) + 1) }),
    (n) => stage.command({ payload: request({ commandId: `guess-${n + 1000}`, confirm: "wbe" }) }),
    (n) =>
      stage.command({
        payload: request({ commandId: `stale-${n + 1000}`, expect: { epoch: 6 } }),
      }),
  ];
  for (let n = 0; n < 10_000; n += 1) kinds[n % kinds.length]?.(n);
  assert.is(stage.orders.length, 1);
  assert.ok(stage.notes.length <= 2, `${stage.notes.length} lines in the event log`);
});

test.run();
