/**
 * Rules A1-A7, C1-C7 and H1-H3 of the guide, one test each, over whole pulses in virtual time. Expectations are
 * the guide's words: who fails over and who performs an emergency shutdown (ES).
 */
import * as assert from "uvu/assert";
import { cutAll, everBothSole, Pair, pairConfig, started } from "../../firmware/pulse/pair.ts";
import { ruleBook } from "./rule-book.ts";
import { after, configured, cutLans, outcome, T, takeoverMs } from "./rule-worlds.ts";

const numbers = (letter: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${letter}${at + 1}`);

const test = ruleBook([...numbers("A", 7), ...numbers("C", 7), ...numbers("H", 3)]);

/** The serial line is dead for longer than its own timeout before anything else happens. */
const comDies = (pair: Pair): void => {
  pair.cutCom(true);
  pair.run(3 * T);
};

test("A1, R57: COM is for clusters of two servers", () => {
  assert.is(configured("com", { servers: 2, com: true }), "accepted");
  assert.match(configured("com", { servers: 3, com: true }), "exactly 2 servers");
});

test("A2, R58: COM needs the serial cross cable", () => {
  assert.is(configured("com", { servers: 2 }), "a COM path");
});

test("A3, R59: COM was healthy and the peer dies: the survivor fails over at T, +0 s", () => {
  for (const owner of [0, 1]) {
    const other = 1 - owner;
    assert.is(after("com", owner, (pair) => pair.power(owner, false))[other], "goes on");
    const tookMs = takeoverMs("com", owner, other, (pair) => pair.power(owner, false)) ?? 0;
    // The newest acknowledged beat is up to one interval older than the crash.
    assert.ok(tookMs >= T - 150 && tookMs <= T + 50, `${tookMs} ms`);
  }
});

test("A4, R60: COM faulty beforehand, then the peer dies: no failover, the healthy server ES", () => {
  for (const owner of [0, 1]) {
    const said = after("com", owner, (pair) => {
      comDies(pair);
      pair.power(owner, false);
    });
    assert.is(said[1 - owner], "ES arbiter-faulty", `owner ${owner}`);
  }
});

test("A5, R61: COM healthy and all LANs cut: all servers ES", () => {
  for (const owner of [0, 1]) {
    assert.equal(after("com", owner, cutLans), ["ES partition", "ES partition"]);
  }
});

test("A6, R62: COM faulty beforehand and all LANs cut: all servers ES", () => {
  for (const owner of [0, 1]) {
    const said = after("com", owner, (pair) => {
      comDies(pair);
      cutLans(pair);
    });
    assert.equal(said, ["ES arbiter-faulty", "ES arbiter-faulty"]);
  }
});

test("A7, R63: all LANs and COM in one instant: both fail over", () => {
  for (const owner of [0, 1]) {
    assert.equal(
      after("com", owner, (pair) => cutAll(pair, true)),
      ["goes on", "goes on"],
    );
  }
});

test("C1, R80: COM + disk is for clusters of two servers with a shared disk", () => {
  assert.is(configured("com-disk", { servers: 2, com: true, disk: true }), "accepted");
  assert.match(configured("com-disk", { servers: 3, com: true, disk: true }), "exactly 2 servers");
});

test("C2, R80: COM + disk needs the serial cross cable", () => {
  assert.is(configured("com-disk", { servers: 2, disk: true }), "a COM path");
});

test("C3, R80: COM + disk needs the arbitration partition", () => {
  assert.is(configured("com-disk", { servers: 2, com: true }), "an arbitration partition");
});

test("C4, R81: COM faulty beforehand, then the peer dies: no failover, the healthy server ES", () => {
  for (const owner of [0, 1]) {
    const said = after("com-disk", owner, (pair) => {
      comDies(pair);
      pair.power(owner, false);
    });
    assert.is(said[1 - owner], "ES arbiter-faulty", `owner ${owner}`);
  }
});

test("C5, R82: COM healthy and all LANs cut: all servers ES", () => {
  for (const owner of [0, 1]) {
    assert.equal(after("com-disk", owner, cutLans), ["ES partition", "ES partition"]);
  }
});

test("C6, R83: COM faulty beforehand and all LANs cut: all servers ES", () => {
  for (const owner of [0, 1]) {
    const said = after("com-disk", owner, (pair) => {
      comDies(pair);
      cutLans(pair);
    });
    assert.equal(said, ["ES arbiter-faulty", "ES arbiter-faulty"]);
  }
});

test("C7, R84: all LANs and COM in one instant: exactly one goes on, never two", () => {
  for (const owner of [0, 1]) {
    const pair = started("com-disk", owner);
    cutAll(pair, true);
    assert.not(everBothSole(pair, 5 * T));
    assert.is(outcome(pair)[owner], "goes on");
    assert.is(outcome(pair)[1 - owner], "ES claim-lost");
  }
});

test("H1, R100: none is refused where a disk is shared", () => {
  assert.is(configured("none", { servers: 2 }), "accepted");
  assert.match(
    configured("none", { servers: 2, disk: true }),
    "a method that protects the shared disk",
  );
});

test("H2, R101: all LANs cut: all servers fail over", () => {
  for (const owner of [0, 1]) {
    assert.equal(after("none", owner, cutLans), ["goes on", "goes on"]);
  }
});

test("H3: a server of a software level that cannot take part is never started beside in silence", () => {
  // Its frames cannot be read, but they are the frames of a live server (D56).
  const pair = started("none", 0);
  pair.power(0, false);
  for (let ms = 0; ms < 5 * T; ms += 100) {
    pair.tell(1, { kind: "presence.noticed", atMs: pair.nowMs, from: 0, reason: "version" });
    pair.run(100);
    assert.is(pair.shows(1), "member");
  }
  assert.ok(pair.at(1).notes.includes("failover-not-possible"));
  const alone = new Pair(pairConfig("none"));
  alone.power(0, false);
  for (let ms = 0; ms < 5 * T; ms += 100) {
    alone.tell(1, { kind: "presence.noticed", atMs: alone.nowMs, from: 0, reason: "version" });
    alone.run(100);
    assert.is(alone.shows(1), "starting");
  }
});

test.run();
