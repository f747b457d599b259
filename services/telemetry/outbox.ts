/**
 * What still has to reach one broker, bounded: of a state topic only the last value, of the events a
 * ring, of replies a short queue. Nothing is handed out faster than the broker acknowledges, so that a
 * broker that hangs costs a fixed amount of memory; after a reconnect everything retained goes again and
 * events follow from the first that was not acknowledged. Pure: no clock, no I/O.
 * Source: ecosystem.md 0 finding 5, 1.2 (nothing retained is trusted to survive; store and forward).
 */
import type { EventMessage } from "./model.ts";

/** Unacknowledged publications at one time. */
export const WINDOW = 32;
/** Events kept while a broker is away; the oldest go first. */
export const EVENTS_MAX = 10_000;
/** Replies and audit lines that wait; an outage makes them worthless. */
export const LETTERS_MAX = 256;
/** State topics of 16 servers, 32 groups, 10 paths and 64 alerts stay below. */
export const TOPICS_MAX = 1024;

export interface Publication {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  readonly correlation: Uint8Array | null;
  /** MQTT 5 message expiry, s; null = none. */
  readonly expiryS: number | null;
}

/** What is said once, without a question before it. */
export const LETTER: Omit<Publication, "topic" | "payload"> = {
  retain: false,
  correlation: null,
  expiryS: null,
};

/** A publication on its way; `token` comes back with the broker's acknowledgement. */
export interface Dispatch extends Publication {
  readonly token: number;
}

type Flight =
  | { readonly kind: "state"; readonly topic: string; readonly payload: string }
  | { readonly kind: "event"; readonly seq: number }
  | { readonly kind: "letter" };

export class Outbox {
  readonly #eventTopic: string;
  /** Last value of every state topic; an empty one removes the topic at the broker. */
  readonly #states = new Map<string, string>();
  /** Topics whose last value the broker has not acknowledged. */
  readonly #dirty = new Set<string>();
  readonly #events: EventMessage[] = [];
  readonly #letters: Publication[] = [];
  readonly #flights = new Map<number, Flight>();
  #connected = false;
  #token = 0;
  /** Index into `#events` of the next to hand out. */
  #nextEvent = 0;
  /** Events at or below were handed out on an earlier connection or queued while there was none. */
  #replayUpTo = 0;
  #ackedSeq = 0;
  #dropped = 0;

  constructor(eventTopic: string) {
    this.#eventTopic = eventTopic;
  }

  get isConnected(): boolean {
    return this.#connected;
  }

  /** Events and letters that were lost because a broker was away for too long. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Highest event the broker has acknowledged, all before it included; 0 = none. */
  get ackedSeq(): number {
    return this.#ackedSeq;
  }

  get waiting(): number {
    return this.#dirty.size + this.#events.length - this.#nextEvent + this.#letters.length;
  }

  /** Sets a retained topic's last value. Unchanged values cost nothing. */
  put(topic: string, payload: string): void {
    if (this.#states.get(topic) === payload) return;
    if (!this.#states.has(topic) && this.#states.size >= TOPICS_MAX) return;
    this.#states.set(topic, payload);
    this.#dirty.add(topic);
  }

  /** Removes a retained topic at the broker. */
  clear(topic: string): void {
    if (this.#states.has(topic)) this.put(topic, "");
  }

  /** Stops publishing a topic without removing it: somebody else publishes it from here on. */
  forget(topic: string): void {
    this.#states.delete(topic);
    this.#dirty.delete(topic);
  }

  /** Publishes the topics that begin with `head` again. */
  repeat(head: string): void {
    for (const topic of this.#states.keys()) if (topic.startsWith(head)) this.#dirty.add(topic);
  }

  topics(): readonly string[] {
    return [...this.#states.keys()];
  }

  event(message: EventMessage): void {
    this.#events.push(message);
    if (!this.#connected) this.#replayUpTo = Math.max(this.#replayUpTo, message.seq);
    if (this.#events.length <= EVENTS_MAX) return;
    this.#events.shift();
    this.#nextEvent = Math.max(0, this.#nextEvent - 1);
    this.#dropped += 1;
  }

  /** Replies and audit lines: once, in order, only while the broker is there. */
  letter(publication: Publication): void {
    if (this.#connected && this.#letters.length < LETTERS_MAX) this.#letters.push(publication);
    else this.#dropped += 1;
  }

  /** All retained state counts as lost; unacknowledged events go again, marked as replay. */
  becomeConnected(): void {
    this.#connected = true;
    this.#flights.clear();
    for (const [topic, payload] of this.#states) {
      if (payload === "") this.#states.delete(topic);
      else this.#dirty.add(topic);
    }
    this.#nextEvent = 0;
    this.#replayUpTo = Math.max(this.#replayUpTo, this.#events.at(-1)?.seq ?? 0);
  }

  becomeLost(): void {
    this.#connected = false;
    this.#flights.clear();
    this.#dropped += this.#letters.length;
    this.#letters.length = 0;
  }

  /** The broker took `token`; unknown tokens are of an earlier connection. */
  delivered(token: number): void {
    const flight = this.#flights.get(token);
    if (flight === undefined) return;
    this.#flights.delete(token);
    if (flight.kind === "state") return this.#forgetRemoved(flight);
    if (flight.kind !== "event") return;
    const inFlight = [...this.#flights.values()].flatMap((other) =>
      other.kind === "event" ? [other.seq] : [],
    );
    const open = Math.min(...inFlight, this.#events[this.#nextEvent]?.seq ?? Infinity);
    while ((this.#events[0]?.seq ?? Infinity) < open && this.#nextEvent > 0) {
      this.#ackedSeq = Math.max(this.#ackedSeq, this.#events.shift()?.seq ?? 0);
      this.#nextEvent -= 1;
    }
  }

  /** What may go now: replies first, then state, then events; at most WINDOW unacknowledged. */
  take(): readonly Dispatch[] {
    const out: Dispatch[] = [];
    while (this.#connected && this.#flights.size < WINDOW) {
      const next = this.#next();
      if (next === null) break;
      this.#token += 1;
      this.#flights.set(this.#token, next.flight);
      out.push({ ...next.publication, token: this.#token });
    }
    return out;
  }

  #forgetRemoved({ topic, payload }: { readonly topic: string; readonly payload: string }): void {
    const isRemoved = payload === "" && this.#states.get(topic) === "";
    if (isRemoved && !this.#dirty.has(topic)) this.#states.delete(topic);
  }

  #next(): { readonly publication: Publication; readonly flight: Flight } | null {
    const letter = this.#letters.shift();
    if (letter !== undefined) return { publication: letter, flight: { kind: "letter" } };
    for (const topic of this.#dirty) {
      // Two values of one topic under way could arrive in either order after a fault.
      if (this.#isFlying(topic)) continue;
      this.#dirty.delete(topic);
      const payload = this.#states.get(topic) ?? "";
      const publication = { topic, payload, retain: true, correlation: null, expiryS: null };
      return { publication, flight: { kind: "state", topic, payload } };
    }
    const event = this.#events[this.#nextEvent];
    if (event === undefined) return null;
    this.#nextEvent += 1;
    const replay = event.seq <= this.#replayUpTo ? { ...event, replay: true as const } : event;
    const payload = JSON.stringify(replay);
    return {
      publication: {
        topic: this.#eventTopic,
        payload,
        retain: false,
        correlation: null,
        expiryS: null,
      },
      flight: { kind: "event", seq: event.seq },
    };
  }

  #isFlying(topic: string): boolean {
    for (const flight of this.#flights.values()) {
      if (flight.kind === "state" && flight.topic === topic) return true;
    }
    return false;
  }
}
