/**
 * Passwords of the broker's accounts, read anew before every connection so that a changed file counts at
 * once. A missing or damaged file is no reason to end: a broker without accounts needs none.
 * Source: ecosystem.md 1.4 (accounts by role); flash/broker/rights.ts.
 */
import { readFileSync } from "node:fs";

export const ACCOUNTS = ["node", "viewer", "operator", "admin"] as const;
export type Account = (typeof ACCOUNTS)[number];

export type Credentials = Readonly<Record<Account, string>>;

/** null: no file, unreadable, or an account is missing. */
export function readCredentials(file: string | undefined): Credentials | null {
  if (file === undefined) return null;
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
  return isCredentials(value) ? value : null;
}

function isCredentials(value: unknown): value is Credentials {
  if (typeof value !== "object" || value === null) return false;
  const record = value as Readonly<Record<string, unknown>>;
  return ACCOUNTS.every((name) => typeof record[name] === "string" && record[name] !== "");
}
