/**
 * What the failover core of one server knows and asks for.
 * Source: requirements R44-R56, R140-R144, R180-R190; protocol.md 1.4.6-1.4.8.
 */
import type { GroupName, ServerIndex } from "../../hal/base/ids.ts";
import type { Epoch, GroupState, View } from "../../hal/base/view.ts";
import type { NoteData } from "../effects.ts";
import type { Wish } from "../events.ts";
import type { Facts } from "../facts.ts";
import type { Reply, ReplyCode, Request, RequestVerb, Words } from "./words.ts";

/** One group as this server sees it. */
export interface GroupRun {
  /** Order of the cluster: where the group is to run; null = stopped. */
  readonly desired: ServerIndex | null;
  readonly order: number;
  /** Actual state here. */
  readonly actual: GroupState;
  /** Left by an earlier agent in an unknown state: stopped through before anything else is done with it. */
  readonly cleaning: boolean;
  /** Resources that are up here, in configuration order: 0..n. */
  readonly upCount: number;
  /** Effect under way for the resource at `upCount` (start) or `upCount - 1` (stop). */
  readonly pendingId: number | null;
  /** Order under which the start failed here; retried only by a newer one. */
  readonly failedOrder: number | null;
  /** Why it starts: a cold start or a takeover (ARMS_EVENT of the guide). */
  readonly cause: "start" | "failover" | "move";
  readonly causeAtMs: number;
  /** Time that its scripts took in this activation (T4 of the guide), ms. */
  readonly scriptMs: number;
  /** Moment of the order to the script that starts just now; null = none does. */
  readonly scriptSinceMs: number | null;
  /**
   * Ordered to start from standstill, and no server has run it since: time may be spent on the question
   * whether its addresses are free (R115). Never true in a takeover or a move.
   */
  readonly cold: boolean;
  /** Moments of restarts of its programs inside their window, by resource name. */
  readonly restarts: Readonly<Record<string, readonly number[]>>;
  /** Nobody's because no server of its policy was left (R54), not because an operator wanted it. */
  readonly stranded: boolean;
  /**
   * Newest order that named another server: until that server shows a later one it may still obey it.
   * null = none did since this agent started.
   */
  readonly elsewhere: number | null;
  /** Coordinator's memory: servers on which it failed since the last order of the operator. */
  readonly failedOn: readonly ServerIndex[];
}

export interface Hold {
  readonly view: View;
  /** The proposal is not older: from here the lease in it counts for a pulse that is taught it. */
  readonly atMs: number;
  /** Effect under way or done. */
  readonly id: number;
  readonly kept: boolean;
}

export interface FailoverState {
  readonly self: ServerIndex;
  readonly groups: readonly GroupRun[];
  readonly facts: Facts | null;
  /** What runs here has been looked at since this agent started. */
  readonly restored: boolean;
  /** Epoch in which the order table was last taken over or set. */
  readonly tableEpoch: Epoch | null;
  /** Members of that view; null = no table was taken over or set since this agent started. */
  readonly tableMembers: readonly ServerIndex[] | null;
  /** False until an order table was made or learnt in this host incarnation. */
  readonly tableKnown: boolean;
  readonly nextId: number;
  readonly wish: Wish | null;
  /** The view that the pulse proposes to install, and whether the record on flash names it. */
  readonly hold: Hold | null;
  readonly afterLeave: "detached" | "off";
  readonly shutdown: 0 | 1 | 2;
  readonly marked: "no" | "writing" | "written";
  /** Moment of the planned off after a cluster shutdown; null = none. */
  readonly offAtMs: number | null;
  readonly offSent: boolean;
  readonly willRevision: number;
  /** What the newest will covers, to send a new one only on change; null = none was deposited. */
  readonly willCovers: readonly boolean[] | null;
  readonly request: Request | null;
  /** Server that the open request is for; only its reply counts. null = no request. */
  readonly requestTo: ServerIndex | null;
  readonly requestCommand: string | null;
  readonly requestAtMs: number;
  readonly reply: Reply | null;
  /** By server: its newest request that was carried out, with its host incarnation; "" = none. */
  readonly served: readonly string[];
  /** Counter of the newest epoch whose view this server was in, over restarts; 0 = none. */
  readonly ownEpoch: number;
  /** Servers of which an operator has stated that they are off, and nothing has been heard since. */
  readonly confirmedOff: readonly ServerIndex[];
  /** What the pulse has promised, held for the next pulse (1.4.8); majority only. null = nothing. */
  readonly holds: View | null;
}

export type AgentEvent =
  | { readonly kind: "tick"; readonly atMs: number }
  | { readonly kind: "facts.received"; readonly atMs: number; readonly facts: Facts }
  /** First words after a restart of the agent: what runs, and the table the pulse kept. */
  | {
      readonly kind: "restored";
      readonly atMs: number;
      /** No agent ran before in this host incarnation: nothing of the groups can be up. */
      readonly first: boolean;
      readonly words: Words | null;
      readonly running: readonly boolean[];
      /** Epoch counter of the record on flash; default 0. */
      readonly epoch?: number;
    }
  | { readonly kind: "wish.set"; readonly atMs: number; readonly wish: Wish }
  | {
      readonly kind: "effect.completed";
      readonly atMs: number;
      readonly id: number;
    }
  | {
      readonly kind: "effect.failed";
      readonly atMs: number;
      readonly id: number;
      readonly error: string;
    }
  | {
      readonly kind: "program.exited";
      readonly atMs: number;
      readonly group: number;
      readonly resource: string;
      readonly status: string;
    }
  /** A program of its script has used up its restarts (D21). */
  | { readonly kind: "group.failed"; readonly atMs: number; readonly group: number }
  | {
      readonly kind: "operator.command";
      readonly atMs: number;
      readonly commandId: string;
      readonly verb: RequestVerb;
      readonly group: number;
      readonly target: ServerIndex | null;
    };

export type AgentEffect =
  | {
      readonly kind: "will.deposit";
      readonly revision: number;
      readonly covers: readonly boolean[];
    }
  | {
      readonly kind: "resource.start";
      readonly id: number;
      readonly group: number;
      readonly resource: number;
      readonly cold: boolean;
      /** What a script is told (ARMS_EVENT). */
      readonly event: "START" | "FAILOVER";
    }
  /** Run the script once with event RECOVER; nobody waits for it. */
  | { readonly kind: "script.recover"; readonly group: number; readonly resource: number }
  | {
      readonly kind: "resource.stop";
      readonly id: number;
      readonly group: number;
      readonly resource: number;
    }
  | { readonly kind: "mark.write"; readonly id: number }
  /** The record names the view of `hold`, or the effect fails. */
  | { readonly kind: "view.hold"; readonly id: number }
  /** Table, epoch or state changed: keep it for a restart. Never in the path of a takeover. */
  | { readonly kind: "table.persist" }
  | { readonly kind: "server.off" }
  /** The will, then off, at once. */
  | { readonly kind: "force-off" }
  | { readonly kind: "give-up"; readonly group: GroupName; readonly error: string }
  | {
      readonly kind: "command.answer";
      readonly commandId: string;
      readonly code: ReplyCode | "timeout";
    }
  | { readonly kind: "words.changed" }
  | { readonly kind: "note"; readonly key: string; readonly data: NoteData };
