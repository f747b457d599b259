/**
 * What `/status` says around the tables, English and Japanese side by side. States have the words of the
 * command line (firmware/cli/words.ts), so that page and terminal say the same.
 * Source: ecosystem.md 3.2 (2, 3, 10, 14).
 */
import type { Bilingual } from "../../cli/language.ts";

export const STATUS_WORDS = {
  title: { en: "{cluster}: status", ja: "{cluster}: 状態" },
  skip: { en: "To the content", ja: "本文へ" },
  seenBy: { en: "Seen by {server}.", ja: "{server} から見た状態です。" },
  age: {
    en: "Data {age} old, page of {time} UTC.",
    ja: "データは {age} 前、表示時刻 {time} UTC。",
  },
  configuration: { en: "Configuration {rev} ({hash}).", ja: "構成 {rev} ({hash})。" },
  stale: {
    en: "OLD DATA: the agent of {server} has been silent for {age}. What follows may not be true.",
    ja: "古いデータ: {server} のエージェントが {age} 応答していません。以下は現状と異なる場合があります。",
  },
  lastKnown: { en: "Last known:", ja: "最後に確認した状態:" },
  noData: {
    en: "NO DATA: the agent of {server} has not answered yet.",
    ja: "データなし: {server} のエージェントからまだ応答がありません。",
  },
  noDataDo: {
    en: "Is it running? Virtual appliance: npm start; server: systemctl status kage-agent",
    ja: "動作しているか確認してください。仮想装置: npm start、実機: systemctl status kage-agent",
  },
  survivesNone: {
    en: "The next failure of a server stops the service.",
    ja: "次にサーバが故障すると業務が停止します。",
  },
  survivesOne: {
    en: "One more failure of a server can be survived.",
    ja: "あと 1 台のサーバ故障に耐えられます。",
  },
  survivesMany: {
    en: "{count} more failures of servers can be survived.",
    ja: "あと {count} 台のサーバ故障に耐えられます。",
  },
  stopped: {
    en: "A group is down. See the table of groups.",
    ja: "停止しているグループがあります。グループの表を確認してください。",
  },
  brokerLost: {
    en: "The live dashboard has no connection to its broker.",
    ja: "ダッシュボードがブローカに接続できません。",
  },
  reasons: { en: "Reasons", ja: "理由" },
  servers: { en: "Servers", ja: "サーバ" },
  server: { en: "Server", ja: "サーバ" },
  state: { en: "State", ja: "状態" },
  since: { en: "For", ja: "経過時間" },
  groups: { en: "Groups", ja: "グループ" },
  group: { en: "Group", ja: "グループ" },
  owner: { en: "Runs on", ja: "動作サーバ" },
  policy: { en: "Order of servers", ja: "サーバの優先順" },
  paths: { en: "Heartbeat paths", ja: "ハートビートパス" },
  path: { en: "Path", ja: "パス" },
  kind: { en: "Kind", ja: "種類" },
  good: { en: "Normal directions", ja: "正常な方向" },
  trouble: { en: "In trouble", ja: "異常のある方向" },
  none: { en: "none", ja: "なし" },
  dashboard: { en: "Dashboard", ja: "ダッシュボード" },
  reload: { en: "Reload", ja: "再読み込み" },
  others: { en: "Other servers", ja: "他のサーバ" },
  version: { en: "Kagemusha {version}", ja: "影武者 {version}" },
} as const satisfies Record<string, Bilingual>;

export type StatusWord = keyof typeof STATUS_WORDS;
