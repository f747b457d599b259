/**
 * Cross-field rules about the method of partition resolution, and the warnings that every expert would
 * give about a configuration that is allowed: single paths, no watchdog, equipment that is not used.
 * Source: R57-R58, R80, R86-R93, R100-R106, D5, D54; guide 1.2.4 (recommendation table); protocol.md 2.2 G11.
 */
import { unreachable } from "../../hal/base/assert.ts";
import { isLoopback, parseEndpoint, parseIp } from "./address.ts";
import { usesCom } from "./budget.ts";
import { quote, type Remark } from "./finding.ts";
import type { Budget } from "./model.ts";
import type { RawConfiguration } from "./schema.ts";

/** Everything that forbids the method for this cluster; empty = it may be used. */
export function methodRemarks(raw: RawConfiguration): Remark[] {
  const at = ["method"];
  switch (raw.method) {
    case "com":
    case "com-disk":
      return comMethodRemarks(raw);
    case "none":
      if (raw.disk === undefined) return serverCountRemarks(raw);
      return [
        ...serverCountRemarks(raw),
        {
          at,
          expected: "a method that protects the shared disk",
          found: '"none" together with "disk"',
          remedy: 'choose "com-disk" (two servers), or remove "disk" if no disk is shared (R100)',
        },
      ];
    case "disk":
      return diskMethodRemarks(raw);
    case "majority":
      return majorityRemarks(raw);
    case "mirror": {
      const expected = 'one of "com", "com-disk", "disk", "majority", "none"';
      const remedy =
        "the driver that mirrors the disks arrives with a later release; " +
        "choose com, com-disk, disk, majority or none";
      return [{ at, expected, found: quote(raw.method), remedy }];
    }
    default:
      return unreachable(raw.method);
  }
}

/** Three and more servers settle it by a majority or by the shared disk; this method settles between two. */
function serverCountRemarks(raw: RawConfiguration): Remark[] {
  if (raw.servers.length === 2) return [];
  const found = `${raw.servers.length} servers with ${quote(raw.method)}`;
  const remedy =
    'choose method "majority" (or "disk", where one is shared) for 3 to 16 servers, or name two servers';
  return [{ at: ["servers"], expected: "exactly 2 servers", found, remedy }];
}

/** Of two servers both are needed for a majority: the first failure would stop the other one as well. */
function majorityRemarks(raw: RawConfiguration): Remark[] {
  if (raw.servers.length >= 3) return [];
  const found = `${raw.servers.length} servers: when one fails, the other has no majority and stops`;
  const remedy =
    'add a third server, or choose "com-disk" (shared disk), "com" (serial cable) or "none"';
  return [{ at: ["servers"], expected: "3 to 16 servers", found, remedy }];
}

function comMethodRemarks(raw: RawConfiguration): Remark[] {
  const remarks: Remark[] = [];
  const at = ["method"];
  const method = quote(raw.method);
  if (raw.servers.length > 2) {
    const found = `${raw.servers.length} servers with ${method}`;
    const remedy =
      'one serial cable joins two servers; choose "majority", or "disk" where one is shared (R57, R80)';
    remarks.push({ at, expected: "exactly 2 servers", found, remedy });
  }
  if (raw.com === undefined) {
    const found = `${method} without a "com" section`;
    const remedy = 'add "com": { "devices": { ... } } and the cross cable (R58)';
    remarks.push({ at, expected: "a COM path", found, remedy });
  }
  if (raw.method === "com-disk" && raw.disk === undefined) {
    const found = `${method} without a "disk" section`;
    const remedy = 'add "disk": { "paths": { ... } }, or choose "com" if no disk is shared (R80)';
    remarks.push({ at, expected: "an arbitration partition", found, remedy });
  }
  return remarks;
}

/** B1, B2, R65, R67: any number of servers. No volume manager can be named in a configuration, so that R66 has nothing to refuse. */
function diskMethodRemarks(raw: RawConfiguration): Remark[] {
  if (raw.disk !== undefined) return [];
  const found = '"disk" without a "disk" section';
  const remedy = 'add "disk": { "paths": { ... } }, or choose "com" if no disk is shared (R65)';
  return [{ at: ["method"], expected: "an arbitration partition", found, remedy }];
}

/** Worth knowing, not worth refusing. `found` says what is there, `remedy` what would be better. */
export function warningRemarks(raw: RawConfiguration, budget: Budget): Remark[] {
  const remarks: Remark[] = [];
  const warn = (when: boolean, remark: Remark) => {
    if (when) remarks.push(remark);
  };
  warn(raw.lans.length === 1, {
    at: ["lans"],
    expected: "two independent LAN paths",
    found: "one",
    remedy: "add the public LAN as spare interconnect: one path is a single point of failure",
  });
  warn(!raw.lans.some((lan) => lan.kind === "private"), {
    at: ["lans"],
    expected: "a private LAN path",
    found: "only public ones",
    remedy: "add a LAN dedicated to the interconnect",
  });
  warn(budget.watchdogMs === 0, {
    at: ["timing"],
    expected: "a watchdog",
    found: "watchdogTimeoutMs 0",
    remedy: "without it a frozen server is stopped by its own software only (software-bounded)",
  });
  warn(budget.watchdogMs > 0 && budget.protection === "software-bounded", {
    at: ["timing", "watchdogTimeoutMs"],
    expected: `at most ${resetBoundMs(budget)} ms for the level reset-bounded`,
    found: `${budget.watchdogMs}`,
    remedy: "shorten it or raise heartbeatTimeoutMs: a frozen server is reset after the takeover",
  });
  warn(raw.method === "com" && raw.disk !== undefined, {
    at: ["disk"],
    expected: 'method "com-disk" where a disk is shared',
    found: '"disk" with method "com", which does not use it',
    remedy: 'choose "com-disk": it stays safe when LAN and COM are cut in one instant',
  });
  warn(raw.timing.earlyVerdict && !budget.earlyVerdict, {
    at: ["timing", "earlyVerdict"],
    expected: 'method "disk" and a disk wait up to the heartbeat timeout',
    found: "earlyVerdict that has no effect",
    remedy: "remove it, or shorten diskWaitMs (D1)",
  });
  warn(raw.com !== undefined && !usesCom(raw.method), {
    at: ["com"],
    expected: 'method "com" or "com-disk" where a cable exists',
    found: `"com" with method ${quote(raw.method)}, which does not use it as evidence`,
    remedy: idleCableRemedy(raw),
  });
  warn(raw.method === "majority" && raw.disk !== undefined, {
    at: ["disk"],
    expected: 'method "disk" or "com-disk" where servers decide by the disk',
    found: '"disk" with method "majority", which does not use it',
    remedy: 'remove "disk": nobody reads or writes the arbitration partition',
  });
  for (const [i, group] of raw.groups.entries()) {
    warn(group.policy.length === 1, {
      at: ["groups", i, "policy"],
      expected: "a second server in the policy",
      found: `only ${quote(group.policy[0])}`,
      remedy: "add a server, else the group has nowhere to fail over to",
    });
    warn(group.resources.length === 0, {
      at: ["groups", i, "resources"],
      expected: "at least one resource",
      found: "an empty list",
      remedy: "add what the group is to run",
    });
  }
  return [...remarks, ...loopbackWarnings(raw), ...interfaceWarnings(raw)];
}

function idleCableRemedy({ method, servers }: RawConfiguration): string {
  if (method === "majority") {
    return 'remove "com": the majority of the servers is counted over the LANs alone';
  }
  return servers.length > 2
    ? 'remove "com": one serial cable joins two servers, and nothing is sent over it'
    : "choose a COM method, or keep it as a heartbeat path that is only shown";
}

/**
 * D24: a server whose agent stays away rests on its pulse alone. Were that to fail as well, only a reset before
 * the takeover keeps the groups from running twice.
 */
export function failureRemarks(raw: RawConfiguration, budget: Budget): Remark[] {
  if (raw.internalFailure !== "restart" || budget.protection === "reset-bounded") return [];
  return [
    {
      at: ["internalFailure"],
      expected: `"restart" only with a watchdog of at most ${resetBoundMs(budget)} ms (level reset-bounded)`,
      found: budget.watchdogMs === 0 ? "no watchdog" : `a watchdog of ${budget.watchdogMs} ms`,
      remedy: 'set timing.watchdogTimeoutMs, or choose "service-stop" or "emergency"',
    },
  ];
}

/** Longest watchdog timeout that still gives the level reset-bounded, ms. */
function resetBoundMs(budget: Budget): number {
  const boundMs = Math.floor(budget.timeoutMs * 0.999 - budget.sigmaMs);
  if (budget.stampIntervalMs === 0) return Math.max(0, boundMs);
  const { diskWaitMs, stampIntervalMs, claimMs, timeoutMs } = budget;
  const stampMs = Math.floor(diskWaitMs - stampIntervalMs - claimMs - timeoutMs * 0.001);
  return Math.max(0, Math.min(boundMs, stampMs));
}

function loopbackWarnings(raw: RawConfiguration): Remark[] {
  if (raw.virtual) return [];
  return raw.lans.flatMap((lan, i) =>
    Object.entries(lan.addresses).flatMap(([server, text]) => {
      const bytes = parseIp(parseEndpoint(text)?.host ?? "");
      if (bytes === null || !isLoopback(bytes)) return [];
      const at = ["lans", i, "addresses", server];
      const remedy = "a loopback address never leaves the machine; write the LAN's address";
      return [{ at, expected: "an address of the LAN", found: quote(text), remedy }];
    }),
  );
}

/** Floating addresses on a real server need an interface to sit on. */
function interfaceWarnings(raw: RawConfiguration): Remark[] {
  const floats = raw.groups.some((group) =>
    group.resources.some((resource) => resource.type === "floating-ip"),
  );
  if (raw.virtual || !floats) return [];
  return raw.servers.flatMap((server, i) => {
    if (server.publicInterface !== undefined) return [];
    const remedy =
      'add "publicInterface": the interface that carries floating addresses, e.g. eth0';
    return [{ at: ["servers", i], expected: "a public interface", found: "none", remedy }];
  });
}
