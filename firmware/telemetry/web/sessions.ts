/**
 * Who is logged in. Kept in memory only: a restart logs everybody out. Time is a parameter. A session
 * ends when it is idle, old, logged out, displaced, or when its user changes; whoever hangs on it (live
 * dashboards) is told. Only a hash of the token is kept, so a look at memory tables gives no cookie away.
 * Source: issue 3 item 7; OWASP ASVS 5 chapter 7.
 */
import { createHash, randomBytes } from "node:crypto";
import type { Role } from "../../../services/telemetry/model.ts";

export type EndReason = "logout" | "idle" | "old" | "displaced" | "user-changed" | "shutdown";

export interface Session {
  readonly user: string;
  readonly role: Role;
  /** Salt of the password the user logged in with: another one since then ends the session. */
  readonly stamp: string;
  /** False once ended. */
  readonly open: boolean;
  /** Called once when the session ends; the returned function takes the listener back. */
  onEnd(listener: (reason: EndReason) => void): () => void;
}

export interface SessionLimits {
  readonly sessionsMax: number;
  readonly sessionsPerUser: number;
  readonly idleMs: number;
  readonly absoluteMs: number;
}

interface Entry extends Session {
  open: boolean;
  stamp: string;
  key: string;
  readonly bornMs: number;
  usedMs: number;
  readonly listeners: Set<(reason: EndReason) => void>;
}

export interface Started {
  readonly token: string;
  readonly session: Session;
}

export type Holder = Pick<Session, "user" | "role" | "stamp">;

export interface Sessions {
  /** A new session and its cookie value; null = as many as there may be. */
  start(holder: Holder, nowMs: number): Started | null;
  /** The living session of a cookie value; null = none. Does not count as use. */
  find(token: string | null, nowMs: number): Session | null;
  /** The user did something: the idle time begins anew. */
  touch(session: Session, nowMs: number): void;
  /** Milliseconds until it ends by itself when nothing is done. */
  leftMs(session: Session, nowMs: number): number;
  end(session: Session, reason: EndReason): void;
  /**
   * The same session under another cookie value and the stamp of another password; whoever hangs on it
   * stays. null = it has ended.
   */
  renew(session: Session, stamp: string): string | null;
  /** Ends those for whom `keeps` is false. */
  endUnless(keeps: (session: Session) => boolean, reason: EndReason): void;
  /** Ends what has run out. */
  sweep(nowMs: number): void;
  readonly count: number;
}

const TOKEN_BYTES = 32;
/** base64url of 32 bytes. */
const TOKEN_SHAPE = /^[A-Za-z0-9_-]{43}$/;

/** In memory alone: a restart of the process ends them all. */
export function createSessions(limits: SessionLimits): Sessions {
  const entries = new Map<string, Entry>();

  function end(entry: Entry, reason: EndReason): void {
    if (!entry.open) return;
    entry.open = false;
    entries.delete(entry.key);
    const listeners = [...entry.listeners];
    entry.listeners.clear();
    for (const listener of listeners) listener(reason);
  }

  function outOfTime(entry: Entry, nowMs: number): EndReason | null {
    if (nowMs - entry.bornMs >= limits.absoluteMs) return "old";
    return nowMs - entry.usedMs >= limits.idleMs ? "idle" : null;
  }

  const entryOf = (session: Session): Entry | undefined =>
    [...entries.values()].find((entry) => entry === session);

  function makeRoom(user: string): boolean {
    const own = [...entries.values()].filter((entry) => entry.user === user);
    const [oldest] = own;
    if (oldest !== undefined && own.length >= limits.sessionsPerUser) end(oldest, "displaced");
    return entries.size < limits.sessionsMax;
  }

  function sweep(nowMs: number): void {
    for (const entry of [...entries.values()]) {
      const reason = outOfTime(entry, nowMs);
      if (reason !== null) end(entry, reason);
    }
  }

  return {
    start(holder, nowMs) {
      sweep(nowMs);
      if (!makeRoom(holder.user)) return null;
      const token = randomBytes(TOKEN_BYTES).toString("base64url");
      const entry = createEntry(keyOf(token), holder, nowMs);
      entries.set(entry.key, entry);
      return { token, session: entry };
    },
    find(token, nowMs) {
      if (token === null || !TOKEN_SHAPE.test(token)) return null;
      const entry = entries.get(keyOf(token));
      if (entry === undefined) return null;
      const reason = outOfTime(entry, nowMs);
      if (reason === null) return entry;
      end(entry, reason);
      return null;
    },
    touch(session, nowMs) {
      const entry = entryOf(session);
      if (entry !== undefined) entry.usedMs = nowMs;
    },
    leftMs(session, nowMs) {
      const entry = entryOf(session);
      if (entry === undefined) return 0;
      const idle = entry.usedMs + limits.idleMs - nowMs;
      return Math.max(0, Math.min(idle, entry.bornMs + limits.absoluteMs - nowMs));
    },
    end(session, reason) {
      const entry = entryOf(session);
      if (entry !== undefined) end(entry, reason);
    },
    renew(session, stamp) {
      const entry = entryOf(session);
      if (entry === undefined) return null;
      const token = randomBytes(TOKEN_BYTES).toString("base64url");
      entries.delete(entry.key);
      entry.key = keyOf(token);
      entry.stamp = stamp;
      entries.set(entry.key, entry);
      return token;
    },
    endUnless(keeps, reason) {
      for (const entry of [...entries.values()]) if (!keeps(entry)) end(entry, reason);
    },
    sweep,
    get count() {
      return entries.size;
    },
  };
}

const keyOf = (token: string): string => createHash("sha256").update(token).digest("hex");

function createEntry(key: string, holder: Holder, nowMs: number): Entry {
  const { user, role, stamp } = holder;
  const listeners = new Set<(reason: EndReason) => void>();
  return {
    ...{ key, user, role, stamp, open: true, bornMs: nowMs, usedMs: nowMs, listeners },
    onEnd(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
