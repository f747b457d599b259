/**
 * What a simulated cluster has come to, in the words of the table of expectations: each outcome is a plain
 * question about who is alone, who is off and who runs what.
 * Source: guide 1.2.4 (who goes on, who shuts down), 3.2.1 (continuity).
 */
import { unreachable } from "../../hal/base/assert.ts";
import type { SwarmHost } from "../simulator/host.ts";
import type { World } from "../simulator/world.ts";
import { OUTCOMES, type Outcome } from "./expected.ts";
import type { Fault } from "./fault.ts";
import { bothMembers, runsAt, type StartState } from "./stage.ts";

/** The first of `preferred` that holds, else the first of all, else null: none of the known ones. */
export function outcomeOf(
  world: World,
  start: StartState,
  fault: Pick<Fault, "server" | "group">,
  preferred: readonly Outcome[],
): Outcome | null {
  const holds = (outcome: Outcome): boolean => isOutcome(outcome, world, start, fault);
  return preferred.find(holds) ?? OUTCOMES.find(holds) ?? null;
}

function isOutcome(
  outcome: Outcome,
  world: World,
  start: StartState,
  { server, group }: Pick<Fault, "server" | "group">,
): boolean {
  switch (outcome) {
    case "unchanged":
      return bothMembers(world) && runsAt(world, start.owners);
    case "moved":
      return group !== null && bothMembers(world) && runsAt(world, moved(start, group));
    case "group-fails":
      return group !== null && bothMembers(world) && runsAt(world, failed(start, group));
    case "takeover":
      return server !== null && goesOnAlone(world, start, 1 - server);
    case "best-goes-on":
      return goesOnAlone(world, start, 0) && isDown(world, world.at(1));
    case "one-goes-on":
      return [0, 1].some(
        (one) => goesOnAlone(world, start, one) && isDown(world, world.at(1 - one)),
      );
    case "both-go-on":
      return [0, 1].every((one) => runsAllItMay(world, start, one));
    case "no-takeover":
      return world.hosts.every((host) =>
        host.running.every((runs, at) => !runs || start.owners[at] === host.index),
      );
    case "all-stop":
      return runsNothing(world) && world.hosts.every((host) => isDown(world, host));
    case "dark":
      return world.hosts.every(({ on, offReason }) => !on && offReason === "cut");
    default:
      return unreachable(outcome);
  }
}

const moved = (start: StartState, group: number): readonly number[] =>
  start.owners.map((owner, at) => (at === group ? 1 - owner : owner));

const failed = (start: StartState, group: number): readonly (number | null)[] =>
  start.owners.map((owner, at) => (at === group ? null : owner));

/** Switched off by the fault or by itself, or reset by its watchdog and outside since. */
function isDown(world: World, host: SwarmHost): boolean {
  const { offReason, on, index } = host;
  const isReset = offReason === "watchdog";
  if (on) return isReset && world.shows(index) === "detached";
  return isReset || offReason === "cut" || offReason.startsWith("es:");
}

/** And not because the fault has switched every server off. */
const runsNothing = (world: World): boolean =>
  world.hosts.every(({ running }) => running.every((runs) => !runs)) &&
  world.hosts.some(({ offReason }) => offReason !== "cut");

/** `server` runs every group that its policy lets it run, completely. */
function runsAllItMay(world: World, start: StartState, server: number): boolean {
  const host = world.at(server);
  const mayRun = world.config.groups.filter(
    ({ policy, index }) => policy.some((at) => at === server) || start.owners[index] === server,
  );
  const runs = mayRun.every(
    ({ index }) =>
      host.running[index] === true && host.agent?.state.groups[index]?.actual === "running",
  );
  return host.on && world.isSole(server) && runs;
}

function goesOnAlone(world: World, start: StartState, server: number): boolean {
  const other = world.at(1 - server);
  return runsAllItMay(world, start, server) && (!other.on || other.running.every((runs) => !runs));
}
