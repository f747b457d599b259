/**
 * What the shared-disk method's traffic remembers: the own round under way and the last whole one, what the own
 * slot says, and what was seen of every other slot by this process's own clock.
 * Source: protocol.md 1.6, G9, G10; requirements B3, R68, R78.
 */
import type { HostIncarnation, ServerIndex } from "../../hal/base/ids.ts";
import type { Epoch } from "../../hal/base/view.ts";
import type { ClaimProgress } from "./judgement.ts";
import type { Stamp, StampStateName } from "./stamp.ts";

/** One write of the own slot with the readings of all others after it. */
export interface Round {
  readonly stamp: Stamp;
  /** Issue of the write. */
  readonly fromMs: number;
  /** Answer of the write; null = under way. */
  readonly writtenAtMs: number | null;
  readonly fresh: boolean;
}

/** What the own slot says about others since when, as far as nothing else was written after it. */
export interface Saying {
  readonly epoch: Epoch;
  readonly members: number;
  /** Answer of the first write that said so. */
  readonly writtenAtMs: number;
  /** End of the first whole round after that write: by then every slot has been read. null = not yet. */
  readonly wholeAtMs: number | null;
}

/** What this process has seen of one slot, by its own clock. */
export interface SlotSight {
  readonly server: ServerIndex;
  /** null = never read, or never stamped. */
  readonly stamp: Stamp | null;
  /** Boot whose stamps stood there before those of `stamp.host`; null = none was seen. */
  readonly formerHost: HostIncarnation | null;
  /** When the newest stamp was first seen; -Infinity = never. */
  readonly roseAtMs: number;
  /** True when a newer stamp than the first one read was seen: somebody wrote meanwhile. */
  readonly moved: boolean;
  /** Issue of the newest good reading; -Infinity = none. */
  readonly readFromMs: number;
}

export interface StampState {
  readonly operation: {
    readonly kind: "write" | "read";
    readonly id: number;
    readonly atMs: number;
    readonly server: ServerIndex;
    /** The stamp is a new one and not the old one again. */
    readonly fresh: boolean;
  } | null;
  readonly nextId: number;
  readonly connected: boolean;
  readonly diskHealthy: boolean;
  readonly diskFaultNoted: boolean;
  readonly diskError: string;
  /** Last complete round of write and readings; before the first one the end of the start grace. */
  readonly lastGoodAtMs: number;
  readonly killedId: number | null;
  /** Next round. */
  readonly roundAtMs: number;
  /** Newest stamp handed to the disk process; null = none yet. */
  readonly standing: Stamp | null;
  /** The agent's progress at that moment. */
  readonly progress: number | null;
  /** Issue of the newest stamp whose answer came in time; -Infinity = none. */
  readonly stampedAtMs: number;
  /** `off` was written after everything of the groups was proved gone. */
  readonly saidOff: boolean;
  readonly round: Round | null;
  /** Newest round with all its readings; null = none yet. */
  readonly whole: Round | null;
  /**
   * Issue of the newest whole round that claims life and ended in time: what carries three and more servers.
   * A write alone would not do: whoever is put out could write on for as long as its readings hang.
   */
  readonly wholeFromMs: number;
  readonly saying: Saying | null;
  /**
   * Epoch that an earlier process of this boot has left in the own slot, read before the first write where three
   * and more decide: a counter that stood there once is never gone below. null = none; absent = not read yet.
   */
  readonly left?: Epoch | null;
  /** Start alone: `alone` written and all slots read since. */
  readonly claim: ClaimProgress;
  readonly slots: readonly SlotSight[];
}

/** What stands around at this moment. */
export interface StampContext {
  readonly self: ServerIndex;
  readonly host: HostIncarnation;
  readonly epoch: Epoch;
  /** null = the agent has not said what this server is: nothing is written. */
  readonly word: StampStateName | null;
  readonly twoWay: number;
  /** Members of the view that `epoch` names, where three and more servers decide; absent = two. */
  readonly members?: number;
  /** The agent's progress; null = it has not spoken. */
  readonly progress: number | null;
  /** False once this server has given up: it lives, but must not be believed to. */
  readonly mayLive: boolean;
  /** The will has run to its end: nothing here owns anything or is started again. `word` is then `off`. */
  readonly gone: boolean;
  /** The LAN carries this server, or it needs no lease: a late stamp then begins a new lease. */
  readonly carried: boolean;
}

export const NEVER = Number.NEGATIVE_INFINITY;
/** The disk process may take some seconds to come up beside everything else that starts. */
const START_GRACE_MS = 10_000;

export function createStamping(serverCount: number, atMs: number): StampState {
  return {
    operation: null,
    nextId: 1,
    connected: false,
    diskHealthy: false,
    diskFaultNoted: false,
    diskError: "",
    lastGoodAtMs: atMs + START_GRACE_MS,
    killedId: null,
    roundAtMs: atMs,
    standing: null,
    progress: null,
    stampedAtMs: NEVER,
    saidOff: false,
    round: null,
    whole: null,
    wholeFromMs: NEVER,
    saying: null,
    claim: "none",
    slots: Array.from({ length: serverCount }, (_, server) => unseen(server)),
  };
}

export const unseen = (server: ServerIndex): SlotSight => ({
  server,
  stamp: null,
  formerHost: null,
  roseAtMs: NEVER,
  moved: false,
  readFromMs: NEVER,
});
