/**
 * The COM cable between two servers: a TCP listener stands for each serial port, and bytes take the
 * time the line would take (10 bits per byte, 8N1). A pulled cable swallows bytes and closes nothing:
 * a serial port does not notice. Little is buffered, as in a real port, so that no byte arrives long
 * after its time and passes for life. Source: issue 2 item 5; requirements R11-R12.
 */
import { createServer, type Server, type Socket } from "node:net";
import type { Cabinet } from "./cabinet.ts";
import { chance, withOneBitFlipped } from "./lan-segment.ts";
import type { HostPort } from "./plan.ts";
import { type Rewrite, SerialRewriter } from "./rewrite.ts";
import { COM_PATH } from "./wiring.ts";

export interface ComLine {
  /** Share of bytes that get one bit flipped, 0-1. */
  setGarble(from: string, to: string, ratio: number): void;
  /** Bits changed in every frame from now on; null ends it. */
  setRewrite(from: string, to: string, rewrite: Rewrite | null): void;
  /** Noise: bytes that appear at the receiver's port out of nowhere. */
  inject(to: string, bytes: Uint8Array): void;
  /** Power lost: what the server had not shifted out is gone, its port closes. */
  becomeDark(server: string): void;
  close(): Promise<void>;
}

export interface ComLineOptions {
  readonly ends: readonly [ComEnd, ComEnd];
  /** bit/s. */
  readonly baud: number;
  readonly cabinet: Cabinet;
}

export interface ComEnd {
  readonly server: string;
  readonly listen: HostPort;
}

/** Linux keeps at most one page per direction for a serial port; what does not fit is lost. */
const BUFFER_MAX = 4096;
/** A 16550 hands over when its receive FIFO is full; fewer wake-ups than byte by byte. */
const FIFO_BYTES = 16;
/** Start bit, eight data bits, stop bit. */
const BITS_PER_BYTE = 10;

interface Port {
  readonly server: string;
  readonly listener: Server;
  socket: Socket | null;
  /** Bytes put into a port whose reader is frozen. */
  heldBytes: number;
}

interface Direction {
  readonly from: Port;
  readonly to: Port;
  queue: Buffer;
  /** Up to this moment the line has been used, ms. */
  shiftedUntilMs: number;
  timer: NodeJS.Timeout | null;
  garbleRatio: number;
  rewriter: SerialRewriter | null;
}

/** Both ports listen when it resolves; rejects with the system's error when one is taken. */
export async function createComLine(options: ComLineOptions): Promise<ComLine> {
  const { cabinet } = options;
  const byteMs = (BITS_PER_BYTE * 1000) / options.baud;
  const [a, b] = [makePort(options.ends[0]), makePort(options.ends[1])];
  const directions = [makeDirection(a, b), makeDirection(b, a)] as const;

  function push(direction: Direction, sent: Buffer): void {
    if (!cabinet.isPowered(direction.from.server)) return;
    const bytes = direction.rewriter?.take(sent) ?? sent;
    if (bytes.length === 0) return;
    const room = BUFFER_MAX - direction.queue.length;
    direction.queue = Buffer.concat([direction.queue, bytes.subarray(0, room)]);
    if (direction.timer !== null) return;
    direction.shiftedUntilMs = cabinet.now();
    schedule(direction);
  }

  function schedule(direction: Direction): void {
    const portion = Math.min(direction.queue.length, FIFO_BYTES) * byteMs;
    const waitMs = direction.shiftedUntilMs + portion - cabinet.now();
    direction.timer = setTimeout(() => shift(direction), Math.max(1, Math.ceil(waitMs)));
  }

  function shift(direction: Direction): void {
    direction.timer = null;
    const due = Math.floor((cabinet.now() - direction.shiftedUntilMs) / byteMs);
    const count = Math.min(direction.queue.length, due);
    const bytes = direction.queue.subarray(0, count);
    direction.queue = direction.queue.subarray(count);
    direction.shiftedUntilMs += count * byteMs;
    const { from, to } = direction;
    if (count > 0 && !cabinet.isCut(COM_PATH, from.server, to.server)) {
      arrive(to, garbled(bytes, direction.garbleRatio));
    }
    if (direction.queue.length > 0) schedule(direction);
  }

  function arrive(port: Port, bytes: Buffer): void {
    const { socket } = port;
    if (socket === null || !cabinet.isPowered(port.server)) return;
    if (!cabinet.isFrozen(port.server)) port.heldBytes = 0;
    else if (port.heldBytes + bytes.length > BUFFER_MAX) return;
    else port.heldBytes += bytes.length;
    if (socket.writableLength + bytes.length <= BUFFER_MAX) socket.write(bytes);
  }

  for (const direction of directions) {
    const { from } = direction;
    from.listener.on("connection", (socket) => {
      if (!cabinet.isPowered(from.server)) {
        socket.destroy();
        return;
      }
      openPort(from, socket, (bytes) => push(direction, bytes));
    });
  }
  await Promise.all([
    listenOn(a.listener, options.ends[0].listen),
    listenOn(b.listener, options.ends[1].listen),
  ]);

  const between = (from: string, to: string): readonly Direction[] =>
    directions.filter((one) => one.from.server === from && one.to.server === to);

  return {
    setGarble(from, to, ratio) {
      for (const direction of between(from, to)) direction.garbleRatio = ratio;
    },
    setRewrite(from, to, rewrite) {
      for (const direction of between(from, to)) {
        direction.rewriter = rewrite === null ? null : new SerialRewriter(rewrite);
      }
    },
    inject(to, bytes) {
      for (const port of [a, b]) if (port.server === to) arrive(port, Buffer.from(bytes));
    },
    becomeDark(server) {
      for (const direction of directions) if (direction.from.server === server) clear(direction);
      for (const port of [a, b]) if (port.server === server) port.socket?.destroy();
    },
    async close() {
      for (const direction of directions) clear(direction);
      for (const port of [a, b]) port.socket?.destroy();
      await Promise.all([a, b].map((port) => closeListener(port.listener)));
    },
  };
}

function makePort(end: ComEnd): Port {
  return { server: end.server, listener: createServer(), socket: null, heldBytes: 0 };
}

function makeDirection(from: Port, to: Port): Direction {
  return {
    from,
    to,
    queue: Buffer.alloc(0),
    shiftedUntilMs: 0,
    timer: null,
    garbleRatio: 0,
    rewriter: null,
  };
}

/** A serial port has one user: a new opener (a restarted pulse) displaces the old one. */
function openPort(port: Port, socket: Socket, onBytes: (bytes: Buffer) => void): void {
  port.socket?.destroy();
  port.socket = socket;
  port.heldBytes = 0;
  socket.setNoDelay(true);
  socket.on("data", onBytes);
  // A vanished process resets its connection; the close event that follows says all there is.
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    if (port.socket === socket) port.socket = null;
  });
}

function clear(direction: Direction): void {
  if (direction.timer !== null) clearTimeout(direction.timer);
  direction.timer = null;
  direction.queue = Buffer.alloc(0);
}

function garbled(bytes: Buffer, ratio: number): Buffer {
  if (ratio <= 0) return bytes;
  const out = Buffer.from(bytes);
  for (let at = 0; at < out.length; at += 1) {
    if (chance(ratio)) out.set(withOneBitFlipped(out.subarray(at, at + 1)), at);
  }
  return out;
}

/** Starts a listener; rejects with the system's error, which names the address. */
export function listenOn(listener: Server, at: HostPort): Promise<void> {
  return new Promise((resolve, reject) => {
    listener.once("error", reject);
    listener.listen({ host: at.host, port: at.port, exclusive: true }, () => {
      listener.removeListener("error", reject);
      resolve();
    });
  });
}

/** Closes a listener; open connections must have been destroyed before. */
export function closeListener(listener: Server): Promise<void> {
  return new Promise((resolve) => listener.close(() => resolve()));
}
