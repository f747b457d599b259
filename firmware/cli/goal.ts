/**
 * When is an order carried out? Acceptance is not achievement: the goal is read from the status, and
 * for "off" on the virtual appliance from the power itself (off means off was read back).
 * Pure: pictures in, verdict out. Source: architecture.md 1.2; R184-R190.
 */
import { unreachable } from "../../hal/base/assert.ts";
import { parallelName } from "../../services/configuration/form.ts";
import type {
  GroupStatus,
  ServerStatus,
  ShownServerState,
  StatusDocument,
} from "../../services/status.ts";

export type Goal =
  | {
      readonly kind: "group";
      readonly group: string;
      readonly state: "running" | "stopped";
      /** Must run here; null = anywhere, but not on `notOn`. */
      readonly on: string | null;
      readonly notOn: string | null;
    }
  | { readonly kind: "server"; readonly server: string; readonly state: ShownServerState }
  | { readonly kind: "cluster-off" };

/** Everything known at one poll. */
export interface Knowledge {
  /** null = no agent answered. */
  readonly document: StatusDocument | null;
  /** Servers whose agents certainly do not run (connection refused, no socket). */
  readonly goneAgents: ReadonlySet<string>;
  readonly agentsAll: readonly string[];
  /** Power per server as the rack reads it; null = no rack. */
  readonly power: ReadonlyMap<string, boolean> | null;
}

/** `failed`: it moved and came to rest elsewhere. */
export type Progress = "pending" | "reached" | "failed";

/** Follows one goal over the polls; remembers whether anything has moved since the order. */
export class GoalWatch {
  readonly #goal: Goal;
  readonly #start: string;
  #moved = false;

  constructor(goal: Goal, before: StatusDocument) {
    this.#goal = goal;
    this.#start = signature(goal, before);
  }

  judge(knowledge: Knowledge): Progress {
    if (holds(this.#goal, knowledge)) return "reached";
    if (knowledge.document === null) return "pending";
    const now = signature(this.#goal, knowledge.document);
    if (now !== this.#start) this.#moved = true;
    return this.#moved && atRest(this.#goal, knowledge.document, now === this.#start)
      ? "failed"
      : "pending";
  }
}

export function findGroup(document: StatusDocument, name: string): GroupStatus | undefined {
  return document.groups.find((group) => group.name === name) ?? wholeOf(document, name);
}

/** Instances of a parallel group, in the order of its policy; empty for any other name. */
export function instancesOf(document: StatusDocument, name: string): readonly GroupStatus[] {
  return document.groups.filter((group) => parallelName(group.name) === name);
}

/** A parallel group as one: running or stopped when it is so on each of its servers that is a member. */
function wholeOf(document: StatusDocument, name: string): GroupStatus | undefined {
  const parts = instancesOf(document, name);
  const there = parts.filter(({ policy: [home = ""] }) => {
    return findServer(document, home)?.state === "member";
  });
  const states = (there.length > 0 ? there : parts).map(({ state }) => state);
  const [first] = states;
  if (first === undefined) return undefined;
  const policy = parts.flatMap((part) => part.policy);
  const isSame = states.every((state) => state === first);
  // Some run and some do not: it is on its way, unless one has come to rest.
  const state = isSame ? first : states.includes("failed") ? "failed" : "starting";
  return { name, state, owner: null, policy };
}

export function findServer(document: StatusDocument, name: string): ServerStatus | undefined {
  return document.servers.find((server) => server.name === name);
}

function holds(goal: Goal, knowledge: Knowledge): boolean {
  switch (goal.kind) {
    case "group": {
      const group = knowledge.document && findGroup(knowledge.document, goal.group);
      if (!group) return false;
      if (goal.state === "stopped") return group.state === "stopped" || isLeftFailed(group);
      if (group.state !== goal.state) return false;
      if (goal.on !== null) return group.owner === goal.on;
      return goal.notOn === null || group.owner !== goal.notOn;
    }
    case "server":
      return serverHolds(goal.server, goal.state, knowledge);
    case "cluster-off":
      if (knowledge.power !== null) return [...knowledge.power.values()].every((on) => !on);
      return knowledge.agentsAll.every((name) => knowledge.goneAgents.has(name));
    default:
      return unreachable(goal);
  }
}

/**
 * Nobody runs it, nobody is to run it, and a server still shows that it failed there. For an order to stop
 * that is the end it wanted: a stop that fails shows as a server that gives up, never as this.
 */
function isLeftFailed(group: GroupStatus): boolean {
  return group.state === "failed" && group.owner === null && wantedOn(group) === null;
}

/** Server of the newest order; null = stopped by order or out of servers; undefined = not told. */
function wantedOn({ details }: GroupStatus): string | null | undefined {
  const desired = details?.["desired"];
  return desired === null || typeof desired === "string" ? desired : undefined;
}

function serverHolds(name: string, state: ShownServerState, knowledge: Knowledge): boolean {
  const { document, power, goneAgents, agentsAll } = knowledge;
  const shown = document === null ? undefined : findServer(document, name)?.state;
  if (state !== "off") return shown === state;
  if (power !== null && power.get(name) !== false) return false;
  if (document !== null) return shown === "off";
  // The only agent we know was the one of the server that was to go.
  return agentsAll.length === 1 && goneAgents.has(name);
}

/** No transition is under way any more, and the goal does not hold. */
function atRest(goal: Goal, document: StatusDocument, backAtStart: boolean): boolean {
  if (goal.kind !== "group") return goal.kind === "server" && backAtStart;
  const group = findGroup(document, goal.group);
  const state = group?.state;
  // As long as it is to run somewhere, what a server shows is the failure of an order before.
  if (group !== undefined && state === "failed") return typeof wantedOn(group) !== "string";
  // Between stop and start a moving group is shortly stopped everywhere.
  return state === "running" || (state === "stopped" && backAtStart);
}

function signature(goal: Goal, document: StatusDocument): string {
  switch (goal.kind) {
    case "group": {
      const group = findGroup(document, goal.group);
      return `${group?.state} ${group?.owner}`;
    }
    case "server":
      return `${findServer(document, goal.server)?.state}`;
    case "cluster-off":
      return "";
    default:
      return unreachable(goal);
  }
}
