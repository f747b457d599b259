/**
 * The agent that hangs since before this pulse: it has never spoken to it, so only the kernel knows who it is,
 * by the socket on which it still listens for operators.
 * Intuition: whoever sat at the desk before I came in and does not look up is not waiting for me.
 * Source: R21-R23, architecture.md 2, protocol.md P7.
 */
import { join } from "node:path";
import { type ProcessIdentity, readProcess } from "../../hal/drivers/process-tree/process-tree.ts";
import { findListener } from "../../hal/drivers/process-tree/socket-owner.ts";

/** Its programs and addresses go with it; the server itself stays, and joins anew with a new agent. */
export const ORPHAN_WILL = {
  kind: "will.execute",
  reason: "agent-lost",
  evidence: "an agent that hangs did not come to the new pulse",
  off: false,
} as const;

/**
 * The listening agent if it is older than this process; null = there is none. A younger one is being
 * started and gets its time.
 */
export function findOrphan(runDir: string, own = process.pid): ProcessIdentity | null {
  const listener = findListener(join(runDir, "agent.sock"));
  const self = readProcess(own);
  if (listener === null || self === null) return null;
  return listener.startTicks < self.startTicks ? listener : null;
}
