/**
 * The commands about people who may use the dashboard, as data, part of the command table.
 * Source: work order 3 item 7 (roles view, operate, admin); ecosystem.md 4.1.
 */
import type { CommandSpec } from "./commands.ts";

const PLAIN = ["table", "json"] as const;
const PLACE = ["state", "local"] as const;
const NAME = { name: "NAME" } as const;

export const USER_COMMANDS = {
  "user list": {
    operands: [],
    options: [...PLACE],
    formats: PLAIN,
    summary: { en: "who may use the dashboard", ja: "ダッシュボードの利用者を表示" },
    examples: ["kage user list", "kage user list -o json"],
  },
  "user add": {
    operands: [NAME],
    options: ["role", ...PLACE],
    formats: PLAIN,
    summary: {
      en: "add a user of the dashboard; asks the password, or reads it from standard input",
      ja: "ダッシュボードの利用者を追加 (パスワードは質問、または標準入力)",
    },
    examples: ["kage user add anna --role op", "kage user add anna --role op < password-file"],
  },
  "user remove": {
    operands: [NAME],
    options: [...PLACE],
    formats: PLAIN,
    summary: {
      en: "remove a user of the dashboard; its sessions end",
      ja: "ダッシュボードの利用者を削除 (セッションも終了)",
    },
    examples: ["kage user remove anna"],
  },
  "user passwd": {
    operands: [NAME],
    options: [...PLACE],
    formats: PLAIN,
    summary: {
      en: "set a user's password; asks it, or reads it from standard input",
      ja: "利用者のパスワードを設定 (質問、または標準入力)",
    },
    examples: ["kage user passwd anna", "kage user passwd anna < password-file"],
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;
