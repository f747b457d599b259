/** The event log: a file that refuses writes loses nothing that memory still holds. */
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { EventLog } from "../../../firmware/agent/event-log.ts";
import type { Log } from "../../../firmware/log.ts";

const AT_MS = Date.parse("2026-11-22T03:00:00.000Z");

const say = (): void => undefined;
const QUIET: Log = { info: say, warn: say, error: say };

function withFolder(act: (folder: string, open: () => EventLog) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "kage-events-"));
  try {
    act(folder, () => new EventLog(folder, "SERVER1", QUIET));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function add(log: EventLog, count: number): void {
  for (let i = 0; i < count; i += 1) log.add("store.recovered", { failures: i }, AT_MS);
  log.flush();
}

const seqs = (log: EventLog): number[] => log.after(0, 100).map(({ seq }) => seq);

test("R108: events of the time in which the folder was full are in the file afterwards", () => {
  withFolder((folder, open) => {
    const log = open();
    add(log, 1);
    const file = join(folder, "events.jsonl");
    const before = readFileSync(file);
    rmSync(file);
    symlinkSync("/dev/full", file);
    add(log, 2);
    assert.equal(seqs(log), [1, 2, 3]);
    rmSync(file);
    // Half a line had found room before the disk was full.
    writeFileSync(file, Buffer.concat([before, Buffer.from('{"seq":2,"at":"20')]));
    add(log, 1);
    assert.equal(seqs(open()), [1, 2, 3, 4]);
  });
});

test("R108: an event that was written twice is read once", () => {
  withFolder((folder, open) => {
    add(open(), 2);
    const file = join(folder, "events.jsonl");
    writeFileSync(file, readFileSync(file, "utf8").repeat(2));
    const again = open();
    assert.equal(seqs(again), [1, 2]);
    add(again, 1);
    assert.equal(seqs(open()), [1, 2, 3]);
  });
});

test.run();
