/**
 * A network namespace that lives as long as this process holds it: the switch, or a client. One
 * process inside reads our end of a pipe; when the pipe closes - orderly or because we were
 * killed - it ends and the kernel removes the namespace with all its wires. A second one is a
 * kept-open `ip -batch`, so that several cables change in one write, 0.3 ms apart at most.
 * Source: network_namespaces(7), ip(8).
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { readlinkSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { untilWithin } from "../deadline.ts";
import { gone, readProc } from "./command.ts";

const UP_WITHIN_MS = 5_000;
/** A batch of a dozen lines takes 1 ms; a host under stress is given this long. */
const BATCH_WITHIN_MS = 10_000;

export interface NetNamespace {
  /** A process inside: for `ip link ... netns PID`. */
  readonly pid: number;
  /** Words that run a command inside. */
  readonly enter: readonly string[];
  /** Carries out `ip` lines in order; rejects with ip's words at the first one refused. */
  batch(lines: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Boots an empty namespace with its loopback up. `env` marks its processes as this lab's. */
export async function openNamespace(env: Readonly<Record<string, string>>): Promise<NetNamespace> {
  const ownNet = readlinkSync("/proc/self/ns/net");
  const holder = spawn("unshare", ["--net", "cat"], {
    env: { ...process.env, ...env },
    stdio: ["pipe", "ignore", "inherit"],
  });
  holder.stdin.on("error", () => holder.kill("SIGKILL"));
  const pid = holder.pid;
  if (pid === undefined) throw new Error("unshare cannot be started: install util-linux");
  await untilWithin("a network namespace (root is needed)", UP_WITHIN_MS, () => {
    if (holder.exitCode !== null) throw new Error("unshare --net failed: root is needed");
    const inside = readProc(`/proc/${pid}/comm`) === "cat\n";
    return inside && readlinkSync(`/proc/${pid}/ns/net`) !== ownNet ? true : null;
  });
  const enter = ["nsenter", `--net=/proc/${pid}/ns/net`, "--"];
  const batcher = new Batcher(enter, env);
  const ns: NetNamespace = {
    pid,
    enter,
    batch: (lines) => batcher.carryOut(lines),
    close: async () => {
      holder.stdin.end();
      await Promise.all([batcher.close(), gone(holder)]);
    },
  };
  await ns.batch(["link set lo up"]);
  return ns;
}

/**
 * `ip` prints nothing for a change, so every batch ends with a question about the loopback; the
 * answers come in the order of the questions. At an error `ip` ends, and the exit is the answer to
 * all who wait.
 */
class Batcher {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting: { lines: readonly string[]; settle: (error: Error | null) => void }[] = [];
  #heard = "";
  #complaint = "";

  constructor(enter: readonly string[], env: Readonly<Record<string, string>>) {
    const [tool = "", ...args] = [...enter, "ip", "-batch", "-"];
    this.#child = spawn(tool, args, {
      env: { ...process.env, ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#child.stdin.on("error", () => this.#child.kill("SIGKILL"));
    this.#child.stdout.setEncoding("utf8").on("data", (chunk: string) => this.#hear(chunk));
    this.#child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      this.#complaint += chunk;
    });
    this.#child.once("close", () => this.#fail(this.#complaint.trim() || "it ended"));
  }

  carryOut(lines: readonly string[]): Promise<void> {
    return new Promise((done, fail) => {
      const deadline = setTimeout(() => this.#fail("no answer"), BATCH_WITHIN_MS);
      const settle = (error: Error | null): void => {
        clearTimeout(deadline);
        if (error === null) done();
        else fail(error);
      };
      this.#waiting.push({ lines, settle });
      if (this.#child.exitCode !== null) this.#fail("it has ended");
      else this.#child.stdin.write(`${lines.join("\n")}\nlink show dev lo\n`);
    });
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    await gone(this.#child);
  }

  #hear(chunk: string): void {
    this.#heard += chunk;
    for (;;) {
      const answer = /link\/loopback.*\n/.exec(this.#heard);
      if (answer === null) return;
      this.#heard = this.#heard.slice(answer.index + answer[0].length);
      this.#waiting.shift()?.settle(null);
    }
  }

  #fail(why: string): void {
    for (const { lines, settle } of this.#waiting.splice(0)) {
      settle(new Error(`ip -batch: ${why} in: ${lines.join("; ")}`));
    }
  }
}
