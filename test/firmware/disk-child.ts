/**
 * The disk process as a process, for tests that kill it: options as JSON in the first argument.
 */
import { argv } from "node:process";
import { type DiskOptions, runDisk } from "../../firmware/disk.ts";

runDisk(JSON.parse(argv[2] ?? "{}") as DiskOptions);
