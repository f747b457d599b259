/**
 * The reader of commented JSON: what it accepts, and that malformed text of every kind is a value with a
 * place, never an exception.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readDocument } from "../../../services/configuration/read.ts";
import { sample, write } from "./sample.ts";

function malformed(text: string) {
  const result = readDocument(text);
  if (result.kind === "document") throw new Error("accepted");
  return result.remarks;
}

test("comments, trailing commas and a byte order mark are accepted", () => {
  const result = readDocument('\uFEFF// c\n{ "a": [1, 2,], /* d */ "b": { "c": null, }, }\n');
  assert.is(result.kind, "document");
  if (result.kind === "document") {
    assert.equal(result.document.value, { a: [1, 2], b: { c: null } });
    assert.equal(result.document.placeOf(["a", 1]), { line: 2, column: 12 });
    assert.equal(result.document.placeOf(["b", "c"], true), { line: 2, column: 32 });
    // What is not there is placed at its nearest parent.
    assert.equal(result.document.placeOf(["b", "x", 3]), { line: 2, column: 30 });
  }
});

test("a missing comma is placed at the line where it is noticed", () => {
  const [remark] = malformed('{\n  "a": 1\n  "b": 2\n}');
  assert.equal(remark?.place, { line: 3, column: 3 });
  assert.is(remark?.expected, "comma");
});

test("a key that stands twice is refused with both lines", () => {
  const [remark] = malformed('{\n  "a": 1,\n  "b": { "c": 1,\n "c": 2 }\n}');
  assert.equal(remark?.at, ["b", "c"]);
  assert.equal(remark?.place, { line: 4, column: 2 });
  assert.match(remark?.found ?? "", "first on line 3");
});

test("every truncation of a valid file is refused and none throws", () => {
  const text = write(sample());
  for (let length = 0; length < text.length; length += 1) {
    const [remark] = malformed(text.slice(0, length));
    assert.ok((remark?.place.line ?? 0) >= 1, `cut at ${length}`);
  }
});

test("nesting and size beyond all measure are refused before the parser recurses", () => {
  assert.match(malformed("[".repeat(200_000))[0]?.expected ?? "", "levels");
  assert.match(malformed('{"a":'.repeat(200_000))[0]?.expected ?? "", "levels");
  assert.match(malformed(" ".repeat(1_000_001))[0]?.expected ?? "", "characters");
});

test("an empty file, a lone word and binary are refused", () => {
  for (const text of [
    "",
    "  \n",
    "cluster",
    "\0\0\0",
    "{]",
    '{"a":}',
    '{"a" 1}',
    "{'a':1}",
    "/*",
  ]) {
    assert.ok(malformed(text).length > 0, JSON.stringify(text));
  }
});

test.run();
