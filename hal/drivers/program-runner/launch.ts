/**
 * The small parent of one program, seen from the agent: spawned, parked, told to go, heard to
 * exec. The parent leads a session of its own and holds nothing of the agent but the socket of
 * fd 3, which the program does not get: the agent may die at any instant. Before the word to go
 * that ends the parent too; after it the program belongs to the parent alone.
 * Source: architecture.md 2; protocol.md P3, P4.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { isAlive, type ProcessIdentity, readProcess } from "../process-tree/process-tree.ts";
import {
  GO,
  NO_CGROUP,
  PARENT_SCRIPT,
  PARKED,
  parseRecordLine,
  type RecordLine,
} from "./parent-script.ts";

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

type Failed = { readonly kind: "failed"; readonly detail: string };

export type Parked =
  /** It waits for its word; nothing is on record. */
  { readonly kind: "parked"; readonly identity: ProcessIdentity } | Failed;

export type Launched =
  | {
      readonly kind: "launched";
      readonly program: RecordLine;
      /** Null when it was killed meanwhile. */
      readonly parent: ProcessIdentity | null;
      readonly inCgroup: boolean;
    }
  | Failed;

/**
 * A shell that has not come to the exec by then never will; twenty times the worst seen under load.
 */
const REPORT_TIMEOUT_MS = 3000;
/** Three short lines at most. */
const REPORT_MAX_BYTES = 256;

export class Parent {
  /** The shell's status when it has ended; null = killed by a signal, or it never was. */
  readonly ended: Promise<number | null>;
  readonly #order: Launch;
  readonly #child: ChildProcess;
  readonly #link: Socket | undefined;
  #identity: ProcessIdentity | null = null;
  #report = "";
  #failure: string | null = null;
  #heard: () => void = () => undefined;

  /** Throws the system's error when nothing can be spawned at all, e.g. ENOMEM. */
  constructor(order: Launch) {
    this.#order = order;
    const { KAGE_GROUP: group = "", ...env } = order.env;
    const places = [order.recordDir, order.cgroup ?? "", group];
    const args = ["-c", PARENT_SCRIPT, "kage-program", ...places, order.executable];
    const output = order.outputFd ?? "ignore";
    const child = spawn("/bin/sh", [...args, ...order.argv.slice(1)], {
      cwd: order.cwd,
      env,
      detached: true,
      stdio: ["ignore", output, output, "pipe"],
    });
    child.unref();
    this.#child = child;
    // Without descriptors left (EMFILE) there is no stdio at all, only the error event.
    this.#link = child.stdio?.[3] as Socket | undefined;
    this.#link?.unref();
    this.#link?.on("error", (error) =>
      this.#fail(`word to the program's parent: ${error.message}`),
    );
    this.#link?.on("data", (part: Buffer) => {
      this.#report += part.toString("latin1");
      if (this.#report.length > REPORT_MAX_BYTES) this.#fail("the program's parent said nonsense");
      this.#heard();
    });
    child.once("error", (error) => {
      this.#fail(`/bin/sh: ${error.message}; expected a POSIX shell there`);
    });
    this.ended = new Promise((resolve) => {
      child.once("close", (status) => {
        const why = `run record not written (status ${status}); is the folder full?`;
        this.#fail(`${order.recordDir}: ${why}`);
        resolve(status);
      });
    });
  }

  /** False when it cannot take the word any more. Looks at the process, not at what was heard. */
  get isWaiting(): boolean {
    return this.#failure === null && this.#identity !== null && isAlive(this.#identity);
  }

  /** Resolves when everything before the word is done. */
  async parked(): Promise<Parked> {
    const failed = await this.#until(() => this.#report.includes(PARKED));
    if (failed !== null) return failed;
    this.#identity = this.#own();
    if (this.#identity !== null) return { kind: "parked", identity: this.#identity };
    return { kind: "failed", detail: `${this.#order.recordDir}: the parked parent was killed` };
  }

  /** At any time, once. Resolves when the program is about to be executed. */
  async go(): Promise<Launched> {
    this.#link?.write(GO);
    const program = (): RecordLine | null =>
      parseRecordLine(this.#report.slice(this.#report.indexOf(PARKED) + PARKED.length));
    const failed = await this.#until(() => this.#report.includes(PARKED) && program() !== null);
    const found = program();
    if (failed !== null || found === null) return failed ?? { kind: "failed", detail: "no report" };
    this.#link?.destroy();
    const inCgroup = this.#order.cgroup !== null && !this.#report.startsWith(NO_CGROUP);
    return { kind: "launched", program: found, parent: this.#identity ?? this.#own(), inCgroup };
  }

  /** Ends a parent that has no program: parked, or failed. */
  end(): void {
    this.#link?.destroy();
    this.#child.kill("SIGKILL");
  }

  #own(): ProcessIdentity | null {
    return this.#child.pid === undefined ? null : readProcess(this.#child.pid);
  }

  #fail(detail: string): void {
    this.#failure ??= detail;
    this.#heard();
  }

  /** Null when `holds` has come true. */
  #until(holds: () => boolean): Promise<Failed | null> {
    return new Promise((resolve) => {
      const settle = (result: Failed | null): void => {
        clearTimeout(timer);
        this.#heard = () => undefined;
        resolve(result);
      };
      const timer = setTimeout(() => {
        this.end();
        const what = `/bin/sh did not answer within ${REPORT_TIMEOUT_MS} ms`;
        settle({ kind: "failed", detail: `${what}; is the host overloaded?` });
      }, REPORT_TIMEOUT_MS);
      this.#heard = () => {
        if (holds()) settle(null);
        else if (this.#failure !== null) settle({ kind: "failed", detail: this.#failure });
      };
      this.#heard();
    });
  }
}
