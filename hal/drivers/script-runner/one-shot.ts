/**
 * Runs a script to its end, or to the end of its time, on top of the program runner: own session,
 * own cgroup where the host has one, output in a bounded file, record on disk.
 * Intuition: a script that ends says how it went; one that does not is ended with all it started. What
 * it leaves behind on purpose (a daemon) goes on: that is what start scripts are for.
 * Source: requirements R118, R166; guide 2.2.4, 3.2.3 (script timeout).
 */
import type { ProgramExit, ProgramPort, ProgramSpec } from "../../ports/host.ts";

export type OneShotEnd =
  /** `status` as of the shell; null = nobody heard it. */
  | { readonly kind: "ended"; readonly status: number | null; readonly tookMs: number }
  /** Killed at the end of its time; `left`: pids that survived even that. */
  | { readonly kind: "overdue"; readonly left: readonly number[] }
  /** It never ran. */
  | { readonly kind: "failed"; readonly detail: string };

/** Between TERM and KILL for a script whose time is over. */
export const TERM_GRACE_MS = 2000;

export class OneShots {
  readonly #programs: ProgramPort;
  readonly #waiting = new Map<string, (exit: ProgramExit) => void>();

  /** Whoever listens to the exits of `programs` passes them to `hear`. */
  constructor(programs: ProgramPort) {
    this.#programs = programs;
  }

  /** True while a script runs: its output may grow fast. */
  get isBusy(): boolean {
    return this.#waiting.size > 0;
  }

  /** True when the exit belongs to a script that is waited for. */
  hear(exit: ProgramExit): boolean {
    const heard = this.#waiting.get(keyOf(exit.group, exit.resource));
    heard?.(exit);
    return heard !== undefined;
  }

  /** `timeoutMs` counts from the order. One run per group and resource at a time. */
  async run(spec: ProgramSpec, timeoutMs: number): Promise<OneShotEnd> {
    const { group, resource } = spec;
    const key = keyOf(group, resource);
    if (this.#waiting.has(key)) return { kind: "failed", detail: `${key} runs already` };
    const beganAtMs = performance.now();
    const ended = new Promise<ProgramExit>((resolve) => this.#waiting.set(key, resolve));
    try {
      const started = await this.#programs.start(spec);
      if (started.kind === "failed") return { kind: "failed", detail: started.detail };
      if (started.kind === "already-running") {
        return { kind: "failed", detail: `${key}: an earlier run has not ended` };
      }
      const exit = await within(ended, timeoutMs - (performance.now() - beganAtMs));
      if (exit !== null) {
        const status = exit.end.kind === "status" ? exit.end.status : null;
        return { kind: "ended", status, tookMs: Math.round(performance.now() - beganAtMs) };
      }
      const stopped = await this.#programs.stop(group, resource, TERM_GRACE_MS);
      return { kind: "overdue", left: stopped.kind === "failed" ? stopped.left : [] };
    } finally {
      this.#waiting.delete(key);
    }
  }
}

const keyOf = (group: string, resource: string): string => `${group}/${resource}`;

/** Null when the time is over first. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), Math.max(0, ms));
  });
  const first = await Promise.race([promise, late]);
  clearTimeout(timer);
  return first;
}
