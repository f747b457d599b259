/**
 * What this server is when its agent starts: a pure reading of the record on flash, of what runs, and of
 * what the pulse knows. Restart is not reset: the same host incarnation goes on, a new one without the
 * clean mark comes up detached. Source: D18, D19; R203; protocol.md 1.4.8, 1.7.
 */
import type { StoreRecord } from "../../flash/store/record.ts";
import type { LoadedRecord } from "../../flash/store/store.ts";
import type { HostIncarnation, ServerIndex } from "../../hal/base/ids.ts";
import type { NoteData } from "../../services/effects.ts";
import type { Wish } from "../../services/events.ts";
import type { Facts } from "../../services/facts.ts";

export interface BootInput {
  readonly loaded: LoadedRecord;
  readonly belongs: boolean;
  readonly host: HostIncarnation;
  readonly facts: Facts;
  readonly runs: boolean;
  /** An agent has begun in this boot before, as it left word beside the record. Default false. */
  readonly hasRun?: boolean;
  /** A majority decides here: what was promised to the others binds, and it is forgotten. Default false. */
  readonly isMajority?: boolean;
  readonly atMs: number;
  /** Absolute end of the start sync wait, ms. */
  readonly waitUntilMs: number;
}

export interface BootDecision {
  readonly wish: Wish;
  /** The mark is used up by this boot: erase it before anything is granted. */
  readonly consumes: boolean;
  readonly notes: readonly { readonly key: string; readonly data: NoteData }[];
}

/**
 * What the pulse is asked for when its agent starts, and what the log is told. A pulse that works is adopted; a
 * record of this boot goes on; after a clean end, or at the very first start, the server starts; else it stays
 * outside and waits to be returned. What runs under a record that names no view of this boot has a lease of which
 * nobody knows, perhaps one that is over: the pulse ends it by the will, no stop would be quick enough.
 */
export function decideBoot(input: BootInput): BootDecision {
  const { loaded, facts } = input;
  const record = loaded.kind === "loaded" && input.belongs ? loaded.record : null;
  const floor = Math.max(record?.epoch?.counter ?? 0, facts.floor);
  const repaired =
    loaded.kind === "loaded" && loaded.damaged !== null
      ? [{ key: "store.repaired", data: { copy: loaded.damaged } }]
      : [];
  if (facts.server !== "observing") {
    const adopted = { key: "agent.restarted", data: { server: facts.server } };
    return { wish: wishOf(facts, floor, input), consumes: false, notes: [...repaired, adopted] };
  }
  if (record !== null && record.hostIncarnation === input.host) {
    const kept = resume(record, input, floor);
    if (kept !== null) return { wish: kept, consumes: false, notes: repaired };
  }
  const fresh = loaded.kind === "defaults" && loaded.reason === "missing";
  const clean = record?.cleanMark != null && record.hostIncarnation !== input.host;
  const leftOver = input.runs || mayBeHalfUp(input);
  if (!leftOver && (fresh || clean)) {
    const note = { key: fresh ? "start.first" : "start.clean", data: { epoch: floor } };
    const wish = { kind: "start" as const, floor, waitUntilMs: input.waitUntilMs };
    const waitMs = Math.ceil((input.waitUntilMs - input.atMs) / 1000);
    const waiting = { key: "start.waiting", data: { seconds: Math.max(0, waitMs) } };
    return { wish, consumes: true, notes: [...repaired, note, waiting] };
  }
  const note = { key: "start.unclean", data: { epoch: floor } };
  const wish: Wish = { kind: "detached", floor, ...(leftOver ? { leftOver } : {}) };
  return { wish, consumes: false, notes: [...repaired, note] };
}

/**
 * No agent ran before in this host incarnation, so nothing of the groups can be up. What runs was started in
 * this boot, whether the record can be read or not.
 */
export function isFirstAgent(
  input: Pick<BootInput, "loaded" | "host" | "facts" | "runs" | "hasRun">,
): boolean {
  const { loaded, host, facts, runs, hasRun = false } = input;
  const isKnown = loaded.kind === "loaded" && loaded.record.hostIncarnation === host;
  return facts.server === "observing" && !isKnown && !runs && !hasRun;
}

/** An earlier agent may have started something, and there is no newest record of this boot that says what. */
function mayBeHalfUp({ loaded, belongs, host, hasRun = false }: BootInput): boolean {
  const isWhole = loaded.kind === "loaded" && belongs && loaded.damaged === null;
  return hasRun && !(isWhole && loaded.record.hostIncarnation === host);
}

/** The pulse outlived the agent: it knows better than any record. */
function wishOf(facts: Facts, floor: number, input: BootInput): Wish {
  if (facts.view !== null && facts.server === "member") {
    const { view, ackedMs, provisional = false } = facts;
    return { kind: "resume", view, ackedStampMs: ackedMs, remembered: true, provisional };
  }
  if (facts.server === "starting") {
    return { kind: "start", floor, waitUntilMs: input.waitUntilMs };
  }
  if (facts.server === "returning") return { kind: "return", floor };
  if (facts.server === "leaving") return { kind: "leave" };
  return { kind: "detached", floor };
}

/** Pulse and agent are both new in a running host: both have forgotten what they promised. */
function resume(record: StoreRecord, input: BootInput, floor: number): Wish | null {
  const { epoch, members } = record;
  if (epoch !== null && members.length > 0) {
    // A server that runs groups cannot know how old its lease is; one that runs none owes no lease, and of
    // two servers the only promise it may have forgotten is its own sole view, under which nothing runs.
    const ackedStampMs = input.runs ? null : Math.floor(input.atMs);
    const { provisional = false, absent = [] } = record;
    const counted = absent.length === 0 ? {} : { absent: [...absent] };
    const view = { epoch, members: [...members] as ServerIndex[], ...counted };
    // Of three and more, a forgotten promise is one to the others, whatever runs here.
    const remembered = !input.runs && input.isMajority !== true;
    return { kind: "resume", view, ackedStampMs, remembered, provisional, unheard: true };
  }
  // On its way into a view nothing runs: an older copy of the record may say so of a server that was in one.
  const started = record.consumedBy === input.host && !input.runs && !mayBeHalfUp(input);
  return started ? { kind: "start", floor, waitUntilMs: input.waitUntilMs } : null;
}
