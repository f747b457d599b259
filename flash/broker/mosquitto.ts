/**
 * Files of the broker on an appliance: configuration, access list and password file of mosquitto 2.0, as
 * texts. A plain listener on loopback only, a TLS listener for everybody else when wanted, nothing kept on
 * disk (all retained state is published anew at every connect), no WebSocket listener because 2.0.11 binds
 * it to every address.
 * Source: ecosystem.md 0 findings 3 and 6, 2; mosquitto.conf(5), mosquitto_passwd(1).
 */
import { pbkdf2Sync } from "node:crypto";
import { BROKER_ACCOUNTS, type BrokerAccount, peerRights, rightsOf } from "./rights.ts";

export interface BrokerFilesOptions {
  /** `kage/v1/<cluster>`. */
  readonly prefix: string;
  /** Folder in which the files will stand, absolute. */
  readonly folder: string;
  /** Loopback address and port of the plain listener; null = there is none. */
  readonly listen: { readonly host: string; readonly port: number } | null;
  /** TLS listener, with `node.crt` and `node.key` of `folder`. Default: none. */
  readonly tls?: BrokerTls;
  readonly passwords: Readonly<Record<BrokerAccount, string>>;
  /** 12 random bytes per account. */
  readonly salts: Readonly<Record<BrokerAccount, Uint8Array>>;
  /** User the broker runs as. Default: mosquitto's own choice. */
  readonly user?: string;
}

export interface BrokerTls {
  readonly host: string;
  readonly port: number;
  /** Of the account by which the other servers read this one's events. */
  readonly peerPassword: string;
  /** 12 random bytes. */
  readonly peerSalt: Uint8Array;
}

/** Names of the files of the TLS listener. */
export const TLS_FILES = { certificate: "node.crt", key: "node.key", authority: "ca.pem" } as const;
/** Account by which the servers of a cluster read each other's events. */
export const PEER_ACCOUNT = "peer";

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
  const { prefix, passwords, salts, tls } = options;
  const credentials =
    tls === undefined ? passwords : { ...passwords, [PEER_ACCOUNT]: tls.peerPassword };
  return [
    { name: "mosquitto.conf", mode: 0o644, text: brokerConfig(options) },
    { name: "acl", mode: 0o600, text: accessList(prefix, tls !== undefined) },
    { name: "passwords", mode: 0o600, text: passwordFile(passwords, salts, tls) },
    { name: "credentials.json", mode: 0o600, text: `${JSON.stringify(credentials, null, 2)}\n` },
  ];
}

export function brokerConfig({ folder, listen, tls, user }: BrokerFilesOptions): string {
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
    ...(listen === null ? [] : listener(listen)),
    ...(tls === undefined
      ? []
      : [
          ...listener(tls),
          `certfile ${folder}/${TLS_FILES.certificate}`,
          `keyfile ${folder}/${TLS_FILES.key}`,
          "tls_version tlsv1.2",
        ]),
    "",
  ].join("\n");
}

function listener({ host, port }: { readonly host: string; readonly port: number }): string[] {
  return [`listener ${port} ${host}`, "protocol mqtt", "max_connections 200"];
}

export function accessList(prefix: string, hasPeers = false): string {
  const accounts = BROKER_ACCOUNTS.map((account) => {
    const rights = rightsOf(account, prefix).map(
      ({ access, filter }) => `topic ${access} ${filter}`,
    );
    return [`user ${account}`, ...rights].join("\n");
  });
  if (hasPeers) {
    const rights = peerRights(prefix).map(({ access, filter }) => `topic ${access} ${filter}`);
    accounts.push([`user ${PEER_ACCOUNT}`, ...rights].join("\n"));
  }
  return `# Rights by account, written by Kagemusha; what is not listed is denied.\n${accounts.join("\n\n")}\n`;
}

function passwordFile(
  passwords: BrokerFilesOptions["passwords"],
  salts: BrokerFilesOptions["salts"],
  tls: BrokerTls | undefined,
): string {
  const line = (account: string, password: string, salt: Uint8Array): string => {
    const hash = pbkdf2Sync(password, salt, ROUNDS, HASH_BYTES, "sha512");
    const salted = Buffer.from(salt).toString("base64");
    return `${account}:$7$${ROUNDS}$${salted}$${hash.toString("base64")}`;
  };
  const lines = BROKER_ACCOUNTS.map((account) => line(account, passwords[account], salts[account]));
  if (tls !== undefined) lines.push(line(PEER_ACCOUNT, tls.peerPassword, tls.peerSalt));
  return `${lines.join("\n")}\n`;
}
