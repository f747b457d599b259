/**
 * Files of the broker on an appliance: configuration, access list and password file of mosquitto 2.0, as
 * texts. One listener on loopback, nothing kept on disk (all retained state is published anew at every
 * connect), no WebSocket listener because 2.0.11 binds it to every address.
 * Source: ecosystem.md 0 findings 3 and 6, 2; mosquitto.conf(5), mosquitto_passwd(1).
 */
import { pbkdf2Sync } from "node:crypto";
import { BROKER_ACCOUNTS, type BrokerAccount, rightsOf } from "./rights.ts";

export interface BrokerFilesOptions {
  /** `kage/v1/<cluster>`. */
  readonly prefix: string;
  /** Folder in which the files will stand, absolute. */
  readonly folder: string;
  /** Loopback address and port. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly passwords: Readonly<Record<BrokerAccount, string>>;
  /** 12 random bytes per account. */
  readonly salts: Readonly<Record<BrokerAccount, Uint8Array>>;
  /** User the broker runs as. Default: mosquitto's own choice. */
  readonly user?: string;
}

export interface RenderedFile {
  readonly name: string;
  readonly mode: number;
  readonly text: string;
}

/** Rounds that mosquitto 2.0 writes itself; it accepts other counts. */
const ROUNDS = 1000;
const HASH_BYTES = 64;

/** All files of the broker; `credentials.json` is what `brokerCredentials` of local.json names. */
export function brokerFiles(options: BrokerFilesOptions): readonly RenderedFile[] {
  const { prefix, passwords, salts } = options;
  return [
    { name: "mosquitto.conf", mode: 0o644, text: brokerConfig(options) },
    { name: "acl", mode: 0o600, text: accessList(prefix) },
    { name: "passwords", mode: 0o600, text: passwordFile(passwords, salts) },
    { name: "credentials.json", mode: 0o600, text: `${JSON.stringify(passwords, null, 2)}\n` },
  ];
}

export function brokerConfig({ folder, listen, user }: BrokerFilesOptions): string {
  return [
    "# Broker of this server's telemetry, written by Kagemusha. Changes are overwritten.",
    "# Servers are not bridged: a mesh of bridges multiplies every message.",
    "per_listener_settings false",
    "allow_anonymous false",
    `password_file ${folder}/passwords`,
    `acl_file ${folder}/acl`,
    "persistence false",
    "max_queued_messages 1000",
    "max_inflight_messages 64",
    "message_size_limit 524288",
    "max_packet_size 524288",
    "max_keepalive 120",
    "sys_interval 30",
    "log_type error",
    "log_type warning",
    "log_type notice",
    "log_dest stderr",
    "connection_messages false",
    ...(user === undefined ? [] : [`user ${user}`]),
    `listener ${listen.port} ${listen.host}`,
    "protocol mqtt",
    "max_connections 200",
    "",
  ].join("\n");
}

export function accessList(prefix: string): string {
  const accounts = BROKER_ACCOUNTS.map((account) => {
    const rights = rightsOf(account, prefix).map(
      ({ access, filter }) => `topic ${access} ${filter}`,
    );
    return [`user ${account}`, ...rights].join("\n");
  });
  return `# Rights by account, written by Kagemusha; what is not listed is denied.\n${accounts.join("\n\n")}\n`;
}

function passwordFile(
  passwords: BrokerFilesOptions["passwords"],
  salts: BrokerFilesOptions["salts"],
): string {
  const lines = BROKER_ACCOUNTS.map((account) => {
    const salt = salts[account];
    const hash = pbkdf2Sync(passwords[account], salt, ROUNDS, HASH_BYTES, "sha512");
    const salted = Buffer.from(salt).toString("base64");
    return `${account}:$7$${ROUNDS}$${salted}$${hash.toString("base64")}`;
  });
  return `${lines.join("\n")}\n`;
}
