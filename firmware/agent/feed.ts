/**
 * One-way feed of the agent's picture and events to the telemetry process over the control socket. The
 * agent never waits for a reader: who does not read loses lines, and asks the event log for what it
 * missed. A status goes out on change, at most ten times a second, and at least every two seconds.
 * Source: ecosystem.md 1.2 (MQTT is a view); architecture.md 2, P3 (a stopped process stalls nobody).
 */
import type { NoteData } from "../../services/effects.ts";
import type { StatusDocument } from "../../services/status.ts";
import type { LineChannel } from "../ipc.ts";
import type { LoggedEvent } from "./event-log.ts";

/** Telemetry, and a person or a test who looks on. */
export const SUBSCRIBERS_MAX = 4;
const STATUS_EVERY_MS_MIN = 100;
const STATUS_EVERY_MS_MAX = 2000;

export interface FeedSource {
  status(language: "en" | "ja"): StatusDocument;
  /** Sequence number of the newest event; 0 = none. */
  lastSeq(): number;
  note(key: string, data: NoteData): void;
}

/** What the control socket passes on. */
export interface FeedHandlers {
  /** The result of verb `subscribe`; null = too many listen already. */
  readonly subscribe: (channel: LineChannel) => object | null;
  readonly unsubscribe: (channel: LineChannel) => void;
  /** A line for the event log from the telemetry process; false = not one that it may write. */
  readonly note: (key: string, data: Readonly<Record<string, unknown>>) => boolean;
}

/** Nothing else of the log can be written from outside. */
const NOTES: readonly string[] = [
  ...["command.retained", "command.malformed", "command.signed", "command.refused-outside"],
  "certificate.expiring",
];
/** Whatever telemetry has been talked into must not push the story of a failover out of the log. */
const NOTE_EVERY_MS = 5000;
const NOTE_CHARACTERS_MAX = 200;

export class Feed {
  readonly #source: FeedSource;
  readonly #subscribers = new Set<LineChannel>();
  #timer: NodeJS.Timeout | null = null;
  #dueMs = Number.POSITIVE_INFINITY;
  #drawnMs = Number.NEGATIVE_INFINITY;
  #sentMs = Number.NEGATIVE_INFINITY;
  #sign = "";
  /** Reason texts in Japanese for the English ones drawn last. */
  #ja: readonly string[] = [];
  #reasons = "";
  #notedMs = Number.NEGATIVE_INFINITY;

  constructor(source: FeedSource) {
    this.#source = source;
  }

  get handlers(): FeedHandlers {
    return {
      subscribe: (channel) => this.#subscribe(channel),
      unsubscribe: (channel) => this.#unsubscribe(channel),
      note: (key, data) => this.#note(key, data),
    };
  }

  #note(key: string, data: Readonly<Record<string, unknown>>): boolean {
    if (!NOTES.includes(key) || performance.now() - this.#notedMs < NOTE_EVERY_MS) return false;
    this.#notedMs = performance.now();
    const { topic, detail, count } = data;
    const text = (value: unknown): string => String(value ?? "").slice(0, NOTE_CHARACTERS_MAX);
    this.#source.note(key, { topic: text(topic), detail: text(detail), count: Number(count) || 0 });
    return true;
  }

  #subscribe(channel: LineChannel): object | null {
    if (!this.#subscribers.has(channel) && this.#subscribers.size >= SUBSCRIBERS_MAX) return null;
    this.#subscribers.add(channel);
    this.#sign = "";
    this.#wakeIn(0);
    return { seq: this.#source.lastSeq() };
  }

  #unsubscribe(channel: LineChannel): void {
    this.#subscribers.delete(channel);
    if (this.#subscribers.size > 0 || this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Something may look different; costs nothing while nobody listens. */
  touch(): void {
    if (this.#subscribers.size === 0) return;
    this.#wakeIn(Math.max(0, STATUS_EVERY_MS_MIN - (performance.now() - this.#drawnMs)));
  }

  event(event: LoggedEvent): void {
    for (const channel of this.#subscribers) channel.send({ push: "event", event });
    this.touch();
  }

  #wakeIn(ms: number): void {
    const dueMs = performance.now() + ms;
    if (this.#timer !== null) {
      if (this.#dueMs <= dueMs) return;
      clearTimeout(this.#timer);
    }
    this.#dueMs = dueMs;
    this.#timer = setTimeout(() => this.#draw(), ms);
    this.#timer.unref();
  }

  #draw(): void {
    this.#timer = null;
    if (this.#subscribers.size === 0) return;
    this.#drawnMs = performance.now();
    const status = this.#source.status("en");
    const sign = JSON.stringify(status, withoutAges);
    if (sign !== this.#sign || this.#drawnMs - this.#sentMs >= STATUS_EVERY_MS_MAX) {
      this.#sign = sign;
      this.#sentMs = this.#drawnMs;
      const ja = this.#japaneseOf(status);
      for (const channel of this.#subscribers) channel.send({ push: "status", status, ja });
    }
    this.#wakeIn(STATUS_EVERY_MS_MAX);
  }

  /** Texts of the reasons in the other language, drawn again only when there are other reasons. */
  #japaneseOf({ cluster }: StatusDocument): readonly string[] {
    const reasons = JSON.stringify(cluster.reasons);
    if (reasons === this.#reasons) return this.#ja;
    this.#reasons = reasons;
    this.#ja = this.#source.status("ja").cluster.reasons.map(({ text }) => text);
    return this.#ja;
  }
}

/** Ages and counts of measurements grow all the time; that alone is no news. */
const withoutAges = (key: string, value: unknown): unknown =>
  key === "lastHeardMs" || key === "measured" ? undefined : value;
