/**
 * Faults of the arbitration array: paths that fail or hang, writes that are torn, lost, late or elsewhere,
 * readings that are old, slots that are not ours. Source: reliability.md 2.3 (shared disk), F7, F18, F23;
 * protocol.md 1.5-1.6, P6; D5, D18.
 */
import type { DiskFault } from "../../firmware/simulator/array.ts";
import { type Blow, type Covers, type FaultKind, INSIDE, OUTSIDE, onAll } from "./fault-kind.ts";

const array = (
  name: string,
  does: string,
  covers: Covers,
  strike: (blow: Blow) => void,
  end?: (blow: Blow) => void,
): FaultKind => ({
  name,
  medium: "array",
  does,
  unit: "-",
  range: [0, 0],
  covers,
  needs: "array",
  strike,
  ...(end === undefined ? {} : { end }),
});

const path = (name: string, does: string, fault: DiskFault, covers: Covers = INSIDE): FaultKind =>
  array(
    name,
    does,
    covers,
    ({ host }) => host.disk.setFault(fault),
    ({ host }) => host.disk.setFault("none"),
  );

const whole = (name: string, does: string, fault: DiskFault): FaultKind =>
  array(
    name,
    does,
    INSIDE,
    ({ world }) => onAll(world, (host) => host.disk.setFault(fault)),
    ({ world }) => onAll(world, (host) => host.disk.setFault("none")),
  );

const slot = (name: string, does: string, spoil: "wiped" | "foreign"): FaultKind =>
  array(
    name,
    does,
    INSIDE,
    ({ world, host }) => world.array.spoilt.set(host.index, spoil),
    ({ world, host }) => world.array.spoilt.delete(host.index),
  );

export const ARRAY_FAULTS: readonly FaultKind[] = [
  path("array-path", "the struck server's path answers with errors", "error"),
  whole("array-off", "every path answers with errors", "error"),
  path("array-path-stall", "the struck server's operations hang and are done at the end", "stall"),
  whole("array-stall", "all operations hang and are done at the end", "stall"),
  path("array-write-stall", "the struck server's writes hang, its readings do not", "write-stall"),
  path("array-read-only", "the struck server's writes fail", "read-only"),
  path("array-write-only", "the struck server's readings fail", "write-only"),
  path("array-torn", "writes fail and may have landed", "torn"),
  path("array-slow", "every operation takes up to 1.5 s", "slow"),
  path("array-ghost", "writes fail and land up to 4 s later", "ghost"),
  // Of what an array says it has written it has to give back the last: README, limits.
  path("array-stale", "the struck server reads old words, whole and signed", "stale", OUTSIDE),
  path("array-lost", "writes are answered and do not land", "lost", OUTSIDE),
  path("array-misplaced", "writes land in the other server's slot", "misplaced", OUTSIDE),
  slot("array-wiped", "the struck server's slot is zeros", "wiped"),
  slot("array-foreign", "the struck server's slot holds a block of another cluster", "foreign"),
  array("array-rollback", "every slot is put back as it was two words ago", OUTSIDE, ({ world }) =>
    world.array.rollBack(2),
  ),
];
