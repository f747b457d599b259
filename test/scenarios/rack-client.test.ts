/** The rack's own words turned into the oracle's: what counts as an act, and when a tenure ends. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readFloating, readMachines, readRecords } from "./rack-client.ts";

const server = "SERVER1";
const address = "127.9.9.101";

test("the instant of a power cut is `dark`; `off` only reads it back", () => {
  const records = [
    { kind: "power", server, to: "on", reason: "operator", seq: 1, atMs: 5, lastMs: 5, count: 1 },
    {
      kind: "power",
      server,
      to: "dark",
      reason: "emergency",
      seq: 2,
      atMs: 9,
      lastMs: 9,
      count: 1,
    },
    {
      kind: "power",
      server,
      to: "off",
      reason: "emergency",
      seq: 3,
      atMs: 30,
      lastMs: 30,
      count: 1,
    },
  ];
  assert.equal(readRecords({ records }), [
    { kind: "power", server, atMs: 5, on: true, reason: "operator" },
    { kind: "power", server, atMs: 9, on: false, reason: "emergency" },
  ]);
});

test("a run of answers counts as its first and its last", () => {
  const run = {
    kind: "answer",
    server,
    address,
    port: 80,
    bytes: 9,
    atMs: 3,
    lastMs: 70,
    count: 12,
  };
  assert.equal(readRecords({ records: [run] }), [
    { kind: "answer", server, address, atMs: 3 },
    { kind: "answer", server, address, atMs: 70 },
  ]);
});

test("records of the cabinet's own doings are no acts of a server", () => {
  const records = [
    { kind: "cut", path: "com", from: server, to: "SERVER2", atMs: 1, lastMs: 1, count: 1 },
    { kind: "trouble", text: "x", atMs: 2, lastMs: 2, count: 1 },
  ];
  assert.equal(readRecords({ records }), []);
  assert.equal(readRecords({}), []);
});

test("status of the rack: power, freeze, incarnation and the pids of the roles", () => {
  const pids = { pulse: 7, agent: 8 };
  const servers = [{ name: server, power: "on", frozen: true, incarnation: "ab", pids }];
  assert.equal(readMachines({ servers }), [
    { name: server, on: true, frozen: true, incarnation: "ab", pids },
  ]);
  assert.equal(readMachines({}), []);
  assert.equal(readFloating({ floating: [{ address, port: 8080, announcer: null }] }), [
    { address, port: 8080 },
  ]);
});

test.run();
