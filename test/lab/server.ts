/**
 * One virtual server of the lab: net, pid, mount, uts and ipc namespaces of its own, born anew at
 * every power-on, so that nothing of an earlier life (address, process, socket) can survive.
 * Power off is SIGKILL of its first process after its ports went dark; freeze is SIGSTOP of every
 * process in its pid namespace. Known gap to a real machine: a frozen server's kernel still
 * answers ARP and ping. Source: pid_namespaces(7), cgroup-v2.rst, contract of the lab in
 * architecture.md 7.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { monotonicMs } from "../../hal/base/clock.ts";
import { untilWithin } from "../deadline.ts";
import { errorCode, type Finished, finish, gone, readProc } from "./command.ts";
import { INIT_SCRIPT } from "./init-script.ts";

const BOOT_WITHIN_MS = 10_000;
/** Stopping everything takes one round unless something forks meanwhile. */
const FREEZE_WITHIN_MS = 2_000;

/** One life between power-on and power-off. */
export interface Life {
  /** 16 hex digits: KAGE_HOST_INCARNATION of everything in it. */
  readonly incarnation: string;
  /** Pid of the first process as this namespace sees it. */
  readonly initPid: number;
  /** Words that run a command inside all its namespaces. */
  readonly enter: readonly string[];
  /**
   * Resolves when it switches itself off: what it had asked of the array is void from here on. Absent: it
   * cannot say so.
   */
  readonly darkened?: Promise<void>;
  /** Resolves when the last process is gone, however that came. */
  readonly ended: Promise<void>;
}

export interface ServerPlan {
  /** 1-based: last byte of its addresses, name of its ports. */
  readonly number: number;
  readonly name: string;
  /** Folder that survives power-offs: boot script, console, what the software keeps. */
  readonly folder: string;
  readonly cgroup: string | null;
  /** Bash script started at boot; its end does not end the server. */
  readonly boot: string;
  readonly env: Readonly<Record<string, string>>;
}

type Init = ChildProcess & { readonly stdin: Writable; readonly stdout: Readable };

/** Between `boot` and `wire` the caller plugs the ports in; then the boot script runs. */
export interface Booting {
  /** For `ip link ... netns PID`. */
  readonly netnsPid: number;
  wired(): Promise<Life>;
}

export async function boot(plan: ServerPlan): Promise<Booting> {
  const incarnation = randomBytes(8).toString("hex");
  if (plan.cgroup !== null) mkdirSync(plan.cgroup, { recursive: true });
  const console = join(plan.folder, "console.log");
  const consoleFd = openSync(console, "a");
  const flags = ["--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child"];
  const init = spawn(
    "unshare",
    [
      ...[...flags, "--mount-proc", "--propagation", "private", "bash", "-c", INIT_SCRIPT],
      ...["kage-init", String(plan.number), plan.name, plan.cgroup ?? "", plan.boot, console],
    ],
    {
      env: {
        ...process.env,
        ...plan.env,
        KAGE_HOST_INCARNATION: incarnation,
        KAGE_HOST_STARTED_MS: String(Math.floor(monotonicMs())),
      },
      stdio: ["pipe", "pipe", consoleFd],
      cwd: plan.folder,
    },
    // The compiler does not see that the first two are pipes when the third is a file.
  ) as Init;
  closeSync(consoleFd);
  init.stdin.on("error", () => init.kill("SIGKILL"));
  // One that did not come up must not wait for a cable that nobody plugs in.
  const heard = (wanted: string): Promise<void> =>
    word(init, wanted, plan).catch((error: unknown) => {
      init.kill("SIGKILL");
      throw error;
    });
  await heard("booted");
  const netnsPid = init.pid ?? 0;
  return {
    netnsPid,
    wired: async () => {
      const up = heard("up");
      init.stdin.write("wired\n");
      await up;
      const initPid = childOf(netnsPid);
      if (initPid === null) throw new Error(`${plan.name} died while it booted`);
      const enter = ["nsenter", "-t", String(initPid), "-n", "-m", "-u", "-i", "-p", "--"];
      return { incarnation, initPid, enter, darkened: darkened(init), ended: gone(init) };
    },
  };
}

function darkened(init: Init): Promise<void> {
  return new Promise((settle) => {
    init.stdout.on("data", (chunk: Buffer) => {
      if (chunk.includes("off\n")) settle();
    });
  });
}

function word(init: Init, wanted: string, plan: ServerPlan): Promise<void> {
  return new Promise((done, fail) => {
    let heard = "";
    const settle = (error: Error | null): void => {
      clearTimeout(deadline);
      init.stdout.off("data", hear);
      init.off("close", closed);
      if (error === null) done();
      else fail(error);
    };
    const hear = (chunk: Buffer): void => {
      heard += chunk.toString("latin1");
      if (heard.includes(`${wanted}\n`)) settle(null);
    };
    const complain = (): Error => {
      const told = readProc(join(plan.folder, "console.log")) ?? "(nothing on its console)";
      return new Error(`${plan.name} did not come to "${wanted}": ${told.slice(-500)}`);
    };
    const closed = (): void => settle(complain());
    const deadline = setTimeout(() => settle(complain()), BOOT_WITHIN_MS);
    init.stdout.on("data", hear);
    init.once("close", closed);
  });
}

/** The parent stands in field 4 of /proc/PID/stat, after the name in brackets. */
export function childOf(parent: number): number | null {
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const fields = readProc(`/proc/${entry}/stat`)?.split(") ").at(-1)?.split(" ");
    if (fields?.[1] === String(parent)) return Number(entry);
  }
  return null;
}

/** Runs a command inside; any exit code is an answer. */
export function inside(
  life: Life,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  return finish([...life.enter, ...argv], {
    env: { ...env, KAGE_HOST_INCARNATION: life.incarnation },
  });
}

/**
 * Pids (as the host counts) of all processes of a life, its first one included; without zombies.
 */
export function processesOf(life: Life): number[] {
  const namespace = pidNamespace(life.initPid);
  if (namespace === null) return [];
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && pidNamespace(Number(entry)) === namespace)
    .map(Number)
    .filter((pid) => stateOf(pid) !== "Z");
}

function pidNamespace(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES"].includes(errorCode(error))) return null;
    throw error;
  }
}

/** One letter of proc(5): T = stopped, Z = zombie; null = gone. */
export function stateOf(pid: number): string | null {
  return readProc(`/proc/${pid}/stat`)?.split(") ").at(-1)?.[0] ?? null;
}

/**
 * SIGSTOP to all, again until nobody runs: something may have forked between the list and the
 * signal.
 */
export async function freezeLife(life: Life): Promise<void> {
  await untilWithin("every process of the server stopped", FREEZE_WITHIN_MS, () => {
    const running = processesOf(life).filter((pid) => stateOf(pid) !== "T");
    for (const pid of running) signalProcess(pid, "SIGSTOP");
    return running.length === 0 ? true : null;
  });
}

export function thawLife(life: Life): void {
  for (const pid of processesOf(life)) signalProcess(pid, "SIGCONT");
}

/** False when it is gone already. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (errorCode(error) === "ESRCH") return false;
    throw error;
  }
}

/**
 * Where the host has a writable cgroup v2 tree, else null: then programs are tracked without it.
 */
export async function cgroupMount(): Promise<string | null> {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8");
  const path = /^\S+ \S+ \S+ \/ (\S+) .* - cgroup2 /m.exec(mounts)?.[1];
  if (path === undefined) return null;
  const writable = await finish(["test", "-w", join(path, "cgroup.procs")]);
  return writable.exit === 0 ? path : null;
}
