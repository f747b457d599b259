/**
 * Writes the files of a server's own mosquitto: `main.js broker-files --local FILE --out DIR [--user U]`.
 * Passwords are made once and kept, so that writing the files anew changes nobody's access.
 * Source: flash/broker/mosquitto.ts; mosquitto(8).
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { brokerFiles } from "../../flash/broker/mosquitto.ts";
import { prefixOf } from "../../services/telemetry/topics.ts";
import { readServerContext, StartFault } from "../local.ts";
import { ACCOUNTS, type Account, type Credentials, readCredentials } from "./credentials.ts";

/** 144 bits: nobody types these. */
const PASSWORD_BYTES = 18;
const SALT_BYTES = 12;

/** Throws StartFault when arguments or local file are wrong, or the folder refuses. */
export function writeBrokerFiles(argv: readonly string[]): void {
  const { local, out, user } = parseArgs({
    args: [...argv],
    options: { local: { type: "string" }, out: { type: "string" }, user: { type: "string" } },
  }).values;
  if (out === undefined) throw new StartFault("broker-files: expected --local FILE --out DIR");
  const context = readServerContext(local ?? "");
  const [own] = context.local.telemetry?.brokers ?? [];
  if (own === undefined) {
    throw new StartFault(`${local}: no "telemetry.brokers"; the first is this server's own broker`);
  }
  const url = new URL(own);
  const folder = resolve(out);
  const files = brokerFiles({
    prefix: prefixOf(context.config.name),
    folder,
    listen: { host: url.hostname, port: Number(url.port || "1883") },
    passwords: readCredentials(join(folder, "credentials.json")) ?? newCredentials(),
    salts: each(() => randomBytes(SALT_BYTES)),
    ...(user === undefined ? {} : { user }),
  });
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    for (const { name, mode, text } of files) {
      const draft = join(folder, `${name}.new`);
      writeFileSync(draft, text, { mode, flush: true });
      renameSync(draft, join(folder, name));
    }
  } catch (error) {
    throw new StartFault(`${folder}: cannot be written (${(error as Error).message})`);
  }
}

const newCredentials = (): Credentials => each(() => randomBytes(PASSWORD_BYTES).toString("hex"));

function each<T>(make: () => T): Readonly<Record<Account, T>> {
  const made = ACCOUNTS.map((account) => [account, make()] as const);
  return Object.fromEntries(made) as Record<Account, T>;
}
