/**
 * What a command is judged by and what may become of it: the words between the rules, the decision and the
 * desk. Pure types and their makers. Source: ecosystem.md 1.4.
 */
import type { StatusDocument } from "../../status.ts";
import type { Order } from "./order.ts";
import type { OperatorKey } from "./signature.ts";

/** What may be ordered over one broker. */
export interface BrokerDuty {
  readonly takesCommands: boolean;
  /** Only commands that a known key has signed. Default false: the broker's accounts decide. */
  readonly wantsSignature?: boolean;
}

/** What the rules look at; names are those of the configuration. */
export interface Stage {
  readonly prefix: string;
  readonly cluster: string;
  readonly self: string;
  /** Topic id to name. */
  readonly servers: ReadonlyMap<string, string>;
  readonly groups: ReadonlyMap<string, string>;
  readonly status: StatusDocument | null;
  /** On the broker of the command another server is heard that leads the cluster. */
  readonly isLedElsewhere: boolean;
  /** The telemetry of another server is connected to the broker of the command. */
  readonly isOnline: (server: string) => boolean;
  /** The agent has spoken lately. */
  readonly isFresh: boolean;
  /** Whose signatures count on the broker of the command; null = this server's own, which asks for none. */
  readonly keys: readonly OperatorKey[] | null;
  /** Monotonic and wall clock, ms. */
  readonly atMs: number;
  readonly nowMs: number;
}

/** Values of the placeholders of a refusal. */
export type Values = Readonly<Record<string, string | number>>;

export type Ruling =
  /** Another server's business, or nothing at all. */
  | { readonly kind: "silent" }
  /** Another server goes down with its own order: this one tells the end of it. */
  | { readonly kind: "witness"; readonly commandId: string; readonly order: Order }
  /** Not answered on purpose; the log gets a line. */
  | {
      readonly kind: "dropped";
      readonly key: "command.retained" | "command.malformed";
      readonly detail: string;
    }
  | {
      readonly kind: "refused";
      readonly commandId: string;
      readonly key: string;
      readonly data: Values;
    }
  | { readonly kind: "again"; readonly commandId: string }
  | { readonly kind: "ping"; readonly commandId: string }
  | { readonly kind: "snapshot"; readonly commandId: string }
  | {
      readonly kind: "dry-run";
      readonly commandId: string;
      readonly order: Order;
    }
  | {
      readonly kind: "execute";
      readonly commandId: string;
      readonly order: Order;
      readonly reason: string | null;
      /** The sender has said which state it acts on. */
      readonly expects: boolean;
    };

export const dropped = (key: "command.retained" | "command.malformed", detail: string): Ruling => ({
  kind: "dropped",
  key,
  detail,
});

export type Refused = Extract<Ruling, { kind: "refused" }>;

export const refused = (commandId: string, key: string, data: Values): Refused => ({
  kind: "refused",
  commandId,
  key,
  data,
});
