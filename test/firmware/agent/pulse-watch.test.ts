/**
 * The agent's watch of the pulse against a real process that stands for the pulse: who is ended, and when.
 * Source: requirements R21-R23; protocol.md P7; services/facts.ts (overdueMs).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { PulseWatch } from "../../../firmware/agent/pulse-watch.ts";
import type { ServerContext } from "../../../firmware/local.ts";
import type { Facts } from "../../../services/facts.ts";

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
  const watch = new PulseWatch(context, (key) => notes.push(key));
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

test.run();
