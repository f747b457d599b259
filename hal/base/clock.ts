/**
 * The two clocks and the one kind of timer that drivers use.
 * Intuition: the monotonic clock stands still while the machine is suspended, the boot-time clock does
 * not; a pulse that compares both notices that it has slept. Wall time is not here: it jumps.
 * Source: protocol.md 1.3 rule 5, chapter 2 L12; proc(5) on /proc/uptime.
 */
import { openSync, readSync } from "node:fs";

const NS_PER_MS = 1_000_000n;
/** `/proc/uptime` is two decimal numbers; a machine up for 30 years needs under 30 characters. */
const UPTIME_BYTES_MAX = 64;
const UPTIME_PATH = "/proc/uptime";
const uptimeText = new Uint8Array(UPTIME_BYTES_MAX);

/** Milliseconds since an arbitrary point of this boot, whole number, never backwards. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / NS_PER_MS);
}

/**
 * Descriptor for `bootTimeMs`, to be kept open: opening a path at each wake may need memory or a
 * file-system lock at the worst moment. Throws where the kernel has no procfs: nothing to run on.
 */
export function openBootClock(): number {
  return openSync(UPTIME_PATH, "r");
}

/** Milliseconds since the machine was started, time of suspend included; 10 ms steps; null = unreadable. */
export function bootTimeMs(fd: number): number | null {
  let count: number;
  try {
    count = readSync(fd, uptimeText, 0, UPTIME_BYTES_MAX, 0);
  } catch {
    return null;
  }
  return parseUptimeMs(uptimeText, count);
}

/** First number of the text `12345.67 ...` in milliseconds; null when it is none. */
export function parseUptimeMs(text: Uint8Array, count: number): number | null {
  let hundredths = 0;
  let decimals = -1;
  for (let i = 0; i < count; i += 1) {
    const code = text[i] ?? 0;
    if (code === 0x20) return decimals === 2 ? hundredths * 10 : null;
    if (code === 0x2e && decimals < 0 && i > 0) {
      decimals = 0;
    } else if (code >= 0x30 && code <= 0x39) {
      hundredths = hundredths * 10 + code - 0x30;
      if (decimals >= 0) decimals += 1;
    } else {
      return null;
    }
  }
  return null;
}

/** Runs `run` once after `delayMs`; the result cancels it and may be called at any time. */
export type After = (delayMs: number, run: () => void) => () => void;

/** The real timer; tests hand a `Timeline` to a driver instead. */
export const after: After = (delayMs, run) => {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
};
