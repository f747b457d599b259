/**
 * The live ring on a file system: every end of the process leaves a readable one, wherever a kill falls, and
 * no trouble of the folder ever reaches the core.
 */
import { execFileSync, spawn } from "node:child_process";
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { listRings, readRing, readRings, ringFolder } from "../../../firmware/replay/boxes.ts";
import { Recorder, SEGMENT_BYTES_MAX } from "../../../firmware/replay/recorder.ts";
import { replay } from "../../../firmware/replay/replay.ts";
import { SEGMENTS, SegmentFiles } from "../../../firmware/replay/segment-files.ts";
import { createFailover, step } from "../../../services/failover/core.ts";
import { swarmConfig } from "../pulse/swarm-plan.ts";
import { IDENTITY, readWhole } from "./recordings.ts";

const CONFIG = swarmConfig({ method: "none", timeoutMs: 1000, watchdogMs: 0 });
const CHILD = join(import.meta.dirname, "recording-child.js");
const DEADLINE_MS = 40_000;

const files = suite<{ runDir: string }>("black box files", { runDir: "" });
files.before.each((context) => {
  context.runDir = mkdtempSync(join(tmpdir(), "kage-box-"));
  mkdirSync(ringFolder(context.runDir));
});
files.after.each(({ runDir }) => rmSync(runDir, { recursive: true, force: true }));

/** The last number the child said, once it has ended; `kill` = SIGKILL after so many entries. */
function runChild(runDir: string, end: string, kill: number | null): Promise<number> {
  const child = spawn(process.execPath, [CHILD, runDir, end], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const deadline = setTimeout(() => child.kill("SIGKILL"), DEADLINE_MS);
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    const isDue = kill !== null && said.split("\n").length > kill;
    // A machine that is busy to the last core has not written a byte by then.
    if (isDue && hasBytes(runDir)) child.kill("SIGKILL");
  });
  return new Promise((resolve) => {
    child.once("close", () => {
      clearTimeout(deadline);
      resolve(Number(said.trim().split("\n").at(-1)));
    });
  });
}

function hasBytes(runDir: string): boolean {
  const folder = ringFolder(runDir);
  const sizeOf = (name: string): number =>
    statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
  return readdirSync(folder).some((name) => sizeOf(name) > 0);
}

async function readOnly(runDir: string) {
  const rings = await readRings(runDir);
  assert.is(rings.length, 1);
  const [ring] = rings;
  if (ring === undefined) throw new Error("no ring");
  return { ring, journal: readWhole(await readRing(runDir, ring)) };
}

for (const kill of [17, 31, 75]) {
  files(`kill -9 after ${kill} entries leaves a box that replays`, async ({ runDir }) => {
    await runChild(runDir, "never", kill);
    const { journal } = await readOnly(runDir);
    const { moments, fault, gaps } = replay(journal);
    assert.is(fault, null);
    assert.equal(gaps, []);
    assert.ok(moments.length > 0);
    assert.ok(journal.segments.length <= SEGMENTS + 1);
  });
}

for (const end of ["throw", "exit"]) {
  files(
    `a process that ends by ${end} leaves every entry of the last segments`,
    async ({ runDir }) => {
      const said = await runChild(runDir, end, null);
      const { journal } = await readOnly(runDir);
      const { moments, fault } = replay(journal);
      assert.is(fault, null);
      assert.is(moments.at(-1)?.number, said);
      assert.is(said, 100);
      // An end in a hurry writes the newest and leaves removing the oldest to who collects them.
      const begins = journal.segments.map(({ next }) => next);
      assert.equal(begins.slice(-SEGMENTS), [31, 61, 91]);
      assert.ok(begins.length <= SEGMENTS + 1);
    },
  );
}

function newRecorder(pathOf: (segment: number) => string, troubles: string[]): Recorder {
  const onTrouble = (text: string): void => void troubles.push(text);
  return new Recorder({
    identity: { ...IDENTITY, role: "agent" },
    sink: new SegmentFiles({ pathOf, onTrouble }),
    wallMs: () => 0,
    onTrouble,
  });
}

function tick(recorder: Recorder, fromMs: number, count: number): void {
  let state = createFailover(0, CONFIG);
  for (let at = 0; at < count; at += 1) {
    const taken = recorder.through(step, state, { kind: "tick", atMs: fromMs + at * 1000 }, CONFIG);
    state = taken.state;
  }
}

files(
  "a kill at any byte of the newest segment, the oldest there or gone, leaves one row",
  async ({ runDir }) => {
    const pathOf = (segment: number): string =>
      join(ringFolder(runDir), `agent-5-7-${segment}.seg`);
    const recorder = newRecorder(pathOf, []);
    tick(recorder, 0, 100);
    await recorder.settle();
    const [ring] = await readRings(runDir);
    assert.equal(
      ring?.files,
      [1, 2, 3].map((n) => `agent-5-7-${n}.seg`),
    );
    const newest = readFileSync(pathOf(3));
    const oldest = readFileSync(pathOf(1));
    for (let length = 0; length <= newest.length; length += length < 9000 ? 401 : 7) {
      writeFileSync(pathOf(3), newest.subarray(0, length));
      for (const isThere of [true, false]) {
        if (isThere) writeFileSync(pathOf(1), oldest);
        else rmSync(pathOf(1));
        const { journal } = await readOnly(runDir);
        const { moments, fault, gaps } = replay(journal);
        assert.is(fault, null, `${length} bytes`);
        assert.equal(gaps, []);
        const first = isThere ? 31 : 61;
        moments.forEach(({ number }, at) => {
          assert.is(number, first + at);
        });
        assert.ok((moments.at(-1)?.number ?? 0) >= 90);
      }
    }
  },
);

files(
  "a folder that is full is told once per segment, and the core never hears of it",
  async ({ runDir }) => {
    const troubles: string[] = [];
    let isFull = true;
    const pathOf = (segment: number): string =>
      isFull ? "/dev/full" : join(ringFolder(runDir), `agent-5-7-${segment}.seg`);
    const recorder = newRecorder(pathOf, troubles);
    tick(recorder, 0, 5);
    await recorder.settle();
    assert.is(troubles.length, 1);
    assert.match(troubles[0] ?? "", /ENOSPC/);
    tick(recorder, 5000, 4);
    await recorder.settle();
    assert.is(troubles.length, 1, "not tried again before ten seconds are over");
    isFull = false;
    tick(recorder, 20_000, 5);
    await recorder.settle();
    assert.is(troubles.length, 1);
    const { journal } = await readOnly(runDir);
    assert.is(journal.segments[0]?.next, 10);
    assert.is(replay(journal).moments.length, 5);
  },
);

files("a flush has everything written when it returns", async ({ runDir }) => {
  const file = join(ringFolder(runDir), "agent-5-7-0.seg");
  const recorder = newRecorder(() => file, []);
  tick(recorder, 0, 20);
  recorder.flush();
  assert.is(replay(readWhole(readFileSync(file))).moments.length, 20);
  await recorder.settle();
  assert.is(replay(readWhole(readFileSync(file))).moments.length, 20);
});

files("a folder that is gone is told, and the core goes on", async ({ runDir }) => {
  const troubles: string[] = [];
  const recorder = newRecorder((segment) => join(runDir, "gone", `${segment}`), troubles);
  tick(recorder, 0, 3);
  await recorder.settle();
  recorder.flush();
  assert.ok(troubles.length > 0);
  assert.match(troubles[0] ?? "", /ENOENT/);
});

files(
  "a folder that hangs holds nobody up, and takes no more memory than is meant for it",
  async ({ runDir }) => {
    const fifo = join(runDir, "fifo");
    // Opening it for writing waits for a reader, as a dead file server makes one wait.
    execFileSync("mkfifo", [fifo]);
    const troubles: string[] = [];
    const recorder = newRecorder(() => fifo, troubles);
    const big = { ...CONFIG, name: "x".repeat(100_000) };
    let state = createFailover(0, CONFIG);
    const beganMs = performance.now();
    for (let at = 0; at < 60; at += 1) {
      // A new configuration each time: 100 kB that cannot be written.
      const config = { ...big, revision: at };
      state = recorder.through(step, state, { kind: "tick", atMs: at * 1000 }, config).state;
    }
    assert.ok(performance.now() - beganMs < 5000, "no step waits for the folder");
    assert.equal(troubles, ["writing to it takes too long"]);
    recorder.flush();
    const reader = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    await recorder.settle();
    closeSync(reader);
  },
);

files("a segment that fills up is followed by the next one before its time", async ({ runDir }) => {
  const pathOf = (segment: number): string => join(ringFolder(runDir), `agent-5-7-${segment}.seg`);
  const recorder = newRecorder(pathOf, []);
  const big = { ...CONFIG, name: "x".repeat(300_000) };
  let state = createFailover(0, CONFIG);
  for (let at = 0; at < 40; at += 1) {
    const config = { ...big, revision: at };
    state = recorder.through(step, state, { kind: "tick", atMs: at * 10 }, config).state;
    await recorder.settle();
  }
  const { ring } = await readOnly(runDir);
  assert.is(ring.files.length, SEGMENTS);
  for (const file of ring.files) {
    const { length } = readFileSync(join(ringFolder(runDir), file));
    assert.ok(length <= SEGMENT_BYTES_MAX + 400_000, `${file}: ${length}`);
  }
});

files("names that are not those of segments are left alone", () => {
  const names = ["pulse-1-2-0.seg", "pulse-1-2-10.seg", "pulse-1-2-9.seg", "agent-1-2-x.seg", "x"];
  assert.equal(listRings(names), [
    {
      role: "pulse",
      startMs: 1,
      pid: 2,
      files: ["pulse-1-2-0.seg", "pulse-1-2-9.seg", "pulse-1-2-10.seg"],
    },
  ]);
});

files.run();
