/**
 * The agent's words about configuration texts as events of the cores. The text is read here, once and before
 * it is needed, so that installing it is a change of one pointer.
 * Source: protocol.md 1.9; architecture.md 2.
 */
import { loadConfiguration } from "../../services/configuration/load.ts";
import type { PulseEvent } from "../../services/events.ts";

/** null = no such word, or a text that this server could not run by. */
export function hearRevision(
  message: Readonly<Record<string, unknown>>,
  atMs: number,
): PulseEvent | null {
  switch (message["kind"]) {
    case "config.prepare": {
      const loaded = loadConfiguration(String(message["text"]), "prepared");
      if (loaded.kind === "refused") return null;
      const config = { ...loaded.config, revision: Number(message["rev"]) };
      return { kind: "config.prepared", atMs, config };
    }
    case "config.drop":
      return { kind: "config.dropped", atMs };
    case "config.install":
      return { kind: "config.install", atMs, hash: String(message["hash"]) };
    default:
      return null;
  }
}
