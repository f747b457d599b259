/**
 * A null-modem cable with its two ports: every byte takes its time on the wire, in both directions at
 * once, and the cable can be pulled, garbled or stalled.
 * Intuition: a pseudo-terminal ignores the line speed, so only an emulated line shows what a slow one
 * does to a sender that does not wait for it.
 * Source: hardware.md 3.
 */
import type { After } from "../../base/clock.ts";
import type { Carrier, CarrierHandlers, OpenCarrier } from "./line.ts";
import { lineTimeMs } from "./protocol.ts";

export interface NullModemOptions {
  /** Line speed of both ports, bit/s. */
  readonly baud: number;
  readonly after: After;
  /** Now of the same timer, ms. */
  readonly nowMs: () => number;
}

export type NullModemEnd = 0 | 1;

/** One port of the cable as its device driver sees it. */
class Port {
  readonly #options: NullModemOptions;
  peer: Port | null = null;
  handlers: CarrierHandlers | null = null;
  isPresent = true;
  isStalled = false;
  isCableIn = true;
  /** When the last byte handed over has left the wire. */
  #lineFreeAtMs = 0;

  constructor(options: NullModemOptions) {
    this.#options = options;
  }

  readonly open: OpenCarrier = async (handlers) => {
    if (!this.isPresent) throw new Error("no such device");
    if (this.handlers !== null) throw new Error("device is locked");
    this.handlers = handlers;
    return this.#carrier(handlers);
  };

  vanish(): void {
    this.isPresent = false;
    const { handlers } = this;
    this.handlers = null;
    handlers?.onLost("device vanished");
  }

  #carrier(handlers: CarrierHandlers): Carrier {
    return {
      write: (bytes, done) => {
        if (this.isStalled) return;
        if (this.handlers !== handlers) {
          done(new Error("device vanished"));
          return;
        }
        this.#transmit(bytes);
        done(null);
      },
      close: async () => {
        if (this.handlers === handlers) this.handlers = null;
      },
    };
  }

  #transmit(bytes: Uint8Array): void {
    const { baud, nowMs, after } = this.#options;
    const startMs = Math.max(this.#lineFreeAtMs, nowMs());
    this.#lineFreeAtMs = startMs + lineTimeMs(bytes.length, baud);
    bytes.forEach((byte, index) => {
      after(startMs + lineTimeMs(index + 1, baud) - nowMs(), () => {
        if (this.isCableIn) this.peer?.handlers?.onBytes(Uint8Array.of(byte));
      });
    });
  }
}

/** The cable with both ends' openers; see the methods for what may happen to it. */
export class NullModem {
  readonly ends: readonly [OpenCarrier, OpenCarrier];
  readonly #ports: readonly [Port, Port];

  constructor(options: NullModemOptions) {
    const ports = [new Port(options), new Port(options)] as const;
    ports[0].peer = ports[1];
    ports[1].peer = ports[0];
    this.#ports = ports;
    this.ends = [ports[0].open, ports[1].open];
  }

  /** Pulls or plugs the cable: bytes on it are lost, the ports stay open. */
  setCable(isIn: boolean): void {
    for (const port of this.#ports) port.isCableIn = isIn;
  }

  /** Bytes that `end` receives from nobody. */
  injectNoise(end: NullModemEnd, bytes: Uint8Array): void {
    this.#ports[end].handlers?.onBytes(bytes);
  }

  /** Takes the port itself away (USB adapter pulled) or brings it back. */
  setDevice(end: NullModemEnd, isPresent: boolean): void {
    const port = this.#ports[end];
    if (isPresent) port.isPresent = true;
    else port.vanish();
  }

  /** While stalled, writes of `end` never answer. */
  setStalled(end: NullModemEnd, isStalled: boolean): void {
    this.#ports[end].isStalled = isStalled;
  }
}
