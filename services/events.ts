/**
 * Everything that can happen to the cores of the pulse, as data. `atMs` is the monotonic clock of this
 * host at which the event was taken in; cores know no other time.
 * Source: architecture.md 4, 5; protocol.md 1.3-1.7.
 */
import type { HostIncarnation, ServerIndex } from "../hal/base/ids.ts";
import type { View } from "../hal/base/view.ts";
import type { ClusterConfig } from "./configuration/model.ts";
import type { Beat } from "./heartbeat/beat.ts";
import type { DiskWitness } from "./quorum/disk.ts";
import type { MirrorWitness } from "./quorum/mirror.ts";
import type { SlotWord } from "./quorum/stamp.ts";

/**
 * What the agent wants this server to be. Declared and repeated in every token, so that a restarted
 * pulse learns it again; the membership core takes the step only where its own state allows it.
 */
export type Wish =
  /** Clean start (D18): join whoever is heard, else start alone after the start sync wait (1.7). */
  | { readonly kind: "start"; readonly floor: number; readonly waitUntilMs: number }
  /** Same host incarnation, agent or pulse restarted: go on in `view` (architecture 1.8). */
  | {
      readonly kind: "resume";
      readonly view: View;
      /** Newest own stamp known to be acknowledged; null = unknown, the lease counts as over. */
      readonly ackedStampMs: number | null;
      /** False when neither pulse nor agent remembers its promises: abstain (protocol.md 1.4.8). */
      readonly remembered: boolean;
      /** The view came from a force-return and its groups may not start yet. Default false. */
      readonly provisional?: boolean;
      /** Pulse and agent are both new: what was said meanwhile was heard by neither. Default false. */
      readonly unheard?: boolean;
    }
  | {
      readonly kind: "detached";
      readonly floor: number;
      /** Programs of this boot run and no record says in which view: they end before all else. Default false. */
      readonly leftOver?: boolean;
    }
  /** Force-return (protocol.md 1.8): a new view of this server alone, without groups. */
  | { readonly kind: "found"; readonly floor: number }
  | { readonly kind: "return"; readonly floor: number }
  | { readonly kind: "leave" }
  /** Cluster shutdown: all groups are stopped, nobody resolves anything any more. */
  | { readonly kind: "stop" };

/** The agent's word to the pulse; newest wins. */
export interface AgentToken {
  readonly progress: number;
  readonly blob: Uint8Array;
  readonly wish: Wish;
  /** True while the deposited will names anything: groups may run here. */
  readonly mayOwn: boolean;
  /** Promise of the next view that the agent holds for its pulse; majority only. Default null. */
  readonly holds?: View | null;
  /** Servers that an operator has stated to be off; counts while nothing is heard of them. Default none. */
  readonly peersOff?: readonly ServerIndex[];
}

export type PulseEvent =
  | { readonly kind: "tick"; readonly atMs: number }
  /** This process was not scheduled for `gapMs` (monotonic or boot-time clock). */
  | { readonly kind: "gap.noticed"; readonly atMs: number; readonly gapMs: number }
  | {
      readonly kind: "beat.received";
      readonly atMs: number;
      /** Index of the LAN path; ignored for COM beats. */
      readonly path: number;
      readonly beat: Beat;
      /** The frame echoed our own challenge; an unproven beat is answered but proves nothing. */
      readonly proven: boolean;
    }
  | {
      readonly kind: "presence.noticed";
      readonly atMs: number;
      readonly from: ServerIndex;
      readonly reason: "tag" | "version";
    }
  | { readonly kind: "agent.spoke"; readonly atMs: number; readonly token: AgentToken }
  | { readonly kind: "agent.gone"; readonly atMs: number }
  /** A text that the agent has on disk and that this server would run by in the next epoch (1.9). */
  | {
      readonly kind: "config.prepared";
      readonly atMs: number;
      readonly config: ClusterConfig;
    }
  | { readonly kind: "config.dropped"; readonly atMs: number }
  /** All who have to have it show it: install what is prepared under this hash. */
  | { readonly kind: "config.install"; readonly atMs: number; readonly hash: string }
  /** The last will has run; `completed` false = something is left and the watchdog must end it. */
  | {
      readonly kind: "will.done";
      readonly atMs: number;
      readonly completed: boolean;
      readonly off: boolean;
    }
  | { readonly kind: "disk.ready"; readonly atMs: number }
  | { readonly kind: "disk.gone"; readonly atMs: number }
  | {
      readonly kind: "disk.answered";
      readonly atMs: number;
      readonly id: number;
      readonly op: "write" | "read";
      readonly ok: boolean;
      readonly claim: SlotWord | null;
      readonly error: string;
    };

/** One peer's verdict input, gathered by the heartbeat core. Ages in ms. */
export interface Evidence {
  /** Age of the newest own beat the peer acknowledged in this epoch (or of the view). */
  readonly ageMs: number;
  /** Since the newest LAN beat of the peer was received (or since the view was installed). */
  readonly silenceMs: number;
  readonly com: ComWord;
  /** Frames of the peer that fail authentication arrive (D56). */
  readonly presence: boolean;
  /** Groups may run on this server. */
  readonly mayOwn: boolean;
  /** This server claims before the other (protocol.md 1.5 claim 1). */
  readonly first: boolean;
  readonly diskHealthy: boolean;
  /** Largest grant given to the peer, at least T. */
  readonly grantedMs: number;
  /** What the slots testify; shared disk only. */
  readonly disk?: DiskWitness;
  /** What the mirror's driver says; data mirror only. Absent = it has said nothing. */
  readonly mirror?: MirrorWitness;
  /** The peer's newest words do not say that its software carries out the method. Default false. */
  readonly lacksMethod?: boolean;
}

/** Reading of the COM line by sender stamps (protocol.md 1.5). */
export type ComWord = "alive" | "together" | "faulty";

/** Reasons that end in the last will; each is an event key as well. */
export type StopReason =
  | "partition"
  | "presence"
  | "arbiter-faulty"
  | "claim-lost"
  | "outranked"
  | "method-unsupported"
  | "disk-faulty"
  | "deposed"
  | "excluded"
  | "mirror-behind"
  | "mirror-diverged"
  | "mirror-unknown"
  | "conflict"
  | "agent-lost"
  | "left-over"
  | "stop-failed"
  | "forced";
export type { HostIncarnation };
