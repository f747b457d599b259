/**
 * A cabinet with the cluster software in it: files written, array formatted, both servers ready
 * to be powered on, a client who asks and a recorder that watches. Scenarios and the bench stand
 * on this.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type FormatIdentity, formatArbitration } from "../../firmware/disk-format.ts";
import { createDirectArray } from "../../hal/drivers/array-direct/driver.ts";
import { loadConfiguration } from "../../services/configuration/load.ts";
import type { Answer } from "../scenarios/world.ts";
import { type LabCluster, serverFiles, writeApplianceFiles } from "./appliance-files.ts";
import { type Cabinet, openCabinet } from "./cabinet.ts";
import { type LabClient, openClient } from "./client.ts";
import { finish } from "./command.ts";
import { openRecorder, type Recorder } from "./recorder.ts";
import type { Life } from "./server.ts";

export interface LabOptions {
  readonly servers: readonly [string, string];
  readonly cluster: LabCluster;
}

export interface Lab {
  readonly cabinet: Cabinet;
  readonly client: LabClient;
  readonly recorder: Recorder;
  /** Boots a server with supervisor, pulse, agent and disk. */
  powerOn(server: string): Promise<Life>;
  /** The command line, with both agents to ask. */
  kage(args: readonly string[]): Promise<Answer>;
  close(): Promise<void>;
}

/** A `kage` order waits up to its own timeout; a hung one must not hang the lab. */
const KAGE_DEADLINE_MS = 60_000;
const CLI = new URL("../../firmware/cli/main.js", import.meta.url).href;
const CLI_CALL = [
  `const { runProcess } = await import(${JSON.stringify(CLI)});`,
  "await runProcess(process.argv.slice(1));",
].join("\n");

export async function openLab({ servers, cluster }: LabOptions): Promise<Lab> {
  const withCom = cluster.method !== "none";
  const withDisk = cluster.method === "com-disk";
  const cabinet = await openCabinet({
    servers,
    array: withDisk,
    ...(withCom ? {} : { baud: null }),
  });
  try {
    const clusterKey = randomBytes(32);
    writeApplianceFiles(cabinet, cluster, clusterKey.toString("hex"));
    const clusterId = checkConfiguration(join(cabinet.folder, "cluster.jsonc"));
    if (cabinet.array !== null) {
      await formatArray(cabinet.array.device, { clusterId, clusterKey });
    }
    const addresses = cluster.groups.map((group) => group.address);
    const client = openClient(cabinet.client, cabinet.env);
    const recorder = openRecorder(cabinet, addresses);
    return {
      cabinet,
      client,
      recorder,
      powerOn: (server) => cabinet.powerOn(server, serverFiles(cabinet.bay(server)).bootScript),
      kage: (args) =>
        finish([process.execPath, "--input-type=module", "-e", CLI_CALL, "--", ...args], {
          env: { KAGE_RUN_DIR: cabinet.folder, NO_COLOR: "1", LC_ALL: "C.UTF-8" },
          deadlineMs: KAGE_DEADLINE_MS,
        }),
      close: async () => {
        recorder.close();
        await client.close();
        await cabinet.close();
      },
    };
  } catch (error) {
    await cabinet.close();
    throw error;
  }
}

/** The product's own words when the lab's configuration is refused. Returns the cluster id. */
function checkConfiguration(file: string): number {
  const loaded = loadConfiguration(readFileSync(file, "utf8"), file);
  if (loaded.kind === "ok") return loaded.config.clusterId;
  throw new Error(loaded.findings.map((finding) => finding.text).join("\n"));
}

async function formatArray(device: string, identity: FormatIdentity): Promise<void> {
  const array = createDirectArray({ path: device });
  try {
    const result = await formatArbitration(array, identity);
    if (result.kind !== "formatted")
      throw new Error(`formatting ${device}: ${JSON.stringify(result)}`);
  } finally {
    await array.close();
  }
}
