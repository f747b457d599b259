/**
 * Operators who act at bad moments, and programs that do not behave. An order is no fault by itself: it is one
 * here because the cluster may be anywhere when it comes.
 * Source: reliability.md 2.3 (operator), F2, F13; R44-R56, R180-R190; D18-D22; protocol.md 1.8.
 */
import type { RequestVerb } from "../../services/failover/words.ts";
import { type Blow, type FaultKind, INSIDE, OUTSIDE, otherThan } from "./fault-kind.ts";
import { bend } from "./faults-power.ts";

const order = (
  name: string,
  does: string,
  unit: FaultKind["unit"],
  strike: (blow: Blow) => void,
  covers = INSIDE,
): FaultKind => ({
  name,
  medium: "order",
  does,
  unit,
  range: [0, unit === "group" ? 1 : 0],
  covers,
  strike,
});

const give = ({ host }: Blow, verb: RequestVerb, group: number, target: number | null): void =>
  host.agent?.order(verb, group, target);

export const ORDER_FAULTS: readonly FaultKind[] = [
  order("order-stop", "at the struck server: stop that group", "group", (blow) =>
    give(blow, "group.stop", blow.amount, null),
  ),
  order("order-start", "at the struck server: start that group", "group", (blow) =>
    give(blow, "group.start", blow.amount, null),
  ),
  order("order-move", "at the struck server: move that group", "group", (blow) =>
    give(blow, "group.move", blow.amount, null),
  ),
  order(
    "order-crossed",
    "at both servers in one instant: move that group, and stop it",
    "group",
    (blow) => {
      give(blow, "group.move", blow.amount, null);
      otherThan(blow).agent?.order("group.stop", blow.amount, null);
    },
  ),
  order("order-detach", "at the other server: detach the struck one", "-", (blow) =>
    otherThan(blow).agent?.order("server.detach", 0, blow.host.index),
  ),
  order("order-return", "at the struck server: return", "-", (blow) =>
    give(blow, "server.return", 0, blow.host.index),
  ),
  order("order-server-shutdown", "at the other server: shut the struck one down", "-", (blow) =>
    otherThan(blow).agent?.order("server.shutdown", 0, blow.host.index),
  ),
  order("order-cluster-shutdown", "at the struck server: shut the cluster down", "-", (blow) =>
    give(blow, "cluster.shutdown", 0, null),
  ),
  order("order-force-return", "at the struck server: go on alone without the others", "-", (blow) =>
    give(blow, "server.force-return", 0, blow.host.index),
  ),
  order("order-start-now", "at the struck server: wait for nobody", "-", (blow) =>
    give(blow, "cluster.start-now", 0, blow.host.index),
  ),
  order(
    "order-confirm-off",
    "at the struck server: the other one is off, whether it is or not",
    "-",
    (blow) => give(blow, "server.confirm-off", 0, otherThan(blow).index),
    OUTSIDE,
  ),
];

const program = (
  name: string,
  does: string,
  unit: FaultKind["unit"],
  range: readonly [number, number],
  strike: (blow: Blow) => void,
  end?: (blow: Blow) => void,
): FaultKind => ({
  name,
  medium: "program",
  does,
  unit,
  range,
  covers: INSIDE,
  strike,
  ...(end === undefined ? {} : { end }),
});

export const PROGRAM_FAULTS: readonly FaultKind[] = [
  program(
    "program-crash",
    "the program of that group ends once",
    "group",
    [0, 1],
    ({ world, amount }) => {
      const owner = world.hosts.find((host) => host.running[amount] === true);
      owner?.agent?.do(() => owner.agent?.endProgram(amount));
    },
  ),
  program(
    "program-broken",
    "the program of that group ends soon after each start on the struck server",
    "group",
    [0, 1],
    ({ host, amount }) => {
      host.broken.add(amount);
      if (host.running[amount] === true) host.agent?.do(() => host.agent?.endProgram(amount));
    },
    ({ host, amount }) => host.broken.delete(amount),
  ),
  {
    ...program(
      "program-start-fails",
      "no program starts on the struck server",
      "-",
      [0, 0],
      () => undefined,
    ),
    ...bend("startFails", () => true, false),
  },
  {
    ...program(
      "program-start-slow",
      "programs start so much later on the struck server",
      "ms",
      [100, 5000],
      () => undefined,
    ),
    ...bend("startMs", (amount) => amount, 0),
  },
  {
    ...program(
      "program-start-hangs",
      "no start on the struck server is ever answered",
      "-",
      [0, 0],
      () => undefined,
    ),
    ...bend("startMs", () => Number.POSITIVE_INFINITY, 0),
  },
  {
    ...program(
      "program-stop-fails",
      "no program stops on the struck server",
      "-",
      [0, 0],
      () => undefined,
    ),
    ...bend("stopFails", () => true, false),
  },
  {
    ...program(
      "program-stop-slow",
      "programs stop so much later on the struck server",
      "ms",
      [100, 5000],
      () => undefined,
    ),
    ...bend("stopMs", (amount) => amount, 0),
  },
  {
    ...program(
      "program-stop-hangs",
      "no stop on the struck server is ever answered",
      "-",
      [0, 0],
      () => undefined,
    ),
    ...bend("stopMs", () => Number.POSITIVE_INFINITY, 0),
  },
];
