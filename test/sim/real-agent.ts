/**
 * The real failover core in the simulated majority cluster: it sees the pulse's own facts and speaks real
 * words; programs answer after some milliseconds. Whatever it has ordered to start counts as owned from that
 * moment, and until its stop has been answered: nothing here takes a second look at the lease.
 * Source: protocol.md 1.4.5-1.4.8; services/failover/core.ts.
 */
import { drawMajorityFacts } from "../../firmware/pulse/majority-facts.ts";
import { groupName } from "../../hal/base/ids.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { AgentToken, Wish } from "../../services/events.ts";
import { createFailover, ownWords, step } from "../../services/failover/core.ts";
import type { AgentEffect, AgentEvent, FailoverState } from "../../services/failover/state.ts";
import { encodeWords } from "../../services/failover/words.ts";
import type { Host, MajorityWorld, Turn } from "./majority-world.ts";

/** An operator at this server gives an order in one turn of so many. */
const TURNS_PER_ORDER = 12;
const ORDERS = ["group.move", "group.stop", "group.start", "group.move"] as const;
const START_MAX_MS = 10;
const STOP_MAX_MS = 30;

/** One group that every server may run, best server first. */
function withGroup(config: ClusterConfig): ClusterConfig {
  const program = {
    kind: "program" as const,
    name: "service",
    argv: ["/bin/true"],
    env: {},
    stopTimeoutMs: 5000,
    restartMax: 3,
    restartWindowMs: 60_000,
  };
  const policy = config.servers.map(({ index }) => index);
  const name = groupName("web");
  const group = { name, index: 0, startAttribute: "auto" as const, policy, resources: [program] };
  return { ...config, groups: [group] };
}

class RealAgent {
  readonly #world: MajorityWorld;
  readonly #host: Host;
  readonly #boot: number;
  readonly #config: ClusterConfig;
  #state: FailoverState;
  /** Newest will, and the first token that went with it. */
  #will = { revision: 0, progress: 0 };

  constructor(world: MajorityWorld, host: Host) {
    this.#world = world;
    this.#host = host;
    this.#boot = host.boot;
    this.#config = withGroup(world.config);
    this.#state = createFailover(host.index, this.#config);
    const atMs = world.local(host);
    this.#take({ kind: "restored", atMs, first: true, words: null, running: [false] });
    this.#take({ kind: "wish.set", atMs, wish: host.wish });
  }

  get isAlive(): boolean {
    const { boot, on, will } = this.#host;
    return boot === this.#boot && on && will === null;
  }

  /** `disturbs`: operators give orders of all kinds; otherwise the one who sees the group stopped starts it. */
  turn(disturbs: boolean): void {
    const { pulse } = this.#host;
    if (pulse === null) return;
    const atMs = this.#world.local(this.#host);
    this.#obey(atMs);
    this.#operate(disturbs, atMs);
    // The pulse has the will when it has the token that came with it.
    const heard = pulse.agent.token?.progress ?? -1;
    const { revision, progress } = this.#will;
    const held = heard >= progress ? revision : revision - 1;
    const facts = drawMajorityFacts(pulse, held, null, atMs, this.#world.config);
    this.#take({ kind: "facts.received", atMs, facts });
    this.#take({ kind: "tick", atMs });
    if (facts.server === "detached") this.#host.leaves = false;
    this.#speak(atMs);
  }

  /** What the plan wants of an operator: take back, or send on leave. */
  #obey(atMs: number): void {
    const { wish, leaves, index } = this.#host;
    const { wish: own } = this.#state;
    const isSentBack = wish.kind === "return" && own?.kind === "detached";
    const isSentOff = leaves && own?.kind === "resume";
    if (!isSentBack && !isSentOff) return;
    const verb = isSentBack ? "server.return" : "server.detach";
    const base = { atMs, commandId: "plan", group: 0, target: index };
    this.#take({ kind: "operator.command", verb, ...base });
  }

  #operate(disturbs: boolean, atMs: number): void {
    const { random } = this.#world;
    const { groups, facts } = this.#state;
    const base = { kind: "operator.command" as const, atMs, commandId: "storm", group: 0 };
    if (disturbs && random.below(TURNS_PER_ORDER) === 0) {
      const verb = ORDERS[random.below(ORDERS.length)] ?? "group.move";
      const any = random.below(this.#config.servers.length);
      const target = verb !== "group.stop" && random.below(2) === 0 ? any : null;
      this.#take({ ...base, verb, target });
    } else if (!disturbs && facts?.server === "member" && groups[0]?.desired === null) {
      this.#take({ ...base, verb: "group.start", target: null });
    }
  }

  #take(event: AgentEvent): void {
    const { state, effects } = step(this.#state, event, this.#config);
    this.#state = state;
    for (const effect of effects) this.#execute(effect);
  }

  #execute(effect: AgentEffect): void {
    const host = this.#host;
    const world = this.#world;
    switch (effect.kind) {
      case "will.deposit":
        this.#will = { revision: effect.revision, progress: host.progress + 1 };
        if (!host.mayOwn && effect.covers[0] === true) {
          host.mayOwn = true;
          world.arm(host);
        }
        host.mayOwn = effect.covers[0] === true;
        return;
      case "resource.start":
        host.owns = true;
        world.starts.push({ atMs: world.nowMs, server: host.index });
        world.note(`S${host.index} starts the group`);
        return this.#answer(effect.id, START_MAX_MS, () => undefined);
      case "resource.stop":
        world.note(`S${host.index} stops the group`);
        return this.#answer(effect.id, STOP_MAX_MS, () => {
          host.owns = false;
        });
      case "note":
        world.note(`S${host.index} ${effect.key} ${JSON.stringify(effect.data)}`);
        return;
      default:
        return;
    }
  }

  #answer(id: number, maxMs: number, before: () => void): void {
    this.#world.clock.after(2 + this.#world.random.below(maxMs), () => {
      if (!this.isAlive) return;
      before();
      const atMs = this.#world.local(this.#host);
      this.#take({ kind: "effect.completed", atMs, id });
      this.#speak(atMs);
    });
  }

  #speak(atMs: number): void {
    const host = this.#host;
    const { wish, holds, facts } = this.#state;
    if (wish === null) return;
    if (wish.kind === "resume") host.taught = wish;
    const isNew = facts?.server === "observing" && wish.kind === "leave";
    const told: Wish = isNew && host.taught !== null ? host.taught : wish;
    host.wish = wish;
    host.progress += 1;
    const blob = encodeWords(ownWords(this.#state));
    const { progress, mayOwn } = host;
    const token: AgentToken = { progress, blob, wish: told, mayOwn, holds };
    this.#world.inject(host, { kind: "agent.spoke", atMs, token });
  }
}

const AGENTS = new WeakMap<Host, RealAgent>();

/** For `runPlan`: the real agents; operators disturb until `untilMs` of the world's clock. */
export function realTurns(untilMs: number): Turn {
  return (world, host) => {
    let agent = AGENTS.get(host);
    if (agent === undefined || !agent.isAlive) {
      agent = new RealAgent(world, host);
      AGENTS.set(host, agent);
    }
    agent.turn(world.nowMs < untilMs);
  };
}
