/**
 * Faults that need three servers and more: links between some of them only, and the loss of whoever draws the
 * next view while it is drawn. Source: reliability.md 1.4 (partitions of Jepsen), F5, F6; protocol.md 1.3-1.4.
 */
import { COM, type Wire } from "../../firmware/simulator/wires.ts";
import type { World } from "../../firmware/simulator/world.ts";
import { type Blow, type FaultKind, INSIDE } from "./fault-kind.ts";

/** Every LAN direction for which `isStruck` says so. */
function change(
  world: World,
  isStruck: (from: number, to: number) => boolean,
  faults: Partial<Wire>,
): void {
  for (const path of world.wires.paths) {
    if (path === COM) continue;
    for (const { index: from } of world.hosts) {
      for (const { index: to } of world.hosts) {
        if (from !== to && isStruck(from, to)) world.wires.changeLink(path, from, to, faults);
      }
    }
  }
}

const whole = ({ world }: Blow): void => change(world, () => true, {});

const many = (
  name: string,
  does: string,
  unit: FaultKind["unit"],
  range: readonly [number, number],
  strike: (blow: Blow) => void,
  end: (blow: Blow) => void = whole,
): FaultKind => ({
  name,
  medium: "lan",
  does,
  unit,
  range,
  covers: INSIDE,
  needs: "many",
  strike,
  end,
});

function coordinatorOf({ world, host }: Blow): number {
  return host.pulse?.state.membership.view?.epoch.coordinator ?? world.hosts[0]?.index ?? 0;
}

export const MANY_FAULTS: readonly FaultKind[] = [
  many(
    "links-pair",
    "the struck server and the next one do not reach each other",
    "-",
    [0, 0],
    ({ world, host }) => {
      const next = (host.index + 1) % world.hosts.length;
      const ends = [host.index, next];
      change(world, (from, to) => ends.includes(from) && ends.includes(to), { cut: true });
    },
  ),
  many("links-star", "everybody reaches the struck server only", "-", [0, 0], ({ world, host }) =>
    change(world, (from, to) => from !== host.index && to !== host.index, { cut: true }),
  ),
  many(
    "links-split",
    "the servers of that bit set and the others do not reach each other",
    "count",
    [1, 6],
    ({ world, amount }) =>
      change(world, (from, to) => ((amount & (1 << from)) === 0) !== ((amount & (1 << to)) === 0), {
        cut: true,
      }),
  ),
  many("links-circle", "everybody is heard by the next one only", "-", [0, 0], ({ world }) =>
    change(world, (from, to) => to !== (from + 1) % world.hosts.length, { cut: true }),
  ),
  many(
    "coordinator-off",
    "the coordinator loses power so long after the struck server did, while the next view is drawn",
    "ms",
    [0, 1500],
    (blow) => {
      const coordinator = coordinatorOf(blow);
      blow.host.off("cut");
      blow.world.clock.after(blow.amount, () => blow.world.at(coordinator).off("cut"));
    },
    () => undefined,
  ),
];
