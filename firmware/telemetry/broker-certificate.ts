/**
 * Certificate, key and authority of this server's broker as files: made at the first run, made anew by
 * `kage certificate renew`, and looked at before they end. The three are replaced as one set, because a
 * certificate without its key is no broker. Source: ecosystem.md 1.4; flash/broker/certificate.ts.
 */
import { createPublicKey, generateKeyPairSync, randomBytes, X509Certificate } from "node:crypto";
import { chownSync, readFileSync, statSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import {
  authorityCertificate,
  DAY_MS,
  deriveAuthority,
  nodeCertificate,
} from "../../flash/broker/certificate.ts";
import { type RenderedFile, TLS_FILES } from "../../flash/broker/mosquitto.ts";
import { ETC_DIR } from "../../flash/package/places.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import { topicId } from "../../services/telemetry/topics.ts";
import type { Local, TelemetryLocal } from "../local.ts";

/** A warning stands from then on. */
export const EXPIRY_WARNING_DAYS = 30;
const SERIAL_BYTES = 16;
const WILDCARDS = ["0.0.0.0", "::"];
const DNS_NAME = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;

/** Where the broker's files stand: `brokerTls.folder` or /etc/kagemusha/broker. */
export const brokerFolder = (telemetry: TelemetryLocal | undefined): string =>
  telemetry?.brokerTls?.folder ?? join(ETC_DIR, "broker");

/** `host:port` with an IPv6 address in brackets. */
export function splitListen(listen: string): { readonly host: string; readonly port: number } {
  const cut = listen.lastIndexOf(":");
  const host = listen.slice(0, cut).replace(/^\[|\]$/g, "");
  return { host, port: Number(listen.slice(cut + 1)) };
}

/** A new key with its certificate, and the authority. */
export function certificateFiles(
  config: ClusterConfig,
  local: Local,
  clusterKey: Uint8Array,
  nowMs: number,
): readonly RenderedFile[] {
  const authority = deriveAuthority(clusterKey, config.name);
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const certificate = nodeCertificate({
    authority,
    publicKey,
    server: local.server,
    hosts: hostsOf(config, local),
    nowMs,
    serial: randomBytes(SERIAL_BYTES),
  });
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return [
    { name: TLS_FILES.authority, mode: 0o644, text: authorityCertificate(authority) },
    { name: TLS_FILES.key, mode: 0o600, text: key },
    { name: TLS_FILES.certificate, mode: 0o644, text: certificate },
  ];
}

/** How others may call this broker: where it listens, its addresses in the LANs, its names. */
function hostsOf(config: ClusterConfig, { server, telemetry }: Local): readonly string[] {
  const index = config.servers.find(({ name }) => name === server)?.index ?? -1;
  const lans = config.lans.map(({ addresses }) => addresses[index]?.host ?? "");
  const { host } = splitListen(telemetry?.brokerTls?.listen ?? ":0");
  const all = [host, ...lans, topicId(server), ...(telemetry?.hostNames ?? [])];
  const usable = all.filter((name) => isIP(name) !== 0 || DNS_NAME.test(name));
  return [...new Set(usable)].filter((name) => !WILDCARDS.includes(name));
}

export interface Expiry {
  readonly until: string;
  /** Whole days left; below 0 = it has ended. */
  readonly daysLeft: number;
}

/** Of a certificate file; null = there is none, or none that can be read. */
export function expiryOf(file: string, nowMs: number): Expiry | null {
  try {
    return expiryOfPem(readFileSync(file, "utf8"), nowMs);
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}

/** null: this is no certificate. */
export function expiryOfPem(pem: string, nowMs: number): Expiry | null {
  try {
    const until = Date.parse(new X509Certificate(pem).validTo);
    if (!Number.isFinite(until)) return null;
    const daysLeft = Math.floor((until - nowMs) / DAY_MS);
    return { until: new Date(until).toISOString(), daysLeft };
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}

/** True when the certificate in `folder` is of the authority of this key; else it has to be made anew. */
export function isOurs(folder: string, clusterKey: Uint8Array, cluster: string): boolean {
  try {
    const found = new X509Certificate(readFileSync(join(folder, TLS_FILES.certificate)));
    const { key } = deriveAuthority(clusterKey, cluster);
    statSync(join(folder, TLS_FILES.key));
    return found.verify(createPublicKey(key));
  } catch (error) {
    if (error instanceof Error && "code" in error) return false;
    throw error;
  }
}

/**
 * Gives a file to the account of the broker, which drops root's rights before it reads its files. Without
 * root, or without such an account, it stays with who wrote it.
 */
export function giveTo(user: string, path: string): void {
  if (process.getuid?.() !== 0) return;
  const rows = readFileSync("/etc/passwd", "utf8").split("\n");
  const [, , uid, gid] = rows.find((row) => row.startsWith(`${user}:`))?.split(":") ?? [];
  if (uid !== undefined && gid !== undefined) chownSync(path, Number(uid), Number(gid));
}
