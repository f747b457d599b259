/**
 * The safety oracle: from the cabinet's records alone it says whether two servers ever owned one
 * floating address at the same time, and whether an old owner acted after its successor's first act.
 * Intuition: a tenure begins with an announcement and ends when the server withdraws or is off; a
 * frozen server holds nothing, but what it does after the thaw counts again, its giving up excepted.
 * Source: protocol.md 1.5 (never two win), L5 (freeze), D53; invariant "never two owners".
 */
import type { WorldRecord } from "./world.ts";

/**
 * A thawed owner may hold the address for this long, ms, without a single act: one scheduling of its
 * pulse plus the kill of its tree, which is all that "its first act is to give up" takes.
 */
export const GIVE_UP_AFTER_THAW_MS = 500;

interface Tenure {
  readonly server: string;
  readonly fromMs: number;
  toMs: number;
  /** Announcements and answers; one after a rival's start is the crime itself. */
  readonly acts: number[];
  /** Stretches in which the server was frozen. */
  readonly frozen: { fromMs: number; toMs: number }[];
  open: boolean;
}

/** One sentence per violation; empty = safe. `records` in any order. */
export function findTwoOwners(records: readonly WorldRecord[]): readonly string[] {
  const sorted = [...records].sort((a, b) => a.atMs - b.atMs);
  const addresses = new Set<string>();
  for (const r of sorted) if (r.kind === "announce") addresses.add(r.address);
  return [...addresses].flatMap((address) => rivals(address, tenuresOf(address, sorted)));
}

/** Changes of owner after `sinceMs`; a server that announces its own address again is no change. */
export function ownersSince(records: readonly WorldRecord[], sinceMs: number): readonly string[] {
  const owners: string[] = [];
  const last = new Map<string, string>();
  for (const r of [...records].sort((a, b) => a.atMs - b.atMs)) {
    if (r.kind !== "announce") continue;
    if (last.get(r.address) !== r.server && r.atMs > sinceMs) {
      owners.push(`${r.address} -> ${r.server}`);
    }
    last.set(r.address, r.server);
  }
  return owners;
}

function tenuresOf(address: string, sorted: readonly WorldRecord[]): readonly Tenure[] {
  const tenures: Tenure[] = [];
  const openOf = (server: string): Tenure | undefined =>
    tenures.find((t) => t.open && t.server === server);
  for (const r of sorted) {
    const open = openOf(r.server);
    if (r.kind === "announce" && r.address === address && open === undefined) {
      tenures.push({
        server: r.server,
        fromMs: r.atMs,
        toMs: Number.POSITIVE_INFINITY,
        acts: [r.atMs],
        frozen: [],
        open: true,
      });
      continue;
    }
    if (open !== undefined) extend(open, r, address);
  }
  return tenures;
}

function extend(tenure: Tenure, r: WorldRecord, address: string): void {
  const nap = tenure.frozen.at(-1);
  switch (r.kind) {
    case "announce":
    case "answer":
      if (r.address === address) tenure.acts.push(r.atMs);
      return;
    case "array-write":
      // Claims are written by a loser too; only its announcements and answers are ownership.
      return;
    case "withdraw":
      if (r.address !== address) return;
      tenure.toMs = r.atMs;
      tenure.open = false;
      return;
    case "power":
      tenure.toMs = r.atMs;
      tenure.open = false;
      return;
    case "freeze":
      if (r.frozen) tenure.frozen.push({ fromMs: r.atMs, toMs: Number.POSITIVE_INFINITY });
      else if (nap !== undefined) nap.toMs = r.atMs;
      return;
  }
}

function rivals(address: string, tenures: readonly Tenure[]): readonly string[] {
  const found: string[] = [];
  tenures.forEach((a, i) => {
    for (const b of tenures.slice(i + 1)) {
      if (a.server === b.server) continue;
      const crime = overlap(a, b);
      if (crime !== null) found.push(`${address}: ${crime}`);
    }
  });
  return found;
}

/** `b` began after `a`. */
function overlap(a: Tenure, b: Tenure): string | null {
  if (a.toMs <= b.fromMs) return null;
  const act = a.acts.find((t) => t > b.fromMs);
  if (act !== undefined && act <= a.toMs && act <= b.toMs) {
    const late = Math.round(act - b.fromMs);
    return `${a.server} announced or answered ${late} ms after ${b.server} began`;
  }
  const napping = a.frozen.find((nap) => nap.fromMs <= b.fromMs && nap.toMs > b.fromMs);
  if (napping === undefined) {
    const ms = Math.min(a.toMs, b.toMs) - b.fromMs;
    return `${a.server} still held it for ${Math.round(ms)} ms after ${b.server} began`;
  }
  const heldMs = Math.min(a.toMs, b.toMs) - napping.toMs;
  return heldMs > GIVE_UP_AFTER_THAW_MS
    ? `${a.server} still held it ${Math.round(heldMs)} ms after its thaw, ${b.server} owns`
    : null;
}

/**
 * Array writes of `server` after another server's first announcement of an address it held, until its
 * next power-on. Only for stories in which it may not write any more (freeze, lost claim): a server
 * whose group was moved by an order goes on writing its slot.
 */
export function findLateArrayWrites(
  records: readonly WorldRecord[],
  server: string,
): readonly string[] {
  const owner = new Map<string, string>();
  let deposedMs: number | null = null;
  const found: string[] = [];
  for (const r of [...records].sort((a, b) => a.atMs - b.atMs)) {
    if (r.kind === "power" && r.server === server) deposedMs = null;
    if (r.kind === "announce") {
      if (r.server !== server && owner.get(r.address) === server) deposedMs = r.atMs;
      owner.set(r.address, r.server);
    }
    if (r.kind === "array-write" && r.server === server && deposedMs !== null) {
      found.push(`${server} wrote to the array ${Math.round(r.atMs - deposedMs)} ms too late`);
    }
  }
  return found;
}
