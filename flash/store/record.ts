/**
 * What a server must still know after its power was cut: who it is, in which view it was, whether the
 * last end was a clean cluster shutdown, and where the groups were.
 * Intuition: nothing here is needed to take over; it decides how this server comes back.
 * Source: protocol.md 1.4.8 (persistence, clean mark), 1.7 (start); D17-D19; R203.
 */
import { type HostIncarnation, hostIncarnation, type ServerIndex } from "../../hal/base/ids.ts";
import type { Epoch } from "../../hal/base/view.ts";

export interface GroupRecord {
  readonly name: string;
  /** Last known owner; null = nobody. */
  readonly owner: ServerIndex | null;
  /** What the operators want; null = as the start attribute says. */
  readonly desired: "running" | "stopped" | null;
}

export interface StoreRecord {
  readonly identity: { readonly cluster: string; readonly server: string };
  /** Of the last start that wrote the record. */
  readonly hostIncarnation: HostIncarnation;
  /** Newest installed epoch; null = never a member. */
  readonly epoch: Epoch | null;
  /** Members of that epoch's view. */
  readonly members: readonly ServerIndex[];
  /** Servers on planned leave in that view (D15). Default none. */
  readonly absent?: readonly ServerIndex[];
  /** The view came from a force-return and its groups could not start yet. Default false. */
  readonly provisional?: boolean;
  /** Written as the last act of a cluster shutdown, erased before the first grant. */
  readonly cleanMark: { readonly epochCounter: number } | null;
  /** Host incarnation that started on the mark and erased it; null = none yet. */
  readonly consumedBy: HostIncarnation | null;
  readonly groups: readonly GroupRecord[];
}

export type ParsedRecord =
  | { readonly kind: "record"; readonly record: StoreRecord }
  /** `path` names the first field that is not as it must be. */
  | { readonly kind: "malformed"; readonly path: string };

/** Technical limits, as in the configuration's schema. */
const SERVERS_MAX = 16;
const GROUPS_MAX = 32;
const NAME_CHARACTERS_MAX = 64;
/** The beat carries the epoch's counter in 48 bits. */
const COUNTER_MAX = 2 ** 48 - 1;

/** Record of a server that has never been in a cluster: it comes up without a mark, detached. */
export function emptyRecord(identity: StoreRecord["identity"], host: HostIncarnation): StoreRecord {
  return {
    identity,
    hostIncarnation: host,
    epoch: null,
    members: [],
    cleanMark: null,
    consumedBy: null,
    groups: [],
  };
}

/**
 * A record that may not be the newest: what it knows of epoch and groups is a hint as ever, but it cannot
 * vouch for a clean end, nor for the view or the start that this boot was in, as the lost copy may have
 * taken them back (D18: the mark is erased by one save, and the other copy still has it).
 */
export function withoutVouching(record: StoreRecord): StoreRecord {
  const nowhere = { members: [], absent: [], provisional: false };
  return { ...record, ...nowhere, cleanMark: null, consumedBy: null };
}

/** False when the state folder came from another server: its epoch and mark say nothing about us. */
export function belongsTo(record: StoreRecord, identity: StoreRecord["identity"]): boolean {
  return record.identity.cluster === identity.cluster && record.identity.server === identity.server;
}

/** Checks every field; unknown fields are dropped, so that an older version can read a newer record. */
export function parseRecord(value: unknown): ParsedRecord {
  const source = objectOf(value);
  if (source === null) return malformed("");
  const identity = objectOf(source["identity"]);
  if (!isName(identity?.["cluster"])) return malformed("identity.cluster");
  if (!isName(identity?.["server"])) return malformed("identity.server");
  const host = source["hostIncarnation"];
  if (!isHost(host)) return malformed("hostIncarnation");
  const epoch = parseEpoch(source["epoch"]);
  if (epoch === undefined) return malformed("epoch");
  const members = source["members"];
  if (!isMembers(members)) return malformed("members");
  const { absent, provisional } = source;
  if (absent !== undefined && !isMembers(absent)) return malformed("absent");
  if (provisional !== undefined && typeof provisional !== "boolean")
    return malformed("provisional");
  const mark = parseMark(source["cleanMark"]);
  if (mark === undefined) return malformed("cleanMark");
  const consumedBy = source["consumedBy"];
  if (consumedBy !== null && !isHost(consumedBy)) return malformed("consumedBy");
  const groups = parseGroups(source["groups"]);
  if (groups === undefined) return malformed("groups");
  return {
    kind: "record",
    record: {
      identity: {
        cluster: identity?.["cluster"] as string,
        server: identity?.["server"] as string,
      },
      hostIncarnation: hostIncarnation(host),
      epoch,
      members,
      ...(absent !== undefined && absent.length > 0 ? { absent } : {}),
      ...(provisional === true ? { provisional } : {}),
      cleanMark: mark,
      consumedBy: consumedBy === null ? null : hostIncarnation(consumedBy),
      groups,
    },
  };
}

function malformed(path: string): ParsedRecord {
  return { kind: "malformed", path };
}

function parseEpoch(value: unknown): Epoch | null | undefined {
  if (value === null) return null;
  const source = objectOf(value);
  const counter = source?.["counter"];
  const coordinator = source?.["coordinator"];
  const host = source?.["host"];
  if (!isWhole(counter, COUNTER_MAX) || !isServer(coordinator) || !isHost(host)) return undefined;
  return { counter, coordinator, host: hostIncarnation(host) };
}

function parseMark(value: unknown): StoreRecord["cleanMark"] | undefined {
  if (value === null) return null;
  const epochCounter = objectOf(value)?.["epochCounter"];
  return isWhole(epochCounter, COUNTER_MAX) ? { epochCounter } : undefined;
}

function parseGroups(value: unknown): readonly GroupRecord[] | undefined {
  if (!Array.isArray(value) || value.length > GROUPS_MAX) return undefined;
  const groups: GroupRecord[] = [];
  for (const item of value as readonly unknown[]) {
    const source = objectOf(item);
    const name = source?.["name"];
    const owner = source?.["owner"];
    const desired = source?.["desired"];
    if (!isName(name) || !(owner === null || isServer(owner))) return undefined;
    if (desired !== null && desired !== "running" && desired !== "stopped") return undefined;
    groups.push({ name, owner, desired });
  }
  return groups;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return value as Readonly<Record<string, unknown>>;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= NAME_CHARACTERS_MAX;
}

function isHost(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{16}$/.test(value);
}

function isWhole(value: unknown, max: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max;
}

function isServer(value: unknown): value is ServerIndex {
  return isWhole(value, SERVERS_MAX - 1);
}

function isMembers(value: unknown): value is readonly ServerIndex[] {
  if (!Array.isArray(value) || value.length > SERVERS_MAX) return false;
  return value.every(isServer) && new Set(value).size === value.length;
}
