/**
 * What agents tell each other inside the beat: group states, the coordinator's order table, one request
 * and its reply, and the phase of a cluster shutdown. A table instead of messages: it is repeated in
 * every beat, so nothing can be lost, doubled or reordered. Source: protocol.md 1.4.6-1.4.7; R6-R8.
 *
 * ```
 * byte 0       format (3)
 * byte 1       shutdown phase (0 none, 1 stopping groups, 2 committed)
 * byte 2       bit 0: clean mark written, bit 1: off after leaving, bit 2: record not saved
 * byte 3-4     request number (0 = none)   5 verb   6 group   7 target server (FF = none)
 * byte 8       reply: server asked (FF = none)   9-10 number   11 outcome (index of REPLY_CODES)
 * byte 12      group count g <= 32
 * then g times state (bit 7: ordered by failover), desired server (FF = none, FE = none was left), order number u16
 * then 6 bytes: counter of the newest epoch whose view the server was in
 * then, if anything follows, n u16 and n bytes about configuration texts (configuration/rollout-words.ts)
 * ```
 */
import { Reader, Writer } from "../../hal/base/bytes.ts";
import type { ServerIndex } from "../../hal/base/ids.ts";
import { GROUP_STATES, type GroupState } from "../../hal/base/view.ts";

export const REQUEST_VERBS = [
  "group.start",
  "group.stop",
  "group.move",
  "server.detach",
  "server.return",
  "server.shutdown",
  "cluster.shutdown",
  "group.failover",
  "server.force-return",
  "server.force-return-loss",
  "server.force-stop",
  "server.confirm-off",
  "cluster.start-now",
] as const;
export type RequestVerb = (typeof REQUEST_VERBS)[number];

/** Outcomes of a request; all but `accepted` are refusals with an entry in the catalogue. */
export const REPLY_CODES = [
  "accepted",
  "already-running",
  "already-stopped",
  "not-running",
  "no-other-server",
  "target-not-in-policy",
  "target-not-member",
  "same-server",
  "not-member",
  "only-server",
  "not-detached",
  "no-live-member",
  "view-changing",
  "shutting-down",
  "group-busy",
  "all-down",
  "live-member-heard",
  "later-epoch",
  "target-not-heard",
  "still-heard",
  "provisional",
  "not-waiting",
] as const;
export type ReplyCode = (typeof REPLY_CODES)[number];

export interface Request {
  readonly number: number;
  readonly verb: RequestVerb;
  readonly group: number;
  readonly target: ServerIndex | null;
}

export interface Reply {
  readonly to: ServerIndex;
  readonly number: number;
  readonly code: ReplyCode;
}

export interface GroupWords {
  readonly state: GroupState;
  readonly desired: ServerIndex | null;
  /** Grows with every change of `desired`; wraps at 2^16. */
  readonly order: number;
  /** Nobody's because no server was left for it: the next coordinator places it. Default false. */
  readonly stranded?: boolean;
  /** The order was the cluster's own, not a person's: scripts are told FAILOVER. Default false. */
  readonly failover?: boolean;
}

export interface Words {
  readonly shutdown: 0 | 1 | 2;
  readonly marked: boolean;
  /** This server switches itself off once it has left: kept here over a restart of its agent. */
  readonly offAfterLeave: boolean;
  /** This server's state folder refuses the record; absent = it is saved. */
  readonly unsaved?: boolean;
  readonly request: Request | null;
  readonly reply: Reply | null;
  readonly groups: readonly GroupWords[];
  /** Counter of the newest epoch whose view this server was in; absent = 0, none. */
  readonly epoch?: number;
  /** What the server says about configuration texts; absent = nothing. */
  readonly rollout?: Uint8Array;
}

const FORMAT = 3;
const NONE = 0xff;
const NONE_LEFT = 0xfe;
/** Bit of a group's state byte. */
const FAILOVER = 0x80;
/** 19 + 32 x 4 bytes stay far below the beat's 700. */
export const GROUPS_MAX = 32;

export function encodeWords(words: Words): Uint8Array {
  const rollout = words.rollout ?? new Uint8Array(0);
  const writer = new Writer(21 + 4 * words.groups.length + rollout.length);
  writer.u8(FORMAT);
  writer.u8(words.shutdown);
  writer.u8((words.marked ? 1 : 0) | (words.offAfterLeave ? 2 : 0) | (words.unsaved ? 4 : 0));
  writer.u16(words.request?.number ?? 0);
  writer.u8(words.request === null ? 0 : REQUEST_VERBS.indexOf(words.request.verb));
  writer.u8(words.request?.group ?? 0);
  writer.u8(words.request?.target ?? NONE);
  writer.u8(words.reply?.to ?? NONE);
  writer.u16(words.reply?.number ?? 0);
  writer.u8(words.reply === null ? 0 : REPLY_CODES.indexOf(words.reply.code));
  writer.u8(words.groups.length);
  for (const group of words.groups) {
    writer.u8(GROUP_STATES.indexOf(group.state) | (group.failover === true ? FAILOVER : 0));
    writer.u8(group.desired ?? (group.stranded === true ? NONE_LEFT : NONE));
    writer.u16(group.order);
  }
  writer.u48(words.epoch ?? 0);
  if (rollout.length > 0) {
    writer.u16(rollout.length);
    writer.bytes(rollout);
  }
  return writer.written();
}

/** null = not the words of this release; the peer then counts as one whose groups are unknown. */
export function decodeWords(bytes: Uint8Array): Words | null {
  const reader = new Reader(bytes);
  const format = reader.u8();
  const shutdown = reader.u8();
  const flags = reader.u8();
  const request = readRequest(reader);
  const reply = readReply(reader);
  const count = reader.u8();
  if (format !== FORMAT || shutdown > 2 || count > GROUPS_MAX) return null;
  const groups: GroupWords[] = [];
  for (let index = 0; index < count; index += 1) {
    const first = reader.u8();
    const state = GROUP_STATES[first & ~FAILOVER];
    const desired = reader.u8();
    const order = reader.u16();
    if (state === undefined) return null;
    const stranded = desired === NONE_LEFT;
    groups.push({
      state,
      desired: desired >= NONE_LEFT ? null : desired,
      order,
      stranded,
      ...failoverOf(first),
    });
  }
  const epoch = reader.u48();
  const rollout = reader.complete() ? null : reader.bytes(reader.u16());
  if (!reader.complete() || request === undefined || reply === undefined) return null;
  const phase = shutdown === 0 ? 0 : shutdown === 1 ? 1 : 2;
  return {
    shutdown: phase,
    marked: (flags & 1) === 1,
    offAfterLeave: (flags & 2) === 2,
    ...((flags & 4) === 4 ? { unsaved: true } : {}),
    request,
    reply,
    groups,
    ...(epoch > 0 ? { epoch } : {}),
    ...(rollout === null ? {} : { rollout }),
  };
}

const failoverOf = (first: number): { readonly failover?: true } =>
  (first & FAILOVER) === 0 ? {} : { failover: true };

/** undefined = malformed, null = no request. */
function readRequest(reader: Reader): Request | null | undefined {
  const number = reader.u16();
  const verb = REQUEST_VERBS[reader.u8()];
  const group = reader.u8();
  const target = reader.u8();
  if (verb === undefined) return undefined;
  if (number === 0) return null;
  return { number, verb, group, target: target === NONE ? null : target };
}

function readReply(reader: Reader): Reply | null | undefined {
  const to = reader.u8();
  const number = reader.u16();
  const code = REPLY_CODES[reader.u8()];
  if (code === undefined) return undefined;
  return to === NONE ? null : { to, number, code };
}
