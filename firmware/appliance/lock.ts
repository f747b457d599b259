/**
 * One appliance per state folder. The lock proper is an abstract Unix socket: the kernel frees it with
 * the process, so a killed launcher leaves no stale lock; the file beside it only tells who holds it.
 * Source: issue 2 Behaviour ("second npm start"); unix(7).
 */
import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { readProcess } from "../../hal/drivers/process-tree/process-tree.ts";

export interface LockHolder {
  readonly pid: number;
  /** Clock ticks since boot: tells a recycled pid apart. */
  readonly startTicks: number;
  readonly startedAt: string;
}

export type LockResult =
  | { readonly kind: "held"; release(): Promise<void> }
  | { readonly kind: "taken"; readonly holder: LockHolder | null };

/** Rejects when the lock file cannot be written (full or read-only state folder). */
export async function takeLock(stateDir: string, startedAt: string): Promise<LockResult> {
  const file = join(stateDir, "appliance.lock");
  const hash = createHash("sha256").update(stateDir).digest("hex").slice(0, 16);
  const keeper = createServer((socket) => socket.destroy());
  const free = await new Promise<boolean>((resolve, reject) => {
    keeper.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    keeper.listen(`\0kagemusha-appliance-${userInfo().uid}-${hash}`, () => resolve(true));
  });
  const holder = readHolder(file);
  // Another network namespace has its own abstract names; the file tells of a holder there.
  if (!free || (holder !== null && isRunning(holder))) {
    if (free) keeper.close();
    return { kind: "taken", holder };
  }
  const release = async (): Promise<void> => {
    rmSync(file, { force: true });
    await new Promise<void>((resolve) => keeper.close(() => resolve()));
  };
  const own: LockHolder = { ...thisProcess(), startedAt };
  try {
    writeFileSync(file, `${JSON.stringify(own)}\n`, { mode: 0o600 });
  } catch (error) {
    keeper.close();
    throw error;
  }
  return { kind: "held", release };
}

/** This process as another one can recognise it, also after its number went to somebody else. */
export function thisProcess(): { readonly pid: number; readonly startTicks: number } {
  return { pid: process.pid, startTicks: readProcess(process.pid)?.startTicks ?? 0 };
}

function isRunning(holder: LockHolder): boolean {
  if (holder.pid === process.pid) return false;
  return readProcess(holder.pid)?.startTicks === holder.startTicks;
}

/** null: no file, or one that a crash left half written. */
function readHolder(file: string): LockHolder | null {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { pid, startTicks, startedAt } = value as Readonly<Record<string, unknown>>;
  if (typeof pid !== "number" || typeof startTicks !== "number") return null;
  return { pid, startTicks, startedAt: String(startedAt) };
}
