/**
 * The simulator as a world: the same stories as on the rack and in the lab, in virtual time, with the cores
 * that the product runs. A second of a story takes some milliseconds, and every run is the same.
 * Intuition: what the rack does with processes and wires happens here to their models; a story that needs
 * what has no model (a broker, a script, a second appliance) says so and is none of the simulator's.
 * Source: work order 4 item 9; reliability.md 2; architecture.md 4.
 */

import { drawStatus } from "../../firmware/agent/status.ts";
import { parseApplianceOptions } from "../../firmware/appliance/options.ts";
import { clusterText } from "../../firmware/appliance/template.ts";
import { EXIT } from "../../firmware/cli/exit-code.ts";
import type { SwarmHost } from "../../firmware/simulator/host.ts";
import { COM } from "../../firmware/simulator/wires.ts";
import { World as Simulation } from "../../firmware/simulator/world.ts";
import { isRefusalKey, renderRefusal } from "../../services/catalogue.ts";
import { type LoadedConfig, loadConfiguration } from "../../services/configuration/load.ts";
import type { RequestVerb } from "../../services/failover/words.ts";
import type { StatusDocument } from "../../services/status.ts";
import { applianceArguments } from "./appliance-process.ts";
import type { DiskFault, Role, WireOrder } from "./command-grammar.ts";
import { readOrder } from "./kage-order.ts";
import type { ClusterLine } from "./language.ts";
import { directionsOf } from "./wire-directions.ts";
import type {
  Answer,
  ClientAnswer,
  LivingProgram,
  LoggedEvent,
  Machine,
  World,
  WorldRecord,
} from "./world.ts";

/** The story needs something that has no model; it is played on the rack or in the lab only. */
export class NotSimulated extends Error {
  override readonly name = "NotSimulated";
}

/** Addresses stand in the configuration and are used by nobody. */
const BLOCK = "127.77.1";
/** The virtual appliance powers a reset server on again after about so long. */
const BOOT_MS = 500;
const LOOK_MS = 10;
/** What has been stopped by a signal stays so in steps of this length, until it is continued. */
const STOP_STEP_MS = 10;
/** From a look to the next act: nobody's hand is quicker, and no rack. */
const HAND_MS = 200;
/** From the start of a command to its question, and from the answer to its end. */
const COMMAND_MS = 400;
/** `kage` gives an order up after so long, beside the times of the configuration. */
const ORDER_MS = 15_000;

type Stopped = "pulse" | "agent" | "host";

export class SimWorld implements World {
  readonly kind = "sim";
  readonly cluster: ClusterLine;
  readonly config: LoadedConfig;
  readonly #sim: Simulation;
  readonly #records: WorldRecord[] = [];
  readonly #wasOn: boolean[];
  readonly #ran: boolean[][];
  #hasLooked = false;
  /** Processes and hosts under a stop, as `index what`. */
  readonly #stopped = new Set<string>();

  /** `seed` chooses what the product leaves open. Throws NotSimulated. */
  constructor(cluster: ClusterLine, seed: number) {
    if (cluster.view) throw new NotSimulated("a broker and a page");
    if (cluster.script !== null) throw new NotSimulated("scripts");
    this.cluster = cluster;
    this.config = configOf(cluster);
    this.#sim = new Simulation(this.config, seed, { pace: { bootMs: BOOT_MS, lookMs: LOOK_MS } });
    this.#wasOn = this.#sim.hosts.map(() => false);
    this.#ran = this.#sim.hosts.map(() => this.config.groups.map(() => false));
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
    const { verb, paths, servers } = order;
    const cut = verb === "cut";
    for (const path of paths) {
      if (path === "disk") {
        for (const host of this.#sim.hosts) {
          const isMeant = servers.length === 0 || servers.includes(this.#name(host.index));
          if (isMeant) host.disk.setFault(cut ? "error" : "none");
        }
        continue;
      }
      for (const [a, b] of directionsOf(order, this.cluster.servers)) {
        this.#sim.wires.changeLink(this.#path(path), a, b, { cut });
      }
    }
  }

  async power(server: string, on: boolean): Promise<void> {
    this.#reach();
    const host = this.#host(server);
    if (on) host.power();
    else host.off("cut");
    this.#run(1);
  }

  async freeze(server: string, frozen: boolean): Promise<void> {
    this.#reach();
    const host = this.#host(server);
    this.#stop(host, "host", frozen);
    if (!frozen) this.#run(2 * STOP_STEP_MS);
    this.#record(host, { kind: "freeze", frozen });
  }

  async signal(server: string, role: Role, signal: NodeJS.Signals): Promise<void> {
    this.#reach();
    const host = this.#host(server);
    const kills = signal === "SIGKILL";
    if (role === "telemetry") throw new NotSimulated("telemetry");
    if (role === "disk") return kills ? host.killDisk() : without("a disk process that is stopped");
    // A real agent sees at once that its pulse is stopped by a signal; the model waits for its words.
    if (!kills && role === "pulse") without("a pulse that is stopped");
    if (!kills) return this.#stop(host, role, signal === "SIGSTOP");
    // A stopped process dies of the signal as well.
    this.#stop(host, role, false);
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
    if (fault === "late") throw new NotSimulated("writes that land after the power is off");
    for (const host of this.#sim.hosts) {
      // Here every write is torn; the model's own tears one now and then.
      const model = fault === "torn" ? "read-only" : fault;
      if (server === null || this.#name(host.index) === server) host.disk.setFault(model);
    }
  }

  /** Given as the command gives it: to the server that is asked, or to the first that answers. */
  async kage(args: readonly string[]): Promise<Answer> {
    this.#reach();
    const order = readOrder(args);
    if (order === null) throw new NotSimulated(`kage ${args.join(" ")}`);
    const { verb, operand, to, at } = order;
    const isGroup = verb.startsWith("group.");
    const group = isGroup ? this.#group(operand) : 0;
    const named = isGroup ? to : operand;
    const target = named === null || named === "" ? null : this.#host(named).index;
    this.#run(COMMAND_MS);
    const isMember = ({ index }: SwarmHost): boolean => this.#sim.shows(index).endsWith("member");
    const able = this.#sim.hosts
      .filter(({ agent }) => agent?.isAble === true)
      .sort((a, b) => Number(isMember(b)) - Number(isMember(a)));
    const isMeant = ({ index }: SwarmHost): boolean =>
      at === null ? !isGroup && index === target : this.#name(index) === at;
    const asked = able.find(isMeant) ?? (at === null ? able[0] : undefined);
    if (asked?.agent == null) return { exit: EXIT.unreachable, stdout: "", stderr: "no agent" };
    const { answers } = this.#sim;
    const before = answers.length;
    asked.agent.order(verb, group, target);
    const untilMs = this.clock.nowMs() + ORDER_MS;
    while (answers.length === before && this.clock.nowMs() < untilMs) this.#run(1);
    const code = answers[before] ?? "timeout";
    this.#run(COMMAND_MS);
    if (code === "accepted") {
      const isDone = (): boolean => this.#isDone(verb, group, target);
      while (order.waits && !isDone() && this.clock.nowMs() < untilMs) this.#run(1);
      const exit = isDone() || !order.waits ? EXIT.done : EXIT.failed;
      return { exit, stdout: code, stderr: "" };
    }
    if (!isRefusalKey(code)) return { exit: EXIT.failed, stdout: "", stderr: code };
    const data = { group: operand, server: named, servers: this.config.servers.length };
    const { exit, message, remedy } = renderRefusal(code, data, "en");
    return { exit, stdout: "", stderr: `${message} ${remedy}` };
  }

  /** What the command waits for; orders to servers are looked at by the facts that follow. */
  #isDone(verb: RequestVerb, group: number, target: number | null): boolean {
    const runs = this.#sim.hosts.filter(({ agent, running }) => {
      const isUp = agent?.state.groups[group]?.actual === "running";
      return isUp && running[group] === true;
    });
    switch (verb) {
      case "group.start":
      case "group.move":
        return runs.length === 1 && (target === null || runs[0]?.index === target);
      case "group.stop":
        return this.#sim.hosts.every(({ running }) => running[group] !== true);
      default:
        return true;
    }
  }

  slot = (): never => without("blocks written by somebody else");
  signalBroker = (): never => without("a broker");
  spin = (): never => without("telemetry");
  topic = (): never => without("a broker");
  stranger = (): never => without("strangers on the segment");
  order = (): never => without("requests to one agent");
  wrongKey = (): never => without("keys");
  garbage = (): never => without("noise on demand");
  replay = (): never => without("a player of old frames");
  version = (): never => without("other versions of the protocol");
  stateFolder = (): never => without("a state folder");
  script = (): never => without("scripts");
  secondAppliance = (): never => without("a second appliance");

  async status(server: string): Promise<StatusDocument | null> {
    const { agent, on, incarnation, isFrozen } = this.#host(server);
    if (!on || isFrozen || agent === null || agent.isFrozen || agent.state.facts === null)
      return null;
    const since = this.config.servers.map(() => null);
    const own = { isUnsaved: false };
    return drawStatus(agent.state, incarnation, since, this.config, "en", own);
  }

  async events(server: string): Promise<readonly LoggedEvent[]> {
    const { index } = this.#host(server);
    return this.#sim.notes
      .filter((note) => note.index === index)
      .map(({ atMs, key }, seq) => ({ seq, at: String(atMs), key, severity: "", text: "" }));
  }

  async machines(): Promise<readonly Machine[]> {
    return this.#sim.hosts.map(({ index, on, isFrozen, incarnation }) => ({
      name: this.#name(index),
      on,
      frozen: isFrozen,
      incarnation,
      pids: {},
    }));
  }

  /** The public switch forwards to the newest announcer; a program answers from its start on. */
  async client(group: string): Promise<ClientAnswer | null> {
    const index = this.#group(group);
    const starts = this.#sim.starts.filter((start) => start.group === index);
    const announced = this.#records.filter(
      (record) => record.kind === "announce" && record.address === this.#address(index),
    );
    const servers = announced.map(({ server }) => server).reverse();
    // Who is left announces again within seconds, or at the first question.
    const server = servers.find((name) => this.#host(name).running[index] === true);
    if (server === undefined) return null;
    const { on, isFrozen, incarnation, index: at } = this.#host(server);
    const lives = starts.filter((start) => start.index === at).length;
    return on && !isFrozen && lives > 0
      ? { server, life: `${server} ${incarnation} ${lives}` }
      : null;
  }

  async records(): Promise<readonly WorldRecord[]> {
    this.#hasLooked = true;
    return this.#records;
  }

  async programs(): Promise<readonly LivingProgram[]> {
    return this.#sim.hosts.flatMap(({ index, running }) =>
      running.flatMap((runs, group) =>
        runs
          ? [
              {
                server: this.#name(index),
                group: this.config.groups[group]?.name ?? "",
                pid: index,
              },
            ]
          : [],
      ),
    );
  }

  async blackBox(): Promise<string> {
    return this.#sim.traced.slice(-60).join("\n");
  }

  #run(ms: number): void {
    for (const endMs = this.clock.nowMs() + ms; this.clock.nowMs() < endMs; ) {
      this.#sim.run(Math.min(1, endMs - this.clock.nowMs()));
      this.#look();
    }
  }

  /** Acts of one block follow each other at once, the first one takes a hand. */
  #reach(): void {
    if (this.#hasLooked) this.#run(HAND_MS);
    this.#hasLooked = false;
  }

  /** Writes down what has changed since the last millisecond. */
  #look(): void {
    for (const host of this.#sim.hosts) {
      const { index, on, running } = host;
      const ran = this.#ran[index] ?? [];
      for (const [group, runs] of running.entries()) {
        if (ran[group] === runs) continue;
        ran[group] = runs;
        const kind = runs ? "announce" : "withdraw";
        this.#record(host, { kind, address: this.#address(group) });
      }
      if (this.#wasOn[index] === on) continue;
      this.#wasOn[index] = on;
      this.#record(host, { kind: "power", on, reason: on ? "" : host.offReason });
    }
  }

  #record(host: SwarmHost, record: Unstamped<WorldRecord>): void {
    const stamp = { atMs: this.clock.nowMs(), server: this.#name(host.index) };
    this.#records.push({ ...record, ...stamp });
  }

  #stop(host: SwarmHost, what: Stopped, stops: boolean): void {
    const name = `${host.index} ${what}`;
    if (!stops) return void this.#stopped.delete(name);
    this.#stopped.add(name);
    const { incarnation } = host;
    const subject = what === "host" ? host : host[what];
    const hold = (): void => {
      const isSame =
        host.incarnation === incarnation && (what === "host" || host[what] === subject);
      if (!isSame) this.#stopped.delete(name);
      if (!this.#stopped.has(name)) return;
      if (what === "host") host.freeze(2 * STOP_STEP_MS);
      else host[what]?.freeze(this.clock.nowMs() + 2 * STOP_STEP_MS);
      this.#sim.clock.after(STOP_STEP_MS, hold);
    };
    hold();
  }

  #path(name: string): number {
    if (name === "com") return COM;
    const path = this.config.lans.findIndex(({ id }) => id === name);
    if (path < 0) throw new NotSimulated(`the path ${name}`);
    return path;
  }

  #host(server: string): SwarmHost {
    return this.#sim.at(this.cluster.servers.indexOf(server));
  }

  #group(name: string): number {
    const index = this.config.groups.findIndex((group) => group.name === name);
    if (index < 0) throw new NotSimulated(`the group ${name}`);
    return index;
  }

  #name(index: number): string {
    return this.cluster.servers[index] ?? "";
  }

  #address(group: number): string {
    const resources = this.config.groups[group]?.resources ?? [];
    return resources.flatMap((one) => (one.kind === "floating-ip" ? [one.address] : []))[0] ?? "";
  }
}

type Unstamped<R> = R extends unknown ? Omit<R, "atMs" | "server"> : never;

function without(what: string): never {
  throw new NotSimulated(what);
}

function configOf(cluster: ClusterLine): LoadedConfig {
  const parsed = parseApplianceOptions(applianceArguments(cluster, "/nowhere", null));
  if (parsed.kind !== "options")
    throw new Error(`the cluster line makes no appliance: ${parsed.kind}`);
  const facts = {
    block: BLOCK,
    clusterId: "00000051",
    nodePath: "/usr/bin/node",
    demoService: "x",
  };
  const loaded = loadConfiguration(clusterText(parsed.options.template, facts), "cluster.jsonc");
  if (loaded.kind === "ok") return loaded.config;
  throw new Error(loaded.findings.map(({ text }) => text).join("\n"));
}
