/**
 * The text of the file of users: strict both ways. Whatever is not exactly what this server writes counts
 * as damaged, because half a list of accounts is worse than none. Source: issue 3 item 7; style 18.
 */
import type { Role } from "../../../services/telemetry/model.ts";
import { isRecord, parseObject } from "../../cli/client.ts";
import { isPasswordHash, type PasswordHash } from "./password.ts";

export interface User {
  readonly name: string;
  readonly role: Role;
  readonly password: PasswordHash;
}

export type ParsedUsers =
  | { readonly kind: "users"; readonly users: ReadonlyMap<string, User> }
  | { readonly kind: "malformed"; readonly reason: string };

/** More people than operate one cluster. */
export const USERS_MAX = 64;
/** 64 users are below 24 KiB. */
export const USERS_FILE_BYTES_MAX = 64 * 1024;
const VERSION = 1;
export const ROLES = ["view", "op", "admin"] as const satisfies readonly Role[];

export const isUserName = (value: unknown): value is string =>
  typeof value === "string" && /^[a-z0-9][a-z0-9._-]{0,31}$/.test(value);

export const isRole = (value: unknown): value is Role => ROLES.some((role) => role === value);

/** Administrators of a list; at least one must stay. */
export const adminCount = (users: ReadonlyMap<string, User>): number =>
  [...users.values()].filter((user) => user.role === "admin").length;

export function writeUsers(users: ReadonlyMap<string, User>): Uint8Array {
  const list = [...users.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return Buffer.from(`${JSON.stringify({ v: VERSION, users: list }, null, 2)}\n`, "utf8");
}

/** Never throws. A reason never quotes the file: it holds hashes. */
export function parseUsers(bytes: Uint8Array): ParsedUsers {
  if (bytes.length > USERS_FILE_BYTES_MAX) {
    return malformed(`it is longer than ${USERS_FILE_BYTES_MAX} bytes`);
  }
  const file = parseObject(Buffer.from(bytes).toString("utf8"));
  if (file === null) return malformed("it is not a JSON object");
  if (file["v"] !== VERSION) return malformed(`its version is not ${VERSION}`);
  const list = file["users"];
  if (!Array.isArray(list) || list.length === 0 || list.length > USERS_MAX) {
    return malformed(`it must list 1 to ${USERS_MAX} users`);
  }
  const users = new Map<string, User>();
  for (const [index, entry] of list.entries()) {
    const user = readUser(entry);
    if (user === null) return malformed(`user ${index + 1} of the list is malformed`);
    if (users.has(user.name)) return malformed(`user ${user.name} is there twice`);
    users.set(user.name, user);
  }
  if (adminCount(users) === 0) return malformed("no user has the role admin");
  return { kind: "users", users };
}

function readUser(entry: unknown): User | null {
  if (!isRecord(entry)) return null;
  const { name, role, password } = entry;
  if (!isUserName(name) || !isRole(role)) return null;
  if (!isRecord(password) || !isPasswordHash(password)) return null;
  const { n, r, p, salt, hash } = password as unknown as PasswordHash;
  return { name, role, password: { n, r, p, salt, hash } };
}

const malformed = (reason: string): ParsedUsers => ({ kind: "malformed", reason });
