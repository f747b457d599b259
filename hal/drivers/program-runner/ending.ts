/**
 * Ends a program with everything it brought into the world and proves that nothing is left.
 * Intuition: the order "stopped" lets another server start the same group, so a survivor that still
 * holds a port or a file is a second owner. Three nets: the recorded processes with their session,
 * the cookie in the environment, the cgroup.
 * Source: requirement R44; protocol.md 1.4.7 (a failed stop is an emergency), P2.
 */
import {
  findByEnvironment,
  isAlive,
  type ProcessIdentity,
  type ProcessStat,
  readProcess,
  signalProcess,
  waitUntilEmpty,
  withRelatives,
} from "../process-tree/process-tree.ts";
import { killCgroup, listCgroup } from "./cgroup.ts";

export interface Ending {
  /** Recorded processes; those that have ended or whose pid was recycled are ignored. */
  readonly recorded: readonly ProcessIdentity[];
  readonly cookie: string;
  /** Environment variable that holds the cookie, default KAGE_PROGRAM. */
  readonly variable?: string;
  readonly cgroups: readonly string[];
  /** Nothing of the program is older (clock ticks since boot); 0 = not known. */
  readonly sinceTicks: number;
  /** Parked for the next run, so not of this one: left alone. It is in none of `cgroups`. */
  readonly spared: ProcessIdentity | null;
}

export interface Ended {
  /** Pids that survived KILL; empty = all gone. */
  readonly left: readonly number[];
  /** KILL was needed. */
  readonly killed: boolean;
}

/** Everything of this program that lives. */
export function findProgram(ending: Ending): ProcessStat[] {
  const isSpared = ({ pid }: ProcessStat): boolean => pid === ending.spared?.pid;
  const roots = new Map<number, ProcessStat>();
  const add = (stat: ProcessStat | null): void => {
    if (stat === null || isSpared(stat)) return;
    if (stat.pid !== process.pid && isAlive(stat)) roots.set(stat.pid, stat);
  };
  for (const who of ending.recorded) if (isAlive(who)) add(readProcess(who.pid));
  const entries = [`${ending.variable ?? "KAGE_PROGRAM"}=${ending.cookie}`];
  for (const stat of findByEnvironment(entries, ending.sinceTicks)) add(stat);
  for (const pid of ending.cgroups.flatMap(listCgroup)) add(readProcess(pid));
  return withRelatives([...roots.values()]).filter((stat) => !isSpared(stat));
}

/** TERM to all, wait `stopTimeoutMs` (0 = KILL at once), KILL, verify within `killTimeoutMs`. */
export async function endProgram(
  ending: Ending,
  stopTimeoutMs: number,
  killTimeoutMs: number,
): Promise<Ended> {
  let known: readonly ProcessStat[] = findProgram(ending);
  if (known.length === 0) return { left: [], killed: false };
  if (stopTimeoutMs > 0) {
    const asked = new Set<number>();
    const ask = (stats: readonly ProcessStat[]): void => {
      for (const stat of stats) {
        if (asked.has(stat.pid)) continue;
        asked.add(stat.pid);
        signalProcess(stat, "SIGTERM");
      }
    };
    ask(known);
    // The whole host is searched only when all known ones are gone: they may have left children
    // behind.
    const look = (): readonly ProcessStat[] => {
      known = known.filter(isAlive);
      if (known.length === 0) known = findProgram(ending);
      return known;
    };
    known = await waitUntilEmpty(look, stopTimeoutMs, ask);
    if (known.length === 0) return { left: [], killed: false };
  }
  const kill = (stats: readonly ProcessStat[]): void => {
    for (const cgroup of ending.cgroups) killCgroup(cgroup);
    for (const stat of stats) signalProcess(stat, "SIGKILL");
  };
  kill(known);
  const left = await waitUntilEmpty(() => findProgram(ending), killTimeoutMs, kill);
  return { left: left.map((stat) => stat.pid), killed: true };
}
