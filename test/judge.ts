/**
 * Decides what one test file's run is worth: from its output, its exit and how it ended to
 * passed, failed, skipped. Nothing is trusted that uvu is known to get wrong: no summary, no
 * test, a handle that keeps the process alive and a promise that never settles are failures, each
 * with a sentence that says what to do (style 4.5).
 */

export interface Sum {
  passed: number;
  failed: number;
  skipped: number;
}

export interface FileRun {
  readonly path: string;
  /** stdout and stderr as they came, without colours. */
  readonly output: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why the runner ended it; null = it ended by itself. */
  readonly stopped: "timeout" | "leak" | null;
  readonly tookMs: number;
}

export interface FileResult {
  readonly path: string;
  readonly sum: Readonly<Sum>;
  readonly skips: readonly string[];
  /** Faults of the file itself, beside the tests that failed. */
  readonly problems: readonly string[];
  readonly output: string;
  readonly tookMs: number;
}

/** Reasons that are no surprise on a build machine; anything else skipped there is a failure. */
const expectedSkips: readonly RegExp[] = [
  // A fault that only the virtual cabinet can make; the rack stage runs the same scenario.
  /^rack only: /,
];

export const sumLine = (sum: Readonly<Sum>): string =>
  `${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`;

/**
 * `ci` is the value of the environment variable CI; "true" turns an unexpected skip into a
 * failure.
 */
export function judge(run: FileRun, ci: string | undefined): FileResult {
  const { total, passed, skipped } = uvuCounts(run.output);
  const skips = [...run.output.matchAll(/^(?:[•✘] )*# skip (.+)$/gm)].map(
    (match) => match[1] ?? "",
  );
  const problems: string[] = [];
  if (run.stopped === "timeout") {
    problems.push(
      "did not end within its deadline and was killed: look for an event that never comes",
    );
  } else if (run.stopped === "leak") {
    problems.push("its tests ended but the process did not: close every socket, timer and child");
  } else if (total === null) {
    problems.push("no summary: test.run() is missing at the end of the file, or it died before");
  } else if (total === 0 && skips.length === 0) {
    problems.push("contains no test");
  } else if ((run.code !== 0 || run.signal !== null) && total === passed) {
    problems.push(`all tests passed but the process ended with ${run.signal ?? run.code}`);
  }
  if (ci === "true") {
    for (const reason of skips) {
      if (!expectedSkips.some((pattern) => pattern.test(reason))) {
        problems.push(`skipped on the build machine: ${reason}`);
      }
    }
    if (skipped > 0)
      problems.push("test.skip on the build machine: run it, or print # skip REASON");
  }
  const failed = (total ?? 0) - (passed ?? 0) + problems.length;
  return {
    path: run.path,
    sum: { passed: passed ?? 0, failed, skipped: skipped + skips.length },
    skips,
    problems,
    output: run.output,
    tookMs: run.tookMs,
  };
}

/** Sums of all summaries in the output (a file has one); nulls when there is none. */
function uvuCounts(output: string): {
  total: number | null;
  passed: number | null;
  skipped: number;
} {
  const summary = /^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)\n {2}Duration: /m;
  const found = summary.exec(output);
  if (found === null) return { total: null, passed: null, skipped: 0 };
  return { total: Number(found[1]), passed: Number(found[2]), skipped: Number(found[3]) };
}
