/**
 * A valid configuration as an object that a test bends at one place: two servers, two LANs, COM and
 * array of the virtual appliance, one group. Written out by hand, not taken from the shipped example.
 * Source: work order 8; addresses are the loopback's only.
 */

/** Plain JSON; each call makes a new one. */
export function sample() {
  return {
    cluster: { name: "lab" },
    virtual: true as boolean | undefined,
    method: "com-disk",
    timing: { heartbeatTimeoutMs: 1000, heartbeatIntervalMs: 100 } as Record<string, number>,
    servers: [{ name: "SERVER1" }, { name: "SERVER2" }] as { name: string }[],
    lans: [
      lan("lan1", "private", "127.5.5.1:7001", "127.5.5.2:7001"),
      lan("lan2", "public", "127.5.5.1:7002", "127.5.5.2:7002"),
    ],
    com: {
      devices: { SERVER1: "tcp://127.5.5.254:7100", SERVER2: "tcp://127.5.5.254:7101" },
    } as { devices: Record<string, string>; baud?: number } | undefined,
    disk: {
      paths: { SERVER1: "nbd://127.5.5.254:1080/array", SERVER2: "nbd://127.5.5.254:1081/array" },
    } as { paths: Record<string, string> } | undefined,
    groups: [group("web", ["SERVER1", "SERVER2"], "127.5.5.101")],
  };
}

export function lan(id: string, kind: string, one: string, two: string) {
  return { id, kind, addresses: { SERVER1: one, SERVER2: two } as Record<string, string> };
}

export function group(name: string, policy: string[], address: string) {
  return {
    name,
    policy,
    resources: [
      { type: "floating-ip", name: "ip", address, prefixLength: 24 } as Record<string, unknown>,
      { type: "program", name: "service", argv: ["node", "demo.js"] } as Record<string, unknown>,
    ],
  };
}

/** One key per line, so that a test can name the line it expects. */
export const write = (value: unknown): string => JSON.stringify(value, null, 2);
