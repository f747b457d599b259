/**
 * What is said about the world outside of this server's own broker: signed commands over a customer's
 * broker, and the certificate by which others recognise this server's broker. In both languages.
 * Source: ecosystem.md 1.4 (last rule); work order 3 item 6.
 */
import type { EventEntry, RefusalEntry } from "./entry.ts";

export const outsideEvents = {
  "command.signed": {
    code: "KG-6012",
    severity: "info",
    en: {
      text: "A signed command on {topic} was accepted; it bears the signature of {detail}.",
      cause: "The holder of that key ordered it over an outside broker.",
      remedy: "Nothing to do. If nobody should have: kage operator-key remove {detail}.",
    },
    ja: {
      text: "{topic} の署名付きコマンドを受け付けました(署名者 {detail})。",
      cause: "鍵の所有者が外部ブローカー経由で指示しました。",
      remedy:
        "対処は不要です。心当たりがない場合は kage operator-key remove {detail} を実行してください。",
    },
  },
  "command.refused-outside": {
    code: "KG-6013",
    severity: "warning",
    en: {
      text: "A command over an outside broker on {topic} was refused ({count} so far): {detail}",
      cause: "A sender there has no valid signature for what it asks, or repeats an old command.",
      remedy: "Find the sender with the audit topic; nothing was carried out.",
    },
    ja: {
      text: "外部ブローカー経由の {topic} のコマンドを拒否しました(累計 {count} 件): {detail}",
      cause: "送信者に有効な署名がないか、古いコマンドが再送されています。",
      remedy: "audit トピックで送信元を確認してください。コマンドは実行されていません。",
    },
  },
  "certificate.expiring": {
    code: "KG-6014",
    severity: "warning",
    en: {
      text: "The certificate of this server's broker ends in {count} days, {detail}.",
      cause: "Certificates are valid for a limited time; after it nobody connects by TLS.",
      remedy: "On this server, as root: kage certificate renew, then systemctl reload mosquitto.",
    },
    ja: {
      text: "本サーバのブローカーの証明書はあと {count} 日で失効します({detail})。",
      cause: "証明書には有効期限があります。期限後は TLS で接続できません。",
      remedy:
        "本サーバで root として kage certificate renew を実行し、systemctl reload mosquitto してください。",
    },
  },
} as const satisfies Record<string, EventEntry>;

export const outsideRefusals = {
  "command-stored": {
    code: "KG-9120",
    exit: 1,
    en: {
      text: "The command was published with the retain flag; it would act again at every restart.",
      remedy: "Remove it from the broker, sign a new one and publish it without the flag.",
    },
    ja: {
      text: "コマンドが retain 付きで送信されました。再起動のたびに実行されてしまいます。",
      remedy: "ブローカーから削除し、新しく署名したコマンドを retain なしで送信してください。",
    },
  },
  "signature-missing": {
    code: "KG-9121",
    exit: 4,
    en: {
      text: "Over this broker only signed commands count; this one bears no signature.",
      remedy: "Sign it with kage sign and the key of an operator.",
    },
    ja: {
      text: "このブローカー経由では署名付きのコマンドだけが有効です。署名がありません。",
      remedy: "オペレータの鍵を使い kage sign で署名してください。",
    },
  },
  "signature-key": {
    code: "KG-9122",
    exit: 4,
    en: {
      text: "The command is signed with the key {key}, which is not known here.",
      remedy: "On every server: kage operator-key add {key} --role ROLE --public FILE.",
    },
    ja: {
      text: "署名の鍵 {key} は登録されていません。",
      remedy:
        "各サーバで kage operator-key add {key} --role ROLE --public FILE を実行してください。",
    },
  },
  "signature-wrong": {
    code: "KG-9123",
    exit: 4,
    en: {
      text: "The signature by {key} does not fit: other key, other topic, or altered on its way.",
      remedy: "Sign the command for exactly the topic it is published on, and send it unchanged.",
    },
    ja: {
      text: "{key} の署名が一致しません。鍵またはトピックが異なるか、途中で変更されています。",
      remedy: "送信先と同じトピックで署名し、変更せずに送信してください。",
    },
  },
  "signature-role": {
    code: "KG-9124",
    exit: 4,
    en: {
      text: "The key {key} has the role {role}; this command needs {needed}.",
      remedy: "Use a key of that role, or let somebody do it who has one.",
    },
    ja: {
      text: "鍵 {key} のロールは {role} です。このコマンドには {needed} が必要です。",
      remedy: "そのロールの鍵を使うか、鍵を持つ人に依頼してください。",
    },
  },
  "signature-epoch": {
    code: "KG-9125",
    exit: 1,
    en: {
      text: "A signed command must say for which epoch of the cluster it is meant.",
      remedy: "Put the epoch of the topic state into the field expect.epoch.",
    },
    ja: {
      text: "署名付きコマンドには対象とするクラスタのエポックが必要です。",
      remedy: "トピック state の epoch を項目 expect.epoch に指定してください。",
    },
  },
  "signature-order": {
    code: "KG-9126",
    exit: 3,
    en: {
      text: "A later command of the key {key} has come already; this one is old or sent again.",
      remedy: "Look at the present state, then sign the command anew.",
    },
    ja: {
      text: "鍵 {key} のより新しいコマンドがすでに届いています。古いか再送されたものです。",
      remedy: "現在の状態を確認してから、もう一度署名してください。",
    },
  },
} as const satisfies Record<string, RefusalEntry>;
