/**
 * Opens this server's heartbeat wires: one UDP link per LAN path, the COM line, and the sealer in front
 * of them. Everything that arrives leaves here as an event of the cores.
 * Source: architecture.md 2; requirements R1-R5; reliability.md 4.3.
 */
import { randomBytes } from "node:crypto";
import { assert } from "../../hal/base/assert.ts";
import { monotonicMs } from "../../hal/base/clock.ts";
import { createSerialComLink } from "../../hal/drivers/com-link-serial/driver.ts";
import { createTcpComLink, parseTcpDevice } from "../../hal/drivers/com-link-serial/tcp.ts";
import { createUdpLanLink, type Endpoint } from "../../hal/drivers/lan-link-udp/driver.ts";
import type { ComLink } from "../../hal/ports/com-link.ts";
import type { LanLink } from "../../hal/ports/lan-link.ts";
import type { LanPath } from "../../services/configuration/model.ts";
import type { PulseEvent } from "../../services/events.ts";
import type { ComBeat, LanBeat, Opened } from "../../services/heartbeat/beat.ts";
import type { SealingKey } from "../../services/heartbeat/key-ring.ts";
import { createSealer, type Sealer } from "../../services/heartbeat/seal.ts";
import { type ServerContext, StartFault } from "../local.ts";

/** Bytes of the process salt: random per start of the pulse, so that no nonce is ever used twice. */
const SALT_BYTES = 8;

export interface Wires {
  sendLan(beat: LanBeat): void;
  sendCom(beat: ComBeat): void;
  /** See `Sealer.setKeys`. */
  readonly setKeys: Sealer["setKeys"];
  /** Counters of refused frames, for the log. */
  readonly counters: Sealer["counters"];
}

export interface WireHandlers {
  readonly onEvent: (event: PulseEvent) => void;
  readonly onTrouble: (path: string, text: string) => void;
  readonly onMalformed: (path: string, reason: string) => void;
}

export function openWires(
  context: ServerContext,
  keys: readonly SealingKey[],
  handlers: WireHandlers,
): Wires {
  const { config, self } = context;
  const [active] = keys;
  assert(active !== undefined, "there is a key to seal with");
  const sealer = createSealer({
    clusterKey: active.key,
    clusterId: config.clusterId,
    self,
    serverCount: config.servers.length,
    processSalt: randomBytes(SALT_BYTES),
  });
  sealer.setKeys(keys, []);
  const links = config.lans.map((lan, path) => openLan(context, lan, path, sealer, handlers));
  const com = config.com === null ? null : openCom(context, sealer, handlers);
  return {
    counters: sealer.counters,
    setKeys: (next, holders) => sealer.setKeys(next, holders),
    sendLan(beat) {
      for (const [path, link] of links.entries()) link.send(beat.to, sealer.sealLan(beat, path));
    },
    sendCom(beat) {
      com?.send(sealer.sealCom(beat));
    },
  };
}

function openLan(
  context: ServerContext,
  lan: LanPath,
  path: number,
  sealer: Sealer,
  handlers: WireHandlers,
): LanLink {
  const { local, config, self } = context;
  const wire = local.rack?.wires[lan.id];
  const own = lan.addresses[self];
  if (own === undefined) throw new StartFault(`LAN ${lan.id} has no address for this server`);
  const to = config.servers.map((server): Endpoint | null => {
    if (server.index === self) return null;
    const given = wire?.to[server.name];
    return given === undefined ? (lan.addresses[server.index] ?? null) : endpointOf(given);
  });
  const known = lan.addresses.filter((_, index) => index !== self).map(({ host }) => host);
  return createUdpLanLink({
    path: lan.id,
    bind: wire === undefined ? own : endpointOf(wire.bind),
    to,
    sources: wire === undefined ? new Set(known) : null,
    onFrame: (frame) => {
      const atMs = monotonicMs();
      deliver(sealer.openLan(frame, path, atMs), path, lan.id, atMs, handlers);
    },
    onState: (state) => {
      if (state.kind !== "open") handlers.onTrouble(lan.id, JSON.stringify(state));
    },
  });
}

function openCom(context: ServerContext, sealer: Sealer, handlers: WireHandlers): ComLink | null {
  const { config, self } = context;
  const { com } = config;
  const device = com?.devices[self];
  if (com === null || device === undefined) return null;
  const options = {
    baud: com.baud,
    onFrame: (frame: Uint8Array) => {
      const atMs = monotonicMs();
      deliver(sealer.openCom(frame, atMs), 0, com.id, atMs, handlers);
    },
    onState: (state: { readonly kind: string }) => {
      if (state.kind !== "open") handlers.onTrouble(com.id, JSON.stringify(state));
    },
  };
  const endpoint = parseTcpDevice(device);
  return endpoint === null
    ? createSerialComLink({ ...options, device })
    : createTcpComLink({ ...options, endpoint });
}

function deliver(
  opened: Opened,
  path: number,
  pathName: string,
  atMs: number,
  handlers: WireHandlers,
): void {
  switch (opened.kind) {
    case "beat": {
      const { beat, proven } = opened;
      handlers.onEvent({ kind: "beat.received", atMs, path, beat, proven });
      return;
    }
    case "presence":
      handlers.onEvent({
        kind: "presence.noticed",
        atMs,
        from: opened.from,
        reason: opened.reason,
      });
      return;
    case "malformed":
      handlers.onMalformed(pathName, opened.reason);
      return;
  }
}

export function endpointOf(text: string): Endpoint {
  const at = text.lastIndexOf(":");
  const port = Number(text.slice(at + 1));
  if (at < 1 || !Number.isInteger(port)) {
    throw new StartFault(`"${text}" is no address; expected host:port`);
  }
  return { host: text.slice(0, at), port };
}
