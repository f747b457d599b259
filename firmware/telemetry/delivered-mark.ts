/**
 * How far this server's own broker has taken the event log, kept over a restart of the process. Losing it
 * costs repeated events that are marked as such, never a missing one; so it is not written durably.
 * Source: ecosystem.md 1.2 (store and forward).
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import type { Log } from "../log.ts";

/** At most one write per second: an outage brings events by the dozen. */
const WRITE_EVERY_MS = 1000;

export interface DeliveredMark {
  /** Number of the newest event that was taken; 0 = none. */
  readonly seq: number;
  set(seq: number): void;
  flush(): void;
}

/** A file that cannot be written is told once, and events may then come twice after a restart. */
export function openDeliveredMark(file: string, log: Log): DeliveredMark {
  let seq = readMark(file);
  let timer: NodeJS.Timeout | null = null;
  let isWritable = true;
  const write = (): void => {
    timer = null;
    try {
      writeFileSync(`${file}.new`, `${JSON.stringify({ seq })}\n`, { mode: 0o600 });
      renameSync(`${file}.new`, file);
      isWritable = true;
    } catch (error) {
      if (isWritable) log.warn({ file }, `not written, events may come twice: ${error}`);
      isWritable = false;
    }
  };
  return {
    get seq() {
      return seq;
    },
    set(next) {
      seq = next;
      timer ??= setTimeout(write, WRITE_EVERY_MS);
    },
    flush() {
      if (timer === null) return;
      clearTimeout(timer);
      write();
    },
  };
}

/** 0: no file, or one that says nothing. */
function readMark(file: string): number {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    const seq = (value as { seq?: unknown } | null)?.seq;
    return typeof seq === "number" && Number.isSafeInteger(seq) && seq >= 0 ? seq : 0;
  } catch (error) {
    // Not there, unreadable or torn: the worst that follows is an event told twice.
    if (error instanceof Error) return 0;
    throw error;
  }
}
