/**
 * The simulator as a world: the same stories as on the rack and in the lab, in virtual time, with the cores
 * that the product runs. A second of a story takes some milliseconds, and every run is the same.
 * Intuition: what the rack does with processes and wires happens here to their models; a story that needs
 * what has no model (a broker, a script, a second appliance) says so and is none of the simulator's.
 * Source: work order 4 item 9; reliability.md 2; architecture.md 4.
 */
import { drawStatus } from "../../firmware/agent/status.ts";
import type { SwarmHost } from "../../firmware/simulator/host.ts";
import { type Pace, World as Simulation } from "../../firmware/simulator/world.ts";
import type { StatusDocument } from "../../services/status.ts";
import type {
  DiskFault,
  FolderCondition,
  Role,
  SlotContent,
  WireOrder,
} from "./command-grammar.ts";
import type { ClusterLine } from "./language.ts";
import { SimArray } from "./sim-array.ts";
import { clusterOf, NotSimulated, without } from "./sim-cluster.ts";
import { SimOrders } from "./sim-orders.ts";
import { SimSight } from "./sim-sight.ts";
import { SimStops, STOP_STEP_MS } from "./sim-stops.ts";
import { SimWires } from "./sim-wires.ts";
import type {
  Answer,
  ClientAnswer,
  LivingProgram,
  LoggedEvent,
  Machine,
  World,
  WorldRecord,
} from "./world.ts";

/** The virtual appliance powers a reset server on again after about so long. */
const PACE: Pace = { bootMs: 500, lookMs: 10 };
/** From a look to the next act: nobody's hand is quicker, and no rack. */
const HAND_MS = 200;
/** Names of a server's path to the array. */
const ARRAY_PATHS: readonly string[] = ["array", "disk"];
/** What is read of a record whose two copies are garbage. */
const DAMAGED = { kind: "defaults", reason: "damaged" } as const;

export class SimWorld implements World {
  readonly kind = "sim";
  readonly cluster: ClusterLine;
  readonly #sim: Simulation;
  readonly #sight: SimSight;
  readonly #orders: SimOrders;
  readonly #stops: SimStops;
  readonly #wires: SimWires;
  readonly #array: SimArray;
  /** Servers that boot the next time with another cluster key. */
  readonly #rekeyed = new Set<string>();
  #hasLooked = false;

  /** `seed` chooses what the product leaves open. Throws NotSimulated. */
  constructor(cluster: ClusterLine, seed: number) {
    if (cluster.view) throw new NotSimulated("a broker and a page");
    if (cluster.script !== null) throw new NotSimulated("scripts");
    this.cluster = cluster;
    const { config, text } = clusterOf(cluster);
    this.#sim = new Simulation(config, seed, { pace: PACE, text });
    this.#sight = new SimSight(this.#sim);
    this.#orders = new SimOrders(this.#sim, (ms) => this.#run(ms));
    this.#stops = new SimStops(this.#sim);
    this.#wires = new SimWires(this.#sim, cluster);
    this.#array = new SimArray(this.#sim);
  }

  readonly clock = {
    nowMs: (): number => this.#sim.clock.nowMs,
    pause: async (ms: number): Promise<void> => this.#run(ms),
  };

  /** Of the simulator's own invariants. */
  get violations(): readonly string[] {
    return this.#sim.checks.failures;
  }

  async start(): Promise<void> {
    for (const host of this.#sim.hosts) host.power();
    this.#run(1);
  }

  close = async (): Promise<readonly string[]> => [];

  async wire(order: WireOrder): Promise<void> {
    this.#reach();
    for (const path of order.paths) {
      if (ARRAY_PATHS.includes(path)) this.#plugArray(order);
      else this.#wires.order(order, path);
    }
  }

  async power(server: string, on: boolean): Promise<void> {
    this.#reach();
    const host = this.#host(server);
    if (!on) host.off("cut");
    else {
      if (this.#rekeyed.delete(server)) this.#rekey(host);
      host.power();
    }
    this.#run(1);
  }

  async freeze(server: string, frozen: boolean): Promise<void> {
    this.#reach();
    const host = this.#host(server);
    this.#stops.set(host, "host", frozen);
    if (!frozen) this.#run(2 * STOP_STEP_MS);
    this.#sight.record(host, { kind: "freeze", frozen });
  }

  async signal(server: string, role: Role, signal: NodeJS.Signals): Promise<void> {
    this.#reach();
    const host = this.#host(server);
    const kills = signal === "SIGKILL";
    if (role === "telemetry") throw new NotSimulated("telemetry");
    if (role === "disk") {
      if (signal === "SIGCONT") without("a disk process that is continued");
      return kills ? host.killDisk() : host.disk.stop();
    }
    // A stopped process dies of the signal as well.
    this.#stops.set(host, role, signal === "SIGSTOP");
    if (!kills && role === "pulse" && host.pulse !== null) {
      host.pulse.isStopped = signal === "SIGSTOP";
    }
    if (!kills) return;
    if (role === "pulse") host.killPulse("story");
    else host.killAgent();
  }

  async lose(server: string, role: "agent" | "pulse", lost: boolean): Promise<void> {
    this.#reach();
    const host = this.#host(server);
    if (!lost) return host.revive();
    host.bends.restartMs = Number.POSITIVE_INFINITY;
    if (role === "pulse") host.killPulse("story");
    else host.killAgent();
  }

  async killProgram(group: string): Promise<void> {
    this.#reach();
    const index = this.#group(group);
    for (const host of this.#sim.hosts) {
      if (host.running[index] === true) host.agent?.do(() => host.agent?.endProgram(index));
    }
  }

  async disk(server: string | null, fault: DiskFault): Promise<void> {
    this.#reach();
    for (const host of this.#sim.hosts) {
      if (server === null || this.#name(host.index) === server) this.#array.fault(host, fault);
    }
  }

  /** Given as the command gives it: to the server that is asked, or to the first that answers. */
  async kage(args: readonly string[]): Promise<Answer> {
    this.#reach();
    return this.#orders.kage(args);
  }

  /** Given to that agent in this instant; whoever else is asked in the same one is asked as well. */
  async order(
    server: string,
    verb: string,
    args: Readonly<Record<string, unknown>>,
  ): Promise<Answer> {
    const { text } = args;
    if (verb !== "config.apply" || typeof text !== "string") return without(`the request ${verb}`);
    this.#reach();
    const question = this.#orders.texts.give(this.#host(server), Buffer.from(text));
    await Promise.resolve();
    return this.#orders.texts.answer(question);
  }

  async slot(server: string, content: SlotContent): Promise<void> {
    this.#reach();
    this.#array.slot(this.#host(server).index, content);
  }

  async wrongKey(server: string): Promise<void> {
    this.#rekeyed.add(server);
  }

  async garbage(path: string, server: string, count: number): Promise<void> {
    this.#reach();
    this.#wires.garbage(path, this.#host(server).index, count);
  }

  async replay(path: string, from: string, count: number): Promise<void> {
    this.#reach();
    this.#wires.replay(path, this.#host(from).index, count);
  }

  async version(server: string, other: boolean): Promise<void> {
    this.#reach();
    this.#wires.version(this.#host(server).index, other);
  }

  /** Full and read-only are the same to a save: it is refused. What is damaged is so at every reading. */
  async stateFolder(server: string, condition: FolderCondition): Promise<void> {
    this.#reach();
    const { bends } = this.#host(server);
    const refuses = condition === "full" || condition === "read-only";
    bends.saveMs = refuses ? Number.POSITIVE_INFINITY : 0;
    bends.loads = condition === "damaged" ? () => DAMAGED : null;
  }

  signalBroker = (): never => without("a broker and a page");
  spin = (): never => without("a broker and a page");
  topic = (): never => without("a broker and a page");
  stranger = (): never => without("strangers on the segment");
  script = (): never => without("scripts");
  secondAppliance = (): never => without("a second appliance");

  async status(server: string): Promise<StatusDocument | null> {
    const { agent, on, incarnation, isFrozen, index } = this.#host(server);
    if (!on || isFrozen || agent === null || agent.isFrozen || agent.state.facts === null)
      return null;
    const since = agent.config.servers.map(() => null);
    const emergency = this.#sim.emergencies.recordOf(index);
    const own = { isUnsaved: agent.isBehind, emergency };
    return drawStatus(agent.state, incarnation, since, agent.config, "en", own);
  }

  async events(server: string): Promise<readonly LoggedEvent[]> {
    return this.#sight.events(this.#host(server).index);
  }

  async machines(): Promise<readonly Machine[]> {
    return this.#sight.machines();
  }

  async client(group: string): Promise<ClientAnswer | null> {
    return this.#wires.isPublicCut ? null : this.#sight.client(this.#group(group));
  }

  async records(): Promise<readonly WorldRecord[]> {
    this.#hasLooked = true;
    return this.#sight.records;
  }

  async programs(): Promise<readonly LivingProgram[]> {
    return this.#sight.programs();
  }

  async blackBox(): Promise<string> {
    return this.#sight.trace;
  }

  #run(ms: number): void {
    for (const endMs = this.clock.nowMs() + ms; this.clock.nowMs() < endMs; ) {
      this.#sim.run(Math.min(1, endMs - this.clock.nowMs()));
      this.#sight.look();
    }
  }

  /** Acts of one block follow each other at once, the first one takes a hand. */
  #reach(): void {
    if (this.#hasLooked) this.#run(HAND_MS);
    this.#hasLooked = false;
  }

  #plugArray({ verb, servers }: WireOrder): void {
    for (const host of this.#sim.hosts) {
      const isMeant = servers.length === 0 || servers.includes(this.#name(host.index));
      if (isMeant) this.#array.fault(host, verb === "cut" ? "error" : "none");
    }
  }

  /** Neither its frames nor its blocks are anybody's, and nobody's are its. */
  #rekey(host: SwarmHost): void {
    this.#wires.otherKey(host.index);
    this.#array.fault(host, "error");
  }

  #host(server: string): SwarmHost {
    return this.#sim.at(this.cluster.servers.indexOf(server));
  }

  #group(name: string): number {
    const index = this.#sight.groupNumber(name);
    if (index < 0) throw new NotSimulated(`the group ${name}`);
    return index;
  }

  #name(index: number): string {
    return this.cluster.servers[index] ?? "";
  }
}
