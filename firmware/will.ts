/**
 * The last will: what must be gone from this host when it gives up, and the executor that makes it
 * so.
 * Intuition: a dying owner does not ask, wait or hope. First whoever could undo the work (agent,
 * disk process), then the addresses (clients stop coming), then the programs; each proved by
 * looking, not by an answer.
 * Order and proof only: switching off, or no longer feeding the watchdog, is the caller's next
 * step. Needs nothing from a disk: signals, /proc, and the pipe of an address process that runs
 * already. Run records are read beside the way and only used if they arrive. A service that a script has
 * loaded is the exception: only its manager can end it, so the will is overdue until that has said so.
 * Source: architecture.md 2 (last will); protocol.md 1.3.7, P1, P2.
 */

import {
  findByEnvironment,
  isAlive,
  type ProcessIdentity,
  type ProcessStat,
  readProcess,
  signalProcess,
  withRelatives,
} from "../hal/drivers/process-tree/process-tree.ts";
import { killCgroup, listCgroup } from "../hal/drivers/program-runner/cgroup.ts";
import { livingOf, readRecord } from "../hal/drivers/program-runner/record.ts";
import type { AddressPort } from "../hal/ports/host.ts";
import { type LoadRecord, listRecordFolders, readLoadRecord } from "./agent/load-record.ts";
import { endService, serviceEnd } from "./agent/service-watch.ts";

export interface WillProgram {
  /** Run record of the program runner. */
  readonly recordDir: string;
  /** Value of KAGE_PROGRAM. */
  readonly cookie: string;
  /** Its cgroup v2 folder; null or absent = none. */
  readonly cgroup?: string | null;
  /** Environment variable that holds the cookie, default KAGE_PROGRAM. */
  readonly variable?: "KAGE_PROGRAM" | "KAGE_SCRIPT";
}

/** May name more than runs: what is not there is gone already. */
export interface Will {
  readonly groups: readonly {
    readonly name: string;
    readonly programs: readonly WillProgram[];
    readonly addresses: readonly string[];
  }[];
  /**
   * Killed first. `startTime` is field 22 of /proc/pid/stat; a pid with another one is left alone.
   */
  readonly kill: readonly {
    readonly pid: number;
    readonly startTime: number;
    readonly role: string;
  }[];
  /** Where the records of services lie that scripts have loaded; absent = there are no scripts. */
  readonly services?: WillServices;
}

export interface WillServices {
  /** Folder of the records of each group's programs. */
  readonly folders: readonly string[];
  /** Only what was loaded in this boot counts. */
  readonly host: string;
  readonly runDir: string;
}

export type WillLeft =
  | { readonly kind: "service"; readonly detail: string }
  | { readonly kind: "process"; readonly pid: number; readonly what: string }
  | { readonly kind: "address"; readonly address: string; readonly detail: string };

export type WillOutcome =
  | { readonly kind: "completed"; readonly tookMs: number }
  | { readonly kind: "overdue"; readonly left: readonly WillLeft[] };

export interface WillPorts {
  readonly addresses: Pick<AddressPort, "down">;
}

/** Between two looks at what is left. */
const LOOK_INTERVAL_MS = 4;
/** No name of a service. */
const READING = "";
/** Between two tries to take an address off, or to end a service, after a refusal. */
const RETRY_INTERVAL_MS = 20;
/**
 * Run records lie in memory and take milliseconds even on a busy host; the killing goes on meanwhile, only
 * the word "completed" waits, and not for a folder that hangs.
 */
const RECORD_WAIT_MS = 100;
/**
 * A start that the agent had begun in the instant it was killed is a process without cookie between
 * fork and exec. After this time it has its cookie, and the last look finds it.
 */
const LATE_START_MS = 12;

/**
 * Carries out `will`. Idempotent; never rejects; an entry that names the caller itself is skipped.
 * `deadlineMs` is a duration from now: what is not proved gone by then is `left`, and nothing is
 * awaited longer.
 */
export async function executeWill(
  will: Will,
  ports: WillPorts,
  deadlineMs: number,
): Promise<WillOutcome> {
  const beganAtMs = performance.now();
  const isOver = (): boolean => performance.now() - beganAtMs >= deadlineMs;
  const keepers = will.kill
    .map(({ pid, startTime, role }) => ({ pid, startTicks: startTime, role }))
    .filter(({ pid }) => pid !== process.pid);
  for (const keeper of keepers) signalProcess(keeper, "SIGKILL");
  const addresses = beginAddresses(will, ports, isOver);
  const services = beginServices(will.services, deadlineMs, isOver);
  const programs = will.groups.flatMap((group) => group.programs);
  const records = beginRecords(programs);
  let emptySinceMs = Number.POSITIVE_INFINITY;
  for (;;) {
    for (const keeper of keepers) signalProcess(keeper, "SIGKILL");
    const found = killPrograms(programs, records.living);
    const keepersLeft = keepers.filter(isAlive);
    const nowMs = performance.now();
    if (keepersLeft.length > 0 || found.length > 0) emptySinceMs = Number.POSITIVE_INFINITY;
    else emptySinceMs = Math.min(emptySinceMs, nowMs);
    const isRead = !records.isPending || nowMs - beganAtMs >= RECORD_WAIT_MS;
    const isSettled = isRead && nowMs - emptySinceMs >= (keepers.length > 0 ? LATE_START_MS : 0);
    if (isSettled && addresses.left.size === 0 && services.left.size === 0) {
      return { kind: "completed", tookMs: performance.now() - beganAtMs };
    }
    if (isOver()) {
      // What was found above may have died of the KILL since: one more look decides.
      const rest = killPrograms(programs, records.living);
      const left = listLeft(keepers.filter(isAlive), rest, addresses.left);
      for (const detail of services.left.values()) left.push({ kind: "service", detail });
      if (left.length > 0) return { kind: "overdue", left };
      return { kind: "completed", tookMs: performance.now() - beganAtMs };
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS));
  }
}

/**
 * All at once; their order among each other does not matter. `left` shrinks as they are read back.
 * A refused one is asked for again until `isOver`: the tool may have died and the next one may do
 * it.
 */
function beginAddresses(
  will: Will,
  ports: WillPorts,
  isOver: () => boolean,
): { readonly left: ReadonlyMap<string, string> } {
  const left = new Map<string, string>();
  const drop = (address: string): void => {
    const isDown = (): boolean => left.delete(address);
    const refuse = (error: unknown): void => {
      left.set(address, String(error));
      if (!isOver()) setTimeout(drop, RETRY_INTERVAL_MS, address);
    };
    new Promise((resolve) => resolve(ports.addresses.down(address))).then(isDown, refuse);
  };
  for (const address of will.groups.flatMap((group) => group.addresses)) {
    if (left.has(address)) continue;
    left.set(address, "not read back as absent yet");
    drop(address);
  }
  return { left };
}

/**
 * Services are their manager's children: it is asked to kill them, again and again until it says that they
 * are gone or the time is over. `left` holds an entry from the first moment until everything is known.
 */
function beginServices(
  services: WillServices | undefined,
  deadlineMs: number,
  isOver: () => boolean,
): { readonly left: ReadonlyMap<string, string> } {
  const left = new Map<string, string>();
  if (services === undefined) return { left };
  const end = async (record: LoadRecord): Promise<void> => {
    const service = serviceEnd(record, services.runDir);
    const trouble = await endService({ ...service, how: "crush", timeoutMs: deadlineMs });
    if (trouble === null) return void left.delete(service.name);
    left.set(service.name, trouble);
    if (!isOver()) setTimeout(() => void end(record), RETRY_INTERVAL_MS);
  };
  const begin = async (): Promise<void> => {
    for (const folder of services.folders) {
      for (const dir of await listRecordFolders(folder)) {
        const record = await readLoadRecord(dir, services.host);
        const name = record?.isService === true ? (record.argv[0] ?? "") : "";
        if (record === null || name === "" || left.has(name)) continue;
        left.set(name, `service ${name}: not told to be gone yet`);
        void end(record);
      }
    }
  };
  left.set(READING, "the records of loaded services were not read yet");
  begin().then(
    () => left.delete(READING),
    (error) => left.set(READING, `the records of loaded services: ${String(error)}`),
  );
  return { left };
}

interface Records {
  readonly living: readonly ProcessIdentity[];
  readonly isPending: boolean;
}

/**
 * Reads the run records beside the way: they tell of a program that has cleared its environment.
 */
function beginRecords(programs: readonly WillProgram[]): Records {
  const living: ProcessIdentity[] = [];
  const records = { living, isPending: programs.length > 0 };
  const readings = programs.map(async ({ recordDir }) => {
    living.push(...livingOf(await readRecord(recordDir)));
  });
  // An unreadable record is as good as an absent one: cookie, session and cgroup remain.
  void Promise.allSettled(readings).then(() => {
    records.isPending = false;
  });
  return records;
}

/**
 * One pass: whoever belongs to the programs, by cookie, record, cgroup and kinship, is sent
 * SIGKILL.
 */
function killPrograms(
  programs: readonly WillProgram[],
  recorded: readonly ProcessIdentity[],
): readonly ProcessStat[] {
  if (programs.length === 0) return [];
  const roots = new Map<number, ProcessStat>();
  const add = (stat: ProcessStat | null): void => {
    if (stat !== null && stat.pid !== process.pid && isAlive(stat)) roots.set(stat.pid, stat);
  };
  for (const { cgroup } of programs) {
    if (cgroup === null || cgroup === undefined) continue;
    killCgroup(cgroup);
    for (const pid of listCgroup(cgroup)) add(readProcess(pid));
  }
  for (const who of recorded) if (isAlive(who)) add(readProcess(who.pid));
  const cookies = programs.map(({ cookie, variable }) => `${variable ?? "KAGE_PROGRAM"}=${cookie}`);
  for (const stat of findByEnvironment(cookies)) add(stat);
  const found = withRelatives([...roots.values()]);
  for (const stat of found) signalProcess(stat, "SIGKILL");
  return found;
}

function listLeft(
  keepers: readonly (ProcessIdentity & { readonly role: string })[],
  programs: readonly ProcessStat[],
  addresses: ReadonlyMap<string, string>,
): WillLeft[] {
  return [
    ...keepers.map(({ pid, role }): WillLeft => ({ kind: "process", pid, what: role })),
    ...programs.map(({ pid }): WillLeft => ({ kind: "process", pid, what: "program" })),
    ...[...addresses].map(([address, detail]): WillLeft => ({ kind: "address", address, detail })),
  ];
}
