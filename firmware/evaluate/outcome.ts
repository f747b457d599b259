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
import { allMembers, areOneView, bestOf, runsAt, type StartState } from "./stage.ts";

type Struck = Pick<Fault, "servers" | "group">;

/** The first of `preferred` that holds, else the first of all, else null: none of the known ones. */
export function outcomeOf(
  world: World,
  start: StartState,
  fault: Struck,
  preferred: readonly Outcome[],
): Outcome | null {
  const holds = (outcome: Outcome): boolean => isOutcome(outcome, world, start, fault);
  return preferred.find(holds) ?? OUTCOMES.find(holds) ?? null;
}

function isOutcome(
  outcome: Outcome,
  world: World,
  start: StartState,
  { servers, group }: Struck,
): boolean {
  switch (outcome) {
    case "unchanged":
      return allMembers(world) && runsAt(world, start.owners);
    case "moved":
      return group !== null && allMembers(world) && runsAt(world, moved(world, start, group));
    case "group-fails":
      return group !== null && allMembers(world) && runsAt(world, failed(start, group));
    case "takeover":
      return (
        goOnWithout(world, start, servers) || goOnWithMoved(world, start, servers, group ?? -1)
      );
    case "majority-goes-on":
      return goOn(world, start, servers);
    case "some-go-on":
      return goOn(world, start, outside(world));
    case "best-goes-on":
      return goOn(world, start, besides(world, [0]));
    case "best-side-goes-on":
      return goOn(world, start, servers.includes(0) ? besides(world, servers) : servers);
    case "one-goes-on":
      return isPair(world) && [0, 1].some((one) => goOn(world, start, [one]));
    case "both-go-on":
      return isPair(world) && [0, 1].every((one) => runsAllItMay(world, start, one));
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

/** All but `lost` go on, and every one of these is down. */
const goOn = (world: World, start: StartState, lost: readonly number[]): boolean =>
  goOnWithout(world, start, lost) && areDown(world, lost);

const besides = ({ hosts }: World, some: readonly number[]): readonly number[] =>
  hosts.map(({ index }) => index).filter((index) => !some.includes(index));

const isPair = ({ hosts }: World): boolean => hosts.length === 2;

/** The best other server of the group's policy. */
const moved = (world: World, start: StartState, group: number): readonly (number | null)[] =>
  start.owners.map((owner, at) => (at === group ? bestOf(world.config, at, [owner]) : owner));

const failed = (start: StartState, group: number): readonly (number | null)[] =>
  start.owners.map((owner, at) => (at === group ? null : owner));

/** Switched off by the fault or by itself, or reset by its watchdog and outside since. */
function isDown(world: World, host: SwarmHost): boolean {
  const { offReason, on, index } = host;
  const isReset = offReason === "watchdog";
  if (on) return isReset && world.shows(index) === "detached";
  return isReset || offReason === "cut" || offReason.startsWith("es:");
}

const areDown = (world: World, servers: readonly number[]): boolean =>
  servers.every((server) => isDown(world, world.at(server)));

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

const outside = (world: World): readonly number[] =>
  world.hosts.map(({ index }) => index).filter((index) => !isIn(world, index));

const isIn = (world: World, server: number): boolean =>
  ["member", "sole member"].includes(world.shows(server));

/**
 * All but `lost` are one view and nobody else is in it; what ran on the lost ones runs on the best of the
 * others that may run it, all else where it ran, and on the lost ones nothing runs.
 */
function goOnWithout(world: World, start: StartState, lost: readonly number[]): boolean {
  return goOnWith(world, placedWithout(world, start, lost), lost);
}

/** The same, but `group` was on its way: it may have stayed, arrived, or been placed anew. */
function goOnWithMoved(
  world: World,
  start: StartState,
  lost: readonly number[],
  group: number,
): boolean {
  const policy = world.config.groups[group]?.policy ?? [];
  const placed = placedWithout(world, start, lost);
  const mayRun = policy.filter((server) => !lost.includes(server));
  return mayRun.some((server) =>
    goOnWith(
      world,
      placed.map((owner, at) => (at === group ? server : owner)),
      lost,
    ),
  );
}

const placedWithout = (world: World, start: StartState, lost: readonly number[]) =>
  start.owners.map((owner, group) =>
    lost.includes(owner) ? bestOf(world.config, group, lost) : owner,
  );

function goOnWith(
  world: World,
  owners: readonly (number | null)[],
  lost: readonly number[],
): boolean {
  const left = world.hosts.map(({ index }) => index).filter((index) => !lost.includes(index));
  if (lost.length === 0 || left.length === 0) return false;
  return areOneView(world, left) && runsAt(world, owners);
}
