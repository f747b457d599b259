/**
 * Faults of the processes of one server and of the server as a whole: killed, hung, away, late, cut off from
 * each other. Source: reliability.md 2.3 (node), F7-F10; guide 1.2.1(3), R21-R24; D24; protocol.md 1.2, 1.4.8.
 */
import type { SwarmHost } from "../../firmware/simulator/host.ts";
import {
  ASLEEP,
  type Blow,
  type Covers,
  type FaultKind,
  INSIDE,
  OUTSIDE,
  onAll,
  repeat,
} from "./fault-kind.ts";
import { bend } from "./faults-power.ts";

const process = (
  name: string,
  does: string,
  unit: FaultKind["unit"],
  range: readonly [number, number],
  covers: Covers,
  strike: (blow: Blow) => void,
  end?: (blow: Blow) => void,
): FaultKind => ({
  name,
  medium: "process",
  does,
  unit,
  range,
  covers,
  strike,
  ...(end === undefined ? {} : { end }),
});

/** From here on the supervisor needs so much longer. */
function away({ host, amount }: Blow, kill: () => void): void {
  host.bends.restartMs = amount;
  kill();
}

/** A stream that has lost words is no stream any more: the two meet again when one of them starts anew. */
export function rejoin(host: SwarmHost): void {
  const wasLost = host.bends.ipcMs === Number.POSITIVE_INFINITY;
  host.bends.ipcMs = 0;
  if (wasLost) host.killAgent();
}

const backAtOnce = ({ host }: Blow): void => {
  host.bends.restartMs = 0;
};

export const PROCESS_FAULTS: readonly FaultKind[] = [
  process("kill-pulse", "the pulse is killed and restarted", "-", [0, 0], INSIDE, ({ host }) =>
    host.killPulse("fault"),
  ),
  process("kill-agent", "the agent is killed and restarted", "-", [0, 0], INSIDE, ({ host }) =>
    host.killAgent(),
  ),
  process(
    "kill-disk",
    "the disk process is killed and restarted",
    "-",
    [0, 0],
    INSIDE,
    ({ host }) => host.killDisk(),
  ),
  process(
    "kill-both",
    "pulse and agent are killed in one instant",
    "-",
    [0, 0],
    INSIDE,
    ({ host }) => {
      host.killPulse("fault");
      host.killAgent();
    },
  ),
  process(
    "pulse-away",
    "the pulse is killed and comes back so much later",
    "ms",
    [200, 4000],
    INSIDE,
    (blow) => away(blow, () => blow.host.killPulse("fault")),
    backAtOnce,
  ),
  process(
    "agent-away",
    "the agent is killed and comes back so much later",
    "ms",
    [500, 8000],
    INSIDE,
    (blow) => away(blow, () => blow.host.killAgent()),
    backAtOnce,
  ),
  process(
    "pulse-crash-loop",
    "the pulse dies so many times, 0.4 s apart",
    "count",
    [3, 10],
    INSIDE,
    (blow) => repeat(blow, blow.amount, 400, () => blow.host.killPulse("fault")),
  ),
  process(
    "agent-crash-loop",
    "the agent dies so many times, 0.5 s apart",
    "count",
    [3, 20],
    INSIDE,
    (blow) => repeat(blow, blow.amount, 500, () => blow.host.killAgent()),
  ),
  process(
    "hang-pulse",
    "the pulse is not scheduled for so long",
    "ms",
    [50, 5000],
    ASLEEP,
    ({ host, world, amount }) => host.pulse?.freeze(world.clock.nowMs + amount),
  ),
  process(
    "hang-agent",
    "the agent is not scheduled for so long",
    "ms",
    [50, 8000],
    INSIDE,
    ({ host, world, amount }) => host.agent?.freeze(world.clock.nowMs + amount),
  ),
  process(
    "freeze",
    "nothing of the struck server runs for so long",
    "ms",
    [50, 6000],
    ASLEEP,
    ({ host, amount }) => host.freeze(amount),
  ),
  process(
    "freeze-all",
    "nothing of any server runs for so long",
    "ms",
    [50, 5000],
    ASLEEP,
    ({ world, amount }) => onAll(world, (host) => host.freeze(amount)),
  ),
  process(
    "stutter",
    "the struck server stands still for so long ten times, half as long between",
    "ms",
    [50, 900],
    ASLEEP,
    (blow) => repeat(blow, 10, 1.5 * blow.amount, () => blow.host.freeze(blow.amount)),
  ),
  {
    ...process(
      "late",
      "every process of the struck server wakes so late",
      "ms",
      [20, 600],
      OUTSIDE,
      () => undefined,
    ),
    ...bend("lateMs", (amount) => amount, 0),
  },
  {
    ...process(
      "ipc-slow",
      "words between the processes of the struck server take so long",
      "ms",
      [5, 1500],
      INSIDE,
      () => undefined,
    ),
    ...bend("ipcMs", (amount) => amount, 0),
  },
  {
    ...process(
      "ipc-lost",
      "no word passes between the processes of the struck server",
      "-",
      [0, 0],
      INSIDE,
      () => undefined,
    ),
    ...bend("ipcMs", () => Number.POSITIVE_INFINITY, 0),
    end: ({ host }) => rejoin(host),
  },
  {
    ...process(
      "will-slow",
      "the last will of the struck server takes so much longer",
      "ms",
      [20, 900],
      OUTSIDE,
      () => undefined,
    ),
    ...bend("giveUpMs", (amount) => amount, 0),
  },
  {
    ...process(
      "will-hangs",
      "a program of the struck server outlives the last will",
      "-",
      [0, 0],
      OUTSIDE,
      () => undefined,
    ),
    ...bend("giveUpMs", () => Number.POSITIVE_INFINITY, 0),
  },
];
