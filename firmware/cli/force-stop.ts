/**
 * `kage server force-stop`: ends a server that hangs. First it is ordered to shut itself down; when it does
 * not obey, its switch is pressed (rack) or the fence command of another member is run; when nothing can
 * switch it off, a person does and says so (`--confirm-off`). What follows is the ordinary failover.
 * Source: requirements R205; protocol.md 2.5.
 */
import { usageTrouble } from "./arguments.ts";
import {
  type Call,
  fail,
  isTrouble,
  numberOption,
  operand,
  printJson,
  printLines,
  wantsJson,
} from "./call.ts";
import { type Reply, request } from "./client.ts";
import { printable } from "./columns.ts";
import type { Place } from "./discover.ts";
import { EXIT, type ExitCode, type Trouble } from "./exit-code.ts";
import { type Goal, GoalWatch } from "./goal.ts";
import { surveyTrouble } from "./no-agent.ts";
import { learn } from "./order-wait.ts";
import { replyTrouble } from "./refusal.ts";
import { type Answer, agentName, ranked, spoken, survey } from "./survey.ts";

/** An obeying server is off within a second or two; a person who presses a switch waits longer. */
const OBEY_S = 10;
const OBEY_S_MAX = 600;
/** Read-back after the switch. */
const SWITCH_MS = 10_000;
/** A fence command may take half a minute. */
const FENCE_DEADLINE_MS = 35_000;
const POLL_MS = 100;
/** Refusals that say "it does not hear the order", and not "it must not be". */
const UNHEARD = ["target-not-heard", "outcome-unknown", "group-busy", "view-changing"];

export async function runForceStop(call: Call, place: Place): Promise<ExitCode> {
  const name = operand(call, 0);
  const waitS = numberOption(call, "timeout", { min: 0.1, max: OBEY_S_MAX, whole: false });
  if (isTrouble(waitS)) return fail(call, waitS);
  const before = await survey(call, place);
  const trouble = await surveyTrouble(call, place, before);
  if (trouble !== null || before.best === null) {
    return trouble === null ? EXIT.failed : fail(call, trouble);
  }
  const others = ranked(before).filter(({ agent }) => agent.server !== name);
  if (call.invocation.flags.has("confirm-off")) return confirmOff(call, name, others);
  const [orderer = before.best] = others;
  if (call.invocation.flags.has("dry-run")) {
    printLines(call, [call.say("wouldForceStop", { server: printable(name) })]);
    return EXIT.done;
  }
  const reply = await order(call, orderer, "server.force-stop", name);
  const refusal = refusalOf(reply);
  if (reply.kind !== "ok" && refusal !== null && !UNHEARD.includes(refusal)) {
    return fail(call, replyTrouble(call, agentName(orderer.agent), reply, call.say("refusedDo")));
  }
  const goal: Goal = { kind: "server", server: name, state: "off" };
  const watch = new GoalWatch(goal, orderer.document);
  const obeyMs = refusal === null ? (waitS ?? OBEY_S) * 1000 : 0;
  if (await isOffWithin(call, place, goal, watch, obeyMs)) return succeed(call, name, "obeyed");
  tell(call, call.say("notObeyed", { server: name }));
  const failed = await pressSwitch(call, place, name, others);
  if (failed !== null) return fail(call, failed);
  if (await isOffWithin(call, place, goal, watch, SWITCH_MS))
    return succeed(call, name, "switched");
  const message = call.say("stillOn", { server: name });
  const remedy = call.say("stillOnDo", { server: name });
  return fail(call, { exit: EXIT.timeout, code: null, message, remedy });
}

/** A person's word instead of an order: whoever types it has looked. */
async function confirmOff(call: Call, name: string, others: readonly Answer[]): Promise<ExitCode> {
  const { io, say, invocation } = call;
  if (!invocation.flags.has("yes")) {
    if (!io.canAsk) return fail(call, usageTrouble(say("cannotAskOff"), say("cannotAskDo")));
    const typed = await io.ask(say("confirmOff", { server: name }));
    if (typed?.trim() !== name) {
      const trouble = usageTrouble(say("notConfirmed"), say("notConfirmedDo"));
      return fail(call, { ...trouble, exit: EXIT.failed });
    }
  }
  const [witness] = others;
  if (witness === undefined) {
    const message = say("noWitness", { server: name });
    return fail(call, { exit: EXIT.refused, code: null, message, remedy: say("noWitnessDo") });
  }
  const reply = await order(call, witness, "server.confirm-off", name);
  if (reply.kind !== "ok") {
    return fail(call, replyTrouble(call, agentName(witness.agent), reply, say("refusedDo")));
  }
  return succeed(call, name, "confirmed");
}

/** null = done. Nobody is switched off unless another member is left to go on. */
async function pressSwitch(
  call: Call,
  place: Place,
  name: string,
  others: readonly Answer[],
): Promise<Trouble | null> {
  const { io, say } = call;
  const heir = others.find(({ agent, document }) =>
    document.servers.some((server) => server.name === agent.server && server.state === "member"),
  );
  if (heir === undefined) {
    const message = say("noHeir", { server: name });
    return { exit: EXIT.refused, code: null, message, remedy: say("noHeirDo") };
  }
  if (place.rackSocket !== null) {
    const body = { verb: "power", server: name, on: false };
    const reply = await request(place.rackSocket, body, io.orderDeadlineMs, io.interrupted);
    return reply.kind === "ok" ? null : replyTrouble(call, say("rackName"), reply, say("rackDo"));
  }
  const reply = await order(call, heir, "server.fence", name, FENCE_DEADLINE_MS);
  if (reply.kind === "ok") return null;
  return replyTrouble(call, agentName(heir.agent), reply, say("refusedDo"));
}

function order(
  call: Call,
  { agent }: Answer,
  verb: string,
  server: string,
  deadlineMs = call.io.orderDeadlineMs,
): Promise<Reply> {
  const body = { verb, args: { server }, ...spoken(call) };
  return request(agent.socketPath, body, deadlineMs, call.io.interrupted);
}

/** Key of the refusal; null = it was accepted. No answer at all counts as unheard. */
function refusalOf(reply: Reply): string | null {
  if (reply.kind === "ok") return null;
  return reply.kind === "refused" ? String(reply.body["key"] ?? "") : "outcome-unknown";
}

async function isOffWithin(
  call: Call,
  place: Place,
  goal: Goal,
  watch: GoalWatch,
  ms: number,
): Promise<boolean> {
  const endMs = call.io.nowMs() + ms;
  for (;;) {
    if (watch.judge(await learn(call, place, goal)) === "reached") return true;
    if (call.io.nowMs() >= endMs || call.io.interrupted.aborted) return false;
    await call.io.pause(POLL_MS);
  }
}

function succeed(call: Call, server: string, how: "obeyed" | "switched" | "confirmed"): ExitCode {
  const key = how === "confirmed" ? "offConfirmed" : how === "obeyed" ? "offObeyed" : "offSwitched";
  if (wantsJson(call)) printJson(call, { ok: true, exit: EXIT.done, server, how });
  else printLines(call, [call.paint("good", call.say(key, { server: printable(server) }))]);
  return EXIT.done;
}

function tell(call: Call, text: string): void {
  if (!wantsJson(call)) call.io.stderr.write(`${printable(text)}\n`);
}
