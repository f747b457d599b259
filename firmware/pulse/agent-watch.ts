/**
 * The pulse watches the agent (guide 1.2.1(3), R21-R23, D24): a progress counter that stands still gets
 * the agent ended so that its supervisor starts it anew; an agent that stays away ends the groups.
 * A hung agent must never look like life, and a short absence must not cost a failover. A new pulse knows
 * no agent: to the one that hangs since before nobody else would put an end, nor to programs of which neither
 * process knows in which view they run.
 */
import type { Epoch } from "../../hal/base/view.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { PulseEffect } from "../../services/effects.ts";
import type { AgentToken, PulseEvent, Wish } from "../../services/events.ts";

export interface AgentWatch {
  readonly token: AgentToken | null;
  /** Epoch of the view that the living agent would teach a new pulse; null = it has not said. */
  readonly held: Epoch | null;
  /** Last moment at which the agent's progress counter moved. */
  readonly movedAtMs: number;
  readonly killed: boolean;
}

export function createAgentWatch(atMs: number): AgentWatch {
  return { token: null, held: null, movedAtMs: atMs, killed: false };
}

/** What tells whether groups may be running here. */
export interface Owning {
  readonly agent: Pick<AgentWatch, "token">;
  readonly willDone: "no" | "completed" | "overdue";
}

/** Groups may be running on this server: a will is deposited and has not been executed to its end. */
export function mayOwn({ agent, willDone }: Owning): boolean {
  return willDone !== "completed" && (agent.token?.mayOwn ?? false);
}

/** No lease hangs on the agent, so a busy host gets its time; a hung one is replaced within seconds. */
const STALL_MIN_MS = 1000;
/** However long the timeout is: the next agent needs the rest of the grace to come. */
const STALL_MAX_MS = 30_000;
/** A restart of the agent takes a few hundred ms; under load some seconds. */
const GRACE_MIN_MS = 5000;
const GRACE_MAX_MS = 60_000;

export function stallMs(config: ClusterConfig): number {
  return Math.min(STALL_MAX_MS, Math.max(STALL_MIN_MS, config.budget.timeoutMs / 3));
}

export function graceMs(config: ClusterConfig): number {
  return Math.min(GRACE_MAX_MS, Math.max(GRACE_MIN_MS, 2 * config.budget.timeoutMs));
}

const ORPHAN_MIN_MS = 100;

/**
 * A living agent is back within some 20 ms. The lease of the pulse that was killed ends at most A3 after its
 * end, and the start of this one has taken its part of that.
 */
export function orphanMs(config: ClusterConfig): number {
  return Math.max(ORPHAN_MIN_MS, config.budget.a3Ms / 2);
}

/**
 * Outside every view nothing bounds how long a stop may take, and the other servers take over by their own clocks.
 * The server itself stays, detached, unless something outlives the will.
 */
const LEFT_OVER_WILL = {
  kind: "will.execute",
  reason: "left-over",
  evidence: "programs ran and no record said in which view",
  off: false,
  offIfLeft: true,
} as const;

/**
 * `lost` is true when the agent has stayed away beyond its grace and its groups have to go; at the level `restart`
 * never: whoever sits there then is ended as well, and the next one has its grace from there (D24).
 */
export function watchAgent(
  watch: AgentWatch,
  event: PulseEvent,
  config: ClusterConfig,
): {
  readonly state: AgentWatch;
  readonly effects: readonly PulseEffect[];
  readonly lost: boolean;
} {
  switch (event.kind) {
    case "agent.spoke": {
      const moved = watch.token === null || event.token.progress !== watch.token.progress;
      const movedAtMs = moved ? event.atMs : watch.movedAtMs;
      // A will that arrives repeats the old token, perhaps that of an agent which is gone.
      const held = moved ? viewOf(event.token) : watch.held;
      const state = { token: event.token, held, movedAtMs, killed: moved ? false : watch.killed };
      // A pulse that an agent has taught before knows of every lease that was lost since, and has acted on it.
      const isLeftOver = watch.token === null && hasLeftOver(event.token.wish);
      return { state, effects: isLeftOver ? [LEFT_OVER_WILL] : [], lost: false };
    }
    case "agent.gone":
      return { state: { ...watch, held: null }, effects: [], lost: false };
    case "gap.noticed":
      return { state: { ...watch, movedAtMs: event.atMs }, effects: [], lost: false };
    case "tick": {
      const stillMs = event.atMs - watch.movedAtMs;
      if (watch.token === null) {
        if (watch.killed || stillMs < orphanMs(config)) {
          return { state: watch, effects: [], lost: false };
        }
        return {
          state: { ...watch, killed: true },
          effects: [{ kind: "orphan.end" }],
          lost: false,
        };
      }
      const lost = stillMs >= graceMs(config);
      if (lost && config.internalFailure === "restart") {
        // Told once, when the first one was ended: an absence of hours must not fill the log.
        const next = { ...watch, movedAtMs: event.atMs, killed: true };
        return { state: next, effects: [{ kind: "agent.kill" }], lost: false };
      }
      if (stillMs < stallMs(config) || watch.killed) return { state: watch, effects: [], lost };
      const note: PulseEffect = {
        kind: "note",
        key: "agent.stalled",
        data: { silentMs: Math.round(stillMs) },
      };
      return { state: { ...watch, killed: true }, effects: [{ kind: "agent.kill" }, note], lost };
    }
    default:
      return { state: watch, effects: [], lost: false };
  }
}

const hasLeftOver = (wish: Wish): boolean => wish.kind === "detached" && wish.leftOver === true;

const viewOf = ({ wish }: AgentToken): Epoch | null =>
  wish.kind === "resume" ? wish.view.epoch : null;
