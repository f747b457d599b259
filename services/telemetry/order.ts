/**
 * An accepted command as an order to the agent: what is asked, what would be done (dry run), and when it
 * counts as carried out. Acceptance is not achievement: the goal is read from the status.
 * Pure: pictures in, verdict out. Source: ecosystem.md 1.4; R144, R184-R190.
 */
import { unreachable } from "../../hal/base/assert.ts";
import type { GroupStatus, ServerStatus, StatusDocument } from "../status.ts";
import type { Bilingual } from "./model.ts";
import { groupNow, sentence, serverNow } from "./sentences.ts";

export type Goal =
  | {
      readonly kind: "group";
      readonly group: string;
      readonly state: "running" | "stopped";
      /** Must run here; null = anywhere, but not on `notOn`. */
      readonly on: string | null;
      readonly notOn: string | null;
    }
  | { readonly kind: "server"; readonly server: string; readonly state: ServerStatus["state"] }
  | { readonly kind: "cluster-off" };

export interface Order {
  /** Verb of the agent's control socket. */
  readonly verb: string;
  readonly args: Readonly<Record<string, string>>;
  readonly goal: Goal;
}

export type Progress = { readonly kind: "pending" | "reached" | "failed"; readonly now: Bilingual };

/** Follows one goal over the pictures; remembers whether anything has moved since the order. */
export class GoalWatch {
  readonly #goal: Goal;
  readonly #start: string;
  #moved = false;

  constructor(goal: Goal, before: StatusDocument) {
    this.#goal = goal;
    this.#start = signature(goal, before);
  }

  judge(status: StatusDocument): Progress {
    const now = describe(this.#goal, status);
    if (holds(this.#goal, status)) return { kind: "reached", now };
    const isBack = signature(this.#goal, status) === this.#start;
    if (!isBack) this.#moved = true;
    const failed = this.#moved && isAtRest(this.#goal, status, isBack);
    return { kind: failed ? "failed" : "pending", now };
  }
}

/** What carrying the order out would do, step by step. It promises nothing: the agent decides. */
export function planOf({ verb, args, goal }: Order, status: StatusDocument): readonly Bilingual[] {
  switch (goal.kind) {
    case "group": {
      const group = status.groups.find(({ name }) => name === goal.group);
      if (group === undefined) return [];
      if (holds(goal, status)) return [sentence("plan-nothing", { now: groupNow(group) })];
      if (goal.state === "stopped") return stopOf(group);
      return [...stopOf(group), startOf(group, args["to"] ?? null, verb === "group.move", status)];
    }
    case "server": {
      const server = status.servers.find(({ name }) => name === goal.server);
      if (server?.state === goal.state)
        return [sentence("plan-nothing", { now: serverNow(server) })];
      const last = { detached: "plan-detach", member: "plan-return" } as const;
      const step = goal.state === "detached" || goal.state === "member" ? last[goal.state] : null;
      if (step === "plan-return") return [sentence(step, { server: goal.server })];
      return [
        ...movesFrom(goal.server, status),
        sentence(step ?? "plan-shutdown", { server: goal.server }),
      ];
    }
    case "cluster-off":
      return [
        ...status.groups.flatMap(stopOf),
        ...status.servers
          .filter(({ state }) => state !== "off")
          .map(({ name }) => sentence("plan-shutdown", { server: name })),
      ];
    default:
      return unreachable(goal);
  }
}

function movesFrom(server: string, status: StatusDocument): Bilingual[] {
  return status.groups
    .filter(({ owner }) => owner === server)
    .flatMap((group) => [...stopOf(group), startOf(group, null, true, status)]);
}

function stopOf(group: GroupStatus): Bilingual[] {
  if (group.owner === null || group.state === "stopped") return [];
  return [sentence("plan-stop", { group: group.name, server: group.owner })];
}

/** Best member of the policy; the owner not when the group has to leave it (R53, R144). */
function startOf(
  group: GroupStatus,
  to: string | null,
  away: boolean,
  status: StatusDocument,
): Bilingual {
  const fit = group.policy.find((name) => {
    if (away && name === group.owner) return false;
    return status.servers.find((server) => server.name === name)?.state === "member";
  });
  const server = to ?? fit;
  return server === undefined
    ? sentence("plan-strand", { group: group.name })
    : sentence("plan-start", { group: group.name, server });
}

function holds(goal: Goal, status: StatusDocument): boolean {
  switch (goal.kind) {
    case "group": {
      const group = status.groups.find(({ name }) => name === goal.group);
      if (group?.state !== goal.state) return false;
      if (goal.state === "stopped") return true;
      if (goal.on !== null) return group.owner === goal.on;
      return goal.notOn === null || group.owner !== goal.notOn;
    }
    case "server":
      return status.servers.find(({ name }) => name === goal.server)?.state === goal.state;
    case "cluster-off":
      return status.servers.every(({ state }) => state === "off");
    default:
      return unreachable(goal);
  }
}

/** No transition is under way any more, and the goal does not hold. */
function isAtRest(goal: Goal, status: StatusDocument, isBack: boolean): boolean {
  if (goal.kind !== "group") return goal.kind === "server" && isBack;
  const state = status.groups.find(({ name }) => name === goal.group)?.state;
  if (state === "failed") return true;
  // Between stop and start a moving group is shortly stopped everywhere.
  return state === "running" || (state === "stopped" && isBack);
}

function signature(goal: Goal, status: StatusDocument): string {
  switch (goal.kind) {
    case "group": {
      const group = status.groups.find(({ name }) => name === goal.group);
      return `${group?.state} ${group?.owner}`;
    }
    case "server":
      return `${status.servers.find(({ name }) => name === goal.server)?.state}`;
    case "cluster-off":
      return "";
    default:
      return unreachable(goal);
  }
}

function describe(goal: Goal, status: StatusDocument): Bilingual {
  if (goal.kind === "group") {
    const group = status.groups.find(({ name }) => name === goal.group);
    return group === undefined ? sentence("no-view") : groupNow(group);
  }
  if (goal.kind === "server") {
    const server = status.servers.find(({ name }) => name === goal.server);
    return server === undefined ? sentence("no-view") : serverNow(server);
  }
  return sentence("cluster-is-off");
}
