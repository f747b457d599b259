/**
 * Wires are never late: where the user may, the rack runs above the pulses of its servers, so that a busy
 * machine does not cut cables nobody pulled. Source: architecture.md 7; `chrt` of util-linux.
 */
import { spawnSync } from "node:child_process";

/** Not inherited (-R). Above the pulses' 50, below the kernel's own threads. */
const PRIORITY = 60;

/** True when the rack is real-time now; an ordinary user may not, and then rack and pulses are equals. */
export function raiseWires(pid: number): boolean {
  const raised = spawnSync("chrt", ["-r", "-R", "-p", String(PRIORITY), String(pid)], {
    stdio: "ignore",
  });
  return raised.status === 0;
}
