/**
 * Why each server of the simulator ended itself last time, kept on its flash over the restart as
 * firmware/agent/emergency.ts keeps it: told once by the agent of the next start, and a record until the
 * server is a member again. Source: requirements R108, D33, R203.
 */
import type { NoteData } from "../../services/effects.ts";
import type { LastWord } from "../last-words.ts";

type Tell = (key: string, data: NoteData) => void;

export class Emergencies {
  /** Ends of which no agent has read yet, by server. */
  readonly #unread = new Set<number>();
  readonly #records = new Map<number, NoteData>();

  /** Last words of a pulse that has ended everything of its server. */
  keep(server: number, words: readonly LastWord[]): void {
    const end = words.find(({ key }) => key === "emergency-shutdown");
    if (end === undefined) return;
    this.#unread.add(server);
    this.#records.set(server, { ...end.data, at: end.at });
  }

  /** Once per start of an agent. */
  open(server: number, tell: Tell): void {
    const record = this.recordOf(server);
    if (record !== null && this.#unread.delete(server)) tell("emergency.recorded", record);
  }

  /** The server is a member again: somebody has looked at it and returned it. */
  settle(server: number): void {
    if (!this.#unread.has(server)) this.#records.delete(server);
  }

  /** Data of the event `emergency.recorded`; null = the last end was none, or it is settled. */
  recordOf(server: number): NoteData | null {
    return this.#records.get(server) ?? null;
  }
}
