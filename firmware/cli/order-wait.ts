/**
 * Waits until an accepted order is carried out, telling every step on the way to a person who
 * watches. Asks all agents each time, because the one that took the order may be the one that goes.
 */
import type { StatusDocument } from "../../services/status.ts";
import { showSpan } from "./ages.ts";
import { type Call, commandLine, fail, printJson, printLines, wantsJson } from "./call.ts";
import { printable } from "./columns.ts";
import type { Place } from "./discover.ts";
import { EXIT, type ExitCode, type Trouble } from "./exit-code.ts";
import { findGroup, findServer, type Goal, GoalWatch, type Knowledge } from "./goal.ts";
import { readPower } from "./rack-state.ts";
import { groupNow, serverNow } from "./status-table.ts";
import { agentName, survey } from "./survey.ts";

export interface Wait {
  readonly goal: Goal;
  readonly acceptedBy: string;
  /** The picture the order was given on. */
  readonly before: StatusDocument;
  readonly startMs: number;
  readonly deadlineMs: number;
}

/** A planned move takes about 50 ms, so the first second is watched closely. */
const EAGER_MS = 40;
const EAGER_FOR_MS = 1000;
const POLL_MS = 250;

export async function awaitGoal(call: Call, place: Place, wait: Wait): Promise<ExitCode> {
  const { io, say } = call;
  const watch = new GoalWatch(wait.goal, wait.before);
  let shown = "";
  for (;;) {
    const knowledge = await learn(call, place, wait.goal);
    const progress = watch.judge(knowledge);
    const now = describe(call, wait.goal, knowledge, progress === "reached");
    const tookMs = io.nowMs() - wait.startMs;
    if (progress === "reached") return succeed(call, wait, now, tookMs);
    const values = { command: commandLine(call), now };
    if (progress === "failed") {
      return fail(call, trouble(EXIT.failed, say("wentWrong", values), say("wentWrongDo")));
    }
    if (now !== shown) tellProgress(call, tookMs, now);
    shown = now;
    if (io.interrupted.aborted) {
      return fail(call, trouble(EXIT.timeout, say("stoppedWaiting", values), say("notYetDo")));
    }
    if (io.nowMs() >= wait.deadlineMs) {
      const time = showSpan(tookMs, call.lang);
      return fail(call, trouble(EXIT.timeout, say("notYet", { ...values, time }), say("notYetDo")));
    }
    await io.pause(tookMs < EAGER_FOR_MS ? EAGER_MS : POLL_MS);
  }
}

/** What all agents, and for "off" the power itself, say now. */
export async function learn(call: Call, place: Place, goal: Goal): Promise<Knowledge> {
  const isOff = goal.kind === "cluster-off" || (goal.kind === "server" && goal.state === "off");
  const [result, power] = await Promise.all([
    survey(call, place),
    isOff && place.rackSocket !== null ? readPower(call, place.rackSocket) : null,
  ]);
  const gone = result.sightings.filter(
    (sighting) =>
      sighting.kind === "no-answer" &&
      sighting.reply.kind === "unreachable" &&
      sighting.reply.detail !== "busy",
  );
  return {
    document: result.best?.document ?? null,
    goneAgents: new Set(gone.map((sighting) => agentName(sighting.agent))),
    agentsAll: place.agents.map(agentName),
    power,
  };
}

function describe(call: Call, goal: Goal, knowledge: Knowledge, reached: boolean): string {
  const { say } = call;
  const { document, power } = knowledge;
  if (goal.kind === "cluster-off") {
    if (reached) return say("clusterIsOff");
    const up = knowledge.agentsAll.filter((name) => !knowledge.goneAgents.has(name));
    const on = power === null ? up : [...power].filter(([, isOn]) => isOn).map(([name]) => name);
    return power === null
      ? say("agentsStillUp", { servers: up.join(", ") })
      : say("powerStillOn", { server: on.join(", ") });
  }
  if (document === null) return say("notSeen");
  if (goal.kind === "group") {
    const group = findGroup(document, goal.group);
    return group === undefined ? say("noSuchGroup", { name: goal.group }) : groupNow(call, group);
  }
  const server = findServer(document, goal.server);
  if (server === undefined) return say("noSuchServer", { name: goal.server });
  const late = server.state === "off" && power?.get(server.name) === true;
  return late ? say("powerStillOn", { server: server.name }) : serverNow(call, server);
}

function succeed(call: Call, wait: Wait, now: string, tookMs: number): ExitCode {
  const { acceptedBy } = wait;
  if (wantsJson(call)) {
    const took = Math.round(tookMs);
    printJson(call, { ok: true, exit: EXIT.done, acceptedBy, reached: true, tookMs: took, now });
  } else {
    const time = showSpan(tookMs, call.lang);
    printLines(call, [call.paint("good", printable(call.say("doneAfter", { now, time })))]);
  }
  return EXIT.done;
}

/** Steps go to standard error, and only where a person sees them. */
function tellProgress(call: Call, tookMs: number, now: string): void {
  if (!call.io.stderr.isTty || wantsJson(call)) return;
  const time = showSpan(tookMs, call.lang).padStart(7);
  call.io.stderr.write(`${call.paintError("quiet", `${time}  ${printable(now)}`)}\n`);
}

function trouble(exit: Trouble["exit"], message: string, remedy: string): Trouble {
  return { exit, code: null, message, remedy };
}
