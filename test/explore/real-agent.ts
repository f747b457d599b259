/**
 * The real failover core beside a pulse, in rounds: it sees the pulse's own facts and speaks real words.
 * Whatever it has ordered to start counts as owned from that moment, until the answer to its stop, a round
 * after the order: nothing is safe because a start is slow or because somebody looks at the lease once more.
 * Source: protocol.md 1.4.5-1.4.8; services/failover/core.ts.
 */
import { groupName } from "../../hal/base/ids.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { AgentToken, Wish } from "../../services/events.ts";
import type { Facts } from "../../services/facts.ts";
import { createFailover, ownWords, step } from "../../services/failover/core.ts";
import { SAID_METHODS } from "../../services/failover/method-words.ts";
import type {
  AgentEffect,
  AgentEvent,
  FailoverState,
  GroupRun,
} from "../../services/failover/state.ts";
import { decodeWords, encodeWords, type RequestVerb } from "../../services/failover/words.ts";
import { NOW_MS } from "./pack.ts";

export interface Order {
  readonly verb: RequestVerb;
  readonly target: number | null;
}

/** All that the agent knows between two rounds, and what it is waiting for. */
export interface Real {
  readonly state: FailoverState;
  /** Effect of the group under way; null = none. */
  readonly effect: "start" | "stop" | null;
  /** The record on flash is being written: the proposed view, or the clean mark. */
  readonly writes: boolean;
  /** What an operator has just ordered here; null = nothing. */
  readonly order: Order | null;
  readonly owns: boolean;
  readonly mayOwn: boolean;
  /** A stop has failed, or an operator wants this server off at once. */
  readonly forced: boolean;
  readonly off: boolean;
  /** The clean mark stands on flash: the next power-on is a start. */
  readonly marked: boolean;
  readonly taught: Wish | null;
}

/** Numbers of effects are only ever compared with those of their answers. */
const GROUP_ID = 1;
const HOLD_ID = 2;
const MARK_ID = 3;
const NEXT_ID = 4;

/** One group that every server may run, best server first. */
export function withGroup(config: ClusterConfig): ClusterConfig {
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

/** `epoch`: counter of the newest one on flash; 0 = none. */
export function createReal(index: number, wish: Wish, epoch: number, config: ClusterConfig): Real {
  const state = createFailover(index, config);
  const blank: Real = {
    state,
    effect: null,
    writes: false,
    order: null,
    owns: false,
    mayOwn: false,
    forced: false,
    off: false,
    marked: false,
    taught: null,
  };
  const run = new Turn(blank, config);
  run.take({ kind: "restored", atMs: NOW_MS, first: true, words: null, running: [false], epoch });
  run.take({ kind: "wish.set", atMs: NOW_MS, wish });
  return run.end();
}

/** What is left of an agent without power. */
export function flashOf(real: Real, config: ClusterConfig): Real {
  const { self, ownEpoch } = real.state;
  const blank = createReal(self, { kind: "detached", floor: ownEpoch }, ownEpoch, config);
  return { ...blank, marked: real.marked };
}

/** The agent is started anew: it finds what runs, its record with the last view, and what the pulse kept. */
export function restartReal(real: Real, blob: Uint8Array | null, config: ClusterConfig): Real {
  const { taught, owns, mayOwn, marked } = real;
  const wish: Wish = taught ?? real.state.wish ?? { kind: "detached", floor: 0 };
  const told: Wish = wish.kind === "resume" ? { ...wish, ackedStampMs: null } : wish;
  const state = createFailover(real.state.self, config);
  const blank: Real = { ...real, state, effect: null, writes: false, order: null, taught: told };
  const run = new Turn({ ...blank, owns, mayOwn, marked }, config);
  const words = blob === null || blob.length === 0 ? null : decodeWords(blob);
  run.take({ kind: "restored", atMs: NOW_MS, first: false, words, running: [owns] });
  run.take({ kind: "wish.set", atMs: NOW_MS, wish: told });
  return run.end();
}

/** Why the operator's word would fall flat; then it is no event of this world. */
export const realFits = (real: Real, order: Order): boolean =>
  real.order === null && (order.verb !== "server.return" || real.state.wish?.kind === "detached");

/** One turn. `isRound`: a round has passed, so what was under way is answered. */
export function realTurn(real: Real, facts: Facts, isRound: boolean, config: ClusterConfig): Real {
  const run = new Turn(real, config);
  run.take({ kind: "facts.received", atMs: NOW_MS, facts });
  if (isRound) run.answer();
  run.obey();
  run.take({ kind: "tick", atMs: NOW_MS });
  return run.end();
}

/** The token that goes with it; `isNew`: the pulse has not been told anything yet. */
export function tokenOf(real: Real, isNew: boolean): AgentToken | null {
  const { wish, holds } = real.state;
  if (wish === null) return null;
  const told = isNew && wish.kind === "leave" && real.taught !== null ? real.taught : wish;
  const blob = blobOf(real);
  return { progress: 1, blob, wish: told, mayOwn: real.mayOwn, holds };
}

const known = new Map<string, Uint8Array>();

/** The same words are the same bytes: a pulse sees at once that its agent has nothing new to say. */
function blobOf(real: Real): Uint8Array {
  const bytes = encodeWords({ ...ownWords(real.state), methods: SAID_METHODS });
  const text = String.fromCharCode(...bytes);
  const old = known.get(text) ?? bytes;
  known.set(text, old);
  return old;
}

class Turn {
  #real: Real;
  readonly #config: ClusterConfig;

  constructor(real: Real, config: ClusterConfig) {
    this.#real = real;
    this.#config = config;
  }

  take(event: AgentEvent): void {
    const { state, effects } = step(this.#real.state, event, this.#config);
    this.#real = { ...this.#real, state: renumbered(state) };
    for (const effect of effects) this.#execute(effect);
  }

  answer(): void {
    const { effect, writes } = this.#real;
    if (effect !== null) {
      const owns = effect === "stop" ? false : this.#real.owns;
      this.#real = { ...this.#real, effect: null, owns };
      this.take({ kind: "effect.completed", atMs: NOW_MS, id: GROUP_ID });
    }
    if (!writes) return;
    const isMark = this.#real.state.marked === "writing";
    this.#real = { ...this.#real, writes: false, marked: isMark || this.#real.marked };
    const id = isMark ? MARK_ID : HOLD_ID;
    this.take({ kind: "effect.completed", atMs: NOW_MS, id });
  }

  obey(): void {
    const { order } = this.#real;
    if (order === null) return;
    this.#real = { ...this.#real, order: null };
    const base = { kind: "operator.command" as const, atMs: NOW_MS, commandId: "x", group: 0 };
    this.take({ ...base, ...order });
  }

  /** Facts are drawn anew in every turn; what they said has been taken in. */
  end(): Real {
    const { state, taught } = this.#real;
    const next = state.wish?.kind === "resume" ? state.wish : taught;
    const kept = { ...state, facts: null, willRevision: 1 };
    return { ...this.#real, taught: next, state: kept };
  }

  #execute(effect: AgentEffect): void {
    switch (effect.kind) {
      case "will.deposit":
        this.#set({ mayOwn: effect.covers[0] === true });
        return;
      case "resource.start":
        this.#set({ effect: "start", owns: true });
        return;
      case "resource.stop":
        this.#set({ effect: "stop" });
        return;
      case "view.hold":
      case "mark.write":
        this.#set({ writes: true });
        return;
      case "give-up":
      case "force-off":
        this.#set({ forced: true });
        return;
      case "server.off":
        this.#set({ off: true });
        return;
      default:
        return;
    }
  }

  #set(by: Partial<Real>): void {
    this.#real = { ...this.#real, ...by };
  }
}

/** Every effect keeps its kind's number, and moments that only notes tell of are dropped. */
function renumbered(state: FailoverState): FailoverState {
  const groups = state.groups.map(
    (group): GroupRun => ({
      ...group,
      pendingId: group.pendingId === null ? null : GROUP_ID,
      causeAtMs: NOW_MS,
      scriptMs: 0,
      scriptSinceMs: null,
    }),
  );
  const hold = state.hold === null ? null : { ...state.hold, id: HOLD_ID };
  return { ...state, groups, hold, nextId: NEXT_ID };
}
