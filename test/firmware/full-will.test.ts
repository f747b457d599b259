/** The will of a server with scripts ends whatever a script or its helper commands have started. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { writeLoadRecord } from "../../firmware/agent/load-record.ts";
import { drawFullWill } from "../../firmware/full-will.ts";
import { executeWill } from "../../firmware/will.ts";
import { isAlive, readProcess } from "../../hal/drivers/process-tree/process-tree.ts";
import { placeRecord } from "../../hal/drivers/program-runner/record.ts";
import { clear, cookieOf, makeStage, type ScriptStage } from "./agent/script-stage.ts";

const ports = { addresses: { down: () => Promise.resolve() } };

async function programWith(entry: string): Promise<ChildProcess> {
  const [name = "", ...value] = entry.split("=");
  const env = { PATH: "/usr/bin:/bin", [name]: value.join("=") };
  const child = spawn("sleep", ["60"], { env, stdio: "ignore", detached: true });
  await once(child, "spawn");
  return child;
}

test("a loaded program dies with the last will, one of another server does not", async () => {
  const stage = makeStage();
  const ours = await programWith(cookieOf(stage));
  const theirs = await programWith(cookieOf(stage).replace("SERVER1", "SERVER2"));
  const stranger = readProcess(theirs.pid ?? 0);
  try {
    const gone = once(ours, "exit");
    const outcome = await executeWill(drawFullWill(stage.context, []), ports, 5000);
    assert.is(outcome.kind, "completed");
    await gone;
    assert.is(ours.signalCode, "SIGKILL");
    assert.ok(stranger !== null && isAlive(stranger));
  } finally {
    theirs.kill("SIGKILL");
    ours.kill("SIGKILL");
    await clear(stage);
  }
});

/** A record of a loaded service, and a manager for which the service is the file `on`. */
async function putService(stage: ScriptStage, kill: string, host: string): Promise<void> {
  const { dir, context } = stage;
  const verbs = `kill) ${kill};; show) [ -e ${dir}/on ] && echo active || echo inactive;;`;
  const script = `#!/bin/sh\necho "$1 $2" >>${dir}/calls; case $1 in ${verbs} esac\n`;
  writeFileSync(join(dir, "systemctl"), script, { mode: 0o755 });
  writeFileSync(join(dir, "on"), "");
  const place = placeRecord(context.local.runDir, "SERVER1", stage.group.name, "~svc");
  await writeLoadRecord(place.dir, {
    ...{ host, id: "SVC", script: "app", argv: ["W3SVC"], isService: true, restartsAtMs: [] },
    env: { PATH: `${dir}:/usr/bin:/bin` },
    rules: { restartMax: 0, forgetHours: null, failsOver: false, isMonitored: true },
  });
}

test("R158: a loaded service is killed through its manager, which must not start it again", async () => {
  const stage = makeStage();
  await putService(stage, `rm -f ${stage.dir}/on`, stage.context.host);
  const outcome = await executeWill(drawFullWill(stage.context, []), ports, 5000);
  assert.is(outcome.kind, "completed");
  assert.not(existsSync(join(stage.dir, "on")));
  const calls = readFileSync(join(stage.dir, "calls"), "utf8").trim().split("\n");
  const acts = calls.filter((call) => !call.startsWith("show"));
  assert.equal(acts, ["stop --no-block", "kill --kill-who=all"]);
  await clear(stage);
});

test("R158: a service that is not told to be gone keeps the will from being completed", async () => {
  const stage = makeStage();
  await putService(stage, "true", stage.context.host);
  const outcome = await executeWill(drawFullWill(stage.context, []), ports, 300);
  assert.ok(outcome.kind === "overdue");
  assert.equal(
    outcome.left.map(({ kind }) => kind),
    ["service"],
  );
  assert.match(JSON.stringify(outcome.left), /service W3SVC/);
  await clear(stage);
});

test("R158: a service of an earlier boot is not touched", async () => {
  const stage = makeStage();
  await putService(stage, "true", "00000000000000ff");
  const outcome = await executeWill(drawFullWill(stage.context, []), ports, 5000);
  assert.is(outcome.kind, "completed");
  assert.not(existsSync(join(stage.dir, "calls")));
  await clear(stage);
});

test("the will names every run of a script by its own record", async () => {
  const stage = makeStage();
  const programs = drawFullWill(stage.context, []).groups[0]?.programs ?? [];
  const last = programs.map(({ recordDir }) => recordDir.split("/").at(-1));
  assert.equal(last, ["service", "app", "app~stop", "app~recover", "app"]);
  assert.equal(programs.map(({ variable }) => variable ?? "KAGE_PROGRAM").at(-1), "KAGE_SCRIPT");
  await clear(stage);
});

test.run();
