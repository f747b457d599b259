/**
 * `--dry-run`: what an order would do, worked out from the status alone; nothing is sent. The agent
 * that gets the real order decides for itself, so this promises nothing and says how old it is.
 * Source: ecosystem.md 4.1; R144, R185-R190.
 */
import { unreachable } from "../../hal/base/assert.ts";
import type { GroupStatus, StatusDocument } from "../../services/status.ts";
import { showSpan } from "./ages.ts";
import { type Call, fail, printJson, printLines, wantsJson } from "./call.ts";
import { EXIT, type ExitCode, type Trouble } from "./exit-code.ts";
import { findGroup, findServer, instancesOf } from "./goal.ts";
import type { Order } from "./order.ts";
import { groupNow, serverNow } from "./status-table.ts";
import type { Answer } from "./survey.ts";
import { SERVER_WORDS } from "./words.ts";

type Plan = { readonly steps: readonly string[] } | { readonly trouble: Trouble };

export function runDryRun(call: Call, order: Order, answer: Answer): ExitCode {
  const plan = planOrder(call, order, answer.document);
  if ("trouble" in plan) return fail(call, plan.trouble);
  const time = showSpan(call.io.nowMs() - answer.atMs, call.lang);
  if (wantsJson(call)) printJson(call, { ok: true, exit: EXIT.done, dryRun: true, ...plan });
  else printLines(call, [...plan.steps, call.say("dryRunEnd", { time })]);
  return EXIT.done;
}

function planOrder(call: Call, order: Order, document: StatusDocument): Plan {
  const { goal } = order;
  switch (goal.kind) {
    case "group":
      return planGroup(call, order, document);
    case "server":
      if (order.verb === "cluster.start-now") {
        return { steps: [call.say("wouldStartNow", { server: goal.server })] };
      }
      return planServer(call, order, document);
    case "cluster-off":
      return {
        steps: [
          ...document.groups.flatMap((group) => stopStep(call, group)),
          ...document.servers
            .filter((server) => server.state !== "off")
            .map((server) => call.say("wouldShutDown", { server: server.name })),
        ],
      };
    default:
      return unreachable(goal);
  }
}

function planGroup(call: Call, order: Order, document: StatusDocument): Plan {
  const { say } = call;
  const name = order.args["group"] ?? "";
  const parts = instancesOf(document, name).filter(({ policy: [home = ""] }) => {
    return findServer(document, home)?.state === "member";
  });
  if (parts.length > 0) return planParts(call, order, document, parts);
  const group = findGroup(document, name);
  const all = document.groups.map((known) => known.name).join(", ");
  if (group === undefined) {
    return refuse(say("noSuchGroup", { name }), say("knownGroups", { all }));
  }
  if (order.verb === "group.stop") {
    const steps = stopStep(call, group);
    return { steps: steps.length > 0 ? steps : already(call, group) };
  }
  const to = order.args["to"];
  const target = to ?? firstMember(document, group, order.verb === "group.move");
  if (to !== undefined) {
    const fault = targetFault(call, document, group, to);
    if (fault !== null) return fault;
  }
  const policy = group.policy.join(", ");
  if (target === null)
    return refuse(say("noTarget", { group: name }), say("noTargetDo", { policy }));
  const idle =
    group.state === "running" && (group.owner === target || order.verb === "group.start");
  if (idle) return { steps: already(call, group) };
  return {
    steps: [...stopStep(call, group), say("wouldStart", { group: name, server: target })],
  };
}

/** A parallel group: what each of its instances would do; the first that cannot says why. */
function planParts(
  call: Call,
  order: Order,
  document: StatusDocument,
  parts: readonly GroupStatus[],
): Plan {
  const steps: string[] = [];
  for (const { name } of parts) {
    const plan = planGroup(call, { ...order, args: { ...order.args, group: name } }, document);
    if ("trouble" in plan) return plan;
    steps.push(...plan.steps);
  }
  return { steps };
}

function planServer(call: Call, order: Order, document: StatusDocument): Plan {
  const { say } = call;
  const name = order.args["server"] ?? "";
  const server = findServer(document, name);
  const all = document.servers.map((known) => known.name).join(", ");
  if (server === undefined) {
    return refuse(say("noSuchServer", { name }), say("knownServers", { all }));
  }
  if (order.goal.kind === "server" && server.state === order.goal.state) {
    return { steps: [say("alreadySo", { now: serverNow(call, server) })] };
  }
  if (order.verb.startsWith("server.force-return")) {
    return { steps: [say("wouldForceReturn", { server: name })] };
  }
  if (order.verb === "server.return") return { steps: [say("wouldReturn", { server: name })] };
  const owned = document.groups.filter((group) => group.owner === name);
  const moves = owned.flatMap((group) => {
    const target = firstMember(document, group, true);
    const after =
      target === null
        ? say("wouldStrand", { group: group.name })
        : say("wouldStart", { group: group.name, server: target });
    return [...stopStep(call, group), after];
  });
  const last = order.verb === "server.detach" ? "wouldDetach" : "wouldShutDown";
  return { steps: [...moves, say(last, { server: name })] };
}

function targetFault(
  call: Call,
  document: StatusDocument,
  group: GroupStatus,
  to: string,
): Plan | null {
  const { say } = call;
  const target = findServer(document, to);
  if (target === undefined) {
    const all = document.servers.map((known) => known.name).join(", ");
    return refuse(say("noSuchServer", { name: to }), say("knownServers", { all }));
  }
  if (!group.policy.includes(to)) {
    const message = say("notInPolicy", { server: to, group: group.name });
    return refuse(message, say("oneOf", { all: group.policy.join(", ") }));
  }
  if (target.state === "member") return null;
  const state = SERVER_WORDS[target.state].text[call.lang];
  return refuse(say("notMember", { server: to, state }), say("notMemberDo", { server: to }));
}

/** A forecast of the agent's refusal, so it has the agent's exit code. */
function refuse(message: string, remedy: string): Plan {
  return { trouble: { exit: EXIT.refused, code: null, message, remedy } };
}

function stopStep(call: Call, group: GroupStatus): string[] {
  if (group.owner === null || group.state === "stopped") return [];
  return [call.say("wouldStop", { group: group.name, server: group.owner })];
}

const already = (call: Call, group: GroupStatus): string[] => [
  call.say("alreadySo", { now: groupNow(call, group) }),
];

/** Best server of the policy that is a member (R53); not the owner when it has to move. */
function firstMember(
  document: StatusDocument,
  group: GroupStatus,
  awayFromOwner: boolean,
): string | null {
  const fit = group.policy.find((name) => {
    if (awayFromOwner && name === group.owner) return false;
    return findServer(document, name)?.state === "member";
  });
  return fit ?? null;
}
