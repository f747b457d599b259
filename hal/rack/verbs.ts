/**
 * What an operator or a test can do to the cabinet: pull cables, switch power, freeze, spoil wires
 * and disks, read the records. Every argument is checked here; a refusal lists what is valid.
 * Servers are reached through wires, power and array only: no verb touches a process directly.
 * Source: contract "Rack control socket"; issue 2 items 5 and 7.
 */
import type { ControlAnswer } from "./control.ts";
import type { WireFault } from "./lan-segment.ts";
import type { Power, PowerResult } from "./power.ts";
import type { RackLog } from "./record.ts";
import { COM_PATH, SWITCH_PATH, type Wire, type WireChoice, type Wiring } from "./wiring.ts";

export const DISK_FAULTS = ["none", "stall", "late", "error", "torn"] as const;
export type DiskFault = (typeof DISK_FAULTS)[number];

/** The cabinet's parts as the verbs use them. */
export interface VerbTargets {
  readonly servers: readonly string[];
  readonly wiring: Wiring;
  readonly power: Power;
  readonly log: RackLog;
  now(): number;
  status(): Readonly<Record<string, unknown>>;
  /** All wires in one instant. */
  setCut(wires: readonly Wire[], cut: boolean): void;
  setWireFault(wire: Wire, change: Partial<WireFault>): void;
  /** null: no array in this rack. */
  readonly setDiskFault: ((servers: readonly string[], fault: DiskFault) => void) | null;
  readonly floating: readonly string[];
  /** `address`: one of `floating`. */
  setStranger(address: string, on: boolean): void;
  inject(path: string, from: string, to: string, bytes: Uint8Array): void;
  captured(path: string, from: string, to: string): readonly Readonly<Record<string, unknown>>[];
}

type Request = Readonly<Record<string, unknown>>;
type Verb = (request: Request, rack: VerbTargets) => ControlAnswer | Promise<ControlAnswer>;

/** Largest UDP payload; longer frames cannot exist on a wire. */
const FRAME_BYTES_MAX = 65_507;
/** A minute late is lost for every purpose. */
const DELAY_MAX_MS = 60_000;

/** Refusals found while reading arguments end the verb; anything else is a fault of the rack. */
class Refusal extends Error {}

const VERBS: Readonly<Record<string, Verb>> = {
  status: (_request, rack) => ok({ nowMs: rack.now(), ...rack.status() }),
  cut: (request, rack) => setCables(request, rack, true),
  restore: (request, rack) => setCables(request, rack, false),
  power: async (request, rack) => {
    const server = readServer(request, "server", rack);
    const on = request["on"];
    if (typeof on !== "boolean") throw new Refusal("expected on: true or false");
    return fromPower(
      await (on ? rack.power.on(server, "operator") : rack.power.off(server, "operator")),
    );
  },
  freeze: (request, rack) => fromPower(rack.power.freeze(readServer(request, "server", rack))),
  thaw: (request, rack) => fromPower(rack.power.thaw(readServer(request, "server", rack))),
  disk: setDisk,
  stranger: setStranger,
  delay: (request, rack) => {
    const delayMs = readNumber(request, "ms", 0, DELAY_MAX_MS);
    return spoil(request, rack, { delayMs });
  },
  loss: (request, rack) => spoil(request, rack, { lossRatio: readNumber(request, "ratio", 0, 1) }),
  garble: (request, rack) =>
    spoil(request, rack, { garbleRatio: readNumber(request, "ratio", 0, 1) }),
  rewrite: (request, rack) => {
    const at = readWhole(request, "at", FRAME_BYTES_MAX - 1);
    const mask = readWhole(request, "mask", 255);
    return spoil(request, rack, { rewrite: mask === 0 ? null : { at, mask } });
  },
  records: (request, rack) => {
    const sinceMs =
      request["sinceMs"] === undefined ? 0 : readNumber(request, "sinceMs", 0, Infinity);
    return ok({ nowMs: rack.now(), records: rack.log.list(sinceMs) });
  },
  inject: (request, rack) => {
    const wire = readPair(request, rack);
    rack.inject(wire.path, wire.from, wire.to, readHex(request, "hex"));
    return ok({});
  },
  capture: (request, rack) => {
    const wire = readPair(request, rack);
    return ok({ frames: rack.captured(wire.path, wire.from, wire.to) });
  },
  "garble-com": (request, rack) => {
    const bytes = readHex(request, "bytes");
    const wires = chooseWires({ ...request, paths: ["com"] }, rack);
    for (const wire of wires) {
      if (wire.to !== null) rack.inject(wire.path, wire.from, wire.to, bytes);
    }
    return ok({ ports: wires.map((wire) => wire.to) });
  },
};

/** Carries out one request. Never rejects because of bad input. */
export async function answerVerb(request: Request, rack: VerbTargets): Promise<ControlAnswer> {
  const name = request["verb"];
  const verb = typeof name === "string" && Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (verb === undefined) {
    const valid = Object.keys(VERBS).join(", ");
    return refused(`no verb ${JSON.stringify(name)}; expected one of ${valid}`);
  }
  try {
    return await verb(request, rack);
  } catch (error) {
    if (error instanceof Refusal) return refused(`${name}: ${error.message}`);
    throw error;
  }
}

function setCables(request: Request, rack: VerbTargets, cut: boolean): ControlAnswer {
  const wires = chooseWires(request, rack);
  rack.setCut(wires, cut);
  return ok({ wires });
}

function spoil(request: Request, rack: VerbTargets, change: Partial<WireFault>): ControlAnswer {
  const paths = [readText(request, "path")];
  const wires = chooseWires({ ...request, paths }, rack);
  for (const wire of wires) {
    const onLanOnly = change.garbleRatio === undefined && change.rewrite === undefined;
    if (wire.to === null || (wire.path === COM_PATH && onLanOnly)) {
      throw new Refusal(`"${wire.path}" has no such trouble; expected a LAN`);
    }
  }
  for (const wire of wires) rack.setWireFault(wire, change);
  return ok({ wires });
}

function setDisk(request: Request, rack: VerbTargets): ControlAnswer {
  if (rack.setDiskFault === null) throw new Refusal("this rack has no array");
  const fault = DISK_FAULTS.find((one) => one === request["fault"]);
  if (fault === undefined) throw new Refusal(`expected fault: one of ${DISK_FAULTS.join(", ")}`);
  const all = request["server"] === undefined || request["server"] === "all";
  const servers = all ? rack.servers : [readServer(request, "server", rack)];
  rack.setDiskFault(servers, fault);
  rack.log.add({ kind: "fault", path: "array", text: `${servers.join(" ")}: ${fault}` });
  return ok({ servers, fault });
}

function setStranger(request: Request, rack: VerbTargets): ControlAnswer {
  const address = rack.floating.find((one) => one === request["address"]);
  if (address === undefined) {
    const given = JSON.stringify(request["address"]) ?? "nothing";
    throw new Refusal(`expected address: one of ${rack.floating.join(", ")}, found ${given}`);
  }
  const on = request["on"];
  if (typeof on !== "boolean") throw new Refusal("expected on: true or false");
  rack.setStranger(address, on);
  const text = `stranger ${on ? "has" : "has left"} ${address}`;
  rack.log.add({ kind: "fault", path: SWITCH_PATH, text });
  return ok({ address, on });
}

function chooseWires(request: Request, rack: VerbTargets): readonly Wire[] {
  const paths = request["paths"];
  if (!Array.isArray(paths) || paths.some((path) => typeof path !== "string")) {
    throw new Refusal(`expected paths: a list out of ${rack.wiring.paths.join(", ")}`);
  }
  const choice: WireChoice = {
    ...(request["server"] === undefined ? {} : { servers: readServers(request, "server", rack) }),
    ...(request["between"] === undefined ? {} : { between: readBetween(request, rack) }),
    ...optionalServer(request, "from", rack),
    ...optionalServer(request, "to", rack),
  };
  const selection = rack.wiring.select(paths as readonly string[], choice);
  if (selection.kind === "refused") throw new Refusal(selection.message);
  return selection.wires;
}

/** A directed wire towards `to`; without `from` the first other server stands at the far end. */
function readPair(
  request: Request,
  rack: VerbTargets,
): { readonly path: string; readonly from: string; readonly to: string } {
  const to = readServer(request, "to", rack);
  const far = rack.servers.find((name) => name !== to);
  const from = request["from"] === undefined ? far : readServer(request, "from", rack);
  const paths = [readText(request, "path")];
  const [wire] = chooseWires({ paths, from, to }, rack);
  if (wire === undefined || wire.to === null) throw new Refusal("expected a LAN or com as path");
  return { path: wire.path, from: wire.from, to: wire.to };
}

function optionalServer(request: Request, key: "from" | "to", rack: VerbTargets): WireChoice {
  return request[key] === undefined ? {} : { [key]: readServer(request, key, rack) };
}

function readBetween(request: Request, rack: VerbTargets): readonly [string, string] {
  const [one, other, ...more] = readServers(request, "between", rack);
  if (one !== undefined && other !== undefined && more.length === 0) return [one, other];
  throw new Refusal(`expected between: two of the servers ${rack.servers.join(", ")}`);
}

/** One name, or a list of them. */
function readServers(request: Request, key: string, rack: VerbTargets): readonly string[] {
  const given = request[key];
  if (!Array.isArray(given)) return [readServer(request, key, rack)];
  if (given.length === 0) throw new Refusal(`expected ${key}: at least one server`);
  return given.map((name) => findServer(name, key, rack));
}

const readServer = (request: Request, key: string, rack: VerbTargets): string =>
  findServer(request[key], key, rack);

function findServer(name: unknown, key: string, rack: VerbTargets): string {
  const found = rack.servers.find((one) => one === name);
  if (found !== undefined) return found;
  const given = JSON.stringify(name) ?? "nothing";
  throw new Refusal(
    `expected ${key}: one of the servers ${rack.servers.join(", ")}, found ${given}`,
  );
}

function readText(request: Request, key: string): string {
  const value = request[key];
  if (typeof value === "string" && value !== "") return value;
  throw new Refusal(`expected ${key}: a text`);
}

function readNumber(request: Request, key: string, least: number, most: number): number {
  const value = request[key];
  if (typeof value === "number" && value >= least && value <= most) return value;
  throw new Refusal(`expected ${key}: a number from ${least} to ${most}`);
}

function readWhole(request: Request, key: string, most: number): number {
  const value = readNumber(request, key, 0, most);
  if (Number.isInteger(value)) return value;
  throw new Refusal(`expected ${key}: a whole number from 0 to ${most}`);
}

function readHex(request: Request, key: string): Uint8Array {
  const text = readText(request, key);
  if (/^(?:[0-9a-fA-F]{2})+$/.test(text) && text.length <= FRAME_BYTES_MAX * 2) {
    return Buffer.from(text, "hex");
  }
  throw new Refusal(`expected ${key}: 1 to ${FRAME_BYTES_MAX} bytes as pairs of hex digits`);
}

function fromPower(result: PowerResult): ControlAnswer {
  return result.kind === "done" ? ok({}) : refused(result.message);
}

const ok = (body: Readonly<Record<string, unknown>>): ControlAnswer => ({ kind: "ok", body });
const refused = (message: string): ControlAnswer => ({ kind: "refused", message });
