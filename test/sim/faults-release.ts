/**
 * Servers of two releases in one cluster: one brought up to date, all of them one after the other, one taken back,
 * and orders that only a later release knows. Processes are of the release that was installed when they started.
 * Source: R207, D56; reliability.md 2.3 (software: mixed versions N/N+1); README, "New version without stopping groups".
 */
import type { SwarmHost } from "../../firmware/simulator/host.ts";
import type { ReleaseName } from "../../firmware/simulator/release.ts";
import { type Blow, type FaultKind, INSIDE, later } from "./fault-kind.ts";

const release = (
  name: string,
  does: string,
  unit: FaultKind["unit"],
  range: readonly [number, number],
  strike: (blow: Blow) => void,
  end?: (blow: Blow) => void,
): FaultKind => ({
  name,
  medium: "release",
  does,
  unit,
  range,
  covers: INSIDE,
  strike,
  ...(end === undefined ? {} : { end }),
});

/** As the README says it: the agent, then, when it answers again, pulse and disk process. */
function update(host: SwarmHost, to: ReleaseName, betweenMs: number): void {
  host.release = to;
  host.killAgent();
  later(host, betweenMs, () => {
    host.killPulse("update");
    host.killDisk();
  });
}

/** An operator who does it in order waits so long for `kage status`; an agent is back within 0.4 s. */
const IN_ORDER_MS = 800;

function rolling({ world, amount }: Blow, to: ReleaseName): void {
  for (const host of world.hosts) {
    later({ world }, host.index * amount, () => update(host, to, Math.min(amount, IN_ORDER_MS)));
  }
}

const agentOnly = (to: ReleaseName): Pick<FaultKind, "strike" | "end"> => ({
  strike: ({ host }) => {
    host.release = to;
    host.killAgent();
  },
  end: ({ host }) => {
    host.release = "present";
    host.killAgent();
  },
});

export const RELEASE_FAULTS: readonly FaultKind[] = [
  release(
    "release-update",
    "the struck server is brought to the later release, so long from agent to pulse; at the end back",
    "ms",
    [0, 2000],
    ({ host, amount }) => update(host, "later", amount),
    ({ host, amount }) => update(host, "present", amount),
  ),
  release(
    "release-rolling",
    "server after server is brought to the later release, so long apart; at the end back",
    "ms",
    [400, 3000],
    (blow) => rolling(blow, "later"),
    (blow) => rolling(blow, "present"),
  ),
  {
    ...release(
      "release-agent",
      "the struck server's agent is of the later release, its pulse stays",
      "-",
      [0, 0],
      () => undefined,
    ),
    ...agentOnly("later"),
  },
  {
    ...release(
      "release-before",
      "the struck server's agent is of a release that says none",
      "-",
      [0, 0],
      () => undefined,
    ),
    ...agentOnly("before"),
  },
  release(
    "release-installed",
    "the later release is on the struck server's disk, and what starts from now on is of it",
    "-",
    [0, 0],
    ({ host }) => {
      host.release = "later";
    },
  ),
  release(
    "release-order",
    "at the struck server: an order that only a later release knows",
    "-",
    [0, 0],
    ({ host }) => host.agent?.orderUnknown(),
  ),
];
