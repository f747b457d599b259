/**
 * What the watch of loaded programs sees and what it does not (guide 1.2.1 (2), 1.2.2), on real processes:
 * only what the cluster started itself, only its end, neither a launcher's children nor a stall.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  findByEnvironment,
  signalProcess,
} from "../../../hal/drivers/process-tree/process-tree.ts";
import type { Facts } from "../../../services/facts.ts";
import { encodeWords } from "../../../services/failover/words.ts";
import { markOf } from "../../../services/resources/load-marks.ts";
import { until } from "../../deadline.ts";
import {
  type Args,
  clear,
  cookieOf,
  keysOf,
  loadOrder,
  makeStage,
  openDesk,
  putManager,
  type ScriptStage,
} from "./script-stage.ts";

const test = suite<{ stage: ScriptStage }>("limits of the watch");

test.before.each(async (box) => {
  box.stage = makeStage();
  await box.stage.desk.start(box.stage.group, box.stage.script, "START");
});
test.after.each(({ stage }) => clear(stage));

async function load(stage: ScriptStage, argv: readonly string[], more: Args = {}): Promise<void> {
  const answer = await stage.desk.answer("script.load", loadOrder(argv, more));
  assert.is(answer.kind, "done");
}

const told = (stage: ScriptStage): string[] =>
  keysOf(stage).filter((key) => key.startsWith("load."));

/** The program ends at last, so that the silence before it was not that of a dead watch. */
async function endAndHear(stage: ScriptStage, key: string): Promise<void> {
  for (const who of findByEnvironment([cookieOf(stage)])) signalProcess(who, "SIGKILL");
  await until(`it was told ${key}`, () => keysOf(stage).includes(key));
}

test("R27: a program that the cluster did not start is never reported, though it is the same command", async ({
  stage,
}) => {
  await load(stage, ["sleep", "61.5"]);
  const stranger = spawn("sleep", ["61.5"]);
  await once(stranger, "spawn");
  stranger.kill("SIGKILL");
  await once(stranger, "exit");
  assert.equal(told(stage), ["load.started"]);
  await endAndHear(stage, "load.lost");
});

test("R28: the end of a launcher is the end of its target; what it leaves behind is not watched", async ({
  stage,
}) => {
  const pidFile = join(stage.dir, "resident");
  await load(stage, ["sh", "-c", `sleep 62.5 & echo $! >${pidFile}; exit 0`]);
  await until("the launcher's end was told", () => told(stage).length > 1);
  const before = told(stage);
  const resident = Number(readFileSync(pidFile, "utf8"));
  process.kill(resident, "SIGKILL");
  await until("it is gone", () => !existsSync(`/proc/${resident}`));
  // A further program's end is heard, so an earlier one would have been.
  await load(stage, ["sh", "-c", "exit 7"], { id: "NEXT" });
  await until("the next one's end was told", () => keysOf(stage).includes("load.lost"));
  const ends = told(stage).slice(before.length);
  assert.equal(ends, ["load.started", "load.lost"], "of the next one only");
});

test("R29: a program that hangs is not reported, its end is", async ({ stage }) => {
  await load(stage, ["sleep", "63.5"], { restartMax: 9, failover: true });
  const hung = findByEnvironment([cookieOf(stage)]);
  assert.ok(hung.length > 0);
  for (const who of hung) signalProcess(who, "SIGSTOP");
  // Long enough for any watch that looks every few tenths of a second.
  const untilMs = performance.now() + 1500;
  await until("the time is over", () => performance.now() > untilMs);
  assert.equal(told(stage), ["load.started"]);
  assert.equal(stage.failed, []);
  await endAndHear(stage, "load.restarted");
});

test("R25: a service is watched by its state: when its manager says it ended, its group fails over", async ({
  stage,
}) => {
  const { dir } = stage;
  const env = putManager(stage);
  await load(stage, ["W3SVC"], { service: true, monitor: true, env });
  await until("it was started", () => existsSync(join(dir, "on")));
  assert.equal(stage.failed, []);
  rmSync(join(dir, "on"));
  await until("the group failed", () => stage.failed.length > 0);
  assert.equal(stage.failed, [0]);
});

test("R38: a monitor that ends once is started again and nothing moves; one that goes on ending fails over", async ({
  stage,
}) => {
  // The first look finds a trouble, the second finds none.
  const mark = join(stage.dir, "looked");
  const once = `[ -e ${mark} ] && exec sleep 64.5; touch ${mark}; exit 1`;
  const rules = { restartMax: 2, forgetHours: 1, failover: true };
  await load(stage, ["sh", "-c", once], rules);
  await until("it was started again", () => keysOf(stage).includes("load.restarted"));
  await until("it looks again", () => findByEnvironment([cookieOf(stage)]).length > 0);
  assert.equal(stage.failed, []);
  const kill = { group: "web", id: "APP" };
  assert.is((await stage.desk.answer("script.kill", kill)).kind, "done");
  writeFileSync(join(stage.dir, "always"), "");
  await load(stage, ["sh", "-c", "exit 1"], rules);
  await until("the group failed", () => stage.failed.length > 0);
  assert.equal(stage.failed, [0]);
});

test("R39: a program that watches a network device is a trigger: without the device the group fails over", async ({
  stage,
}) => {
  const device = createServer((socket) => socket.destroy());
  device.listen(0, "127.0.0.1");
  await once(device, "listening");
  const { port } = device.address() as AddressInfo;
  const reach = `exec 3<>/dev/tcp/127.0.0.1/${port}`;
  const watch = `while (${reach}) 2>/dev/null; do sleep 0.1; done; exit 1`;
  await load(stage, ["bash", "-c", watch], { restartMax: 1, forgetHours: 1, failover: true });
  await once(device, "connection");
  await once(device, "connection");
  assert.equal(told(stage), ["load.started"]);
  device.close();
  await until("the group failed", () => stage.failed.length > 0);
  assert.equal(stage.failed, [0]);
  assert.equal(told(stage), ["load.started", "load.restarted", "load.exhausted"]);
});

/** The other server has loaded APP for group 1. */
function loadedThere(): Facts {
  const none = { shutdown: 0 as const, marked: false, offAfterLeave: false, request: null };
  const loads = { isWhole: true, marks: [{ group: 1, mark: markOf("APP") }] };
  const blob = encodeWords({ ...none, reply: null, groups: [], loads });
  const peer = {
    index: 1,
    host: "b1",
    state: "member",
    sameView: true,
    configDiffers: false,
    blob,
  };
  return { peers: [peer] } as unknown as Facts;
}

for (const [form, parallelOf, expected] of [
  ["one parallel group", { parallelOf: "ops" }, "done"],
  ["two groups", {}, "refused"],
] as const) {
  test(`R131, R160: one identity on two servers: ${form}: ${expected}`, async ({ stage }) => {
    const { context, group } = stage;
    const groups = [0, 1].map((index) => ({ ...group, ...parallelOf, index }));
    const own = groups[0] ?? group;
    const here = {
      ...stage,
      group: own,
      context: { ...context, config: { ...context.config, groups } },
    };
    const desk = openDesk(here);
    desk.hear(loadedThere());
    const answer = await desk.answer("script.load", loadOrder(["sleep", "65.5"]));
    assert.is(answer.kind, expected);
  });
}

test.run();
