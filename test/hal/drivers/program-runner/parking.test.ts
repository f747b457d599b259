/**
 * Parked parents: a prepared start costs one word and no new parent, and whatever happens to the
 * parked one, a start does its work once. Parents are told apart by pid: a parked one that was used
 * is the parent of the program afterwards.
 */
import { once } from "node:events";
import { appendFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { executeWill } from "../../../../firmware/will.ts";
import {
  errorCode,
  findByEnvironment,
  isAlive,
  type ProcessStat,
  readProcess,
} from "../../../../hal/drivers/process-tree/process-tree.ts";
import { detectCgroupRoot, listCgroup } from "../../../../hal/drivers/program-runner/cgroup.ts";
import { placeRecord } from "../../../../hal/drivers/program-runner/record.ts";
import type { ProgramRun } from "../../../../hal/ports/host.ts";
import { until, within } from "../../../deadline.ts";
import { makeRunner, runnerSuite, runOf, spec, startAgent } from "./runner-world.ts";

const test = runnerSuite("parked parents");

/** Everything that carries the cookie of `web/http`. */
const cookieHolders = (dir: string): ProcessStat[] =>
  findByEnvironment([
    `KAGE_PROGRAM=${placeRecord(join(dir, "run"), "SERVER1", "web", "http").cookie}`,
  ]);

/** Small parents of `web/http` but that of `run`; before its exec the program looks like one too. */
function otherParents(dir: string, run: ProgramRun | null): ProcessStat[] {
  const own = run === null ? [] : [run.pid, parentOf(run)];
  return cookieHolders(dir).filter(({ pid }) => !own.includes(pid) && isParent(pid));
}

function isParent(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("\0kage-program\0");
  } catch (error) {
    if (errorCode(error) === "") throw error;
    return false;
  }
}

function parkedBeside(dir: string, run: ProgramRun | null): ProcessStat {
  const [parked, ...more] = otherParents(dir, run);
  if (parked === undefined) throw new Error("nothing is parked");
  assert.is(more.length, 0, "one parked parent per program");
  return parked;
}

const parentOf = (run: ProgramRun): number => readProcess(run.pid)?.parentPid ?? 0;

test("a prepared start spawns nothing: the parked parent becomes the program's", async (w) => {
  const order = spec("exec sleep 60", { env: { dir: "mine", start: "at noon" } });
  await w.runner.prepare(order);
  const parked = parkedBeside(w.dir, null);
  assert.is(parked.sessionId, parked.pid, "own session");
  const run = runOf(await w.runner.start(order));
  assert.is(parentOf(run), parked.pid);
  // In the instants of the execs a process has no environment to read: all entries in one reading.
  const environment = (): string[] => readFileSync(`/proc/${run.pid}/environ`, "utf8").split("\0");
  await until("executed", () => {
    const seen = environment();
    return ["KAGE_GROUP=web", "dir=mine", "start=at noon"].every((entry) => seen.includes(entry));
  });
  assert.equal(
    cookieHolders(w.dir)
      .map(({ pid }) => pid)
      .sort((a, b) => a - b),
    [parked.pid, run.pid].sort((a, b) => a - b),
  );
  assert.is(readFileSync(join(run.recordDir, "parent"), "utf8").split(" ")[0], String(parked.pid));
  assert.is((await w.runner.start(order)).kind, "already-running");
});

test("P4: a parked parent is no program: nothing to adopt, to list or to stop", async (w) => {
  await w.runner.prepare(spec("exec sleep 60"));
  const parked = parkedBeside(w.dir, null);
  assert.is(await w.runner.adopt("web", "http"), null);
  assert.equal(await w.runner.list(), []);
  assert.not.ok(readFileSync(`/proc/${parked.pid}/environ`, "utf8").includes("KAGE_GROUP="));
  assert.is((await w.runner.stop("web", "http", 1000)).kind, "stopped");
  await w.runner.prepare(spec("exec sleep 60"));
  assert.is(parkedBeside(w.dir, null).pid, parked.pid, "left where it is");
});

test("P3: with the agent killed a parked parent ends without a trace", async (w) => {
  const mark = join(w.dir, "ran");
  const other = spec(`: >${mark}; exec sleep 60`, { resource: "other" });
  const agent = await startAgent(w.dir, "exec sleep 60", [other, spec("exec sleep 60")]);
  const place = placeRecord(join(w.dir, "run"), "SERVER1", "web", "other");
  const parked = findByEnvironment([`KAGE_PROGRAM=${place.cookie}`]);
  const behind = parkedBeside(w.dir, agent.run);
  assert.is(parked.length, 1);
  const died = once(agent.child, "close");
  agent.child.kill("SIGKILL");
  await within("agent dead", died);
  await until("parked gone", () => ![...parked, behind].some(isAlive));
  assert.not.ok(existsSync(mark), "never executed");
  assert.not.ok(existsSync(join(place.dir, "program")));
  assert.not.ok(existsSync(join(place.dir, "parent")));
  assert.ok(isAlive(agent.run), "the running program goes on");
});

test("another order replaces the parked parent and is the one that runs", async (w) => {
  const [old, wanted] = [join(w.dir, "old"), join(w.dir, "wanted")];
  await w.runner.prepare(spec(`: >${old}; exec sleep 60`));
  const first = parkedBeside(w.dir, null);
  await w.runner.prepare(spec(`: >${old}; exec sleep 60; :`));
  await until("first gone", () => !isAlive(first));
  const second = parkedBeside(w.dir, null);
  const run = runOf(await w.runner.start(spec(`: >${wanted}; exec sleep 60`)));
  await until("wanted runs", () => existsSync(wanted));
  await until("second gone", () => !isAlive(second));
  assert.is.not(parentOf(run), second.pid);
  assert.not.ok(existsSync(old));
});

test("a parked parent that died is noticed, the program starts once", async (w) => {
  const runs = join(w.dir, "runs");
  const order = spec(`echo x >>${runs}; exec sleep 60`);
  await w.runner.prepare(order);
  const parked = parkedBeside(w.dir, null);
  process.kill(parked.pid, "SIGKILL");
  await until("parked gone", () => !isAlive(parked));
  const run = runOf(await w.runner.start(order));
  assert.is.not(parentOf(run), parked.pid);
  assert.equal(w.reports, [], "seen before the word was given");
  await until("program ran", () => existsSync(runs) && readFileSync(runs, "utf8") !== "");
  assert.is(cookieHolders(w.dir).length, 2);
  assert.is(readFileSync(runs, "utf8"), "x\n");
});

test("a parked parent that dies of its word is followed by a start of its own", async (w) => {
  const order = spec("exec sleep 60");
  await w.runner.prepare(order);
  const parked = parkedBeside(w.dir, null);
  // It gets the word in its stopped state and KILL before it can act on it.
  process.kill(parked.pid, "SIGSTOP");
  const starting = w.runner.start(order);
  await new Promise((resolve) => setImmediate(resolve));
  process.kill(parked.pid, "SIGKILL");
  const run = runOf(await within("started", starting));
  assert.is.not(parentOf(run), parked.pid);
  assert.match(w.reports.join(), "started anew");
  assert.equal(await w.runner.list(), [run]);
});

test("P4: a record folder that is gone costs the head start, not the program", async (w) => {
  const order = spec("exec sleep 60");
  await w.runner.prepare(order);
  const parked = parkedBeside(w.dir, null);
  const { dir } = placeRecord(join(w.dir, "run"), "SERVER1", "web", "http");
  rmSync(dir, { recursive: true });
  const run = runOf(await w.runner.start(order));
  assert.is.not(parentOf(run), parked.pid);
  assert.equal(await w.runner.list(), [run]);
});

test("protocol 1.3.7: the last will kills a parked parent, a later start works", async (w) => {
  const order = spec("exec sleep 60");
  await w.runner.prepare(order);
  const parked = parkedBeside(w.dir, null);
  const { dir, cookie } = placeRecord(join(w.dir, "run"), "SERVER1", "web", "http");
  const groups = [{ name: "web", programs: [{ recordDir: dir, cookie }], addresses: [] }];
  const ports = { addresses: { down: async () => undefined } };
  assert.is((await executeWill({ groups, kill: [] }, ports, 5000)).kind, "completed");
  assert.not.ok(isAlive(parked));
  const run = runOf(await w.runner.start(order));
  assert.ok(isAlive(run));
});

test("R26: a crashed program restarts on the parent parked behind it", async (w) => {
  w.runner.close();
  const own = makeRunner(w.dir, { parkDelayMs: 0 });
  const worker = join(w.dir, "worker");
  const child = `trap "" TERM; echo $$ >${worker}; while :; do sleep 0.05; done`;
  const order = spec(`setsid /bin/sh -c '${child}' & exec sleep 60`);
  const first = runOf(await own.runner.start(order));
  await until("parked behind", () => otherParents(w.dir, first).length > 0);
  await until("worker up", () => existsSync(worker) && readFileSync(worker, "utf8") !== "");
  const left = readProcess(Number(readFileSync(worker, "utf8")));
  if (left === null) throw new Error("worker not there");
  // Adopting waits for its turn, so the preparation is over.
  await own.runner.adopt("web", "http");
  const parked = parkedBeside(w.dir, first);
  process.kill(first.pid, "SIGKILL");
  assert.equal((await own.nextExit()).end, { kind: "status", status: 137 });
  assert.ok(isAlive(left), "a worker of the crashed run lives");
  const second = runOf(await own.runner.start(order));
  assert.is(parentOf(second), parked.pid);
  assert.not.ok(isAlive(left), "gone before the next run");
  assert.is(
    readFileSync(join(second.recordDir, "exit"), "utf8"),
    "",
    "no status of the run before",
  );
  await until("parked behind again", () => otherParents(w.dir, second).length > 0);
  await own.runner.adopt("web", "http");
  const next = parkedBeside(w.dir, second);
  assert.is((await own.runner.stop("web", "http", 1000)).kind, "stopped");
  assert.ok(isAlive(next), "a stop is none of its business");
  own.runner.close();
  await until("nothing left", () => cookieHolders(w.dir).length === 0);
});

test("P3: preparing behind a running program leaves its output where it goes", async (w) => {
  const order = spec("echo first; exec sleep 60");
  w.runner.close();
  const own = makeRunner(w.dir, { logLimitBytes: 8 });
  const log = join(w.dir, "state", "log", "web-http.log");
  await own.runner.start(order);
  await until("output", () => existsSync(log) && readFileSync(log, "utf8") === "first\n");
  appendFileSync(log, "more of it\n");
  await own.runner.prepare(order);
  assert.not.ok(existsSync(`${log}.1`), "not renamed under a program that writes it");
  own.runner.close();
});

test("what cannot be prepared is told, and told again by the start", async (w) => {
  await w.runner.prepare(spec("", { argv: ["/nowhere/at-all"] }));
  assert.match(w.reports.join(), "/nowhere/at-all: not there");
  assert.equal(cookieHolders(w.dir), []);
  assert.is((await w.runner.start(spec("", { argv: ["/nowhere/at-all"] }))).kind, "failed");
});

test("P3: a closed runner parks nothing, also not what it is about to", async (w) => {
  const preparing = w.runner.prepare(spec("exec sleep 60"));
  w.runner.close();
  await preparing;
  await until("nothing parked", () => cookieHolders(w.dir).length === 0);
});

const cgroupRoot = detectCgroupRoot();
/** Elsewhere it counts as skipped. */
const whenCgroup = cgroupRoot === null ? test.skip : test;
if (cgroupRoot === null) console.log("SKIP parked parents: no writable cgroup v2 on this host");

whenCgroup("P2: the parked parent waits in a cgroup of its own, a stop spares it", async (w) => {
  w.runner.close();
  const own = makeRunner(w.dir, { cgroupRoot });
  const order = spec("exec sleep 60");
  await own.runner.prepare(order);
  const run = runOf(await own.runner.start(order));
  await own.runner.prepare(order);
  const parked = parkedBeside(w.dir, run);
  assert.ok(listCgroup(run.cgroup ?? "").includes(run.pid));
  assert.not.ok(listCgroup(run.cgroup ?? "").includes(parked.pid));
  assert.is((await own.runner.stop("web", "http", 0)).kind, "stopped");
  assert.ok(isAlive(parked));
  const next = runOf(await own.runner.start(order));
  assert.is(parentOf(next), parked.pid);
  assert.ok(listCgroup(next.cgroup ?? "").includes(next.pid));
  assert.is.not(next.cgroup, run.cgroup);
  own.runner.close();
  const heir = makeRunner(w.dir, { cgroupRoot });
  assert.equal(await heir.runner.adopt("web", "http"), { kind: "running", run: next });
  assert.is((await heir.runner.stop("web", "http", 0)).kind, "stopped");
  assert.not.ok(existsSync(next.cgroup ?? ""), "empty cgroup removed");
  heir.runner.close();
});

test.run();
