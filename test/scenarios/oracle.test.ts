/** The oracle's own proof: each record by hand, each verdict by hand. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { findLateArrayWrites, findTwoOwners, ownersSince } from "./oracle.ts";
import type { WorldRecord } from "./world.ts";

const address = "127.9.9.101";
const announce = (atMs: number, server: string): WorldRecord => ({
  kind: "announce",
  atMs,
  server,
  address,
});
const withdraw = (atMs: number, server: string): WorldRecord => ({
  kind: "withdraw",
  atMs,
  server,
  address,
});
const answer = (atMs: number, server: string): WorldRecord => ({
  kind: "answer",
  atMs,
  server,
  address,
});
const power = (atMs: number, server: string, on: boolean): WorldRecord => ({
  kind: "power",
  atMs,
  server,
  on,
  reason: "order",
});
const freeze = (atMs: number, server: string, frozen: boolean): WorldRecord => ({
  kind: "freeze",
  atMs,
  server,
  frozen,
});

test("a power cut, then the successor: one owner at a time", () => {
  const records = [announce(0, "A"), answer(5, "A"), power(100, "A", false), announce(900, "B")];
  assert.equal(findTwoOwners(records), []);
});

test("a move: withdraw before announce is one owner, after it is two", () => {
  assert.equal(findTwoOwners([announce(0, "A"), withdraw(50, "A"), announce(60, "B")]), []);
  assert.equal(findTwoOwners([announce(0, "A"), announce(60, "B"), withdraw(75, "A")]), [
    `${address}: A still held it for 15 ms after B began`,
  ]);
});

test("two servers that both announce and stay are two owners without end", () => {
  const found = findTwoOwners([announce(0, "A"), announce(60, "B")]);
  assert.is(found.length, 1);
});

test("an owner that answers after its successor began is named with its delay", () => {
  const records = [announce(0, "A"), announce(60, "B"), answer(80, "A"), power(90, "A", false)];
  assert.equal(findTwoOwners(records), [`${address}: A announced or answered 20 ms after B began`]);
});

test("a frozen owner holds nothing; after its thaw it may only give up, soon and silently", () => {
  const nap = [announce(0, "A"), freeze(10, "A", true), announce(1000, "B")];
  assert.equal(findTwoOwners(nap), []);
  const thawed = [...nap, freeze(3000, "A", false)];
  assert.equal(findTwoOwners([...thawed, power(3040, "A", false)]), []);
  assert.equal(findTwoOwners([...thawed, answer(3010, "A"), power(3040, "A", false)]), [
    `${address}: A announced or answered 2010 ms after B began`,
  ]);
  assert.equal(findTwoOwners([...thawed, power(3700, "A", false)]), [
    `${address}: A still held it 700 ms after its thaw, B owns`,
  ]);
});

test("of three servers every pair is held against each other, also when the middle one has gone", () => {
  const chain = [announce(0, "A"), power(50, "A", false), announce(90, "B"), withdraw(95, "B")];
  assert.equal(findTwoOwners([...chain, announce(99, "C")]), []);
  const frozen = [announce(0, "A"), freeze(10, "A", true), announce(90, "B"), withdraw(95, "B")];
  const thawed = [...frozen, announce(99, "C"), freeze(120, "A", false), answer(130, "A")];
  const crimes = findTwoOwners([...thawed, power(140, "A", false)]);
  assert.equal(crimes, [`${address}: A announced or answered 31 ms after C began`]);
});

test("a server that fails back after its successor left is not a rival", () => {
  const records = [
    announce(0, "A"),
    withdraw(10, "A"),
    announce(20, "B"),
    power(30, "B", false),
    announce(40, "A"),
    answer(50, "A"),
  ];
  assert.equal(findTwoOwners(records), []);
  assert.equal(ownersSince(records, 10), [`${address} -> B`, `${address} -> A`]);
});

test("announcing one's own address again is no move", () => {
  assert.equal(ownersSince([announce(0, "A"), announce(50, "A")], 10), []);
});

test("an array write of a deposed server counts until its next power-on", () => {
  const write = (atMs: number, server: string): WorldRecord => ({
    kind: "array-write",
    atMs,
    server,
  });
  const records = [announce(0, "A"), write(10, "A"), announce(20, "B"), write(25, "B")];
  assert.equal(findLateArrayWrites(records, "A"), []);
  assert.equal(findLateArrayWrites([...records, write(30, "A")], "A"), [
    "A wrote to the array 10 ms too late",
  ]);
  assert.equal(findLateArrayWrites([...records, power(28, "A", true), write(30, "A")], "A"), []);
});

test.run();
