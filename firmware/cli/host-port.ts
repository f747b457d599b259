/**
 * Where an invitation waits, as `--listen` and `--from` have it: an address in digits with or without a
 * port. Names are not looked up: a code must not go to whom a name service says.
 * Source: ecosystem.md 7; services/configuration/address.ts.
 */
import { parseIp } from "../../services/configuration/address.ts";

/** Port of invitations unless said otherwise. */
export const ENROL_PORT = 7019;
const PORT_MAX = 65_535;

export interface HostPort {
  readonly host: string;
  /** 0 = any free one, for listening only. */
  readonly port: number;
  /** As a person writes it. */
  readonly shown: string;
}

/** null = no address in digits, or no port. */
export function hostPort(text: string): HostPort | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? "";
  const port = match?.[3] === undefined ? ENROL_PORT : Number(match[3]);
  if (parseIp(host) === null || port > PORT_MAX) return null;
  const shown = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  return { host, port, shown };
}
