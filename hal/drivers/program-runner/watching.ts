/**
 * Watches one living run until its end and tells it exactly once.
 * Intuition: two ways to learn of an end - the parent is our child, or its record changes - and a
 * slow third, looking at the pid, for a parent that was killed alone or an event that never comes.
 * Source: architecture.md 2; protocol.md P4.
 */
import { type FSWatcher, watch } from "node:fs";
import type { ProgramEnd, ProgramRun } from "../../ports/host.ts";
import { isAlive } from "../process-tree/process-tree.ts";
import { isSystemError, type Known, readRecord } from "./record.ts";

export interface WatchingOptions {
  readonly run: ProgramRun;
  readonly known: Known;
  readonly report: (text: string) => void;
  readonly onEnd: (watching: Watching, end: ProgramEnd) => void;
}

/** Second look at a program that is not our child, should the record's event not come. */
const LOOK_INTERVAL_MS = 250;
/** After an ordered stop everything is dead already; only the news of it is on its way. */
const END_NEWS_TIMEOUT_MS = 200;

export class Watching {
  readonly run: ProgramRun;
  readonly known: Known;
  /** A stop was ordered: the end is no failure. */
  stopping = false;
  readonly #options: WatchingOptions;
  #watcher: FSWatcher | null = null;
  #timer: NodeJS.Timeout | null = null;
  #ended = false;
  #onEnded: () => void = () => undefined;

  constructor(options: WatchingOptions) {
    this.#options = options;
    this.run = options.run;
    this.known = options.known;
  }

  /**
   * The parent was our child. If it was killed alone, the program goes on and is watched by its
   * pid.
   */
  parentEnded(status: number | null): void {
    if (this.#ended) return;
    if (isAlive(this.run)) this.watchRecord();
    else this.#end(status === null ? { kind: "unknown" } : { kind: "status", status });
  }

  /** For a run whose parent is not our child. */
  watchRecord(): void {
    const look = (): void => {
      this.#look().catch((error: unknown) => {
        if (!isSystemError(error)) throw error;
        this.#options.report(`${this.run.recordDir}: ${error.message}`);
      });
    };
    try {
      this.#watcher = watch(this.run.recordDir, { persistent: false }, look);
      this.#watcher.on("error", (error) => this.#options.report(`run record: ${error.message}`));
    } catch (error) {
      if (!isSystemError(error)) throw error;
      this.#options.report(`run record is looked at by time only: ${error.message}`);
    }
    this.#timer = setInterval(look, LOOK_INTERVAL_MS).unref();
  }

  /** After everything of the run was proved dead: waits for the status, but not long. */
  async awaitEnd(): Promise<void> {
    if (this.#ended) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, END_NEWS_TIMEOUT_MS);
      this.#onEnded = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#end({ kind: "unknown" });
  }

  /** Stops looking; the end is not told. */
  close(): void {
    this.#ended = true;
    this.#watcher?.close();
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#ended || isAlive(this.run)) return;
    const { exitStatus, parent } = await readRecord(this.run.recordDir);
    // The parent is about to write the status: its event or the next look brings it.
    if (exitStatus === null && parent !== null && isAlive(parent)) return;
    this.#end(endOf(exitStatus));
  }

  #end(end: ProgramEnd): void {
    if (this.#ended) return;
    this.close();
    this.#options.onEnd(this, end);
    this.#onEnded();
  }
}

/** Null = the status was not written. */
export function endOf(exitStatus: number | null): ProgramEnd {
  return exitStatus === null ? { kind: "unknown" } : { kind: "status", status: exitStatus };
}
