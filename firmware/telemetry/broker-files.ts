/**
 * Writes the files of a server's own mosquitto, and the drop-in by which Debian's unit starts it with them.
 * Passwords and certificate are made once and kept, so that writing the files anew changes nobody's access.
 * Source: flash/broker/mosquitto.ts; mosquitto(8); systemd.unit(5) (drop-ins).
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
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

/** Where systemd looks for what the site adds to the unit of Debian's package. */
const DROP_IN_FOLDER = "/etc/systemd/system/mosquitto.service.d";

export interface BrokerPlace {
  readonly localFile: string;
  /** Default: `brokerTls.folder` of the local file, else the package's own. */
  readonly out?: string;
  /** Account of the broker; default mosquitto's own choice. */
  readonly user?: string;
}

/** Returns the paths written. Throws StartFault when local file or key are wrong, or the folder refuses. */
export function writeBrokerFiles({ localFile, out, user }: BrokerPlace): readonly string[] {
  const context = readServerContext(localFile);
  const { telemetry } = context.local;
  const [own] = telemetry?.brokers ?? [];
  if (own === undefined) {
    throw new StartFault(
      `${localFile}: no "telemetry.brokers"; the first is this server's own broker`,
    );
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
  return putFiles(folder, files, user ?? BROKER_USER);
}

/** Makes mosquitto.service start with `config`; what else is set for it stays. Throws StartFault. */
export function writeDropIn(config: string, folder = DROP_IN_FOLDER): string {
  const text = [
    "# Written by kage broker setup; remove this file to give mosquitto its own configuration back.",
    "[Service]",
    "ExecStart=",
    `ExecStart=/usr/sbin/mosquitto -c ${config}`,
    "",
  ].join("\n");
  putFiles(folder, [{ name: "kagemusha.conf", mode: 0o644, text }], BROKER_USER);
  return join(folder, "kagemusha.conf");
}

function putFiles(folder: string, files: readonly RenderedFile[], user: string): readonly string[] {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    for (const { name, mode, text } of files) {
      const draft = join(folder, `${name}.new`);
      writeFileSync(draft, text, { mode, flush: true });
      if (OF_BROKER.includes(name)) giveTo(user, draft);
      renameSync(draft, join(folder, name));
    }
  } catch (error) {
    throw new StartFault(`${folder}: cannot be written (${(error as Error).message})`);
  }
  return files.map(({ name }) => join(folder, name));
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
