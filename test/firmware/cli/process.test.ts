/** The command as a real process: pipes that close, a full disk, signals, the npm shim. */
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fakeAppliance, ok, type Script } from "./fake-appliance.ts";
import { HEALTHY } from "./pictures.ts";

const MAIN = new URL("../../../firmware/cli/main.js", import.meta.url).href;
const PROGRAM = `const { runProcess } = await import("${MAIN}"); await runProcess(process.argv.slice(1));`;
const DEADLINE_MS = 10_000;

/** Runs a shell line in which `$KAGE` stands for the command; killed after the deadline. */
function shell(line: string, runDir: string) {
  const kage = `node --input-type=module -e '${PROGRAM}' --`;
  const child = spawn("bash", ["-c", line.replaceAll("$KAGE", kage)], {
    env: { ...process.env, LANG: "C.UTF-8", KAGE_RUN_DIR: runDir },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  const deadline = setTimeout(() => child.kill("SIGKILL"), DEADLINE_MS);
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.on("close", (code) => {
      clearTimeout(deadline);
      resolve({ code, out, err });
    });
  });
  return { child, ended, output: () => out };
}

/** An agent whose log has a new event at every question. */
function busyLog(): Script {
  let seq = 0;
  return (request) => {
    if (request["verb"] === "status") return ok(HEALTHY);
    seq += 1;
    return ok({
      events: [{ seq, at: "", code: "KG-1", severity: "info", server: "S", text: "x" }],
    });
  };
}

test("`kage events --follow | head -1` ends quietly when the reader goes", async () => {
  const appliance = await fakeAppliance({ SERVER1: busyLog() });
  const line = `$KAGE events --follow | head -1; echo "status \${PIPESTATUS[0]}"`;
  const { code, out, err } = await shell(line, appliance.runDir).ended;
  await appliance.stop();
  assert.is(code, 0);
  assert.match(out, /^#1 .*\nstatus 0\n$/);
  assert.is(err, "");
});

test("output that cannot be written because the disk is full is a failure", async () => {
  const appliance = await fakeAppliance({ SERVER1: () => ok(HEALTHY) });
  const { code, err } = await shell("$KAGE status > /dev/full", appliance.runDir).ended;
  await appliance.stop();
  assert.is(code, 1);
  assert.match(err, "cannot write the output");
});

test("Ctrl-C ends --watch with 0 and leaves no process", async () => {
  const appliance = await fakeAppliance({ SERVER1: () => ok(HEALTHY) });
  const { child, ended, output } = shell("exec $KAGE status --watch", appliance.runDir);
  await new Promise<void>((resolve) => {
    child.stdout.on("data", () => {
      if (output().includes("web is running")) resolve();
    });
    child.on("close", () => resolve());
  });
  child.kill("SIGINT");
  const { code } = await ended;
  await appliance.stop();
  assert.is(code, 0);
});

test("the shim is executable and says what to do in a clone that was never built", () => {
  const shim = join(process.cwd(), "firmware", "kage.mjs");
  assert.is(statSync(shim).mode & 0o111, 0o111);
  const clone = mkdtempSync(join(tmpdir(), "kage-clone-"));
  mkdirSync(join(clone, "firmware"));
  cpSync(shim, join(clone, "firmware", "kage.mjs"));
  const ran = spawnSync(join(clone, "firmware", "kage.mjs"), ["status"], { encoding: "utf8" });
  rmSync(clone, { recursive: true });
  assert.is(ran.status, 6);
  assert.is(
    ran.stderr,
    "kage: this clone is not built yet\n  do: run npm start (or npm run build) first\n",
  );
});

test("`main.js disk format` is the command and `main.js disk --local` the process", () => {
  const main = join(import.meta.dirname, "../../../firmware/main.js");
  const start = (...words: string[]): string =>
    spawnSync(process.execPath, [main, ...words], { encoding: "utf8" }).stderr;
  const nowhere = "/nowhere/local.json";
  assert.match(start("disk", "format", "--local", nowhere), /^kage: .*\n {2}do: check the path/);
  assert.match(start("disk", "--local", nowhere), /^\/nowhere\/local.json: cannot be read/);
});

test.run();
