/** Scripts that end, hang, ignore TERM, fork and exit, or are missing, on the real program runner. */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { findByEnvironment } from "../../../../hal/drivers/process-tree/process-tree.ts";
import {
  HELPER_COMMANDS,
  installHelperCommands,
} from "../../../../hal/drivers/script-runner/helper-commands.ts";
import { OneShots } from "../../../../hal/drivers/script-runner/one-shot.ts";
import {
  parseScriptNote,
  readScriptNote,
  removeScriptNote,
  writeScriptNote,
} from "../../../../hal/drivers/script-runner/script-note.ts";
import { until } from "../../../deadline.ts";
import { runnerSuite, spec, type World } from "../program-runner/runner-world.ts";

const test = runnerSuite("one shots");

function shots({ runner }: World): OneShots {
  const made = new OneShots(runner);
  runner.onExit((exit) => void made.hear(exit));
  return made;
}

const marked = (mark: string): { env: Record<string, string> } => ({ env: { KAGE_SCRIPT: mark } });

test("R118: a script that ends says its status", async (world) => {
  const run = shots(world);
  const good = await run.run(spec("exit 0"), 5000);
  assert.equal([good.kind, good.kind === "ended" && good.status], ["ended", 0]);
  const bad = await run.run(spec("exit 3"), 5000);
  assert.equal([bad.kind, bad.kind === "ended" && bad.status], ["ended", 3]);
});

test("R166: a script that hangs and ignores TERM is gone with its whole tree", async (world) => {
  const mark = `hang-${world.dir}`;
  const script =
    "trap '' TERM; setsid sh -c 'trap \"\" TERM; sleep 60' & while :; do sleep 1; done";
  const end = await shots(world).run(spec(script, marked(mark)), 300);
  assert.equal(end, { kind: "overdue", left: [] });
  assert.is(findByEnvironment([`KAGE_SCRIPT=${mark}`]).length, 0);
});

test("R118: what a script leaves running on purpose goes on after its end", async (world) => {
  const mark = `daemon-${world.dir}`;
  const end = await shots(world).run(spec("setsid sleep 60 & exit 0", marked(mark)), 5000);
  assert.is(end.kind, "ended");
  assert.is(findByEnvironment([`KAGE_SCRIPT=${mark}`]).length, 1);
  const stopped = await world.runner.stop("web", "http", 2000);
  assert.is(stopped.kind, "stopped");
  assert.is(findByEnvironment([`KAGE_SCRIPT=${mark}`]).length, 0);
});

test("R118: a script that is missing at a takeover is a sentence, at once", async (world) => {
  const end = await shots(world).run(spec("", { argv: [join(world.dir, "gone.sh")] }), 5000);
  assert.is(end.kind, "failed");
  assert.match(end.kind === "failed" ? end.detail : "", /gone\.sh: not there/);
});

test("R118: two runs of one script at once are refused", async (world) => {
  const run = shots(world);
  const first = run.run(spec("exec sleep 60"), 400);
  const second = await run.run(spec("exit 0"), 5000);
  assert.is(second.kind, "failed");
  assert.is((await first).kind, "overdue");
});

test("R149: the event of the start survives in a note, and one of another boot does not count", async ({
  dir,
}) => {
  const at = join(dir, "run", "programs", "web", "app");
  assert.is(await readScriptNote(at, "aa"), null);
  await writeScriptNote(at, { host: "aa", event: "FAILOVER", phase: "up" });
  assert.equal(await readScriptNote(at, "aa"), { host: "aa", event: "FAILOVER", phase: "up" });
  assert.is(await readScriptNote(at, "bb"), null);
  writeFileSync(join(at, "script.json"), '{"host":"aa","event":"FAIL');
  assert.is(await readScriptNote(at, "aa"), null);
  await removeScriptNote(at);
  assert.not.ok(existsSync(join(at, "script.json")));
});

test("R149: only a whole note of the known words is one", () => {
  const good = '{"host":"aa","event":"START","phase":"starting"}\n';
  assert.equal(parseScriptNote(good), { host: "aa", event: "START", phase: "starting" });
  for (const bad of [good.trimEnd(), good.replace("START", "RECOVER"), "", "x".repeat(5000)]) {
    assert.is(parseScriptNote(bad), null);
  }
});

test("R155: helper commands are there in both cases and pass their arguments on", async (world) => {
  const folder = join(world.dir, "it's arm");
  const entry = join(world.dir, "entry.sh");
  mkdirSync(folder);
  writeFileSync(entry, `printf '%s\\n' "$@" >${world.dir}/said\n`);
  installHelperCommands(folder, "/bin/sh", entry);
  installHelperCommands(folder, "/bin/sh", entry);
  for (const command of HELPER_COMMANDS) {
    assert.is(statSync(join(folder, command)).mode & 0o777, 0o755);
    assert.ok(statSync(join(folder, command.toUpperCase())).isFile());
  }
  const env = { PATH: `${folder}:/usr/bin:/bin` };
  await shots(world).run(spec(`ARMLOG "two words" /ARM`, { env }), 5000);
  await until("the entry was called", () => existsSync(join(world.dir, "said")));
  assert.is(readFileSync(join(world.dir, "said"), "utf8"), "armlog\ntwo words\n/ARM\n");
  rmSync(folder, { recursive: true });
});

test.run();
