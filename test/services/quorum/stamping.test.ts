/**
 * The traffic of the shared-disk method, one event at a time; expectations by hand from protocol.md 1.6, G9,
 * G10, P6. Times: DIO 2000, M 100, so a stamp carries 1900 ms from its issue; a round every 200 ms.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import { isInTime } from "../../../services/quorum/stamping.ts";

import { CONFIG, CONTEXT, Desk, HOST, PEER_HOST, peerStamp, readyDesk } from "./stamping-desk.ts";

test("R68: a round writes the own stamp, then reads the others, one operation at a time", () => {
  const desk = new Desk();
  desk.ready(1000.7);
  assert.equal(
    desk.asked.map(({ kind }) => kind),
    ["claim.write"],
  );
  assert.equal(desk.written(), {
    state: "running",
    host: HOST,
    epoch: CONTEXT.epoch,
    twoWay: 2,
    stampMs: 1000,
  });
  desk.tick(1300);
  assert.is(desk.asked.length, 1, "the write has not answered");
  desk.answer(1301);
  assert.equal(desk.asked.at(-1), { kind: "claim.read", id: 2, server: 1 });
  desk.answer(1302, peerStamp(50));
  assert.ok(desk.state.diskHealthy);
  assert.is(desk.state.slots[1]?.roseAtMs, 1302);
  assert.is(desk.state.slots[1]?.readFromMs, 1301);
});

test("R17: last time alive is when the stamp was seen to rise, by the own clock", () => {
  const desk = readyDesk();
  desk.round(1200, 2, peerStamp(50));
  assert.is(desk.state.slots[1]?.roseAtMs, 1010);
  desk.round(1400, 3, peerStamp(51));
  assert.is(desk.state.slots[1]?.roseAtMs, 1410);
  assert.is(desk.state.slots[1]?.readFromMs, 1405);
});

test("G9: without a new word of the agent the old stamp is written again and carries nothing", () => {
  const desk = readyDesk();
  desk.round(1200, 1, peerStamp(51));
  assert.is(desk.written()?.stampMs, 1000);
  assert.is(desk.state.stampedAtMs, 1000);
  assert.ok(isInTime(desk.state, 2899, CONFIG));
  assert.not(isInTime(desk.state, 2900, CONFIG));
});

test("G10: a stamp carries its writer from its issue, not from its answer", () => {
  const desk = readyDesk();
  desk.context = { ...CONTEXT, progress: 2 };
  desk.tick(1200);
  desk.answer(1900);
  desk.answer(1905, peerStamp(51));
  assert.is(desk.state.stampedAtMs, 1200);
});

test("R79: an answer after the end of the lease extends nothing, unless the LAN carries", () => {
  for (const carried of [false, true]) {
    const desk = readyDesk();
    desk.context = { ...CONTEXT, progress: 2, carried };
    desk.tick(1200);
    desk.answer(2900);
    assert.is(desk.state.stampedAtMs, carried ? 1200 : 1000);
  }
});

test("1.6: who has given up stamps no life any more", () => {
  const desk = readyDesk();
  desk.context = { ...CONTEXT, progress: 2, mayLive: false };
  desk.tick(1200);
  assert.is(desk.written()?.stampMs, 1000);
});

test("R78: an older stamp, an older boot's or none at all is no reading", () => {
  const desk = readyDesk();
  desk.round(1200, 2, peerStamp(60));
  const before = desk.state.slots[1];
  desk.round(1400, 3, peerStamp(59));
  assert.equal(desk.state.slots[1], before);
  assert.not(desk.state.diskHealthy);
  desk.round(1600, 4, null);
  assert.equal(desk.state.slots[1], before);
  const rebooted = hostIncarnation("00000000000000cc");
  desk.round(1800, 5, peerStamp(1, rebooted));
  assert.is(desk.state.slots[1]?.formerHost, PEER_HOST);
  desk.round(2000, 6, peerStamp(61));
  assert.is(desk.state.slots[1]?.stamp?.host, rebooted);
});

test("R75, P6: an operation that takes DIO is given up, and none follows before the process is new", () => {
  const desk = readyDesk();
  desk.context = { ...CONTEXT, progress: 2 };
  desk.tick(1200);
  const { length } = desk.asked;
  desk.tick(3199);
  assert.is(desk.asked.filter(({ kind }) => kind === "disk.kill").length, 0);
  desk.tick(3200);
  desk.tick(3300);
  const more = desk.asked.slice(length).map(({ kind }) => kind);
  assert.equal(more, ["note", "disk.kill"]);
  desk.gone(3400);
  desk.tick(3600);
  assert.is(desk.asked.filter(({ kind }) => kind === "claim.write").length, 2);
  desk.ready(3700);
  assert.is(desk.asked.filter(({ kind }) => kind === "claim.write").length, 3);
});

test("D9: a disk that fails is noted once after DIO, and once when it is back", () => {
  const desk = readyDesk();
  for (let atMs = 1200; atMs < 6000; atMs += 200) {
    desk.context = { ...CONTEXT, progress: atMs };
    desk.tick(atMs);
    desk.answer(atMs + 1, null, false);
  }
  const faulty = desk.asked.filter((one) => one.kind === "note" && one.key === "disk.faulty");
  assert.is(faulty.length, 1);
  desk.round(6200, 9000, peerStamp(70));
  const restored = desk.asked.filter((one) => one.kind === "note" && one.key === "disk.restored");
  assert.is(restored.length, 1);
});

test("1.6: nothing is written before the agent has said what this server is", () => {
  const desk = new Desk();
  desk.context = { ...CONTEXT, word: null };
  desk.ready(1000);
  desk.tick(1500);
  assert.equal(desk.asked, []);
});

test("1.6: the last stamp of a server says off, after the operation under way and without its agent", () => {
  const desk = readyDesk();
  desk.context = { ...desk.context, mayLive: false, progress: null };
  desk.tick(1205);
  assert.is(desk.written()?.state, "running", "an old stamp is written again");
  desk.context = { ...desk.context, word: "off", gone: true };
  desk.done(1210);
  assert.is(desk.written()?.state, "running", "nothing overtakes what is under way");
  desk.answer(1220);
  assert.is(desk.written()?.state, "off");
  assert.is(desk.written()?.stampMs, 1221, "above a beat of the same millisecond");
  assert.not.ok(desk.state.saidOff);
  desk.answer(1225);
  assert.ok(desk.state.saidOff);
});

test("1.6: the last stamp is asked at once when nothing is under way, and again after a failure", () => {
  const desk = readyDesk();
  desk.context = { ...desk.context, mayLive: false, progress: null, word: "off", gone: true };
  desk.done(1100);
  assert.is(desk.written()?.state, "off");
  desk.answer(1105, null, false);
  assert.not.ok(desk.state.saidOff);
  desk.tick(1205);
  desk.answer(1210);
  assert.ok(desk.state.saidOff);
});

test("1.6: who has given up and whose groups may still run writes nothing new", () => {
  const desk = readyDesk();
  desk.context = { ...desk.context, mayLive: false, word: "off", progress: 7 };
  desk.done(1100);
  desk.tick(1400);
  assert.is(desk.written()?.state, "running");
  assert.is(desk.written()?.stampMs, 1000);
  assert.not.ok(desk.state.saidOff);
});

test("1.3.5: what was slept is taken off the lease, for the clock that counts it may have stood still", () => {
  const desk = readyDesk();
  // The stamp of 1000 carries to 2900; a host that was away for 950 ms woke with its clock at 1205.
  assert.ok(isInTime(desk.state, 1205, CONFIG));
  desk.slept(1205, 899);
  assert.ok(isInTime(desk.state, 1205, CONFIG), "less than a lease of the LAN is lateness");
  desk.slept(1205, 1700);
  assert.not(isInTime(desk.state, 1205, CONFIG), "1000 - 1700 + 1900 is over");
});

test.run();
