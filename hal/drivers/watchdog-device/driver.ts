/**
 * The Linux watchdog device by plain writes: any byte feeds it, `V` before the close takes it off.
 * Intuition: opening the device starts the countdown, so it is opened by `arm` and by nothing else.
 * The timeout itself cannot be set without an ioctl; the host configures it (module parameter, or
 * `/sys/class/watchdog/watchdogN/timeout`) and `arm` refuses a device that would wait longer than
 * asked.
 * Source: kernel watchdog-api.rst (magic close); protocol.md 1.3.6, P7, P10.
 */
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { basename } from "node:path";
import type { WatchdogPort } from "../../ports/watchdog.ts";
import { errorCode } from "../process-tree/process-tree.ts";

export interface WatchdogDeviceOptions {
  /** E.g. `/dev/watchdog0`; only ever from the configuration. */
  readonly path: string;
  /** Hears of every trouble; a watchdog that is not armed must not look like one. */
  readonly onTrouble: (trouble: WatchdogTrouble) => void;
  /**
   * Where the kernel tells the device's timeout, seconds; default by the device's name, null =
   * unknown.
   */
  readonly timeoutFile?: string | null;
}

export interface WatchdogTrouble {
  readonly kind: "not-armed" | "feed-failed" | "disarm-failed";
  readonly detail: string;
}

const KEEP_ALIVE = "\0";
const MAGIC_CLOSE = "V";

export function openWatchdogDevice(options: WatchdogDeviceOptions): WatchdogPort {
  return new WatchdogDevice(options);
}

class WatchdogDevice implements WatchdogPort {
  readonly #options: WatchdogDeviceOptions;
  #descriptor: number | null = null;

  constructor(options: WatchdogDeviceOptions) {
    this.#options = options;
  }

  arm(timeoutMs: number): void {
    if (this.#descriptor !== null) {
      this.feed();
      return;
    }
    const { path } = this.#options;
    const deviceMs = this.#deviceTimeoutMs();
    if (deviceMs !== null && deviceMs > timeoutMs) {
      const advice =
        "set the shorter one in the driver's module parameter or raise the watchdog timeout";
      const detail = `${path} resets after ${deviceMs} ms, asked for ${timeoutMs} ms; ${advice}`;
      this.#options.onTrouble({ kind: "not-armed", detail });
      return;
    }
    this.#guard("not-armed", () => {
      this.#descriptor = openSync(path, "w");
      writeSync(this.#descriptor, KEEP_ALIVE);
    });
  }

  feed(): void {
    const descriptor = this.#descriptor;
    if (descriptor !== null) this.#guard("feed-failed", () => writeSync(descriptor, KEEP_ALIVE));
  }

  disarm(): void {
    const descriptor = this.#descriptor;
    if (descriptor === null) return;
    this.#descriptor = null;
    // Without the magic letter the close leaves the countdown running: that is the safe failure.
    this.#guard("disarm-failed", () => writeSync(descriptor, MAGIC_CLOSE));
    this.#guard("disarm-failed", () => closeSync(descriptor));
  }

  #deviceTimeoutMs(): number | null {
    const { path, timeoutFile } = this.#options;
    // /dev/watchdog is the same device as /dev/watchdog0.
    const name = basename(path) === "watchdog" ? "watchdog0" : basename(path);
    const file = timeoutFile === undefined ? `/sys/class/watchdog/${name}/timeout` : timeoutFile;
    if (file === null) return null;
    try {
      const seconds = Number(readFileSync(file, "latin1"));
      return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null;
    } catch (error) {
      if (errorCode(error) === "") throw error;
      return null;
    }
  }

  #guard(kind: WatchdogTrouble["kind"], act: () => void): void {
    try {
      act();
    } catch (error) {
      if (errorCode(error) === "") throw error;
      this.#options.onTrouble({ kind, detail: `${this.#options.path}: ${String(error)}` });
    }
  }
}
