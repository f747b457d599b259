/**
 * What is left of an emergency shutdown: taken into the log once, shown until settled, and never a reason
 * for the agent not to start.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Emergency, keepEmergency } from "../../../firmware/agent/emergency.ts";
import { drawLastWords, LAST_WORDS_FILE } from "../../../firmware/last-words.ts";

const WALL_MS = Date.parse("2026-11-22T03:00:00.000Z");

function withFolder(work: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "kage-emergency-"));
  try {
    work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function open(folder: string): { readonly emergency: Emergency; readonly keys: string[] } {
  const emergency = new Emergency(folder);
  const keys: string[] = [];
  emergency.open((key) => keys.push(key));
  return { emergency, keys };
}

const leave = (folder: string): void =>
  writeFileSync(
    join(folder, LAST_WORDS_FILE),
    drawLastWords("com", "partition", "COM newer by 900 ms", true, true, 12, WALL_MS),
  );

test("R108: method, evidence, reason, epoch and time are there at the next start, once in the log", () => {
  withFolder((folder) => {
    leave(folder);
    const first = open(folder);
    assert.equal(first.keys, ["verdict.partition", "emergency-shutdown", "emergency.recorded"]);
    assert.equal(first.emergency.record, {
      method: "com",
      reason: "partition",
      evidence: "COM newer by 900 ms",
      completed: true,
      epoch: 12,
      at: "2026-11-22T03:00:00.000Z",
    });
  });
});

test("R103: what the other server's software did not say is told at the next start as the verdict", () => {
  withFolder((folder) => {
    const line = drawLastWords("none", "method-unsupported", "e", true, true, 3, WALL_MS);
    writeFileSync(join(folder, LAST_WORDS_FILE), line);
    const { emergency, keys } = open(folder);
    assert.equal(keys, ["verdict.unsupported", "emergency-shutdown", "emergency.recorded"]);
    assert.is(emergency.record?.["reason"], "method-unsupported");
  });
});

test("R108: the record outlives restarts of the agent until the server is a member again", () => {
  withFolder((folder) => {
    leave(folder);
    open(folder);
    const second = open(folder);
    assert.equal(second.keys, []);
    assert.is(second.emergency.record?.["reason"], "partition");
    second.emergency.settle();
    assert.is(second.emergency.record, null);
    assert.is(open(folder).emergency.record, null);
  });
});

test("R108: an agent that ended the server itself leaves the same record", () => {
  withFolder((folder) => {
    keepEmergency(folder, {
      method: "com",
      reason: "pulse-lost",
      evidence: "e",
      epoch: 3,
      at: "t",
    });
    assert.is(open(folder).emergency.record?.["reason"], "pulse-lost");
  });
});

test("words that end in a power cut are dropped, whole ones are kept", () => {
  withFolder((folder) => {
    const whole = drawLastWords("com", "partition", "e", true, true, 1, WALL_MS);
    writeFileSync(join(folder, LAST_WORDS_FILE), whole.slice(0, -20));
    const { keys, emergency } = open(folder);
    assert.equal(keys, ["verdict.partition"]);
    assert.is(emergency.record, null);
    assert.not(existsSync(join(folder, LAST_WORDS_FILE)));
  });
});

test("half a record, a foreign one and a folder in its place do not keep the agent from starting", () => {
  for (const text of ["{", "[", "7", "x".repeat(10_000)]) {
    withFolder((folder) => {
      writeFileSync(join(folder, "last-emergency.json"), text);
      const { emergency, keys } = open(folder);
      assert.is(emergency.record, null);
      assert.equal(keys, []);
    });
  }
  withFolder((folder) => {
    mkdirSync(join(folder, LAST_WORDS_FILE));
    assert.equal(open(folder).keys, ["host.trouble"]);
  });
});

test.run();
