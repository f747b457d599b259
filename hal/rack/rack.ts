/**
 * The cabinet put together: LAN segments, COM cable, array, public switch, power and watchdogs,
 * behind one control socket. What couples the parts is here: power lost and cable pulled reach all of
 * them in the same instant, before any process is touched.
 * Source: issue 2 item 5; architecture.md 7.
 */
import { listProcesses } from "../drivers/process-tree/process-tree.ts";
import { type ArrayExport, createArrayExport } from "./array-export.ts";
import type { Cabinet } from "./cabinet.ts";
import { type ComLine, createComLine } from "./com-line.ts";
import { type ControlSocket, createControlSocket } from "./control.ts";
import { createLanSegment, type LanSegment, type WireFault } from "./lan-segment.ts";
import { boardPort, type HostPort, type Plan, rackHost, serverHost, switchPort } from "./plan.ts";
import { createPower, type Power, type PowerResult, type ServerBoot } from "./power.ts";
import { createPublicSwitch, type PublicSwitch } from "./public-switch.ts";
import { createRackLog, type RackLog } from "./record.ts";
import { answerVerb, type VerbTargets } from "./verbs.ts";
import { createWatchdogBoards, type WatchdogBoards } from "./watchdog-board.ts";
import { ARRAY_PATH, COM_PATH, createWiring, type Wire, type Wiring } from "./wiring.ts";

export interface RackOptions {
  readonly plan: Plan;
  /** How each server starts, in the order of `plan.servers`. */
  readonly boots: readonly ServerBoot[];
  /** null: no COM cable. It joins exactly two servers. `id`: its name in the configuration. */
  readonly com: {
    readonly id: string;
    readonly ports: readonly HostPort[];
    readonly baud: number;
  } | null;
  /** null: no array. */
  readonly array: RackArray | null;
  /** Floating addresses with the port that clients use on each. */
  readonly floating: readonly HostPort[];
  /** Unix socket of the control verbs. */
  readonly socketPath: string;
}

export interface RackArray {
  /** Keeps the array's content beyond the rack's life; a formatted image. */
  readonly imageFile: string;
  /** NBD port of each server's path, on the rack's own address. */
  readonly ports: readonly number[];
  readonly sizeBytes: number;
}

export interface Rack {
  readonly log: RackLog;
  power(server: string, on: boolean, reason: string): Promise<PowerResult>;
  isPowered(server: string): boolean;
  /** Cables of which at least one direction is cut, by the names that the control verbs take. */
  cutPaths(): readonly string[];
  /** Powers everything off, reads it back and lets go of all sockets. Returns what did not go off. */
  close(): Promise<readonly string[]>;
}

interface Parts {
  readonly wiring: Wiring;
  readonly power: Power;
  readonly log: RackLog;
  readonly lans: Map<string, LanSegment>;
  com: ComLine | null;
  array: ArrayExport | null;
  publicSwitch: PublicSwitch | null;
  boards: WatchdogBoards | null;
}

/** Binds every socket of the plan; rejects with an error that names the address which is taken. */
export async function createRack(options: RackOptions): Promise<Rack> {
  const { servers } = options.plan;
  const parts = assemble(options);
  const cabinet: Cabinet = {
    now: nowMs,
    isPowered: parts.power.isPowered,
    isFrozen: parts.power.isFrozen,
    isCut: parts.wiring.isCut,
    record: parts.log.add,
  };
  let control: ControlSocket | null = null;
  async function closeSockets(): Promise<void> {
    await control?.close();
    for (const lan of parts.lans.values()) await lan.close();
    await parts.com?.close();
    await parts.array?.close();
    await parts.publicSwitch?.close();
    await parts.boards?.close();
  }
  try {
    await plugIn(options, parts, cabinet);
    const targets = verbTargets(options, parts);
    control = await createControlSocket({
      path: options.socketPath,
      answer: (request) => answerVerb(request, targets),
    });
  } catch (error) {
    await closeSockets();
    throw error;
  }
  return {
    log: parts.log,
    power: (server, on, reason) =>
      on ? parts.power.on(server, reason) : parts.power.off(server, reason),
    isPowered: parts.power.isPowered,
    cutPaths() {
      const { wires, isCut } = parts.wiring;
      const cut = wires.filter(({ path, from, to }) => isCut(path, from, to));
      return [...new Set(cut.map(({ path }) => path))];
    },
    async close() {
      const results = await Promise.all(
        servers.map((server) => parts.power.off(server, "rack-closed")),
      );
      await closeSockets();
      return results.flatMap((result) => (result.kind === "failed" ? [result.message] : []));
    },
  };
}

/** Monotonic clock of the machine, ms with fraction: comparable with other processes' clocks. */
function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function assemble(options: RackOptions): Parts {
  const log = createRackLog(nowMs);
  const wiring = createWiring({
    servers: options.plan.servers,
    lans: options.plan.lans.map((lan) => lan.id),
    com: options.com === null ? null : { alias: options.com.id },
    array: options.array !== null,
    publicSwitch: true,
  });
  const power = createPower({
    servers: options.boots,
    record: log.add,
    onDark(server) {
      parts.com?.becomeDark(server);
      parts.publicSwitch?.becomeDark(server);
      parts.boards?.becomeDark(server);
      parts.array?.dropServer(options.plan.servers.indexOf(server));
    },
  });
  const parts: Parts = {
    wiring,
    power,
    log,
    lans: new Map(),
    com: null,
    array: null,
    publicSwitch: null,
    boards: null,
  };
  return parts;
}

async function plugIn(options: RackOptions, parts: Parts, cabinet: Cabinet): Promise<void> {
  const { plan } = options;
  const host = rackHost(plan.block);
  const order = (what: string, act: () => Promise<PowerResult>): void => {
    act().then(
      (result) => {
        if (result.kind === "failed") cabinet.record({ kind: "trouble", text: result.message });
      },
      (error: Error) => cabinet.record({ kind: "trouble", text: `${what}: ${error.message}` }),
    );
  };
  for (const [position, lan] of plan.lans.entries()) {
    const ends = plan.servers.flatMap((name, index) => {
      const bind = lan.binds[index];
      return bind === undefined ? [] : [{ name, bind }];
    });
    const segment = { path: lan.id, position, rackHost: host, servers: ends, cabinet };
    parts.lans.set(lan.id, await createLanSegment(segment));
  }
  if (options.com !== null) parts.com = await openCom(options, options.com, cabinet);
  if (options.array !== null) parts.array = await openArray(options, options.array, cabinet);
  parts.publicSwitch = await createPublicSwitch({
    servers: plan.servers.map((name, index) => ({
      name,
      port: { host, port: switchPort(index) },
      serviceHost: serverHost(plan.block, index),
    })),
    floating: options.floating,
    cabinet,
  });
  parts.boards = await createWatchdogBoards({
    servers: plan.servers.map((name, index) => ({ name, port: { host, port: boardPort(index) } })),
    cabinet,
    onReset(server, timeoutMs) {
      cabinet.record({ kind: "reset", server, reason: `watchdog not fed for ${timeoutMs} ms` });
      order(`reset ${server}`, () => parts.power.reset(server, "watchdog"));
    },
    onOff(server, reason) {
      cabinet.record({ kind: "off-request", server, reason });
      order(`off ${server}`, () => parts.power.off(server, reason));
    },
  });
}

function openCom(
  options: RackOptions,
  com: NonNullable<RackOptions["com"]>,
  cabinet: Cabinet,
): Promise<ComLine> {
  const [first, second] = options.plan.servers;
  const [firstPort, secondPort] = com.ports;
  if (
    first === undefined ||
    second === undefined ||
    firstPort === undefined ||
    secondPort === undefined ||
    options.plan.servers.length > 2
  ) {
    throw new Error("a COM cable joins exactly two servers, each with one port");
  }
  const ends = [
    { server: first, listen: firstPort },
    { server: second, listen: secondPort },
  ] as const;
  return createComLine({ ends, baud: com.baud, cabinet });
}

function verbTargets(options: RackOptions, parts: Parts): VerbTargets {
  const { servers } = options.plan;
  const { array, wiring } = parts;
  return {
    servers,
    wiring,
    power: parts.power,
    log: parts.log,
    now: nowMs,
    status: () => statusOf(servers, parts),
    setCut: (wires, cut) => setCut(servers, wires, cut, parts),
    setWireFault(wire, change) {
      if (wire.to === null) return;
      spoilWire(parts, wire.path, wire.from, wire.to, change);
      const text = `${wire.from}>${wire.to} ${JSON.stringify(change)}`;
      parts.log.add({ kind: "fault", path: wire.path, text });
    },
    setDiskFault:
      array === null
        ? null
        : (chosen, fault) => {
            for (const server of chosen) array.setFault(servers.indexOf(server), fault);
          },
    floating: options.floating.map(({ host }) => host),
    setStranger: (address, on) => void parts.publicSwitch?.setStranger(address, on),
    inject(path, from, to, bytes) {
      if (path === COM_PATH) parts.com?.inject(to, bytes);
      else parts.lans.get(path)?.inject(from, to, bytes);
    },
    captured: (path, from, to) =>
      (parts.lans.get(path)?.captured(from, to) ?? []).map((frame) => ({
        atMs: frame.atMs,
        relayed: frame.relayed,
        hex: frame.bytes.toString("hex"),
      })),
  };
}

function spoilWire(
  parts: Parts,
  path: string,
  from: string,
  to: string,
  change: Partial<WireFault>,
): void {
  if (path !== COM_PATH) parts.lans.get(path)?.setFault(from, to, change);
  else if (change.rewrite !== undefined) parts.com?.setRewrite(from, to, change.rewrite);
  else parts.com?.setGarble(from, to, change.garbleRatio ?? 0);
}

/** One synchronous pass: no byte passes between the first wire and the last. */
function setCut(
  servers: readonly string[],
  wires: readonly Wire[],
  cut: boolean,
  parts: Parts,
): void {
  for (const wire of parts.wiring.set(wires, cut)) {
    const { path, from, to } = wire;
    if (path === ARRAY_PATH) cutArrayPath(servers.indexOf(from), cut, parts);
    parts.log.add({ kind: cut ? "cut" : "restore", path, from, to });
  }
  parts.publicSwitch?.recheck();
}

function cutArrayPath(server: number, cut: boolean, parts: Parts): void {
  parts.array?.cutPath(server, cut).catch((error: Error) => {
    parts.log.add({ kind: "trouble", text: `${ARRAY_PATH}: ${error.message}` });
  });
}

function statusOf(servers: readonly string[], parts: Parts): Readonly<Record<string, unknown>> {
  // One look for all: while it lasts no frame passes.
  const processes = listProcesses();
  return {
    servers: servers.map((name) => ({
      name,
      ...parts.power.status(name, processes),
      watchdog: parts.boards?.state(name) ?? { armed: false, timeoutMs: 0 },
    })),
    paths: parts.wiring.wires.map(({ path, from, to }) => ({
      path,
      ...(to === null ? { server: from } : { from, to }),
      state: parts.wiring.isCut(path, from, to) ? "cut" : "up",
    })),
    floating: parts.publicSwitch?.state() ?? [],
    frames: Object.fromEntries([...parts.lans].map(([id, lan]) => [id, lan.frames()])),
  };
}

function openArray(options: RackOptions, array: RackArray, cabinet: Cabinet): Promise<ArrayExport> {
  const { block, servers } = options.plan;
  return createArrayExport({
    host: rackHost(block),
    ports: array.ports,
    sizeBytes: array.sizeBytes,
    imageFile: array.imageFile,
    onWrite(write) {
      const server = servers[write.server] ?? `path ${write.server}`;
      const { offset, length: bytes } = write;
      cabinet.record({ kind: "array-write", server, offset, bytes });
    },
  });
}
