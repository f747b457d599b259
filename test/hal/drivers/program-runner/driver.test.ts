/**
 * The program runner against real processes: start, end, stop, output.
 * Programs are small shell scripts; every wait is for an event and has a deadline.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import {
  findByEnvironment,
  isAlive,
  readProcess,
} from "../../../../hal/drivers/process-tree/process-tree.ts";
import { detectCgroupRoot } from "../../../../hal/drivers/program-runner/cgroup.ts";
import { until } from "../../../deadline.ts";
import { cookieOf, daemonScript, makeRunner, runnerSuite, runOf, spec } from "./runner-world.ts";

const test = runnerSuite("program runner");

test("a program finds its group in its environment, nothing of the agent", async (w) => {
  const out = join(w.dir, "env");
  process.env["KAGE_SECRET_TEST"] = "leak";
  const started = await w.runner.start(
    spec(`env >"$OUT.new"; mv "$OUT.new" "$OUT"; exec sleep 60`, {
      env: { OUT: out, KAGE_GROUP: "forged" },
    }),
  );
  delete process.env["KAGE_SECRET_TEST"];
  const run = runOf(started);
  await until("environment written", () => existsSync(out));
  const lines = readFileSync(out, "utf8").split("\n");
  for (const line of [
    "KAGE_SERVER=SERVER1",
    "KAGE_GROUP=web",
    "KAGE_RESOURCE=http",
    "KAGE_PUBLIC_ADDRESS=127.9.9.1",
    "KAGE_FLOATING_IP=127.9.9.101",
    cookieOf(run),
  ]) {
    assert.ok(lines.includes(line), line);
  }
  assert.not.ok(lines.some((line) => line.startsWith("KAGE_SECRET_TEST")));
});

test("the program has its own session; its parent survives a TERM to it", async (w) => {
  const run = runOf(await w.runner.start(spec("exec sleep 60")));
  const stat = readProcess(run.pid);
  assert.is.not(stat?.sessionId, readProcess(process.pid)?.sessionId);
  process.kill(-(stat?.groupId ?? 0), "SIGTERM");
  assert.equal((await w.nextExit()).end, { kind: "status", status: 143 });
});

test("R24: the end of a program is told once with its status", async (w) => {
  await w.runner.start(spec("exit 7"));
  const exit = await w.nextExit();
  assert.equal(exit.end, { kind: "status", status: 7 });
  assert.is(exit.duringStop, false);
  const again = await w.runner.start(spec("kill -9 $$"));
  assert.is(again.kind, "started");
  assert.equal((await w.nextExit()).end, { kind: "status", status: 137 });
  assert.is(w.exits.length, 2);
});

test("INT and QUIT have their default effect in a program", async (w) => {
  await w.runner.start(spec("kill -INT $$; sleep 60"));
  assert.equal((await w.nextExit()).end, { kind: "status", status: 130 });
  await w.runner.start(spec("trap 'exit 9' QUIT; kill -QUIT $$; sleep 60"));
  assert.equal((await w.nextExit()).end, { kind: "status", status: 9 });
});

test("a program that is not there or not executable is refused in words", async (w) => {
  const missing = await w.runner.start(spec("", { argv: ["/nowhere/at-all"] }));
  assert.is(missing.kind, "failed");
  assert.match(missing.kind === "failed" ? missing.detail : "", "expected an executable file");
  const text = join(w.dir, "text");
  writeFileSync(text, "no program", { mode: 0o644 });
  const plain = await w.runner.start(spec("", { argv: [text] }));
  assert.match(plain.kind === "failed" ? plain.detail : "", "not executable");
  const unknown = await w.runner.start(spec("", { argv: ["no-such-command-kage"] }));
  assert.match(unknown.kind === "failed" ? unknown.detail : "", "not in PATH");
  const empty = await w.runner.start(spec("", { argv: [] }));
  assert.is(empty.kind, "failed");
});

test("started twice at once it runs once", async (w) => {
  const both = await Promise.all([
    w.runner.start(spec("exec sleep 60")),
    w.runner.start(spec("exec sleep 60")),
  ]);
  assert.equal(both.map((one) => one.kind).sort(), ["already-running", "started"]);
  const run = runOf(both[0]);
  assert.is(findByEnvironment([cookieOf(run)]).length, 2, "parent and program, no more");
});

test("stop sends TERM first and answers when nothing is left", async (w) => {
  const out = join(w.dir, "goodbye");
  const ready = join(w.dir, "ready");
  const script = `trap 'echo bye >${out}; exit 0' TERM; : >${ready}; while :; do sleep 0.05; done`;
  const run = runOf(await w.runner.start(spec(script)));
  await until("trap set", () => existsSync(ready));
  const stopped = await w.runner.stop("web", "http", 5000);
  assert.is(stopped.kind, "stopped");
  assert.is(stopped.kind === "stopped" && stopped.killed, false);
  assert.is(readFileSync(out, "utf8"), "bye\n");
  assert.equal(findByEnvironment([cookieOf(run)]), []);
  assert.is(w.exits.length, 1);
  assert.is(w.exits[0]?.duringStop, true);
  assert.is(await w.runner.adopt("web", "http"), null, "a stopped program is nothing to adopt");
});

test("a program that ignores TERM is killed after its time, not before", async (w) => {
  const ready = join(w.dir, "ready");
  await w.runner.start(spec(`trap '' TERM; : >${ready}; while :; do sleep 0.05; done`));
  await until("trap set", () => existsSync(ready));
  const stopped = await w.runner.stop("web", "http", 300);
  assert.is(stopped.kind === "stopped" && stopped.killed, true);
  assert.ok(stopped.kind === "stopped" && stopped.tookMs >= 300, "had its time");
});

test("a daemon that forked twice into its own session is found and stopped too", async (w) => {
  const pidFile = join(w.dir, "daemon");
  const script = daemonScript(pidFile, "setsid");
  const run = runOf(await w.runner.start(spec(script)));
  await until("daemon up", () => existsSync(pidFile));
  const daemon = readProcess(Number(readFileSync(pidFile, "utf8")));
  if (daemon === null) throw new Error("daemon not there");
  assert.is.not(daemon.sessionId, readProcess(run.pid)?.sessionId);
  assert.is((await w.runner.stop("web", "http", 2000)).kind, "stopped");
  assert.not.ok(isAlive(daemon));
});

test("children of a program that cleared their environment go with its session", async (w) => {
  const ready = join(w.dir, "ready");
  const child = `trap "" TERM; : >${ready}; while :; do sleep 0.05; done`;
  const script = `env -i /bin/sh -c '${child}' & wait`;
  const run = runOf(await w.runner.start(spec(script)));
  await until("child up", () => existsSync(ready));
  const session = readProcess(run.pid)?.sessionId ?? 0;
  assert.is((await w.runner.stop("web", "http", 100)).kind, "stopped");
  assert.not.ok(readProcess(session), "session leader gone");
  assert.equal(findByEnvironment([cookieOf(run)]), []);
});

test("nothing to stop is success, also twice", async (w) => {
  assert.is((await w.runner.stop("web", "http", 1000)).kind, "stopped");
  await w.runner.start(spec("exec sleep 60"));
  const both = await Promise.all([
    w.runner.stop("web", "http", 1000),
    w.runner.stop("web", "http", 1000),
  ]);
  assert.equal(
    both.map((one) => one.kind),
    ["stopped", "stopped"],
  );
});

test("R26: workers of a crashed program are gone before it runs again", async (w) => {
  const first = join(w.dir, "worker");
  const child = `trap "" TERM; echo $$ >${first}; while :; do sleep 0.05; done`;
  const script = `/bin/sh -c '${child}' & while [ ! -s ${first} ]; do :; done; exit 3`;
  await w.runner.start(spec(script));
  assert.equal((await w.nextExit()).end, { kind: "status", status: 3 });
  const worker = readProcess(Number(readFileSync(first, "utf8")));
  if (worker === null) throw new Error("worker not there");
  assert.ok(isAlive(worker), "the worker outlived its master");
  assert.is((await w.runner.start(spec("exec sleep 60"))).kind, "started");
  assert.not.ok(isAlive(worker));
});

test("R24: with its parent killed a program is still watched, and stopped", async (w) => {
  const run = runOf(await w.runner.start(spec("exec sleep 60")));
  const parent = readProcess(run.pid)?.parentPid ?? 0;
  process.kill(parent, "SIGKILL");
  await until("parent gone", () => !readProcess(parent));
  assert.ok(isAlive(run));
  assert.is(w.exits.length, 0);
  process.kill(run.pid, "SIGKILL");
  assert.equal((await w.nextExit()).end, { kind: "unknown" });
  const next = runOf(await w.runner.start(spec("exec sleep 60")));
  process.kill(readProcess(next.pid)?.parentPid ?? 0, "SIGKILL");
  assert.is((await w.runner.stop("web", "http", 1000)).kind, "stopped");
  assert.not.ok(isAlive(next));
});

test("P3: output goes to a bounded file", async (w) => {
  w.runner.close();
  const limited = makeRunner(w.dir, { logLimitBytes: 4096 });
  const log = join(w.dir, "state", "log", "web-http.log");
  await limited.runner.start(spec("head -c 20000 /dev/zero | tr '\\0' a; echo end; exit 0"));
  await limited.nextExit();
  assert.is(readFileSync(log).length, 20004, "written whole, cut when looked at");
  await limited.runner.start(spec("head -c 9000 /dev/zero | tr '\\0' b; exec sleep 60"));
  await until("older part kept", () => readFileSync(`${log}.1`, "latin1").startsWith("b"));
  await until("cut while it runs", () => readFileSync(log).length === 0);
  assert.is(readFileSync(`${log}.1`).length, 4096);
  limited.runner.close();
});

test("P3: a state folder that takes no file costs the output, not the program", async (w) => {
  writeFileSync(join(w.dir, "state"), "a file where a folder should be");
  const started = await w.runner.start(spec("echo lost; exec sleep 60"));
  assert.is(started.kind === "started" && started.outputLost, true);
  assert.match(w.reports.join(), "output is lost");
});

test("P4: without a place for the run record nothing is started", async (w) => {
  writeFileSync(join(w.dir, "run"), "a file where a folder should be");
  const started = await w.runner.start(spec("exec sleep 60"));
  assert.is(started.kind, "failed");
  rmSync(join(w.dir, "run"));
});

test("names of groups and resources cannot leave the run folder", async (w) => {
  const run = runOf(
    await w.runner.start(spec("exec sleep 60", { group: "..", resource: "a/b 影" })),
  );
  assert.ok(run.recordDir.startsWith(join(w.dir, "run", "programs")));
  assert.equal(await w.runner.list(), [run]);
  assert.is((await w.runner.stop("..", "a/b 影", 1000)).kind, "stopped");
});

const cgroupRoot = detectCgroupRoot();
/** Elsewhere it counts as skipped. */
const whenCgroup = cgroupRoot === null ? test.skip : test;
if (cgroupRoot === null) console.log("SKIP program runner: no writable cgroup v2 on this host");

whenCgroup("P2: in a cgroup even a daemon without cookie and session is stopped", async (w) => {
  w.runner.close();
  const own = makeRunner(w.dir, { cgroupRoot });
  const pidFile = join(w.dir, "daemon");
  const script = daemonScript(pidFile, "setsid env -i");
  const run = runOf(await own.runner.start(spec(script)));
  assert.ok(run.cgroup !== null, "in its cgroup");
  await until("daemon up", () => existsSync(pidFile));
  const daemon = readProcess(Number(readFileSync(pidFile, "utf8")));
  if (daemon === null) throw new Error("daemon not there");
  assert.is((await own.runner.stop("web", "http", 0)).kind, "stopped");
  assert.not.ok(isAlive(daemon));
  assert.not.ok(existsSync(run.cgroup ?? ""), "empty cgroup removed");
  own.runner.close();
});

test.run();
