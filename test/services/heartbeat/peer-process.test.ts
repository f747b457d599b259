/**
 * Lives of a peer's processes as frames show them: proof by echo, restart, ghosts, bounded work.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import { Prng } from "../../../hal/base/prng.ts";
import { comBeat, introduced, lanBeat, sealer, uncobs, verdict } from "./sealer-fixture.ts";

test("two processes prove themselves to each other within two frames each", () => {
  const a = sealer(0, "1");
  const b = sealer(1, "2");
  assert.is(verdict(b.openLan(a.sealLan(lanBeat(0, 1), 0), 0, 0)), "beat unproven");
  assert.is(b.peerProcess(0), null);
  assert.is(verdict(a.openLan(b.sealLan(lanBeat(1, 0), 0), 0, 0)), "beat proven");
  assert.is(a.peerProcess(1), "2".repeat(16));
  assert.is(verdict(b.openLan(a.sealLan(lanBeat(0, 1), 0), 0, 0)), "beat proven");
  assert.is(b.peerProcess(0), "1".repeat(16));
  assert.is(verdict(b.openCom(uncobs(a.sealCom(comBeat(0, 1))), 0)), "beat proven");
});

test("a restarted peer displaces its old process when it has proven itself, and not before", () => {
  const { a: old, b } = introduced();
  const lateFrame = old.sealLan(lanBeat(0, 1, { stampMs: 1001 }), 0);
  const lastFrame = old.sealLan(lanBeat(0, 1, { stampMs: 1002 }), 0);
  const fresh = sealer(0, "3");
  assert.is(
    verdict(b.openLan(fresh.sealLan(lanBeat(0, 1, { stampMs: 2000 }), 0), 0, 0)),
    "beat unproven",
  );
  assert.is(b.peerProcess(0), "1".repeat(16));
  assert.is(verdict(b.openLan(lateFrame, 0, 0)), "beat proven");
  assert.is(verdict(fresh.openLan(b.sealLan(lanBeat(1, 0), 0), 0, 0)), "beat proven");
  assert.is(
    verdict(b.openLan(fresh.sealLan(lanBeat(0, 1, { stampMs: 2001 }), 0), 0, 0)),
    "beat proven",
  );
  assert.is(b.peerProcess(0), "3".repeat(16));
  assert.is(verdict(b.openLan(lastFrame, 0, 0)), "malformed replay");
  const anew = old.sealLan(lanBeat(0, 1, { stampMs: 9000 }), 0);
  assert.is(verdict(b.openLan(anew, 0, 0)), "malformed replay");
  assert.is(b.peerProcess(0), "3".repeat(16));
});

test("frames of an earlier life, replayed to a restarted receiver, are never proven", () => {
  const { a } = introduced();
  const recorded = Array.from({ length: 5 }, () => a.sealLan(lanBeat(0, 1), 0));
  const restarted = sealer(1, "4");
  for (const frame of recorded) assert.is(verdict(restarted.openLan(frame, 0, 0)), "beat unproven");
  assert.is(restarted.peerProcess(0), null);
});

test("a ghost's frames cannot take the echo from the living process", () => {
  const a = sealer(0, "1");
  const ghost = sealer(0, "9");
  const b = sealer(1, "2");
  assert.is(verdict(b.openLan(a.sealLan(lanBeat(0, 1), 0), 0, 0)), "beat unproven");
  assert.is(verdict(a.openLan(b.sealLan(lanBeat(1, 0), 0), 0, 0)), "beat proven");
  assert.is(verdict(b.openLan(a.sealLan(lanBeat(0, 1), 0), 0, 0)), "beat proven");
  const host = hostIncarnation("9999999999999999");
  const random = new Prng(3);
  for (let round = 0; round < 20; round += 1) {
    const atMs = round * 1000;
    b.openLan(ghost.sealLan(lanBeat(0, 1, { host }), 0), 0, atMs);
    b.sealLan(lanBeat(1, 0), 0);
    const restarted = sealer(0, "a", { processSalt: random.bytes(8) });
    const first = restarted.sealLan(lanBeat(0, 1, { stampMs: 5000 }), 0);
    assert.is(verdict(b.openLan(first, 0, atMs)), "beat unproven");
    b.openLan(ghost.sealLan(lanBeat(0, 1, { host }), 1), 1, atMs);
    b.sealLan(lanBeat(1, 0), 0);
    const answer = b.sealLan(lanBeat(1, 0), 0);
    assert.is(verdict(restarted.openLan(answer, 0, 0)), "beat proven");
    assert.is(verdict(a.openLan(b.sealLan(lanBeat(1, 0), 0), 0, 0)), "beat proven");
    assert.is(b.peerProcess(0), "1".repeat(16));
  }
});

test("the echo of a candidate goes out once on every channel, also where the first is cut", () => {
  const { b } = introduced();
  const restarted = sealer(0, "3");
  b.openLan(restarted.sealLan(lanBeat(0, 1, { stampMs: 2000 }), 0), 0, 0);
  b.sealLan(lanBeat(1, 0), 0);
  assert.is(verdict(restarted.openLan(b.sealLan(lanBeat(1, 0), 1), 1, 0)), "beat proven");
  const line = uncobs(b.sealCom(comBeat(1, 0)));
  const other = sealer(0, "3");
  assert.is(verdict(other.openCom(line, 0)), "beat proven");
});

test("a proven process stays proven in a frame that echoes somebody else", () => {
  const { a, b } = introduced();
  const ghost = sealer(1, "9");
  const host = hostIncarnation("9999999999999999");
  assert.is(verdict(a.openLan(ghost.sealLan(lanBeat(1, 0, { host }), 0), 0, 0)), "beat unproven");
  const echoesGhost = a.sealLan(lanBeat(0, 1), 0);
  assert.is(verdict(sealer(1, "2").openLan(echoesGhost, 0, 0)), "beat unproven");
  assert.is(verdict(b.openLan(echoesGhost, 0, 0)), "beat proven");
  const echoesPeer = a.sealLan(lanBeat(0, 1), 0);
  assert.is(verdict(sealer(1, "2").openLan(echoesPeer, 0, 0)), "beat proven");
});

test("with nobody proven every frame echoes the newest candidate", () => {
  const b = sealer(1, "2");
  b.openLan(sealer(0, "1").sealLan(lanBeat(0, 1), 0), 0, 0);
  for (let round = 0; round < 3; round += 1) {
    const answer = b.sealLan(lanBeat(1, 0), 0);
    assert.is(verdict(sealer(0, "1").openLan(answer, 0, 0)), "beat proven");
  }
});

test("no more than two unproven processes are remembered per peer", () => {
  const b = sealer(1, "2");
  const frames = ["5", "6", "7"].map((digit) => sealer(0, digit).sealLan(lanBeat(0, 1), 0));
  const said = frames.map((frame) => verdict(b.openLan(frame, 0, 0)));
  assert.equal(said, ["beat unproven", "beat unproven", "beat unproven"]);
  const again = [...frames].reverse().map((frame) => verdict(b.openLan(frame, 0, 0)));
  assert.equal(again, ["malformed replay", "malformed replay", "beat unproven"]);
});

test("an older process of the same host cannot return even after it was forgotten", () => {
  const { a, b } = introduced();
  const echoing = a.sealLan(lanBeat(0, 1, { stampMs: 1500 }), 0);
  const random = new Prng(4);
  for (let life = 1; life <= 300; life += 1) {
    const next = sealer(0, "1", { processSalt: random.bytes(8) });
    const atMs = life * 1000;
    next.openLan(b.sealLan(lanBeat(1, 0), 0), 0, atMs);
    const proof = next.sealLan(lanBeat(0, 1, { stampMs: 2000 + life }), 0);
    assert.is(verdict(b.openLan(proof, 0, atMs)), "beat proven", `life ${life}`);
  }
  assert.is(verdict(b.openLan(echoing, 0, 400_000)), "malformed replay");
});

test("S7: frames of an earlier boot that were held back do not displace the boot that is heard by now", () => {
  const b = sealer(1, "2");
  const of = (host: string, stampMs: number, heardStampMs: number | null) =>
    lanBeat(0, 1, { host: hostIncarnation(host), stampMs, heardStampMs });
  // The first boot hears b and echoes it, but some queue holds every frame of it back.
  const first = sealer(0, "6");
  first.openLan(b.sealLan(lanBeat(1, 0, { stampMs: 500 }), 0), 0, 1000);
  const held = [900, 901].map((at) => first.sealLan(of("66".repeat(8), at, null), 0));
  const answered = first.sealLan(of("66".repeat(8), 902, 500), 0);
  const second = sealer(0, "8");
  assert.is(
    verdict(b.openLan(second.sealLan(of("88".repeat(8), 100, null), 0), 0, 1000)),
    "beat unproven",
  );
  second.openLan(b.sealLan(lanBeat(1, 0, { stampMs: 700 }), 0), 0, 1000);
  assert.is(
    verdict(b.openLan(second.sealLan(of("88".repeat(8), 110, 700), 0), 0, 1000)),
    "beat proven",
  );
  for (const frame of [...held, answered]) {
    assert.is.not(verdict(b.openLan(frame, 0, 1000)), "beat proven");
    assert.is(b.peerProcess(0), "8".repeat(16));
  }
  assert.is(
    verdict(b.openLan(second.sealLan(of("88".repeat(8), 120, 710), 0), 0, 1000)),
    "beat proven",
  );
});

test("S7: of two boots that have heard nothing yet the one that was proven first stays", () => {
  const b = sealer(1, "2");
  const of = (host: string, stampMs: number, heardStampMs: number | null) =>
    lanBeat(0, 1, { host: hostIncarnation(host), stampMs, heardStampMs });
  const old = sealer(0, "6");
  old.openLan(b.sealLan(lanBeat(1, 0, { stampMs: 500 }), 0), 0, 1000);
  const late = old.sealLan(of("66".repeat(8), 900, null), 0);
  const next = sealer(0, "8");
  next.openLan(b.sealLan(lanBeat(1, 0, { stampMs: 700 }), 0), 0, 1000);
  const first = next.sealLan(of("88".repeat(8), 100, null), 0);
  assert.is(verdict(b.openLan(first, 0, 1000)), "beat proven");
  assert.is.not(verdict(b.openLan(late, 0, 1000)), "beat proven", "it was on its way for a boot");
  const answer = next.sealLan(of("88".repeat(8), 110, 700), 0);
  assert.is(verdict(b.openLan(answer, 0, 1000)), "beat proven", "the living one is not retired");
});

test("S7: what a peer heard of our own earlier boot, by a clock further on, keeps no later boot out", () => {
  const b = sealer(1, "2");
  const of = (host: string, stampMs: number, heardStampMs: number | null) =>
    lanBeat(0, 1, { host: hostIncarnation(host), stampMs, heardStampMs });
  const old = sealer(0, "6");
  old.openLan(b.sealLan(lanBeat(1, 0, { stampMs: 500 }), 0), 0, 1000);
  // It still says what the boot of b before this one had said.
  const stale = old.sealLan(of("66".repeat(8), 900, 9_000_000), 0);
  assert.is(verdict(b.openLan(stale, 0, 1000)), "beat proven");
  const next = sealer(0, "8");
  next.openLan(b.sealLan(lanBeat(1, 0, { stampMs: 700 }), 0), 0, 1000);
  const answer = next.sealLan(of("88".repeat(8), 110, 700), 0);
  assert.is(verdict(b.openLan(answer, 0, 1000)), "beat proven");
});

test("L3: a boot that has heard what the boot before it cannot have heard displaces it", () => {
  const b = sealer(1, "2");
  const of = (host: string, stampMs: number, heardStampMs: number | null) =>
    lanBeat(0, 1, { host: hostIncarnation(host), stampMs, heardStampMs });
  const old = sealer(0, "6");
  old.openLan(b.sealLan(lanBeat(1, 0, { stampMs: 500 }), 0), 0, 1000);
  assert.is(
    verdict(b.openLan(old.sealLan(of("66".repeat(8), 900, 500), 0), 0, 1000)),
    "beat proven",
  );
  const next = sealer(0, "8");
  next.openLan(b.sealLan(lanBeat(1, 0, { stampMs: 700 }), 0), 0, 1000);
  const early = next.sealLan(of("88".repeat(8), 100, null), 0);
  assert.is(verdict(b.openLan(early, 0, 1000)), "beat unproven", "it may be of any time");
  assert.is(
    verdict(b.openLan(next.sealLan(of("88".repeat(8), 110, 700), 0), 0, 1000)),
    "beat proven",
  );
  assert.is(b.peerProcess(0), "8".repeat(16));
});

test("many new salts cost bounded work and a restarted peer is heard again a second later", () => {
  const b = sealer(1, "2");
  const random = new Prng(6);
  const frame = sealer(0, "1").sealLan(lanBeat(0, 1), 0);
  for (let i = 0; i < 1000; i += 1) {
    const forged = frame.slice();
    forged.set(random.bytes(8), 12);
    assert.is(verdict(b.openLan(forged, 0, 0)), "presence tag");
  }
  assert.is(b.counters.throttled, 990);
  assert.is(verdict(b.openLan(frame, 0, 50)), "presence tag");
  assert.is(verdict(b.openLan(frame, 0, 1000)), "beat unproven");
  for (let i = 0; i < 1000; i += 1) {
    const forged = frame.slice();
    forged.set(random.bytes(8), 12);
    b.openLan(forged, 0, 1_000_000);
  }
  assert.is(b.counters.throttled, 990 + 1 + 990, "a quiet time does not add up");
});

test.run();
