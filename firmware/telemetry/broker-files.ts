/**
 * Writes the files of a server's own mosquitto: `main.js broker-files --local FILE [--out DIR] [--user U]`.
 * Passwords and certificate are made once and kept, so that writing the files anew changes nobody's access.
 * Source: flash/broker/mosquitto.ts; mosquitto(8).
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { derivePeerPassword } from "../../flash/broker/certificate.ts";
import {
  type BrokerFilesOptions,
  type BrokerTls,
  brokerFiles,
  type RenderedFile,
  TLS_FILES,
} from "../../flash/broker/mosquitto.ts";
import { isLoopback, parseIp } from "../../services/configuration/address.ts";
import { prefixOf } from "../../services/telemetry/topics.ts";
import { readClusterKey, readServerContext, type ServerContext, StartFault } from "../local.ts";
import {
  brokerFolder,
  certificateFiles,
  giveTo,
  isOurs,
  splitListen,
} from "./broker-certificate.ts";
import { ACCOUNTS, type Account, type Credentials, readCredentials } from "./credentials.ts";

/** 144 bits: nobody types these. */
const PASSWORD_BYTES = 18;
const SALT_BYTES = 12;
/** Account of Debian's package. */
export const BROKER_USER = "mosquitto";
/** What the broker itself reads; the rest is this program's. */
const OF_BROKER: readonly string[] = ["acl", "passwords", TLS_FILES.key];

/** Throws StartFault when arguments, local file or key are wrong, or the folder refuses. */
export function writeBrokerFiles(argv: readonly string[]): void {
  const { local, out, user } = parseArgs({
    args: [...argv],
    options: { local: { type: "string" }, out: { type: "string" }, user: { type: "string" } },
  }).values;
  const context = readServerContext(local ?? "");
  const { telemetry } = context.local;
  const [own] = telemetry?.brokers ?? [];
  if (own === undefined) {
    throw new StartFault(`${local}: no "telemetry.brokers"; the first is this server's own broker`);
  }
  const folder = resolve(out ?? brokerFolder(telemetry));
  const tls = tlsOf(context, own);
  const files = [
    ...(tls === undefined ? [] : certificates(context, folder)),
    ...brokerFiles({
      prefix: prefixOf(context.config.name),
      folder,
      listen: plainListener(own),
      passwords: readCredentials(join(folder, "credentials.json")) ?? newCredentials(),
      salts: each(() => randomBytes(SALT_BYTES)),
      ...(tls === undefined ? {} : { tls }),
      ...(user === undefined ? {} : { user }),
    }),
  ];
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    for (const { name, mode, text } of files) {
      const draft = join(folder, `${name}.new`);
      writeFileSync(draft, text, { mode, flush: true });
      if (OF_BROKER.includes(name)) giveTo(user ?? BROKER_USER, draft);
      renameSync(draft, join(folder, name));
    }
  } catch (error) {
    throw new StartFault(`${folder}: cannot be written (${(error as Error).message})`);
  }
}

/** Passwords must not cross a wire in the clear. null = the own broker is reached by TLS alone. */
function plainListener(own: string): BrokerFilesOptions["listen"] {
  const { protocol, hostname, port } = new URL(own);
  if (protocol === "mqtts:") return null;
  const host = hostname.replace(/^\[|\]$/g, "");
  const address = parseIp(host);
  if (host !== "localhost" && (address === null || !isLoopback(address))) {
    throw new StartFault(
      `telemetry.brokers: ${own} is no loopback address; expected mqtt://127.0.0.1:1883 for this ` +
        'server itself and "brokerTls" for others',
    );
  }
  return { host, port: Number(port || "1883") };
}

function tlsOf({ local }: ServerContext, own: string): BrokerTls | undefined {
  const listen = local.telemetry?.brokerTls?.listen;
  if (listen === undefined) {
    if (!own.startsWith("mqtts:")) return undefined;
    throw new StartFault(`telemetry.brokers: ${own} needs "brokerTls", where it listens`);
  }
  const peerPassword = derivePeerPassword(readClusterKey(local.keyFile));
  return { ...splitListen(listen), peerPassword, peerSalt: randomBytes(SALT_BYTES) };
}

function certificates({ config, local }: ServerContext, folder: string): readonly RenderedFile[] {
  const clusterKey = readClusterKey(local.keyFile);
  if (isOurs(folder, clusterKey, config.name)) return [];
  return certificateFiles(config, local, clusterKey, Date.now());
}

const newCredentials = (): Credentials => each(() => randomBytes(PASSWORD_BYTES).toString("hex"));

function each<T>(make: () => T): Readonly<Record<Account, T>> {
  const made = ACCOUNTS.map((account) => [account, make()] as const);
  return Object.fromEntries(made) as Record<Account, T>;
}
