/**
 * The black box as a process has it: deaf to TERM, saved before an emergency switches the server off,
 * collected by the agent, and never in the way of anything.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type BlackBox, openBlackBox } from "../../../firmware/replay/black-box.ts";
import { readRings, ringFolder } from "../../../firmware/replay/boxes.ts";
import { createFailover, step } from "../../../services/failover/core.ts";
import { contextIn } from "./box-context.ts";
import { drawJournal, IDENTITY } from "./recordings.ts";

interface Place {
  folder: string;
  runDir: string;
  stateDir: string;
}
const box = suite<Place>("black box", { folder: "", runDir: "", stateDir: "" });
box.before.each((place) => {
  place.folder = mkdtempSync(join(tmpdir(), "kage-black-box-"));
  place.runDir = join(place.folder, "run");
  place.stateDir = join(place.folder, "state");
  mkdirSync(place.runDir);
  mkdirSync(place.stateDir);
});
box.after.each(({ folder }) => rmSync(folder, { recursive: true, force: true }));

box(
  "P7: nobody here catches TERM: a process that was stopped must die of it before it does anything else",
  (place) => {
    const before = process.listenerCount("SIGTERM");
    open(place, "pulse");
    open(place, "agent");
    assert.is(process.listenerCount("SIGTERM"), before);
  },
);

interface Note {
  readonly key: string;
  readonly data: object;
}

function open(place: Place, role: "pulse" | "agent", notes: Note[] = []): BlackBox {
  const context = contextIn(place.runDir, place.stateDir);
  return openBlackBox(role, context, (key, data) => void notes.push({ key, data }));
}

/** One step of a core that answers with `effects`. */
function take(
  { through }: BlackBox,
  event: object,
  effects: readonly { kind: string }[] = [],
): void {
  const { config } = contextIn("", "");
  const state = createFailover(0, config);
  const event2 = { atMs: 1000, kind: "tick", ...event };
  through((now) => ({ state: now, effects }), state, event2, config);
}

const WILL = { kind: "will.execute", reason: "partition", evidence: "", off: true };

/** Resolves with what the state folder holds when the off arrives. */
function offOf(opened: BlackBox, stateDir: string): Promise<string[]> {
  return new Promise((resolve) => {
    const off = { off: () => resolve(readdirSync(stateDir)) };
    opened.beforeOff(off).off("emergency");
  });
}

box("an emergency's off waits until the decision to give up is saved", async (place) => {
  const opened = open(place, "pulse");
  take(opened, {});
  take(opened, {}, [WILL]);
  take(opened, { kind: "will.done", completed: true, off: true });
  const names = await offOf(opened, place.stateDir);
  assert.is(names.length, 1);
  assert.match(names[0] ?? "", /^blackbox-\d{8}T\d{9}Z-pulse-emergency\.kgj$/);
  const bytes = readFileSync(join(place.stateDir, names[0] ?? ""));
  assert.ok(bytes.includes('"kind":"will.execute"'));
});

box("who gives up by order has its box saved as well", async (place) => {
  const opened = open(place, "pulse");
  take(opened, { kind: "will.done", completed: true, off: true });
  const names = await offOf(opened, place.stateDir);
  assert.match(names.join(), /-emergency\.kgj$/);
});

box("nothing comes between a will that is overdue and the off", (place) => {
  const opened = open(place, "pulse");
  take(opened, {}, [WILL]);
  take(opened, { kind: "will.done", completed: false, off: true });
  let isOff = false;
  opened.beforeOff({ off: () => (isOff = true) }).off("emergency");
  assert.ok(isOff);
});

box("a planned off waits for nothing", (place) => {
  const opened = open(place, "pulse");
  take(opened, {});
  let isOff = false;
  opened.beforeOff({ off: () => (isOff = true) }).off("planned");
  assert.ok(isOff);
});

box("a state folder that is gone does not keep an emergency from its off", async (place) => {
  const context = contextIn(place.runDir, place.stateDir);
  rmSync(place.stateDir, { recursive: true });
  let opened: BlackBox | null = null;
  const told = new Promise<string>((resolve) => {
    opened = openBlackBox("pulse", context, resolve);
  });
  const made = opened as unknown as BlackBox;
  take(made, {}, [WILL]);
  await new Promise<void>((resolve) => {
    made.beforeOff({ off: () => resolve() }).off("emergency");
  });
  assert.is(await told, "blackbox.trouble");
});

box("without a run folder the core is stepped all the same, and it is told", async (place) => {
  const notes: Note[] = [];
  writeFileSync(join(place.runDir, "blackbox"), "a file where the folder should be");
  const opened = open(place, "agent", notes);
  take(opened, {});
  await new Promise((resolve) => setImmediate(resolve));
  assert.is(notes[0]?.key, "blackbox.trouble");
});

/** No kernel gives so high a number. */
const DEAD_PID = 4_999_999_999;

/** The ring of a process that began to run then. */
function putRing(place: Place, role: "pulse" | "agent", startMs: number, pid = DEAD_PID): void {
  const { runDir } = place;
  mkdirSync(ringFolder(runDir), { recursive: true });
  const name = `${role}-${startMs}-${pid}-0.seg`;
  const head = { segment: 0, ...IDENTITY, role };
  writeFileSync(join(ringFolder(runDir), name), drawJournal(head, ['[1,"t",5]']));
}

box(
  "the agent saves the rings of those that have ended, and leaves those of who lives",
  async (place) => {
    putRing(place, "agent", 1000);
    putRing(place, "pulse", 2000);
    // Its clock was set back before it started.
    putRing(place, "pulse", 500, process.pid);
    const notes: Note[] = [];
    const context = contextIn(place.runDir, place.stateDir);
    await new Promise<void>((resolve) => {
      const opened = openBlackBox("agent", context, (key, data) => {
        notes.push({ key, data });
        if (notes.length === 2) resolve();
      });
      take(opened, {});
    });
    assert.equal(notes, [
      {
        key: "blackbox.saved",
        data: { role: "agent", file: "blackbox-19700101T000001000Z-agent.kgj" },
      },
      {
        key: "blackbox.saved",
        data: { role: "pulse", file: "blackbox-19700101T000002000Z-pulse.kgj" },
      },
    ]);
    const left = (await readRings(place.runDir)).map(({ role, startMs }) => `${role} ${startMs}`);
    assert.ok(left.includes("pulse 500"));
    assert.not(left.includes("pulse 2000"));
    assert.not(left.includes("agent 1000"));
  },
);

box("rings that nobody saves do not pile up in memory", async (place) => {
  for (let at = 1; at <= 9; at += 1) putRing(place, "pulse", at * 1000);
  open(place, "pulse");
  const rings = await readRings(place.runDir);
  assert.equal(
    rings.map(({ startMs }) => startMs),
    [7000, 8000, 9000],
  );
  assert.ok(existsSync(place.stateDir));
});

box("a fault of the recording ends the recording and not the process", (place) => {
  const notes: Note[] = [];
  const { through } = open(place, "agent", notes);
  const { config } = contextIn("", "");
  const loop: Record<string, unknown> = {};
  loop["self"] = loop;
  const taken = through(
    (now) => ({ state: now, effects: [] }),
    loop,
    { kind: "tick", atMs: 1 },
    config,
  );
  assert.is(taken.state, loop);
  assert.is(notes[0]?.key, "blackbox.trouble");
  const state = createFailover(0, config);
  assert.ok(through(step, state, { kind: "tick", atMs: 2 }, config).state);
});

box.run();
