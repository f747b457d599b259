/**
 * Network of the machine against the configuration: interfaces, this server's LAN addresses, networks of
 * the other's and of the floating addresses, ports. A floating address that is here although the cluster
 * does not run would be announced by two servers.
 * Source: guide 3.1 (LAN settings); requirements R80-R84; services/configuration/network-rules.ts.
 */
import { canonicalIp } from "../../services/configuration/address.ts";
import { type CheckFacts, type Found, lacks, ok, type Probe, warns } from "./facts.ts";
import {
  contains,
  type ListeningPort,
  type Network,
  parseInet6,
  parseLocalAddresses,
  parseRoutes,
  parseSockets,
} from "./proc-net.ts";

interface Net {
  readonly own: ReadonlySet<string>;
  readonly networks: readonly Network[];
}

function readNet({ machine }: CheckFacts): Net {
  const inet6 = parseInet6(machine.text("/proc/net/if_inet6") ?? "");
  const inet4 = parseLocalAddresses(machine.text("/proc/net/fib_trie") ?? "");
  const routes = parseRoutes(machine.text("/proc/net/route") ?? "");
  const own = new Set([...inet4, ...inet6.map(({ address }) => canonicalIp(address))]);
  return { own, networks: [...routes, ...inet6] };
}

export const probeInterfaces: Probe = (facts) => {
  const { machine, config, self } = facts;
  const name = self === null ? undefined : config?.servers[self]?.publicInterface;
  if (config === null || name === undefined || name === "") return [];
  if (!machine.exists(`/sys/class/net/${name}`)) {
    const all = machine.list("/sys/class/net").filter((one) => one !== "lo");
    return [lacks("interface.missing", { name, all: all.join(", ") || "-" })];
  }
  const carrier = machine.text(`/sys/class/net/${name}/carrier`)?.trim();
  return [carrier === "0" ? warns("interface.no-carrier", { name }) : ok("interface", { name })];
};

export const probeLans: Probe = (facts) => {
  const { config, self } = facts;
  if (config === null || self === null) return [];
  const net = readNet(facts);
  const lines: Found[] = [];
  const devices = new Map<string, string>();
  for (const { id, addresses } of config.lans) {
    const own = canonicalIp(addresses[self]?.host ?? "");
    if (!net.own.has(own)) {
      lines.push(lacks("lan.address-missing", { lan: id, address: own }));
      continue;
    }
    const network = net.networks.find((one) => contains(one, own));
    const others = addresses.filter((_, index) => index !== self).map(({ host }) => host);
    const far = others.filter((host) => network === undefined || !contains(network, host));
    if (far.length > 0) {
      lines.push(lacks("lan.other-network", { lan: id, address: own, others: far.join(", ") }));
      continue;
    }
    const device = network?.device ?? "?";
    const twin = devices.get(device);
    devices.set(device, id);
    lines.push(
      twin === undefined
        ? ok("lan", { lan: id, address: own, device })
        : warns("lan.same-device", { lan: id, other: twin, device }),
    );
  }
  return lines;
};

export const probeFloating: Probe = (facts) => {
  const { config, self, ownPids } = facts;
  if (config === null || self === null) return [];
  const net = readNet(facts);
  const device = config.servers[self]?.publicInterface ?? "";
  const resources = config.groups.flatMap((group) => group.resources);
  return resources.flatMap((resource): Found[] => {
    if (resource.kind !== "floating-ip") return [];
    const address = canonicalIp(resource.address);
    if (net.own.has(address)) {
      // Held by the cluster itself while it runs.
      if (ownPids.size > 0) return [ok("floating.held", { address })];
      return [lacks("floating.present", { address, device, prefix: resource.prefixLength })];
    }
    const fits = net.networks.some((one) => one.device === device && contains(one, address));
    return [
      fits
        ? ok("floating", { address, device })
        : lacks("floating.no-network", { address, device }),
    ];
  });
};

export const probePorts: Probe = (facts) => {
  const { machine, config, self, local, ownPids } = facts;
  const read = (kind: "udp" | "tcp"): readonly ListeningPort[] =>
    [`/proc/net/${kind}`, `/proc/net/${kind}6`].flatMap((path) =>
      parseSockets(machine.text(path) ?? "", kind),
    );
  const wanted: { readonly kind: "udp" | "tcp"; readonly host: string; readonly port: number }[] =
    [];
  for (const { addresses } of config?.lans ?? []) {
    const own = self === null ? undefined : addresses[self];
    if (own !== undefined) wanted.push({ kind: "udp", ...own });
  }
  const listen = /^(.+):(\d+)$/.exec(local?.telemetry?.listen ?? "");
  if (listen !== null) {
    wanted.push({ kind: "tcp", host: listen[1] ?? "", port: Number(listen[2]) });
  }
  return wanted.map(({ kind, host, port }) => {
    const values = { port: `${kind} ${host}:${port}` };
    const isTaken = read(kind).some((one) => one.port === port && clash(one.host, host));
    if (!isTaken) return ok("port", values);
    return ownPids.size > 0 ? ok("port.own", values) : lacks("port.taken", values);
  });
};

function clash(taken: string, wanted: string): boolean {
  const isAny = (host: string): boolean => /^[0.:]+$/.test(host) || host === "*";
  return isAny(taken) || isAny(wanted) || canonicalIp(taken) === canonicalIp(wanted);
}
