/**
 * What a server of the lab needs on its disk to run the cluster software: the cluster's one
 * configuration, the key, its own local.json, and the script that its namespace boots. Written
 * for real paths: addresses on interfaces, serial devices, a block device - no word of the
 * virtual appliance. Source: architecture.md 6, 7; firmware/local.ts.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  LEAVING_FILE,
  LOCAL_FILE,
  packagePlaces,
  RUN_DIR,
  STATE_DIR,
} from "../../flash/package/places.ts";
import type { Bay, Cabinet } from "./cabinet.ts";
import { type BootPlan, bootByUnits } from "./unit-file.ts";

/** The package as the lab installs it: below `image` in the lab's folder, the same for both servers. */
export const LAB_PREFIX = "/usr/local";
const PLACES = packagePlaces({ prefix: LAB_PREFIX, nodePath: process.execPath });

export const imageOf = (labFolder: string): string => join(labFolder, "image");

/** Compiled entry point of every process of a server, as installed. */
export const mainJsOf = (bay: Bay): string => join(imageOf(dirname(bay.folder)), PLACES.mainJs);

/** The operator's command, as installed. */
export const commandOfLab = (labFolder: string): string =>
  join(imageOf(labFolder), PLACES.lib, "firmware/kage.mjs");

/** Where the installed paths are for one server: the program in the image, the rest in its bay. */
export function bootPlan(bay: Bay): BootPlan {
  const files = serverFiles(bay);
  const image = imageOf(dirname(bay.folder));
  return {
    image,
    logDir: files.stateDir,
    places: [
      [LOCAL_FILE, files.local],
      [PLACES.lib, join(image, PLACES.lib)],
      [RUN_DIR, files.runDir],
      [STATE_DIR, files.stateDir],
    ],
  };
}

export interface LabGroup {
  readonly name: string;
  /** Servers in order of preference. */
  readonly policy: readonly string[];
  readonly start: "auto" | "manual";
  readonly address: string;
  /** Started after the address; null = the address alone. */
  readonly argv: readonly string[] | null;
}

export interface LabCluster {
  readonly method: "com" | "com-disk" | "disk" | "none" | "majority";
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly startWaitMs: number;
  /** DIO; absent = the product's default. */
  readonly diskWaitMs?: number;
  readonly groups: readonly LabGroup[];
  /** Folder of the first group's `start.sh` and `stop.sh`, and their longest run; absent = none. */
  readonly script?: {
    readonly folder: string;
    readonly timeoutMs: number;
    readonly isForAll: boolean;
  };
}

/** Paths of one server; all in its folder, so that a test reads and asks from outside. */
export interface ServerFiles {
  readonly local: string;
  readonly key: string;
  readonly stateDir: string;
  readonly runDir: string;
  readonly agentSocket: string;
  readonly bootScript: string;
  readonly consoleFile: string;
}

export function serverFiles(bay: Bay): ServerFiles {
  const at = (name: string): string => join(bay.folder, name);
  return {
    local: at("local.json"),
    key: at("cluster.key"),
    stateDir: at("state"),
    runDir: at("run"),
    agentSocket: at("run/agent.sock"),
    bootScript: at("boot.sh"),
    consoleFile: at("console.log"),
  };
}

/** Writes everything of all servers. `keyHex`: 64 hex digits, the same on all. */
export function writeApplianceFiles(cabinet: Cabinet, cluster: LabCluster, keyHex: string): void {
  const text = `${JSON.stringify(clusterText(cabinet, cluster), null, 2)}\n`;
  writeFileSync(join(cabinet.folder, "cluster.jsonc"), text);
  const servers: { name: string; agentSocket: string }[] = [];
  for (const bay of cabinet.bays) {
    const files = serverFiles(bay);
    mkdirSync(files.stateDir, { recursive: true });
    writeFileSync(files.key, `${keyHex}\n`, { mode: 0o600 });
    // A file of its own on every server, as on real ones: a pushed text has to reach both.
    const configFile = join(bay.folder, "cluster.jsonc");
    writeFileSync(configFile, text);
    writeFileSync(files.local, `${JSON.stringify(localText(bay, configFile), null, 2)}\n`);
    writeFileSync(files.bootScript, bootText(bay));
    servers.push({ name: bay.name, agentSocket: files.agentSocket });
  }
  // Both agents for `kage` from outside, as on the virtual appliance, but without a rack.
  writeFileSync(join(cabinet.folder, "appliance.json"), `${JSON.stringify({ servers })}\n`);
}

function clusterText(cabinet: Cabinet, cluster: LabCluster): object {
  const [one, two] = cabinet.bays;
  const both = (first: string, second: string) => ({ [one.name]: first, [two.name]: second });
  const each = (of: (number: number) => string) =>
    Object.fromEntries(cabinet.bays.map(({ name, number }) => [name, of(number)]));
  const withCom = cluster.method === "com" || cluster.method === "com-disk";
  const { cable, array } = cabinet;
  return {
    cluster: { name: `lab-${cabinet.id}` },
    method: cluster.method,
    timing: {
      heartbeatTimeoutMs: cluster.timeoutMs,
      heartbeatIntervalMs: cluster.intervalMs,
      startSyncWaitMs: cluster.startWaitMs,
      ...(cluster.diskWaitMs === undefined ? {} : { diskWaitMs: cluster.diskWaitMs }),
    },
    servers: cabinet.bays.map(({ name }) => ({ name, publicInterface: "pub0" })),
    lans: [
      { id: "lan1", kind: "private", addresses: each((number) => `10.77.1.${number}:7001`) },
      { id: "lan2", kind: "public", addresses: each((number) => `10.77.2.${number}:7002`) },
    ],
    ...(withCom && cable !== null ? { com: { devices: both(...cable.devices) } } : {}),
    ...(array !== null && (cluster.method === "com-disk" || cluster.method === "disk")
      ? { disk: { paths: each((number) => array.devices[number - 1] ?? "") } }
      : {}),
    groups: cluster.groups.map((group, position) => ({
      name: group.name,
      start: group.start,
      policy: group.policy,
      resources: [
        { type: "floating-ip", name: "address", address: group.address, prefixLength: 24 },
        ...(group.argv === null
          ? []
          : [{ type: "program", name: "program", argv: group.argv, restartMax: 1000 }]),
        ...(position === 0 || cluster.script?.isForAll === true ? scriptResources(cluster) : []),
      ],
    })),
  };
}

function scriptResources({ script }: LabCluster): object[] {
  if (script === undefined) return [];
  const { folder, timeoutMs } = script;
  const files = { start: join(folder, "start.sh"), stop: join(folder, "stop.sh") };
  const times = { startTimeoutMs: timeoutMs, stopTimeoutMs: timeoutMs };
  return [{ type: "script", name: "script", ...files, ...times }];
}

function localText(bay: Bay, configFile: string): object {
  const files = serverFiles(bay);
  return {
    server: bay.name,
    configFile,
    keyFile: files.key,
    stateDir: files.stateDir,
    runDir: files.runDir,
    // As the package's own off script, with the FIFO for systemctl. The FIFO is in the server's own mount
    // namespace; anywhere else this line does nothing.
    off: { kind: "command", argv: ["/bin/sh", "-c", offText(files.runDir), "off", "{reason}"] },
    watchdog: { kind: "none" },
    addresses: { kind: "linux" },
  };
}

function offText(runDir: string): string {
  const leaving = LEAVING_FILE.replace(RUN_DIR, runDir);
  return `[ "$1" = planned ] && [ -e '${leaving}' ] || { [ -p /run/kage-power ] && echo off >/run/kage-power; }`;
}

/** The run folder is emptied as a real server's tmpfs is at boot; then the units of the package. */
function bootText(bay: Bay): string {
  const { runDir } = serverFiles(bay);
  return [`rm -rf '${runDir}'`, `mkdir -m 700 '${runDir}'`, bootByUnits(bootPlan(bay))].join("\n");
}
