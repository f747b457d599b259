/**
 * Who publishes the picture of the cluster on one broker. Every server has its own broker and tells it
 * everything; where several share one, two pictures must not overwrite each other in turn. So the
 * coordinator speaks, and another only while no better one is heard: the broker's word about clients that
 * are gone (last will) is good enough for a view, never for a verdict.
 * Pure: time is a parameter. Source: ecosystem.md 1.2 ("only the coordinator publishes ...").
 */

export interface HeardState {
  readonly by: string;
  readonly epoch: number;
  /** It says that it is the coordinator itself. */
  readonly leads: boolean;
  readonly atMs: number;
}

export interface Own {
  readonly self: string;
  /** Server names, best priority first. */
  readonly servers: readonly string[];
  /** Counter of the own view's epoch, 0 = none; null = the agent is silent. */
  readonly epoch: number | null;
  readonly coordinator: string | null;
}

/** A speaker repeats itself every 5 s; three misses and it counts as gone. */
export const SPEAKER_SILENCE_MS = 15_000;
/** Retained words of others arrive at once after subscribing; wait for them before speaking. */
export const GRACE_MS = 1500;

export class SpeakerWatch {
  readonly #online = new Map<string, boolean>();
  #heard: HeardState | null = null;
  #connectedMs: number | null = null;
  #speaks = false;

  /** Retained words of others may have come before this: they are kept. */
  becomeConnected(atMs: number): void {
    this.#connectedMs = atMs;
  }

  becomeLost(): void {
    this.#connectedMs = null;
    this.#online.clear();
    this.#heard = null;
    this.#speaks = false;
  }

  /** Another server's topic `state`. */
  hearState(heard: HeardState): void {
    this.#heard = heard;
  }

  /** Another server's topic `node/<n>/online`. */
  hearOnline(server: string, online: boolean): void {
    this.#online.set(server, online);
  }

  isOnline(server: string): boolean {
    return this.#online.get(server) === true;
  }

  /** A living coordinator is heard on this broker, so that commands there are its business. */
  isLedByAnother(own: Own, atMs: number): boolean {
    return this.#living(own, atMs)?.leads === true;
  }

  /** Decides anew; asked on every event, so that a change takes effect at once. */
  speaks(own: Own, atMs: number): boolean {
    this.#speaks = this.#decide(own, atMs);
    return this.#speaks;
  }

  #decide(own: Own, atMs: number): boolean {
    if (this.#connectedMs === null || own.epoch === null) return false;
    const heard = this.#living(own, atMs);
    if (own.coordinator === own.self) return heard === null || heard.epoch <= own.epoch;
    if (heard !== null && this.#outranks(heard, own, own.epoch)) return false;
    if (heard !== null && !this.#speaks) return false;
    if (own.coordinator !== null && this.isOnline(own.coordinator)) {
      // It has just become coordinator or connected, and will speak in a moment.
      const silentMs = atMs - Math.max(this.#connectedMs, this.#heard?.atMs ?? 0);
      if (silentMs < SPEAKER_SILENCE_MS) return false;
    }
    return atMs - this.#connectedMs >= GRACE_MS;
  }

  /** The other speaker, unless it is gone or has been silent for too long. */
  #living(own: Own, atMs: number): HeardState | null {
    const heard = this.#heard;
    if (heard === null || heard.by === own.self) return null;
    if (this.#online.get(heard.by) === false) return null;
    return atMs - heard.atMs < SPEAKER_SILENCE_MS ? heard : null;
  }

  #outranks(heard: HeardState, own: Own, epoch: number): boolean {
    if (heard.by === own.coordinator || heard.epoch > epoch) return true;
    const rank = (name: string): number => own.servers.indexOf(name);
    return heard.epoch === epoch && rank(heard.by) < rank(own.self);
  }
}
