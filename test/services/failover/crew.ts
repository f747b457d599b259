/**
 * Three to sixteen failover cores in one view that the test writes down. A round is one beat of everybody:
 * what an agent says travels as bytes, and what it orders its executors is answered before the next round.
 * Nothing here knows what a coordinator does; who may own what is counted from the effects alone.
 */
import { groupName, hostIncarnation, pathId, serverName } from "../../../hal/base/ids.ts";
import type { ServerState, View } from "../../../hal/base/view.ts";
import { computeBudget } from "../../../services/configuration/budget.ts";
import type { ClusterConfig, GroupConfig } from "../../../services/configuration/model.ts";
import type { Facts, PeerFact } from "../../../services/facts.ts";
import { createFailover, ownWords, step } from "../../../services/failover/core.ts";
import type { AgentEffect, AgentEvent, FailoverState } from "../../../services/failover/state.ts";
import { encodeWords, type RequestVerb, type Words } from "../../../services/failover/words.ts";
import { UNEVENTFUL } from "./uneventful-facts.ts";

const ROUND_MS = 100;

export const hostOf = (index: number) => hostIncarnation(`00000000000000a${index}`);

/** A majority cluster; each group has one program and the policy that is given. */
export function crewConfig(count: number, policies: readonly (readonly number[])[]): ClusterConfig {
  const timing = {
    heartbeatTimeoutMs: 1000,
    heartbeatIntervalMs: ROUND_MS,
    comIntervalMs: ROUND_MS,
    diskWaitMs: 1000,
    startSyncWaitMs: 2000,
    watchdogTimeoutMs: 0,
  };
  const result = computeBudget("majority", timing, { baud: null });
  if (result.kind !== "budget") throw new Error("the times do not fit");
  const groups = policies.map((policy, index): GroupConfig => {
    const program = {
      kind: "program" as const,
      name: "service",
      argv: ["/bin/true"],
      env: {},
      stopTimeoutMs: 5000,
      restartMax: 3,
      restartWindowMs: 60_000,
    };
    const name = groupName(`group${index + 1}`);
    return { name, index, startAttribute: "auto", policy, resources: [program] };
  });
  const servers = Array.from({ length: count }, (_, index) => ({
    name: serverName(`SERVER${index + 1}`),
    index,
    publicInterface: "",
  }));
  return {
    name: "crew",
    clusterId: 1,
    revision: 1,
    hash: "00000000",
    method: "majority",
    servers,
    lans: [{ id: pathId("lan1"), kind: "private", addresses: [] }],
    com: null,
    disk: null,
    groups,
    timing,
    budget: result.budget,
  };
}

/** What one server shows; left out = a member of the view that says nothing new. */
export interface Shown {
  readonly words?: Partial<Words>;
  readonly state?: ServerState | null;
  readonly sameView?: boolean;
  readonly mayOwn?: boolean;
  readonly live?: boolean;
  readonly heard?: boolean;
}

export const SILENT: Words = {
  shutdown: 0,
  marked: false,
  offAfterLeave: false,
  request: null,
  reply: null,
  groups: [],
};

export function viewOf(
  counter: number,
  members: readonly number[],
  coordinator = members[0] ?? 0,
  absent: readonly number[] = [],
): View {
  const epoch = { counter, coordinator, host: hostOf(coordinator) };
  return absent.length === 0 ? { epoch, members } : { epoch, members, absent };
}

export function peerFact(index: number, shown: Shown, view: View | null): PeerFact {
  const isIn = view?.members.includes(index) === true;
  const { words = {}, state = isIn ? "member" : null, sameView = isIn, mayOwn = false } = shown;
  return {
    index,
    state,
    sinceHeardMs: 10,
    host: hostOf(index),
    mayOwn,
    sameView,
    epochCounter: view?.epoch.counter ?? 0,
    blob: encodeWords({ ...SILENT, ...words }),
    presence: false,
    configDiffers: false,
    live: shown.live ?? state === "member",
    heard: shown.heard ?? state !== null,
  };
}

/** One core, and every effect so far, oldest first. */
export class CrewAgent {
  readonly self: number;
  readonly config: ClusterConfig;
  readonly effects: AgentEffect[] = [];
  state: FailoverState;
  atMs = 1000;
  /** Orders to executors that have not been answered. */
  pending: Extract<AgentEffect, { kind: "resource.start" | "resource.stop" }>[] = [];

  constructor(self: number, config: ClusterConfig, words: Words | null = null) {
    this.self = self;
    this.config = config;
    this.state = createFailover(self, config);
    const running = config.groups.map(() => false);
    this.take({ kind: "restored", atMs: this.atMs, first: true, words, running });
  }

  take(event: AgentEvent): void {
    const { state, effects } = step(this.state, event, this.config);
    this.state = state;
    this.effects.push(...effects);
    for (const effect of effects) {
      if (effect.kind === "resource.start" || effect.kind === "resource.stop") {
        this.pending.push(effect);
      }
      if (effect.kind === "mark.write") {
        this.take({ kind: "effect.completed", atMs: this.atMs, id: effect.id });
      }
    }
  }

  /** `shown` by server; the own place is ignored. */
  hear(view: View | null, shown: readonly Shown[], more: Partial<Facts> = {}): void {
    this.atMs += ROUND_MS;
    const peers = this.config.servers
      .filter(({ index }) => index !== this.self)
      .map(({ index }) => peerFact(index, shown[index] ?? {}, view));
    const facts: Facts = {
      ...UNEVENTFUL,
      atMs: this.atMs,
      server: view === null ? "detached" : "member",
      view,
      floor: view?.epoch.counter ?? 0,
      sole: view?.members.length === 1,
      holdsLease: view !== null,
      peers,
      willRevision: this.state.willRevision,
      ...more,
    };
    this.take({ kind: "facts.received", atMs: this.atMs, facts });
  }

  /** Answers what has been ordered; a start of a group in `broken` fails. */
  answer(broken: ReadonlySet<number> = new Set()): void {
    for (const { id, kind, group } of this.pending.splice(0)) {
      const fails = kind === "resource.start" && broken.has(group);
      const base = { atMs: this.atMs, id };
      this.take(
        fails
          ? { kind: "effect.failed", ...base, error: "broken" }
          : { kind: "effect.completed", ...base },
      );
    }
  }

  order(verb: RequestVerb, group = 0, target: number | null = null, commandId = "c"): void {
    this.take({ kind: "operator.command", atMs: this.atMs, commandId, verb, group, target });
  }

  get answers(): readonly string[] {
    return this.effects.flatMap((one) => (one.kind === "command.answer" ? [one.code] : []));
  }

  /** Groups of which anything has been ordered to start, in that order. */
  get starts(): readonly number[] {
    return this.effects.flatMap((one) => (one.kind === "resource.start" ? [one.group] : []));
  }

  did(kind: AgentEffect["kind"]): boolean {
    return this.effects.some((effect) => effect.kind === kind);
  }
}

export class Crew {
  readonly agents: readonly CrewAgent[];
  view: View;
  /** Groups that cannot be started, by server. */
  readonly broken = new Map<number, ReadonlySet<number>>();
  /** "from-to": newer words do not arrive; what was heard last stands. */
  readonly cut = new Set<string>();
  readonly #heard = new Map<string, Words>();

  constructor(count: number, policies: readonly (readonly number[])[]) {
    const config = crewConfig(count, policies);
    this.agents = config.servers.map(({ index }) => new CrewAgent(index, config));
    this.view = viewOf(
      1,
      config.servers.map(({ index }) => index),
    );
  }

  at(index: number): CrewAgent {
    const agent = this.agents[index];
    if (agent === undefined) throw new Error(`no server ${index}`);
    return agent;
  }

  /** One beat of every member, all at once; then the executors answer. Two owners end the test. */
  round(times = 1): void {
    for (let at = 0; at < times; at += 1) {
      const said = this.agents.map(({ state }) => ownWords(state));
      const owns = this.agents.map(({ state }) => state.groups.some(({ upCount }) => upCount > 0));
      for (const index of this.view.members) {
        const shown = this.agents.map(({ self }): Shown => {
          const way = `${self}-${index}`;
          const words = said[self] ?? SILENT;
          if (!this.cut.has(way)) this.#heard.set(way, words);
          return { words: this.#heard.get(way) ?? SILENT, mayOwn: owns[self] === true };
        });
        this.at(index).hear(this.view, shown);
        this.#look();
      }
      for (const index of this.view.members) this.at(index).answer(this.broken.get(index));
    }
  }

  /** Servers on which anything of the group is or may be up. */
  owners(group = 0): readonly number[] {
    const isOwner = ({ self, state, pending }: CrewAgent): boolean =>
      this.view.members.includes(self) &&
      ((state.groups[group]?.upCount ?? 0) > 0 || pending.some((one) => one.group === group));
    return this.agents.filter(isOwner).map(({ self }) => self);
  }

  #look(): void {
    for (const { index, name } of this.at(0).config.groups) {
      const owners = this.owners(index);
      if (owners.length > 1) throw new Error(`two owners of ${name}: ${owners.join(", ")}`);
    }
  }
}
