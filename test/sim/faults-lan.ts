/**
 * Faults of the LANs: cut, lossy, late, bunched, damaged, too narrow, of another version, and frames of a dead
 * life played back. Where nothing else is said all LANs are struck, both ways.
 * Source: reliability.md 2.3 (UDP link), 1.1-1.2 (swizzle, clog), F1, F4, F5, F11; guide 1.2.4.
 */
import { COM, type Frame, type Pass, type Wire } from "../../firmware/simulator/wires.ts";
import type { World } from "../../firmware/simulator/world.ts";
import { type Blow, type FaultKind, INSIDE, otherThan } from "./fault-kind.ts";

type Tamper = NonNullable<Wire["tamper"]>;

const lansOf = (world: World): number[] => world.wires.paths.filter((path) => path !== COM);

/** Every direction between the struck server and the others. */
function change(
  blow: Blow,
  paths: readonly number[],
  faults: () => Partial<Wire>,
  ways = [0, 1],
): void {
  const { world, host } = blow;
  for (const path of paths) {
    for (const other of world.hosts) {
      if (other === host) continue;
      if (ways.includes(0)) world.wires.changeLink(path, host.index, other.index, faults());
      if (ways.includes(1)) world.wires.changeLink(path, other.index, host.index, faults());
    }
  }
}

export const changeLans = (blow: Blow, faults: () => Partial<Wire>, ways?: number[]): void =>
  change(blow, lansOf(blow.world), faults, ways);

export const changeCom = (blow: Blow, faults: () => Partial<Wire>, ways?: number[]): void =>
  change(blow, [COM], faults, ways);

const lan = (
  name: string,
  does: string,
  unit: FaultKind["unit"],
  range: readonly [number, number],
  strike: (blow: Blow) => void,
  end: (blow: Blow) => void = (blow) => changeLans(blow, () => ({})),
): FaultKind => ({ name, medium: "lan", does, unit, range, covers: INSIDE, strike, end });

/** Frames pass while the gate is open; with `held` they wait for it. */
export function gate(isOpen: () => boolean): Tamper {
  return (frame, pass) => {
    if (isOpen()) pass(frame, 0);
  };
}

/** Holds every frame until `release` is called on it, then lets all of them go at once. */
export class Dam {
  #held: (() => void)[] = [];
  readonly tamper: Tamper = (frame, pass) => {
    this.#held.push(() => pass(frame, 0));
  };

  release(): void {
    for (const go of this.#held.splice(0)) go();
  }
}

/** By world: what holds frames there at present. */
const DAMS = new WeakMap<World, Dam[]>();

export function dam(blow: Blow): () => Partial<Wire> {
  return () => {
    const built = new Dam();
    DAMS.set(blow.world, [...(DAMS.get(blow.world) ?? []), built]);
    return { tamper: built.tamper };
  };
}

export function releaseDams(world: World): void {
  // What comes so late may be heard of a server that is off meanwhile: it is late, and no replay.
  if (DAMS.has(world)) world.troubled();
  for (const built of DAMS.get(world) ?? []) built.release();
  DAMS.delete(world);
}

/** Runs of losses: mean length `meanMs`, as long between them. */
function bursts({ world, random }: Blow, meanMs: number): Tamper {
  let untilMs = world.clock.nowMs;
  let isBad = false;
  return (frame, pass) => {
    while (world.clock.nowMs >= untilMs) {
      isBad = !isBad;
      untilMs += 1 + random.below(2 * meanMs);
    }
    if (!isBad) pass(frame, 0);
  };
}

/** Batches of `size` frames, newest first. */
function reversed(size: number): Tamper {
  let batch: (readonly [Frame, Pass])[] = [];
  return (frame, pass) => {
    batch.push([frame, pass]);
    if (batch.length < size) return;
    for (const [late, go] of batch.reverse()) go(late, 0);
    batch = [];
  };
}

/** One frame per `everyMs`, the others are dropped. */
function narrow({ world }: Blow, everyMs: number): Tamper {
  let nextMs = 0;
  return (frame, pass) => {
    if (world.clock.nowMs < nextMs) return;
    nextMs = world.clock.nowMs + everyMs;
    pass(frame, 0);
  };
}

function swizzle(blow: Blow, isCut: boolean): void {
  const lans = lansOf(blow.world);
  for (const [at, path] of (isCut ? lans : [...lans].reverse()).entries()) {
    blow.world.clock.after(at * blow.amount, () => change(blow, [path], () => ({ cut: isCut })));
  }
}

/** Loss that falls from nine tenths to none in nine steps. */
function healSlowly(blow: Blow): void {
  for (let step = 1; step <= 9; step += 1) {
    const loss = 1 - step / 10;
    const setTo = (): void => changeLans(blow, () => ({ loss }));
    blow.world.clock.after((step - 1) * blow.amount, setTo);
  }
  blow.world.clock.after(9 * blow.amount, () => changeLans(blow, () => ({})));
}

/** A third party has recorded what the struck server says now, and plays it to the others from `amount` on. */
function playBack(blow: Blow): void {
  const { world, host, amount } = blow;
  const { process } = host.pulse ?? { process: 0 };
  const recorded: (readonly [Frame, Pass])[] = [];
  changeLans(
    blow,
    () => ({
      tamper: (frame, pass) => {
        pass(frame, 0);
        if (frame.process === process && recorded.length < 64) recorded.push([frame, pass]);
      },
    }),
    [0],
  );
  let at = 0;
  const play = (): void => {
    const entry = recorded[at % Math.max(1, recorded.length)];
    if (world.wires.at(0, host.index, otherThan(blow).index)?.tamper == null) return;
    if (entry !== undefined) entry[1](entry[0], 0);
    at += 1;
    world.clock.after(50, play);
  };
  world.clock.after(amount, play);
}

export const LAN_FAULTS: readonly FaultKind[] = [
  lan("lan-cut", "one LAN is cut", "LAN", [0, 1], (blow) =>
    change(blow, [blow.amount], () => ({ cut: true })),
  ),
  lan("lan-cut-one-way", "one LAN carries nothing from the struck server", "LAN", [0, 1], (blow) =>
    change(blow, [blow.amount], () => ({ cut: true }), [0]),
  ),
  lan("lans-cut", "all LANs are cut", "-", [0, 0], (blow) =>
    changeLans(blow, () => ({ cut: true })),
  ),
  lan("lans-cut-one-way", "no LAN carries anything from the struck server", "-", [0, 0], (blow) =>
    changeLans(blow, () => ({ cut: true }), [0]),
  ),
  lan(
    "lans-crossed",
    "each LAN carries one way only, the first out, the second in",
    "-",
    [0, 0],
    (blow) => {
      change(blow, [0], () => ({ cut: true }), [1]);
      change(blow, [1], () => ({ cut: true }), [0]);
    },
  ),
  lan(
    "lans-swizzle",
    "LAN after LAN is cut, so long apart, and restored in the other order",
    "ms",
    [50, 2000],
    (blow) => swizzle(blow, true),
    (blow) => swizzle(blow, false),
  ),
  lan("lans-flap", "all LANs are down and up in turn, so long each", "ms", [100, 1500], (blow) => {
    const { world, amount } = blow;
    const bornMs = world.clock.nowMs;
    const isUp = (): boolean => Math.floor((world.clock.nowMs - bornMs) / amount) % 2 === 1;
    changeLans(blow, () => ({ tamper: gate(isUp) }));
  }),
  lan("lans-loss", "so many of a hundred frames are lost", "percent", [5, 100], (blow) =>
    changeLans(blow, () => ({ loss: blow.amount / 100 })),
  ),
  lan("lans-bursts", "frames are lost in runs of this mean length", "ms", [100, 2000], (blow) =>
    changeLans(blow, () => ({ tamper: bursts(blow, blow.amount) })),
  ),
  lan("lans-delay", "every frame is so late", "ms", [20, 1200], (blow) =>
    changeLans(blow, () => ({ delayMs: blow.amount })),
  ),
  lan("lans-delay-one-way", "what the struck server sends is so late", "ms", [20, 1500], (blow) =>
    changeLans(blow, () => ({ delayMs: blow.amount }), [0]),
  ),
  lan(
    "lans-jitter",
    "every frame is up to so late, so that they overtake each other",
    "ms",
    [50, 3000],
    (blow) => changeLans(blow, () => ({ jitterMs: blow.amount })),
  ),
  lan(
    "lans-reversed",
    "frames come in batches of so many, newest first",
    "count",
    [2, 20],
    (blow) => changeLans(blow, () => ({ tamper: reversed(blow.amount) })),
  ),
  lan(
    "lans-stall",
    "a switch holds every frame and lets all go at the end (F1)",
    "-",
    [0, 0],
    (blow) => changeLans(blow, dam(blow)),
    (blow) => {
      changeLans(blow, () => ({}));
      releaseDams(blow.world);
    },
  ),
  lan("lans-narrow", "one frame in so long, the others are dropped", "ms", [150, 1500], (blow) =>
    changeLans(blow, () => ({ tamper: narrow(blow, blow.amount) })),
  ),
  lan("lans-mtu", "longer frames vanish", "bytes", [100, 400], (blow) =>
    changeLans(blow, () => ({ bytesMax: blow.amount })),
  ),
  lan(
    "lans-foreign-key",
    "frames arrive under a key that nobody here has (D56)",
    "-",
    [0, 0],
    (blow) => changeLans(blow, () => ({ garbled: true })),
  ),
  lan(
    "lans-damage",
    "one bit of so many of a hundred frames is turned",
    "percent",
    [5, 100],
    (blow) => changeLans(blow, () => ({ damage: blow.amount / 100 })),
  ),
  lan("lans-truncate", "so many of a hundred frames end early", "percent", [5, 100], (blow) =>
    changeLans(blow, () => ({ truncate: blow.amount / 100 })),
  ),
  lan(
    "lans-version",
    "the struck server speaks another version of the frames",
    "-",
    [0, 0],
    (blow) => changeLans(blow, () => ({ tamper: (frame, pass) => pass(frame, 0, "version") }), [0]),
  ),
  lan(
    "lans-replay",
    "what the struck server said is played back from so much later on",
    "ms",
    [500, 3000],
    playBack,
  ),
  lan(
    "lans-slow-heal",
    "all LANs are cut and come back with a loss that falls in steps of so long",
    "ms",
    [50, 600],
    (blow) => changeLans(blow, () => ({ cut: true })),
    healSlowly,
  ),
];
