/**
 * What `kage key status` shows: by id who holds which key and who seals with which, since when, and when the old
 * one goes. Never a key. Source: reliability.md 4.3; requirements D56, R138.
 */
import type { ServerIndex } from "../../hal/base/ids.ts";
import { type KeySight, type KeyState, RETIRE_MS } from "../../services/keys/core.ts";
import { ringOf } from "../../services/keys/key-set.ts";
import type { ServerContext } from "../local.ts";

export interface KeyLine {
  readonly id: string;
  readonly role: "active" | "next" | "old";
  /** ISO 8601 UTC: since when it has this role, by the clock of the server that is asked. */
  readonly since: string;
  /** When it is let go at the earliest; null = not planned. */
  readonly until: string | null;
}

export interface KeyServer {
  readonly server: string;
  /** Id of the key that it seals with; null = it is not heard, or cannot be understood. */
  readonly seals: string | null;
  /** Ids of all keys that it opens. */
  readonly holds: readonly string[];
  /** Its frames arrive and fail under every key that this server holds. */
  readonly refused: boolean;
}

export interface KeyStatus {
  readonly keys: readonly KeyLine[];
  readonly servers: readonly KeyServer[];
  /** The next key that waits for the other server or for firm contact; null = none. */
  readonly pending: string | null;
  readonly retired: string | null;
}

/** `refused`: servers whose frames fail under every key of this one. Times are ISO 8601, wall clock. */
export function drawKeyStatus(
  { config, self }: ServerContext,
  { set }: KeyState,
  see: KeySight,
  refused: readonly ServerIndex[],
): KeyStatus {
  const own = see.sealing ?? set.active.id;
  const keys = ringOf(set).map(({ id, role }): KeyLine => {
    const { old } = set;
    const until = role === "old" && old !== null ? old.sinceMs + RETIRE_MS : null;
    const sinceMs =
      (role === "active" ? set.active : role === "old" ? old : set.next)?.sinceMs ?? 0;
    return { id, role, since: iso(sinceMs), until: until === null ? null : iso(until) };
  });
  const servers = config.servers.map(({ index, name }): KeyServer => {
    if (index === self) return { server: name, seals: own, holds: [...see.held], refused: false };
    const words = see.peers.find((peer) => peer.index === index)?.words ?? null;
    const isRefused = refused.includes(index);
    if (words === null) return { server: name, seals: null, holds: [], refused: isRefused };
    const held = [words.active, ...words.others];
    return { server: name, seals: words.active, holds: held, refused: isRefused };
  });
  return { keys, servers, pending: set.next?.id ?? null, retired: set.retired };
}

const iso = (ms: number): string => new Date(ms).toISOString();
