/**
 * Faults of the serial line: cut, lossy, late, stuck, noisy, under a foreign key.
 * Source: reliability.md 2.3 (RS-232C); guide 1.2.4 A4-A7, C4-C7; protocol.md 1.5 (COM word by stamps).
 */
import { type Blow, type FaultKind, INSIDE } from "./fault-kind.ts";
import { changeCom, dam, gate, releaseDams } from "./faults-lan.ts";

const com = (
  name: string,
  does: string,
  unit: FaultKind["unit"],
  range: readonly [number, number],
  strike: (blow: Blow) => void,
  end: (blow: Blow) => void = (blow) => changeCom(blow, () => ({})),
): FaultKind => {
  const medium = "com";
  return { name, medium, does, unit, range, covers: INSIDE, needs: "com", strike, end };
};

export const COM_FAULTS: readonly FaultKind[] = [
  com("com-cut", "the line is cut", "-", [0, 0], (blow) => changeCom(blow, () => ({ cut: true }))),
  com("com-cut-one-way", "the line carries nothing from the struck server", "-", [0, 0], (blow) =>
    changeCom(blow, () => ({ cut: true }), [0]),
  ),
  com("com-loss", "so many of a hundred frames are lost", "percent", [10, 100], (blow) =>
    changeCom(blow, () => ({ loss: blow.amount / 100 })),
  ),
  com("com-late", "every byte is so late", "ms", [50, 2000], (blow) =>
    changeCom(blow, () => ({ delayMs: blow.amount })),
  ),
  com(
    "com-damage",
    "one bit of so many of a hundred frames is turned",
    "percent",
    [10, 100],
    (blow) => changeCom(blow, () => ({ damage: blow.amount / 100 })),
  ),
  com(
    "com-split",
    "so many of a hundred frames end early and run into the next",
    "percent",
    [10, 100],
    (blow) => changeCom(blow, () => ({ truncate: blow.amount / 100 })),
  ),
  com(
    "com-foreign-key",
    "frames arrive under a key that nobody here has (D56)",
    "-",
    [0, 0],
    (blow) => changeCom(blow, () => ({ garbled: true })),
  ),
  com("com-flap", "the line is down and up in turn, so long each", "ms", [100, 1500], (blow) => {
    const { world, amount } = blow;
    const bornMs = world.clock.nowMs;
    const isUp = (): boolean => Math.floor((world.clock.nowMs - bornMs) / amount) % 2 === 1;
    changeCom(blow, () => ({ tamper: gate(isUp) }));
  }),
  com(
    "com-stall",
    "bytes are held and all come at the end",
    "-",
    [0, 0],
    (blow) => changeCom(blow, dam(blow)),
    (blow) => {
      changeCom(blow, () => ({}));
      releaseDams(blow.world);
    },
  ),
];
