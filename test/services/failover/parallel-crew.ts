/**
 * A crew with a parallel group: `web` is at home on the first server and may go to all others; beside it every
 * server has its own instance of `ops`. Source: guide 1.3.2 (4); services/configuration/form.ts.
 */
import type { ClusterConfig } from "../../../services/configuration/model.ts";
import { Crew } from "./crew.ts";

/** Group 0 `web` at home on SERVER1; groups 1 to `count` are the instances of `ops`. */
export function parallelCrew(count: number): Crew {
  const instances = Array.from({ length: count }, (_, server) => [server]);
  const crew = new Crew(count, [Array.from({ length: count }, (_, at) => at), ...instances]);
  for (const agent of crew.agents) Object.assign(agent, { config: asParallel(agent.config) });
  return crew;
}

function asParallel(config: ClusterConfig): ClusterConfig {
  const groups = config.groups.map((group) =>
    group.index === 0 ? group : { ...group, parallelOf: "ops" },
  );
  return { ...config, groups };
}
