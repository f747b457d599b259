/**
 * Faults of mains, off input, watchdog and clocks. Source: reliability.md 2.3 (node, clock, power), F7, F17,
 * F19, F22; protocol.md 1.2 (clock rate), 1.3.6 (watchdog); D54.
 */
import type { Bends } from "../../firmware/simulator/bends.ts";
import type { SwarmHost } from "../../firmware/simulator/host.ts";
import {
  type Blow,
  type Covers,
  type FaultKind,
  INSIDE,
  OUTSIDE,
  onAll,
  repeat,
} from "./fault-kind.ts";

const power = (
  name: string,
  does: string,
  unit: FaultKind["unit"],
  range: readonly [number, number],
  strike: (blow: Blow) => void,
  end?: (blow: Blow) => void,
): FaultKind => ({
  name,
  medium: "power",
  does,
  unit,
  range,
  covers: INSIDE,
  strike,
  ...(end === undefined ? {} : { end }),
});

function dip({ world }: Blow, host: SwarmHost, forMs: number): void {
  host.off("cut");
  world.clock.after(forMs, () => host.power());
}

function chatter(blow: Blow): void {
  repeat(blow, blow.amount, 700, () => dip(blow, blow.host, 400));
}

/** A lever on the struck server that is put back at the end. */
export function bend<K extends keyof Bends>(
  key: K,
  to: (amount: number) => Bends[K],
  back: Bends[K],
): { strike: (blow: Blow) => void; end: (blow: Blow) => void } {
  return {
    strike: ({ host, amount }) => {
      host.bends[key] = to(amount);
    },
    end: ({ host }) => {
      host.bends[key] = back;
    },
  };
}

export const POWER_FAULTS: readonly FaultKind[] = [
  power("power-off", "the struck server loses power", "-", [0, 0], ({ host }) => host.off("cut")),
  power("power-dip", "the struck server is without power so long", "ms", [50, 4000], (blow) =>
    dip(blow, blow.host, blow.amount),
  ),
  power(
    "power-chatter",
    "the struck server's power goes so many times, 0.7 s apart",
    "count",
    [2, 6],
    chatter,
  ),
  power("power-on", "the struck server is switched on", "-", [0, 0], ({ host }) => host.power()),
  power("mains-off", "all servers lose power in one instant", "-", [0, 0], ({ world }) =>
    onAll(world, (host) => host.off("cut")),
  ),
  power(
    "mains-staggered",
    "server after server loses power, so long apart",
    "ms",
    [20, 1500],
    (blow) => {
      const order = [blow.host, ...blow.world.hosts.filter((host) => host !== blow.host)];
      for (const [at, host] of order.entries()) {
        blow.world.clock.after(at * blow.amount, () => host.off("cut"));
      }
    },
  ),
  power("mains-dip", "all servers are without power so long", "ms", [50, 4000], (blow) =>
    onAll(blow.world, (host) => dip(blow, host, blow.amount)),
  ),
  {
    name: "off-fails",
    medium: "power",
    does: "the struck server stays on when it switches itself off",
    unit: "-",
    range: [0, 0],
    // The will has ended the groups before that.
    covers: INSIDE,
    ...bend("offWorks", () => false, true),
  },
];

const watchdog = (
  name: string,
  does: string,
  unit: FaultKind["unit"],
  range: readonly [number, number],
  share: (amount: number) => number,
  covers: Covers,
): FaultKind => {
  const { strike, end } = bend("watchdogShare", share, 1);
  return { name, medium: "watchdog", does, unit, range, covers, needs: "watchdog", strike, end };
};

export const WATCHDOG_FAULTS: readonly FaultKind[] = [
  watchdog("watchdog-absent", "the board never resets", "-", [0, 0], () => 0, OUTSIDE),
  watchdog(
    "watchdog-late",
    "the board resets after so many hundredths of W",
    "percent",
    [150, 900],
    (amount) => amount / 100,
    OUTSIDE,
  ),
  watchdog(
    "watchdog-early",
    "the board resets after so many hundredths of W",
    "percent",
    [5, 60],
    (amount) => amount / 100,
    INSIDE,
  ),
];

const clock = (
  name: string,
  does: string,
  unit: FaultKind["unit"],
  range: readonly [number, number],
  covers: Covers,
  strike: (blow: Blow) => void,
  end: (blow: Blow) => void = ({ host }) => host.bendClock(1, 0),
): FaultKind => ({ name, medium: "clock", does, unit, range, covers, strike, end });

export const CLOCK_FAULTS: readonly FaultKind[] = [
  clock(
    "clock-fast",
    "the struck server's clock runs so many hundredths too fast",
    "percent",
    [1, 100],
    OUTSIDE,
    ({ host, amount }) => host.bendClock(1 + amount / 100, 0),
  ),
  clock(
    "clock-slow",
    "the struck server's clock runs so many hundredths too slow",
    "percent",
    [1, 80],
    OUTSIDE,
    ({ host, amount }) => host.bendClock(1 - amount / 100, 0),
  ),
  clock(
    "clock-stopped",
    "the struck server's clock stands still while it runs",
    "-",
    [0, 0],
    OUTSIDE,
    ({ host }) => host.bendClock(0, 0),
  ),
  // Taken for a gap, as after a migration; the time that it pretends has not passed elsewhere.
  clock(
    "clock-forward",
    "the struck server's clock jumps ahead",
    "ms",
    [200, 60_000],
    OUTSIDE,
    ({ host, amount }) => host.bendClock(1, amount),
  ),
  clock(
    "clock-back",
    "the struck server's clock jumps back, as after a restored snapshot",
    "ms",
    [200, 60_000],
    OUTSIDE,
    ({ host, amount }) => host.bendClock(1, -amount),
  ),
];
