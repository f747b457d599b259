/**
 * Everything the cores of the pulse can ask for. Executors act and never decide; order of one batch:
 * persist, send, actuate, report. Source: architecture.md 4.
 */
import type { ServerIndex } from "../hal/base/ids.ts";
import type { ClusterConfig } from "./configuration/model.ts";
import type { StopReason } from "./events.ts";
import type { ComBeat, LanBeat } from "./heartbeat/beat.ts";
import type { SlotWord } from "./quorum/stamp.ts";

/** Values that fill the placeholders of an event's text. */
export type NoteData = Readonly<Record<string, string | number | boolean | null>>;

export type PulseEffect =
  | { readonly kind: "lan.send"; readonly beat: LanBeat }
  | { readonly kind: "com.send"; readonly beat: ComBeat }
  | { readonly kind: "claim.write"; readonly id: number; readonly claim: SlotWord | null }
  | { readonly kind: "claim.read"; readonly id: number; readonly server: ServerIndex }
  | { readonly kind: "watchdog.feed" }
  /**
   * Give up for good: groups stopped by the will, then OS off when `off`. Final. `offIfLeft`: off as well when
   * anything of the groups could not be ended (D24). Default false.
   */
  | {
      readonly kind: "will.execute";
      readonly reason: StopReason;
      readonly evidence: string;
      readonly off: boolean;
      readonly offIfLeft?: boolean;
    }
  /** The agent has not moved for too long: end it so that the supervisor starts it anew. */
  | { readonly kind: "agent.kill" }
  /** No agent has come to this new pulse: if an older one lives, end it with all that it runs. */
  | { readonly kind: "orphan.end" }
  /** An operation is overdue: end the disk process; the next one starts when this one is reaped. */
  | { readonly kind: "disk.kill" }
  /** From here on this server runs by that text; the next step is to be given it. */
  | { readonly kind: "config.switched"; readonly config: ClusterConfig }
  /** State worth telling the agent at once has changed. */
  | { readonly kind: "agent.tell" }
  | { readonly kind: "note"; readonly key: string; readonly data: NoteData };

/** Result of one step of a core. */
export interface Step<S, F> {
  readonly state: S;
  readonly effects: readonly F[];
}
