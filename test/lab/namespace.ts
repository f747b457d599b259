/**
 * A network namespace that lives as long as this process holds it: the switch, or a client.
 * One process inside reads our end of a pipe; when the pipe closes - orderly or because we were killed - it ends and
 * the kernel removes the namespace with all its wires. A second one is a kept-open `ip -batch`, so that several
 * cables change in one write, 0.3 ms apart at most. Source: network_namespaces(7), ip(8).
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { readlinkSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { gone, readProc, until } from "./command.ts";

const UP_WITHIN_MS = 5_000;
/** A batch of a dozen lines takes 1 ms; a host under stress is given this long. */
const BATCH_WITHIN_MS = 10_000;

type Batcher = ChildProcessByStdio<Writable, Readable, Readable>;

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
  await until("a network namespace (root is needed)", UP_WITHIN_MS, () => {
    if (holder.exitCode !== null) throw new Error("unshare --net failed: root is needed");
    const inside = readProc(`/proc/${pid}/comm`) === "cat\n";
    return inside && readlinkSync(`/proc/${pid}/ns/net`) !== ownNet ? true : null;
  });
  const enter = ["nsenter", `--net=/proc/${pid}/ns/net`, "--"];
  const batcher = openBatcher(enter, env);
  const ns: NetNamespace = {
    pid,
    enter,
    batch: (lines) => batch(batcher, lines),
    close: async () => {
      batcher.stdin.end();
      holder.stdin.end();
      await Promise.all([gone(batcher), gone(holder)]);
    },
  };
  await ns.batch(["link set lo up"]);
  return ns;
}

function openBatcher(enter: readonly string[], env: Readonly<Record<string, string>>): Batcher {
  const [tool = "", ...args] = [...enter, "ip", "-batch", "-"];
  const batcher = spawn(tool, args, {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  batcher.stdout.setEncoding("utf8");
  batcher.stderr.setEncoding("utf8");
  batcher.stdin.on("error", () => batcher.kill("SIGKILL"));
  return batcher;
}

/**
 * `ip` prints nothing for a change, so every batch ends with a question about the loopback; its answer says that all
 * before it is done. At an error `ip` ends, and the exit is the answer.
 */
function batch(batcher: Batcher, lines: readonly string[]): Promise<void> {
  return new Promise((done, fail) => {
    let complaint = "";
    let answer = "";
    const finish = (error: Error | null): void => {
      clearTimeout(deadline);
      batcher.stdout.off("data", hear);
      batcher.stderr.off("data", hearComplaint);
      batcher.off("close", ended);
      if (error === null) done();
      else fail(error);
    };
    const hear = (chunk: string): void => {
      answer += chunk;
      if (/link\/loopback.*\n/.test(answer)) finish(null);
    };
    const hearComplaint = (chunk: string): void => {
      complaint += chunk;
    };
    const ended = (): void =>
      finish(new Error(`ip -batch: ${complaint.trim()} in: ${lines.join("; ")}`));
    const deadline = setTimeout(
      () => finish(new Error(`ip -batch did not answer: ${lines.join("; ")}`)),
      BATCH_WITHIN_MS,
    );
    batcher.stdout.on("data", hear);
    batcher.stderr.on("data", hearComplaint);
    batcher.once("close", ended);
    if (batcher.exitCode !== null) ended();
    else batcher.stdin.write(`${lines.join("\n")}\nlink show dev lo\n`);
  });
}
