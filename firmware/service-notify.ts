/**
 * Tells the service manager "ready" and "alive". Node has no datagram Unix sockets, so each word is one
 * short process (7 ms); the sign of life is therefore rare, a third of the manager's patience, and never
 * used by the pulse. It comes from the event loop after its turn: a loop that hangs sends none.
 * Source: ecosystem.md 0 finding 7, 4.3; sd_notify(3), systemd-notify(1); protocol.md P7.
 */
import { spawn } from "node:child_process";

export interface NotifyOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Own pid: WATCHDOG_USEC may be meant for another process. */
  readonly pid: number;
  /** Told once when a word cannot be said; the manager will then act as if this process hung. */
  readonly onTrouble: (text: string) => void;
  /** Default `systemd-notify`. */
  readonly tool?: string;
}

/** Says READY and, where the manager asks for it, WATCHDOG=1 for ever. Without a manager: nothing. */
export function startServiceNotify(options: NotifyOptions): { stop(): void } {
  const { env } = options;
  let told = false;
  const trouble = (text: string): void => {
    if (!told) options.onTrouble(text);
    told = true;
  };
  if (!env["NOTIFY_SOCKET"]) return { stop: () => undefined };
  say(options, ["--ready"], trouble);
  const periodMs = watchdogPeriodMs(env, options.pid);
  if (periodMs === null) return { stop: () => undefined };
  const timer = setInterval(() => say(options, ["WATCHDOG=1"], trouble), periodMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

/** A third of the manager's patience, ms; null = it does not ask, or asks somebody else. */
export function watchdogPeriodMs(env: NotifyOptions["env"], pid: number): number | null {
  const us = Number(env["WATCHDOG_USEC"] ?? "");
  const meant = env["WATCHDOG_PID"];
  if (!Number.isFinite(us) || us <= 0) return null;
  if (meant !== undefined && meant !== String(pid)) return null;
  return Math.max(1, Math.floor(us / 3000));
}

function say(options: NotifyOptions, args: readonly string[], trouble: (text: string) => void) {
  const tool = options.tool ?? "systemd-notify";
  const { NOTIFY_SOCKET, PATH } = options.env;
  const child = spawn(tool, args, { stdio: "ignore", env: { NOTIFY_SOCKET, PATH } });
  child.unref();
  child.once("error", (error) => {
    trouble(`${tool} cannot be run (${error.message}); install systemd's tools`);
  });
  child.once("exit", (status, signal) => {
    if (status !== 0) trouble(`${tool} ${args.join(" ")} ended with ${signal ?? status}`);
  });
}
