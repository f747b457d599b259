/**
 * The commands that look at and change the configuration of the running cluster, as data, part of the
 * command table. Source: work order 3 item 4; ecosystem.md 4.2.
 */
import type { CommandSpec } from "./commands.ts";

const PLAIN = ["table", "json"] as const;
const PLACE = ["state", "local"] as const;

export const CONFIG_COMMANDS = {
  "config get": {
    operands: [{ name: "REV", optional: true }],
    options: [...PLACE],
    formats: PLAIN,
    summary: {
      en: "print the configuration in force, or an earlier one",
      ja: "有効な構成 (または以前の構成) を出力",
    },
    examples: ["kage config get > cluster.jsonc", "kage config get 7"],
  },
  "config history": {
    operands: [],
    options: [...PLACE],
    formats: PLAIN,
    summary: {
      en: "which configurations were in force, since when, by whom",
      ja: "構成の履歴 (番号・時刻・実行者) を表示",
    },
    examples: ["kage config history"],
  },
  "config diff": {
    operands: [{ name: "FILE|REV", optional: true }],
    options: [...PLACE],
    formats: PLAIN,
    summary: {
      en: "compare the configuration in force with a file or an earlier one (default the last)",
      ja: "有効な構成をファイルまたは以前の構成と比較 (省略時は直前)",
    },
    examples: ["kage config diff cluster.jsonc", "kage config diff 7"],
  },
  "config apply": {
    operands: [{ name: "FILE" }],
    options: ["yes", "dry-run", "timeout", ...PLACE],
    formats: PLAIN,
    summary: {
      en: "bring a configuration into force on all servers, or on none",
      ja: "構成を全サーバに適用 (全台成功か、全台変更なし)",
    },
    examples: [
      "kage config apply cluster.jsonc --dry-run",
      "kage config apply cluster.jsonc --yes",
    ],
  },
  "config rollback": {
    operands: [{ name: "REV", optional: true }],
    options: ["yes", "dry-run", "timeout", ...PLACE],
    formats: PLAIN,
    summary: {
      en: "apply an earlier configuration again (default the last)",
      ja: "以前の構成を再適用 (省略時は直前)",
    },
    examples: ["kage config rollback", "kage config rollback 7 --yes"],
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;
