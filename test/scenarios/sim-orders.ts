/**
 * `kage` in a simulated story: a person's hand is slow, the command asks the agent that it would ask, waits as
 * it would wait, and ends with the exit code and the text of the catalogue.
 * Source: firmware/cli/order.ts, survey.ts, force-stop.ts; R184-R190.
 */
import { readFileSync } from "node:fs";
import { EXIT } from "../../firmware/cli/exit-code.ts";
import type { SwarmHost } from "../../firmware/simulator/host.ts";
import type { World as Simulation } from "../../firmware/simulator/world.ts";
import { isEventKey, renderEvent } from "../../services/catalogue.ts";
import { type KageOrder, readKageLine } from "./kage-order.ts";
import { NotSimulated } from "./sim-cluster.ts";
import { refused, SimTexts } from "./sim-texts.ts";
import type { Answer } from "./world.ts";

/** From the start of a command to its question, and from the answer to its end. */
const COMMAND_MS = 400;
/** `kage` gives an order up after so long, beside the times of the configuration. */
const ORDER_MS = 15_000;

export class SimOrders {
  readonly #sim: Simulation;
  readonly #run: (ms: number) => void;
  readonly texts: SimTexts;

  /** `run` lets time pass and looks at what happens meanwhile. */
  constructor(sim: Simulation, run: (ms: number) => void) {
    this.#sim = sim;
    this.#run = run;
    this.texts = new SimTexts(sim, run);
  }

  /** Throws NotSimulated for a command that is more than a request to an agent. */
  kage(args: readonly string[]): Answer {
    const line = readKageLine(args);
    switch (line.kind) {
      case "usage":
        return { exit: line.exit, stdout: "", stderr: line.text };
      case "events":
        return this.#events(line.at);
      case "config.get":
        return this.texts.get(this.#best());
      case "config.apply":
        return this.#change(readFileSync(line.file));
      case "config.rollback": {
        const [before] = this.#best()?.texts?.index?.old ?? [];
        return before === undefined
          ? refused("config-unknown-revision", {})
          : this.#change(before.bytes);
      }
      case "other":
        throw new NotSimulated(`kage ${args.slice(0, 2).join(" ")}`);
      case "order":
        return this.#order(line);
    }
  }

  #order(order: KageOrder): Answer {
    const { verb, operand, to } = order;
    const { servers } = this.#sim.config;
    this.#run(COMMAND_MS);
    const isGroup = verb.startsWith("group.");
    const named = isGroup ? to : operand === "" ? null : operand;
    const target = named === null ? null : servers.findIndex(({ name }) => name === named);
    const asked = this.#asked(order, target);
    if (asked?.agent == null) return { exit: EXIT.unreachable, stdout: "", stderr: "no agent" };
    const { groups } = asked.agent.config;
    const isKnown = !isGroup || groups.some(({ name }) => name === operand);
    const group = isGroup && isKnown ? this.#sim.slotOf(operand) : 0;
    const data = { group: operand, server: named, to: named, servers: servers.length };
    if (!isKnown) return refused("unknown-group", data);
    if (target !== null && target < 0) return refused("unknown-server", data);
    const { answers } = this.#sim;
    const before = answers.length;
    asked.agent.order(verb, group, target);
    const untilMs = this.#sim.clock.nowMs + ORDER_MS;
    while (answers.length === before && this.#sim.clock.nowMs < untilMs) this.#run(1);
    const code = answers[before] ?? "timeout";
    this.#run(COMMAND_MS);
    const isDone = (): boolean => this.#isDone(order, group, target);
    // A server that ends itself may not have the time to say so; the command looks whether it is off.
    const isUnheard = verb === "server.force-stop" && code === "timeout" && isDone();
    if (code !== "accepted" && !isUnheard) return refused(code, data);
    while (order.waits && !isDone() && this.#sim.clock.nowMs < untilMs) this.#run(1);
    const exit = isDone() || !order.waits ? EXIT.done : EXIT.failed;
    return { exit, stdout: code, stderr: "" };
  }

  /** Who knows most, or who is meant; a server that is to be forced down is not asked to do it. */
  #asked({ verb, at }: KageOrder, target: number | null): SwarmHost | undefined {
    const able = this.#able();
    if (at !== null) return able.find(({ index }) => this.#sim.config.servers[index]?.name === at);
    if (verb === "server.force-stop" || verb === "server.confirm-off")
      return able.find(({ index }) => index !== target) ?? able[0];
    const isMeant = ({ index }: SwarmHost): boolean =>
      !verb.startsWith("group.") && index === target;
    return able.find(isMeant) ?? able[0];
  }

  #able(): readonly SwarmHost[] {
    return this.#sim.hosts
      .filter(({ agent }) => agent?.isAble === true)
      .sort((a, b) => Number(this.#isMember(b)) - Number(this.#isMember(a)));
  }

  #best(): SwarmHost | undefined {
    return this.#able()[0];
  }

  #change(bytes: Uint8Array): Answer {
    this.#run(COMMAND_MS);
    const host = this.#best();
    if (host === undefined) return { exit: EXIT.unreachable, stdout: "", stderr: "no agent" };
    const answer = this.texts.answer(this.texts.give(host, bytes));
    this.#run(COMMAND_MS);
    return answer;
  }

  #isMember({ index }: SwarmHost): boolean {
    return this.#sim.shows(index).endsWith("member");
  }

  /** What the command waits for; most orders to servers are looked at by the facts that follow. */
  #isDone({ verb, operand }: KageOrder, group: number, target: number | null): boolean {
    const runs = this.#sim.hosts.filter(({ agent, running }) => {
      const own = agent?.config.groups.findIndex(({ name }) => name === operand) ?? -1;
      const isUp = agent?.state.groups[own]?.actual === "running";
      return isUp && running[group] === true;
    });
    switch (verb) {
      case "group.start":
      case "group.move":
        return runs.length === 1 && (target === null || runs[0]?.index === target);
      case "group.stop":
        return this.#sim.hosts.every(({ running }) => running[group] !== true);
      case "server.force-stop":
        return target === null || !this.#sim.at(target).on;
      default:
        return true;
    }
  }

  #events(at: string | null): Answer {
    this.#run(COMMAND_MS);
    const { servers } = this.#sim.config;
    const lines = this.#sim.notes
      .filter(({ index }) => at === null || servers[index]?.name === at)
      .map(({ key, data }) => {
        if (!isEventKey(key)) return key;
        const { code, text, remedy } = renderEvent(key, data, "en");
        return `${code} ${text} ${remedy}`;
      });
    this.#run(COMMAND_MS);
    return { exit: EXIT.done, stdout: lines.join("\n"), stderr: "" };
  }
}
