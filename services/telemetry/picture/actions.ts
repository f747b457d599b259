/**
 * What an operator can order from the page, worked out from the board: which actions a group or server
 * offers in its present state, the command that asks for it, and the `kage` line that does the same at
 * a terminal. Refusing here only spares a vain click; the agent decides for itself.
 * Source: ecosystem.md 1.4, 3.2 point 5; R143, R144, R185-R190; firmware/cli/commands.ts.
 */
import { unreachable } from "../../../hal/base/assert.ts";
import type { CommandRequest, GroupState, NodeState, Role } from "../model.ts";
import { type Board, type Kept, serversOf } from "./board.ts";

export type GroupVerb = "start" | "stop" | "move";
export type ServerVerb = "detach" | "return" | "shutdown" | "force-return" | "start-now";

export type Action =
  | {
      readonly kind: "group";
      readonly verb: GroupVerb;
      /** Topic id, name. */
      readonly id: string;
      readonly name: string;
      /** null = the agent takes the best of the policy. */
      readonly to: string | null;
    }
  | {
      readonly kind: "server";
      readonly verb: ServerVerb;
      readonly id: string;
      readonly name: string;
    }
  | { readonly kind: "cluster"; readonly verb: "shutdown"; readonly name: string };

/** Destructive: the target's name has to be typed (model.ts, `confirm`). */
export function needsConfirm(action: Action): boolean {
  switch (action.verb) {
    case "stop":
    case "move":
    case "detach":
    case "shutdown":
    case "force-return":
    case "start-now":
      return true;
    case "start":
    case "return":
      return false;
    default:
      return unreachable(action);
  }
}

export function groupVerbs(group: GroupState): readonly GroupVerb[] {
  switch (group.state) {
    case "running":
      return ["move", "stop"];
    case "stopped":
      return ["start"];
    case "failed":
      return group.owner === null ? ["start"] : ["start", "stop"];
    case "starting":
      return ["stop"];
    case "stopping":
    case "unknown":
      return [];
    default:
      return unreachable(group.state);
  }
}

/** `isAllDown`: no server is a member, so that somebody has to say whose information counts. */
export function serverVerbs(node: NodeState, role: Role, isAllDown = false): readonly ServerVerb[] {
  const isAdmin = role === "admin";
  const off: readonly ServerVerb[] = isAdmin ? ["shutdown"] : [];
  switch (node.state) {
    case "member":
      return ["detach", ...off];
    case "detached":
      return ["return", ...(isAdmin && isAllDown ? (["force-return"] as const) : []), ...off];
    case "starting":
      return isAdmin ? ["start-now"] : [];
    case "leaving":
    case "returning":
    case "stopping":
    case "off":
      return [];
    default:
      return unreachable(node.state);
  }
}

/** Every server that is heard is detached: nobody carries the cluster. */
export const isAllDown = (board: Board): boolean =>
  serversOf(board).every(({ value: { state } }) => state === "detached" || state === "off");

/** The order of a group that is dragged onto a server; null = it cannot go there. */
export function dropOrder(board: Board, groupId: string, nodeId: string): Drop | null {
  const group = board.groups.get(groupId)?.value;
  const server = board.nodes.get(nodeId)?.value.name;
  if (group === undefined || server === undefined) return null;
  const verb = groupVerbs(group).find((each) => each === "move" || each === "start");
  if (verb === undefined || !targetsFor(board, group).includes(server)) return null;
  return { verb, to: server };
}

export interface Drop {
  readonly verb: GroupVerb;
  readonly to: string;
}

/** Members of the group's policy except the owner, best first. */
export function targetsFor(board: Board, group: GroupState): readonly string[] {
  const members = new Set(
    serversOf(board)
      .filter((kept) => kept.value.state === "member")
      .map((kept) => kept.value.name),
  );
  const running = group.state === "running";
  return group.policy.filter((name) => members.has(name) && !(running && name === group.owner));
}

/** The same order at a terminal. */
export function kageLine(action: Action): string {
  if (action.kind === "cluster") return "kage cluster shutdown";
  if (action.verb === "start-now") return `kage cluster start-now --server ${quote(action.name)}`;
  const to = action.kind === "group" && action.to !== null ? ` --to ${quote(action.to)}` : "";
  return `kage ${action.kind} ${action.verb} ${quote(action.name)}${to}`;
}

/** What a shell would take apart stands in single quotes. */
function quote(word: string): string {
  return /^[\w.:@%+=/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Topic below the cluster's prefix. */
export function commandTopic(action: Action): string {
  if (action.kind === "group") return `cmd/op/group/${action.id}/${action.verb}`;
  if (action.kind === "cluster") return "cmd/admin/cluster/shutdown";
  const role = action.verb === "detach" || action.verb === "return" ? "op" : "admin";
  return `cmd/${role}/node/${action.id}/${action.verb}`;
}

/** Longest delay between click and execution that is still what the person meant, s. */
const TTL_S = 30;

/** `expect` holds what the person saw: the order is refused when it has changed meanwhile. */
export function commandFor(
  board: Board,
  action: Action,
  sending: { readonly commandId: string; readonly ts: string; readonly dryRun: boolean },
): CommandRequest {
  const args = action.kind === "group" && action.to !== null ? { args: { to: action.to } } : {};
  const confirm = needsConfirm(action) ? { confirm: action.name } : {};
  return { ...sending, ...args, ...confirm, expect: expectation(board, action), ttlS: TTL_S };
}

function expectation(board: Board, action: Action): NonNullable<CommandRequest["expect"]> {
  // A view that has changed is another cluster than the one that was looked at.
  if (action.kind === "cluster") return { epoch: board.cluster?.value.epoch ?? 0 };
  if (action.kind === "server") {
    const node: Kept<NodeState> | undefined = board.nodes.get(action.id);
    return node === undefined ? {} : { state: node.value.state };
  }
  const group = board.groups.get(action.id);
  return group === undefined ? {} : { owner: group.value.owner, state: group.value.state };
}
