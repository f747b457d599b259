/**
 * What lies outside the cluster decides nothing (S15): the same run with and without somebody outside who asks
 * for what is refused, again and again, has to take the same decisions.
 * Source: reliability.md 2.5 (S15); R97; protocol.md 2.3.
 */
import type { Violation } from "../../firmware/simulator/invariants.ts";
import type { World } from "../../firmware/simulator/world.ts";

const EVERY_MS = 50;

/** A dashboard gone mad: orders that must be refused, to every agent, until `untilMs`. */
export function pester(world: World, fromMs: number, untilMs: number): void {
  const ask = (): void => {
    for (const host of world.hosts) {
      // Each of them names a server that is not there, or asks a member to return.
      host.agent?.order("server.return", 0, host.index);
      host.agent?.order("group.move", 0, world.hosts.length + 3);
    }
    if (world.clock.nowMs < untilMs) world.clock.after(EVERY_MS, ask);
  };
  world.clock.at(fromMs, ask);
}

/** Decisions, not milliseconds: who gave up and why, who started what, who is what in the end. */
export function decisionsOf(world: World): readonly string[] {
  return [
    ...world.wills.map(({ index, reason }) => `S${index} gives up: ${reason}`).sort(),
    ...world.config.groups.map(({ index: group, name }) => {
      const starts = world.starts.filter((start) => start.group === group);
      return `${name}: ${starts.map(({ index }) => `S${index}`).join(" ")}`;
    }),
    ...world.hosts.map(({ index }) => `S${index} ${world.shows(index)}`),
  ];
}

export function compareDecisions(calm: World, pestered: World): Violation[] {
  const [mine, theirs] = [decisionsOf(calm), decisionsOf(pestered)];
  if (mine.join("\n") === theirs.join("\n")) return [];
  const differs = theirs.filter((text) => !mine.includes(text));
  return [{ id: "S15", text: `decided otherwise: ${differs.join("; ")}` }];
}
