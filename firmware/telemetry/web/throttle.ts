/**
 * Makes guessing slow: per address and per user the wait doubles with every wrong attempt. Pure; time is a
 * parameter. An attempt counts when it begins, so that a hundred at once are not a hundred free guesses.
 * An address from which a user has logged in before is exempt from that user's wait: a stranger's
 * guesses must not lock the administrator out. Source: issue 3 item 7; OWASP ASVS 5 6.3.1.
 */

export interface Attempts {
  readonly count: number;
  readonly lastMs: number;
}

/** Wrong attempts that cost nothing: people mistype. */
const FREE_ATTEMPTS = 4;
const FIRST_WAIT_MS = 1_000;
/** Both stay short enough for an operator in trouble, because others can cause them (NAT, same machine). */
const USER_WAIT_MS_MAX = 30_000;
const ADDRESS_WAIT_MS_MAX = 60_000;
/** Forgotten when nothing was tried for so long; longer than the longest wait. */
const FORGET_MS = 60 * 60_000;
/** Addresses kept; the one quiet for longest goes first. */
const ADDRESSES_MAX = 4_096;
/** Users (64), buckets of unknown names (256), setup. */
const USERS_MAX = 512;
const KNOWN_MAX = 1_024;

export interface Permit {
  /** Milliseconds to wait; 0 = go on, the attempt is counted. */
  readonly waitMs: number;
}

export interface Throttle {
  /** Asks for one attempt of `user` from `address`. */
  begin(address: string, user: string, nowMs: number): Permit;
  /** The attempt was right: it counts no more, and the user's count ends. */
  succeed(address: string, user: string): void;
  /** Nothing was decided (too busy, file damaged): the attempt counts no more. */
  withdraw(address: string, user: string): void;
  readonly size: number;
}

/** In memory alone and bounded; `nowMs` of its calls is monotonic. */
export function createThrottle(): Throttle {
  const addresses = new Map<string, Attempts>();
  const users = new Map<string, Attempts>();
  const known = new Set<string>();
  const pair = (address: string, user: string): string => `${user}\n${address}`;
  return {
    begin(address, user, nowMs) {
      const exempt = known.has(pair(address, user));
      const waitMs = Math.max(
        waitOf(addresses.get(address), ADDRESS_WAIT_MS_MAX, nowMs),
        exempt ? 0 : waitOf(users.get(user), USER_WAIT_MS_MAX, nowMs),
      );
      if (waitMs > 0) return { waitMs };
      count(addresses, address, ADDRESSES_MAX, nowMs);
      if (!exempt) count(users, user, USERS_MAX, nowMs);
      return { waitMs: 0 };
    },
    succeed(address, user) {
      uncount(addresses, address);
      users.delete(user);
      known.delete(pair(address, user));
      known.add(pair(address, user));
      dropOldest(known, KNOWN_MAX);
    },
    withdraw(address, user) {
      uncount(addresses, address);
      if (!known.has(pair(address, user))) uncount(users, user);
    },
    get size() {
      return addresses.size + users.size + known.size;
    },
  };
}

/** Wait after `count` wrong attempts, ms: 0 for the free ones, then 1 s doubled each time. */
export function waitAfter(count: number, maxMs: number): number {
  if (count < FREE_ATTEMPTS) return 0;
  return Math.min(maxMs, FIRST_WAIT_MS * 2 ** Math.min(30, count - FREE_ATTEMPTS));
}

function waitOf(attempts: Attempts | undefined, maxMs: number, nowMs: number): number {
  if (attempts === undefined || nowMs - attempts.lastMs > FORGET_MS) return 0;
  return Math.max(0, attempts.lastMs + waitAfter(attempts.count, maxMs) - nowMs);
}

function count(table: Map<string, Attempts>, key: string, max: number, nowMs: number): void {
  const old = table.get(key);
  const fresh = old === undefined || nowMs - old.lastMs > FORGET_MS;
  table.delete(key);
  table.set(key, { count: (fresh ? 0 : old.count) + 1, lastMs: nowMs });
  dropOldest(table, max);
}

function uncount(table: Map<string, Attempts>, key: string): void {
  const old = table.get(key);
  if (old === undefined) return;
  if (old.count <= 1) table.delete(key);
  else table.set(key, { ...old, count: old.count - 1 });
}

/** Both tables are kept in order of use, so the first entry is the one quiet for longest. */
function dropOldest(table: Map<string, unknown> | Set<string>, max: number): void {
  while (table.size > max) {
    const [oldest] = table.keys();
    if (oldest === undefined) return;
    table.delete(oldest);
  }
}
