/**
 * What is seen of a simulated story from outside: the record of who announced and who had power, what a
 * client gets, which programs live, the event logs. Everything is drawn from the model of the servers and
 * nothing is asked of the story. Source: world.ts (what a world may see).
 */
import type { SwarmHost } from "../../firmware/simulator/host.ts";
import type { World as Simulation } from "../../firmware/simulator/world.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { ClientAnswer, LivingProgram, LoggedEvent, Machine, WorldRecord } from "./world.ts";

/** Of the trace, in a failed transcript. */
const TRACE_LINES = 60;

export class SimSight {
  readonly #sim: Simulation;
  readonly #records: WorldRecord[] = [];
  readonly #wasOn: boolean[];
  readonly #ran: boolean[][];
  /** Groups of all texts so far, by their number in the simulator. */
  readonly #groups: { readonly name: string; readonly address: string }[] = [];
  readonly #known = new Set<ClusterConfig>();

  constructor(sim: Simulation) {
    this.#sim = sim;
    this.#wasOn = sim.hosts.map(() => false);
    this.#ran = sim.hosts.map(() => []);
    this.#learn(sim.config);
  }

  /** Number of the group in the simulator; -1 = no text has ever named it. */
  groupNumber(name: string): number {
    return this.#groups.findIndex((group) => group?.name === name);
  }

  /** Writes down what has changed since the last look. */
  look(): void {
    for (const host of this.#sim.hosts) {
      const { index, on, running, agent } = host;
      if (agent !== null && !this.#known.has(agent.config)) this.#learn(agent.config);
      const ran = this.#ran[index] ?? [];
      // Every millisecond of every story comes by here: no iterator, no pairs.
      for (let group = 0; group < running.length; group += 1) {
        const runs = running[group] === true;
        if ((ran[group] ?? false) === runs) continue;
        ran[group] = runs;
        const kind = runs ? "announce" : "withdraw";
        this.record(host, { kind, address: this.#address(group) });
      }
      if (this.#wasOn[index] === on) continue;
      this.#wasOn[index] = on;
      this.record(host, { kind: "power", on, reason: on ? "" : host.offReason });
    }
  }

  record(host: SwarmHost, record: Unstamped<WorldRecord>): void {
    const stamp = { atMs: this.#sim.clock.nowMs, server: this.#name(host.index) };
    this.#records.push({ ...record, ...stamp });
  }

  get records(): readonly WorldRecord[] {
    return this.#records;
  }

  /** The last words of a server that has ended itself come into its log with its next start. */
  events(server: number): readonly LoggedEvent[] {
    const keys: { readonly key: string; readonly atMs: number }[] = [];
    for (const { index, key, atMs } of this.#sim.notes) {
      if (index !== server) continue;
      if (key === "emergency.recorded") keys.push({ key: "emergency-shutdown", atMs });
      keys.push({ key, atMs });
    }
    return keys.map(({ key, atMs }, seq) => {
      return { seq, at: String(atMs), key, severity: "", text: "" };
    });
  }

  machines(): readonly Machine[] {
    return this.#sim.hosts.map(({ index, on, isFrozen, incarnation }) => {
      return { name: this.#name(index), on, frozen: isFrozen, incarnation, pids: {} };
    });
  }

  /** The public switch forwards to the newest announcer; a program answers from its start on. */
  client(group: number): ClientAnswer | null {
    const starts = this.#sim.starts.filter((start) => start.group === group);
    const address = this.#address(group);
    const announcers = this.#records
      .filter((record) => record.kind === "announce" && record.address === address)
      .map(({ server }) => this.#sim.hosts.find(({ index }) => this.#name(index) === server))
      .reverse();
    // Who is left announces again within seconds, or at the first question.
    const host = announcers.find((one) => one?.running[group] === true);
    if (host === undefined) return null;
    const { on, isFrozen, incarnation, index } = host;
    const lives = starts.filter((start) => start.index === index).length;
    if (!on || isFrozen || lives === 0) return null;
    const server = this.#name(index);
    return { server, life: `${server} ${incarnation} ${lives}` };
  }

  programs(): readonly LivingProgram[] {
    return this.#sim.hosts.flatMap(({ index, running }) =>
      this.#groups
        .filter((_, group) => running[group] === true)
        .map(({ name }) => ({ server: this.#name(index), group: name, pid: index })),
    );
  }

  get trace(): string {
    return this.#sim.traced.slice(-TRACE_LINES).join("\n");
  }

  #name(index: number): string {
    return this.#sim.config.servers[index]?.name ?? "";
  }

  #address(group: number): string {
    return this.#groups[group]?.address ?? "";
  }

  #learn(config: ClusterConfig): void {
    this.#known.add(config);
    for (const { name, resources } of config.groups) {
      const [address = ""] = resources.flatMap((one) =>
        one.kind === "floating-ip" ? [one.address] : [],
      );
      this.#groups[this.#sim.slotOf(name)] = { name, address };
    }
  }
}

type Unstamped<R> = R extends unknown ? Omit<R, "atMs" | "server"> : never;
