/** The decision between two copies: every pair of states by hand, then the circle of serials. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { afterSave, type CopyState, nextSerial, pick } from "../../../flash/store/pick.ts";

const good = (serial: number): CopyState => ({ kind: "good", serial });

const STATES: Readonly<Record<string, CopyState>> = {
  good4: good(4),
  good5: good(5),
  first: good(0),
  later4: { kind: "newer-version", serial: 4 },
  later5: { kind: "newer-version", serial: 5 },
  absent: { kind: "absent" },
  torn: { kind: "bad", why: "torn" },
  foreign: { kind: "bad", why: "foreign" },
  unread: { kind: "unreadable" },
};

/**
 * Copy a, copy b, what is used (or why nothing is), the copy that is in doubt, where the next save goes.
 * `later` = whole, of a later version of the product; `unread` = the disk answers with an error.
 */
const TABLE = `
  good5    good4    a              -   b6
  good4    good5    b              -   a6
  good5    good5    undecided      -   a6
  good5    later4   a              -   b6
  good4    later5   a              b   b6
  good5    absent   a              b   b6
  good5    torn     a              b   b6
  good5    foreign  a              b   b6
  good5    unread   a              b   b6
  first    absent   a              -   b1
  first    torn     a              b   b1
  first    foreign  a              b   b1
  first    unread   a              b   b1
  later4   good5    b              -   a6
  later5   good4    b              a   a6
  later5   later4   newer-version  -   b6
  later4   later5   newer-version  -   a6
  later5   later5   undecided      -   a6
  later5   absent   newer-version  -   b6
  later5   torn     newer-version  -   b6
  later5   foreign  newer-version  -   b6
  later5   unread   newer-version  -   b6
  absent   good5    b              a   a6
  absent   first    b              -   a1
  absent   later5   newer-version  -   a6
  absent   absent   missing        -   a0
  absent   torn     damaged        -   a0
  absent   foreign  damaged        -   a0
  absent   unread   damaged        -   b0
  torn     good5    b              a   a6
  torn     later5   newer-version  -   a6
  torn     absent   damaged        -   a0
  torn     torn     damaged        -   a0
  torn     foreign  damaged        -   a0
  torn     unread   damaged        -   b0
  foreign  good5    b              a   a6
  foreign  later5   newer-version  -   a6
  foreign  absent   damaged        -   a0
  foreign  torn     damaged        -   a0
  foreign  foreign  damaged        -   a0
  foreign  unread   damaged        -   b0
  unread   good5    b              a   a6
  unread   later5   newer-version  -   a6
  unread   absent   damaged        -   a0
  unread   torn     damaged        -   a0
  unread   foreign  damaged        -   a0
  unread   unread   damaged        -   a0+b`;

const rows = TABLE.trim()
  .split("\n")
  .map((line) => line.trim().split(/\s+/));

test("of two copies in any pair of states the table says which counts and which is written next", () => {
  for (const [a = "", b = "", outcome = "", doubt = "", next = ""] of rows) {
    const [stateA, stateB] = [STATES[a], STATES[b]];
    assert.ok(stateA !== undefined && stateB !== undefined, `${a} ${b}`);
    if (stateA === undefined || stateB === undefined) continue;
    const picked = pick(stateA, stateB);
    const { copy, serial, isForBoth } = picked.next;
    const found =
      picked.kind === "use" ? [picked.copy, picked.damaged ?? "-"] : [picked.reason, "-"];
    assert.equal(
      [...found, `${copy}${serial}${isForBoth ? "+b" : ""}`],
      [outcome, doubt, next],
      `${a} and ${b}`,
    );
  }
});

test("the table has every pair of kinds, both ways round", () => {
  const kind = (name: string): string => name.replace(/\d|first/g, "").replace(/^$/, "good");
  const pairs = new Set(rows.map(([a = "", b = ""]) => `${kind(a)} ${kind(b)}`));
  const kinds = ["good", "later", "absent", "torn", "foreign", "unread"];
  const missing = kinds.flatMap((a) => kinds.map((b) => `${a} ${b}`)).filter((p) => !pairs.has(p));
  assert.equal(missing, []);
});

test("of two good copies the newer serial wins, also over the end of the circle", () => {
  const winner = (a: number, b: number) => {
    const picked = pick(good(a), good(b));
    return picked.kind === "use" ? [picked.copy, picked.next.copy, picked.next.serial] : picked;
  };
  assert.equal(winner(0, 0xffff_ffff), ["a", "b", 1]);
  assert.equal(winner(0xffff_ffff, 0), ["b", "a", 1]);
  assert.equal(winner(0xffff_ffff, 0xffff_fffe), ["a", "b", 0]);
  assert.equal(winner(0x7fff_ffff, 0), ["a", "b", 0x8000_0000]);
});

test("serials that do not tell give the defaults, and the next save outdates both copies", () => {
  const next = { copy: "a", serial: 6, isForBoth: false };
  const half = pick(good(0x8000_0005), good(5));
  assert.equal(half, { kind: "defaults", reason: "undecided", next });
  // The save that follows: the fresh copy must win against the one that is left.
  const after = pick(good(6), good(5));
  assert.is(after.kind === "use" ? after.copy : "none", "a");
});

test("serials follow each other on a circle of 2^32, copies take turns", () => {
  assert.is(nextSerial(0), 1);
  assert.is(nextSerial(0xffff_ffff), 0);
  const both = { copy: "a", serial: 0, isForBoth: true } as const;
  assert.equal(afterSave(both), { copy: "b", serial: 1, isForBoth: false });
  assert.equal(afterSave(afterSave(both)), { copy: "a", serial: 2, isForBoth: false });
});

test.run();
