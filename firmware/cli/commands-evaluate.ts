/**
 * The command that evaluates a configuration before operation, as data, part of the command table.
 * Source: guide 3.2; D52; work order 4 item 8.
 */
import type { CommandSpec } from "./commands.ts";

export const EVALUATE_COMMANDS = {
  evaluate: {
    operands: [],
    options: ["config", "double", "json", "manual", "state", "local"],
    formats: ["table", "json"],
    summary: {
      en: "try every fault on a configuration in the simulator, against the guide's tables",
      ja: "構成に対する全障害をシミュレータで試し、ガイドの表と照合",
    },
    examples: [
      "kage evaluate --config cluster.jsonc",
      "kage evaluate --config cluster.jsonc --double -o json",
      "kage evaluate --config cluster.jsonc --manual > recovery.md",
    ],
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;
