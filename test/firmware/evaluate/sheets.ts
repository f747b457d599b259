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

/** The same with `count` servers that decide by `method`; each of them may run the group. */
export function manySheet(
  count: number,
  bend?: (sheet: Sheet) => void,
  method: "majority" | "disk" = "majority",
): string {
  const names = Array.from({ length: count }, (_, index) => `SERVER${index + 1}`);
  return sheet(method, (made) => {
    made.com = undefined;
    const paths = Object.fromEntries(names.map((name) => [name, `/dev/arbitration-of-${name}`]));
    made.disk = method === "disk" ? { paths } : undefined;
    made.servers = names.map((name) => ({ name }));
    for (const [nth, one] of made.lans.entries()) {
      one.addresses = Object.fromEntries(
        names.map((name, index) => [name, `127.5.5.${index + 1}:700${nth + 1}`]),
      );
    }
    made.groups = [group("web", names, "127.5.5.101")];
    bend?.(made);
  });
}

/** A watchdog that bites before anybody takes over: the level reset-bounded. */
export function guarded(made: Sheet): void {
  made.timing["watchdogTimeoutMs"] = 500;
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
