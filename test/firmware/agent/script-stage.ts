/**
 * A server's script desk on the real program runner, in a folder of its own: one group with a script,
 * its files written by the test, its notes kept.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ScriptDesk } from "../../../firmware/agent/script-desk.ts";
import type { ServerContext } from "../../../firmware/local.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import {
  findByEnvironment,
  signalProcess,
  waitUntilEmpty,
} from "../../../hal/drivers/process-tree/process-tree.ts";
import { placeRecord } from "../../../hal/drivers/program-runner/record.ts";
import { loadConfiguration } from "../../../services/configuration/load.ts";
import type { GroupConfig, ScriptResource } from "../../../services/configuration/model.ts";
import { until } from "../../deadline.ts";
import { sample, write } from "../../services/configuration/sample.ts";

export interface ScriptStage {
  readonly dir: string;
  readonly context: ServerContext;
  readonly group: GroupConfig;
  readonly script: ScriptResource;
  readonly notes: { readonly key: string; readonly data: Readonly<Record<string, unknown>> }[];
  readonly failed: number[];
  desk: ScriptDesk;
}

export function makeStage(
  timeouts: { startTimeoutMs?: number; stopTimeoutMs?: number } = {},
): ScriptStage {
  const dir = mkdtempSync(join(tmpdir(), "kage-desk-"));
  const config = sample();
  config.groups[0]?.resources.push({
    type: "script",
    name: "app",
    start: join(dir, "start.sh"),
    stop: join(dir, "stop.sh"),
    startTimeoutMs: 10_000,
    stopTimeoutMs: 10_000,
    ...timeouts,
  });
  const loaded = loadConfiguration(write(config), "cluster.jsonc");
  if (loaded.kind === "refused") throw new Error(loaded.findings[0]?.text);
  const [group] = loaded.config.groups;
  const script = group?.resources.at(-1);
  if (group === undefined || script?.kind !== "script") throw new Error("no script");
  const local = {
    server: "SERVER1",
    configFile: "",
    keyFile: "",
    stateDir: join(dir, "state"),
    runDir: join(dir, "run"),
    off: { kind: "rack" },
    watchdog: { kind: "none" },
    addresses: { kind: "rack" },
  } as const;
  mkdirSync(local.runDir, { recursive: true });
  const host = hostIncarnation("00000000000000a1");
  const context = { local, config: loaded.config, self: 0, host };
  const base = { dir, context, group, script, notes: [], failed: [] };
  const stage = { ...base, desk: openDesk(base) };
  put(stage, "start.sh", "exit 0");
  put(stage, "stop.sh", "exit 0");
  return stage;
}

/** A desk as the next agent opens it: same folders, nothing remembered. `isOver`: it is about to die. */
export function openDesk(stage: Omit<ScriptStage, "desk">, isOver = false): ScriptDesk {
  return new ScriptDesk(stage.context, {
    cgroupRoot: null,
    mainJs: "/nowhere/main.js",
    note: (key, data) => stage.notes.push({ key, data }),
    fail: (group) => stage.failed.push(group),
    isOver: () => isOver,
    say: () => undefined,
  });
}

export function put(stage: Pick<ScriptStage, "dir">, name: string, body: string): void {
  const path = join(stage.dir, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
}

export type Args = Readonly<Record<string, unknown>>;

/** Arguments of `script.load` for a program APP that is started once and not again. */
export const loadOrder = (argv: readonly string[], more: Args = {}): Args => ({
  group: "web",
  id: "APP",
  argv,
  env: {},
  resource: "app",
  restartMax: 0,
  forgetHours: null,
  ...more,
});

/**
 * Stands for systemd in front of `PATH`, which is given: the service is the file `on`, with a file `stuck` it
 * cannot be ended, and `calls` tells what was asked.
 */
export function putManager(stage: ScriptStage): { readonly PATH: string } {
  const { dir } = stage;
  const states = `is-active) alive;; show) alive && echo active || echo inactive;;`;
  const verbs = `start) touch ${dir}/on;; stop) [ "$2" = --no-block ] || rm -f ${dir}/on;;`;
  const alive = `alive() { [ -e ${dir}/on ] || [ -e ${dir}/stuck ]; }`;
  put(stage, "systemctl", `echo "$*" >>${dir}/calls; ${alive}; case $1 in ${verbs} ${states} esac`);
  return { PATH: `${dir}:/usr/bin:/bin` };
}

export const cookieOf = ({ context, group }: ScriptStage): string =>
  `KAGE_SCRIPT=${placeRecord(context.local.runDir, "SERVER1", group.name, "app").cookie}`;

/** Processes of the script that live. */
export const living = (stage: ScriptStage): number => findByEnvironment([cookieOf(stage)]).length;

export const keysOf = (stage: ScriptStage): string[] => stage.notes.map(({ key }) => key);

function isRemoved(dir: string): boolean {
  try {
    rmSync(dir, { recursive: true, force: true });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTEMPTY") return false;
    throw error;
  }
}

export async function clear(stage: ScriptStage): Promise<void> {
  for (const who of findByEnvironment([cookieOf(stage)])) signalProcess(who, "SIGKILL");
  await waitUntilEmpty(() => findByEnvironment([cookieOf(stage)]), 5000);
  // A stand-in of the service manager that was just ended may have one more word to write; a retry of `rmSync`
  // itself does not look for new files.
  await until("the folder is gone", () => isRemoved(stage.dir));
}

/** Why the promise was rejected; fails when it was not. */
export async function reasonOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error("expected a rejection");
}
