/**
 * The table view: everything the picture shows, as rows and words, for people who cannot or do not want
 * to read a drawing. What one shows the other shows. Source: ecosystem.md 3.2 point 12 (table view equal
 * to the picture); R202, R203.
 */
import type { Language } from "../../catalogue/entry.ts";
import type { PathState } from "../model.ts";
import { type Board, groupsOf, pathsOf, serversOf } from "./board.ts";
import { directionWord, downServers } from "./path-health.ts";
import { GROUP_WORDS, KIND_WORDS, SERVER_WORDS, type Word } from "./state-words.ts";

export interface ServerRow {
  readonly id: string;
  readonly name: string;
  readonly word: Word;
  readonly isCoordinator: boolean;
  readonly groups: readonly string[];
  readonly since: string | null;
  readonly receivedAtMs: number;
}

export interface GroupRow {
  readonly id: string;
  readonly name: string;
  readonly word: Word;
  readonly owner: string | null;
  /** True = runs on the first server of its policy; null = runs nowhere. */
  readonly isHome: boolean | null;
  readonly policy: readonly string[];
  readonly resources: readonly string[];
  readonly receivedAtMs: number;
}

export interface PathRow {
  readonly key: string;
  readonly id: string;
  readonly kind: string;
  readonly from: string;
  readonly to: string;
  readonly word: Word;
  /** Age of the newest word on the path when it was reported; null = never. */
  readonly lastHeardMs: number | null;
  readonly receivedAtMs: number;
}

export function serverRows(board: Board): readonly ServerRow[] {
  const owned = new Map<string, string[]>();
  for (const { value } of groupsOf(board)) {
    if (value.owner === null) continue;
    const names = owned.get(value.owner);
    if (names === undefined) owned.set(value.owner, [value.name]);
    else names.push(value.name);
  }
  return serversOf(board).map(({ id, value, receivedAtMs }) => ({
    id,
    name: value.name,
    word: SERVER_WORDS[value.state],
    isCoordinator: board.cluster?.value.coordinator === value.name,
    groups: owned.get(value.name) ?? [],
    since: value.since,
    receivedAtMs,
  }));
}

export function groupRows(board: Board): readonly GroupRow[] {
  const resources = new Map(
    board.info?.groups.map((group) => [group.name, group.resources.map(({ name }) => name)]) ?? [],
  );
  return groupsOf(board).map(({ id, value, receivedAtMs }) => ({
    id,
    name: value.name,
    word: GROUP_WORDS[value.state],
    owner: value.owner,
    isHome: value.owner === null ? null : value.owner === value.policy[0],
    policy: value.policy,
    resources: resources.get(value.name) ?? [],
    receivedAtMs,
  }));
}

export function pathRows(board: Board, lang: Language): readonly PathRow[] {
  const down = downServers(serversOf(board));
  return pathsOf(board).flatMap(({ id: topic, value, receivedAtMs }) =>
    value.pairs.map((pair) => ({
      key: `${topic} ${pair.from} ${pair.to}`,
      id: value.id,
      kind: KIND_WORDS[value.kind][lang],
      from: pair.from,
      to: farEnd(value, pair.to),
      word: directionWord(pair, down),
      lastHeardMs: pair.lastHeardMs,
      receivedAtMs,
    })),
  );
}

/** A disk path leads to the array, whatever the report repeats as its other end. */
const farEnd = (path: PathState, to: string): string => (path.kind === "disk" ? path.id : to);
