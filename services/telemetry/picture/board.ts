/**
 * The board: all a page knows, kept from the messages of the topic tree. Newest wins by (epoch, rev) of
 * the same observer, so that a late or repeated message never turns the picture back. Pure: the moment
 * of receipt is a parameter, and an unchanged message returns the same board.
 * Source: ecosystem.md 1.3 (envelope), 3.2 point 3; R203.
 */
import type {
  ClusterState,
  Envelope,
  EventMessage,
  GroupState,
  InfoState,
  NodeState,
  PathState,
} from "../model.ts";
import {
  readCluster,
  readEvent,
  readGroup,
  readInfo,
  readJson,
  readNode,
  readPath,
  readRecent,
} from "./read-message.ts";

/** A state with its topic id and the moment it came in, ms of the reader's own clock. */
export interface Kept<T> {
  readonly id: string;
  readonly value: T;
  readonly receivedAtMs: number;
  /** Connection it came over. */
  readonly session: number;
}

export interface Board {
  /** Counts connections: what an earlier one brought no longer outranks what this one brings. */
  readonly session: number;
  readonly info: InfoState | null;
  readonly cluster: Kept<ClusterState> | null;
  readonly nodes: ReadonlyMap<string, Kept<NodeState>>;
  /** Word of the telemetry of each server, by topic id: false = its last will arrived. */
  readonly online: ReadonlyMap<string, boolean>;
  readonly groups: ReadonlyMap<string, Kept<GroupState>>;
  readonly paths: ReadonlyMap<string, Kept<PathState>>;
  /** Oldest first. */
  readonly events: readonly EventMessage[];
  /** Newest message of any kind, ms of the reader's own clock; null = none yet. */
  readonly heardAtMs: number | null;
}

/** More events than a person scrolls through; the event log of the servers has them all. */
export const EVENTS_KEPT_MAX = 500;
/** Bounds on what a broken publisher can make the page hold. */
const NODES_MAX = 32;
const GROUPS_MAX = 1024;
const PATHS_MAX = 64;

export const EMPTY_BOARD: Board = {
  session: 0,
  info: null,
  cluster: null,
  nodes: new Map(),
  online: new Map(),
  groups: new Map(),
  paths: new Map(),
  events: [],
  heardAtMs: null,
};

/**
 * A new connection: everything is published again, perhaps by a cluster that was created anew and counts
 * from 1. Old values stay visible until they are replaced or dropped.
 */
export function beginSession(board: Board): Board {
  return { ...board, session: board.session + 1, online: new Map() };
}

/** What the present connection did not bring again does not exist any more. */
export function dropOld(board: Board): Board {
  const keep = <T>(map: ReadonlyMap<string, Kept<T>>): ReadonlyMap<string, Kept<T>> =>
    new Map([...map].filter(([, kept]) => kept.session === board.session));
  return {
    ...board,
    nodes: keep(board.nodes),
    groups: keep(board.groups),
    paths: keep(board.paths),
  };
}

/** `topic`: without the prefix `kage/v1/<cluster>/`. An unknown or malformed message changes nothing. */
export function takeMessage(board: Board, topic: string, text: string, nowMs: number): Board {
  const [head = "", id = "", tail = ""] = topic.split("/");
  if (head === "node" && tail === "online") {
    // The broker's word about a client is no news of the cluster.
    return { ...board, online: put(board.online, id, text === "online", NODES_MAX) };
  }
  const json = readJson(text);
  if (json === null) {
    return text === "" && tail === "state" ? forget(board, head, id) : board;
  }
  const next = takeState(board, { head, id, tail }, json, nowMs);
  return next === board ? board : { ...next, heardAtMs: nowMs };
}

function takeState(
  board: Board,
  topic: { readonly head: string; readonly id: string; readonly tail: string },
  json: Readonly<Record<string, unknown>>,
  nowMs: number,
): Board {
  const { head, id, tail } = topic;
  if (head === "info" && id === "") {
    const info = readInfo(json);
    return info === null ? board : { ...board, info };
  }
  if (head === "state" && id === "") {
    const kept = newer(board, board.cluster ?? undefined, id, readCluster(json), nowMs);
    return kept === null ? board : { ...board, cluster: kept };
  }
  if (head === "node" && tail === "state") {
    const kept = newer(board, board.nodes.get(id), id, readNode(json), nowMs);
    return kept === null ? board : { ...board, nodes: put(board.nodes, id, kept, NODES_MAX) };
  }
  if (head === "group" && tail === "state") {
    const kept = newer(board, board.groups.get(id), id, readGroup(json), nowMs);
    return kept === null ? board : { ...board, groups: put(board.groups, id, kept, GROUPS_MAX) };
  }
  if (head === "path" && tail === "state") {
    const kept = newer(board, board.paths.get(id), id, readPath(json), nowMs);
    return kept === null ? board : { ...board, paths: put(board.paths, id, kept, PATHS_MAX) };
  }
  if (head === "event" && id === "recent") return addEvents(board, readRecent(json));
  if (head === "event" && id === "") {
    const event = readEvent(json);
    return event === null ? board : addEvents(board, [event]);
  }
  return board;
}

function newer<T extends Envelope>(
  board: Board,
  before: Kept<T> | undefined,
  id: string,
  value: T | null,
  nowMs: number,
): Kept<T> | null {
  if (value === null) return null;
  const { session } = board;
  if (before?.session === session && isOlder(value, before.value)) return null;
  return { id, value, receivedAtMs: nowMs, session };
}

/** Counters of two observers say nothing about each other; then the newer observation wins. */
function isOlder(next: Envelope, before: Envelope): boolean {
  if (next.epoch !== before.epoch) return next.epoch < before.epoch;
  if (next.by === before.by)
    return next.rev < before.rev && Date.parse(next.ts) <= Date.parse(before.ts);
  return Date.parse(next.ts) < Date.parse(before.ts);
}

/** Ids are unique in the cluster; a repeated one is the same event (QoS 1, replay after an outage). */
function addEvents(board: Board, arrived: readonly EventMessage[]): Board {
  const known = new Set(board.events.map((event) => event.id));
  const fresh = arrived.filter((event) => !known.has(event.id));
  if (fresh.length === 0) return board;
  const all = [...board.events, ...fresh];
  const last = board.events.at(-1);
  const follows =
    fresh.length === 1 && (last === undefined || isBefore(last, fresh[0] ?? last) <= 0);
  if (!follows) all.sort(isBefore);
  return { ...board, events: all.slice(-EVENTS_KEPT_MAX) };
}

const isBefore = (a: EventMessage, b: EventMessage): number =>
  Date.parse(a.ts) - Date.parse(b.ts) || a.seq - b.seq;

/** A new id beyond the bound is not taken in; what is known can always change. */
function put<T>(
  map: ReadonlyMap<string, T>,
  id: string,
  value: T,
  max: number,
): ReadonlyMap<string, T> {
  if (!map.has(id) && map.size >= max) return map;
  return new Map(map).set(id, value);
}

/** An empty retained payload withdraws a state. */
function forget(board: Board, head: string, id: string): Board {
  const without = <T>(map: ReadonlyMap<string, T>): ReadonlyMap<string, T> =>
    new Map([...map].filter(([known]) => known !== id));
  if (head === "node") return { ...board, nodes: without(board.nodes) };
  if (head === "group") return { ...board, groups: without(board.groups) };
  if (head === "path") return { ...board, paths: without(board.paths) };
  return board;
}

/** Names in the order of the configuration; what is not (yet) in it comes after, by name. */
export function serversOf(board: Board): readonly Kept<NodeState>[] {
  return inOrder([...board.nodes.values()], board.info?.servers ?? []);
}

export function groupsOf(board: Board): readonly Kept<GroupState>[] {
  return inOrder([...board.groups.values()], board.info?.groups.map((group) => group.name) ?? []);
}

/** By kind (LANs, serial, disk), then by id. */
export function pathsOf(board: Board): readonly Kept<PathState>[] {
  const rank = { "lan-private": 0, "lan-public": 1, com: 2, disk: 3 } as const;
  return [...board.paths.values()].sort((a, b) => {
    const byKind = rank[a.value.kind] - rank[b.value.kind];
    return byKind !== 0 ? byKind : a.value.id < b.value.id ? -1 : 1;
  });
}

function inOrder<T extends { readonly name: string }>(
  found: readonly Kept<T>[],
  order: readonly string[],
): readonly Kept<T>[] {
  const place = new Map(order.map((name, index) => [name, index]));
  const rankOf = (kept: Kept<T>): number => place.get(kept.value.name) ?? order.length;
  return [...found].sort((a, b) => {
    const byPlace = rankOf(a) - rankOf(b);
    return byPlace !== 0 ? byPlace : a.value.name < b.value.name ? -1 : 1;
  });
}
