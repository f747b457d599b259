/**
 * `kage config` in a simulated story: what is in force, a text that is brought, what became of it; and refusals
 * as the command prints them. Source: firmware/cli/config-change.ts; firmware/agent/config-requests.ts.
 */
import { EXIT } from "../../firmware/cli/exit-code.ts";
import { speaker } from "../../firmware/cli/messages.ts";
import type { SwarmHost } from "../../firmware/simulator/host.ts";
import type { World as Simulation, TextAnswer } from "../../firmware/simulator/world.ts";
import { type EventData, isRefusalKey, renderRefusal } from "../../services/catalogue.ts";
import type { Answer } from "./world.ts";

const SAY = speaker("en");
/** `kage config apply` waits so long. */
const APPLY_MS = 60_000;

/** Outcomes of the desk that the command tells by another key. */
const KEYS: Readonly<Record<string, string>> = {
  "config-outside": "not-member",
  "dropped: outvoted": "config-conflict",
  "dropped: withdrawn": "config-conflict",
  "dropped: refused": "config-refused-there",
  "dropped: unfit": "config-unfit-here",
  "dropped: trouble": "config-cut",
  "dropped: slow": "config-cut",
};

/** A text that was given to an agent. */
export interface Question {
  readonly host: SwarmHost;
  /** Answers that were there before. */
  readonly before: number;
  readonly untilMs: number;
}

export class SimTexts {
  readonly #sim: Simulation;
  readonly #run: (ms: number) => void;

  constructor(sim: Simulation, run: (ms: number) => void) {
    this.#sim = sim;
    this.#run = run;
  }

  get(host: SwarmHost | undefined): Answer {
    const bytes = host?.texts?.index?.current.bytes ?? host?.texts?.file;
    if (bytes === undefined) return { exit: EXIT.unreachable, stdout: "", stderr: "no agent" };
    return { exit: EXIT.done, stdout: Buffer.from(bytes).toString("utf8"), stderr: "" };
  }

  give(host: SwarmHost, bytes: Uint8Array): Question {
    const { clock, textAnswers } = this.#sim;
    const question = { host, before: textAnswers.length, untilMs: clock.nowMs + APPLY_MS };
    host.agent?.apply(bytes);
    return question;
  }

  /** Lets time pass until it is known. */
  answer({ host, before, untilMs }: Question): Answer {
    const find = (): TextAnswer | undefined =>
      this.#sim.textAnswers.slice(before).find(({ index }) => index === host.index);
    while (find() === undefined && this.#sim.clock.nowMs < untilMs) this.#run(1);
    const { outcome = "outcome-unknown", rev = 0 } = find() ?? {};
    if (outcome === "same") return { exit: EXIT.done, stdout: "", stderr: "" };
    if (outcome !== "installed") return refused(KEYS[outcome] ?? outcome, {});
    const members = host.agent?.state.facts?.view?.members ?? [];
    const names = this.#sim.config.servers
      .filter(({ index }) => index === host.index || members.includes(index))
      .map(({ name }) => name);
    const entries = [host.texts?.index?.current, host.texts?.index?.prepared];
    const hash = entries.find((entry) => entry?.rev === rev)?.hash.slice(0, 8) ?? "";
    const data = { rev: `${rev}`, hash, servers: names.join(", ") };
    return { exit: EXIT.done, stdout: SAY("configApplied", data), stderr: "" };
  }
}

/** With code, text and remedy of the catalogue. */
export function refused(key: string, data: EventData): Answer {
  if (!isRefusalKey(key)) return { exit: EXIT.failed, stdout: "", stderr: key };
  const { code, exit, message, remedy } = renderRefusal(key, data, "en");
  return { exit, stdout: "", stderr: `${code} ${message} ${remedy}` };
}
