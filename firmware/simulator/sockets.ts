/**
 * The sockets between the processes of one simulated server: words arrive in order some moment later, or not at
 * all while no connection is open. Source: architecture.md 2; protocol.md 2.3 P3.
 */
import type { SwarmAgent } from "./agent.ts";
import type { SwarmHost } from "./host.ts";
import type { SwarmPulse } from "./pulse.ts";

/** `later`: ends with the life of the host, and waits while it stands still. */
type Later = (ms: number, run: () => void) => void;

/** Most words take as long, some the other, ms. */
const QUICK_MS = 0.3;
const SLOW_MS = 4;
const QUICK_PERCENT = 95;

export class SwarmSockets {
  readonly #host: SwarmHost;
  readonly #later: Later;
  #link = 0;
  #openLink = 0;
  #carriedAtMs = 0;

  constructor(host: SwarmHost, later: Later) {
    this.#host = host;
    this.#later = later;
  }

  /** What was said on the connection before is lost. */
  cut(): void {
    this.#link += 1;
  }

  /** The two find each other after `ms`. */
  connect(ms: number): void {
    this.#link += 1;
    const link = this.#link;
    this.#later(ms, () => {
      const { pulse, agent } = this.#host;
      if (this.#link !== link || pulse === null || agent === null) return;
      pulse.welcome(() => {
        if (this.#link !== link) return;
        this.#openLink = link;
        const blob = pulse.state.token?.blob ?? new Uint8Array(0);
        this.toAgent((greeted) => greeted.greet(blob));
        pulse.tellAgent();
      });
    });
  }

  /** Lost while no connection is open. */
  toAgent(tell: (agent: SwarmAgent) => void): void {
    const link = this.#link;
    if (link !== this.#openLink) return;
    this.carry(() => {
      if (this.#link === link && this.#host.agent !== null) tell(this.#host.agent);
    });
  }

  toPulse(tell: (pulse: SwarmPulse) => void): void {
    const link = this.#link;
    if (link !== this.#openLink) return;
    this.carry(() => {
      if (this.#link === link && this.#host.pulse !== null) tell(this.#host.pulse);
    });
  }

  /** A word takes a moment and ends with the life of this host. */
  carry(run: () => void): void {
    const { ipcMs } = this.#host.bends;
    if (ipcMs === Number.POSITIVE_INFINITY) return;
    const { clock } = this.#host.world;
    const ms = (this.#host.random.below(100) < QUICK_PERCENT ? QUICK_MS : SLOW_MS) + ipcMs;
    this.#carriedAtMs = Math.max(this.#carriedAtMs, clock.nowMs + ms);
    this.#later(this.#carriedAtMs - clock.nowMs, run);
  }
}
