/** The record's own check, field by field, and the copy's frame against every kind of damage. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { COPY_BYTES_MAX, decodeCopy, encodeCopy } from "../../../flash/store/copy.ts";
import { belongsTo, emptyRecord, parseRecord } from "../../../flash/store/record.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import { sampleRecord } from "./sample-record.ts";

const plain = (value: unknown): Record<string, unknown> => JSON.parse(JSON.stringify(value));

test("a full and an empty record survive writing and reading", () => {
  const identity = { cluster: "lab", server: "SERVER2" };
  for (const record of [sampleRecord(7), emptyRecord(identity, hostIncarnation("0".repeat(16)))]) {
    assert.equal(parseRecord(plain(record)), { kind: "record", record });
  }
});

test("D18: an empty record has no clean mark, so its server comes up detached", () => {
  const record = emptyRecord({ cluster: "c", server: "s" }, hostIncarnation("0".repeat(16)));
  assert.is(record.cleanMark, null);
});

test("a record of another server or cluster does not belong to this one", () => {
  assert.ok(belongsTo(sampleRecord(1), { cluster: "lab", server: "SERVER1" }));
  assert.not(belongsTo(sampleRecord(1), { cluster: "lab", server: "SERVER2" }));
  assert.not(belongsTo(sampleRecord(1), { cluster: "other", server: "SERVER1" }));
});

test("every field that is missing or wrong is named", () => {
  const wrong: readonly (readonly [string, unknown, string])[] = [
    ["identity", null, "identity.cluster"],
    ["identity", { cluster: "lab", server: "" }, "identity.server"],
    ["hostIncarnation", "XYZ", "hostIncarnation"],
    ["epoch", { counter: -1, coordinator: 0, host: "0".repeat(16) }, "epoch"],
    ["epoch", { counter: 1, coordinator: 16, host: "0".repeat(16) }, "epoch"],
    ["epoch", undefined, "epoch"],
    ["members", [0, 0], "members"],
    ["members", [1.5], "members"],
    ["cleanMark", { epochCounter: "7" }, "cleanMark"],
    ["cleanMark", undefined, "cleanMark"],
    ["consumedBy", 5, "consumedBy"],
    ["groups", [{ name: "web", owner: 1, desired: "maybe" }], "groups"],
    [
      "groups",
      Array.from({ length: 33 }, () => ({ name: "g", owner: 0, desired: null })),
      "groups",
    ],
  ];
  for (const [key, value, path] of wrong) {
    const record = { ...plain(sampleRecord(1)), [key]: value };
    assert.equal(parseRecord(record), { kind: "malformed", path }, `${key} ${String(value)}`);
  }
  for (const value of [null, [], "text", 5]) {
    assert.equal(parseRecord(value), { kind: "malformed", path: "" });
  }
});

test("a copy is good as a whole; cut anywhere, lengthened or with any bit flipped it is bad", () => {
  const bytes = encodeCopy(5, sampleRecord(1)) ?? new Uint8Array();
  const decoded = decodeCopy(bytes);
  assert.is(decoded.kind === "good" ? decoded.serial : -1, 5);
  for (let length = 0; length < bytes.length; length += 1) {
    assert.is(decodeCopy(bytes.slice(0, length)).kind, "bad", `cut at ${length}`);
  }
  assert.is(decodeCopy(Buffer.concat([bytes, Buffer.from([0])])).kind, "bad");
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const flipped = Uint8Array.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.is(decodeCopy(flipped).kind, "bad", `bit ${bit}`);
  }
});

test("a file of zeros, of another program or of endless length is bad", () => {
  assert.equal(decodeCopy(new Uint8Array(4096)), { kind: "bad", reason: "magic" });
  assert.equal(decodeCopy(new Uint8Array(COPY_BYTES_MAX + 1)), { kind: "bad", reason: "length" });
  assert.is(encodeCopy(1, "x".repeat(COPY_BYTES_MAX)), null);
});

test.run();
