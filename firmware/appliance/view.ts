/**
 * The view outward of the virtual appliance: one broker for all servers, a telemetry section for each
 * server's local file, and the line that invites to the dashboard with its one-time code.
 * Source: contract of the telemetry pieces ("Virtual appliance"); work order 3 items 6 and 7.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { serverHost } from "../../hal/rack/plan.ts";
import { prefixOf } from "../../services/telemetry/topics.ts";
import type { TelemetryLocal } from "../local.ts";
import { type ApplianceDirs, rackSocket } from "../places.ts";
import { obtainSetupCode } from "../telemetry/web/setup-code.ts";
import { type BrokerPlace, startBroker } from "./broker-child.ts";
import type { Configured } from "./configure.ts";
import type { ApplianceOptions } from "./options.ts";

/** Port of every server's dashboard on its own address. */
export const DASHBOARD_PORT = 8090;

export interface ApplianceView {
  /** For whoever looks on: address, accounts and the tree's prefix. */
  readonly broker: BrokerPlace & { readonly prefix: string };
  /** `telemetry` section of the server at that position. */
  sectionOf(index: number): TelemetryLocal;
  /** Lines for the person who has started the appliance. */
  invitation(): readonly string[];
  close(): Promise<void>;
}

export interface ViewOptions {
  readonly options: ApplianceOptions;
  readonly set: Configured;
  readonly dirs: ApplianceDirs;
  readonly nodePath: string;
  readonly mainJs: string;
  readonly say: (text: string) => void;
}

/** null: not wanted, or no broker can be had; the appliance runs without. */
export async function openView(view: ViewOptions): Promise<ApplianceView | null> {
  const { options, set, dirs, say } = view;
  if (!options.web) return null;
  const { block, servers } = set.layout.plan;
  const prefix = prefixOf(set.config.name);
  const { brokerUrl, brokerAccounts } = options;
  const child =
    brokerUrl === null
      ? await startBroker({ ...view, block, prefix, runDir: dirs.runDir })
      : { url: brokerUrl, accountsFile: brokerAccounts, close: () => Promise.resolve() };
  if (child === null) return null;
  const usersFile = join(dirs.stateDir, "users.json");
  const code = await setupCode(usersFile, join(dirs.stateDir, "setup-code"), say);
  const urls = servers.map((_, index) => `http://${serverHost(block, index)}:${DASHBOARD_PORT}`);
  const { url, accountsFile } = child;
  return {
    broker: { url, accountsFile, prefix },
    sectionOf: (index) => ({
      listen: `${serverHost(block, index)}:${DASHBOARD_PORT}`,
      brokers: [child.url],
      ...(child.accountsFile === null ? {} : { brokerCredentials: child.accountsFile }),
      usersFile,
      rackSocket: rackSocket(dirs),
      homeAssistant: brokerUrl !== null,
      peers: Object.fromEntries(servers.map((name, at) => [name, urls[at] ?? ""])),
    }),
    invitation: () => [
      `dashboard ${urls[0]}${code === null ? "" : ` (one-time code ${code})`}`,
      `broker ${child.url}${child.accountsFile === null ? "" : `, accounts in ${child.accountsFile}`}`,
    ],
    close: () => child.close(),
  };
}

/** One code for all servers, made before any of them could make its own; null = users exist. */
async function setupCode(
  usersFile: string,
  codeFile: string,
  say: (text: string) => void,
): Promise<string | null> {
  if (existsSync(usersFile)) return null;
  const obtained = await obtainSetupCode(codeFile);
  if (obtained.kind === "code") return obtained.code;
  say(`note: no one-time code for the dashboard: ${obtained.reason}`);
  return null;
}
