/**
 * A cabinet with the cluster software in it: files written, array formatted, both servers ready
 * to be powered on, a client who asks and a recorder that watches. Scenarios and the bench stand
 * on this.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { KEY_FILE } from "../../flash/package/places.ts";
import { loadConfiguration } from "../../services/configuration/load.ts";
import type { Answer } from "../scenarios/world.ts";
import {
  commandOfLab,
  imageOf,
  LAB_PREFIX,
  type LabCluster,
  serverFiles,
  writeApplianceFiles,
} from "./appliance-files.ts";
import { type Cabinet, openCabinet } from "./cabinet.ts";
import { type LabClient, openClient } from "./client.ts";
import { finish, run } from "./command.ts";
import { openRecorder, type Recorder } from "./recorder.ts";
import type { Life } from "./server.ts";
import { openStateDisk, type StateDisk } from "./state-disk.ts";

export interface LabOptions {
  readonly servers: readonly [string, string, ...string[]];
  readonly cluster: LabCluster;
}

export interface Lab {
  readonly cabinet: Cabinet;
  readonly client: LabClient;
  readonly recorder: Recorder;
  /** By server name. */
  readonly stateDisks: ReadonlyMap<string, StateDisk>;
  /** Boots a server by the installed units: pulse, agent and disk. */
  powerOn(server: string): Promise<Life>;
  /** The command line, with both agents to ask. */
  kage(args: readonly string[]): Promise<Answer>;
  close(): Promise<void>;
}

/** A `kage` order waits up to its own timeout; a hung one must not hang the lab. */
const KAGE_DEADLINE_MS = 60_000;
/** The build that is installed into the lab. */
const MAIN = fileURLToPath(new URL("../../firmware/main.js", import.meta.url));

export async function openLab({ servers, cluster }: LabOptions): Promise<Lab> {
  const withCom = cluster.method === "com" || cluster.method === "com-disk";
  const withDisk = cluster.method === "com-disk" || cluster.method === "disk";
  const cabinet = await openCabinet({
    servers,
    array: withDisk,
    ...(withCom ? {} : { baud: null }),
  });
  const stateDisks = new Map<string, StateDisk>();
  const closeAll = async (): Promise<void> => {
    for (const bay of cabinet.bays) await cabinet.powerOff(bay.name);
    for (const disk of stateDisks.values()) await disk.close();
    await cabinet.close();
  };
  try {
    const image = imageOf(cabinet.folder);
    await run([process.execPath, MAIN, "install", "--root", image, "--prefix", LAB_PREFIX]);
    writeApplianceFiles(cabinet, cluster, readFileSync(join(image, KEY_FILE), "utf8").trim());
    for (const bay of cabinet.bays) {
      stateDisks.set(bay.name, await openStateDisk(serverFiles(bay).stateDir));
    }
    checkConfiguration(join(cabinet.folder, "cluster.jsonc"));
    const command = [process.execPath, commandOfLab(cabinet.folder)];
    if (cabinet.array !== null) {
      const { local } = serverFiles(cabinet.bays[0]);
      await run([...command, "disk", "format", "--local", local]);
    }
    const addresses = cluster.groups.map((group) => group.address);
    const client = openClient(cabinet.client, cabinet.env);
    const recorder = openRecorder(cabinet, addresses);
    return {
      cabinet,
      client,
      recorder,
      stateDisks,
      powerOn: (server) => cabinet.powerOn(server, serverFiles(cabinet.bay(server)).bootScript),
      kage: (args) =>
        finish([...command, ...args], {
          env: { KAGE_RUN_DIR: cabinet.folder, NO_COLOR: "1", LC_ALL: "C.UTF-8" },
          deadlineMs: KAGE_DEADLINE_MS,
        }),
      close: async () => {
        recorder.close();
        await client.close();
        await closeAll();
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** The product's own words when the lab's configuration is refused. */
function checkConfiguration(file: string): void {
  const loaded = loadConfiguration(readFileSync(file, "utf8"), file);
  if (loaded.kind === "ok") return;
  throw new Error(loaded.findings.map((finding) => finding.text).join("\n"));
}
