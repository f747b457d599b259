/**
 * A COM link over anything that carries bytes: keeps it open, reopens it, sends the newest frame only.
 * Intuition: one frame on the line, at most one waiting, and that one is always the newest. A write
 * that does not come back means a dead device: it is closed and opened again. A hung opening is not
 * overtaken by a second one, because each would hold a thread.
 * Source: hardware.md 3 (write() has no time limit of its own, hang-up, newest only).
 */
import { type After, after } from "../../base/clock.ts";
import type { CobsDecoder } from "../../base/cobs.ts";
import type {
  ComLink,
  ComLinkCounters,
  ComLinkHandlers,
  ComLinkLoss,
  ComLinkState,
} from "../../ports/com-link.ts";
import { createLineDecoder, lineTimeMs } from "./protocol.ts";

/** A frame takes 19 ms at 38400 bit/s; a second without progress is a dead line. */
const WRITE_TIMEOUT_MS = 1000;
const REOPEN_FIRST_MS = 100;
/** A cable or adapter that is plugged in again is used within two seconds. */
const REOPEN_MAX_MS = 2000;

/** An open byte carrier. After `close()` it calls no handler. */
export interface Carrier {
  /** Calls `done` once when the system has taken all bytes, or with the error. */
  write(bytes: Uint8Array, done: (error: Error | null) => void): void;
  /** Resolves when the device is free again; never rejects. */
  close(): Promise<void>;
}

export interface CarrierHandlers {
  /** `bytes` are the carrier's own again when the call returns. */
  onBytes(bytes: Uint8Array): void;
  /** The carrier is gone; called at most once. */
  onLost(text: string): void;
}

/** Opens the carrier or rejects with an error whose message says what was tried. */
export type OpenCarrier = (handlers: CarrierHandlers) => Promise<Carrier>;

export interface LineOptions extends ComLinkHandlers {
  /** Line speed, bit/s; 0 = no speed of its own. */
  readonly baud: number;
  /** Default 1000. */
  readonly writeTimeoutMs?: number;
  /** First wait before another opening, ms, doubled up to 2000; default 100. */
  readonly reopenFirstMs?: number;
  readonly after?: After;
  /** Now of the same timer, with fractions, ms; default the process's monotonic clock. */
  readonly nowMs?: () => number;
}

/** Starts to open the carrier; `onState` tells the outcome. */
export function createLine(options: LineOptions, open: OpenCarrier): ComLink {
  return new Line(options, open);
}

class Line implements ComLink {
  readonly counters: ComLinkCounters = { sent: 0, dropped: 0, received: 0, discardedBytes: 0 };
  readonly #options: LineOptions;
  readonly #open: OpenCarrier;
  readonly #after: After;
  readonly #now: () => number;
  readonly #deliver: (frame: Uint8Array) => void;
  #carrier: Carrier | null = null;
  #decoder: CobsDecoder = createLineDecoder();
  #discardedBefore = 0;
  /** Number of the opening: what an earlier one still calls is not heard. */
  #opening = 0;
  #openingDone: Promise<void> = Promise.resolve();
  /** The system has not taken the last frame yet, or a frame waits for the line. */
  #isBusy = false;
  /** The system has the bytes, the line has not: until then it is busy as well. */
  #freeAtMs = 0;
  #waiting: Uint8Array | null = null;
  #cancelWrite: (() => void) | null = null;
  #cancelReopen: (() => void) | null = null;
  #reopenMs: number;
  #reported: string | null = null;
  #isEnded = false;

  constructor(options: LineOptions, open: OpenCarrier) {
    this.#options = options;
    this.#open = open;
    this.#after = options.after ?? after;
    this.#now = options.nowMs ?? (() => performance.now());
    this.#reopenMs = options.reopenFirstMs ?? REOPEN_FIRST_MS;
    this.#deliver = (frame) => {
      this.counters.received += 1;
      this.#options.onFrame(frame);
    };
    this.#openingDone = this.#tryOpen();
  }

  send(line: Uint8Array): void {
    if (this.#carrier === null || this.#isEnded) {
      this.counters.dropped += 1;
    } else if (this.#isBusy) {
      if (this.#waiting !== null) this.counters.dropped += 1;
      this.#waiting = line;
    } else if (this.#now() < this.#freeAtMs) {
      this.#isBusy = true;
      this.#waiting = line;
      this.#cancelWrite = this.#after(this.#freeAtMs - this.#now(), () => this.#becomeFree());
    } else {
      this.#write(this.#carrier, line);
    }
  }

  async close(): Promise<void> {
    this.#isEnded = true;
    this.#cancelReopen?.();
    await this.#openingDone;
    await this.#release();
  }

  async #tryOpen(): Promise<void> {
    this.#opening += 1;
    const opening = this.#opening;
    const isStale = () => this.#isEnded || opening !== this.#opening;
    this.#decoder = createLineDecoder();
    let carrier: Carrier;
    try {
      carrier = await this.#open({
        onBytes: (bytes) => {
          if (!isStale()) this.#take(bytes);
        },
        onLost: (text) => {
          if (!isStale()) this.#lose("vanished", text);
        },
      });
    } catch (error) {
      if (!isStale()) this.#lose("open-failed", textOf(error));
      return;
    }
    if (isStale()) {
      await carrier.close();
      return;
    }
    this.#carrier = carrier;
    this.#report({ kind: "open" });
  }

  #take(bytes: Uint8Array): void {
    this.#decoder.push(bytes, this.#deliver);
    // A device that opens and fails at once must not be opened at full speed: bytes prove that it works.
    this.#reopenMs = this.#options.reopenFirstMs ?? REOPEN_FIRST_MS;
    this.counters.discardedBytes = this.#discardedBefore + this.#decoder.counters.discardedBytes;
  }

  #write(carrier: Carrier, line: Uint8Array): void {
    const opening = this.#opening;
    let isTaken = false;
    this.#isBusy = true;
    carrier.write(line, (error) => {
      isTaken = true;
      if (this.#isEnded || opening !== this.#opening) return;
      this.#cancelWrite?.();
      this.#cancelWrite = null;
      if (error !== null) {
        this.#lose("write-failed", textOf(error));
        return;
      }
      this.counters.sent += 1;
      const { baud } = this.#options;
      this.#freeAtMs = baud === 0 ? 0 : this.#now() + lineTimeMs(line.length, baud);
      this.#isBusy = false;
      this.#sendWaiting();
    });
    // A system that takes the bytes at once needs no clock.
    if (isTaken) return;
    this.#cancelWrite = this.#after(this.#options.writeTimeoutMs ?? WRITE_TIMEOUT_MS, () =>
      this.#lose("write-timeout", "the line took no bytes within the write timeout"),
    );
  }

  #becomeFree(): void {
    this.#isBusy = false;
    this.#cancelWrite = null;
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    const next = this.#waiting;
    this.#waiting = null;
    if (next !== null) this.send(next);
  }

  #lose(reason: ComLinkLoss, text: string): void {
    if (this.#isEnded) return;
    this.#discardedBefore = this.counters.discardedBytes;
    // Closing may take as long as the device likes; reopening waits for it, the caller does not.
    const released = this.#release();
    this.#openingDone = released;
    this.#report({ kind: "lost", reason, text });
    const waitMs = this.#reopenMs;
    this.#reopenMs = Math.min(this.#reopenMs * 2, REOPEN_MAX_MS);
    this.#cancelReopen = this.#after(waitMs, () => {
      this.#openingDone = released.then(() => (this.#isEnded ? undefined : this.#tryOpen()));
    });
  }

  #release(): Promise<void> {
    const carrier = this.#carrier;
    this.#carrier = null;
    this.#opening += 1;
    this.#cancelWrite?.();
    this.#cancelWrite = null;
    this.#isBusy = false;
    this.#freeAtMs = 0;
    if (this.#waiting !== null) this.counters.dropped += 1;
    this.#waiting = null;
    return carrier === null ? Promise.resolve() : carrier.close();
  }

  #report(state: ComLinkState): void {
    const mark = state.kind === "open" ? "open" : `${state.reason} ${state.text}`;
    if (mark === this.#reported) return;
    this.#reported = mark;
    this.#options.onState(state);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
