/**
 * Tells when the appliance is up: every server is a member by its own agent's word and the floating
 * addresses answer over the public switch. Until then it can say what is missing.
 * Source: issue 2 item 6.
 */
import { get } from "node:http";
import { isRecord, request } from "../cli/client.ts";
import type { FloatingPort } from "./layout.ts";

export interface ReadyTargets {
  readonly servers: readonly { readonly name: string; readonly agentSocket: string }[];
  readonly floating: readonly FloatingPort[];
}

export interface Answer {
  readonly at: FloatingPort;
  /** First line of the body, the server's name with the demonstration's service; null = no answer. */
  readonly text: string | null;
}

export interface Readiness {
  readonly ready: boolean;
  readonly answers: readonly Answer[];
  /** Servers that wait to be returned; the others are up. */
  readonly detached: readonly string[];
  /** All that can come up by itself has: only detached servers are missing. */
  readonly isSettled: boolean;
  /** One line per thing that is missing. */
  readonly missing: readonly string[];
}

/** A local question is answered at once or not at all. */
const ASK_DEADLINE_MS = 1000;
/** First line of an answer, for people. */
const ANSWER_CHARACTERS_MAX = 80;

/** One question to every agent and every floating address, each answered within a second or not at all. */
export async function lookReady(targets: ReadyTargets): Promise<Readiness> {
  const states = await Promise.all(targets.servers.map(ownState));
  const answers = await Promise.all(targets.floating.map(askFloating));
  const missing = [
    ...targets.servers.flatMap((server, index) => {
      const state = states[index] ?? "unknown";
      return state === "member" ? [] : [`${server.name} is ${state}`];
    }),
    ...answers.flatMap(({ at, text }) =>
      text === null ? [`group ${at.group}: http://${at.address}:${at.port} does not answer`] : [],
    ),
  ];
  const named = (wanted: string): string[] =>
    targets.servers.flatMap(({ name }, index) => (states[index] === wanted ? [name] : []));
  const detached = named("detached");
  const answered = answers.every(({ text }) => text !== null);
  const others = named("member").length + detached.length === targets.servers.length;
  const allDown = detached.length === targets.servers.length;
  const isSettled = allDown || (detached.length > 0 && answered && others);
  return { ready: missing.length === 0, answers, detached, isSettled, missing };
}

/** What the server's agent says about its own server. */
async function ownState(server: ReadyTargets["servers"][number]): Promise<string> {
  const reply = await request(server.agentSocket, { verb: "status" }, ASK_DEADLINE_MS);
  switch (reply.kind) {
    case "ok": {
      const result = reply.body["result"];
      const servers = isRecord(result) && Array.isArray(result["servers"]) ? result["servers"] : [];
      const own = servers.find((one) => isRecord(one) && one["name"] === server.name);
      return isRecord(own) && typeof own["state"] === "string" ? own["state"] : "not in its status";
    }
    case "refused":
      return "not ready to answer";
    case "unreachable":
      return "without a running agent";
    case "forbidden":
    case "silent":
    case "malformed":
      return `not answering (${reply.kind})`;
  }
}

function askFloating(at: FloatingPort): Promise<Answer> {
  return new Promise((resolve) => {
    const none = (): void => resolve({ at, text: null });
    const options = { host: at.address, port: at.port, agent: false, timeout: ASK_DEADLINE_MS };
    const question = get(options, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        if (body.length <= ANSWER_CHARACTERS_MAX) body += text;
      });
      response.on("error", none);
      response.on("end", () => {
        const text = (body.split("\n")[0] ?? "").slice(0, ANSWER_CHARACTERS_MAX);
        resolve({ at, text: response.statusCode === 200 ? text : null });
      });
    });
    question.on("timeout", () => question.destroy());
    // Refused, reset or too late: all of them mean that nobody serves this address yet.
    question.on("error", none);
    question.on("close", none);
  });
}
