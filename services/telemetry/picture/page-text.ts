/**
 * Every word of the page in both languages. No text stands in a component, so that nothing can be
 * forgotten in one language; a test reads the table. `{name}` is a placeholder.
 * Source: ecosystem.md 3.2 point 10; work order 3 item 7.
 */
import type { Language } from "../../catalogue/entry.ts";
import { actionText } from "./action-text.ts";
import { peopleText } from "./people-text.ts";

export const PAGE_TEXT = {
  product: { en: "Kagemusha", ja: "影武者" },
  skip: { en: "Skip to the cluster", ja: "クラスタの状態へ移動" },
  language: { en: "日本語", ja: "English" },
  languageLabel: { en: "日本語で表示", ja: "Show in English" },
  loading: { en: "Loading the cluster…", ja: "クラスタの状態を読み込んでいます…" },
  seenFrom: { en: "seen from {server}", ja: "{server} から見た状態" },
  configuration: { en: "configuration {rev} ({hash})", ja: "構成 {rev} ({hash})" },
  live: { en: "Live", ja: "ライブ" },
  stale: { en: "Not live", ja: "更新停止" },
  asOf: { en: "as of {time}", ja: "{time} 現在" },
  ago: { en: "{span} ago", ja: "{span}前" },
  never: { en: "never", ja: "なし" },
  unknown: { en: "unknown", ja: "不明" },
  none: { en: "none", ja: "なし" },
  logout: { en: "Log out", ja: "ログアウト" },
  roleView: { en: "view only", ja: "閲覧のみ" },
  roleOp: { en: "operator", ja: "操作者" },
  roleAdmin: { en: "administrator", ja: "管理者" },

  staleTitle: {
    en: "This picture is not live. It shows what was known at {time}.",
    ja: "この画面は更新されていません。{time} 時点の状態を表示しています。",
  },
  staleNever: {
    en: "Nothing was received from the cluster yet.",
    ja: "クラスタからまだ何も受信していません。",
  },
  staleLink: {
    en: "The connection to {server} is lost; trying again.",
    ja: "{server} との接続が切れました。再接続しています。",
  },
  staleBroker: {
    en: "{server} answers, but the message broker behind it does not; the cluster itself does not depend on it. Trying again.",
    ja: "{server} は応答していますが、メッセージブローカーから応答がありません。クラスタの動作には影響しません。再接続しています。",
  },
  staleTelemetry: {
    en: "The telemetry process of {server} does not report; the cluster itself does not depend on it.",
    ja: "{server} のテレメトリ処理から報告がありません。クラスタの動作には影響しません。",
  },
  staleSilent: {
    en: "The connection stands, but {server} has said nothing for {span}.",
    ja: "接続はありますが、{server} から {span}間報告がありません。",
  },
  otherPage: { en: "Open the page of {server}", ja: "{server} の画面を開く" },
  otherServers: { en: "{count} other servers", ja: "他のサーバ {count} 台" },
  otherPages: { en: "Pages of the other servers", ja: "他のサーバの画面" },

  survivesLabel: { en: "further server failures survivable", ja: "耐えられるサーバ障害" },
  headlineNone: {
    en: "Running, but the next server failure stops the business.",
    ja: "動作中ですが、次のサーバ障害で業務が停止します。",
  },
  headlineOne: {
    en: "The cluster survives one more server failure.",
    ja: "あと 1 台のサーバ障害に耐えられます。",
  },
  headlineMany: {
    en: "The cluster survives {count} more server failures.",
    ja: "あと {count} 台のサーバ障害に耐えられます。",
  },
  headlineFailed: {
    en: "At least one group is down and needs attention.",
    ja: "停止したグループがあります。対処が必要です。",
  },
  reasons: { en: "Why", ja: "理由" },

  topology: { en: "Topology", ja: "構成" },
  picture: { en: "Picture", ja: "図" },
  table: { en: "Table", ja: "表" },
  viewAs: { en: "Show as", ja: "表示形式" },
  servers: { en: "Servers", ja: "サーバ" },
  groups: { en: "Groups", ja: "グループ" },
  paths: { en: "Paths", ja: "通信経路" },
  server: { en: "Server", ja: "サーバ" },
  group: { en: "Group", ja: "グループ" },
  path: { en: "Path", ja: "経路" },
  state: { en: "State", ja: "状態" },
  owner: { en: "Runs on", ja: "動作サーバ" },
  policy: { en: "Policy", ja: "優先順位" },
  resources: { en: "Resources", ja: "リソース" },
  since: { en: "Since", ja: "変化時刻" },
  reported: { en: "Reported", ja: "報告" },
  heard: { en: "Last heard", ja: "最終受信" },
  kind: { en: "Kind", ja: "種別" },
  from: { en: "From", ja: "送信" },
  to: { en: "To", ja: "受信" },
  actions: { en: "Actions", ja: "操作" },
  coordinator: { en: "coordinator", ja: "コーディネータ" },
  awayFromHome: { en: "not on its home server", ja: "本来のサーバ以外で動作中" },
  noGroups: { en: "no group", ja: "グループなし" },
  nobody: { en: "On no server", ja: "どのサーバでも動作していない" },
  pictureLabel: {
    en: "Servers with the groups they run, and the paths between them. The table says the same.",
    ja: "サーバと動作中のグループ、サーバ間の経路。表でも同じ内容を確認できます。",
  },
  operateGroup: {
    en: "Group {words}, {owner}. Open actions.",
    ja: "グループ {words}、{owner}。操作を開く。",
  },
  operateServer: {
    en: "Server {words}. Open actions.",
    ja: "サーバ {words}。操作を開く。",
  },
  sinceTime: { en: "since {time}", ja: "{time} から" },

  timeline: { en: "Events", ja: "イベント" },
  filterSubject: { en: "Subject", ja: "対象" },
  filterSeverity: { en: "Severity", ja: "重大度" },
  everything: { en: "everything", ja: "すべて" },
  atLeast: { en: "{word} and above", ja: "{word}以上" },
  noEvents: { en: "No event matches.", ja: "該当するイベントはありません。" },
  causedBy: { en: "caused by", ja: "きっかけ" },
  ledTo: { en: "led to", ja: "結果" },
  causeGone: { en: "an earlier event, no longer kept here", ja: "保持期間を過ぎたイベント" },
  why: { en: "Why", ja: "原因" },
  hint: { en: "What to do", ja: "対処" },
  saidBy: { en: "{count} servers", ja: "{count} 台" },
  reportedBy: { en: "log of {server}", ja: "{server} のログ" },
  details: { en: "details", ja: "詳細" },
  cluster: { en: "Cluster", ja: "クラスタ" },

  ...actionText,
  ...peopleText,
} as const satisfies Record<string, Readonly<Record<Language, string>>>;

export type TextKey = keyof typeof PAGE_TEXT;

/** A placeholder without a value shows as `?`. */
export function say(
  lang: Language,
  key: TextKey,
  data: Readonly<Record<string, string>> = {},
): string {
  return PAGE_TEXT[key][lang].replace(/\{([a-z]+)\}/g, (_, name: string) =>
    Object.hasOwn(data, name) ? (data[name] ?? "?") : "?",
  );
}
