/**
 * The agent's watch of the pulse against a real process that stands for the pulse: who is ended, and when.
 * Source: requirements R21-R23; protocol.md P7; services/facts.ts (overdueMs).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { PulseWatch } from "../../../firmware/agent/pulse-watch.ts";
import type { ServerContext } from "../../../firmware/local.ts";
import { readProcess } from "../../../hal/drivers/process-tree/process-tree.ts";
import type { Facts } from "../../../services/facts.ts";
import { until } from "../../deadline.ts";

/** T = 100, I = 10: a word every 20 ms, a pulse hangs after 100 ms (T / 2 is below that). */
const context = {
  config: { budget: { timeoutMs: 100, intervalMs: 10 } },
} as unknown as ServerContext;
const observing = { server: "observing", view: null } as unknown as Facts;

let stand: ChildProcess | null = null;
const notes: string[] = [];

/** A watch that has heard its pulse at 1000. */
function openWatch(): PulseWatch {
  notes.length = 0;
  stand = spawn("/bin/sleep", ["60"]);
  const watch = new PulseWatch(
    context,
    (key) => notes.push(key),
    () => undefined,
  );
  watch.greet(stand.pid ?? 0, 1000);
  watch.hear(observing, 1000);
  return watch;
}

const word = (atMs: number) => ({ atMs, holdsLease: false, leaseUntilMs: null, ackedMs: null });

test.after.each(() => {
  stand?.kill("SIGKILL");
});

test("R22: a word that waited unread while this process was late ends no pulse", () => {
  const watch = openWatch();
  watch.tick(1250, true, false);
  assert.equal(notes, []);
  assert.is(watch.nextDeadlineMs(1250), 1252);
  watch.hearAlive(word(1245), 1251);
  watch.tick(1252, true, false);
  assert.equal(notes, []);
  // The doubt is over with the word: being late once more begins anew.
  watch.tick(1500, true, false);
  assert.equal(notes, []);
});

test("R22: a pulse that is still silent at the second look is ended, and once only", async () => {
  const watch = openWatch();
  watch.tick(1250, true, false);
  watch.tick(1252, true, false);
  assert.equal(notes, ["pulse.stalled"]);
  if (stand !== null && stand.exitCode === null && stand.signalCode === null)
    await once(stand, "exit");
  assert.is(stand?.signalCode, "SIGKILL");
  watch.tick(1260, true, false);
  assert.equal(notes, ["pulse.stalled"]);
});

test("R22: silence below the stall time ends nobody, and the second look is asked for once", () => {
  const watch = openWatch();
  watch.tick(1040, true, false);
  watch.tick(1042, true, false);
  watch.tick(1090, true, false);
  assert.equal(notes, []);
  assert.is(watch.nextDeadlineMs(1090), Number.POSITIVE_INFINITY);
});

test("1.3.5 R23: a new pulse that was not taught yet takes nothing from the lease that is known", () => {
  const watch = openWatch();
  const view = { epoch: { counter: 1, coordinator: 0, host: "a" }, members: [0, 1] };
  watch.hear(
    { ...observing, server: "member", view, leaseUntilMs: 1900 } as unknown as Facts,
    1010,
  );
  watch.hearAlive({ ...word(1020), leaseUntilMs: 1950, ackedMs: 1850 }, 1020);
  watch.greet(stand?.pid ?? 0, 1100);
  watch.hear(observing, 1100);
  watch.hearAlive(word(1120), 1120);
  assert.is(watch.member?.leaseUntilMs, 1950);
  assert.is(watch.member?.ackedMs, 1850);
  // T / 5 before the end it begins to give up.
  assert.is(watch.nextDeadlineMs(1130), 1930);
});

/** A process that listens as a pulse does, stopped before it could accept anybody. */
async function listenStopped(runDir: string): Promise<ChildProcess> {
  const path = join(runDir, "pulse.sock");
  const program = `require("net").createServer().listen(process.argv[1], () => console.log("up"))`;
  const pulse = spawn(process.execPath, ["-e", program, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(pulse.stdout, "data");
  pulse.kill("SIGSTOP");
  await until("it is stopped", () => readProcess(pulse.pid ?? 0)?.state === "T");
  return pulse;
}

test("R22: an agent that boots while its pulse is stopped ends it at the second look", async () => {
  notes.length = 0;
  const runDir = mkdtempSync(join(tmpdir(), "kage-watch-"));
  stand = await listenStopped(runDir);
  const watch = new PulseWatch(
    { ...context, local: { runDir } } as unknown as ServerContext,
    (key) => notes.push(key),
    () => undefined,
  );
  const ended = once(stand, "exit");
  // Not connected, then connected for less than a late word: nobody is missed yet.
  watch.tick(1000, false, false);
  watch.tick(1005, true, false);
  watch.tick(1034, true, false);
  assert.equal(notes, []);
  watch.tick(1050, true, false);
  assert.equal(notes, [], "the greeting may wait unread");
  assert.is(watch.nextDeadlineMs(1050), 1052);
  watch.tick(1052, true, false);
  assert.equal(notes, ["pulse.stalled"]);
  await ended;
  assert.is(stand.signalCode, "SIGKILL");
  rmSync(runDir, { recursive: true, force: true });
});

test("R22: a pulse that is slow to greet is given time, and a greeting ends the doubt", async () => {
  const runDir = mkdtempSync(join(tmpdir(), "kage-watch-"));
  notes.length = 0;
  stand = spawn("/bin/sleep", ["60"]);
  const watch = new PulseWatch(
    { ...context, local: { runDir } } as unknown as ServerContext,
    (key) => notes.push(key),
    () => undefined,
  );
  watch.tick(1000, true, false);
  watch.tick(3000, true, false);
  watch.tick(3002, true, false);
  assert.equal(notes, []);
  watch.greet(stand.pid ?? 0, 3003);
  watch.tick(3010, true, false);
  assert.equal(notes, []);
  // The next one is a stranger again until it has greeted.
  watch.lose();
  watch.tick(3020, true, false);
  watch.tick(3400, true, false);
  watch.tick(3402, true, false);
  assert.equal(notes, []);
  rmSync(runDir, { recursive: true, force: true });
});

test.run();
