/**
 * Makes the parent of one program: everything between an order and its word to go that does not
 * depend on what ran before.
 * Source: requirement R44; architecture.md 2; protocol.md P3.
 */
import type { ProgramSpec } from "../../ports/host.ts";
import { makeCgroup } from "./cgroup.ts";
import { DEFAULT_PATH, programEnvironment } from "./environment.ts";
import { findExecutable } from "./executable.ts";
import { Parent } from "./launch.ts";
import { openLog } from "./program-log.ts";
import type { RecordPlace } from "./record.ts";
import type { Settings } from "./settings.ts";

export type Made =
  | {
      readonly kind: "made";
      readonly parent: Parent;
      readonly cgroup: string | null;
      readonly outputLost: boolean;
    }
  | { readonly kind: "failed"; readonly detail: string };

export interface Making {
  readonly spec: ProgramSpec;
  readonly place: RecordPlace;
  /** Made if it is not there; null = none. */
  readonly cgroup: string | null;
  /**
   * `now`: a program waits, so it starts without its output if it must, and a large log is put
   * aside. `later`: another run may write that log, so it stays, and output cannot be lost.
   */
  readonly runs: "now" | "later";
}

/** Equal for orders that one parked parent serves alike. */
export function orderKey(spec: ProgramSpec, place: RecordPlace, settings: Settings): string {
  const env = programEnvironment(settings.baseEnv(), spec, settings.server, place.cookie);
  return JSON.stringify([spec.argv, Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

/** Failed: no such executable, or, for `later`, no log. A cgroup that cannot be made is none. */
export async function makeParent(making: Making, settings: Settings): Promise<Made> {
  const { spec, place } = making;
  const env = programEnvironment(settings.baseEnv(), spec, settings.server, place.cookie);
  const { cwd } = settings;
  const found = await findExecutable(spec.argv[0] ?? "", env["PATH"] ?? DEFAULT_PATH, cwd);
  if (found.kind === "missing") return { kind: "failed", detail: found.detail };
  const limitBytes = making.runs === "now" ? settings.logLimitBytes : Number.POSITIVE_INFINITY;
  const log = await openLog(settings.logPath(spec.group, spec.resource), limitBytes);
  if (log.kind === "failed") {
    if (making.runs === "later") return log;
    settings.report(`output is lost: ${log.detail}`);
  }
  const cgroup = making.cgroup !== null && makeCgroup(making.cgroup) ? making.cgroup : null;
  try {
    const parent = new Parent({
      executable: found.path,
      argv: spec.argv,
      env,
      cwd,
      recordDir: place.dir,
      cgroup,
      outputFd: log.kind === "opened" ? log.file.fd : null,
    });
    return { kind: "made", parent, cgroup, outputLost: log.kind === "failed" };
  } finally {
    if (log.kind === "opened") await log.file.close();
  }
}
