/**
 * Orders to the cluster: `group`, `server` and `cluster` verbs. The order goes to the most
 * trustworthy agent that answers; then its goal is watched in the status until it holds.
 * Stopping to wait (timeout, Ctrl-C) never withdraws an order, and the text says so.
 * Source: work order 7; ecosystem.md 4.1; R184-R190.
 */

import { suggest } from "../../services/configuration/suggest.ts";
import { usageTrouble } from "./arguments.ts";
import {
  type Call,
  commandLine,
  fail,
  isTrouble,
  numberOption,
  operand,
  printJson,
  printLines,
  wantsJson,
} from "./call.ts";
import { type NotDone, type Reply, request } from "./client.ts";
import { printable } from "./columns.ts";
import type { Place } from "./discover.ts";
import { EXIT, type ExitCode, type Trouble } from "./exit-code.ts";
import { findGroup, findServer, type Goal, instancesOf } from "./goal.ts";
import { surveyTrouble } from "./no-agent.ts";
import { runDryRun } from "./order-plan.ts";
import { awaitGoal } from "./order-wait.ts";
import { replyTrouble } from "./refusal.ts";
import { type Answer, agentName, ranked, type Survey, spoken, survey } from "./survey.ts";

export interface Order {
  readonly verb: string;
  readonly args: Readonly<Record<string, string>>;
  readonly goal: Goal;
}

/** Default and longest wait, s: a day covers any resource's start. */
const WAIT_S = 60;
const WAIT_S_MAX = 86_400;

export async function runOrder(call: Call, place: Place): Promise<ExitCode> {
  const timeoutS = waitOptions(call);
  if (isTrouble(timeoutS)) return fail(call, timeoutS);
  const only = call.invocation.command === "cluster start-now";
  const before = await survey(call, place, only ? call.invocation.texts.server : undefined);
  const trouble = await surveyTrouble(call, place, before);
  if (trouble !== null || before.best === null) {
    return trouble === null ? EXIT.failed : fail(call, trouble);
  }
  const order = orderOf(call, before.best);
  if (call.invocation.flags.has("dry-run")) return runDryRun(call, order, before.best);
  if (order.goal.kind === "cluster-off") {
    const refused = await confirm(call, before.best);
    if (refused !== null) return fail(call, refused);
  }
  const startMs = call.io.nowMs();
  const { agent, reply } = await send(call, order, before);
  if (reply.kind !== "ok") return fail(call, refusedOrder(call, agent, reply, before.best));
  if (call.invocation.flags.has("no-wait")) {
    const text = call.say("accepted", { command: commandLine(call), server: agent });
    if (!wantsJson(call)) printLines(call, [text]);
    else printJson(call, { ok: true, exit: EXIT.done, acceptedBy: agent, reached: null });
    return EXIT.done;
  }
  const deadlineMs = startMs + timeoutS * 1000;
  return awaitGoal(call, place, {
    goal: order.goal,
    acceptedBy: agent,
    before: before.best.document,
    startMs,
    deadlineMs,
  });
}

function waitOptions(call: Call): number | Trouble {
  const { flags } = call.invocation;
  if (flags.has("wait") && flags.has("no-wait")) {
    const help = `kage help ${call.invocation.command}`;
    const message = call.say("contradiction", { a: "--wait", b: "--no-wait" });
    return usageTrouble(message, call.say("seeHelp", { help }));
  }
  const bounds = { min: 0.1, max: WAIT_S_MAX, whole: false };
  return numberOption(call, "timeout", bounds) ?? WAIT_S;
}

function orderOf(call: Call, { agent, document }: Answer): Order {
  const [noun = "", verb = ""] = call.invocation.command.split(" ");
  const to = call.invocation.texts.to;
  const given = operand(call, 0);
  // Of a parallel group one server's instance is meant.
  const part = instancesOf(document, given).find(({ policy: [home] }) => home === to);
  const name = part?.name ?? given;
  const loss = call.invocation.flags.has("accept-loss") ? "-loss" : "";
  const base = { verb: `${noun}.${verb}${loss}` };
  if (noun === "group") {
    const args = to === undefined ? { group: name } : { group: name, to };
    const owner = verb === "move" ? (findGroup(document, name)?.owner ?? null) : null;
    const state = verb === "stop" ? "stopped" : "running";
    return {
      ...base,
      args,
      goal: { kind: "group", group: name, state, on: to ?? null, notOn: owner },
    };
  }
  if (verb === "start-now") {
    return { ...base, args: {}, goal: { kind: "server", server: agent.server, state: "member" } };
  }
  if (noun === "cluster") return { ...base, args: {}, goal: { kind: "cluster-off" } };
  const isReturn = verb === "return" || verb === "force-return";
  const state = verb === "detach" ? "detached" : isReturn ? "member" : "off";
  return { ...base, args: { server: name }, goal: { kind: "server", server: name, state } };
}

/** Everything stops: whoever types it must have meant this cluster. */
async function confirm(call: Call, { document }: Answer): Promise<Trouble | null> {
  const { io, say, invocation } = call;
  if (invocation.flags.has("yes")) return null;
  if (!io.canAsk) return usageTrouble(say("cannotAsk"), say("cannotAskDo"));
  const { name } = document.cluster;
  const groups = document.groups.map((group) => group.name).join(", ");
  const servers = document.servers.map((server) => server.name).join(", ");
  const typed = await io.ask(say("confirmShutdown", { groups, servers, name }));
  if (typed?.trim() === name) return null;
  return { ...usageTrouble(say("notConfirmed"), say("notConfirmedDo")), exit: EXIT.failed };
}

/** Tries the agents in order of trust; goes on only while the order was certainly not sent. */
async function send(
  call: Call,
  order: Order,
  before: Survey,
): Promise<{ readonly agent: string; readonly reply: Reply }> {
  let last: { agent: string; reply: Reply } = {
    agent: "",
    reply: { kind: "unreachable", detail: "busy" },
  };
  // Only the base server itself can be sure to hear the order: there is no cluster that would pass it on.
  const isBase = ({ agent }: Answer): number =>
    order.verb.startsWith("server.force-return") && agent.server === order.args["server"] ? 1 : 0;
  for (const { agent } of ranked(before).toSorted((a, b) => isBase(b) - isBase(a))) {
    const body = { verb: order.verb, args: order.args, ...spoken(call) };
    const { orderDeadlineMs, interrupted } = call.io;
    const reply = await request(agent.socketPath, body, orderDeadlineMs, interrupted);
    last = { agent: agentName(agent), reply };
    if (reply.kind !== "unreachable") break;
  }
  return last;
}

/** The agent's refusal; a name it cannot know gets the nearest one that exists. */
function refusedOrder(call: Call, agent: string, reply: NotDone, { document }: Answer): Trouble {
  const trouble = replyTrouble(call, agent, reply, call.say("refusedDo"));
  if (reply.kind !== "refused") return trouble;
  const name = operand(call, 0);
  const isGroup = call.invocation.command.startsWith("group ");
  const groups = document.groups.map((group) => group.name);
  const servers = document.servers.map((server) => server.name);
  const to = call.invocation.texts.to;
  const unknown: [string, readonly string[], "knownGroups" | "knownServers"] | null =
    isGroup && findGroup(document, name) === undefined
      ? [name, groups, "knownGroups"]
      : to !== undefined && findServer(document, to) === undefined
        ? [to, servers, "knownServers"]
        : !isGroup && name !== "" && findServer(document, name) === undefined
          ? [name, servers, "knownServers"]
          : null;
  if (unknown === null) return trouble;
  const [word, known, key] = unknown;
  const near = suggest(word, known);
  const line = to === undefined ? commandLine(call) : `${commandLine(call)} --to ${printable(to)}`;
  const hint =
    near === null
      ? call.say(key, { all: known.join(", ") })
      : call.say("didYouMean", { near: `kage ${line.replace(word, near)}` });
  return { ...trouble, remedy: hint };
}
