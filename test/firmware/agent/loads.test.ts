/** ARMLOAD, ARMKILL and ARMLOG as the agent carries them out, on real processes. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseLoadRecord } from "../../../firmware/agent/load-record.ts";
import { isId } from "../../../firmware/agent/script-requests.ts";
import { until } from "../../hal/drivers/program-runner/runner-world.ts";
import {
  clear,
  keysOf,
  living,
  makeStage,
  openDesk,
  put,
  type ScriptStage,
} from "./script-stage.ts";

const test = suite<{ stage: ScriptStage }>("loaded programs");

test.before.each(async (box) => {
  box.stage = makeStage();
  await box.stage.desk.start(box.stage.group, box.stage.script, "START");
});
test.after.each(({ stage }) => clear(stage));

type Args = Readonly<Record<string, unknown>>;

const order = (argv: readonly string[], more: Args = {}): Args => ({
  group: "web",
  id: "APP",
  argv,
  env: {},
  resource: "app",
  restartMax: 0,
  forgetHours: null,
  ...more,
});

async function ask(stage: ScriptStage, verb: string, args: Args): Promise<string> {
  const answer = await stage.desk.answer(verb, args);
  return answer.kind === "done" ? "done" : answer.key;
}

test("R159: a loaded program runs until armkill, whose end is no failure", async ({ stage }) => {
  assert.is(await ask(stage, "script.load", order(["sleep", "60"], { restartMax: 9 })), "done");
  assert.ok(living(stage) > 0);
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
  await ask(stage, "script.load", order(["sh", "-c", "exit 7"], rules));
  await until("the group failed", () => stage.failed.length > 0);
  assert.equal(stage.failed, [0]);
  const told = keysOf(stage).filter((key) => key.startsWith("load."));
  assert.is(told.filter((key) => key === "load.restarted").length, 2);
  assert.is(told.at(-1), "load.exhausted");
});

test("D21: without /FOV and /M the end is an alert and the group stays", async ({ stage }) => {
  await ask(stage, "script.load", order(["sh", "-c", "exit 7"]));
  await until("it was told", () => keysOf(stage).includes("load.lost"));
  assert.equal(stage.failed, []);
});

test("R160: an identity is taken once, whatever its case", async ({ stage }) => {
  assert.is(await ask(stage, "script.load", order(["sleep", "60"])), "done");
  assert.is(
    await ask(stage, "script.load", order(["sleep", "60"], { id: "app" })),
    "load-duplicate",
  );
  const both = await Promise.all(
    ["B", "b"].map((id) => ask(stage, "script.load", order(["sleep", "60"], { id }))),
  );
  assert.equal(both.sort(), ["done", "load-duplicate"]);
});

test("R44: loaded programs end with the group, and nothing is loaded while it is down", async ({
  stage,
}) => {
  await ask(stage, "script.load", order(["sleep", "60"], { id: "A" }));
  await ask(stage, "script.load", order(["sleep", "60"], { id: "B", restartMax: 9 }));
  await stage.desk.stop(stage.group, stage.script);
  assert.is(living(stage), 0);
  assert.is(await ask(stage, "script.load", order(["sleep", "60"])), "script-not-active");
});

test("R21: the next agent goes on watching, with the count of restarts", async ({ stage }) => {
  const go = join(stage.dir, "go");
  const body = `echo $$ >>${stage.dir}/pids; while [ ! -e ${go} ]; do sleep 0.05; done; exit 3`;
  put(stage, "app.sh", body);
  const rules = { restartMax: 1, failover: true };
  const env = { GREETING: "hello", KAGE_TREE: "forged", PATH: "/usr/bin:/bin" };
  await ask(stage, "script.load", order([join(stage.dir, "app.sh")], { ...rules, env }));
  await until("it runs", () => existsSync(join(stage.dir, "pids")));
  const pid = readFileSync(join(stage.dir, "pids"), "utf8").trim();
  const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
  assert.match(environment, "GREETING=hello");
  assert.not.match(environment, "forged");
  assert.match(environment, `KAGE_RUN_DIR=${stage.context.local.runDir}`);
  const next = openDesk(stage);
  assert.is(await next.adopt(stage.group), true);
  const duplicate = await next.answer("script.load", order(["sleep", "1"]));
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
  assert.is(await ask(stage, "script.load", order(["sleep", "60"])), "done");
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
  put(
    stage,
    "systemctl",
    `echo "$*" >>${dir}/calls; case $1 in start) touch ${dir}/on;; stop) rm -f ${dir}/on;; is-active) [ -e ${dir}/on ];; esac`,
  );
  const env = { PATH: `${dir}:/usr/bin:/bin` };
  const rules = { service: true, monitor: true, env };
  await ask(stage, "script.load", order(["W3SVC"], rules));
  await until("it was started", () => existsSync(join(dir, "on")));
  await ask(stage, "script.kill", { group: "web", id: "APP" });
  const calls = readFileSync(join(dir, "calls"), "utf8").trim().split("\n");
  assert.equal([calls[0], calls.at(-1)], ["start -- W3SVC", "stop -- W3SVC"]);
  assert.equal(stage.failed, []);
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
  ["no identity", "script.load", order(["x"], { id: "" })],
  ["an identity with a path", "script.load", order(["x"], { id: "../x" })],
  ["a reserved identity", "script.load", order(["x"], { id: "nec_x" })],
  ["no program", "script.load", order([])],
  ["words that are none", "script.load", order(["x"], { argv: [1] })],
  ["NUL", "script.load", order(["x\0"])],
  ["too many restarts", "script.load", order(["x"], { restartMax: 10 })],
  ["a fraction of an hour", "script.load", order(["x"], { forgetHours: 0.5 })],
  ["/M with /R", "script.load", order(["x"], { restartMax: 1, monitor: true })],
  ["an environment that is none", "script.load", order(["x"], { env: [1] })],
  ["another verb", "script.eat", { group: "web" }],
];

for (const [name, verb, args] of malformed) {
  test(`R155: a request with ${name} is refused`, async ({ stage }) => {
    assert.match(await ask(stage, verb, args), /^(malformed-request|unknown-group)$/);
  });
}

test("a program that is not there is refused with the reason", async ({ stage }) => {
  const answer = await stage.desk.answer("script.load", order(["/no/such"]));
  assert.match(JSON.stringify(answer), /load-failed.*not there/);
});

test("a damaged record of a loaded program is none", () => {
  for (const text of ["", "{", "null", "[]", '{"rules":{}}', "x".repeat(2_000_000)]) {
    assert.is(parseLoadRecord(text), null);
  }
  assert.not(isId("a".repeat(65)));
});

test.run();
