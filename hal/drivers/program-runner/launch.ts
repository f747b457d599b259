/**
 * Starts the small parent of one program and waits until the program is about to be executed. The
 * parent leads a session of its own and holds nothing of the agent but the socket of fd 3, which
 * the program does not get: the agent may die at any instant from here on.
 * Source: architecture.md 2; protocol.md P3, P4.
 */
import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { PARENT_SCRIPT, parseRecordLine, type RecordLine } from "./parent-script.ts";

export interface Launch {
  readonly executable: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly recordDir: string;
  readonly cgroup: string | null;
  /** Descriptor for output; null = nowhere. */
  readonly outputFd: number | null;
}

export type Launched =
  | {
      readonly kind: "launched";
      readonly program: RecordLine;
      readonly inCgroup: boolean;
    }
  | { readonly kind: "failed"; readonly detail: string };

/**
 * A shell that has not come to the exec by then never will; twenty times the worst seen under load.
 */
const REPORT_TIMEOUT_MS = 3000;
/** Two short lines at most. */
const REPORT_MAX_BYTES = 256;

/** `onClose(status)` is called once when the parent has ended; null = killed by a signal. */
export function launch(order: Launch, onClose: (status: number | null) => void): Promise<Launched> {
  const output = order.outputFd ?? "ignore";
  const args = ["-c", PARENT_SCRIPT, "kage-program", order.recordDir, order.cgroup ?? ""];
  const child = spawn("/bin/sh", [...args, order.executable, ...order.argv.slice(1)], {
    cwd: order.cwd,
    env: order.env,
    detached: true,
    stdio: ["ignore", output, output, "pipe"],
  });
  child.unref();
  return new Promise((resolve) => {
    // Without descriptors left (EMFILE) there is no stdio at all, only the error event.
    const report = child.stdio?.[3] as Readable | undefined;
    let text = "";
    let settled = false;
    const settle = (result: Launched): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      report?.destroy();
      resolve(result);
    };
    const fail = (detail: string): void => settle({ kind: "failed", detail });
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      fail(
        `/bin/sh did not start the program within ${REPORT_TIMEOUT_MS} ms; is the host overloaded?`,
      );
    }, REPORT_TIMEOUT_MS);
    child.once("error", (error) => fail(`/bin/sh: ${error.message}; expected a POSIX shell there`));
    report?.on("error", (error) => fail(`report of the program's parent: ${error.message}`));
    report?.on("data", (part: Buffer) => {
      text += part.toString("latin1");
      const inCgroup = order.cgroup !== null && !text.startsWith("no-cgroup\n");
      const program = parseRecordLine(text.replace(/^no-cgroup\n/, ""));
      if (program !== null) settle({ kind: "launched", program, inCgroup });
      else if (text.length > REPORT_MAX_BYTES) fail("the program's parent reported nonsense");
    });
    child.once("close", (status) => {
      fail(`${order.recordDir}: run record not written (status ${status}); is the folder full?`);
      onClose(status);
    });
  });
}
