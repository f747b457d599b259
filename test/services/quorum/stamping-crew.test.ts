/**
 * The shared-disk method's traffic of three servers: what a whole round carries and what a word on the own slot
 * says since when; expectations by hand from protocol.md 1.6, G9, G10. Times as in stamping-desk.ts.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Stamp } from "../../../services/quorum/stamp.ts";
import type { StampContext } from "../../../services/quorum/stamp-state.ts";
import { announced, hasten, wholeLeaseEndMs } from "../../../services/quorum/stamping.ts";
import { CONFIG, CONTEXT, Desk, HOST, PEER_HOST, peerStamp, readyDesk } from "./stamping-desk.ts";

/** Three servers: the view of epoch 7 has all of them. */
const CREW: StampContext = { ...CONTEXT, members: 0b111 };
const DROPS: Partial<StampContext> = {
  epoch: { counter: 8, coordinator: 0, host: HOST },
  members: 0b011,
};

/** The own slot was empty; one whole round: write 1000-1005, slot 1 until 1010, slot 2 until 1015. */
function crewDesk(left: Stamp | null = null): Desk {
  const desk = new Desk(3, CREW);
  desk.ready(995);
  desk.answer(1000, left);
  for (const atMs of [1005, 1010, 1015]) desk.answer(atMs);
  return desk;
}

/** A round of three begun at `atMs`, 5 ms each operation. */
function crewRound(desk: Desk, atMs: number, progress: number): void {
  desk.context = { ...desk.context, progress };
  desk.tick(atMs);
  for (const laterMs of [5, 10, 15]) desk.answer(atMs + laterMs);
}

test("R67: three servers: the own slot is read before anything is written, once in a process", () => {
  const desk = new Desk(3, CREW);
  desk.ready(1000);
  assert.equal(desk.asked, [{ kind: "claim.read", id: 1, server: 0 }]);
  desk.answer(1005);
  assert.is(desk.written()?.members, 0b111);
  for (const atMs of [1010, 1015, 1020]) desk.answer(atMs);
  desk.tick(1205);
  assert.is(desk.written()?.stampMs, 1005);
  assert.is(desk.asked.filter((one) => one.kind === "claim.read" && one.server === 0).length, 1);
});

test("R67: what an earlier process of this boot has left in the slot is never gone below", () => {
  const left: Stamp = {
    ...peerStamp(40, HOST),
    epoch: { counter: 12, coordinator: 0, host: HOST },
  };
  const desk = crewDesk(left);
  assert.is(desk.state.left?.counter, 12);
  assert.is(desk.written()?.epoch.counter, 12);
  assert.is(desk.written()?.members, 0b111, "its words about others are gone");
  const rebooted = crewDesk({ ...left, host: PEER_HOST });
  assert.is(rebooted.state.left, null);
  assert.is(rebooted.written()?.epoch.counter, 7, "another boot begins anew");
});

test("R67: the counter in the own slot does not go down when a word is withdrawn", () => {
  const desk = crewDesk();
  desk.context = { ...CREW, ...DROPS };
  crewRound(desk, 1200, 2);
  assert.is(desk.written()?.epoch.counter, 8);
  desk.context = CREW;
  crewRound(desk, 1400, 3);
  assert.is(desk.written()?.epoch.counter, 8);
  assert.is(desk.written()?.members, 0b111);
  assert.is(announced(desk.state)?.members, 0b111, "nobody is put out any more");
});

test("R68: two servers read no own slot and say nothing about others", () => {
  const desk = readyDesk();
  assert.is(desk.asked.filter((one) => one.kind === "claim.read" && one.server === 0).length, 0);
  assert.not("members" in (desk.written() ?? {}));
  assert.is(desk.state.left, undefined);
});

test("R79, G10: a whole round carries from the issue of its write", () => {
  const desk = crewDesk();
  assert.is(desk.state.wholeFromMs, 1000);
  assert.is(wholeLeaseEndMs(desk.state, CONFIG), 1000 + 1900);
});

test("R79: a write whose readings hang carries nothing of three servers", () => {
  const desk = crewDesk();
  desk.context = { ...CREW, progress: 2 };
  desk.tick(1200);
  desk.answer(1205);
  desk.answer(1210);
  assert.is(desk.state.stampedAtMs, 1200);
  assert.is(desk.state.wholeFromMs, 1000, "slot 2 was not read");
  desk.answer(1900);
  assert.is(desk.state.wholeFromMs, 1200);
});

test("R79: a round that ends after the lease it was to extend begins none, unless the LAN carries", () => {
  for (const [endMs, carried, fromMs] of [
    [2899, false, 1200],
    [2900, false, 1000],
    [2900, true, 1200],
  ] as const) {
    const desk = crewDesk();
    desk.context = { ...CREW, progress: 2, carried };
    desk.tick(1200);
    desk.answer(1205);
    desk.answer(1210);
    desk.answer(endMs);
    assert.is(desk.state.wholeFromMs, fromMs, `${endMs} ${carried}`);
  }
});

test("R79: a stale reading ends the round, and nothing is carried by it", () => {
  const desk = crewDesk();
  desk.context = { ...CREW, progress: 2 };
  desk.tick(1200);
  desk.answer(1205);
  desk.answer(1210, peerStamp(50));
  desk.answer(1215, peerStamp(50));
  desk.context = { ...CREW, progress: 3 };
  desk.tick(1400);
  desk.answer(1405);
  desk.answer(1410, peerStamp(49));
  assert.is(desk.state.round, null);
  assert.is(desk.state.wholeFromMs, 1200);
});

test("G9: a round without a new word of the agent carries nothing, but may say something", () => {
  const desk = crewDesk();
  desk.context = { ...CREW, ...DROPS };
  crewRound(desk, 1200, 1);
  assert.is(desk.written()?.members, 0b011);
  assert.is(desk.written()?.stampMs, 1000, "it claims no newer life");
  assert.is(desk.state.wholeFromMs, 1000);
  assert.is(announced(desk.state)?.writtenAtMs, 1205);
});

test("R67: a word stands from the answer of its first write, and is said when all slots were read", () => {
  const desk = crewDesk();
  assert.is(announced(desk.state)?.wholeAtMs, 1015);
  desk.context = { ...CREW, ...DROPS, progress: 2 };
  desk.tick(1200);
  assert.is(desk.state.saying, null, "the old word is being overwritten");
  desk.answer(1205);
  assert.is(announced(desk.state), null, "it stands, but nothing was read after it");
  desk.answer(1210);
  assert.is(announced(desk.state), null);
  desk.answer(1215);
  const said = announced(desk.state);
  assert.is(said?.epoch.counter, 8);
  assert.is(said?.writtenAtMs, 1205);
  assert.is(said?.wholeAtMs, 1215);
  crewRound(desk, 1400, 3);
  assert.equal(announced(desk.state), said, "said again is not said later");
});

test("R67: a round that failed after the write has announced nothing", () => {
  const desk = crewDesk();
  desk.context = { ...CREW, ...DROPS, progress: 2 };
  desk.tick(1200);
  desk.answer(1205);
  desk.answer(1210, null, false);
  assert.is(announced(desk.state), null);
  crewRound(desk, 1400, 3);
  assert.is(announced(desk.state)?.writtenAtMs, 1205, "it has stood there since the first write");
  assert.is(announced(desk.state)?.wholeAtMs, 1415);
});

test("R67: news for the own slot make the next round due at once", () => {
  const desk = crewDesk();
  assert.is(desk.state.roundAtMs, 1200);
  assert.is(hasten(desk.state, 1050).roundAtMs, 1050);
  assert.is(hasten(desk.state, 1300).roundAtMs, 1200);
});

test.run();
