/**
 * `npm start`: the whole appliance on one machine, in the foreground. Builds folders, key and
 * configuration, sets up the rack, powers the servers on, says when they serve, and takes everything
 * down at Ctrl-C. When this process is killed the servers lose power with it (their feed line ends).
 * Source: issue 2 item 6; architecture.md 7.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { plugsOf } from "../hal/rack/plan.ts";
import type { ServerBoot } from "../hal/rack/power.ts";
import { createRack, type Rack } from "../hal/rack/rack.ts";
import { type Configured, configure } from "./appliance/configure.ts";
import {
  ApplianceFault,
  ARRAY_BYTES,
  ensureArray,
  ensureKey,
  ensurePrivateFolder,
  writeWhole,
} from "./appliance/folders.ts";
import type { LocalFile } from "./appliance/layout.ts";
import { takeLock, thisProcess } from "./appliance/lock.ts";
import { Memory } from "./appliance/memory.ts";
import {
  APPLIANCE_USAGE,
  type ApplianceOptions,
  parseApplianceOptions,
} from "./appliance/options.ts";
import { watchUntilEnd } from "./appliance/run.ts";
import { catchSignals, type Signals } from "./appliance/signals.ts";
import { type ApplianceView, openView } from "./appliance/view.ts";
import type { TelemetryLocal } from "./local.ts";
import {
  type ApplianceDirs,
  applianceDirs,
  applianceFile,
  rackSocket,
  serverPlaces,
  supervisorFile,
} from "./places.ts";
import { raisePriority, WIRES_PRIORITY } from "./priority.ts";
import { roleOf, SUPERVISOR_SCRIPT, supervisorCommand } from "./supervisor.ts";

/** Files beside the compiled launcher; tests put stand-ins in their place. */
export interface ApplianceProgram {
  readonly nodePath: string;
  readonly mainJs: string;
  readonly demoService: string;
}

const PROGRAM: ApplianceProgram = {
  nodePath: process.execPath,
  mainJs: join(import.meta.dirname, "main.js"),
  demoService: join(import.meta.dirname, "..", "hal", "rack", "demo-service.js"),
};

/**
 * Runs until it is told to end by signal. Exit code: 0 ended as asked, 1 failed, 2 wrong arguments.
 * `argv` are the arguments after `appliance`.
 */
export async function runAppliance(
  argv: readonly string[],
  program: ApplianceProgram = PROGRAM,
): Promise<number> {
  // A closed terminal must not end the launcher before it has taken the servers down.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  const parsed = parseApplianceOptions(argv);
  switch (parsed.kind) {
    case "help":
      process.stdout.write(APPLIANCE_USAGE);
      return 0;
    case "refused":
      complain(parsed.message, "see npm start -- --help");
      return 2;
    case "options":
      return runWithFolders(parsed.options, program);
  }
}

async function runWithFolders(
  options: ApplianceOptions,
  program: ApplianceProgram,
): Promise<number> {
  const dirs = applianceDirs(options.stateDir ?? undefined);
  const signals = catchSignals();
  try {
    ensurePrivateFolder(dirs.stateDir);
    const lock = await takeLock(dirs.stateDir, new Date().toISOString());
    if (lock.kind === "taken") {
      const who = lock.holder === null ? "" : `, process ${lock.holder.pid}`;
      const stop = lock.holder === null ? "" : ` or kill ${lock.holder.pid}`;
      complain(
        `an appliance already runs on ${dirs.stateDir}${who}`,
        `use it (npx kage status), stop it (Ctrl-C in its terminal${stop}), or give another folder with --state DIR`,
      );
      return 1;
    }
    try {
      return await runLocked(options, dirs, program, signals);
    } finally {
      rmSync(dirs.runDir, { recursive: true, force: true });
      await lock.release();
    }
  } catch (error) {
    return fail(error, dirs);
  }
}

async function runLocked(
  options: ApplianceOptions,
  dirs: ApplianceDirs,
  program: ApplianceProgram,
  signals: Signals,
): Promise<number> {
  rmSync(dirs.runDir, { recursive: true, force: true });
  ensurePrivateFolder(dirs.runDir);
  ensureKey(join(dirs.stateDir, "cluster.key"));
  const set = await configure(options, { stateDir: dirs.stateDir, ...program });
  let view: ApplianceView | null = null;
  try {
    const memory = new Memory(dirs, set.layout.plan.servers);
    const afresh = memory.mustForget(options, set);
    if (afresh !== null) {
      say(afresh);
      memory.forget();
    }
    await ensureArray(
      join(dirs.stateDir, "array.img"),
      set.config.clusterId,
      join(dirs.stateDir, "cluster.key"),
    );
    raisePriority(process.pid, WIRES_PRIORITY);
    view = await openView({ options, set, dirs, ...program, say });
    const rack = await openRack(set, dirs, program, view);
    return await watchUntilEnd({ rack, set, dirs, options, signals, view, say });
  } finally {
    await view?.close();
    await set.claim.release();
  }
}

async function openRack(
  set: Configured,
  dirs: ApplianceDirs,
  program: ApplianceProgram,
  view: ApplianceView | null,
): Promise<Rack> {
  const { layout, config } = set;
  const { plan } = layout;
  writeWhole(supervisorFile(dirs), SUPERVISOR_SCRIPT);
  const boots = plan.servers.map((name, index) =>
    prepareServer(set, dirs, program, name, view?.sectionOf(index)),
  );
  const imageFile = join(dirs.stateDir, "array.img");
  const rack = await createRack({
    plan,
    boots,
    com: layout.com,
    array:
      layout.arrayPorts === null
        ? null
        : { imageFile, ports: layout.arrayPorts, sizeBytes: ARRAY_BYTES },
    floating: layout.floating.map(({ address, port }) => ({ host: address, port })),
    socketPath: rackSocket(dirs),
  });
  const servers = plan.servers.map((name) => {
    const { localFile, runDir, agentSocket } = serverPlaces(dirs, name);
    return { name, local: localFile, runDir, agentSocket };
  });
  const launcher = thisProcess();
  const found = {
    launcher,
    rackSocket: rackSocket(dirs),
    servers,
    floating: layout.floating,
    broker: view?.broker ?? null,
  };
  writeWhole(applianceFile(dirs), `${JSON.stringify(found, null, 2)}\n`);
  say(
    `rack: ${plan.block}.0/24, ${plan.lans.length} LANs, method ${config.method}, ` +
      `timeout ${config.timing.heartbeatTimeoutMs} ms (${set.generated ? "demonstration times" : "as configured"})`,
  );
  for (const warning of set.warnings) say(`note: ${warning}`);
  return rack;
}

/** Writes the server's local file and says how it is started. */
function prepareServer(
  set: Configured,
  dirs: ApplianceDirs,
  program: ApplianceProgram,
  server: string,
  telemetry: TelemetryLocal | undefined,
): ServerBoot {
  const places = serverPlaces(dirs, server);
  ensurePrivateFolder(places.stateDir);
  const local: LocalFile = {
    server,
    configFile: set.configFile,
    keyFile: join(dirs.stateDir, "cluster.key"),
    stateDir: places.stateDir,
    runDir: places.runDir,
    off: { kind: "rack" },
    watchdog: { kind: set.config.timing.watchdogTimeoutMs > 0 ? "rack" : "none" },
    addresses: { kind: "rack" },
    rack: plugsOf(set.layout.plan, set.layout.plan.servers.indexOf(server)),
    ...(telemetry === undefined ? {} : { telemetry }),
  };
  writeWhole(places.localFile, `${JSON.stringify(local, null, 2)}\n`);
  const { nodePath, mainJs } = program;
  const { localFile, stateDir } = places;
  return {
    name: server,
    ...supervisorCommand({
      scriptFile: supervisorFile(dirs),
      nodePath,
      mainJs,
      localFile,
      stateDir,
      disk: set.config.disk !== null,
      telemetry: telemetry !== undefined,
    }),
    env: {
      KAGE_SERVER: server,
      KAGE_PUBLIC_ADDRESS: local.rack.serviceAddress,
      // Several pulses share this machine: one that still loads must not hold up one that beats.
      KAGE_REALTIME: "late",
    },
    consoleFile: places.consoleFile,
    prepare() {
      // A reboot empties the run folder of a real server, too.
      rmSync(places.runDir, { recursive: true, force: true });
      ensurePrivateFolder(places.runDir);
    },
    roleOf: (argv) => roleOf(mainJs, argv),
  };
}

function fail(error: unknown, dirs: ApplianceDirs): number {
  if (error instanceof ApplianceFault) {
    complain(error.message, error.remedy);
    return 1;
  }
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  // Whatever the system refused is the operator's to mend; anything else is a fault of ours.
  if (code === undefined || syscall === undefined) throw error;
  const address = code === "EADDRINUSE" || code === "EADDRNOTAVAIL";
  const remedy = address
    ? "stop what holds that address, then start again"
    : `free space or correct ${dirs.stateDir} and its permissions, or give another folder with --state DIR`;
  complain(message, remedy);
  return 1;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function complain(message: string, remedy: string): void {
  process.stderr.write(`appliance: ${message}\n  do: ${remedy}\n`);
}
