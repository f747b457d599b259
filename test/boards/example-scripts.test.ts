/**
 * The shipped script pair against the guide's branch tables (2.2.4), with D23: disk first, the monitor
 * always killed. The helper commands are stand-ins that write down how they were called.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { HELPER_COMMANDS } from "../../hal/drivers/script-runner/helper-commands.ts";
import { inspectScript } from "../../hal/drivers/script-runner/script-file.ts";

const test = suite<{ dir: string }>("example scripts");
const FOLDER = resolve("boards/examples/scripts");
const DEMO = resolve("boards/examples/scripts-demo");

test.before.each((world) => {
  world.dir = mkdtempSync(join(tmpdir(), "kage-example-"));
  for (const command of HELPER_COMMANDS) {
    const path = join(world.dir, command);
    const fails = `case " $KAGE_FAILS " in *" ${command} "*) exit 1;; esac`;
    writeFileSync(path, `#!/bin/sh\necho "${command} $*" >>"${world.dir}/calls"\n${fails}\n`);
    chmodSync(path, 0o755);
  }
});
test.after.each(({ dir }) => rmSync(dir, { recursive: true, force: true }));

type Variables = Readonly<Record<string, string>>;

function run(
  dir: string,
  script: string,
  variables: Variables,
  folder = FOLDER,
): { status: number; calls: string[] } {
  const env = { PATH: `${dir}:/usr/bin:/bin`, ARMS_GROUPNAME: "IIS", ...variables };
  // The pipe ends when the last child has: calls made in the background are in, too.
  const done = spawnSync(join(folder, script), { env, encoding: "utf8", stdio: "pipe" });
  const file = join(dir, "calls");
  const calls = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  return { status: done.status ?? 128, calls };
}

const RSP = "armload RSP /R 9 /H 1 /FOV armrsp /A";
const WWW = "armload WWWPS /S /M apache2";
const END = "armlog END IIS STOP SCRIPT";
const NO_ARM = "armlog ERROR NO_ARM IIS GROUP /ARM";
const ERROR_DISK = "armlog ERROR DISK IIS GROUP /ARM";

const rows: readonly [string, string, Variables, readonly string[]][] = [
  [
    "R146, R154: START",
    "start.sh",
    { ARMS_EVENT: "START" },
    [RSP, "armlog NORMAL START IIS GROUP SCRIPT", WWW, "armlog WWW STARTED"],
  ],
  [
    "R147, R154: FAILOVER",
    "start.sh",
    { ARMS_EVENT: "FAILOVER", ARMS_DISK: "SUCCESS" },
    [RSP, "armlog FAILOVER START IIS GROUP SCRIPT", WWW, "armlog WWW STARTED"],
  ],
  [
    "R148, R154: RECOVER",
    "start.sh",
    { ARMS_EVENT: "RECOVER" },
    ["armlog RECOVER START IIS GROUP"],
  ],
  ["R150: no event", "start.sh", {}, [NO_ARM]],
  ["R150: another event", "start.sh", { ARMS_EVENT: "start" }, [NO_ARM]],
  [
    "R151, R154, R163: START, disk failed, at home",
    "start.sh",
    { ARMS_EVENT: "START", ARMS_DISK: "FAILURE", ARMS_SERVER: "HOME" },
    [ERROR_DISK, "armfover /F IIS"],
  ],
  [
    "R163: FAILOVER, disk failed, elsewhere",
    "start.sh",
    { ARMS_EVENT: "FAILOVER", ARMS_DISK: "FAILURE", ARMS_SERVER: "OTHER" },
    [ERROR_DISK],
  ],
  [
    "R149, R154: stop of a START",
    "stop.sh",
    { ARMS_EVENT: "START" },
    [
      "armkill RSP",
      "armlog NORMAL STOP IIS GROUP SCRIPT",
      "armkill WWWPS",
      "armlog WWW STOPPED",
      END,
    ],
  ],
  [
    "R149, R154: stop of a FAILOVER",
    "stop.sh",
    { ARMS_EVENT: "FAILOVER" },
    [
      "armkill RSP",
      "armlog FAILOVER STOP IIS GROUP SCRIPT",
      "armkill WWWPS",
      "armlog WWW STOPPED",
      END,
    ],
  ],
  [
    "R165, D23: stop after the disk failed",
    "stop.sh",
    { ARMS_EVENT: "START", ARMS_DISK: "FAILURE" },
    ["armkill RSP", END],
  ],
  ["R150: stop without an event", "stop.sh", {}, [NO_ARM, END]],
  ["R149: stop knows no RECOVER", "stop.sh", { ARMS_EVENT: "RECOVER" }, [NO_ARM, END]],
];

for (const [name, script, variables, expected] of rows) {
  test(`${name} (${script})`, ({ dir }) => {
    assert.equal(run(dir, script, variables), { status: 0, calls: [...expected] });
  });
}

test("R166: a program that cannot be loaded fails the start, one that cannot be killed the stop", ({
  dir,
}) => {
  assert.is(run(dir, "start.sh", { ARMS_EVENT: "START", KAGE_FAILS: "armload" }).status, 1);
  const stop = run(dir, "stop.sh", { ARMS_EVENT: "START", KAGE_FAILS: "armkill" });
  assert.is(stop.status, 1);
  assert.is(stop.calls.at(-1), END);
});

test("R150: by hand, without the cluster's commands, the log goes to standard error", () => {
  const env = { PATH: "/usr/bin:/bin" };
  for (const script of ["start.sh", "stop.sh"]) {
    const done = spawnSync(join(FOLDER, script), { env, encoding: "utf8" });
    assert.match(done.stderr, "ERROR NO_ARM IIS GROUP");
    assert.is(done.status, 0);
  }
});

test("R118: the shipped scripts pass the look that the agent gives them", async () => {
  for (const script of ["start.sh", "stop.sh", "diskfail.sh"]) {
    const { verdict } = await inspectScript(join(FOLDER, script), "/usr/bin:/bin");
    assert.equal(verdict, { kind: "fit" }, script);
  }
});

test("R147: the pair to try out needs no service of the machine, and activates nothing on RECOVER", async ({
  dir,
}) => {
  const variables = { ARMS_SERVER: "HOME" };
  const load = "armload BUSINESS /R 3 /H 1 /FOV sleep 1000000";
  const start = run(dir, "start.sh", { ...variables, ARMS_EVENT: "START" }, DEMO);
  assert.equal(start, { status: 0, calls: ["armlog START on HOME", load] });
  const stop = run(dir, "stop.sh", { ...variables, ARMS_EVENT: "START" }, DEMO);
  assert.equal(stop.calls.slice(2), ["armlog stop after START", "armkill BUSINESS"]);
  const back = run(dir, "start.sh", { ...variables, ARMS_EVENT: "RECOVER" }, DEMO);
  assert.equal(back.calls.slice(4), ["armlog RECOVER on HOME"]);
  const failing = { ...variables, ARMS_EVENT: "START", KAGE_FAILS: "armload armkill" };
  assert.is(run(dir, "start.sh", failing, DEMO).status, 1);
  assert.is(run(dir, "stop.sh", failing, DEMO).status, 1);
  for (const script of ["start.sh", "stop.sh"]) {
    const { verdict } = await inspectScript(join(DEMO, script), "/usr/bin:/bin");
    assert.equal(verdict, { kind: "fit" }, script);
  }
});

test.run();
