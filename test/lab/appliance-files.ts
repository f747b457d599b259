/**
 * What a server of the lab needs on its disk to run the cluster software: the cluster's one
 * configuration, the key, its own local.json, and the script that its namespace boots. Written
 * for real paths: addresses on interfaces, serial devices, a block device - no word of the
 * virtual appliance. Source: architecture.md 6, 7; firmware/local.ts.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SUPERVISOR_SCRIPT } from "../../firmware/supervisor.ts";
import type { Bay, Cabinet } from "./cabinet.ts";

/** Compiled entry point of every process of a server. */
export const MAIN_JS = fileURLToPath(new URL("../../firmware/main.js", import.meta.url));

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
  readonly method: "com" | "com-disk" | "none";
  readonly timeoutMs: number;
  readonly intervalMs: number;
  readonly startWaitMs: number;
  readonly groups: readonly LabGroup[];
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

/** Writes everything of both servers. `keyHex`: 64 hex digits, the same on both. */
export function writeApplianceFiles(cabinet: Cabinet, cluster: LabCluster, keyHex: string): void {
  const configFile = join(cabinet.folder, "cluster.jsonc");
  writeFileSync(configFile, `${JSON.stringify(clusterText(cabinet, cluster), null, 2)}\n`);
  const supervisor = join(cabinet.folder, "supervisor.sh");
  writeFileSync(supervisor, SUPERVISOR_SCRIPT);
  const servers: { name: string; agentSocket: string }[] = [];
  for (const bay of cabinet.bays) {
    const files = serverFiles(bay);
    mkdirSync(files.stateDir, { recursive: true });
    writeFileSync(files.key, `${keyHex}\n`, { mode: 0o600 });
    writeFileSync(files.local, `${JSON.stringify(localText(bay, configFile), null, 2)}\n`);
    writeFileSync(files.bootScript, bootText(files, supervisor));
    servers.push({ name: bay.name, agentSocket: files.agentSocket });
  }
  // Both agents for `kage` from outside, as on the virtual appliance, but without a rack.
  writeFileSync(join(cabinet.folder, "appliance.json"), `${JSON.stringify({ servers })}\n`);
}

function clusterText(cabinet: Cabinet, cluster: LabCluster): object {
  const [one, two] = cabinet.bays;
  const both = (first: string, second: string) => ({ [one.name]: first, [two.name]: second });
  const withCom = cluster.method !== "none";
  const { cable, array } = cabinet;
  return {
    cluster: { name: `lab-${cabinet.id}` },
    method: cluster.method,
    timing: {
      heartbeatTimeoutMs: cluster.timeoutMs,
      heartbeatIntervalMs: cluster.intervalMs,
      startSyncWaitMs: cluster.startWaitMs,
    },
    servers: cabinet.bays.map(({ name }) => ({ name, publicInterface: "pub0" })),
    lans: [
      { id: "lan1", kind: "private", addresses: both("10.77.1.1:7001", "10.77.1.2:7001") },
      { id: "lan2", kind: "public", addresses: both("10.77.2.1:7002", "10.77.2.2:7002") },
    ],
    ...(withCom && cable !== null ? { com: { devices: both(...cable.devices) } } : {}),
    ...(cluster.method === "com-disk" && array !== null
      ? { disk: { paths: both(array.device, array.device) } }
      : {}),
    groups: cluster.groups.map((group) => ({
      name: group.name,
      start: group.start,
      policy: group.policy,
      resources: [
        { type: "floating-ip", name: "address", address: group.address, prefixLength: 24 },
        ...(group.argv === null
          ? []
          : [{ type: "program", name: "program", argv: group.argv, restartMax: 1000 }]),
      ],
    })),
  };
}

function localText(bay: Bay, configFile: string): object {
  const files = serverFiles(bay);
  return {
    server: bay.name,
    configFile,
    keyFile: files.key,
    stateDir: files.stateDir,
    runDir: files.runDir,
    // The FIFO is in the server's own mount namespace; anywhere else this line does nothing.
    off: {
      kind: "command",
      argv: ["/bin/sh", "-c", "[ -p /run/kage-power ] && echo off >/run/kage-power"],
    },
    watchdog: { kind: "none" },
    addresses: { kind: "linux" },
  };
}

/** The run folder is emptied as a real server's tmpfs is at boot. */
function bootText(files: ServerFiles, supervisor: string): string {
  const words = [process.execPath, MAIN_JS, files.local, files.stateDir].map(quote).join(" ");
  return [
    `rm -rf ${quote(files.runDir)}`,
    `mkdir -m 700 ${quote(files.runDir)}`,
    `exec /bin/sh ${quote(supervisor)} ${words}`,
    "",
  ].join("\n");
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
