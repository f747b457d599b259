/**
 * A command that has passed the rules against the picture: whose business it is, which order it means,
 * whether the state is the one its sender has seen, and whether it is confirmed.
 * Pure: the picture is a parameter. Source: ecosystem.md 1.4.
 */
import type { StatusDocument } from "../../status.ts";
import type { CommandRequest } from "../model.ts";
import type { CommandTopic, NodeAction } from "../topics.ts";
import type { Order } from "./order.ts";
import { type Ruling, refused, type Stage, type Values } from "./ruling.ts";

/**
 * `lead`: this server executes. `local`: nobody leads, but the command is about this very server, or about
 * the cluster's start and no other server could be meant.
 * `nobody`: nobody leads. `deaf`: this server led last, and its agent is silent. `other`: not ours.
 */
export type Duty = "lead" | "local" | "nobody" | "deaf" | "other";

export function dutyOf(command: CommandTopic | null, stage: Stage): Duty {
  const { status, self, isFresh, isLedElsewhere } = stage;
  if (status === null) return "deaf";
  const { coordinator } = status.cluster;
  if (coordinator !== null && coordinator !== self) return "other";
  // A detached server sees no coordinator; on a shared broker both would carry the command out.
  if (coordinator === null && isLedElsewhere) return "other";
  if (!isFresh) return "deaf";
  if (coordinator === self) return "lead";
  if (command?.kind === "node") {
    const meant = stage.servers.get(command.id);
    if (meant === self) return "local";
    // Two answers to one command: the refusal of the one would hide the deed of the other.
    return meant !== undefined && stage.isOnline(meant) ? "other" : "nobody";
  }
  const startsHere = command?.kind === "cluster" && command.action === "start-now";
  return startsHere && !isShared(stage) ? "local" : "nobody";
}

/** The telemetry of another server hears the same command. */
const isShared = ({ servers, self, isOnline }: Stage): boolean =>
  [...servers.values()].some((server) => server !== self && isOnline(server));

export function decide(
  command: CommandTopic,
  request: CommandRequest,
  duty: Duty,
  stage: Stage,
): Ruling {
  const { commandId } = request;
  const { status } = stage;
  if (duty === "deaf" || status === null) {
    return refused(commandId, "agent-silent", { server: stage.self });
  }
  if (command.kind === "view") return { kind: command.action, commandId };
  if (duty === "nobody") {
    const which = command.kind === "cluster" && command.action === "start-now";
    return refused(commandId, which ? "start-which" : "no-quorum", {});
  }
  const order = orderOf(command, request, stage, status);
  if ("refusal" in order) return refused(commandId, order.refusal, order.data);
  const mismatch = mismatchOf(command, request, stage, status);
  if (mismatch !== null) return refused(commandId, "expectation-failed", mismatch);
  const name = nameToConfirm(command, stage);
  if (name !== null && request.confirm !== name) {
    return refused(commandId, "confirm-missing", { name });
  }
  if (request.dryRun === true) return { kind: "dry-run", commandId, order };
  const expects = request.expect !== undefined;
  return { kind: "execute", commandId, order, reason: request.reason ?? null, expects };
}

/** An overheard order: the leader shuts itself down, and can say so no more when it is done. */
export function witnessOf(command: CommandTopic, request: CommandRequest, stage: Stage): Ruling {
  const silent = { kind: "silent" } as const;
  if (command.kind !== "node" || command.action !== "shutdown") return silent;
  const isLeader = stage.servers.get(command.id) === stage.status?.cluster.coordinator;
  const ruling = isLeader ? decide(command, request, "lead", stage) : silent;
  if (ruling.kind !== "execute") return silent;
  return { kind: "witness", commandId: ruling.commandId, order: ruling.order };
}

type NoOrder = { readonly refusal: string; readonly data: Values };

function orderOf(
  command: Exclude<CommandTopic, { kind: "view" }>,
  request: CommandRequest,
  stage: Stage,
  status: StatusDocument,
): Order | NoOrder {
  const to = request.args?.to;
  if (to !== undefined && (command.kind !== "group" || command.action === "stop")) {
    return { refusal: "command-malformed", data: { detail: "args.to does not belong here" } };
  }
  if (command.kind === "cluster") {
    if (command.action === "start-now") return startNow(stage);
    return { verb: "cluster.shutdown", args: {}, goal: { kind: "cluster-off", self: stage.self } };
  }
  if (command.kind === "node") return nodeOrder(command.action, command.id, stage);
  const group = stage.groups.get(command.id);
  const shown = status.groups.find(({ name }) => name === group);
  if (group === undefined || shown === undefined) {
    return { refusal: "unknown-group", data: { group: command.id } };
  }
  const target = to === undefined ? null : (serverNamed(to, stage) ?? undefined);
  if (target === undefined) return { refusal: "unknown-server", data: { server: to ?? "" } };
  return {
    verb: `group.${command.action}`,
    args: target === null ? { group } : { group, to: target },
    goal: {
      kind: "group",
      group,
      state: command.action === "stop" ? "stopped" : "running",
      on: target,
      notOn: command.action === "move" ? shown.owner : null,
    },
  };
}

function nodeOrder(action: NodeAction, id: string, stage: Stage): Order | NoOrder {
  const server = stage.servers.get(id);
  if (server === undefined) return { refusal: "unknown-server", data: { server: id } };
  // The agent takes it for itself, whoever was meant.
  if (action === "start-now") {
    return server === stage.self ? startNow(stage) : { refusal: "not-waiting", data: { server } };
  }
  const goal = { kind: "server", server, self: stage.self } as const;
  const states = { detach: "detached", return: "member", shutdown: "off" } as const;
  return {
    verb: `server.${action}`,
    args: { server },
    goal:
      action === "force-return"
        ? { ...goal, state: "member", isBase: true }
        : { ...goal, state: states[action] },
  };
}

const startNow = ({ self }: Stage): Order => ({
  verb: "cluster.start-now",
  args: {},
  goal: { kind: "server", server: self, self, state: "member" },
});

/** By name or by topic id. */
function serverNamed(text: string, stage: Stage): string | null {
  const names = [...stage.servers.values()];
  return names.find((name) => name === text) ?? stage.servers.get(text) ?? null;
}

/** What differs from `expect`, or null. */
function mismatchOf(
  command: Exclude<CommandTopic, { kind: "view" }>,
  request: CommandRequest,
  stage: Stage,
  status: StatusDocument,
): Values | null {
  const { expect } = request;
  if (expect === undefined) return null;
  const epoch = status.cluster.epoch ?? 0;
  if (expect.epoch !== undefined && expect.epoch !== epoch) {
    return { what: "epoch", actual: epoch, expected: expect.epoch };
  }
  const group = status.groups.find(
    ({ name }) => command.kind === "group" && name === stage.groups.get(command.id),
  );
  const server = status.servers.find(
    ({ name }) => command.kind === "node" && name === stage.servers.get(command.id),
  );
  if (expect.owner !== undefined && expect.owner !== (group?.owner ?? null)) {
    return { what: "owner", actual: group?.owner ?? "-", expected: expect.owner ?? "-" };
  }
  const state = group?.state ?? server?.state ?? status.cluster.level;
  if (expect.state !== undefined && expect.state !== state) {
    return { what: "state", actual: state, expected: expect.state };
  }
  return null;
}

/** Name that the sender has to type for what interrupts the business; null = none. */
function nameToConfirm(
  command: Exclude<CommandTopic, { kind: "view" }>,
  stage: Stage,
): string | null {
  if (command.kind === "cluster") {
    return command.action === "start-now" ? stage.self : stage.cluster;
  }
  if (command.kind === "group") {
    return command.action === "start" ? null : (stage.groups.get(command.id) ?? null);
  }
  return command.action === "return" ? null : (stage.servers.get(command.id) ?? null);
}
