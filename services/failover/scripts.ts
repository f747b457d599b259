/**
 * What scripts add to the life of a group: the event they are told, their run on a server that has
 * returned, and their word that the group must leave this server.
 * Intuition: a script is one more resource; only why it runs has to be carried along, across servers in
 * the order table and across a restart of the agent in the own words.
 * Source: guide 2.2.4; requirements R146-R149, R157; D20, D21.
 */
import type { ClusterConfig } from "../configuration/model.ts";
import type { Facts } from "../facts.ts";
import type { AgentEffect, FailoverState, GroupRun } from "./state.ts";

type Result = { readonly state: FailoverState; readonly effects: readonly AgentEffect[] };

/** A move is a start like any other; a failover is what the cluster does by itself. */
export function startEvent(group: GroupRun): "START" | "FAILOVER" {
  return group.cause === "failover" ? "FAILOVER" : "START";
}

/** Once, in the turn in which this server is a member again after it had asked to return (D20). */
export function recoverEffects(
  state: FailoverState,
  facts: Facts,
  config: ClusterConfig,
): readonly AgentEffect[] {
  const returned =
    state.wish?.kind === "return" && facts.server === "member" && facts.view !== null;
  if (!returned) return [];
  return config.groups.flatMap(({ policy, resources, parallelOf }, group) =>
    resources.flatMap((resource, at): AgentEffect[] => {
      // An instance of a parallel group starts here anyway.
      const isMeant = parallelOf === undefined && policy.includes(state.self);
      return isMeant && resource.kind === "script" && resource.recover !== null
        ? [{ kind: "script.recover", group, resource: at }]
        : [];
    }),
  );
}

/** The group fails here under its present order: it stops and goes to the next server of its policy. */
export function groupFails(state: FailoverState, index: number): Result {
  const group = state.groups[index];
  const up = group?.actual === "running" || group?.actual === "starting";
  if (group === undefined || !up || state.facts?.gaveUp !== null) return { state, effects: [] };
  const failed = { ...group, failedOrder: group.order };
  const groups = state.groups.map((old, at) => (at === index ? failed : old));
  return { state: { ...state, groups }, effects: [] };
}
