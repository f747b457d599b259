/**
 * Whether a host's processes could have given up by this moment: who hangs, or has just come back, is not
 * blamed for what it did not see. Source: protocol.md 1.2 (P), L5; D54.
 */
import type { Budget } from "../../services/configuration/model.ts";
import { overdueMs } from "../../services/facts.ts";

/** Once its pulse is overdue an agent takes up to two looks, each as late as a process may be. */
const AGENT_LOOKS_MS = 40;

/** `thawedAtMs`: end of its newest freeze, in whose last moments nobody may have looked. */
interface Watched {
  readonly isAble: boolean;
  readonly thawedAtMs: number;
}

export class Awareness {
  /** Newest moment at which neither pulse nor agent was able to do anything. */
  helplessAtMs = Number.NEGATIVE_INFINITY;
  /** Newest moments at which the pulse was able to act, and was not. */
  #pulseLostAtMs = Number.NEGATIVE_INFINITY;
  #pulseAbleAtMs = Number.NEGATIVE_INFINITY;
  /** Newest moment at which there was none, or one that had not been told what this server is. */
  #untaughtAtMs = Number.NEGATIVE_INFINITY;

  /**
   * Its processes have been able to give up for at least M. What begins to hang later than its agent can
   * tell before the takeover is late beyond P: no level but reset-bounded covers it (protocol.md 1.2, L5).
   */
  look(nowMs: number, pulse: Watched | null, isAgentAble: boolean, budget: Budget): boolean {
    const { marginMs, intervalMs } = budget;
    if (pulse?.isAble === true) {
      this.#pulseAbleAtMs = nowMs;
      // Nothing waits in the sockets of a new process: it hears the others with their next beats but one.
      const hearsMs = this.#untaughtAtMs + 2 * intervalMs;
      return nowMs - Math.max(this.#pulseLostAtMs, pulse.thawedAtMs, hearsMs) >= marginMs;
    }
    if (pulse === null || nowMs >= pulse.thawedAtMs) this.#untaughtAtMs = nowMs;
    this.#pulseLostAtMs = nowMs;
    if (!isAgentAble) this.helplessAtMs = nowMs;
    const patienceMs = overdueMs(intervalMs) + AGENT_LOOKS_MS + marginMs;
    return nowMs - Math.max(this.helplessAtMs, this.#pulseAbleAtMs) >= patienceMs;
  }
}
