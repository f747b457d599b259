/**
 * What one beat says. All protocol state is in the beat, so a lost message is repaired by the next;
 * nothing is retransmitted. Source: protocol.md 1.3.
 */
import type { HostIncarnation, ServerIndex } from "../../hal/base/ids.ts";
import type { Epoch, ServerState, View } from "../../hal/base/view.ts";

export interface LanBeat {
  readonly kind: "lan-beat";
  readonly from: ServerIndex;
  readonly to: ServerIndex;
  readonly host: HostIncarnation;
  /** Sender's monotonic clock, ms, whole number below 2^48. */
  readonly stampMs: number;
  readonly state: ServerState;
  /** null before the first view. */
  readonly view: View | null;
  /** Promise of a view not yet installed (1.4); null = none. */
  readonly promise: View | null;
  /** Newest stamp of the receiver's beats heard on any LAN; null = never. */
  readonly heardStampMs: number | null;
  /** Grant: present iff the sender acknowledges the receiver as a member of `view` (rule 1.3.1). */
  readonly ack: { readonly stampMs: number; readonly grantedMs: number } | null;
  /** Bit per LAN path (configuration order) on which the receiver was heard within the path timeout. */
  readonly hearsLanBits: number;
  readonly hearsCom: boolean;
  /** Bit per server whose proven LAN beats arrived at the sender within T; majority only. Default 0. */
  readonly hears?: number;
  /** The sender's lease of its view is over and it owns nothing: it needs a new view. Default false. */
  readonly lapsed?: boolean;
  /** 0 = no claim, else the number of the claim that stands on the sender's block. */
  readonly claim: number;
  /** True from the deposit of the will until it is empty: groups may run. */
  readonly mayOwn: boolean;
  readonly configRevision: number;
  /** 8 hex digits. */
  readonly configHash: string;
  /** Progress counter of the sender's agent, wraps at 2^32. */
  readonly agentProgress: number;
  /** The agent's own words (group states, orders, requests), opaque here; 0-700 bytes. */
  readonly blob: Uint8Array;
}

/** A beat while it is put together; nobody but its maker has seen it. */
export type LanBeatDraft = { -readonly [Part in keyof LanBeat]: LanBeat[Part] };

/** Small: the line carries about 3,800 bytes/s at 38400 8N1. */
export interface ComBeat {
  readonly kind: "com-beat";
  readonly from: ServerIndex;
  readonly to: ServerIndex;
  readonly host: HostIncarnation;
  readonly stampMs: number;
  readonly state: ServerState;
  readonly epochCounter: number;
  readonly hearsCom: boolean;
  /** True while the sender's view is itself alone. */
  readonly sole: boolean;
  readonly mayOwn: boolean;
}

export type Beat = LanBeat | ComBeat;

/** Result of opening a frame. `presence`: right cluster, tag or version refused (D56). */
export type Opened =
  | {
      readonly kind: "beat";
      readonly beat: Beat;
      /** Eight random bytes (hex) of the sender's process start. */
      readonly process: string;
      readonly seq: number;
      /** The frame echoes this process's own challenge: not a replay of an older life. */
      readonly proven: boolean;
    }
  | { readonly kind: "presence"; readonly from: ServerIndex; readonly reason: "tag" | "version" }
  | {
      readonly kind: "malformed";
      readonly reason: "length" | "magic" | "foreign-cluster" | "address" | "shape" | "replay";
    };
export type { Epoch };
