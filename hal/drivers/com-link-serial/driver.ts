/**
 * COM link over a serial port (`/dev/ttyS0`, a USB adapter): 8N1, no flow control, locked, kept open.
 * Intuition: the port stays open as long as the process lives, since opening and closing moves DTR and
 * RTS, and the peer reads those as events of their own. The native module is loaded at the first
 * opening, so that a machine without it loses this path only.
 * Source: requirements R5, hardware.md 3; serialport 13 (flock is advisory: getty must be masked).
 */
import type { SerialPort } from "serialport";
import type { ComLink } from "../../ports/com-link.ts";
import { type Carrier, type CarrierHandlers, createLine, type LineOptions } from "./line.ts";

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
  let isClosed = false;
  let isLost = false;
  const lose = (text: string) => {
    if (isClosed || isLost) return;
    isLost = true;
    handlers.onLost(text);
  };
  port.on("data", (bytes: Uint8Array) => {
    if (!isClosed) handlers.onBytes(bytes);
  });
  port.on("close", () => lose(`serial port ${options.device} hung up; check cable and adapter`));
  port.on("error", (error: Error) => lose(`serial port ${options.device}: ${error.message}`));
  return {
    write: (bytes, done) => writePort(port, bytes, done),
    close: () => {
      isClosed = true;
      return closePort(port);
    },
  };
}

/** A closed port would keep the bytes until it is opened again and never call back. */
function writePort(port: SerialPort, bytes: Uint8Array, done: (error: Error | null) => void): void {
  if (!port.isOpen) {
    done(new Error("serial port is not open"));
    return;
  }
  port.write(bytes, (error) => done(error ?? null));
}

function closePort(port: SerialPort): Promise<void> {
  if (!port.isOpen) return Promise.resolve();
  return new Promise((resolve) => {
    // Unsent bytes are discarded first: a line that takes none would hold the close for 30 s.
    // Whether either step fails changes nothing: the port is given up, the next opening tells.
    port.flush(() => (port.isOpen ? port.close(() => resolve()) : resolve()));
  });
}

function openFault(device: string, cause: Error): Error {
  const text =
    `serial port ${device} cannot be opened (${cause.message}); expected an existing device that ` +
    "this user may read and write and no other program (getty, modem manager) holds. It is tried again.";
  return new Error(text, { cause });
}
