/**
 * Two faults one after the other, every ordered pair: for pairs the guide has no table, so what is asked is
 * what must hold whatever happens - no group on two servers beyond the method's accepted risk, no server left
 * in a corner after the repair - and the outcome is shown. The second comes half a timeout after the first,
 * before anybody has judged. Source: reliability.md 2.5 (S and L rows); R79; work order 4 item 8.
 */
import type { LoadedConfig } from "../../services/configuration/load.ts";
import { repair, settleMs, strike } from "./blow.ts";
import type { Outcome } from "./expected.ts";
import { type Fault, listFaults } from "./fault.ts";
import { troublesAfterRepair } from "./healed.ts";
import { outcomeOf } from "./outcome.ts";
import { calmCluster, type StartState } from "./stage.ts";

export interface PairRow {
  readonly first: string;
  readonly second: string;
  readonly start: string;
  readonly simulated: Outcome | null;
  readonly troubles: readonly string[];
  readonly permitted: boolean;
}

/** Every ordered pair of different single blows; sequences are pairs already. */
export function listPairs(config: LoadedConfig): readonly (readonly [Fault, Fault])[] {
  const faults = listFaults(config).filter(({ blows }) => blows.length === 1);
  return faults.flatMap((first) =>
    faults.filter((second) => second !== first).map((second) => [first, second] as const),
  );
}

export function runPair(
  config: LoadedConfig,
  start: StartState,
  [first, second]: readonly [Fault, Fault],
): PairRow {
  const head = { first: first.id, second: second.id, start: start.id };
  const world = calmCluster(config, start);
  if (world === null) {
    const troubles = ["the start state was not reached"];
    return { ...head, simulated: null, troubles, permitted: false };
  }
  for (const blow of first.blows) strike(world, blow);
  world.run(config.budget.timeoutMs / 2);
  for (const blow of second.blows) strike(world, blow);
  world.run(settleMs(config));
  const servers = [...new Set([...first.servers, ...second.servers])];
  const group = first.group ?? second.group;
  const simulated = outcomeOf(world, start, { servers, group }, []);
  repair(world);
  world.run(settleMs(config) + config.budget.timeoutMs);
  const troubles = [...world.checks.failures, ...troublesAfterRepair(world, group !== null)];
  return { ...head, simulated, troubles, permitted: troubles.length === 0 };
}
