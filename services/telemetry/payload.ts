/**
 * What a broker's message says: as text, or as the JSON object of another server's telemetry.
 * Never throws on content. Source: ecosystem.md 1.2.
 */
import type { CommandMessage } from "./commands/rules.ts";
import type { EventMessage } from "./model.ts";

export const text = ({ payload }: CommandMessage): string => Buffer.from(payload).toString("utf8");

/** Words of another server's telemetry; what is no JSON object is nobody's: null. */
export function parse(message: CommandMessage): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text(message));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

export const isEvent = (value: object): value is EventMessage =>
  "id" in value && typeof value.id === "string" && "ts" in value && typeof value.ts === "string";
