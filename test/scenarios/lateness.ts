/**
 * How late the machine itself was: a thread that wants to run every few milliseconds and notes the
 * longest time it did not get the processor. A story states no outcome for a host that is later than P of
 * its timing budget, so a story that failed on such a host says nothing and is played again.
 * Source: architecture.md 7 (below its timing margin a scenario compares nothing); protocol.md 1.2 (P).
 */
import { Worker } from "node:worker_threads";

/** Finer than the smallest P (6 ms) would cost more than it tells. */
const TICK_MS = 3;
/** Slots of a ring, one per stretch: a story asks for those of its own time. */
const STRETCH_MS = 250;
const STRETCHES = 4096;

/** Longest gap per stretch of wall time, in tenths of ms; a stretch is found by its number. */
const THREAD = `
const { workerData } = require("node:worker_threads");
const gaps = new Int32Array(workerData.gaps);
let last = performance.timeOrigin + performance.now();
setInterval(() => {
  const now = performance.timeOrigin + performance.now();
  const gap = Math.round((now - last - workerData.tickMs) * 10);
  const from = Math.floor(last / workerData.stretchMs);
  const to = Math.floor(now / workerData.stretchMs);
  for (let s = from; s <= to; s += 1) {
    const at = s % workerData.stretches;
    if (s > from) gaps[at] = 0;
    if (gap > gaps[at]) gaps[at] = gap;
  }
  last = now;
}, workerData.tickMs);
`;

export interface LatenessMeter {
  /** Longest gap between two moments of wall time (ms since 1970), ms. At most about 17 minutes back. */
  readonly worstMs: (fromMs: number, toMs: number) => number;
  readonly close: () => Promise<void>;
}

export function openLatenessMeter(): LatenessMeter {
  const buffer = new SharedArrayBuffer(STRETCHES * Int32Array.BYTES_PER_ELEMENT);
  const gaps = new Int32Array(buffer);
  const workerData = {
    gaps: buffer,
    tickMs: TICK_MS,
    stretchMs: STRETCH_MS,
    stretches: STRETCHES,
  };
  const worker = new Worker(THREAD, { eval: true, workerData });
  worker.unref();
  return {
    worstMs: (fromMs, toMs) => {
      let worst = 0;
      const last = Math.floor(toMs / STRETCH_MS);
      for (let s = Math.floor(fromMs / STRETCH_MS); s <= last; s += 1) {
        worst = Math.max(worst, gaps[s % STRETCHES] ?? 0);
      }
      return worst / 10;
    },
    close: async () => {
      await worker.terminate();
    },
  };
}
