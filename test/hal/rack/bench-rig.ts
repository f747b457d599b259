/**
 * What the rack's tests share: a cabinet whose power, cuts and freezes the test sets by hand, and sockets
 * in a block of their own.
 */
import { createSocket, type Socket } from "node:dgram";
import type { Cabinet } from "../../../hal/rack/cabinet.ts";
import { type BlockClaim, claimFreeBlock, type HostPort } from "../../../hal/rack/plan.ts";
import type { RackEvent } from "../../../hal/rack/record.ts";

export interface HandCabinet extends Cabinet {
  readonly dark: Set<string>;
  readonly frozen: Set<string>;
  /** `path from>to`, or `path from`. */
  readonly cuts: Set<string>;
  readonly events: RackEvent[];
}

export function handCabinet(): HandCabinet {
  const dark = new Set<string>();
  const frozen = new Set<string>();
  const cuts = new Set<string>();
  const events: RackEvent[] = [];
  return {
    dark,
    frozen,
    cuts,
    events,
    now: () => performance.now(),
    isPowered: (server) => !dark.has(server),
    isFrozen: (server) => frozen.has(server),
    isCut: (path, from, to) => cuts.has(to ? `${path} ${from}>${to}` : `${path} ${from}`),
    record: (event) => events.push(event),
  };
}

/** A server's LAN socket that remembers what came. */
export interface Ear {
  readonly socket: Socket;
  readonly heard: Buffer[];
  send(bytes: string, to: HostPort): void;
  close(): Promise<void>;
}

export function openEar(at: HostPort): Promise<Ear> {
  const socket = createSocket("udp4");
  const heard: Buffer[] = [];
  socket.on("message", (bytes) => heard.push(bytes));
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(at.port, at.host, () => {
      resolve({
        socket,
        heard,
        send: (bytes, to) => socket.send(bytes, to.port, to.host),
        close: () => new Promise((done) => socket.close(() => done())),
      });
    });
  });
}

/** Runs `act` with a block of loopback addresses of its own. */
export async function withBlock(act: (block: string) => Promise<void>): Promise<void> {
  const claim: BlockClaim = await claimFreeBlock();
  try {
    await act(claim.block);
  } finally {
    await claim.release();
  }
}
