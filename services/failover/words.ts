/**
 * What agents tell each other inside the beat: group states, the coordinator's order table, one request
 * and its reply, and the phase of a cluster shutdown. A table instead of messages: it is repeated in
 * every beat, so nothing can be lost, doubled or reordered. Source: protocol.md 1.4.6-1.4.7; R6-R8.
 *
 * ```
 * byte 0       format (3)
 * byte 1       shutdown phase (0 none, 1 stopping groups, 2 committed)
 * byte 2       bit 0: clean mark written, bit 1: off after leaving, bit 2: record not saved, bit 3: a script is unfit
 * byte 3-4     request number (0 = none)   5 verb   6 group   7 target server (FF = none)
 * byte 8       reply: server asked (FF = none)   9-10 number   11 outcome (index of REPLY_CODES)
 * byte 12      group count g <= 32
 * then g times state (bit 7: ordered by failover), desired server (FF = none, FE = none was left), order number u16
 * then 6 bytes: counter of the newest epoch whose view the server was in
 * then, if anything follows, n u16 and n bytes about configuration texts (configuration/rollout-words.ts)
 * then, if anything follows, n u16 and n bytes about keys (keys/key-words.ts)
 * then, if anything follows, n u8 (bit 7: there are more) and n times group, mark u32 (resources/load-marks.ts)
 * then parts to the end: kind u8, n u8 and n bytes; kind 1 is the release, kind 2 the methods that the software
 * carries out (failover/method-words.ts), other kinds are of later releases
 * ```
 *
 * A release reads the words of the next one: it skips parts and flags that it does not know, and answers a
 * request that it does not know with `other-release`. What changes the meaning of the rest needs another format.
 */
import { Reader, Writer } from "../../hal/base/bytes.ts";
import type { ServerIndex } from "../../hal/base/ids.ts";
import { GROUP_STATES, type GroupState } from "../../hal/base/view.ts";
import type { QuorumMethod } from "../configuration/model.ts";
import { BLOB_BYTES_MAX } from "../heartbeat/codec.ts";
import type { LoadMark, LoadWords } from "../resources/load-marks.ts";
import { methodBits, methodsOf } from "./method-words.ts";

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

/**
 * Outcomes of a request; all but `accepted` are refusals with an entry in the catalogue. New ones go to the end.
 */
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
  "below-majority",
  "majority-counts",
  "no-majority-yet",
  "other-release",
] as const;
export type ReplyCode = (typeof REPLY_CODES)[number];

export interface Request {
  readonly number: number;
  /** `unknown`: of a later release. */
  readonly verb: RequestVerb | "unknown";
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
  /** What the server says about cluster keys; absent = nothing. Secret. */
  readonly keys?: Uint8Array;
  /** A script that this server may have to start or stop cannot be run; absent = all can. */
  readonly unfit?: boolean;
  /** Programs that scripts have loaded here; absent = none. */
  readonly loads?: LoadWords;
  /** Release of the agent, `0.1.0`; absent = an older one, or there was no room beside a configuration text. */
  readonly release?: string;
  /** Methods that the software of this server carries out; absent = it does not say. */
  readonly methods?: readonly QuorumMethod[];
}

const FORMAT = 3;
const NONE = 0xff;
const NONE_LEFT = 0xfe;
/** Bit of a group's state byte. */
const FAILOVER = 0x80;
const LOAD_BYTES = 5;
/** Bit of the number of loaded programs. */
const MORE_LOADS = 0x80;
const RELEASE_PART = 1;
const METHODS_PART = 2;
const METHODS_BYTES = 3;
/** Two bytes each at least, in a blob of 700. */
const PARTS_MAX = BLOB_BYTES_MAX / 2;
const RELEASE_CHARACTERS = /^[0-9A-Za-z.+-]{1,32}$/;
const NO_LOADS: LoadWords = { isWhole: true, marks: [] };
/** 19 + 32 x 4 bytes stay far below the beat's 700. */
export const GROUPS_MAX = 32;

/** Used again by every call: most words are short, and a buffer of this size costs more than they do. */
const scratch = new Writer(BLOB_BYTES_MAX);

export function encodeWords(words: Words): Uint8Array {
  const rollout = words.rollout ?? new Uint8Array(0);
  const keys = words.keys ?? new Uint8Array(0);
  const bytes = 23 + 4 * words.groups.length + rollout.length + keys.length;
  const writer = bytes > BLOB_BYTES_MAX ? new Writer(bytes) : scratch;
  writer.reset();
  writer.u8(FORMAT);
  writer.u8(words.shutdown);
  writer.u8(flagsOf(words));
  writer.u16(words.request?.number ?? 0);
  writer.u8(words.request === null ? 0 : verbNumber(words.request));
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
  const loads = (bytes < BLOB_BYTES_MAX ? words.loads : undefined) ?? NO_LOADS;
  const room = BLOB_BYTES_MAX - bytes - 1;
  const methods = methodsPart(words, room);
  const release = releasePart(words, room - methods.length);
  const behind = methods.length + release.length;
  const hasMore = loads.marks.length > 0 || behind > 0;
  if (rollout.length > 0 || keys.length > 0 || hasMore) {
    writer.u16(rollout.length);
    writer.bytes(rollout);
  }
  if (keys.length > 0 || hasMore) {
    writer.u16(keys.length);
    writer.bytes(keys);
  }
  if (hasMore) writeLoads(writer, loads, behind);
  writer.bytes(methods);
  writer.bytes(release);
  return writer.written().slice();
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
  const keys = reader.complete() ? null : reader.bytes(reader.u16());
  const loads = reader.complete() ? undefined : readLoads(reader);
  const parts = readParts(reader);
  if (!reader.complete()) return null;
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
    ...(rollout === null || rollout.length === 0 ? {} : { rollout }),
    ...(keys === null || keys.length === 0 ? {} : { keys }),
    ...((flags & 8) === 8 ? { unfit: true } : {}),
    ...(loads === undefined || (loads.isWhole && loads.marks.length === 0) ? {} : { loads }),
    ...parts,
  };
}

/** Nothing when it is not said, or does not fit into the room that is left. */
function releasePart({ release }: Words, roomBytes: number): Uint8Array {
  if (release === undefined || !RELEASE_CHARACTERS.test(release)) return new Uint8Array(0);
  if (release.length + 2 > roomBytes) return new Uint8Array(0);
  return Uint8Array.of(RELEASE_PART, release.length, ...Buffer.from(release, "latin1"));
}

/**
 * Room for it is left in every beat: 32 groups, a piece of a text and the keys beside it are 683 of 700 bytes.
 * Without it this server counts as one that does not carry out what has to be said.
 */
function methodsPart({ methods }: Words, roomBytes: number): Uint8Array {
  if (methods === undefined || METHODS_BYTES > roomBytes) return new Uint8Array(0);
  return Uint8Array.of(METHODS_PART, 1, methodBits(methods));
}

/** What is said in them; an incomplete part leaves the reader incomplete. */
function readParts(reader: Reader): Pick<Words, "release" | "methods"> {
  let said: Pick<Words, "release" | "methods"> = {};
  for (let left = PARTS_MAX; left > 0 && !reader.complete(); left -= 1) {
    const kind = reader.u8();
    const bytes = reader.bytes(reader.u8());
    const text = kind === RELEASE_PART ? Buffer.from(bytes).toString("latin1") : "";
    if (RELEASE_CHARACTERS.test(text)) said = { ...said, release: text };
    // A later release may have more bytes of them.
    if (kind === METHODS_PART) said = { ...said, methods: methodsOf(bytes[0] ?? 0) };
  }
  return said;
}

function flagsOf({ marked, offAfterLeave, unsaved, unfit }: Words): number {
  return (marked ? 1 : 0) | (offAfterLeave ? 2 : 0) | (unsaved ? 4 : 0) | (unfit ? 8 : 0);
}

/** As many as the beat has room for; a piece of a configuration text goes first. */
function writeLoads(writer: Writer, { isWhole, marks }: LoadWords, behind: number): void {
  const room = Math.floor((BLOB_BYTES_MAX - writer.written().length - 1 - behind) / LOAD_BYTES);
  const told = marks.slice(0, Math.max(0, Math.min(room, MORE_LOADS - 1)));
  writer.u8(told.length | (isWhole && told.length === marks.length ? 0 : MORE_LOADS));
  for (const { group, mark } of told) {
    writer.u8(group);
    writer.u32(mark);
  }
}

function readLoads(reader: Reader): LoadWords {
  const first = reader.u8();
  const marks: LoadMark[] = [];
  for (let left = first & ~MORE_LOADS; left > 0; left -= 1) {
    marks.push({ group: reader.u8(), mark: reader.u32() });
  }
  return { isWhole: (first & MORE_LOADS) === 0, marks };
}

const failoverOf = (first: number): { readonly failover?: true } =>
  (first & FAILOVER) === 0 ? {} : { failover: true };

const verbNumber = ({ verb }: Request): number =>
  verb === "unknown" ? NONE : REQUEST_VERBS.indexOf(verb);

/** null = no request. */
function readRequest(reader: Reader): Request | null {
  const number = reader.u16();
  const verb = REQUEST_VERBS[reader.u8()] ?? "unknown";
  const group = reader.u8();
  const target = reader.u8();
  if (number === 0) return null;
  return { number, verb, group, target: target === NONE ? null : target };
}

/** A refusal for a reason that this release does not know is a refusal. */
function readReply(reader: Reader): Reply | null {
  const to = reader.u8();
  const number = reader.u16();
  const code = REPLY_CODES[reader.u8()] ?? "other-release";
  return to === NONE ? null : { to, number, code };
}
