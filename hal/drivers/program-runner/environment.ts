/**
 * What a monitored program finds in its environment.
 * Later wins: inherited, configured, KAGE_ (a configuration cannot fake whose program it is).
 * Source: architecture.md 2; issue contract of the virtual appliance (KAGE_TREE marks a server's
 * processes).
 */
import type { ProgramSpec } from "../../ports/host.ts";

export const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const INHERITED = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "KAGE_TREE"];

/**
 * The few variables of this process that a program gets; nothing else of the agent leaks into it.
 */
export function inheritedEnvironment(): Record<string, string> {
  const env: Record<string, string> = { PATH: DEFAULT_PATH };
  for (const name of INHERITED) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

export function programEnvironment(
  base: Readonly<Record<string, string>>,
  spec: ProgramSpec,
  server: string,
  cookie: string,
): Record<string, string> {
  return {
    ...base,
    ...spec.env,
    KAGE_SERVER: server,
    KAGE_GROUP: spec.group,
    KAGE_RESOURCE: spec.resource,
    KAGE_PROGRAM: cookie,
    KAGE_PUBLIC_ADDRESS: spec.publicAddress,
    KAGE_FLOATING_IP: spec.floatingAddress ?? "",
  };
}
