/**
 * The small scheduler: the only timer of a process. Events wait in a bounded inbox, one `step` takes them
 * in order, effects go to the executor, and the process sleeps until the next deadline.
 * On every wake the own gap comes first, then what the sockets hold, then deadlines: a process that was
 * stopped must not declare a healthy peer dead before it has read what arrived meanwhile.
 * Source: architecture.md 4; protocol.md 1.3.5, L12, L14.
 */
import { bootTimeMs, monotonicMs, openBootClock } from "../hal/base/clock.ts";
import { Histogram } from "../hal/base/histogram.ts";
import { Inbox } from "./inbox.ts";

export interface SchedulerOptions<E> {
  /** Takes one event in and carries its effects out. Must not throw but for broken contracts. */
  readonly take: (event: E) => void;
  readonly tick: (atMs: number) => E;
  /** Told before anything else when this process was away for longer than `gapMs`. */
  readonly gap: (atMs: number, gapMs: number) => E;
  readonly gapMs: number;
  /** Absolute monotonic moment of the next deadline; Infinity = none. */
  readonly nextDeadlineMs: () => number;
  /** Longest sleep, ms. */
  readonly sleepMaxMs: number;
}

/** /proc/uptime counts in 10 ms; a smaller difference of the two clocks is rounding. */
const CLOCK_STEP_MS = 20;

export class Scheduler<E> {
  /** How late the timer woke this process (D51). */
  readonly lateness = new Histogram();
  readonly #options: SchedulerOptions<E>;
  readonly #inbox = new Inbox<E>();
  readonly #bootClock = openBootClock();
  #timer: NodeJS.Timeout | null = null;
  /** Moment for which the timer is set, ms. */
  #wakeAtMs = 0;
  #lastWakeMs = monotonicMs();
  /** Boot-time clock less monotonic clock; grows by the time of a suspend. */
  #bootAheadMs: number | null = null;
  #draining = false;
  #ticking = false;
  #stopped = false;

  constructor(options: SchedulerOptions<E>) {
    this.#options = options;
  }

  /** Puts an event in line and works the line off, unless a step is under way that will. */
  push(event: E): void {
    if (this.#stopped) return;
    this.#inbox.push(event);
    if (!this.#draining && !this.#noticeGap()) this.#drain();
  }

  start(): void {
    this.#sleep();
  }

  /** Looks at the next deadline again when something outside the line of events has moved it. */
  touch(): void {
    if (!this.#draining && this.#timer !== null) this.#sleep();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** True when a gap was found: deadlines and the line then wait until the sockets are drained. */
  #noticeGap(): boolean {
    const now = monotonicMs();
    const wokenMs = now - this.#lastWakeMs;
    this.#lastWakeMs = now;
    return this.#queueGap(now, wokenMs);
  }

  /** The monotonic clock stands still while the host is suspended; the boot-time clock does not. */
  #noticeSuspend(): boolean {
    const now = monotonicMs();
    const boot = bootTimeMs(this.#bootClock);
    if (boot === null) return false;
    const aheadMs = boot - now;
    const sleptMs = this.#bootAheadMs === null ? 0 : aheadMs - this.#bootAheadMs;
    this.#bootAheadMs = aheadMs;
    return sleptMs > CLOCK_STEP_MS && this.#queueGap(now, sleptMs);
  }

  #queueGap(atMs: number, gapMs: number): boolean {
    if (gapMs < this.#options.gapMs) return false;
    this.#inbox.pushFirst(this.#options.gap(atMs, gapMs));
    this.#tickAfterSockets();
    return true;
  }

  #wake(): void {
    this.#timer = null;
    this.lateness.add(monotonicMs() - this.#wakeAtMs);
    const late = this.#noticeGap();
    if (!this.#noticeSuspend() && !late) this.#tickAfterSockets();
  }

  /** Timers run before sockets are polled; one turn of the loop later everything received is in line. */
  #tickAfterSockets(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    setImmediate(() => {
      this.#ticking = false;
      if (this.#stopped) return;
      this.#inbox.push(this.#options.tick(monotonicMs()));
      this.#drain();
    });
  }

  #drain(): void {
    this.#draining = true;
    for (let event = this.#inbox.shift(); event !== undefined; event = this.#inbox.shift()) {
      this.#options.take(event);
    }
    this.#draining = false;
    this.#sleep();
  }

  #sleep(): void {
    if (this.#stopped) return;
    const now = monotonicMs();
    const wishMs = Math.min(now + this.#options.sleepMaxMs, this.#options.nextDeadlineMs());
    const wakeAtMs = Math.max(now + 1, wishMs);
    // Most events change no deadline: the timer that stands is the right one.
    if (this.#timer !== null && wakeAtMs === this.#wakeAtMs) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#wakeAtMs = wakeAtMs;
    this.#timer = setTimeout(() => this.#wake(), wakeAtMs - now);
  }
}
