/**
 * What a path looks like as a whole: both directions of a pair, or the many pairs of one server, become
 * one word. A direction that alone is silent is said to be one-way, because its cure differs from that
 * of a cut cable. Source: R2-R5, R202; services/status.ts (PathStatus).
 */
import type { NodeState, PathState } from "../model.ts";
import type { Kept } from "./board.ts";
import {
  NO_SIGNAL_WORD,
  NOT_TOLD_WORD,
  ONE_WAY_WORD,
  PATH_WORDS,
  type Tone,
  type Word,
} from "./state-words.ts";

type Pair = PathState["pairs"][number];

export interface PairHealth {
  readonly word: Word;
  /** Names of sender and receiver that still hear each other; null = both ways alike. */
  readonly oneWay: { readonly from: string; readonly to: string } | null;
}

/**
 * Health between two servers. Towards a server that is down nothing can be heard: that is said without
 * alarm, because the server is the trouble and not one more cable.
 */
export function pairHealth(
  path: PathState,
  one: string,
  other: string,
  down: ReadonlySet<string>,
): PairHealth {
  const there = path.pairs.find((pair) => pair.from === one && pair.to === other);
  const back = path.pairs.find((pair) => pair.from === other && pair.to === one);
  const states = [there?.state ?? "unknown", back?.state ?? "unknown"] as const;
  const isDown = down.has(one) || down.has(other);
  const isWell = states[0] === "normal" && states[1] === "normal";
  if (isDown && !isWell) return { word: NO_SIGNAL_WORD, oneWay: null };
  if (states[0] === states[1]) return { word: PATH_WORDS[states[0]], oneWay: null };
  if (states.includes("faulty") && states.includes("normal")) {
    const alive = states[0] === "normal" ? { from: one, to: other } : { from: other, to: one };
    return { word: ONE_WAY_WORD, oneWay: alive };
  }
  return { word: PATH_WORDS[states.includes("faulty") ? "faulty" : "unknown"], oneWay: null };
}

/** Health of the disk path of one server. */
export function diskHealth(path: PathState, server: string, down: ReadonlySet<string>): Word {
  const pair = path.pairs.find(({ from }) => from === server);
  if (down.has(server) && pair?.state !== "normal") return NO_SIGNAL_WORD;
  // Each server watches its own way to the array; who tells the picture knows no other.
  return pair === undefined ? NOT_TOLD_WORD : PATH_WORDS[pair.state];
}

/** What one direction is called in a table. */
export function directionWord(pair: Pair, down: ReadonlySet<string>): Word {
  const isDown = down.has(pair.from) || down.has(pair.to);
  return isDown && pair.state !== "normal" ? NO_SIGNAL_WORD : PATH_WORDS[pair.state];
}

/** Names of the servers that are not heard. */
export function downServers(servers: readonly Kept<NodeState>[]): ReadonlySet<string> {
  return new Set(
    servers.filter(({ value }) => value.state === "off").map(({ value }) => value.name),
  );
}

/**
 * Health of one server's port on a path with many servers. Pairs with a server that is down say nothing
 * about the cable; a fault with most of the others is this port's, with a few it is theirs.
 */
export function portTone(path: PathState, server: string, down: ReadonlySet<string>): Tone {
  if (down.has(server)) return "quiet";
  const own = path.pairs.filter((pair) => concerns(path, pair, server, down));
  if (own.length === 0) return "quiet";
  const faulty = own.filter((pair) => pair.state === "faulty").length;
  if (faulty * 2 > own.length) return "bad";
  if (faulty > 0) return "warn";
  return own.some((pair) => pair.state === "unknown") ? "warn" : "calm";
}

function concerns(path: PathState, pair: Pair, server: string, down: ReadonlySet<string>): boolean {
  if (path.kind === "disk") return pair.from === server;
  if (pair.from !== server && pair.to !== server) return false;
  return !down.has(pair.from) && !down.has(pair.to);
}
