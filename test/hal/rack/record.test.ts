/** The rack's records: order, joined answers, one ring per kind. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createRackLog } from "../../../hal/rack/record.ts";

test("answers that follow each other are one entry with first, last and count", () => {
  let nowMs = 0;
  const log = createRackLog(() => nowMs);
  const answer = { kind: "answer", address: "127.1.1.101", port: 80, bytes: 8 } as const;
  for (const atMs of [10, 20, 30]) {
    nowMs = atMs;
    log.add({ ...answer, server: "ONE" });
  }
  nowMs = 40;
  log.add({ ...answer, server: "TWO" });
  nowMs = 50;
  log.add({ ...answer, server: "ONE" });
  assert.equal(
    log.list().map((entry) => [entry.kind, entry.atMs, entry.lastMs, entry.count]),
    [
      ["answer", 10, 30, 3],
      ["answer", 40, 40, 1],
      ["answer", 50, 50, 1],
    ],
  );
});

test("whoever watches is told of every new entry in its order, and not of what joins one", () => {
  const log = createRackLog(() => 1);
  const heard: string[] = [];
  log.watch(({ kind }) => heard.push(kind));
  const answer = { kind: "answer", server: "ONE", address: "a", port: 80, bytes: 8 } as const;
  log.add(answer);
  log.add(answer);
  log.add({ kind: "power", server: "ONE", to: "off", reason: "emergency" });
  assert.equal(heard, ["answer", "power"]);
});

test("an event between two answers separates them", () => {
  const log = createRackLog(() => 1);
  const answer = { kind: "answer", server: "ONE", address: "a", port: 80, bytes: 8 } as const;
  log.add(answer);
  log.add({ kind: "reset", server: "ONE", reason: "test" });
  log.add(answer);
  assert.equal(
    log.list().map((entry) => entry.kind),
    ["answer", "reset", "answer"],
  );
});

test("a flood of one kind does not push out another, and each ring is bounded", () => {
  let nowMs = 0;
  const log = createRackLog(() => nowMs);
  log.add({ kind: "power", server: "ONE", to: "dark", reason: "operator" });
  for (let n = 0; n < 5000; n += 1) {
    nowMs = n;
    log.add({ kind: "array-write", server: "ONE", offset: 0, bytes: 4096 });
  }
  const entries = log.list();
  assert.is(entries.length, 4097);
  assert.is(entries[0]?.kind, "power");
  assert.is(log.list(4990).length, 10);
});

test.run();
