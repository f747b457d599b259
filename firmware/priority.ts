/**
 * Real-time priority for what must never be late, where the user may give it (`chrt` of util-linux).
 * Source: architecture.md 1.4, 7; requirements R15.
 */
import { spawnSync } from "node:child_process";

/** Round robin, 1-99. Pulses run at 50; the rack above them, so that a busy machine cuts no cable that nobody pulled. */
export const PULSE_PRIORITY = 50;
export const WIRES_PRIORITY = 60;

/**
 * Raises every thread of `pid` (round robin, 1-99); children do not inherit it. False = not permitted, and
 * then all are equals.
 */
export function raisePriority(pid: number, priority: number): boolean {
  const args = ["-a", "-r", "-R", "-p", String(priority), String(pid)];
  return spawnSync("chrt", args, { stdio: "ignore" }).status === 0;
}
