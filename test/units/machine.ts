/**
 * A server of the lab that boots systemd: namespaces of its own (time as well, so that its clock starts with
 * it), a cgroup of its own, its own root over the host's. In place of `test/lab/server.ts`'s boot, so that
 * cabinet, wires and power are the lab's.
 * Root only. Source: time_namespaces(7), cgroup_namespaces(7); work order 3 item 5.
 */
import { spawn } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { untilWithin } from "../deadline.ts";
import { type Finished, finish, gone, readProc } from "../lab/command.ts";
import { type Booting, cgroupMount, childOf, type Life, type ServerPlan } from "../lab/server.ts";
import { FIRST_SCRIPT, PREPARE_SCRIPT } from "./first-process.ts";

/** What a machine has beside its network ports; null = has none. */
export interface Devices {
  readonly disk: string | null;
  readonly com: string | null;
}

const PREPARE_WITHIN_MS = 60_000;
const COMES_UP_WITHIN_MS = 10_000;
const ASK_WITHIN_MS = 20_000;

/** Why no systemd can be booted here; null = it can. */
export async function machinesMissing(): Promise<string | null> {
  if (process.getuid?.() !== 0) return "systemd as first process needs root";
  if (!existsSync("/lib/systemd/systemd")) return "systemd is not installed: .ci/packages.sh";
  if (!existsSync("/proc/self/ns/time")) return "the kernel has no time namespaces";
  if ((await cgroupMount()) === null) return "no writable cgroup v2 is mounted";
  return null;
}

/** Lays the machine's root and installs the package into it, as `kage install` on the machine would. */
export async function prepareMachine(
  plan: { readonly name: string; readonly folder: string },
  mainJs: string,
  serviceJs: string,
): Promise<void> {
  const install = [process.execPath, mainJs, "install", "--server", plan.name];
  const script = ["bash", "-c", PREPARE_SCRIPT, "prepare", plan.folder];
  const words = [...script, randomBytes(16).toString("hex"), serviceJs, ...install];
  const done = await finish(["unshare", "--mount", "--propagation", "private", "--", ...words], {
    deadlineMs: PREPARE_WITHIN_MS,
  });
  if (done.exit !== 0) throw new Error(`${plan.name} cannot be prepared: ${done.stderr}`);
}

/** The file of a machine as the host sees it while the machine is off. */
export const offFile = (folder: string, path: string): string => join(folder, "upper", path);

/** The machine's first process; "booted" and "up" are its words, then it is systemd. */
export async function bootMachine(plan: ServerPlan, devices: Devices): Promise<Booting> {
  const { cgroup, folder } = plan;
  if (cgroup === null) throw new Error("a machine needs cgroup v2");
  mkdirSync(cgroup, { recursive: true });
  const bootId = randomUUID();
  const console = join(folder, "console.log");
  const consoleFd = openSync(console, "a");
  // A whole second that is over: an offset may not lead before the start of the host.
  const uptimeS = Math.floor(Number(readFileSync("/proc/uptime", "latin1").split(" ")[0]));
  const flags = ["--net", "--mount", "--pid", "--uts", "--ipc", "--cgroup", "--time", "--fork"];
  const clocks = ["--monotonic", `-${uptimeS}`, "--boottime", `-${uptimeS}`];
  const first = ["bash", "-c", FIRST_SCRIPT, "first", String(plan.number), plan.name, folder];
  const given = [bootId, devices.disk ?? "", devices.com ?? "", console];
  const enterCgroup = 'echo 0 >"$1/cgroup.procs" || exit 1; shift; exec "$@"';
  const child = spawn(
    "sh",
    [
      // The machine dies with the test: its first process with unshare, unshare with us.
      ...["-c", enterCgroup, "enter", cgroup, "setpriv", "--pdeathsig", "KILL", "unshare"],
      ...[
        ...flags,
        ...clocks,
        "--kill-child",
        "--propagation",
        "private",
        "--",
        ...first,
        ...given,
      ],
    ],
    { env: { ...process.env, ...plan.env }, stdio: ["pipe", "pipe", consoleFd] },
  );
  closeSync(consoleFd);
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error("pipes were asked for");
  stdin.on("error", () => child.kill("SIGKILL"));
  const words = hear(stdout);
  const heard = async (word: string): Promise<void> => {
    const told = (): string => (readProc(console) ?? "").slice(-500);
    const look = (): true | null => {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`${plan.name} died before "${word}": ${told()}`);
      }
      return words().includes(`${word}\n`) ? true : null;
    };
    await untilWithin(`${plan.name} says "${word}"`, COMES_UP_WITHIN_MS, look).catch(
      (error: unknown) => {
        child.kill("SIGKILL");
        throw error;
      },
    );
  };
  await heard("booted");
  const netnsPid = child.pid ?? 0;
  // No process may stay in the machine's top cgroup, or no controller can be given out below it.
  writeFileSync(join(dirname(cgroup), "cgroup.procs"), String(netnsPid));
  return {
    netnsPid,
    wired: async () => {
      stdin.write("wired\n");
      await heard("up");
      const initPid = childOf(netnsPid);
      if (initPid === null) throw new Error(`${plan.name} died while it booted`);
      const enter = ["nsenter", "-t", String(initPid), ..."nmuipCT".split("").map((n) => `-${n}`)];
      const incarnation = bootId.replaceAll("-", "").slice(0, 16);
      return { incarnation, initPid, enter: [...enter, "--"], ended: gone(child) };
    },
  };
}

function hear(stdout: Readable): () => string {
  let heard = "";
  stdout.on("data", (chunk: Buffer) => {
    heard += chunk.toString("latin1");
  });
  return () => heard;
}

/** Runs a command in the machine as its administrator would; any exit code is an answer. */
export function ask(life: Life, argv: readonly string[], input = ""): Promise<Finished> {
  const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  const clean = ["env", "-i", path, "LC_ALL=C.UTF-8", "NO_COLOR=1", "SYSTEMD_COLORS=0"];
  return finish([...life.enter, ...clean, ...argv], { input, deadlineMs: ASK_WITHIN_MS });
}
