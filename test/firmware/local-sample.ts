/** A server's local.json that passes every check: SERVER1 on a Linux machine, all of it in one folder. */
import { join } from "node:path";

/** `more`: further sections, or others in place of these. */
export function localSample(folder: string, more: object = {}): object {
  return {
    server: "SERVER1",
    configFile: join(folder, "cluster.jsonc"),
    keyFile: join(folder, "cluster.key"),
    stateDir: folder,
    runDir: folder,
    off: { kind: "command", argv: ["true"] },
    watchdog: { kind: "none" },
    addresses: { kind: "linux" },
    ...more,
  };
}
