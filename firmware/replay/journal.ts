/**
 * Reads a journal: the bytes of a file in, its segments and entries out, or the place and the reason why
 * not. Never throws. A journal that was cut is good up to its last whole entry and says so.
 * Source: format.ts; work order 4 "Bad input".
 */
import type { ClusterConfig } from "../../services/configuration/model.ts";
import { type Decided, parseDecided } from "./decided.ts";
import { type Bases, parseEvent, type Told } from "./entry.ts";
import { behind, pieceAt, VERSION } from "./format.ts";
import type { Identity, Role } from "./recorder.ts";
import { fromText, isRecord } from "./values.ts";

export interface Entry {
  readonly kind: "entry";
  readonly number: number;
  /** Of its record in the file, bytes. */
  readonly offset: number;
  readonly event: Told;
  readonly decided: Decided;
}

export type Item = Entry | { readonly kind: "config"; readonly config: ClusterConfig };

export interface Segment {
  readonly number: number;
  /** Number of its first entry. */
  readonly next: number;
  /** One moment on both clocks, ms. */
  readonly wallMs: number;
  readonly atMs: number;
  readonly config: ClusterConfig;
  /** The core's state before the first entry. */
  readonly state: unknown;
  readonly items: readonly Item[];
}

export interface Journal {
  readonly identity: Identity;
  /** Never empty. */
  readonly segments: readonly Segment[];
  /** Byte at which the file ends inside a record; null = it is whole. */
  readonly cutAt: number | null;
}

/**
 * `foreign`: no journal. `version`: of another format. `damaged`: the frame of a record. `checksum`: its
 * content. `shape`: the content is not what stands there. `order`: numbers do not follow. `role`: no role
 * that can be replayed, or another process than before. `empty`: not one whole entry.
 */
export type RefusalReason =
  | "foreign"
  | "version"
  | "damaged"
  | "checksum"
  | "shape"
  | "order"
  | "role"
  | "empty";

export interface Refusal {
  readonly reason: RefusalReason;
  readonly offset: number;
  /** Number of the entry that was expected there; null = before the first. */
  readonly entry: number | null;
  /** What was found, for `version` and `role`; else empty. */
  readonly found: string;
}

export type ReadResult =
  | { readonly kind: "journal"; readonly journal: Journal }
  | ({ readonly kind: "refused" } & Refusal);

/** Parts of a configuration and of each state that every version of this product has. */
const STATE_KEYS: Readonly<Record<Role, readonly string[]>> = {
  pulse: ["heartbeat", "membership", "agent", "tickedAtMs"],
  agent: ["self", "groups", "facts", "nextId"],
};
const CONFIG_KEYS = ["name", "hash", "method", "servers", "lans", "groups", "timing", "budget"];

interface Draft {
  identity: Identity | null;
  readonly segments: (Segment & { readonly items: Item[] })[];
  bases: Bases;
  /** Number of the next entry; null before the first head. */
  next: number | null;
  /** A segment has begun and its head is to come. */
  headDue: boolean;
}

export function readJournal(bytes: Buffer): ReadResult {
  const draft: Draft = {
    identity: null,
    segments: [],
    bases: new Map(),
    next: null,
    headDue: true,
  };
  let cutAt: number | null = null;
  for (let offset = 0, piece = pieceAt(bytes, 0); piece !== null; piece = pieceAt(bytes, offset)) {
    if (piece.kind === "cut") {
      cutAt = piece.offset;
      break;
    }
    const refusal =
      piece.kind === "segment"
        ? beginSegment(draft)
        : piece.kind === "record"
          ? takeRecord(draft, piece.payload, piece.offset)
          : { reason: piece.kind, found: foundAt(bytes, piece) };
    if (refusal !== null) return { kind: "refused", entry: draft.next, offset, ...refusal };
    if (piece.kind === "segment" || piece.kind === "record") offset = behind(piece);
  }
  const { identity, segments } = draft;
  const kept = segments.filter(({ items }) => items.length > 0);
  if (identity === null || kept.length === 0) {
    return { kind: "refused", reason: "empty", offset: bytes.length, entry: draft.next, found: "" };
  }
  return { kind: "journal", journal: { identity, segments: kept, cutAt } };
}

type Fault = Pick<Refusal, "reason" | "found">;
const fault = (reason: RefusalReason, found = ""): Fault => ({ reason, found });

function foundAt(bytes: Buffer, { kind, offset }: { kind: string; offset: number }): string {
  if (kind !== "version") return "";
  return bytes
    .toString("latin1", offset, offset + 8)
    .replace(/[^ -~]/g, "?")
    .slice(-VERSION.length);
}

/** A segment that lost even its head leaves a magic word alone; the next one goes on. */
function beginSegment(draft: Draft): Fault | null {
  draft.headDue = true;
  draft.bases = new Map();
  return null;
}

function takeRecord(draft: Draft, payload: string, offset: number): Fault | null {
  const value = fromText(payload);
  if (draft.headDue) return takeHead(draft, value);
  const segment = draft.segments.at(-1);
  if (segment === undefined || draft.next === null) return fault("shape");
  if (isRecord(value)) {
    if (!isConfig(value["config"])) return fault("shape");
    segment.items.push({ kind: "config", config: value["config"] });
    return null;
  }
  if (!Array.isArray(value)) return fault("shape");
  const [number, ...rest] = value as unknown[];
  if (number !== draft.next) return fault("order", String(number));
  const told = parseEvent(rest, draft.bases);
  const decided = told === null ? null : parseDecided(told.tail);
  if (told === null || decided === null) return fault("shape");
  segment.items.push({ kind: "entry", number, offset, event: told.event, decided });
  draft.next += 1;
  return null;
}

function takeHead(draft: Draft, value: unknown): Fault | null {
  if (!isRecord(value)) return fault("shape");
  const { segment: number, next, wallMs, atMs, config, state, role } = value;
  if (role !== "pulse" && role !== "agent") return fault("role", String(role));
  const identity = identityOf(value, role);
  const isNumbered = isCount(number) && isCount(next) && isNumber(wallMs) && isNumber(atMs);
  if (identity === null || !isNumbered || !isConfig(config)) return fault("shape");
  if (!isRecord(state) || !STATE_KEYS[role].every((key) => key in state)) {
    return fault("role", role);
  }
  const before = draft.segments.at(-1);
  const isOther = draft.identity !== null && !isSameProcess(draft.identity, identity);
  if (isOther) return fault("role", `${identity.server} ${role} ${identity.pid}`);
  if (before !== undefined && (number <= before.number || next < (draft.next ?? 0))) {
    return fault("order", String(number));
  }
  draft.identity = identity;
  draft.segments.push({ number, next, wallMs, atMs, config, state, items: [] });
  draft.next = next;
  draft.headDue = false;
  return null;
}

function identityOf(head: Readonly<Record<string, unknown>>, role: Role): Identity | null {
  const { product, cluster, clusterId, server, host, pid } = head;
  if (typeof product !== "string" || typeof cluster !== "string") return null;
  if (typeof server !== "string" || typeof host !== "string") return null;
  if (!isCount(clusterId) || !isCount(pid)) return null;
  return { role, product, cluster, clusterId, server, host, pid };
}

const isSameProcess = (a: Identity, b: Identity): boolean =>
  a.role === b.role && a.server === b.server && a.host === b.host && a.pid === b.pid;

const isNumber = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value);

const isConfig = (value: unknown): value is ClusterConfig =>
  isRecord(value) && CONFIG_KEYS.every((key) => key in value);
