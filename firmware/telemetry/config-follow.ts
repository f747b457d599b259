/**
 * Keeps the telemetry process on the text its agent runs by. Intuition: every status carries the hash of the
 * configuration in force; when it is another one the files are read again, and only the text with that very
 * hash is taken, so that a file which somebody is editing is never shown as if it were in force.
 * Source: work order 3 items 4 and 6; protocol.md 1.9.
 */
import type { HostIncarnation } from "../../hal/base/ids.ts";
import type { LoadedConfig } from "../../services/configuration/load.ts";
import type { StatusDocument } from "../../services/status.ts";
import { type Local, readConfiguration, StartFault } from "../local.ts";
import type { Log } from "../log.ts";

/** A status may come ten times a second; a text that is not there yet is looked for less often, ms. */
const LOOK_EVERY_MS = 500;

export class ConfigFollow {
  readonly #local: Local;
  readonly #host: HostIncarnation;
  readonly #log: Log;
  #hash: string;
  #lookedMs = Number.NEGATIVE_INFINITY;
  /** Told once per hash: the text of which is not found. */
  #missing = "";

  /** `hash`: of the text this process shows. */
  constructor(local: Local, host: HostIncarnation, hash: string, log: Log) {
    this.#local = local;
    this.#host = host;
    this.#hash = hash;
    this.#log = log;
  }

  /** The text that has come into force since; null = the one before stands, or the new one is not here yet. */
  look(status: StatusDocument, atMs: number): LoadedConfig | null {
    const hash = status.cluster.details?.["configHash"];
    if (typeof hash !== "string" || hash === this.#hash) return null;
    if (atMs - this.#lookedMs < LOOK_EVERY_MS) return null;
    this.#lookedMs = atMs;
    const config = this.#read(hash);
    if (config?.hash === hash) {
      this.#hash = hash;
      return config;
    }
    if (config !== null) this.#tell(hash, `the files hold ${config.hash}`);
    return null;
  }

  #read(hash: string): LoadedConfig | null {
    try {
      return readConfiguration(this.#local, this.#host).config;
    } catch (error) {
      if (!(error instanceof StartFault)) throw error;
      this.#tell(hash, error.message);
      return null;
    }
  }

  #tell(hash: string, reason: string): void {
    if (this.#missing === hash) return;
    this.#missing = hash;
    this.#log.warn({ hash, reason }, "the text in force is not found; showing the one before");
  }
}
