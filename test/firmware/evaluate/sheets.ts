/**
 * Configurations of a virtual appliance for the evaluation, one per resolution method, written by hand.
 * Source: the guide's minimal two-server systems (1.2.4, 1.3.2).
 */
import { type LoadedConfig, loadConfiguration } from "../../../services/configuration/load.ts";
import { group, sample, write } from "../../services/configuration/sample.ts";

export type Sheet = ReturnType<typeof sample>;

/** T 1 s, one group at home on SERVER1; `bend` changes what a test is about. */
export function sheet(method: string, bend?: (sheet: Sheet) => void): string {
  const made = sample();
  made.method = method;
  if (method === "disk" || method === "none") made.com = undefined;
  if (method === "com" || method === "none") made.disk = undefined;
  made.timing = {
    heartbeatTimeoutMs: 1000,
    heartbeatIntervalMs: 100,
    diskWaitMs: 1000,
    startSyncWaitMs: 5000,
  };
  bend?.(made);
  return write(made);
}

/** Two groups, each at home on another server. */
export function twoWay(made: Sheet): void {
  made.groups.push(group("db", ["SERVER2", "SERVER1"], "127.5.5.102"));
}

export function loaded(text: string): LoadedConfig {
  const result = loadConfiguration(text, "sheet.jsonc");
  if (result.kind === "ok") return result.config;
  throw new Error(result.findings.map(({ text: why }) => why).join("\n"));
}
