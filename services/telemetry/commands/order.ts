/**
 * An accepted command as an order to the agent: what is asked, what would be done (dry run), and when it
 * counts as carried out. Acceptance is not achievement: the goal is read from the status.
 * Pure: pictures in, verdict out. Source: ecosystem.md 1.4; R144, R184-R190.
 */
import { unreachable } from "../../../hal/base/assert.ts";
import type { GroupStatus, ServerStatus, StatusDocument } from "../../status.ts";
import type { Bilingual } from "../model.ts";
import { groupNow, sentence, serverNow } from "../sentences.ts";

export type Goal =
  | {
      readonly kind: "group";
      readonly group: string;
      readonly state: "running" | "stopped";
      /** Must run here; null = anywhere, but not on `notOn`. */
      readonly on: string | null;
      readonly notOn: string | null;
    }
  | {
      readonly kind: "server";
      readonly server: string;
      readonly state: ServerStatus["state"];
      /** The server that answers here. */
      readonly self: string;
      /** The cluster begins anew with it: a member, whose groups nobody starts yet. Default false. */
      readonly isBase?: true;
    }
  | { readonly kind: "cluster-off"; readonly self: string };

/** What a goal is about; two orders with the same subject get into each other's way. */
export function subjectOf(goal: Goal): string {
  switch (goal.kind) {
    case "group":
      return goal.group;
    case "server":
      return goal.server;
    case "cluster-off":
      return "";
    default:
      return unreachable(goal);
  }
}

export interface Order {
  /** Verb of the agent's control socket. */
  readonly verb: string;
  readonly args: Readonly<Record<string, string>>;
  readonly goal: Goal;
}

export type Progress = { readonly kind: "pending" | "reached" | "failed"; readonly now: Bilingual };

/** Name of the server that answers here and goes off with the order, so that it may be cut short; null = none. */
export function lastWordOf(goal: Goal): string | null {
  if (goal.kind === "cluster-off") return goal.self;
  return goal.kind === "server" && isLastWord(goal) ? goal.self : null;
}

/** Follows one goal over the pictures; remembers whether anything has moved since the order. */
export class GoalWatch {
  readonly #goal: Goal;
  readonly #start: string;
  #moved = false;

  constructor(goal: Goal, before: StatusDocument) {
    this.#goal = goal;
    this.#start = signature(goal, before);
  }

  /** The picture of the order's subject is still the one in which it was given. */
  get isUntouched(): boolean {
    return !this.#moved;
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
    case "server":
      return planServer(verb, goal, status);
    case "cluster-off":
      return [
        ...status.groups.flatMap(stopOf),
        ...status.servers
          .filter(({ state }) => state !== "off")
          .map(({ name }) => sentence("plan-shutdown", { server: name })),
        sentence("plan-last-word", { server: goal.self }),
      ];
    default:
      return unreachable(goal);
  }
}

function planServer(
  verb: string,
  goal: Extract<Goal, { kind: "server" }>,
  status: StatusDocument,
): readonly Bilingual[] {
  const { server: name } = goal;
  const server = status.servers.find((shown) => shown.name === name);
  if (server?.state === goal.state) return [sentence("plan-nothing", { now: serverNow(server) })];
  if (verb === "cluster.start-now") return [sentence("plan-start-now", { server: name })];
  if (goal.isBase === true) return [sentence("plan-base", { server: name })];
  if (goal.state === "member") return [sentence("plan-return", { server: name })];
  const leave = goal.state === "detached" ? "plan-detach" : "plan-shutdown";
  const last = isLastWord(goal) ? [sentence("plan-last-word", { server: name })] : [];
  return [...movesFrom(name, status), sentence(leave, { server: name }), ...last];
}

/** Whoever answers goes off with it: nobody here will ever see the goal. */
const isLastWord = (goal: Extract<Goal, { kind: "server" }>): boolean =>
  goal.state === "off" && goal.server === goal.self;

/** A group that somebody runs, or may run. */
const isBusy = ({ state }: GroupStatus): boolean => state !== "stopped" && state !== "failed";

/**
 * This server goes off and nothing of its business is left: it has left, or is leaving without a group.
 * Said before it is gone, because afterwards it cannot.
 */
function isGoing(server: string, status: StatusDocument): boolean {
  const state = status.servers.find(({ name }) => name === server)?.state;
  if (state !== "leaving") return state === "detached" || state === "stopping" || state === "off";
  return !status.groups.some((group) => group.owner === server && isBusy(group));
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
      if (isLastWord(goal)) return isGoing(goal.server, status);
      return status.servers.find(({ name }) => name === goal.server)?.state === goal.state;
    case "cluster-off":
      return !status.groups.some(isBusy);
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
    if (holds(goal, status)) {
      if (isLastWord(goal)) return sentence("last-word", { server: goal.server });
      if (goal.isBase === true) return sentence("server-is-base", { server: goal.server });
    }
    const server = status.servers.find(({ name }) => name === goal.server);
    return server === undefined ? sentence("no-view") : serverNow(server);
  }
  const busy = status.groups.find(isBusy);
  return busy === undefined ? sentence("last-word-of-all", { server: goal.self }) : groupNow(busy);
}
