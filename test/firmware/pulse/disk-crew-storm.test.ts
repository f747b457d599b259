/**
 * Storms over three and four servers with the shared-disk method: wires, disks, freezes, restarts, power, leaves and
 * returns in any order, by seed. One thing must never be: somebody holds a lease in a view without one that still
 * runs something. A server that comes back asks for its return, or starts as after a clean stop.
 * Source: protocol.md 1.3-1.6; reliability.md 2.1; R67, R79.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Prng } from "../../../hal/base/prng.ts";
import { Crew, crewConfig } from "./crew.ts";

const TIMES = [
  {},
  { earlyVerdict: true },
  { diskWaitMs: 2000 },
  { diskWaitMs: 1600 },
  { diskWaitMs: 900, earlyVerdict: true },
] as const;
const PAUSES_MS = [3, 17, 60, 150, 400, 900, 1500, 2600] as const;
const DELAYS_MS = [0, 2, 20, 90, 200] as const;
const BLOWS = 25;

function pick<T>(list: readonly T[], prng: Prng): T {
  const one = list[prng.below(list.length)];
  if (one === undefined) throw new Error("nothing to pick from");
  return one;
}

const everyone = (crew: Crew): number[] => crew.hosts.map((_, index) => index);

/** What may happen to server `a`, with another one `b` where it takes two. */
const STROKES: readonly ((crew: Crew, a: number, b: number, prng: Prng) => void)[] = [
  (crew, a, b) => crew.part([a], [b]),
  (crew, a, b) => crew.wire(a, b, true),
  (crew, a) => {
    const others = everyone(crew).filter((index) => index !== a);
    crew.part([a], others);
  },
  (crew) => {
    for (const wires of crew.cut) wires.fill(false);
  },
  (crew) => {
    for (const one of everyone(crew)) for (const to of everyone(crew)) crew.wire(one, to, true);
  },
  (crew, a) => {
    crew.diskDown[a] = crew.diskDown[a] !== true;
  },
  (crew, a, _, prng) => {
    crew.diskDelaysMs[a] = pick(DELAYS_MS, prng);
  },
  (crew, a, _, prng) => crew.freeze(a, 50 + prng.below(2500)),
  (crew, a, _, prng) => {
    const { will, on, agentHungUntilMs } = crew.at(a);
    const isIn = on && will === null && crew.members(a).length > 0;
    if (isIn && crew.nowMs >= agentHungUntilMs) crew.restart(a, prng.below(3) > 0);
  },
  (crew, a) => crew.off(a),
  (crew, a, _, prng) => {
    const isGone = !crew.at(a).on || crew.at(a).will !== null;
    if (isGone) crew.boot(a, prng.below(3) === 0 ? "start" : "detached");
  },
  (crew, a) => {
    if (crew.shows(a) === "detached") crew.say(a, { kind: "return", floor: 0 });
  },
  (crew, a) => {
    const isIdle = crew.at(a).on && !crew.at(a).owns;
    if (isIdle && crew.shows(a).startsWith("member")) crew.say(a, { kind: "leave" });
  },
  (crew, a) => {
    const { view, server } = crew.at(a).state.membership;
    if (server !== "leaving" || view === null) return;
    crew.say(a, { kind: "resume", view, ackedStampMs: null, remembered: true });
  },
  (crew, a) => crew.own(a, false),
  (crew, a, _, prng) => {
    crew.at(a).agentHungUntilMs = crew.nowMs + prng.below(1500);
  },
];

/** Whoever may begin does so now and then. */
function runOn(crew: Crew, forMs: number, prng: Prng): void {
  for (let ms = 0; ms < forMs; ms += 25) {
    crew.run(Math.min(25, forMs - ms));
    for (const index of everyone(crew)) {
      if (crew.holds(index) && prng.below(6) === 0) crew.own(index, true);
    }
  }
}

function storm(seed: number): Crew {
  const prng = new Prng(seed);
  const count = 3 + prng.below(2);
  const crew = new Crew(crewConfig(count, pick(TIMES, prng)));
  crew.run(1500);
  for (let blow = 0; blow < BLOWS && crew.violations.length === 0; blow += 1) {
    const a = prng.below(count);
    const b = (a + 1 + prng.below(count - 1)) % count;
    pick(STROKES, prng)(crew, a, b, prng);
    runOn(crew, pick(PAUSES_MS, prng), prng);
  }
  return crew;
}

/** The first of the storms to play, and how many. */
const FROM = Number(process.env["KAGE_CREW_FROM"] ?? 1);
const COUNT = Number(process.env["KAGE_CREW_SEEDS"] ?? 40);

test("R67, R79: in no storm does anybody begin without one that still runs something", () => {
  const reasons = new Set<string>();
  for (let seed = FROM; seed < FROM + COUNT; seed += 1) {
    const crew = storm(seed);
    assert.equal(crew.violations.slice(0, 3), [], `seed ${seed}: ${crew.all().join(", ")}`);
    for (const { will } of crew.hosts) if (will !== null) reasons.add(will.reason);
  }
  assert.ok(reasons.has("excluded") && reasons.has("disk-faulty"), [...reasons].join(", "));
});

test.run();
