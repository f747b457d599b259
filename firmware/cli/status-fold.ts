/**
 * Sixteen servers on a screen of 80 columns: what is alike becomes a count, what is abnormal by itself keeps
 * its row. Names in order of the configuration; who is left out is only counted, `-o json` has all.
 * Source: ecosystem.md 3.2 (2); R1, R16, R202.
 */
import type { GroupStatus, PathStatus, ServerStatus, StatusReason } from "../../services/status.ts";
import type { Call } from "./call.ts";
import { cellWidth, printable } from "./columns.ts";

/** Reasons under one code that are told in full; the tables below name all. */
const REASONS_MAX = 3;
const POLICY_CELLS_MIN = 40;
const NAMES_MAX = 6;

export interface FoldedReason {
  readonly code: string;
  readonly text: string;
}

/** Reasons in their order; from the fourth of one code on they are one line. */
export function foldReasons(call: Call, reasons: readonly StatusReason[]): FoldedReason[] {
  const counts = new Map<string, number>();
  for (const { code } of reasons) counts.set(code, (counts.get(code) ?? 0) + 1);
  const told = new Map<string, number>();
  return reasons.flatMap(({ code, text }): FoldedReason[] => {
    const all = counts.get(code) ?? 0;
    const nth = (told.get(code) ?? 0) + 1;
    told.set(code, nth);
    if (all <= REASONS_MAX || nth < REASONS_MAX) return [{ code, text }];
    if (nth > REASONS_MAX) return [];
    const count = `${all - REASONS_MAX + 1}`;
    return [{ code, text: call.say("moreReasons", { count }) }];
  });
}

/** Servers that cannot take the group now stand in brackets; what has no room (in cells) is counted. */
export function policyText(
  call: Call,
  group: GroupStatus,
  usable: ReadonlySet<string>,
  cells: number,
): string {
  const words = group.policy.map((name) => printable(usable.has(name) ? name : `(${name})`));
  const room = Math.max(POLICY_CELLS_MIN, cells);
  const whole = words.join(" > ");
  if (cellWidth(whole) <= room) return whole;
  let shown = "";
  for (const [index, word] of words.entries()) {
    const next = index === 0 ? word : `${shown} > ${word}`;
    const rest = call.say("moreNames", { count: `${words.length - index}` });
    if (index > 0 && cellWidth(`${next} > ${rest}`) > room) return `${shown} > ${rest}`;
    shown = next;
  }
  return shown;
}

/** `SERVER1, SERVER2, +5`. */
export function namesText(call: Call, names: readonly string[]): string {
  const shown = names.slice(0, NAMES_MAX).map(printable);
  const count = names.length - shown.length;
  if (count > 0) shown.push(call.say("moreNames", { count: `${count}` }));
  return shown.join(", ");
}

/** Several directions that are one row. */
export interface DirectionRow {
  readonly paths: readonly PathStatus[];
  readonly direction: string;
}

/**
 * The abnormal directions of one path as rows. With two servers each has its own; with more, both ways of a
 * pair in the same state share one, and a server that is off is the trouble, not its cables.
 */
export function foldDirections(
  call: Call,
  abnormal: readonly PathStatus[],
  servers: readonly ServerStatus[],
): DirectionRow[] {
  const oneWay = (path: PathStatus): DirectionRow => ({
    paths: [path],
    direction: path.kind === "disk" ? path.from : `${path.from} > ${path.to}`,
  });
  if (servers.length <= 2) return abnormal.map(oneWay);
  const off = new Set(servers.filter(({ state }) => state === "off").map(({ name }) => name));
  const isDead = (path: PathStatus): boolean => off.has(path.from) || off.has(path.to);
  const dead = abnormal.filter((path) => path.kind !== "disk" && isDead(path));
  const rows: DirectionRow[] = [];
  const seen = new Set<PathStatus>();
  for (const path of abnormal) {
    if (dead.includes(path) || seen.has(path)) continue;
    const back = abnormal.find(
      ({ from, to, state }) => from === path.to && to === path.from && state === path.state,
    );
    if (back === undefined || path.kind === "disk") {
      rows.push(oneWay(path));
      continue;
    }
    seen.add(back);
    rows.push({ paths: [path, back], direction: `${path.from} <> ${path.to}` });
  }
  if (dead.length > 0) {
    const count = `${dead.length}`;
    rows.push({ paths: dead, direction: call.say("withServersOff", { count }) });
  }
  return rows;
}
