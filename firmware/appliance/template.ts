/**
 * The configuration of the demonstration: two virtual servers wired to a rack, written as the
 * commented JSON that an operator would write, so that it can be read, changed and kept.
 * Source: issue 2 items 6 and 8; contract "Rack addresses".
 */
import { join } from "node:path";
import {
  arrayPort,
  type BlockPrefix,
  comPort,
  floatingHost,
  rackHost,
  serverHost,
} from "../../hal/rack/plan.ts";
import { serverNames, type TemplateOptions } from "./options.ts";

export interface TemplateFacts {
  readonly block: BlockPrefix;
  /** 8 hex digits. */
  readonly clusterId: string;
  readonly nodePath: string;
  readonly demoService: string;
}

/** Port on which clients reach the first group; the next groups follow. */
export const SERVICE_PORT = 8080;
/** The shortest COM interval that leaves 70 % of a 38400 bit/s line free, rounded up. */
const COM_INTERVAL_MIN_MS = 70;
/** A stop must be quicker than the patience of whoever tries the demonstration. */
const STOP_TIMEOUT_MS = 2000;

const HEAD = `// Configuration of the virtual appliance, written by \`npm start\`.
// Change it as you like: a changed file is kept and used as it is. Delete it to get a new one.
// Check it with \`kage config check\`, read its times with \`kage config explain\`.
// The times are those of a demonstration (1 s); the shipped profile is timeout 30 s, interval 3 s.
// The public switch forwards port ${SERVICE_PORT} of the first group's address, ${SERVICE_PORT + 1} of the second's, and so on.
`;

/** Text of `cluster.jsonc`. */
export function clusterText(options: TemplateOptions, facts: TemplateFacts): string {
  const { block } = facts;
  const names = serverNames(options.servers);
  const each = (value: (index: number) => string): Record<string, string> =>
    Object.fromEntries(names.map((name, index) => [name, value(index)]));
  const lan = (id: string, kind: string, port: number): object => ({
    id,
    kind,
    addresses: each((index) => `${serverHost(block, index)}:${port}`),
  });
  const withCom = options.method === "com" || options.method === "com-disk";
  const withDisk = options.method === "com-disk" || options.method === "disk";
  const com = {
    id: "com1",
    devices: each((index) => `tcp://${rackHost(block)}:${comPort(index)}`),
    baud: 38_400,
  };
  const disk = {
    paths: each((index) => `nbd://${rackHost(block)}:${arrayPort(index)}/array`),
  };
  const cluster = {
    cluster: { name: "demo", id: facts.clusterId },
    virtual: true,
    method: options.method,
    ...(options.internalFailure === undefined ? {} : { internalFailure: options.internalFailure }),
    timing: {
      heartbeatTimeoutMs: options.timeoutMs,
      heartbeatIntervalMs: options.intervalMs,
      ...(withCom ? { comIntervalMs: Math.max(options.intervalMs, COM_INTERVAL_MIN_MS) } : {}),
      ...(withDisk ? { diskWaitMs: options.diskWaitMs ?? options.timeoutMs } : {}),
      startSyncWaitMs: options.startSyncMs,
      watchdogTimeoutMs: options.watchdogMs,
    },
    servers: names.map((name) => ({ name })),
    lans: [lan("lan1", "private", 7001), lan("lan2", "public", 7002)],
    ...(withCom ? { com } : {}),
    ...(withDisk ? { disk } : {}),
    groups: options.groups.map((group, nth) => ({
      name: group.name,
      start: group.start ?? "auto",
      policy: group.policy,
      resources: [
        {
          type: "floating-ip",
          name: `${group.name}-address`.slice(0, 31),
          address: floatingHost(block, nth),
          prefixLength: 24,
        },
        {
          type: "program",
          name: `${group.name}-service`.slice(0, 31),
          argv: [facts.nodePath, facts.demoService, String(SERVICE_PORT + nth)],
          stopTimeoutMs: STOP_TIMEOUT_MS,
        },
        ...options.scripts
          .filter((script) => script.group === group.name)
          .map(({ folder, timeoutMs }, position) => ({
            type: "script",
            name: position === 0 ? "script" : `script${position + 1}`,
            start: join(folder, "start.sh"),
            stop: join(folder, "stop.sh"),
            startTimeoutMs: timeoutMs,
            stopTimeoutMs: timeoutMs,
          })),
      ],
    })),
  };
  return `${HEAD}${JSON.stringify(cluster, null, 2)}\n`;
}
