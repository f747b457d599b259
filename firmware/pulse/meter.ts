/**
 * What the pulse measures for `kage tune`: how long the array takes, and how late the other server's LAN
 * beats arrive here, which is its pulse, the network and this pulse together. Intuition: an agent of another
 * machine cannot be asked, but its lateness is heard. A silence of T is no lateness; it was judged. Nothing
 * is decided by any of it. Source: D51; guide 3.2.3; protocol.md 1.2 (P, D).
 */
import { Histogram } from "../../hal/base/histogram.ts";
import type { ServerIndex } from "../../hal/base/ids.ts";
import type { Budget } from "../../services/configuration/model.ts";
import type { Measured } from "../../services/facts.ts";
import type { PeerHealth } from "../../services/heartbeat/peer.ts";

export class Meter {
  readonly #disk = new Histogram();
  readonly #late = new Histogram();
  readonly #heardAtMs = new Map<ServerIndex, number>();

  diskTook(ms: number): void {
    this.#disk.add(ms);
  }

  /** Newest arrival of a peer on any LAN; null = never. The same one again counts nothing. */
  heard(peer: Pick<PeerHealth, "index" | "lanHeardAtMs">, budget: Budget): void {
    const { index, lanHeardAtMs: heardAtMs } = peer;
    const { intervalMs, timeoutMs } = budget;
    const before = this.#heardAtMs.get(index);
    if (heardAtMs === null || heardAtMs === before) return;
    const gapMs = before === undefined ? 0 : heardAtMs - before;
    // The same beat over the second LAN comes within a fraction of the interval.
    if (before !== undefined && gapMs < intervalMs / 2) return;
    this.#heardAtMs.set(index, heardAtMs);
    if (before !== undefined && gapMs < timeoutMs) this.#late.add(Math.max(0, gapMs - intervalMs));
  }

  /** `lateness`: of this pulse's own wakes. Counts by class since its start. */
  snapshot(lateness: Histogram): Measured {
    return {
      late: lateness.snapshot(),
      disk: this.#disk.snapshot(),
      heard: this.#late.snapshot(),
    };
  }
}
