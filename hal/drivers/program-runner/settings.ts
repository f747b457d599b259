/**
 * What a program runner is told, with its defaults, and where things of one program lie.
 * Intuition: two cgroup folders per program, because the parent of the next run is parked while
 * this one runs: killing the folder of the one must not touch the other, and moving a process
 * between folders at the start would cost what parking saves.
 * Source: architecture.md 2; protocol.md P2, P3; kernel cgroup-v2.rst.
 */
import { join } from "node:path";
import { assert } from "../../base/assert.ts";
import { inheritedEnvironment } from "./environment.ts";
import { placeRecord, type RecordPlace, toSegment } from "./record.ts";

export interface ProgramRunnerOptions {
  /** Absolute; run records go to `<runDir>/programs`. Should be in memory (tmpfs). */
  readonly runDir: string;
  /** Absolute; output goes to `<stateDir>/log/<group>-<resource>.log`. */
  readonly stateDir: string;
  /** This server's name (KAGE_SERVER). */
  readonly server: string;
  /** From `detectCgroupRoot()`; null = sessions and cookies only. */
  readonly cgroupRoot: string | null;
  /** Hears of trouble that changes no answer, e.g. output that goes nowhere. */
  readonly report: (text: string) => void;
  /**
   * What programs inherit; default: PATH, HOME, USER, LANG, LC_ALL, TZ, TMPDIR, KAGE_TREE of this
   * process.
   */
  readonly baseEnv?: Readonly<Record<string, string>>;
  /** Working folder of programs, default `/`. */
  readonly cwd?: string;
  /** Output file limit, bytes, default 1 MiB; one older part of the same size is kept. */
  readonly logLimitBytes?: number;
  /** Time for KILL to be effective, ms, default 2000. */
  readonly killTimeoutMs?: number;
  /**
   * From a start or stop until the parent of the next run is parked, ms, default 200; null = only
   * on `prepare`.
   */
  readonly parkDelayMs?: number | null;
}

const LOG_LIMIT_BYTES = 1024 * 1024;
const KILL_TIMEOUT_MS = 2000;
/**
 * Spawning takes the time of whoever starts or stops just then: the rest of its group comes first.
 */
const PARK_DELAY_MS = 200;

export interface Settings {
  readonly runDir: string;
  readonly server: string;
  readonly report: (text: string) => void;
  readonly cwd: string;
  readonly logLimitBytes: number;
  readonly killTimeoutMs: number;
  readonly parkDelayMs: number | null;
  baseEnv(): Readonly<Record<string, string>>;
  place(group: string, resource: string): RecordPlace;
  /** Both cgroup folders of a program, empty without cgroups. */
  cgroups(place: RecordPlace): readonly string[];
  logPath(group: string, resource: string): string;
}

/** The options with every default filled in. */
export function settle(options: ProgramRunnerOptions): Settings {
  const { runDir, stateDir, server, cgroupRoot, report } = options;
  assert(runDir.startsWith("/") && stateDir.startsWith("/"), "absolute folders");
  return {
    runDir,
    server,
    report,
    cwd: options.cwd ?? "/",
    logLimitBytes: options.logLimitBytes ?? LOG_LIMIT_BYTES,
    killTimeoutMs: options.killTimeoutMs ?? KILL_TIMEOUT_MS,
    parkDelayMs: options.parkDelayMs === undefined ? PARK_DELAY_MS : options.parkDelayMs,
    baseEnv: () => options.baseEnv ?? inheritedEnvironment(),
    place: (group, resource) => placeRecord(runDir, server, group, resource),
    cgroups: ({ cgroupName }) =>
      cgroupRoot === null ? [] : ["0", "1"].map((n) => join(cgroupRoot, `${cgroupName}+${n}`)),
    logPath: (group, resource) =>
      join(stateDir, "log", `${toSegment(group)}-${toSegment(resource)}.log`),
  };
}
