/**
 * The will as the agent deposits it, checked when it arrives: at the moment of its execution nobody is
 * left to ask. Source: architecture.md 2 (last will).
 */
import type { Will } from "../will.ts";

export const emptyWill = (): Will => ({ groups: [], kill: [] });

/** An empty will means that nothing of the groups may be running here. */
export const isEmptyWill = (will: Will): boolean => will.groups.length === 0;

/** null = not a will; the agent that sent it is not obeyed and may not start anything. */
export function parseWill(value: unknown): Will | null {
  if (!isRecord(value) || !Array.isArray(value["groups"])) return null;
  const groups: Will["groups"][number][] = [];
  for (const group of value["groups"] as unknown[]) {
    if (!isRecord(group) || typeof group["name"] !== "string") return null;
    const { programs, addresses } = group as { programs?: unknown; addresses?: unknown };
    if (!Array.isArray(programs) || !Array.isArray(addresses)) return null;
    if (!addresses.every((address) => typeof address === "string")) return null;
    if (!programs.every(isProgram)) return null;
    groups.push({ name: group["name"], programs, addresses });
  }
  return { groups, kill: [] };
}

function isProgram(value: unknown): value is Will["groups"][number]["programs"][number] {
  if (!isRecord(value)) return false;
  return typeof value["recordDir"] === "string" && typeof value["cookie"] === "string";
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
