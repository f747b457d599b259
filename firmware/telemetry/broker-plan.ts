/**
 * Which brokers this process speaks to and what each may do: the server's own takes commands by its accounts,
 * further ones only signed commands and only when local.json allows it, the rest are told and nothing more.
 * The own broker's password is given to no other: a customer's broker would learn it.
 * Source: ecosystem.md 1.2, 1.4 (a hacked customer broker must not be able to cut power).
 */
import { join } from "node:path";
import { TLS_FILES } from "../../flash/broker/mosquitto.ts";
import type { BrokerDuty } from "../../services/telemetry/commands/ruling.ts";
import type { TelemetryLocal } from "../local.ts";
import { brokerFolder } from "./broker-certificate.ts";
import { readCredentials } from "./credentials.ts";

export interface PlannedBroker extends BrokerDuty {
  readonly url: string;
  readonly isOwn: boolean;
}

export function planBrokers(options: TelemetryLocal): readonly PlannedBroker[] {
  const [own, ...outside] = options.brokers;
  const allows = options.allowRemoteCommands === true;
  return [
    ...(own === undefined ? [] : [{ url: own, isOwn: true, takesCommands: true }]),
    ...outside.map((url) => ({ url, isOwn: false, takesCommands: allows, wantsSignature: true })),
    ...(options.readOnlyBrokers ?? []).map((url) => {
      return { url, isOwn: false, takesCommands: false, wantsSignature: true };
    }),
  ];
}

/** Account of the connection; one in the address goes before the file. */
export function accountFor(
  { url, isOwn }: PlannedBroker,
  { brokerCredentials }: TelemetryLocal,
): { readonly username: string | null; readonly password: string | null } {
  const inAddress = new URL(url).username !== "";
  const passwords = isOwn && !inAddress ? readCredentials(brokerCredentials) : null;
  return passwords === null
    ? { username: null, password: null }
    : { username: "node", password: passwords.node };
}

/**
 * File of the authority by which a broker is recognised; null = the system's. One of a customer must not be
 * able to vouch for this server's own broker, nor the cluster's for a customer's.
 */
export function authorityFile({ isOwn }: PlannedBroker, options: TelemetryLocal): string | null {
  const hasOwn = isOwn && options.brokerTls !== undefined;
  return hasOwn ? join(brokerFolder(options), TLS_FILES.authority) : (options.brokerCa ?? null);
}
