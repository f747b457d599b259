/** ARMLOAD, ARMKILL and ARMLOG as the agent carries them out, on real processes. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseLoadRecord } from "../../../firmware/agent/load-record.ts";
import { isId } from "../../../firmware/agent/script-requests.ts";
import {
  findByEnvironment,
  signalProcess,
} from "../../../hal/drivers/process-tree/process-tree.ts";
import type { Facts } from "../../../services/facts.ts";
import { encodeWords } from "../../../services/failover/words.ts";
import { until } from "../../deadline.ts";
import {
  type Args,
  clear,
  cookieOf,
  keysOf,
  living,
  loadOrder,
  makeStage,
  openDesk,
  put,
  putManager,
  reasonOf,
  type ScriptStage,
} from "./script-stage.ts";

const test = suite<{ stage: ScriptStage }>("loaded programs");

test.before.each(async (box) => {
  box.stage = makeStage();
  await box.stage.desk.start(box.stage.group, box.stage.script, "START");
});
test.after.each(({ stage }) => clear(stage));

async function ask(stage: ScriptStage, verb: string, args: Args): Promise<string> {
  const answer = await stage.desk.answer(verb, args);
  return answer.kind === "done" ? "done" : answer.key;
}

test("R159: a loaded program runs until armkill, whose end is no failure", async ({ stage }) => {
  assert.is(await ask(stage, "script.load", loadOrder(["sleep", "60"], { restartMax: 9 })), "done");
  await until("what the script left behind", () => living(stage) > 0);
  assert.is(await ask(stage, "script.kill", { group: "web", id: "app" }), "done");
  assert.is(living(stage), 0);
  assert.equal(
    keysOf(stage).filter((key) => key.startsWith("load.")),
    ["load.started", "load.killed"],
  );
  assert.is(await ask(stage, "script.kill", { group: "web", id: "app" }), "done", "not there");
});

test("R155, R157: its restarts are counted; then the group has failed, once", async ({ stage }) => {
  const rules = { restartMax: 2, forgetHours: 1, failover: true };
  await ask(stage, "script.load", loadOrder(["sh", "-c", "exit 7"], rules));
  await until("the group failed", () => stage.failed.length > 0);
  assert.equal(stage.failed, [0]);
  const told = keysOf(stage).filter((key) => key.startsWith("load."));
  assert.is(told.filter((key) => key === "load.restarted").length, 2);
  assert.is(told.at(-1), "load.exhausted");
});

test("D21: without /FOV and /M the end is an alert and the group stays", async ({ stage }) => {
  await ask(stage, "script.load", loadOrder(["sh", "-c", "exit 7"]));
  await until("it was told", () => keysOf(stage).includes("load.lost"));
  assert.equal(stage.failed, []);
});

test("R160: an identity is taken once, whatever its case", async ({ stage }) => {
  assert.is(await ask(stage, "script.load", loadOrder(["sleep", "60"])), "done");
  assert.is(
    await ask(stage, "script.load", loadOrder(["sleep", "60"], { id: "app" })),
    "load-duplicate",
  );
  const both = await Promise.all(
    ["B", "b"].map((id) => ask(stage, "script.load", loadOrder(["sleep", "60"], { id }))),
  );
  assert.equal(both.sort(), ["done", "load-duplicate"]);
});

/** What a server hears of another one whose desk is `there`, in the state that its agent shows. */
function hearsOf(there: ScriptStage, state: string | null = "member"): Facts {
  const groups = [{ state: "running" as const, desired: 1, order: 1 }];
  const none = { shutdown: 0 as const, marked: false, offAfterLeave: false };
  const blob = encodeWords({ ...none, request: null, reply: null, groups, ...there.desk.words() });
  const peer = { index: 1, host: "b1", state, sameView: true, configDiffers: false, blob };
  return { peers: [peer] } as unknown as Facts;
}

/** The other server's stage, where the group is called db and has another place in the configuration. */
async function besides(): Promise<ScriptStage> {
  const there = makeStage();
  const db = { ...there.group, index: 1, name: there.group.name };
  await there.desk.start(db, there.script, "START");
  const config = { ...there.context.config, groups: [there.group, db].reverse() };
  const moved = { ...there, group: db, context: { ...there.context, config } };
  return { ...moved, desk: openDesk(moved) };
}

test("R160: an identity that the other server uses for another group is refused", async ({
  stage,
}) => {
  const there = await besides();
  try {
    assert.is(await ask(there, "script.load", loadOrder(["sleep", "60"], { id: "Www" })), "done");
    stage.desk.hear(hearsOf(there));
    const answer = await stage.desk.answer(
      "script.load",
      loadOrder(["sleep", "60"], { id: "wwW" }),
    );
    assert.ok(answer.kind === "refused" && answer.key === "load-duplicate");
    assert.match(JSON.stringify(answer), /SERVER2/);
    assert.is(await ask(stage, "script.load", loadOrder(["sleep", "60"], { id: "WW" })), "done");
    // Not heard any more: its groups come here, and their identities with them.
    stage.desk.hear(hearsOf(there, null));
    assert.is(await ask(stage, "script.load", loadOrder(["sleep", "60"], { id: "www" })), "done");
    assert.not(keysOf(stage).includes("load.conflict"));
    // Heard again with the same identity: told once, and nothing is ended for it.
    stage.desk.hear(hearsOf(there));
    stage.desk.hear(hearsOf(there));
    assert.is(keysOf(stage).filter((key) => key === "load.conflict").length, 1);
    await until("what the script left behind", () => living(stage) > 0);
  } finally {
    await clear(there);
  }
});

test("R160: an identity ended over there is free here", async ({ stage }) => {
  const there = await besides();
  try {
    await ask(there, "script.load", loadOrder(["sleep", "60"]));
    stage.desk.hear(hearsOf(there));
    assert.is(await ask(stage, "script.load", loadOrder(["sleep", "60"])), "load-duplicate");
    await ask(there, "script.kill", { group: "web", id: "APP" });
    stage.desk.hear(hearsOf(there));
    assert.is(await ask(stage, "script.load", loadOrder(["sleep", "60"])), "done");
  } finally {
    await clear(there);
  }
});

test("loaded programs end with the group, and nothing is loaded while it is down", async ({
  stage,
}) => {
  await ask(stage, "script.load", loadOrder(["sleep", "60"], { id: "A" }));
  await ask(stage, "script.load", loadOrder(["sleep", "60"], { id: "B", restartMax: 9 }));
  await stage.desk.stop(stage.group, stage.script);
  assert.is(living(stage), 0);
  assert.is(await ask(stage, "script.load", loadOrder(["sleep", "60"])), "script-not-active");
});

test("R21: the next agent goes on watching, with the count of restarts", async ({ stage }) => {
  const go = join(stage.dir, "go");
  const body = `echo $$ >>${stage.dir}/pids; while [ ! -e ${go} ]; do sleep 0.05; done; exit 3`;
  put(stage, "app.sh", body);
  const rules = { restartMax: 1, failover: true };
  const env = { GREETING: "hello", KAGE_TREE: "forged", PATH: "/usr/bin:/bin" };
  await ask(stage, "script.load", loadOrder([join(stage.dir, "app.sh")], { ...rules, env }));
  await until("it runs", () => existsSync(join(stage.dir, "pids")));
  const pid = readFileSync(join(stage.dir, "pids"), "utf8").trim();
  const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
  assert.match(environment, "GREETING=hello");
  assert.not.match(environment, "forged");
  assert.match(environment, `KAGE_RUN_DIR=${stage.context.local.runDir}`);
  const next = openDesk(stage);
  assert.is(await next.adopt(stage.group), true);
  const duplicate = await next.answer("script.load", loadOrder(["sleep", "1"]));
  assert.is(duplicate.kind === "refused" && duplicate.key, "load-duplicate");
  await next.stop(stage.group, stage.script);
  assert.is(living(stage), 0);
});

test("R158: an agent that died during the start leaves its loaded programs to the next", async ({
  stage,
}) => {
  const { group, script, dir } = stage;
  put(stage, "start.sh", `touch ${dir}/begun; exec sleep 60`);
  await stage.desk.stop(group, script);
  const starting = stage.desk.start(group, script, "START").catch((error: Error) => error.message);
  await until("it has begun", () => existsSync(join(dir, "begun")));
  assert.is(await ask(stage, "script.load", loadOrder(["sleep", "60"])), "done");
  const next = openDesk(stage);
  assert.is(await next.adopt(group), false);
  await next.stop(group, script);
  assert.is(living(stage), 0);
  assert.ok(keysOf(stage).includes("load.killed"));
  assert.match(String(await starting), "ended with status");
});

test("R158: a service is started, watched and stopped through the system's own manager", async ({
  stage,
}) => {
  const { dir } = stage;
  const env = putManager(stage);
  const rules = { service: true, monitor: true, env };
  await ask(stage, "script.load", loadOrder(["W3SVC"], rules));
  await until("it was started", () => existsSync(join(dir, "on")));
  await ask(stage, "script.kill", { group: "web", id: "APP" });
  const calls = readFileSync(join(dir, "calls"), "utf8").trim().split("\n");
  const acts = calls.filter((call) => /^(start|stop|kill) /.test(call));
  assert.equal(acts, ["start -- W3SVC", "stop -- W3SVC"]);
  assert.is(calls.at(-1), "show --property=ActiveState --value -- W3SVC", "looked at last");
  assert.equal(stage.failed, []);
});

test("R158: a service that its manager started again after an alert ends with the group", async ({
  stage,
}) => {
  const { dir } = stage;
  const rules = { service: true, env: putManager(stage) };
  await ask(stage, "script.load", loadOrder(["W3SVC"], rules));
  await until("it was started", () => existsSync(join(dir, "on")));
  rmSync(join(dir, "on"));
  await until("it was told", () => keysOf(stage).includes("load.lost"));
  writeFileSync(join(dir, "on"), "");
  await stage.desk.stop(stage.group, stage.script);
  assert.not(existsSync(join(dir, "on")));
});

test("R158: a service that its manager cannot end makes the stop of its group fail", async ({
  stage,
}) => {
  const { dir } = stage;
  const rules = { service: true, env: putManager(stage) };
  await ask(stage, "script.load", loadOrder(["W3SVC"], rules));
  await until("it was started", () => existsSync(join(dir, "on")));
  writeFileSync(join(dir, "stuck"), "");
  assert.is(await ask(stage, "script.kill", { group: "web", id: "APP" }), "kill-failed");
  assert.match(
    await reasonOf(stage.desk.stop(stage.group, stage.script)),
    /service W3SVC: it is not gone survived/,
  );
});

test("the next agent starts nothing again that died while none was there", async ({ stage }) => {
  const rules = { restartMax: 9, failover: true };
  // As the last will does it: the agent hears nothing any more, then all of the group is killed.
  const last = openDesk(stage, true);
  await last.answer("script.load", loadOrder(["sleep", "60"], rules));
  const before = living(stage);
  const next = openDesk(stage);
  for (const who of findByEnvironment([cookieOf(stage)])) signalProcess(who, "SIGKILL");
  await until("all are gone", () => living(stage) === 0);
  assert.ok(before > 0);
  stage.notes.length = 0;
  assert.is(await next.adopt(stage.group), false);
  assert.is(living(stage), 0);
  assert.not(keysOf(stage).includes("load.restarted"));
  await next.stop(stage.group, stage.script);
  assert.is(living(stage), 0);
});

test("R161: log lines are events, alerts with /ARM, and a flood is refused", async ({ stage }) => {
  assert.is(await ask(stage, "script.log", { group: "web", text: "started" }), "done");
  assert.is(await ask(stage, "script.log", { group: "web", text: "bad", alert: true }), "done");
  assert.equal(stage.notes.slice(-2), [
    { key: "script.log", data: { group: "web", text: "started" } },
    { key: "script.alert", data: { group: "web", text: "bad" } },
  ]);
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => ask(stage, "script.log", { group: "web", text: "x" })),
  );
  const taken = answers.filter((answer) => answer === "done").length;
  assert.ok(taken >= 48 && taken < 60, `${taken} taken`);
  assert.ok(answers.includes("log-limited"));
});

const malformed: readonly [string, string, Args][] = [
  ["no group", "script.log", { text: "x" }],
  ["no text", "script.log", { group: "web" }],
  ["no identity", "script.load", loadOrder(["x"], { id: "" })],
  ["an identity with a path", "script.load", loadOrder(["x"], { id: "../x" })],
  ["a reserved identity", "script.load", loadOrder(["x"], { id: "nec_x" })],
  ["no program", "script.load", loadOrder([])],
  ["words that are none", "script.load", loadOrder(["x"], { argv: [1] })],
  ["NUL", "script.load", loadOrder(["x\0"])],
  ["too many restarts", "script.load", loadOrder(["x"], { restartMax: 10 })],
  ["a fraction of an hour", "script.load", loadOrder(["x"], { forgetHours: 0.5 })],
  ["/M with /R", "script.load", loadOrder(["x"], { restartMax: 1, monitor: true })],
  ["an environment that is none", "script.load", loadOrder(["x"], { env: [1] })],
  ["another verb", "script.eat", { group: "web" }],
];

for (const [name, verb, args] of malformed) {
  test(`R155: a request with ${name} is refused`, async ({ stage }) => {
    assert.match(await ask(stage, verb, args), /^(malformed-request|unknown-group)$/);
  });
}

test("a program that is not there is refused with the reason", async ({ stage }) => {
  const answer = await stage.desk.answer("script.load", loadOrder(["/no/such"]));
  assert.match(JSON.stringify(answer), /load-failed.*not there/);
});

test("a damaged record of a loaded program is none", () => {
  for (const text of ["", "{", "null", "[]", '{"rules":{}}', "x".repeat(2_000_000)]) {
    assert.is(parseLoadRecord(text), null);
  }
  assert.not(isId("a".repeat(65)));
});

test.run();
