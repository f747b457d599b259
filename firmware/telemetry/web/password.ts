/**
 * Hashes and checks passwords with scrypt. The work is done on libuv's threads, at most two at a time with
 * a short queue: each takes 32 MiB and about a tenth of a second, and a flood of logins must exhaust neither
 * memory nor the processor that the agent needs. Source: RFC 7914; OWASP password storage (N 2^15, r 8, p 3).
 */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

export interface PasswordHash {
  readonly n: number;
  readonly r: number;
  readonly p: number;
  /** Hex. */
  readonly salt: string;
  readonly hash: string;
}

export const PASSWORD_MIN = 10;
export const PASSWORD_MAX = 128;
const COST = { n: 2 ** 15, r: 8, p: 3 } as const;
/** What must be left without the user's name, when that is more than a letter or two. */
const REST_MIN = 8;
const NAME_MIN = 3;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const RUNNING_MAX = 2;
const WAITING_MAX = 8;
/** Twice what the costs above need; a file that asks for more is not believed. */
const MEMORY_BYTES_MAX = 64 * 1024 * 1024;

export type Checked = "right" | "wrong" | "busy";

export interface PasswordDesk {
  /** Null = too many are waiting. */
  hash(password: string): Promise<PasswordHash | null>;
  /** `expected` null (no such user) takes just as long and is always wrong. */
  check(password: string, expected: PasswordHash | null): Promise<Checked>;
}

export function createPasswordDesk(): PasswordDesk {
  const waiting: (() => void)[] = [];
  let running = 0;
  const nobody: PasswordHash = {
    ...COST,
    salt: randomHex(SALT_BYTES),
    hash: randomHex(HASH_BYTES),
  };

  async function takeTurn<T>(work: () => Promise<T>): Promise<T | null> {
    if (running >= RUNNING_MAX) {
      if (waiting.length >= WAITING_MAX) return null;
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  }

  return {
    hash: (password) =>
      takeTurn(async () => {
        const salt = randomHex(SALT_BYTES);
        const derived = await derive(password, { ...COST, salt });
        return { ...COST, salt, hash: derived.toString("hex") };
      }),
    async check(password, expected) {
      const against = expected ?? nobody;
      const derived = await takeTurn(() => derive(password, against));
      if (derived === null) return "busy";
      const same = timingSafeEqual(derived, Buffer.from(against.hash, "hex"));
      return same && expected !== null ? "right" : "wrong";
    },
  };
}

/** True for costs this server would use: no file may make a login take minutes or nothing. */
export function isPasswordHash(value: Readonly<Record<string, unknown>>): boolean {
  const { n, r, p, salt, hash } = value;
  return (
    (n === 2 ** 15 || n === 2 ** 16) &&
    r === 8 &&
    typeof p === "number" &&
    Number.isInteger(p) &&
    p >= 1 &&
    p <= 4 &&
    typeof salt === "string" &&
    /^[0-9a-f]{32}$/.test(salt) &&
    typeof hash === "string" &&
    /^[0-9a-f]{64}$/.test(hash)
  );
}

/** The same characters typed on another keyboard must be the same password (RFC 8265). */
const normal = (password: string): string => password.normalize("NFKC");

export function isUsablePassword(password: string, user: string): boolean {
  const length = [...password].length;
  if (length < PASSWORD_MIN || length > PASSWORD_MAX) return false;
  const plain = normal(password).toLowerCase();
  const rest = user.length < NAME_MIN ? plain : plain.split(user).join("");
  return rest.length >= REST_MIN && new Set(plain).size > 2;
}

function derive(password: string, cost: Omit<PasswordHash, "hash">): Promise<Buffer> {
  const options = { N: cost.n, r: cost.r, p: cost.p, maxmem: 2 * MEMORY_BYTES_MAX };
  return new Promise((resolve, reject) => {
    const salt = Buffer.from(cost.salt, "hex");
    scrypt(normal(password), salt, HASH_BYTES, options, (error, derived) => {
      if (error === null) resolve(derived);
      else reject(error);
    });
  });
}

const randomHex = (bytes: number): string => randomBytes(bytes).toString("hex");
