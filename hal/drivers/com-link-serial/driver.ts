/**
 * COM link over a serial port (`/dev/ttyS0`, a USB adapter): 8N1, no flow control, locked, kept open.
 * Intuition: the port stays open as long as the process lives, since opening and closing moves DTR and
 * RTS, and the peer reads those as events of their own. The native module is loaded at the first
 * opening, so that a machine without it loses this path only. It opens, sets up, locks, watches and
 * closes; the bytes are read and written here, on its non-blocking descriptor: its stream takes two
 * turns through the thread pool for each frame, which cost more than everything else about it.
 * Source: requirements R5, hardware.md 3; serialport 13 (flock is advisory: getty must be masked).
 */
import { readSync, writeSync } from "node:fs";
import type { SerialPort } from "serialport";
import type { ComLink } from "../../ports/com-link.ts";
import { type Carrier, type CarrierHandlers, createLine, type LineOptions } from "./line.ts";

/** What waits in the driver is taken in pieces of this size: fifty frames, more than the line's buffer. */
const READ_BYTES = 4096;

export interface SerialComLinkOptions extends LineOptions {
  /** Device path. */
  readonly device: string;
}

/** Opens the port and keeps it open; `onState` tells whether it is usable. */
export function createSerialComLink(options: SerialComLinkOptions): ComLink {
  return createLine(options, (handlers) => openPort(options, handlers));
}

async function openPort(
  options: SerialComLinkOptions,
  handlers: CarrierHandlers,
): Promise<Carrier> {
  const { SerialPort } = await import("serialport");
  const port = new SerialPort({
    path: options.device,
    baudRate: options.baud,
    dataBits: 8,
    parity: "none",
    stopBits: 1,
    rtscts: false,
    lock: true,
    autoOpen: false,
  });
  await new Promise<void>((resolve, reject) => {
    port.open((error) => (error === null ? resolve() : reject(openFault(options.device, error))));
  });
  const line = lineOf(port);
  if (line === null) {
    await closePort(port);
    throw new Error(`serial port ${options.device}: expected a tty of Linux with a descriptor`);
  }
  return new OpenPort(options.device, port, line, handlers);
}

/** One opening: reads when the descriptor says so, writes at once or when there is room again. */
class OpenPort implements Carrier {
  readonly #device: string;
  readonly #port: SerialPort;
  readonly #line: Line;
  readonly #handlers: CarrierHandlers;
  readonly #bytes = new Uint8Array(READ_BYTES);
  #isEnded = false;

  constructor(device: string, port: SerialPort, line: Line, handlers: CarrierHandlers) {
    this.#device = device;
    this.#port = port;
    this.#line = line;
    this.#handlers = handlers;
    port.on("close", () => this.#lose("hung up; check cable and adapter"));
    port.on("error", (error: Error) => this.#lose(error.message));
    this.#listen();
  }

  write(bytes: Uint8Array, done: (error: Error | null) => void): void {
    if (this.#isEnded || !this.#port.isOpen) return done(new Error("serial port is not open"));
    let count = 0;
    try {
      count = writeSync(this.#line.fd, bytes);
    } catch (error) {
      if (!isBusy(error)) return done(asError(error));
    }
    if (count === bytes.length) return done(null);
    const rest = bytes.subarray(count);
    this.#line.poller.once("writable", (error) => {
      if (this.#isEnded) return;
      if (error === null) this.write(rest, done);
      else done(error);
    });
  }

  close(): Promise<void> {
    this.#isEnded = true;
    return closePort(this.#port);
  }

  #listen(): void {
    this.#line.poller.once("readable", (error) => this.#read(error));
  }

  #read(trouble: Error | null): void {
    if (this.#isEnded) return;
    if (trouble !== null) return this.#lose(trouble.message);
    try {
      const count = readSync(this.#line.fd, this.#bytes, 0, READ_BYTES, null);
      if (count === 0) return this.#lose("hung up; check cable and adapter");
      this.#handlers.onBytes(this.#bytes.subarray(0, count));
    } catch (error) {
      if (!isBusy(error)) return this.#lose(asError(error).message);
    }
    // What is still there makes the descriptor readable at once: no second look is needed here.
    if (!this.#isEnded) this.#listen();
  }

  #lose(text: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#handlers.onLost(`serial port ${this.#device}: ${text}`);
  }
}

interface Line {
  /** Opened with O_NONBLOCK: neither reading nor writing can wait. */
  readonly fd: number;
  readonly poller: {
    /** Calls back once; an error also when the port is closed. */
    once(event: "readable" | "writable", run: (error: Error | null) => void): unknown;
  };
}

/** Descriptor and watcher that the native module holds for an open port. */
function lineOf(port: SerialPort): Line | null {
  const open = port.port;
  if (open === undefined || !("poller" in open) || open.fd === null) return null;
  return { fd: open.fd, poller: open.poller };
}

function closePort(port: SerialPort): Promise<void> {
  if (!port.isOpen) return Promise.resolve();
  return new Promise((resolve) => {
    // Unsent bytes are discarded first: a line that takes none would hold the close for 30 s.
    // Whether either step fails changes nothing: the port is given up, the next opening tells.
    port.flush(() => (port.isOpen ? port.close(() => resolve()) : resolve()));
  });
}

/** Nothing to read, or no room to write, at this moment. */
function isBusy(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return code === "EAGAIN" || code === "EINTR";
}

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error));

function openFault(device: string, cause: Error): Error {
  const text =
    `serial port ${device} cannot be opened (${cause.message}); expected an existing device that ` +
    "this user may read and write and no other program (getty, modem manager) holds. It is tried again.";
  return new Error(text, { cause });
}
