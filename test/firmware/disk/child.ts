/**
 * The disk process as a process, for tests that kill it: options as JSON in the first argument, the
 * key is the stage's.
 */
import { argv } from "node:process";
import { type DiskOptions, runDisk } from "../../../firmware/disk/disk.ts";
import { CLUSTER_KEY } from "./stage.ts";

const options = JSON.parse(argv[2] ?? "{}") as Omit<DiskOptions, "clusterKey">;
runDisk({ ...options, clusterKey: CLUSTER_KEY });
