/**
 * The only place that knows pino: JSON lines on standard output, for the journal or the console file.
 * Source: ecosystem.md 4.3.
 */
import { pino } from "pino";

export interface Log {
  info(data: object, text: string): void;
  warn(data: object, text: string): void;
  error(data: object, text: string): void;
}

/** `role` and `server` stand in every line. */
export function openLog(role: string, server: string): Log {
  return pino({ base: { role, server }, timestamp: pino.stdTimeFunctions.isoTime });
}
