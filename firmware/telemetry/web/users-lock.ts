/**
 * One writer of the users file at a time, whatever process it is: the telemetry of this server, that of
 * another one of the virtual appliance, or `kage user`. The lock is an abstract Unix socket, so the kernel
 * takes it back from whoever is killed, and there is never a stale one to remove.
 * Source: work order 3 item 7; unix(7), abstract addresses.
 */
import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { createServer } from "node:net";
import { basename, dirname, join } from "node:path";
import type { FileFailure } from "../../../flash/store/files.ts";

/** A change takes milliseconds; a disk that stalls longer fails the change that waits behind it. */
const WAIT_MS = 3000;
const RETRY_MS = 20;

/** Runs `work` alone; a failure when another process does not finish its change in time. */
export async function withUsersLock<T>(
  file: string,
  work: () => Promise<T>,
): Promise<T | FileFailure> {
  const address = await addressOf(file);
  if (typeof address !== "string") return address;
  const deadlineMs = performance.now() + WAIT_MS;
  let release = await take(address);
  while (release === null) {
    if (performance.now() > deadlineMs) return busy(file);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    release = await take(address);
  }
  try {
    return await work();
  } finally {
    await release();
  }
}

async function addressOf(file: string): Promise<string | FileFailure> {
  try {
    const path = join(await realpath(dirname(file)), basename(file));
    return `\0kagemusha-users-${createHash("sha256").update(path).digest("hex").slice(0, 32)}`;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return { kind: "failed", code, text: message };
  }
}

/** null = somebody else holds it. */
function take(address: string): Promise<(() => Promise<void>) | null> {
  const keeper = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    keeper.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(null);
      else reject(error);
    });
    keeper.listen(address, () =>
      resolve(() => new Promise<void>((closed) => keeper.close(() => closed()))),
    );
  });
}

const busy = (file: string): FileFailure => ({
  kind: "failed",
  code: "EBUSY",
  text: `another process has been changing ${basename(file)} for ${WAIT_MS / 1000} s`,
});
