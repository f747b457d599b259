/** Names and kinds of the hand-written cluster: which servers, groups and paths it has. */
import type { Bilingual, PathState } from "../../../../services/telemetry/model.ts";

export interface FakeShape {
  readonly servers: readonly string[];
  readonly groups: readonly string[];
}

export const PAIR: FakeShape = { servers: ["SERVER1", "SERVER2"], groups: ["web", "db", "mail"] };

export const both = (en: string, ja: string): Bilingual => ({ en, ja });

export function kindOf(path: string): PathState["kind"] {
  if (path.startsWith("com")) return "com";
  if (path === "array") return "disk";
  return path === "lan2" ? "lan-public" : "lan-private";
}

export const topicOf = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
