/** Start, stop and recover of a group's script with everything that can go wrong, on real processes. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import { until } from "../../deadline.ts";
import {
  clear,
  keysOf,
  living,
  makeStage,
  openDesk,
  put,
  reasonOf,
  type ScriptStage,
} from "./script-stage.ts";

interface Box {
  stage: ScriptStage;
}

const test = suite<Box>("scripts of a group");

test.before.each((box) => {
  box.stage = makeStage({ startTimeoutMs: 1500, stopTimeoutMs: 1500 });
});
test.after.each(({ stage }) => clear(stage));

const said = ({ dir }: ScriptStage): string[] => {
  const file = join(dir, "said");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
};
/** The shell expands the variables when the script runs. */
const tell = (stage: ScriptStage, name: string, more = ""): void => {
  const line = `echo "${name} $ARMS_EVENT $ARMS_DISK $ARMS_SERVER $ARMS_GROUPNAME"`;
  put(stage, name, `${line} >>${stage.dir}/said\n${more}`);
};

test("R149: the stop script hears the event of the start, also from the next agent", async ({
  stage,
}) => {
  const { group, script } = stage;
  tell(stage, "start.sh");
  tell(stage, "stop.sh");
  await stage.desk.start(group, script, "FAILOVER");
  stage.desk = openDesk(stage);
  assert.is(await stage.desk.adopt(group), true);
  await stage.desk.stop(group, script);
  assert.equal(said(stage), [
    "start.sh FAILOVER SUCCESS HOME web",
    "stop.sh FAILOVER SUCCESS HOME web",
  ]);
  assert.is(await openDesk(stage).adopt(group), false, "stopped is not up");
});

test("R149: a note of an earlier boot is none: nothing is stopped that never ran", async ({
  stage,
}) => {
  const { group, script } = stage;
  tell(stage, "stop.sh");
  await stage.desk.start(group, script, "START");
  const context = { ...stage.context, host: hostIncarnation("00000000000000b2") };
  const desk = openDesk({ ...stage, context });
  assert.is(await desk.adopt(group), false);
  await desk.stop(group, script);
  assert.equal(said(stage), []);
});

test("R166: a start script that hangs is ended with its tree, then undone by the stop script", async ({
  stage,
}) => {
  const { group, script } = stage;
  put(stage, "start.sh", "setsid sh -c 'trap \"\" TERM; sleep 60' & sleep 60");
  tell(stage, "stop.sh");
  assert.match(
    await reasonOf(stage.desk.start(group, script, "START")),
    /start script .*start\.sh did not end within 1500 ms/,
  );
  assert.is(living(stage), 0);
  await stage.desk.stop(group, script);
  assert.equal(said(stage), ["stop.sh START SUCCESS HOME web"]);
  assert.ok(keysOf(stage).includes("script.overdue"));
});

test("R118: a start script that is missing is told at once, and nothing is stopped for it", async ({
  stage,
}) => {
  const { group, script } = stage;
  rmSync(join(stage.dir, "start.sh"));
  rmSync(join(stage.dir, "stop.sh"));
  assert.match(await reasonOf(stage.desk.start(group, script, "FAILOVER")), /not there \(ENOENT\)/);
  await stage.desk.stop(group, script);
  // The look at the file that follows the failure may have told by now.
  const told = keysOf(stage).filter((key) => key !== "script.unfit");
  assert.equal(told, ["script.not-run"]);
});

test("R166: a stop script that ignores TERM is a failed stop, and its whole tree is gone", async ({
  stage,
}) => {
  const { group, script } = stage;
  put(stage, "start.sh", "setsid sh -c 'trap \"\" TERM; while :; do sleep 1; done' & exit 0");
  put(stage, "stop.sh", "trap '' TERM; while :; do sleep 1; done");
  await stage.desk.start(group, script, "START");
  await until("what the script left behind", () => living(stage) > 0);
  assert.match(await reasonOf(stage.desk.stop(group, script)), /stop script .* did not end within/);
  assert.is(living(stage), 0);
});

test("R166: a stop script that ends badly or is missing is a failed stop with nothing left", async ({
  stage,
}) => {
  const { group, script } = stage;
  put(stage, "start.sh", "setsid sleep 60 & exit 0");
  put(stage, "stop.sh", "exit 4");
  await stage.desk.start(group, script, "START");
  assert.match(await reasonOf(stage.desk.stop(group, script)), /ended with status 4/);
  assert.is(living(stage), 0);
  await stage.desk.start(group, script, "START");
  rmSync(join(stage.dir, "stop.sh"));
  assert.match(await reasonOf(stage.desk.stop(group, script)), /stop\.sh: not there/);
  assert.is(living(stage), 0);
});

test("R118: a daemon that cleared its environment's cookie is still ended with its session", async ({
  stage,
}) => {
  const { group, script, dir } = stage;
  const daemon = `env -i /bin/sh -c 'echo $$ >${dir}/pid; exec sleep 60' &`;
  put(stage, "start.sh", `${daemon}\nwhile [ ! -s ${dir}/pid ]; do sleep 0.05; done`);
  await stage.desk.start(group, script, "START");
  const pid = readFileSync(join(dir, "pid"), "utf8").trim();
  await stage.desk.stop(group, script);
  await until("the daemon is gone", () => !existsSync(`/proc/${pid}/exe`));
});

test("R118: megabytes of output stay in two bounded files, also of a daemon", async ({ stage }) => {
  const { group, script, context } = stage;
  const flood = "head -c 8000000 /dev/zero | tr '\\\\0' x";
  put(stage, "start.sh", `${flood}\n(${flood}; exec sleep 60) & exit 0`);
  await stage.desk.start(group, script, "START");
  const folder = join(context.local.stateDir, "log");
  const size = (): number =>
    readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  await until("the output was cut", () => size() > 0 && size() <= 2 * 1024 * 1024);
  await stage.desk.stop(group, script);
});

test("D20: RECOVER runs the start script once, leaves nothing behind and never beside a start", async ({
  stage,
}) => {
  const { group, script } = stage;
  tell(stage, "start.sh", 'if [ "$ARMS_EVENT" = RECOVER ]; then setsid sleep 60 & fi');
  stage.desk.recover(group, script);
  await until("it ended", () => keysOf(stage).includes("script.ended") && living(stage) === 0);
  assert.equal(said(stage), ["start.sh RECOVER SUCCESS HOME web"]);
  tell(stage, "start.sh", 'if [ "$ARMS_EVENT" = RECOVER ]; then sleep 60; fi');
  stage.desk.recover(group, script);
  await until("it runs", () => said(stage).length === 2);
  await stage.desk.start(group, script, "START");
  assert.is(living(stage), 0, "the start has ended the recovery");
  stage.desk.recover(group, script);
  await stage.desk.stop(group, script);
  assert.equal(said(stage).slice(2), ["start.sh START SUCCESS HOME web"]);
});

test("R118: unfit scripts are told when the agent opens", async ({ stage }) => {
  put(stage, "stop.sh", "if");
  stage.desk.open();
  await until("it was told", () => keysOf(stage).includes("script.unfit"));
  const told = stage.notes.find(({ key }) => key === "script.unfit");
  assert.match(String(told?.data["reason"]), /does not understand it/);
});

test.run();
