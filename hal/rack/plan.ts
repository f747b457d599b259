/**
 * Where everything of one rack is plugged in: the address and port of every socket of the cabinet,
 * computed from the block and the positions of servers and LANs. Nothing is ephemeral, so that a
 * server can be told its ports before the rack runs, and a restarted rack has the same ones.
 * A rack owns one whole 127.x.y.0/24 and proves it by binding the claim port; so racks never mix.
 * Source: issue 2 item 5; architecture.md 7.
 */
import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:net";
import { assert } from "../base/assert.ts";

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** First three numbers of the block, e.g. `127.83.7`. */
export type BlockPrefix = string;

/** Bound while a rack owns its block. */
const CLAIM_PORT = 7000;
/** Tries to find a free block: about 64,000 blocks exist and a machine holds a handful of racks. */
const CLAIM_TRIES = 20;
/** Wire ports of one LAN: 16 x 16 ordered pairs of servers (R1 allows 16 servers). */
const SERVERS_MAX = 16;

/** The rack's own address in the block. */
export const rackHost = (block: BlockPrefix): string => `${block}.254`;
/** A server's own address (index from 0). */
export const serverHost = (block: BlockPrefix, index: number): string => `${block}.${index + 1}`;
/** The n-th floating address (from 0). */
export const floatingHost = (block: BlockPrefix, nth: number): string => `${block}.${101 + nth}`;
/** COM device of a server: the rack's end of its serial port. */
export const comPort = (index: number): number => 7100 + index;
/** Watchdog and off input of a server. */
export const boardPort = (index: number): number => 7200 + index;
/** A server's port on the public switch. */
export const switchPort = (index: number): number => 7300 + index;
/** A server's path to the array (NBD). */
export const arrayPort = (index: number): number => 10800 + index;

/** The rack port into which server `from` puts LAN frames for server `to`. */
export function wirePort(lan: number, from: number, to: number): number {
  assert(from < SERVERS_MAX && to < SERVERS_MAX, "a rack holds at most 16 servers");
  return 20000 + lan * SERVERS_MAX * SERVERS_MAX + from * SERVERS_MAX + to;
}

/** `host:port`. */
export const formatHostPort = (at: HostPort): string => `${at.host}:${at.port}`;

/** Reads `127.1.2.3:7001`; null when it is anything else. */
export function parseHostPort(text: string): HostPort | null {
  const match = /^(\d{1,3}(?:\.\d{1,3}){3}):(\d{1,5})$/.exec(text);
  const host = match?.[1];
  const port = Number(match?.[2]);
  if (host === undefined || port < 1 || port > 65535) return null;
  return { host, port };
}

/** The block of an address, or null when it is not a usable loopback block (127.0.0 is the host's). */
export function blockOf(host: string): BlockPrefix | null {
  const match = /^(127\.(\d{1,3})\.(\d{1,3}))\.(\d{1,3})$/.exec(host);
  const numbers = match?.slice(2).map(Number) ?? [];
  const prefix = match?.[1];
  if (prefix === undefined || prefix === "127.0.0" || numbers.some((n) => n > 255)) return null;
  return prefix;
}

/** What a server is told about its plugs: the `rack` section of its local file. */
export interface ServerPlugs {
  readonly board: string;
  /** Per LAN: where the server receives, and where it puts frames for each peer. */
  readonly wires: Readonly<
    Record<string, { readonly bind: string; readonly to: Readonly<Record<string, string>> }>
  >;
  readonly publicSwitch: string;
  readonly serviceAddress: string;
}

export interface Plan {
  readonly block: BlockPrefix;
  readonly servers: readonly string[];
  /** `binds`: one per server, in the order of `servers`. */
  readonly lans: readonly { readonly id: string; readonly binds: readonly HostPort[] }[];
}

/** Plugs of the server at position `index`. */
export function plugsOf(plan: Plan, index: number): ServerPlugs {
  const host = rackHost(plan.block);
  const wires = plan.lans.map((lan, position) => {
    const bind = lan.binds[index];
    assert(bind !== undefined, `LAN ${lan.id} has an address for every server`);
    const peers = plan.servers.flatMap((name, peer): [string, string][] =>
      peer === index ? [] : [[name, `${host}:${wirePort(position, index, peer)}`]],
    );
    return [lan.id, { bind: formatHostPort(bind), to: Object.fromEntries(peers) }] as const;
  });
  return {
    board: `${host}:${boardPort(index)}`,
    wires: Object.fromEntries(wires),
    publicSwitch: `${host}:${switchPort(index)}`,
    serviceAddress: serverHost(plan.block, index),
  };
}

export interface BlockClaim {
  readonly block: BlockPrefix;
  release(): Promise<void>;
}

/** Takes a given block, or answers null when another process holds it. */
export function claimBlock(block: BlockPrefix): Promise<BlockClaim | null> {
  return new Promise((resolve, reject) => {
    const holder: Server = createServer((socket) => socket.destroy());
    holder.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(null);
      else reject(error);
    });
    holder.listen({ host: rackHost(block), port: CLAIM_PORT, exclusive: true }, () => {
      resolve({ block, release: () => new Promise((done) => holder.close(() => done())) });
    });
  });
}

/** Takes a random free block; throws when none of 20 tries is free. */
export async function claimFreeBlock(): Promise<BlockClaim> {
  for (let attempt = 0; attempt < CLAIM_TRIES; attempt += 1) {
    const claim = await claimBlock(`127.${randomInt(1, 255)}.${randomInt(0, 256)}`);
    if (claim !== null) return claim;
  }
  throw new Error(`no free 127.x.y.0/24 block in ${CLAIM_TRIES} tries; stop other racks first`);
}
