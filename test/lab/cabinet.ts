/**
 * The lab's cabinet: servers in namespaces, a private and a public segment (two bridges of a
 * switch namespace), a client on the public one, the COM cable and the array. It knows power and
 * wires and nothing of the software inside. Addresses: server N has 10.77.1.N on ic0 and
 * 10.77.2.N on pub0, the client 10.77.2.250. Every cabinet has namespaces of its own, so any
 * number run side by side with the same addresses. Source: issue 2 item 9; architecture.md 7.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { untilWithin } from "../deadline.ts";
import { type LoopArray, openArray } from "./array-loop.ts";
import { run } from "./command.ts";
import { claimFolder, releaseFolder, removeCgroup } from "./leftovers.ts";
import { type NetNamespace, openNamespace } from "./namespace.ts";
import { openCable, type SerialCable } from "./serial-cable.ts";
import {
  type Booting,
  boot,
  cgroupMount,
  freezeLife,
  type Life,
  processesOf,
  type ServerPlan,
  signalProcess,
  thawLife,
} from "./server.ts";

export type Segment = "private" | "public";

export interface CabinetOptions {
  /** Best cluster priority first; the COM cable joins the first two. */
  readonly servers: readonly [string, string, ...string[]];
  /** Speed of the COM cable, bit/s; null = no cable. Default 38400. */
  readonly baud?: number | null;
  /** Default true. */
  readonly array?: boolean;
  /** Default: the lab's own first process. */
  readonly boot?: (plan: ServerPlan) => Promise<Booting>;
}

export interface CabinetEvent {
  readonly atMs: number;
  readonly server: string;
  readonly kind: "power" | "freeze";
  readonly on: boolean;
  readonly reason: string;
}

/** One server as the cabinet holds it. */
export interface Bay {
  readonly number: number;
  readonly name: string;
  readonly folder: string;
  /** null = off. */
  life: Life | null;
  frozen: boolean;
  /** Of the present life, or the last one; "" before the first. */
  incarnation: string;
  /** Power-ons so far; in the names of its ports and in their MACs. */
  lives: number;
  /** Own cgroup of the server; null where the host has none to give. */
  readonly cgroup: string | null;
}

export interface Cabinet {
  readonly id: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly bays: readonly [Bay, Bay, ...Bay[]];
  readonly network: NetNamespace;
  readonly client: NetNamespace;
  readonly cable: SerialCable | null;
  readonly array: LoopArray | null;
  readonly events: readonly CabinetEvent[];
  bay(name: string): Bay;
  /** Name of a server's port on the switch in its present life. */
  port(bay: Bay, segment: Segment): string;
  /** Boots the server; `bootScript` is bash, run in the background as root of the server. */
  powerOn(name: string, bootScript: string): Promise<Life>;
  /**
   * Power cut: both ports dark and every process killed. Resolves with the instant of the cut,
   * monotonic ms.
   */
  powerOff(name: string): Promise<number>;
  freeze(name: string): Promise<void>;
  thaw(name: string): void;
  /**
   * All changes in one instant: ports by one write to `ip -batch`, the COM cable in the same
   * turn.
   */
  rewire(changes: readonly WireChange[]): Promise<void>;
  close(): Promise<void>;
}

export type WireChange =
  /**
   * Frames from one server to the other on a segment get lost in the switch; nobody else notices.
   */
  | {
      readonly wire: "between";
      readonly segment: Segment;
      readonly from: string;
      readonly to: string;
      readonly cut: boolean;
    }
  /** The server's plug: carrier lost, also towards the client. */
  | {
      readonly wire: "segment";
      readonly segment: Segment;
      readonly server: string;
      readonly cut: boolean;
    }
  | { readonly wire: "com"; readonly from: string; readonly cut: boolean }
  /** The server's path to the array. */
  | { readonly wire: "array"; readonly server: string; readonly cut: boolean };

const OFF_WITHIN_MS = 5_000;

export async function openCabinet(options: CabinetOptions): Promise<Cabinet> {
  const id = randomBytes(4).toString("hex");
  const folder = claimFolder(id);
  const env = { KAGE_LAB: id };
  const undo: (() => void | Promise<void>)[] = [() => releaseFolder(id)];
  try {
    const cgroups = await cgroupMount();
    const network = await openNamespace(env);
    undo.push(() => network.close());
    const client = await openNamespace(env);
    undo.push(() => client.close());
    await buildSegments(network, client);
    const cable =
      options.baud === null ? null : await openCable(folder, options.baud ?? 38_400, env);
    if (cable !== null) undo.push(() => cable.close());
    const paths = options.servers.length;
    const array = options.array === false ? null : await openArray(folder, env, paths);
    if (array !== null) undo.push(() => array.close());
    const bay = (name: string, number: number): Bay => {
      const own = join(folder, name);
      mkdirSync(own);
      const cgroup = cgroups === null ? null : join(cgroups, `kage-lab-${id}-${number}`);
      return {
        number,
        name,
        folder: own,
        life: null,
        frozen: false,
        incarnation: "",
        lives: 0,
        cgroup,
      };
    };
    const [first, second, ...rest] = options.servers;
    const others = rest.map((name, index) => bay(name, index + 3));
    const bays = [bay(first, 1), bay(second, 2), ...others] as const;
    return assemble({ id, folder, env, network, client, cable, array, bays }, undo, options.boot);
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}

async function buildSegments(network: NetNamespace, client: NetNamespace): Promise<void> {
  const bridge = "type bridge stp_state 0 forward_delay 0 mcast_snooping 0";
  await network.batch([
    `link add name br-i ${bridge}`,
    `link add name br-p ${bridge}`,
    "link set dev br-i up",
    "link set dev br-p up",
    `link add name client type veth peer name pub0 netns ${client.pid}`,
    "link set dev client master br-p up",
  ]);
  await client.batch(["addr add 10.77.2.250/24 dev pub0", "link set dev pub0 up"]);
}

type Parts = Pick<
  Cabinet,
  "id" | "folder" | "env" | "network" | "client" | "cable" | "array" | "bays"
>;

function assemble(
  parts: Parts,
  undo: (() => void | Promise<void>)[],
  bootServer: (plan: ServerPlan) => Promise<Booting> = boot,
): Cabinet {
  const { network, cable, bays, env, array } = parts;
  const events: CabinetEvent[] = [];
  /** Cuts outlive a power cycle: the cable is out, whatever is at its end. */
  const cuts = new Set<string>();
  const record = (
    server: string,
    kind: "power" | "freeze",
    on: boolean,
    reason: string,
  ): number => {
    const atMs = performance.now();
    events.push({ atMs, server, kind, on, reason });
    return atMs;
  };
  const port = ({ number, lives }: Bay, segment: Segment): string =>
    `s${number}${segment === "private" ? "i" : "p"}${lives}`;
  const find = (name: string): Bay => {
    const found = bays.find((bay) => bay.name === name);
    if (found === undefined) throw new Error(`no server ${name} in this cabinet`);
    return found;
  };
  const cabinet: Cabinet = {
    ...parts,
    events,
    bay: find,
    port,
    powerOn: async (name, bootScript) => {
      const bay = find(name);
      if (bay.life !== null) throw new Error(`${name} is on already`);
      bay.lives += 1;
      cable?.flush(bay.number === 1 ? 0 : 1);
      const booting = await bootServer({ ...bay, boot: bootScript, env });
      await network.batch(plug(bay, booting.netnsPid, port, cuts));
      const life = await booting.wired();
      bay.life = life;
      bay.incarnation = life.incarnation;
      bay.frozen = false;
      record(name, "power", true, "power on");
      void life.darkened?.then(() => array?.drop(bay.number - 1));
      void life.ended.then(() => {
        if (bay.life !== life) return;
        bay.life = null;
        record(name, "power", false, "switched itself off");
      });
      return life;
    },
    powerOff: async (name) => {
      const bay = find(name);
      const { life } = bay;
      if (life === null) return performance.now();
      bay.life = null;
      // Written, not awaited: ports and processes go in the same instant.
      const dark = network.batch(
        [port(bay, "private"), port(bay, "public")].map((link) => `link set dev ${link} down`),
      );
      signalProcess(life.initPid, "SIGKILL");
      const atMs = record(name, "power", false, "power cut");
      await array?.drop(bay.number - 1);
      // A server that switched itself off in this instant has taken its ports along: dark as well.
      await dark.catch((error: unknown) => {
        if (!String(error).includes("Cannot find device")) throw error;
      });
      await life.ended;
      await untilWithin(`every process of ${name} gone`, OFF_WITHIN_MS, () =>
        processesOf(life).length === 0 ? true : null,
      );
      return atMs;
    },
    freeze: async (name) => {
      const bay = find(name);
      if (bay.life === null) throw new Error(`${name} is off`);
      await freezeLife(bay.life);
      bay.frozen = true;
      record(name, "freeze", true, "frozen");
    },
    thaw: (name) => {
      const bay = find(name);
      if (bay.life === null) throw new Error(`${name} is off`);
      record(name, "freeze", false, "thawed");
      bay.frozen = false;
      thawLife(bay.life);
    },
    rewire: (changes) => rewire(cabinet, cuts, changes),
    close: async () => {
      for (const bay of bays) await cabinet.powerOff(bay.name);
      for (const bay of bays) if (bay.cgroup !== null) await dropCgroup(bay.cgroup);
      for (const step of undo.splice(0).reverse()) await step();
    },
  };
  return cabinet;
}

function dropCgroup(path: string): Promise<boolean> {
  return untilWithin(`cgroup ${path} empty`, OFF_WITHIN_MS, () =>
    removeCgroup(path) ? true : null,
  );
}

/**
 * The wires of a new life: a pair per segment, its far end inside the server, with a MAC that
 * tells who and which life.
 */
function plug(
  bay: Bay,
  netnsPid: number,
  port: (bay: Bay, segment: Segment) => string,
  cuts: ReadonlySet<string>,
): string[] {
  const lines: string[] = [];
  for (const segment of ["private", "public"] as const) {
    const near = port(bay, segment);
    const far = segment === "private" ? "ic0" : "pub0";
    const bridge = segment === "private" ? "br-i" : "br-p";
    const mac = macOf(bay, segment);
    lines.push(`link add name ${near} type veth peer name ${far} netns ${netnsPid} address ${mac}`);
    lines.push(`link set dev ${near} master ${bridge}`);
    if (!cuts.has(`${bay.name} ${segment}`)) lines.push(`link set dev ${near} up`);
  }
  return lines;
}

/** `02:4b:00:<segment>:<number>:<life>`, lower-case hex. */
export function macOf(bay: Bay, segment: Segment): string {
  const bytes = [0x02, 0x4b, 0, segment === "private" ? 0 : 1, bay.number, bay.lives & 0xff];
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

async function rewire(
  cabinet: Cabinet,
  cuts: Set<string>,
  changes: readonly WireChange[],
): Promise<void> {
  const lines: string[] = [];
  let dropsChanged = false;
  for (const change of changes) {
    if (change.wire === "com" || change.wire === "array") continue;
    const key =
      change.wire === "segment"
        ? `${cabinet.bay(change.server).name} ${change.segment}`
        : dropRule(change.segment, cabinet.bay(change.from), cabinet.bay(change.to));
    if (change.cut) cuts.add(key);
    else cuts.delete(key);
    if (change.wire === "between") dropsChanged = true;
    else {
      const bay = cabinet.bay(change.server);
      const link = cabinet.port(bay, change.segment);
      if (bay.life !== null) lines.push(`link set dev ${link} ${change.cut ? "down" : "up"}`);
    }
  }
  const done = [
    ...(lines.length > 0 ? [cabinet.network.batch(lines)] : []),
    ...(dropsChanged ? [loadDrops(cabinet.network, cuts)] : []),
  ];
  // nft needs some ms to start, the COM cable none: they change together when the switch is
  // quickest to follow.
  if (dropsChanged) await done.at(-1);
  for (const change of changes) {
    if (change.wire === "array") {
      done.push(cutArray(cabinet, change));
      continue;
    }
    if (change.wire !== "com") continue;
    if (cabinet.cable === null) throw new Error("this cabinet has no COM cable");
    cabinet.cable.setCut(cabinet.bay(change.from).number === 1 ? 0 : 1, change.cut);
  }
  await Promise.all(done);
}

async function cutArray(
  cabinet: Cabinet,
  { server, cut }: Extract<WireChange, { wire: "array" }>,
): Promise<void> {
  if (cabinet.array === null) throw new Error("this cabinet has no array");
  await cabinet.array.cut(cabinet.bay(server).number - 1, cut);
}

const DROP = /^iifname /;

/** Port names carry the life at their end, so a rule outlives a power cycle. */
function dropRule(segment: Segment, from: Bay, to: Bay): string {
  const letter = segment === "private" ? "i" : "p";
  return `iifname "s${from.number}${letter}*" oifname "s${to.number}${letter}*" drop`;
}

/** All lost directions at once: one transaction in the switch's kernel tables. */
async function loadDrops(network: NetNamespace, cuts: ReadonlySet<string>): Promise<void> {
  const input = [
    "table bridge kage",
    "flush table bridge kage",
    "table bridge kage {",
    "chain forward {",
    "type filter hook forward priority 0",
    ...[...cuts].filter((cut) => DROP.test(cut)),
    "}",
    "}",
    "",
  ].join("\n");
  await run([...network.enter, "nft", "-f", "-"], { input });
}
