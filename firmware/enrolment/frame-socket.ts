/**
 * Length-prefixed frames over a TCP connection whose other end may be slow, silent, foreign or hostile:
 * every wait has an end, every buffer a bound.
 * Source: ecosystem.md 7 (join by code); style.md 16.
 */
import type { Socket } from "node:net";

export type Got =
  | { readonly kind: "frame"; readonly bytes: Uint8Array }
  /** The connection ended, was reset or was cut at the deadline before a whole frame was there. */
  | { readonly kind: "ended"; readonly isLate: boolean }
  /** The announced length is above what is expected at this point. */
  | { readonly kind: "too-long" };

const HEAD_BYTES = 4;

export class FrameSocket {
  readonly #socket: Socket;
  readonly #deadline: NodeJS.Timeout;
  #rest = Buffer.alloc(0);
  #isEnded = false;
  #isLate = false;
  #wake: (() => void) | null = null;

  /** `forMs` bounds the whole conversation: a peer that sends one byte a second gains nothing. */
  constructor(socket: Socket, forMs: number) {
    this.#socket = socket;
    this.#deadline = setTimeout(() => {
      this.#isLate = true;
      socket.destroy();
    }, forMs);
    socket.on("data", (bytes: Buffer) => {
      this.#rest = Buffer.concat([this.#rest, bytes]);
      // Nothing further is taken in before somebody has read this.
      socket.pause();
      this.#stir();
    });
    socket.on("end", () => this.#end());
    // "close" follows and says the same.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      clearTimeout(this.#deadline);
      this.#end();
    });
    socket.pause();
  }

  /** The next frame of at most `bytesMax` bytes. One reader at a time. */
  async read(bytesMax: number): Promise<Got> {
    for (;;) {
      if (this.#rest.length >= HEAD_BYTES) {
        const length = this.#rest.readUInt32BE(0);
        if (length > bytesMax) return { kind: "too-long" };
        const end = HEAD_BYTES + length;
        if (this.#rest.length >= end) {
          const bytes = this.#rest.subarray(HEAD_BYTES, end);
          this.#rest = this.#rest.subarray(end);
          return { kind: "frame", bytes };
        }
      }
      if (this.#isEnded) return { kind: "ended", isLate: this.#isLate };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#socket.resume();
      });
    }
  }

  /** Resolves when the system has taken the frame; false = the connection is gone. */
  write(bytes: Uint8Array): Promise<boolean> {
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt32BE(bytes.length, 0);
    return new Promise((resolve) => {
      if (this.#socket.destroyed) return resolve(false);
      const gone = (): void => resolve(false);
      this.#socket.once("close", gone);
      this.#socket.write(Buffer.concat([head, bytes]), (error) => {
        this.#socket.off("close", gone);
        resolve(error === undefined || error === null);
      });
    });
  }

  /** Sends what is still to be sent, then ends; the deadline cuts a peer that does not take it. */
  close(): void {
    this.#socket.end();
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #end(): void {
    this.#isEnded = true;
    this.#stir();
  }

  #stir(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
