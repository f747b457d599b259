/** What a black box needs of a server: its folders, its name and a configuration. */
import type { ServerContext } from "../../../firmware/local.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import { swarmConfig } from "../pulse/swarm-plan.ts";

export function contextIn(runDir: string, stateDir: string): ServerContext {
  const config = swarmConfig({ method: "none", timeoutMs: 1000, watchdogMs: 0 });
  const local = {
    server: "SERVER1",
    configFile: "",
    keyFile: "",
    stateDir,
    runDir,
    off: { kind: "rack" as const },
    watchdog: { kind: "none" as const },
    addresses: { kind: "rack" as const },
  };
  return { local, config, self: 0, host: hostIncarnation("00000000000000aa") };
}
