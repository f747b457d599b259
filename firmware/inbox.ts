/**
 * A bounded line of events between the outside and the cores. When it is full the oldest go: every input
 * of ours is repeated (beats, tokens, facts), so the newest word is worth more than the oldest.
 * Source: architecture.md 4; style.md 13.
 */

/** Some hundred beats: more only pile up behind a pause, and then only the newest matter. */
const EVENTS_MAX = 1024;

export class Inbox<E> {
  #events: E[] = [];
  /** How many events were dropped since the start. */
  dropped = 0;

  push(event: E): void {
    this.#events.push(event);
    if (this.#events.length > EVENTS_MAX) {
      this.#events.shift();
      this.dropped += 1;
    }
  }

  /** For what must be known before everything that waits. */
  pushFirst(event: E): void {
    this.#events.unshift(event);
  }

  shift(): E | undefined {
    return this.#events.shift();
  }
}
