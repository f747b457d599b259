/**
 * From the checked configuration to the rack that fits it: block, wires, COM and array ports, floating
 * addresses. A configuration whose addresses are not those of one rack is refused with the reason.
 * Source: contract "Rack addresses"; architecture.md 7.
 */
import {
  blockOf,
  type HostPort,
  type Plan,
  parseHostPort,
  rackHost,
  type ServerPlugs,
} from "../../hal/rack/plan.ts";
import type { LoadedConfig } from "../../services/configuration/load.ts";
import type { TelemetryLocal } from "../local.ts";
import { SERVICE_PORT } from "./template.ts";

export interface FloatingPort {
  readonly group: string;
  readonly address: string;
  readonly port: number;
}

export interface Layout {
  readonly plan: Plan;
  readonly com: {
    readonly id: string;
    readonly ports: readonly HostPort[];
    readonly baud: number;
  } | null;
  readonly arrayPorts: readonly number[] | null;
  readonly floating: readonly FloatingPort[];
}

export type LayoutResult =
  | { readonly kind: "layout"; readonly layout: Layout }
  | { readonly kind: "refused"; readonly message: string };

/** The per-server `local.json` of the contract. */
export interface LocalFile {
  readonly server: string;
  readonly configFile: string;
  readonly keyFile: string;
  readonly stateDir: string;
  readonly runDir: string;
  readonly off: { readonly kind: "rack" };
  readonly watchdog: { readonly kind: "rack" | "none" };
  readonly addresses: { readonly kind: "rack" };
  readonly rack: ServerPlugs;
  readonly telemetry?: TelemetryLocal;
}

/** Refused is what is not virtual, or has addresses outside of one block 127.x.y. Opens nothing. */
export function layoutOf(config: LoadedConfig): LayoutResult {
  if (!config.virtual) {
    return refused('expected "virtual": true; this configuration is for real servers');
  }
  const first = config.lans[0]?.addresses[0]?.host ?? "";
  const block = blockOf(first);
  if (block === null) {
    return refused(`expected LAN addresses in one block 127.x.y (not 127.0.0), found ${first}`);
  }
  const host = rackHost(block);
  for (const lan of config.lans) {
    for (const at of lan.addresses) {
      if (blockOf(at.host) === block && at.host !== host) continue;
      return refused(
        `LAN ${lan.id}: expected an address ${block}.1 to ${block}.253, found ${at.host}`,
      );
    }
  }
  const com = config.com?.devices.map((device) => portOn(host, device, "tcp://", "")) ?? null;
  const array = config.disk?.paths.map((path) => portOn(host, path, "nbd://", "/array")) ?? null;
  const badCom = com?.indexOf(null) ?? -1;
  const badPath = array?.indexOf(null) ?? -1;
  if (badCom >= 0)
    return refused(`COM: expected tcp://${host}:PORT, found ${config.com?.devices[badCom]}`);
  if (badPath >= 0) {
    return refused(`disk: expected nbd://${host}:PORT/array, found ${config.disk?.paths[badPath]}`);
  }
  const floating = floatingOf(config);
  const stray = floating.find((one) => blockOf(one.address) !== block || one.address === host);
  if (stray !== undefined) {
    return refused(`group ${stray.group}: expected an address in ${block}, found ${stray.address}`);
  }
  const ports = com?.filter((at) => at !== null) ?? [];
  return {
    kind: "layout",
    layout: {
      plan: {
        block,
        servers: config.servers.map((server) => server.name),
        lans: config.lans.map((lan) => ({ id: lan.id, binds: lan.addresses })),
      },
      com: config.com === null ? null : { id: config.com.id, ports, baud: config.com.baud },
      arrayPorts: array === null ? null : array.flatMap((at) => (at === null ? [] : [at.port])),
      floating,
    },
  };
}

function floatingOf(config: LoadedConfig): FloatingPort[] {
  return config.groups.flatMap((group) =>
    group.resources.flatMap((resource) =>
      resource.kind === "floating-ip"
        ? [{ group: group.name, address: resource.address, port: SERVICE_PORT + group.index }]
        : [],
    ),
  );
}

function portOn(host: string, url: string, scheme: string, tail: string): HostPort | null {
  if (!url.startsWith(scheme) || !url.endsWith(tail)) return null;
  const at = parseHostPort(url.slice(scheme.length, url.length - tail.length));
  return at?.host === host ? at : null;
}

const refused = (message: string): LayoutResult => ({ kind: "refused", message });
