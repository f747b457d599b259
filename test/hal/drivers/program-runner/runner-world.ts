/**
 * What the tests of the program runner share: a folder, a runner, its exits, and waiting for events
 * with a deadline.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite, type Test } from "uvu";
import { createProgramRunner } from "../../../../hal/drivers/program-runner/driver.ts";
import type { ProgramRunnerOptions } from "../../../../hal/drivers/program-runner/settings.ts";
import type {
  ProgramExit,
  ProgramPort,
  ProgramRun,
  ProgramSpec,
  ProgramStarted,
} from "../../../../hal/ports/host.ts";
import { within } from "../../../deadline.ts";

export interface World {
  dir: string;
  runner: ProgramPort;
  exits: ProgramExit[];
  nextExit: () => Promise<ProgramExit>;
  reports: string[];
}

export function makeRunner(dir: string, more: Partial<ProgramRunnerOptions> = {}): World {
  const reports: string[] = [];
  const runner = createProgramRunner({
    runDir: join(dir, "run"),
    stateDir: join(dir, "state"),
    server: "SERVER1",
    cgroupRoot: null,
    report: (text) => reports.push(text),
    // A parent parked at an instant of its own would be in the count of processes.
    parkDelayMs: null,
    ...more,
  });
  const exits: ProgramExit[] = [];
  const waiting: ((exit: ProgramExit) => void)[] = [];
  let told = 0;
  runner.onExit((exit) => {
    exits.push(exit);
    waiting.shift()?.(exit);
  });
  const nextExit = (): Promise<ProgramExit> => {
    const known = exits[told++];
    if (known !== undefined) return Promise.resolve(known);
    return within("exit event", new Promise((resolve) => waiting.push(resolve)));
  };
  return { dir, runner, exits, nextExit, reports };
}

export function spec(script: string, more: Partial<ProgramSpec> = {}): ProgramSpec {
  return {
    group: "web",
    resource: "http",
    argv: ["/bin/sh", "-c", script],
    env: {},
    publicAddress: "127.9.9.1",
    floatingAddress: "127.9.9.101",
    ...more,
  };
}

export function runOf(started: ProgramStarted): ProgramRun {
  if (started.kind === "failed") throw new Error(started.detail);
  return started.run;
}

/** A program that forks twice into a new session, notes the daemon's pid and stays itself. */
export function daemonScript(pidFile: string, wrapper: string): string {
  const note = `echo \\$\\$ >${pidFile}.new; mv ${pidFile}.new ${pidFile}; exec sleep 60`;
  return `${wrapper} /bin/sh -c 'setsid /bin/sh -c "${note}" & exit 0'; exec sleep 60`;
}

export const cookieOf = (run: ProgramRun): string => `KAGE_PROGRAM=${run.cookie}`;

/** A suite whose tests each get a fresh folder and runner. */
export function runnerSuite(name: string): Test<World> {
  const test = suite<World>(name);
  test.before.each((world) => {
    Object.assign(world, makeRunner(mkdtempSync(join(tmpdir(), "kage-programs-"))));
  });

  test.after.each(async ({ dir, runner }) => {
    const known = await runner.list();
    for (const run of known) await runner.stop(run.group, run.resource, 0);
    runner.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return test;
}

export async function startAgent(
  dir: string,
  script: string,
  prepared: readonly ProgramSpec[] = [],
): Promise<{ child: ChildProcess; run: ProgramRun }> {
  const driver = new URL("../../../../hal/drivers/program-runner/driver.js", import.meta.url);
  const options = { runDir: join(dir, "run"), stateDir: join(dir, "state"), server: "SERVER1" };
  const source = `
    const { createProgramRunner } = await import(${JSON.stringify(driver.href)});
    const options = { ...${JSON.stringify(options)}, cgroupRoot: null, parkDelayMs: null, report() {} };
    const runner = createProgramRunner(options);
    const started = await runner.start(${JSON.stringify(spec(script))});
    for (const order of ${JSON.stringify(prepared)}) await runner.prepare(order);
    console.log(JSON.stringify(started));
    setInterval(() => {}, 1000);`;
  const args = ["--input-type=module", "-e", source];
  const child = spawn(process.execPath, args, {
    cwd: fileURLToPath(new URL(".", import.meta.url)),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await within("agent up", once(child.stdout, "data"))) as [Buffer];
  return { child, run: runOf(JSON.parse(line.toString()) as ProgramStarted) };
}
