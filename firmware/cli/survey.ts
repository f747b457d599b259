/**
 * Asks every reachable agent for its status at once and picks whose picture to believe: the
 * coordinator's, else a member's, else any. Pictures are never merged: two half-truths mixed are
 * worse than one honest view with a note that another agent sees it differently.
 */
import { setMaxListeners } from "node:events";
import { unreachable } from "../../hal/base/assert.ts";
import type { StatusDocument } from "../../services/status.ts";
import { showSpan } from "./ages.ts";
import type { Call } from "./call.ts";
import { type NotDone, request } from "./client.ts";
import type { AgentAddress, Place } from "./discover.ts";
import { readStatus } from "./status-read.ts";

export interface Answer {
  readonly kind: "answer";
  readonly agent: AgentAddress;
  readonly document: StatusDocument;
  /** Monotonic time of arrival, ms. */
  readonly atMs: number;
}

export interface NoAnswer {
  readonly kind: "no-answer";
  readonly agent: AgentAddress;
  readonly reply: NotDone;
}

export type Sighting = Answer | NoAnswer;

export interface Survey {
  readonly sightings: readonly Sighting[];
  readonly best: Answer | null;
}

/** Once somebody has answered, the others get this much longer: a hung agent must not slow us. */
const GRACE_MS = 300;

/** `server` limits the question to that server's agent. */
export async function survey(call: Call, place: Place, server?: string): Promise<Survey> {
  const agents = place.agents.filter((agent) => server === undefined || agent.server === server);
  const hurry = new AbortController();
  // One question per agent hangs on it; more than ten of them are no leak.
  setMaxListeners(agents.length + 1, hurry.signal);
  const stop = (): void => hurry.abort();
  call.io.interrupted.addEventListener("abort", stop, { once: true });
  let grace: NodeJS.Timeout | undefined;
  const sightings = await Promise.all(
    agents.map(async (agent) => {
      const sighting = await sight(call, agent, hurry.signal);
      if (sighting.kind === "answer") grace ??= setTimeout(stop, GRACE_MS);
      return sighting;
    }),
  );
  clearTimeout(grace);
  call.io.interrupted.removeEventListener("abort", stop);
  return { sightings, best: pickBest(sightings) };
}

async function sight(call: Call, agent: AgentAddress, signal: AbortSignal): Promise<Sighting> {
  const body = { verb: "status", args: {}, ...spoken(call) };
  const reply = await request(agent.socketPath, body, call.io.queryDeadlineMs, signal);
  if (reply.kind !== "ok") return { kind: "no-answer", agent, reply };
  const reading = readStatus(reply.body["result"]);
  if (reading.kind === "malformed") return { kind: "no-answer", agent, reply: reading };
  return { kind: "answer", agent, document: reading.document, atMs: call.io.nowMs() };
}

/** The language the agent's own texts should have; English is not mentioned. */
export function spoken(call: Call): { readonly lang?: string } {
  return call.lang === "en" ? {} : { lang: call.lang };
}

function pickBest(sightings: readonly Sighting[]): Answer | null {
  let best: Answer | null = null;
  for (const sighting of sightings) {
    if (sighting.kind !== "answer") continue;
    if (best === null || isAbove(sighting, best)) best = sighting;
  }
  return best;
}

/** Of two that stand alike the newer view; one that is cut off may still call itself coordinator. */
function isAbove(one: Answer, other: Answer): boolean {
  const rank = standing(one) - standing(other);
  if (rank !== 0) return rank > 0;
  return (one.document.cluster.epoch ?? -1) > (other.document.cluster.epoch ?? -1);
}

/** Answering agents, the most trustworthy first. */
export function ranked(result: Survey): readonly Answer[] {
  const answers = result.sightings.filter((sighting) => sighting.kind === "answer");
  return answers.toSorted((a, b) => (isAbove(a, b) ? -1 : isAbove(b, a) ? 1 : 0));
}

function standing({ agent, document }: Answer): number {
  if (document.cluster.coordinator === agent.server) return 2;
  const own = document.servers.find((server) => server.name === agent.server);
  return own?.state === "member" ? 1 : 0;
}

/** How an agent is called in a message; a lone agent found by its socket has no other name. */
export function agentName(agent: AgentAddress): string {
  return agent.server === "" ? agent.socketPath : agent.server;
}

/** Why an agent gave no usable answer, in words. */
export function whyNot(call: Call, reply: NotDone): string {
  const { say, lang } = call;
  switch (reply.kind) {
    case "unreachable":
      return reply.detail === "busy"
        ? say("agentBusy")
        : say("agentAbsent", { detail: reply.detail });
    case "silent":
      return reply.afterMs === null
        ? say("agentClosed")
        : say("agentSilent", { time: showSpan(reply.afterMs, lang) });
    case "forbidden":
      return say("agentForbidden");
    case "malformed":
      return say("agentGarbage", { detail: reply.detail });
    case "refused":
      return String(reply.body["message"]);
    default:
      return unreachable(reply);
  }
}
