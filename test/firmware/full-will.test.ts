/** The will of a server with scripts ends whatever a script or its helper commands have started. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { drawFullWill } from "../../firmware/full-will.ts";
import { executeWill } from "../../firmware/will.ts";
import { isAlive, readProcess } from "../../hal/drivers/process-tree/process-tree.ts";
import { clear, cookieOf, makeStage } from "./agent/script-stage.ts";

const ports = { addresses: { down: () => Promise.resolve() } };

async function programWith(entry: string): Promise<ChildProcess> {
  const [name = "", ...value] = entry.split("=");
  const env = { PATH: "/usr/bin:/bin", [name]: value.join("=") };
  const child = spawn("sleep", ["60"], { env, stdio: "ignore", detached: true });
  await once(child, "spawn");
  return child;
}

test("R44: a loaded program dies with the last will, one of another server does not", async () => {
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

test("R44: the will names every run of a script by its own record", async () => {
  const stage = makeStage();
  const programs = drawFullWill(stage.context, []).groups[0]?.programs ?? [];
  const last = programs.map(({ recordDir }) => recordDir.split("/").at(-1));
  assert.equal(last, ["service", "app", "app~stop", "app~recover", "app"]);
  assert.equal(programs.map(({ variable }) => variable ?? "KAGE_PROGRAM").at(-1), "KAGE_SCRIPT");
  await clear(stage);
});

test.run();
