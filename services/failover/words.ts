/**
 * What agents tell each other inside the beat: group states, the coordinator's order table, one request
 * and its reply, and the phase of a cluster shutdown. A table instead of messages: it is repeated in
 * every beat, so nothing can be lost, doubled or reordered. Source: protocol.md 1.4.6-1.4.7; R6-R8.
 *
 * ```
 * byte 0       format (1)
 * byte 1       shutdown phase (0 none, 1 stopping groups, 2 committed)
 * byte 2       bit 0: clean mark written, bit 1: off after leaving
 * byte 3-4     request number (0 = none)   5 verb   6 group   7 target server (FF = none)
 * byte 8       reply: server asked (FF = none)   9-10 number   11 outcome (index of REPLY_CODES)
 * byte 12      group count g <= 32
 * then g times state, desired server (FF = none), order number u16
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
}

export interface Words {
  readonly shutdown: 0 | 1 | 2;
  readonly marked: boolean;
  /** This server switches itself off once it has left: kept here over a restart of its agent. */
  readonly offAfterLeave: boolean;
  readonly request: Request | null;
  readonly reply: Reply | null;
  readonly groups: readonly GroupWords[];
}

const FORMAT = 1;
const NONE = 0xff;
/** 13 + 32 x 4 bytes stay far below the beat's 700. */
export const GROUPS_MAX = 32;

export function encodeWords(words: Words): Uint8Array {
  const writer = new Writer(13 + 4 * words.groups.length);
  writer.u8(FORMAT);
  writer.u8(words.shutdown);
  writer.u8((words.marked ? 1 : 0) | (words.offAfterLeave ? 2 : 0));
  writer.u16(words.request?.number ?? 0);
  writer.u8(words.request === null ? 0 : REQUEST_VERBS.indexOf(words.request.verb));
  writer.u8(words.request?.group ?? 0);
  writer.u8(words.request?.target ?? NONE);
  writer.u8(words.reply?.to ?? NONE);
  writer.u16(words.reply?.number ?? 0);
  writer.u8(words.reply === null ? 0 : REPLY_CODES.indexOf(words.reply.code));
  writer.u8(words.groups.length);
  for (const group of words.groups) {
    writer.u8(GROUP_STATES.indexOf(group.state));
    writer.u8(group.desired ?? NONE);
    writer.u16(group.order);
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
    const state = GROUP_STATES[reader.u8()];
    const desired = reader.u8();
    const order = reader.u16();
    if (state === undefined) return null;
    groups.push({ state, desired: desired === NONE ? null : desired, order });
  }
  if (!reader.complete() || request === undefined || reply === undefined) return null;
  const phase = shutdown === 0 ? 0 : shutdown === 1 ? 1 : 2;
  return {
    shutdown: phase,
    marked: (flags & 1) === 1,
    offAfterLeave: (flags & 2) === 2,
    request,
    reply,
    groups,
  };
}

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
