/**
 * The virtual appliance as a world: one `appliance` process with its rack and server trees, in a
 * state folder of its own. Everything is done through the rack's socket and the `kage` command; role
 * processes are named by the rack's status, programs by the environment they were started with.
 * Source: architecture.md 7; issue 2 items 5-7.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isRecord, parseObject } from "../../firmware/cli/client.ts";
import {
  type ApplianceDirs,
  applianceDirs,
  applianceFile,
  rackSocket,
  serverPlaces,
} from "../../firmware/places.ts";
import { readProcess } from "../../hal/drivers/process-tree/process-tree.ts";
import type { StatusDocument } from "../../services/status.ts";
import {
  type Appliance,
  applianceArguments,
  runAppliance,
  runKage,
  startAppliance,
} from "./appliance-process.ts";
import { type BrokerEye, openBrokerEye } from "./broker-eye.ts";
import type {
  DiskFault,
  FolderCondition,
  Role,
  SlotContent,
  WireOrder,
} from "./command-grammar.ts";
import { readEventFiles } from "./event-files.ts";
import { garbagePiece } from "./garbage.ts";
import { askHealth, type Customer, keepAsking } from "./http-client.ts";
import type { ClusterLine } from "./language.ts";
import {
  askEvents,
  askRack,
  askStatus,
  giveOrder,
  readFloating,
  readMachines,
  readRecords,
} from "./rack-client.ts";
import { createRackProcesses, type RackProcesses } from "./rack-processes.ts";
import { type ScriptCondition, ScriptFolder } from "./script-folder.ts";
import { Slots } from "./slots.ts";
import { INSPECTABLE, spinProcess } from "./spin-process.ts";
import { setStateFolder } from "./state-folder.ts";
import type {
  Answer,
  ClientAnswer,
  LivingProgram,
  LoggedEvent,
  Machine,
  World,
  WorldRecord,
} from "./world.ts";

/** From the start of the appliance to its rack answering, on a loaded machine. */
const RACK_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 50;
/** A customer's patience between two requests. */
const ASK_EVERY_MS = 100;
/** Lines of each server's console in a failed transcript. */
const CONSOLE_LINES = 25;
const MARKER = "KAGE_SCENARIO";
/**
 * Bits that make version 1 another one; these places keep their meaning in every version
 * (services/heartbeat/frame.ts).
 */
const LAN_VERSION = { at: 2, mask: 0x06 } as const;
const COM_VERSION = { at: 0, mask: 0x60 } as const;

export function createRackWorld(cluster: ClusterLine): World {
  return new RackWorld(cluster);
}

class RackWorld implements World {
  readonly kind = "rack";
  readonly cluster: ClusterLine;
  readonly #dirs: ApplianceDirs;
  readonly #marker = randomBytes(8).toString("hex");
  readonly #processes: RackProcesses;
  readonly #slots: Slots;
  readonly #scripts: ScriptFolder | null;
  #appliance: Appliance | null = null;
  #customer: Customer | null = null;
  /** Loops of supervisors that stand still, by server and role. */
  readonly #loops = new Map<string, number>();
  #eye: BrokerEye | null = null;

  constructor(cluster: ClusterLine) {
    this.cluster = cluster;
    this.#dirs = applianceDirs(mkdtempSync(join(tmpdir(), "kage-scenario-")));
    this.#processes = createRackProcesses(`${MARKER}=${this.#marker}`);
    this.#scripts = cluster.script === null ? null : new ScriptFolder(cluster.script.name);
    this.#slots = new Slots(join(this.#dirs.stateDir, "array.img"));
  }

  async start(): Promise<void> {
    this.#appliance = startAppliance(this.#arguments(), {
      [MARKER]: this.#marker,
      ...(this.cluster.view ? INSPECTABLE : {}),
    });
    const untilMs = performance.now() + RACK_WITHIN_MS;
    while (!existsSync(rackSocket(this.#dirs)) || !existsSync(applianceFile(this.#dirs))) {
      const exit = this.#appliance.exit();
      if (exit !== null) {
        throw new Error(`the appliance ended with ${exit}: ${this.#appliance.output()}`);
      }
      if (performance.now() > untilMs) {
        throw new Error(`no rack after ${RACK_WITHIN_MS} ms: ${this.#appliance.output()}`);
      }
      await pause(LOOK_EVERY_MS);
    }
    const floating = readFloating(await this.#rack("status"));
    this.#customer = keepAsking(async () => floating, ASK_EVERY_MS);
  }

  async close(): Promise<readonly string[]> {
    this.#slots.freeAll();
    await this.#customer?.stop();
    await this.#eye?.close();
    const left: string[] = [];
    const late = await this.#appliance?.stop();
    if (late !== null && late !== undefined) left.push(late);
    left.push(...(await this.#processes.leftBehind()));
    if (existsSync(rackSocket(this.#dirs))) left.push(`socket ${rackSocket(this.#dirs)}`);
    if (existsSync(applianceFile(this.#dirs))) left.push(`file ${applianceFile(this.#dirs)}`);
    this.#scripts?.remove();
    rmSync(this.#dirs.stateDir, { recursive: true, force: true });
    rmSync(this.#dirs.runDir, { recursive: true, force: true });
    return left;
  }

  async wire({ verb, paths, servers, between, from, to }: WireOrder): Promise<void> {
    await this.#rack(verb, {
      paths,
      ...(servers.length === 0 ? {} : { server: servers }),
      ...(between === null ? {} : { between }),
      ...(from === null ? {} : { from }),
      ...(to === null ? {} : { to }),
    });
  }

  async power(server: string, on: boolean): Promise<void> {
    await this.#rack("power", { server, on });
  }

  async freeze(server: string, frozen: boolean): Promise<void> {
    await this.#rack(frozen ? "freeze" : "thaw", { server });
  }

  async signal(server: string, role: Role, signal: NodeJS.Signals): Promise<void> {
    const machine = (await this.machines()).find((m) => m.name === server);
    const pid = machine?.pids[role];
    if (pid === undefined) throw new Error(`${server} has no process in the role ${role}`);
    process.kill(pid, signal);
  }

  /** The loop that keeps the process stands still: what has died is not even reaped. */
  async lose(server: string, role: "agent" | "pulse", lost: boolean): Promise<void> {
    const name = `${server} ${role}`;
    const loop = this.#loops.get(name);
    if (!lost) {
      if (loop === undefined) throw new Error(`${name} was not lost`);
      this.#loops.delete(name);
      process.kill(loop, "SIGCONT");
      return;
    }
    const pid = (await this.machines()).find((m) => m.name === server)?.pids[role];
    const keeper = pid === undefined ? undefined : readProcess(pid)?.parentPid;
    if (pid === undefined || keeper === undefined || keeper <= 1)
      throw new Error(`${name} does not run`);
    this.#loops.set(name, keeper);
    process.kill(keeper, "SIGSTOP");
    process.kill(pid, "SIGKILL");
  }

  async signalBroker(signal: NodeJS.Signals): Promise<void> {
    process.kill(Number(readFileSync(join(this.#dirs.runDir, "broker.pid"), "utf8")), signal);
  }

  async spin(server: string): Promise<void> {
    const pid = (await this.machines()).find((m) => m.name === server)?.pids.telemetry;
    if (pid === undefined) throw new Error(`${server} has no telemetry process`);
    await spinProcess(pid, serverPlaces(this.#dirs, server).consoleFile);
  }

  async topic(topic: string): Promise<string | null> {
    const { broker } = parseObject(readFileSync(applianceFile(this.#dirs), "utf8")) ?? {};
    this.#eye ??= openBrokerEye(isRecord(broker) ? broker : {});
    return this.#eye.read(topic);
  }

  async killProgram(group: string): Promise<void> {
    const life = (await this.client(group))?.life;
    const pid = Number(/^pid (\d+) /.exec(life ?? "")?.[1]);
    if (!Number.isInteger(pid)) throw new Error(`no program of ${group} answers`);
    process.kill(pid, "SIGKILL");
  }

  async disk(server: string | null, fault: DiskFault): Promise<void> {
    await this.#rack("disk", { server: server ?? "all", fault });
  }

  async stranger(group: string, on: boolean): Promise<void> {
    const address = (await this.#floating(group))?.address;
    if (address === undefined) throw new Error(`no floating address of ${group} in the rack`);
    await this.#rack("stranger", { address, on });
  }

  kage(args: readonly string[]): Promise<Answer> {
    return runKage(args, this.#dirs.stateDir);
  }

  order(server: string, verb: string, args: Readonly<Record<string, unknown>>): Promise<Answer> {
    return giveOrder(serverPlaces(this.#dirs, server).agentSocket, verb, args);
  }

  async wrongKey(server: string): Promise<void> {
    const { localFile, stateDir } = serverPlaces(this.#dirs, server);
    const local = parseObject(readFileSync(localFile, "utf8"));
    if (local === null) throw new Error(`${localFile} is no JSON object`);
    // The cluster's key file is shared by the virtual servers; only this one gets another.
    const keyFile = join(stateDir, "other.key");
    writeFileSync(keyFile, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600 });
    writeFileSync(localFile, JSON.stringify({ ...local, keyFile }), { mode: 0o600 });
  }

  async garbage(path: string, server: string, count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      const bytes = garbagePiece(i).toString("hex");
      await this.#rack("inject", { path, to: server, hex: bytes });
    }
  }

  async replay(path: string, from: string, count: number): Promise<void> {
    const to = this.cluster.servers.find((s) => s !== from) ?? "";
    const body = await this.#rack("capture", { path, from, to });
    const frames = Array.isArray(body["frames"]) ? body["frames"].filter(isRecord) : [];
    if (frames.length === 0) throw new Error(`no frame of ${from} was seen on ${path}`);
    for (let i = 0; i < count; i += 1) {
      const hex = frames[i % frames.length]?.["hex"];
      await this.#rack("inject", { path, from, to, hex });
    }
  }

  async slot(server: string, content: SlotContent): Promise<void> {
    this.#slots.set(server, content);
  }

  async version(server: string, other: boolean): Promise<void> {
    const status = await this.#rack("status");
    const paths = Array.isArray(status["paths"]) ? status["paths"].filter(isRecord) : [];
    const wires = paths.filter((path) => path["from"] === server);
    for (const { path, to } of wires) {
      const place = path === "com" ? COM_VERSION : LAN_VERSION;
      const fields = { path, from: server, to, at: place.at, mask: other ? place.mask : 0 };
      await this.#rack("rewrite", fields);
    }
  }

  async stateFolder(server: string, condition: FolderCondition): Promise<void> {
    setStateFolder(serverPlaces(this.#dirs, server).stateDir, condition);
  }

  async script(condition: ScriptCondition): Promise<void> {
    if (this.#scripts === null) throw new Error("the story has no script=");
    this.#scripts.set(condition);
  }

  secondAppliance(): Promise<Answer> {
    return runAppliance(this.#arguments());
  }

  status(server: string): Promise<StatusDocument | null> {
    return askStatus(serverPlaces(this.#dirs, server).agentSocket);
  }

  async events(server: string): Promise<readonly LoggedEvent[]> {
    const places = serverPlaces(this.#dirs, server);
    return (await askEvents(places.agentSocket)) ?? readEventFiles(places.stateDir);
  }

  async machines(): Promise<readonly Machine[]> {
    const machines = readMachines(await this.#rack("status"));
    this.#processes.note(machines);
    return machines;
  }

  async client(group: string): Promise<ClientAnswer | null> {
    const address = await this.#floating(group);
    return address === undefined ? null : askHealth(address.address, address.port);
  }

  async records(): Promise<readonly WorldRecord[]> {
    return readRecords(await this.#rack("records"));
  }

  async programs(): Promise<readonly LivingProgram[]> {
    await this.machines();
    return this.#processes.programs();
  }

  async blackBox(): Promise<string> {
    const consoles = this.cluster.servers.map((server) => {
      const file = serverPlaces(this.#dirs, server).consoleFile;
      const text = existsSync(file) ? readFileSync(file, "utf8") : "no console";
      return `${server}:\n${text.trimEnd().split("\n").slice(-CONSOLE_LINES).join("\n")}`;
    });
    return [this.#appliance?.output().trimEnd() ?? "", ...consoles].join("\n");
  }

  async #floating(group: string): Promise<ReturnType<typeof readFloating>[number] | undefined> {
    const position = this.cluster.groups.findIndex((g) => g.name === group);
    return readFloating(await this.#rack("status"))[position];
  }

  #rack(
    verb: string,
    fields: Readonly<Record<string, unknown>> = {},
  ): Promise<Readonly<Record<string, unknown>>> {
    return askRack(rackSocket(this.#dirs), verb, fields);
  }

  #arguments(): readonly string[] {
    return applianceArguments(this.cluster, this.#dirs.stateDir, this.#scripts?.path ?? null);
  }
}
