/**
 * The board of shared topics: last content and envelope of each, a new revision only for what has changed.
 * What is drawn here is published by whoever speaks on a broker. Pure: time is a parameter.
 * Source: ecosystem.md 1.3 (envelope: `rev` rises by one per change).
 */
import type { Projection } from "./project.ts";

/** `state` and the ages of the paths are repeated this often, so that a reader sees that all lives. */
export const REFRESH_MS = 5000;

export class TopicBoard {
  readonly #by: string;
  readonly #topics = new Map<string, { readonly sign: string; readonly payload: string }>();
  #rev = 0;
  #refreshedMs = Number.NEGATIVE_INFINITY;

  constructor(by: string) {
    this.#by = by;
  }

  /** Topic below the prefix and payload. */
  entries(): readonly (readonly [topic: string, payload: string])[] {
    return [...this.#topics].map(([topic, { payload }]) => [topic, payload]);
  }

  has(topic: string): boolean {
    return this.#topics.has(topic);
  }

  /** Brings the board up to the picture; alerts and groups that are not in it are gone. */
  draw(drawn: readonly Projection[], epoch: number, atMs: number, nowMs: number): void {
    const refresh = atMs - this.#refreshedMs >= REFRESH_MS;
    if (refresh) this.#refreshedMs = atMs;
    for (const { topic, content, sign } of drawn) {
      const repeats = refresh && (topic === "state" || topic.startsWith("path/"));
      if (this.#topics.get(topic)?.sign === sign && !repeats) continue;
      this.#topics.set(topic, { sign, payload: this.envelop(content, epoch, nowMs) });
    }
    const present = new Set(drawn.map(({ topic }) => topic));
    for (const topic of this.#topics.keys()) {
      if (/^(alert|group)\//.test(topic) && !present.has(topic)) this.#topics.delete(topic);
    }
  }

  /** A topic that is no part of the picture. */
  put(topic: string, content: object, epoch: number, nowMs: number): void {
    const payload = this.envelop(content, epoch, nowMs);
    this.#topics.set(topic, { sign: payload, payload });
  }

  /** The next revision. */
  envelop(content: object, epoch: number, nowMs: number): string {
    this.#rev += 1;
    const ts = new Date(nowMs).toISOString();
    return JSON.stringify({ v: 1, ts, by: this.#by, epoch, rev: this.#rev, ...content });
  }
}
