/**
 * Finding and signalling processes: parsing by hand-written lines, the rest on processes of our
 * own.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  findByEnvironment,
  hasEnvironment,
  isAlive,
  isBetweenPrograms,
  type ProcessStat,
  parseStat,
  readProcess,
  signalProcess,
  waitUntilEmpty,
  withRelatives,
} from "../../../../hal/drivers/process-tree/process-tree.ts";

const DEADLINE_MS = 10_000;
const COOKIE = `KAGE_TEST_COOKIE=${process.pid}-tree`;

async function startOwn(script: string, detached: boolean): Promise<ProcessStat> {
  const [name = "", value = ""] = COOKIE.split("=");
  const child = spawn("/bin/sh", ["-c", script], {
    detached,
    stdio: ["ignore", "pipe", "ignore"],
    env: { PATH: process.env["PATH"], [name]: value },
  });
  child.unref();
  await once(child.stdout, "data");
  const stat = readProcess(child.pid ?? 0);
  if (stat === null) throw new Error("process not there");
  return stat;
}

async function endAll(stats: readonly ProcessStat[]): Promise<void> {
  for (const stat of stats) signalProcess(stat, "SIGKILL");
  assert.equal(await waitUntilEmpty(() => stats.filter(isAlive), DEADLINE_MS), []);
}

test("proc(5): the start time is found behind a command name with blanks and brackets", () => {
  const line =
    "4711 (a) b (c) S 1 4700 4690 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 987654 10 11 12 13\n";
  assert.equal(parseStat(line), {
    pid: 4711,
    startTicks: 987654,
    state: "S",
    parentPid: 1,
    groupId: 4700,
    sessionId: 4690,
  });
});

/** Fields 1-52 of proc(5) with these in places 3 (state), 4 (parent), 50 and 51 (env_start, env_end). */
function statLine(state: string, parent: number, envStart: string, envEnd: string): string {
  const middle = Array.from({ length: 45 }, (_, at) => (at === 17 ? "987654" : "1"));
  return ["4711 (node)", state, parent, ...middle, envStart, envEnd, "0\n"].join(" ");
}

test("proc(5): a process without a place for its environment is inside execve", () => {
  assert.is(isBetweenPrograms(statLine("R", 1, "0", "0")), true);
  assert.is(isBetweenPrograms(statLine("R", 1, "140722030821376", "0")), true);
  // Laid out between the empty read and this one.
  assert.is(isBetweenPrograms(statLine("R", 1, "140722030821376", "140722030822000")), true);
  // Started with an empty environment, as by env -i.
  assert.is(isBetweenPrograms(statLine("S", 1, "140722030822000", "140722030822000")), false);
  assert.is(isBetweenPrograms(statLine("Z", 1, "0", "0")), false);
  assert.is(isBetweenPrograms(statLine("S", 2, "0", "0")), false, "kernel thread");
  assert.is(isBetweenPrograms("4711 (node) R 1"), false);
});

test("proc(5): truncated and foreign text is no process", () => {
  for (const text of ["", "4711", "4711 (sh", "x (sh) S 1", "4711 (sh) S 1 2 3", "0 (sh) S"]) {
    assert.is(parseStat(text), null, text);
  }
});

test("a process is found by its whole environment entry only", async () => {
  const own = await startOwn("echo up; exec sleep 60", true);
  assert.equal(
    findByEnvironment([COOKIE]).map((stat) => stat.pid),
    [own.pid],
  );
  assert.equal(findByEnvironment([`${COOKIE}x`, COOKIE.slice(0, -1)]), []);
  assert.equal(findByEnvironment([]), []);
  assert.not.ok(hasEnvironment(own.pid, COOKIE.slice(5)));
  await endAll([own]);
  assert.equal(findByEnvironment([COOKIE]), []);
});

test("P2: a signal goes to this very process or to nobody", async () => {
  const own = await startOwn("echo up; exec sleep 60", true);
  const other = { pid: own.pid, startTicks: own.startTicks + 1 };
  assert.is(signalProcess(other, "SIGKILL"), "gone");
  assert.ok(isAlive(own));
  assert.is(signalProcess({ pid: process.pid, startTicks: 0 }, "SIGKILL"), "refused");
  assert.is(signalProcess({ pid: 1, startTicks: 0 }, "SIGKILL"), "refused");
  assert.is(signalProcess({ pid: -1, startTicks: 0 }, "SIGKILL"), "refused");
  await endAll([own]);
  assert.is(signalProcess(own, "SIGKILL"), "gone");
});

test("relatives are children and own sessions, never a stranger's session", async () => {
  const leader = await startOwn("env -i sleep 60 & echo up; exec sleep 60", true);
  const family = withRelatives([leader]);
  assert.is(family.length, 2, "the child without cookie belongs to the session");
  assert.ok(family.every((stat) => stat.sessionId === leader.pid));
  // Not detached: it lives in this test's session, which is not its own.
  const guest = await startOwn("echo up; exec sleep 60", false);
  assert.equal(
    withRelatives([guest]).map((stat) => stat.pid),
    [guest.pid],
  );
  assert.equal(withRelatives([]), []);
  await endAll([...family, guest]);
});

test("waiting ends at its time and names who is left", async () => {
  const own = await startOwn("echo up; exec sleep 60", true);
  const beganAtMs = performance.now();
  const left = await waitUntilEmpty(() => [own].filter(isAlive), 60);
  assert.equal(left, [own]);
  assert.ok(performance.now() - beganAtMs >= 60);
  await endAll([own]);
});

test.run();
