/**
 * The trail of events: what of the server's log is news, what is history, where lines are missing, and the
 * last fifty for those who join late, other servers' events among them. Pure: no clock, no I/O.
 * Source: ecosystem.md 1.2 (store and forward), 1.3 (`event`, `event/recent`).
 */
import { eventMessage, type LogLine, RECENT_EVENTS } from "./events.ts";
import type { EventMessage } from "./model.ts";

/** Lines kept to find causes. */
const BEFORE_MAX = 200;
/** Longest gap in the log that is asked for, lines. */
const GAP_LINES_MAX = 10_000;

export interface TrailStep {
  /** To be published, oldest first. */
  readonly news: readonly EventMessage[];
  /** Ask the log for the lines after this one; null = nothing is missing. */
  readonly askAfter: number | null;
}

export class EventTrail {
  #lines: LogLine[] = [];
  /** Newest line seen, or delivered by a former life of this process; 0 = none. */
  #lastSeq: number;
  #recent: readonly EventMessage[] = [];
  #hasChanged = true;

  constructor(deliveredSeq: number) {
    this.#lastSeq = deliveredSeq;
  }

  /** A feed has begun on a log that ends at `logSeq`: the line to ask after. */
  open(logSeq: number): number {
    // A log that is shorter than what was delivered belongs to another life of this server.
    if (logSeq < this.#lastSeq) {
      this.#lastSeq = 0;
      this.#lines = [];
    }
    const from = Math.max(this.#lastSeq, logSeq - GAP_LINES_MAX);
    return this.#recent.length === 0 ? Math.max(0, from - RECENT_EVENTS) : from;
  }

  /** `late`: lines that were asked for; more may follow the last. */
  take(lines: readonly LogLine[], late: boolean): TrailStep {
    const news: EventMessage[] = [];
    // On the very first start the whole log is history, not news.
    const isHistory = late && this.#lastSeq === 0;
    for (const line of lines) {
      // Lines were dropped on the way: the log has them all in order.
      if (!late && line.seq > this.#lastSeq + 1) return { news, askAfter: this.#lastSeq };
      if (line.seq <= (this.#lines.at(-1)?.seq ?? 0)) continue;
      const message = eventMessage(line, this.#lines);
      this.#lines = [...this.#lines.slice(1 - BEFORE_MAX), line];
      this.remember(message);
      if (line.seq <= this.#lastSeq) continue;
      this.#lastSeq = line.seq;
      if (!isHistory) news.push(late ? { ...message, replay: true } : message);
    }
    return { news, askAfter: late && lines.length > 0 ? this.#lastSeq : null };
  }

  /** An event of this or another server. */
  remember(message: EventMessage): void {
    if (this.#recent.some(({ id, ts }) => id === message.id && ts === message.ts)) return;
    const all = [...this.#recent, message].sort((a, b) => (a.ts < b.ts ? -1 : a.ts > b.ts ? 1 : 0));
    this.#recent = all.slice(-RECENT_EVENTS);
    this.#hasChanged = true;
  }

  /** The last fifty, when they are others than at the last call, else null. */
  changedRecent(): readonly EventMessage[] | null {
    if (!this.#hasChanged) return null;
    this.#hasChanged = false;
    return this.#recent;
  }
}
