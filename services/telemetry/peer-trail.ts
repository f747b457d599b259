/**
 * Events of the other servers, read from their own brokers: only what such a server says about itself, each
 * once. Intuition: a log counts its lines, so the highest number seen says what is new; the retained list of
 * the last fifty fills what was missed meanwhile. Pure, bounded by the list and by one number per server.
 * Source: ecosystem.md 1.2 (every node publishes the whole view), 1.3 (`event`, `event/recent`).
 */
import type { CommandMessage } from "./commands/rules.ts";
import { RECENT_EVENTS } from "./events.ts";
import type { EventMessage } from "./model.ts";
import { isEvent, parse } from "./payload.ts";

/** A line with both languages is 1 to 3 KiB; longer ones are nobody's log. */
const EVENT_CHARACTERS_MAX = 16_384;

export class PeerTrail {
  readonly #newest = new Map<string, number>();

  /** What is new on `event` or `event/recent` of `server`'s broker, oldest first. */
  take(server: string, message: CommandMessage): readonly EventMessage[] {
    const heard = parse(message);
    if (heard === null) return [];
    const list = Array.isArray(heard["events"]) ? heard["events"].slice(-RECENT_EVENTS) : null;
    const own = (list ?? [heard])
      .filter((event) => isOwn(event, server))
      .sort((a, b) => a.seq - b.seq);
    const last = own.at(-1)?.seq ?? 0;
    // A shorter log is that of a server that was set up anew.
    if (list !== null && last < (this.#newest.get(server) ?? 0)) this.#newest.delete(server);
    const known = this.#newest.get(server) ?? 0;
    const news = own.filter(({ seq }) => seq > known);
    if (news.length > 0) this.#newest.set(server, last);
    return list === null ? news : news.map((event) => ({ ...event, replay: true as const }));
  }
}

function isOwn(value: unknown, server: string): value is EventMessage {
  if (typeof value !== "object" || value === null || !isEvent(value)) return false;
  const { seq } = value;
  const isNumbered = typeof seq === "number" && Number.isSafeInteger(seq) && seq > 0;
  if (!isNumbered || value.server !== server || value.id !== `${server}-${seq}`) return false;
  return JSON.stringify(value).length <= EVENT_CHARACTERS_MAX;
}
