/**
 * The commands around brokers: certificate of this server's own, keys of those who sign commands, and the
 * signing itself. As data, part of the command table. Source: ecosystem.md 1.4; work order 3 item 6.
 */
import type { CommandSpec } from "./commands.ts";

const PLAIN = ["table", "json"] as const;
const NAME = { name: "NAME" } as const;

export const BROKER_COMMANDS = {
  "broker setup": {
    operands: [],
    options: ["unit", "dry-run", "local"],
    formats: PLAIN,
    summary: {
      en: "write the files of this server's mosquitto (telemetry.brokers of local.json)",
      ja: "このサーバの mosquitto のファイルを作成 (local.json の telemetry.brokers)",
    },
    examples: [
      "kage broker setup --unit && systemctl daemon-reload && systemctl restart mosquitto",
    ],
  },
  "certificate renew": {
    operands: [],
    options: ["local"],
    formats: PLAIN,
    summary: {
      en: "give this server's broker a new certificate (brokerTls of local.json)",
      ja: "このサーバのブローカーの証明書を更新 (local.json の brokerTls)",
    },
    examples: ["kage certificate renew && systemctl reload mosquitto"],
  },
  "operator-key add": {
    operands: [NAME],
    options: ["role", "public", "out", "local"],
    formats: PLAIN,
    summary: {
      en: "let the holder of a key give signed commands over an outside broker",
      ja: "外部ブローカー経由の署名付きコマンドを許可する鍵を登録",
    },
    examples: [
      "kage operator-key add anna --role op --out anna.key",
      "kage operator-key add boss --role admin --public boss.pub",
    ],
  },
  "operator-key list": {
    operands: [],
    options: ["local"],
    formats: PLAIN,
    summary: { en: "whose signatures count on this server", ja: "登録済みの鍵を表示" },
    examples: ["kage operator-key list"],
  },
  "operator-key remove": {
    operands: [NAME],
    options: ["local"],
    formats: PLAIN,
    summary: { en: "its signatures count no longer, at once", ja: "鍵の登録を削除 (即時に無効)" },
    examples: ["kage operator-key remove anna"],
  },
  sign: {
    operands: [{ name: "TOPIC" }, { name: "FILE", optional: true }],
    options: ["key", "as"],
    formats: [],
    summary: {
      en: "sign a command (JSON of FILE or standard input) for mosquitto_pub -s",
      ja: "コマンド (FILE または標準入力の JSON) に署名。mosquitto_pub -s 用",
    },
    examples: [
      'echo \'{"args":{"to":"SERVER2"},"confirm":"web","expect":{"epoch":7}}\' | ' +
        "kage sign kage/v1/www/cmd/op/group/web/move --key anna.key --as anna | " +
        "mosquitto_pub -V 5 -q 1 -h HOST -t kage/v1/www/cmd/op/group/web/move -s",
    ],
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;
