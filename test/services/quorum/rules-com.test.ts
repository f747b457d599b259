/**
 * Rules A1-A7, C1-C7 and H1-H3 of the guide, one test each, over whole pulses in virtual time. Expectations are
 * the guide's words: who fails over and who performs an emergency shutdown (ES).
 */
import * as assert from "uvu/assert";
import { cutAll, everBothSole, Pair, pairConfig, started } from "../../firmware/pulse/pair.ts";
import { SAYS, SAYS_NOTHING } from "../../firmware/pulse/pair-words.ts";
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

/** Two servers that start together; the software of SERVER2 does not say that it carries out "none". */
function startedBesideOther(): Pair {
  const pair = new Pair(pairConfig("none"));
  pair.at(1).says = SAYS_NOTHING;
  pair.run(5 * T);
  return pair;
}

test("H3, R102: none is refused beside software that does not say it: nobody gets into a view", () => {
  const pair = startedBesideOther();
  assert.equal(outcome(pair), ["starting", "starting"]);
  assert.equal([pair.at(0).will, pair.at(1).will], [null, null]);
  // Brought up to date, it is let in.
  pair.at(1).says = SAYS;
  pair.run(T);
  assert.equal(outcome(pair), ["member", "member"]);
});

test("H3, R102: a server that runs alone does not take it in, and does not go to it", () => {
  for (const first of [0, 1]) {
    const pair = new Pair(pairConfig("none"));
    pair.power(1 - first, false);
    pair.at(1).says = SAYS_NOTHING;
    pair.run(5 * T);
    pair.own(first, true);
    pair.power(1 - first, true, "start");
    pair.at(1).says = SAYS_NOTHING;
    for (let ms = 0; ms < 5 * T; ms += 1) {
      pair.run(1);
      assert.not(pair.acts(1 - first) || pair.holds(1 - first));
    }
    assert.is(pair.shows(first), "sole");
    assert.is(pair.shows(1 - first), "starting");
  }
});

test("H3, R103: it falls silent after a start together: nothing starts here, until a person has looked", () => {
  const pair = startedBesideOther();
  pair.power(1, false);
  pair.run(5 * T);
  assert.is(pair.shows(0), "starting");
  assert.is(pair.at(0).state.membership.refused, "method-unsupported");
  assert.ok(pair.at(0).notes.includes("start.refused-alone"));
  pair.at(0).peerOff = true;
  pair.run(T);
  assert.is(pair.shows(0), "sole");
});

test("H3, R102: outside and idle it is in nobody's way", () => {
  const pair = new Pair(pairConfig("none"), ["start", "detached"]);
  pair.at(1).says = SAYS_NOTHING;
  pair.run(5 * T);
  assert.equal(outcome(pair), ["goes on", "detached"]);
  pair.setWish(1, { kind: "return", floor: 0 });
  pair.run(5 * T);
  assert.equal(outcome(pair), ["goes on", "returning"]);
});

test("H3, R103: other software put below a running cluster, and then dead: ES of the healthy server", () => {
  for (const owner of [0, 1]) {
    const pair = started("none", owner);
    pair.at(1).says = SAYS_NOTHING;
    pair.run(T);
    assert.equal(outcome(pair), ["member", "member"], "as long as it is heard nothing happens");
    pair.power(1, false);
    const cutMs = pair.nowMs;
    pair.run(5 * T);
    assert.equal(outcome(pair), ["ES method-unsupported", "dead"], `owner ${owner}`);
    const lastedMs = (pair.at(0).will?.atMs ?? 0) - cutMs;
    const { a3Ms, timeoutMs, intervalMs } = pair.config.budget;
    const deadlineMs = owner === 0 ? a3Ms : timeoutMs;
    assert.ok(Math.abs(lastedMs - deadlineMs) <= intervalMs, `ES after ${lastedMs} ms`);
  }
});

test("H3, R103: all LANs cut beside other software that goes on: never a double start", () => {
  for (const owner of [0, 1]) {
    const pair = started("none", owner);
    pair.at(1).says = SAYS_NOTHING;
    pair.run(T);
    cutLans(pair);
    for (let ms = 0; ms < 5 * T; ms += 1) {
      pair.run(1);
      assert.not(pair.shows(0) === "sole", "the healthy one never goes on");
      // Who takes over does it at once.
      if (pair.shows(1) === "sole") pair.own(1, true);
      assert.not(pair.acts(0) && pair.acts(1), `both at ${ms} ms`);
    }
    assert.equal(outcome(pair), ["ES method-unsupported", "goes on"]);
  }
});

test("H2, R103: a new pulse that has not heard the other one relies on the view of both", () => {
  const pair = started("none", 0);
  pair.power(1, false);
  pair.restartPulse(0, 100);
  pair.run(5 * T);
  assert.equal(outcome(pair), ["goes on", "dead"]);
});

test.run();
