/**
 * The lab as a world of the scenarios: two servers in namespaces run the real processes on real
 * addresses, terminals and block devices. What the lab cannot do (frames injected into a LAN, the
 * watchdog board) throws, and a scenario that needs it does not name this world.
 * Source: issue 2 item 9; architecture.md 7.
 */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { StatusDocument } from "../../services/status.ts";
import type {
  DiskFault,
  FolderCondition,
  Role,
  SlotContent,
  WireOrder,
} from "../scenarios/command-grammar.ts";
import { readEventFiles } from "../scenarios/event-files.ts";
import { garbagePiece } from "../scenarios/garbage.ts";
import type { ClusterLine } from "../scenarios/language.ts";
import { askEvents, askStatus, giveOrder } from "../scenarios/rack-client.ts";
import { type ScriptCondition, ScriptFolder } from "../scenarios/script-folder.ts";
import { Slots } from "../scenarios/slots.ts";
import type {
  Answer,
  ClientAnswer,
  LivingProgram,
  LoggedEvent,
  Machine,
  World,
  WorldRecord,
} from "../scenarios/world.ts";
import { type LabCluster, serverFiles } from "./appliance-files.ts";
import type { WireChange } from "./cabinet.ts";
import { pause } from "./command.ts";
import { type Lab, openLab } from "./lab.ts";
import { processesOfLab } from "./leftovers.ts";
import { signalProcess } from "./server.ts";
import { groupPrograms, programByOwnPid, rolePids } from "./server-processes.ts";

/** The virtual appliance's own service; on real addresses it listens on all of them. */
const SERVICE_JS = fileURLToPath(new URL("../../hal/rack/demo-service.js", import.meta.url));
const FIRST_PORT = 8080;
/**
 * Default start-synchronisation wait of a story: long enough for two cold starts on a busy
 * machine.
 */
const START_WAIT_MS = 10_000;
const STAND_WITHIN_MS = 8_000;
const LOOK_EVERY_MS = 50;
const CONSOLE_LINES = 25;
/** A customer's patience between two requests. */
const ASK_EVERY_MS = 100;
/** Pieces of the COM line's traffic kept for a replay. */
const HEARD_PIECES_MAX = 200;

const SEGMENTS: Readonly<Record<string, "private" | "public">> = {
  lan1: "private",
  lan2: "public",
};

/** Why the lab cannot run here; null = it can. */
export function labMissing(): string | null {
  return process.getuid?.() === 0 ? null : "the lab needs root";
}

export function createLabWorld(cluster: ClusterLine): World {
  return new LabWorld(cluster);
}

function labCluster(cluster: ClusterLine, scripts: ScriptFolder | null): LabCluster {
  const { method, timeoutMs, intervalMs, startWaitMs, diskWaitMs } = cluster;
  const groups = cluster.groups.map(({ name, policy, start }, index) => ({
    name,
    policy,
    start,
    address: `10.77.2.${101 + index}`,
    argv: [
      "/bin/sh",
      "-c",
      'KAGE_PUBLIC_ADDRESS=0.0.0.0 exec "$0" "$@"',
      process.execPath,
      SERVICE_JS,
      String(FIRST_PORT + index),
    ],
  }));
  const { script: pair } = cluster;
  const script =
    pair === null || scripts === null
      ? {}
      : {
          script: { folder: scripts.path, timeoutMs: pair.timeoutMs, isForAll: pair.isForAll },
        };
  const times = {
    timeoutMs,
    intervalMs,
    startWaitMs: startWaitMs ?? START_WAIT_MS,
    ...(diskWaitMs === null ? {} : { diskWaitMs }),
  };
  return { method, ...times, groups, ...script };
}

const rackOnly = (what: string): Error =>
  new Error(`the lab cannot ${what}; let this scenario run in world=rack only`);

class LabWorld implements World {
  readonly kind = "lab";
  readonly cluster: ClusterLine;
  readonly #heard: { readonly from: number; readonly bytes: Uint8Array }[] = [];
  readonly #scripts: ScriptFolder | null;
  #lab: Lab | null = null;
  #slots: Slots | null = null;
  #asking = false;
  #customer: Promise<void> | null = null;

  constructor(cluster: ClusterLine) {
    if (cluster.watchdogMs !== null && cluster.watchdogMs > 0) throw rackOnly("reset a server");
    this.cluster = cluster;
    this.#scripts = cluster.script === null ? null : new ScriptFolder(cluster.script.name);
  }

  async start(): Promise<void> {
    const [first = "", second = "", ...others] = this.cluster.servers;
    const lab = await openLab({
      servers: [first, second, ...others],
      cluster: labCluster(this.cluster, this.#scripts),
    });
    this.#lab = lab;
    lab.cabinet.cable?.onBytes((from, bytes) => {
      this.#heard.push({ from, bytes });
      if (this.#heard.length > HEARD_PIECES_MAX) this.#heard.shift();
    });
    await Promise.all(this.cluster.servers.map((server) => lab.powerOn(server)));
    await this.#stand();
    this.#asking = true;
    this.#customer = this.#keepAsking();
  }

  /**
   * A serial port and a service take longer to open than the scenario's first line: the story
   * begins when every path was heard and every group answers, or after a while with what there
   * is.
   */
  async #stand(): Promise<void> {
    const endMs = performance.now() + STAND_WITHIN_MS;
    while (performance.now() < endMs) {
      const { servers } = this.cluster;
      const documents = await Promise.all(servers.map((server) => this.status(server)));
      const stands = documents.every((document) =>
        document?.paths.every((path) => path.state === "normal"),
      );
      const groups = this.cluster.groups.filter((group) => group.start === "auto");
      const answers = await Promise.all(groups.map((group) => this.client(group.name)));
      if (stands && answers.every((answer) => answer !== null)) return;
      await pause(LOOK_EVERY_MS);
    }
  }

  async close(): Promise<readonly string[]> {
    this.#asking = false;
    await this.#customer;
    this.#scripts?.remove();
    const lab = this.#lab;
    if (lab === null) return [];
    this.#lab = null;
    this.#slots?.freeAll();
    await lab.close();
    const left = processesOfLab(lab.cabinet.id).map((pid) => `process ${pid} of the lab`);
    return existsSync(lab.cabinet.folder) ? [...left, `folder ${lab.cabinet.folder}`] : left;
  }

  async wire(order: WireOrder): Promise<void> {
    const { verb, paths, servers } = order;
    const cut = verb === "cut";
    const changes = paths.flatMap((path): WireChange[] => {
      const ways = this.#directions(order);
      if (path === "com") return ways.map((way) => ({ wire: "com", from: way.from, cut }));
      if (path === "array") {
        const plugs = servers.length === 0 ? this.cluster.servers : servers;
        return plugs.map((plug) => ({ wire: "array", server: plug, cut }));
      }
      const segment = SEGMENTS[path];
      if (segment === undefined) throw rackOnly(`cut ${path}`);
      const [server] = servers;
      if (server !== undefined && servers.length === 1) {
        return [{ wire: "segment", segment, server, cut }];
      }
      return ways.map((way) => ({ wire: "between", segment, ...way, cut }));
    });
    await this.#open().cabinet.rewire(changes);
  }

  /** Wires of the order as directions; no name = all of them. */
  #directions({ servers, between, from, to }: WireOrder): { from: string; to: string }[] {
    const all = this.cluster.servers;
    const ways = all.flatMap((one) =>
      all.filter((two) => two !== one).map((two) => ({ from: one, to: two })),
    );
    return ways.filter((way) => {
      if (servers.length > 0 && servers.includes(way.from) === servers.includes(way.to)) {
        return false;
      }
      if (between !== null && !(between.includes(way.from) && between.includes(way.to))) {
        return false;
      }
      return (from ?? way.from) === way.from && (to ?? way.to) === way.to;
    });
  }

  async power(server: string, on: boolean): Promise<void> {
    if (on) await this.#open().powerOn(server);
    else await this.#open().cabinet.powerOff(server);
  }

  async freeze(server: string, frozen: boolean): Promise<void> {
    const { cabinet } = this.#open();
    if (frozen) await cabinet.freeze(server);
    else cabinet.thaw(server);
  }

  async signal(server: string, role: Role, signal: NodeJS.Signals): Promise<void> {
    const pid = rolePids(this.#open().cabinet.bay(server))[role];
    if (pid === undefined || !signalProcess(pid, signal)) {
      throw new Error(`${server} has no process in the role ${role}`);
    }
  }

  async killProgram(group: string): Promise<void> {
    const answer = await this.client(group);
    const own = Number(/^pid (\d+) /.exec(answer?.life ?? "")?.[1]);
    const { cabinet } = this.#open();
    const pid = answer === null ? null : programByOwnPid(cabinet.bay(answer.server), own);
    if (pid === null) throw new Error(`no program of ${group} answers`);
    signalProcess(pid, "SIGKILL");
  }

  async disk(server: string | null, fault: DiskFault): Promise<void> {
    const { array } = this.#open().cabinet;
    if (array === null) throw new Error("this lab has no array");
    const { servers } = this.cluster;
    const paths = (server === null ? servers : [server]).map((name) => servers.indexOf(name));
    await Promise.all(paths.map((path) => array.setFault(path, fault)));
  }

  stranger(group: string, on: boolean): Promise<void> {
    return Promise.reject(rackOnly(`put a stranger of ${group} ${on ? "on" : "off"} the segment`));
  }

  kage(args: readonly string[]): Promise<Answer> {
    return this.#open().kage(args);
  }

  order(server: string, verb: string, args: Readonly<Record<string, unknown>>): Promise<Answer> {
    return giveOrder(serverFiles(this.#open().cabinet.bay(server)).agentSocket, verb, args);
  }

  async wrongKey(server: string): Promise<void> {
    const { key } = serverFiles(this.#open().cabinet.bay(server));
    writeFileSync(key, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600 });
  }

  async garbage(path: string, server: string, count: number): Promise<void> {
    const { cable } = this.#open().cabinet;
    if (path !== "com" || cable === null) throw rackOnly(`put garbage onto ${path}`);
    for (let i = 0; i < count; i += 1) {
      cable.inject(endOf(server), garbagePiece(i));
    }
  }

  async replay(path: string, from: string, count: number): Promise<void> {
    const { cable } = this.#open().cabinet;
    if (path !== "com" || cable === null) throw rackOnly(`replay frames on ${path}`);
    const pieces = this.#heard.filter((piece) => piece.from === endOf(from));
    if (pieces.length === 0) throw new Error(`no frame of ${from} was seen on ${path}`);
    for (let i = 0; i < count; i += 1) {
      const piece = pieces[i % pieces.length];
      if (piece !== undefined) cable.inject(endOf(from) === 0 ? 1 : 0, piece.bytes);
    }
  }

  async slot(server: string, content: SlotContent): Promise<void> {
    this.#slots ??= new Slots(join(this.#open().cabinet.folder, "array.img"));
    this.#slots.set(server, content);
  }

  version(server: string, other: boolean): Promise<void> {
    return Promise.reject(rackOnly(`let ${server} speak ${other ? "another" : "its own"} version`));
  }

  async stateFolder(server: string, condition: FolderCondition): Promise<void> {
    const disk = this.#open().stateDisks.get(server);
    if (disk === undefined) throw new Error(`no state disk of ${server}`);
    disk.set(condition);
  }

  async script(condition: ScriptCondition): Promise<void> {
    if (this.#scripts === null) throw new Error("the story has no script=");
    this.#scripts.set(condition);
  }

  lose(server: string): Promise<void> {
    return Promise.reject(rackOnly(`stop the supervisor of ${server}`));
  }

  signalBroker(signal: NodeJS.Signals): Promise<void> {
    return Promise.reject(rackOnly(`send ${signal} to a broker`));
  }

  spin(server: string): Promise<void> {
    return Promise.reject(rackOnly(`let the telemetry of ${server} spin`));
  }

  topic(topic: string): Promise<string | null> {
    return Promise.reject(rackOnly(`read ${topic} from a broker`));
  }

  secondAppliance(): Promise<Answer> {
    return Promise.reject(rackOnly("start a second appliance"));
  }

  status(server: string): Promise<StatusDocument | null> {
    return askStatus(serverFiles(this.#open().cabinet.bay(server)).agentSocket);
  }

  async events(server: string): Promise<readonly LoggedEvent[]> {
    const { agentSocket, stateDir } = serverFiles(this.#open().cabinet.bay(server));
    return (await askEvents(agentSocket)) ?? readEventFiles(stateDir);
  }

  async machines(): Promise<readonly Machine[]> {
    return this.#open().cabinet.bays.map((bay) => ({
      name: bay.name,
      on: bay.life !== null,
      frozen: bay.frozen,
      incarnation: bay.incarnation,
      pids: rolePids(bay),
    }));
  }

  async client(group: string): Promise<ClientAnswer | null> {
    const index = this.cluster.groups.findIndex((candidate) => candidate.name === group);
    if (index < 0) return null;
    const address = `10.77.2.${101 + index}`;
    const lab = this.#open();
    const answer = await lab.client.ask(address, FIRST_PORT + index);
    if (answer !== null) {
      lab.recorder.note({
        atMs: performance.now(),
        server: answer.server,
        kind: "answer",
        address,
      });
    }
    return answer;
  }

  async records(): Promise<readonly WorldRecord[]> {
    return this.#open().recorder.records();
  }

  async programs(): Promise<readonly LivingProgram[]> {
    return this.#open().cabinet.bays.flatMap(groupPrograms);
  }

  async blackBox(): Promise<string> {
    const consoles = this.#open().cabinet.bays.flatMap((bay) => {
      const { consoleFile, stateDir } = serverFiles(bay);
      return [consoleFile, join(stateDir, "supervisor.log")].map((file) => {
        const text = existsSync(file) ? readFileSync(file, "utf8") : "not written";
        const lines = text.trimEnd().split("\n").slice(-CONSOLE_LINES);
        return `${bay.name} ${basename(file)}:\n${lines.join("\n")}`;
      });
    });
    return consoles.join("\n");
  }

  #open(): Lab {
    if (this.#lab === null) throw new Error("the lab is closed");
    return this.#lab;
  }

  /**
   * The customer who never stops: every answer of every owner is on record when the oracle reads
   * it.
   */
  async #keepAsking(): Promise<void> {
    while (this.#asking) {
      await Promise.all(this.cluster.groups.map((group) => this.client(group.name)));
      await pause(ASK_EVERY_MS);
    }
  }
}

/** The cable joins the first server with the second. */
const endOf = (server: string): 0 | 1 => (server === "SERVER1" ? 0 : 1);
