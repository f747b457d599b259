/**
 * Steps the events of a journal through the same cores again and holds what they decide against what was
 * recorded. Equal input gives equal output: a difference is another version of the product or a fault.
 * At the beginning of every further segment the whole state is compared as well.
 * Source: architecture.md 1.1, 4; work order 4 item 8.
 */
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { Step } from "../../services/effects.ts";
import { step as stepAgent } from "../../services/failover/core.ts";
import { isCrew } from "../pulse/cores.ts";
import { step as stepMajority } from "../pulse/majority-route.ts";
import { step as stepPair } from "../pulse/route.ts";
import { type AnyEffect, type Decided, drawDecided } from "./decided.ts";
import { type AnyEvent, resolveHeld } from "./entry.ts";
import type { Entry, Journal, Segment } from "./journal.ts";
import type { Role } from "./recorder.ts";
import { asIs, copyOf, type Difference, firstDifference, fromText, toText } from "./values.ts";

export type AnyStep = (
  state: unknown,
  event: AnyEvent,
  config: ClusterConfig,
) => Step<unknown, AnyEffect>;

/** The core that a process of this role and configuration runs. */
export function coreOf(role: Role, config: ClusterConfig): AnyStep {
  if (role === "agent") return stepAgent as unknown as AnyStep;
  return (isCrew(config) ? stepMajority : stepPair) as unknown as AnyStep;
}

/** One line of the timeline. */
export interface Moment {
  readonly number: number;
  readonly atMs: number;
  readonly wallMs: number;
  readonly event: AnyEvent;
  /** What the core decides now. */
  readonly decided: Decided;
}

export type Fault =
  /** The core decides something else than was recorded. */
  | {
      readonly kind: "decision";
      readonly entry: number;
      readonly offset: number;
      readonly wallMs: number;
      readonly difference: Difference;
    }
  /** The decisions were the same, but not the state that the segment begins with. */
  | {
      readonly kind: "state";
      readonly entry: number;
      readonly wallMs: number;
      readonly difference: Difference;
    };

export interface Gap {
  /** First and last entry that are missing. */
  readonly from: number;
  readonly to: number;
}

export interface Replayed {
  readonly moments: readonly Moment[];
  /** null = identical. */
  readonly fault: Fault | null;
  /** Pieces that were never written or did not survive; the replay went on from the next segment. */
  readonly gaps: readonly Gap[];
}

/** `core` is for tests; default: the one of the journal's role and configuration. */
export function replay(journal: Journal, core?: AnyStep): Replayed {
  const moments: Moment[] = [];
  const gaps: Gap[] = [];
  let fault: Fault | null = null;
  let state: unknown = null;
  let next: number | null = null;
  for (const segment of journal.segments) {
    if (next !== null && segment.next > next) gaps.push({ from: next, to: segment.next - 1 });
    else if (next !== null) fault ??= compareState(segment, state);
    state = copyOf(segment.state);
    let { config } = segment;
    for (const item of segment.items) {
      if (item.kind === "config") {
        config = item.config;
        continue;
      }
      const taken = take(core ?? coreOf(journal.identity.role, config), state, item, config);
      if (taken.state !== undefined) state = taken.state;
      const moment = drawMoment(segment, item, taken);
      moments.push(moment);
      fault ??= compareDecision(item, moment);
    }
    next = (moments.at(-1)?.number ?? segment.next - 1) + 1;
  }
  return { moments, fault, gaps };
}

interface Taken {
  readonly event: AnyEvent;
  readonly decided: Decided;
  /** undefined = the core threw. */
  readonly state: unknown;
}

/** A core that throws has decided to end the process: recorded as such, and found again as such. */
function take(core: AnyStep, state: unknown, entry: Entry, config: ClusterConfig): Taken {
  const event = resolveHeld(entry.event, state);
  try {
    const { state: after, effects } = core(state, event, config);
    return { event, decided: asWritten(drawDecided(effects, asIs)), state: after };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const threw = [{ kind: "threw", text } as AnyEffect];
    return { event, decided: drawDecided(threw, asIs), state: undefined };
  }
}

/** As it would come back from a record, so that both sides have gone the same way. */
const asWritten = (decided: Decided): Decided =>
  decided.effects.length === 0 ? decided : (fromText(toText(decided, asIs)) as Decided);

function drawMoment(segment: Segment, { number }: Entry, { event, decided }: Taken): Moment {
  const { atMs } = event;
  return { number, atMs, wallMs: segment.wallMs + atMs - segment.atMs, event, decided };
}

function compareDecision({ decided, number, offset }: Entry, moment: Moment): Fault | null {
  const difference = firstDifference(decided, moment.decided);
  if (difference === null) return null;
  return { kind: "decision", entry: number, offset, wallMs: moment.wallMs, difference };
}

function compareState({ next, wallMs, state }: Segment, replayed: unknown): Fault | null {
  const written = fromText(toText(replayed, asIs));
  const difference = firstDifference(state, written);
  return difference === null ? null : { kind: "state", entry: next, wallMs, difference };
}
