/**
 * One LAN between the servers: every frame enters at a port that belongs to one ordered pair and
 * leaves towards the peer, unless the wire is cut, lossy or dark. Since sender and receiver are
 * known by port, one direction of one pair can fail alone.
 * A frame leaves through the reverse wire's socket: a server hears its peer from the very address to
 * which it sends, as on a real wire. Source: issue 2 item 5; requirements R9, D7.
 */
import { randomInt } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import type { Cabinet } from "./cabinet.ts";
import { type HostPort, wirePort } from "./plan.ts";
import { type Rewrite, rewriteFrame } from "./rewrite.ts";

/** Trouble on one wire. Zeros = a good wire. */
export interface WireFault {
  readonly delayMs: number;
  /** Share of frames lost, 0-1. */
  readonly lossRatio: number;
  /** Share of frames that get one bit flipped, 0-1. */
  readonly garbleRatio: number;
  /** Bits changed in every frame; null = none. */
  readonly rewrite: Rewrite | null;
}

export interface CapturedFrame {
  readonly atMs: number;
  readonly bytes: Buffer;
  /** False: cut, dark or lost. */
  readonly relayed: boolean;
}

export interface LanSegment {
  setFault(from: string, to: string, change: Partial<WireFault>): void;
  /** Puts a raw frame on the receiver's end, whatever the wire's state. */
  inject(from: string, to: string, bytes: Uint8Array): void;
  /** Frames that servers have put on this segment so far, lost ones included. */
  frames(): number;
  /** Newest frames that `from` sent to `to`, oldest first. */
  captured(from: string, to: string): readonly CapturedFrame[];
  close(): Promise<void>;
}

export interface LanSegmentOptions {
  readonly path: string;
  /** Position of this LAN in the rack, gives the wire ports. */
  readonly position: number;
  readonly rackHost: string;
  /** Name and the address at which the server receives on this LAN. */
  readonly servers: readonly { readonly name: string; readonly bind: HostPort }[];
  readonly cabinet: Cabinet;
}

/** Frames remembered per wire; replay tests need a few, and 64 x 1.4 KB x 480 wires is bounded. */
const CAPTURE_MAX = 64;
/** Frames under way on a slow wire; more than a second of beats at the fastest interval. */
const IN_FLIGHT_MAX = 1024;
const GOOD: WireFault = { delayMs: 0, lossRatio: 0, garbleRatio: 0, rewrite: null };

interface LanWire {
  readonly from: string;
  readonly to: string;
  readonly bind: HostPort;
  /** Only this address may feed the wire. */
  readonly sourceHost: string;
  readonly socket: Socket;
  readonly frames: CapturedFrame[];
  fault: WireFault;
  inFlight: number;
}

/** All wires are open and whole when it resolves; rejects with the system's error when a port is taken. */
export async function createLanSegment(options: LanSegmentOptions): Promise<LanSegment> {
  const { cabinet, path } = options;
  const wires = new Map<string, LanWire>();
  let frames = 0;

  function deliver(wire: LanWire, bytes: Buffer): void {
    const exit = wires.get(key(wire.to, wire.from))?.socket ?? wire.socket;
    exit.send(bytes, wire.bind.port, wire.bind.host, (error) => {
      if (error === null || closing) return;
      cabinet.record({
        kind: "trouble",
        text: `${path} ${wire.from}>${wire.to}: ${error.message}`,
      });
    });
  }

  function passes(wire: LanWire): boolean {
    const { from, to } = wire;
    return cabinet.isPowered(from) && cabinet.isPowered(to) && !cabinet.isCut(path, from, to);
  }

  function take(wire: LanWire, bytes: Buffer): void {
    frames += 1;
    const relayed = passes(wire) && !chance(wire.fault.lossRatio) && wire.inFlight < IN_FLIGHT_MAX;
    wire.frames.push({ atMs: cabinet.now(), bytes, relayed });
    if (wire.frames.length > CAPTURE_MAX) wire.frames.shift();
    if (!relayed) return;
    const { garbleRatio, rewrite } = wire.fault;
    const said = rewrite === null ? bytes : rewriteFrame(bytes, rewrite);
    const sent = chance(garbleRatio) ? withOneBitFlipped(said) : said;
    if (wire.fault.delayMs <= 0) {
      deliver(wire, sent);
      return;
    }
    wire.inFlight += 1;
    setTimeout(() => {
      wire.inFlight -= 1;
      if (!closing && passes(wire)) deliver(wire, sent);
    }, wire.fault.delayMs).unref();
  }

  let closing = false;
  for (const [i, sender] of options.servers.entries()) {
    for (const [j, receiver] of options.servers.entries()) {
      if (i === j) continue;
      const port = wirePort(options.position, i, j);
      const socket = await bindSocket({ host: options.rackHost, port });
      const wire: LanWire = {
        from: sender.name,
        to: receiver.name,
        bind: receiver.bind,
        sourceHost: sender.bind.host,
        socket,
        frames: [],
        fault: GOOD,
        inFlight: 0,
      };
      wires.set(key(sender.name, receiver.name), wire);
      socket.on("error", (error) => {
        cabinet.record({ kind: "trouble", text: `${path} port ${port}: ${error.message}` });
      });
      socket.on("message", (bytes, source) => {
        if (source.address === wire.sourceHost) take(wire, bytes);
      });
    }
  }

  return {
    frames: () => frames,
    setFault(from, to, change) {
      const wire = wires.get(key(from, to));
      if (wire !== undefined) wire.fault = { ...wire.fault, ...change };
    },
    inject(from, to, bytes) {
      const wire = wires.get(key(from, to));
      if (wire !== undefined) deliver(wire, Buffer.from(bytes));
    },
    captured: (from, to) => [...(wires.get(key(from, to))?.frames ?? [])],
    async close() {
      closing = true;
      await Promise.all([...wires.values()].map((wire) => closeSocket(wire.socket)));
    },
  };
}

/** Binds a UDP socket; the error names the address. */
export function bindSocket(at: HostPort): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    socket.once("error", reject);
    socket.bind({ address: at.host, port: at.port, exclusive: true }, () => {
      socket.removeListener("error", reject);
      resolve(socket);
    });
  });
}

export function closeSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}

/** True with the given probability, 0 never and 1 always. */
export function chance(ratio: number): boolean {
  return ratio > 0 && randomInt(1_000_000) < ratio * 1_000_000;
}

/** A copy with one random bit turned over. */
export function withOneBitFlipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length === 0) return copy;
  const at = randomInt(copy.length);
  copy.writeUInt8(copy.readUInt8(at) ^ (1 << randomInt(8)), at);
  return copy;
}

const key = (from: string, to: string): string => `${from} ${to}`;
