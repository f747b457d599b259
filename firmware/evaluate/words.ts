/**
 * Faults and outcomes in words, English and Japanese. `{what}` is the LAN, server or group that a fault
 * befalls. Source: guide 3.2.1 (the Japanese terms are the guide's).
 */
import type { Bilingual } from "../cli/language.ts";
import type { Outcome } from "./expected.ts";
import type { FaultKind } from "./fault.ts";

export const FAULT_WORDS: Readonly<Record<FaultKind, Bilingual>> = {
  lan: { en: "LAN {what} is cut", ja: "LAN {what} の切断" },
  lans: { en: "all LANs are cut", ja: "全 LAN の切断" },
  "lans-one-way": {
    en: "all LANs lose what {what} sends",
    ja: "全 LAN で {what} の送信だけが届かない",
  },
  "lans-deaf": {
    en: "{what} hears nothing on any LAN",
    ja: "全 LAN で {what} の受信だけができない",
  },
  isolate: {
    en: "{what} is cut off from all others on every LAN",
    ja: "{what} だけが全 LAN で孤立",
  },
  "split-minority": {
    en: "{what}, the smaller part, are cut off from the others on every LAN",
    ja: "{what} (少数側) が全 LAN で分断",
  },
  "split-half": {
    en: "the LANs split the cluster in the middle: {what} and the others",
    ja: "全 LAN で半数ずつに分断 ({what} と残り)",
  },
  between: {
    en: "all LANs are cut between {what} only",
    ja: "{what} の間だけで全 LAN の切断",
  },
  "between-best": {
    en: "all LANs are cut between {what} only, one of them of the best priority",
    ja: "{what} (優先順位最上位を含む) の間だけで全 LAN の切断",
  },
  com: { en: "the COM line is cut", ja: "COM 回線の切断" },
  "com-lans": {
    en: "the COM line is cut, later all LANs",
    ja: "COM 回線の切断後、全 LAN の切断",
  },
  "com-power": {
    en: "the COM line is cut, later {what} loses power",
    ja: "COM 回線の切断後、{what} の電源断",
  },
  everything: {
    en: "all LANs and the COM line are cut at once",
    ja: "全 LAN と COM 回線の同時切断",
  },
  "array-path": {
    en: "{what} does not reach the array",
    ja: "{what} からディスクアレイへの経路異常",
  },
  array: { en: "the array fails for all servers", ja: "ディスクアレイの異常 (全サーバ)" },
  "array-stall": {
    en: "the array stalls for all servers",
    ja: "ディスクアレイの応答停止 (全サーバ)",
  },
  "array-lans": {
    en: "the array fails, later all LANs are cut",
    ja: "ディスクアレイの異常後、全 LAN の切断",
  },
  "array-power": {
    en: "the array fails, later {what} loses power",
    ja: "ディスクアレイの異常後、{what} の電源断",
  },
  "array-stall-power": {
    en: "the array stalls, later {what} loses power",
    ja: "ディスクアレイの応答停止後、{what} の電源断",
  },
  power: {
    en: "{what} loses power or its system stops",
    ja: "{what} の電源断または OS 停止",
  },
  "power-minority": {
    en: "{what} lose power at once, more than half of the servers are left",
    ja: "{what} の同時電源断 (半数を超えるサーバが残る)",
  },
  "power-majority": {
    en: "{what} lose power at once, half of the servers or fewer are left",
    ja: "{what} の同時電源断 (残りは半数以下)",
  },
  mains: { en: "all servers lose power", ja: "全サーバの電源断" },
  "freeze-short": {
    en: "{what} freezes for a moment",
    ja: "{what} の短時間の凍結",
  },
  "freeze-long": {
    en: "{what} freezes for longer than a takeover takes",
    ja: "{what} の引き継ぎ時間を超える凍結",
  },
  "kill-pulse": { en: "the pulse of {what} dies", ja: "{what} のパルスの異常終了" },
  "kill-agent": { en: "the agent of {what} dies", ja: "{what} のエージェントの異常終了" },
  "kill-both": {
    en: "pulse and agent of {what} die together",
    ja: "{what} のパルスとエージェントの同時異常終了",
  },
  "hang-pulse": { en: "the pulse of {what} hangs", ja: "{what} のパルスのストール" },
  "hang-agent": { en: "the agent of {what} hangs", ja: "{what} のエージェントのストール" },
  keys: {
    en: "the servers refuse each other's frames (another key)",
    ja: "サーバ間の認証失敗 (鍵の不一致)",
  },
  "program-once": {
    en: "the program of group {what} ends once",
    ja: "グループ {what} の業務アプリケーションが一度停止",
  },
  "program-broken": {
    en: "the program of group {what} ends at every start",
    ja: "グループ {what} の業務アプリケーションが起動のたびに停止",
  },
  "move-power": {
    en: "the coordinator loses power while group {what} is moved",
    ja: "グループ {what} の移動中に調整役サーバの電源断",
  },
};

const OUTCOME_WORDS: Readonly<Record<Outcome, Bilingual>> = {
  unchanged: { en: "nothing changes", ja: "変化なし" },
  moved: { en: "the group goes to the other server", ja: "グループが相手サーバへ移動" },
  "group-fails": {
    en: "the group stops, nobody else may run it",
    ja: "グループ停止 (引き継ぎ先なし)",
  },
  takeover: { en: "the other server takes over", ja: "相手サーバへフェイルオーバ" },
  "majority-goes-on": {
    en: "the majority goes on and takes over, the others shut down",
    ja: "過半数側が継続、他は緊急シャットダウン",
  },
  "some-go-on": {
    en: "a majority goes on and takes over, the others are down",
    ja: "過半数のサーバが継続、他は停止",
  },
  "best-goes-on": {
    en: "the best priority goes on, the other shuts down",
    ja: "優先順位最上位が継続、他は緊急シャットダウン",
  },
  "best-side-goes-on": {
    en: "the side of the best priority goes on and takes over, the others shut down",
    ja: "優先順位最上位の側が継続、他は緊急シャットダウン",
  },
  "one-goes-on": {
    en: "exactly one goes on, the other shuts down",
    ja: "1 台だけ継続、他は緊急シャットダウン",
  },
  "both-go-on": { en: "both go on (accepted risk)", ja: "両サーバが継続 (許容リスク)" },
  "no-takeover": { en: "nothing is taken over", ja: "引き継ぎなし" },
  "all-stop": { en: "all shut down", ja: "全サーバが緊急シャットダウン" },
  dark: { en: "no server has power", ja: "全サーバ電源断" },
};

/** Where there are more than two servers. */
const MANY_OUTCOME_WORDS: Partial<Readonly<Record<Outcome, Bilingual>>> = {
  moved: { en: "the group goes to the next server", ja: "グループが次のサーバへ移動" },
  takeover: { en: "the others go on and take over", ja: "残りのサーバが継続、フェイルオーバ" },
  "best-goes-on": {
    en: "the best priority goes on, the others shut down",
    ja: "優先順位最上位が継続、他は緊急シャットダウン",
  },
};

/** Where no group ran on the servers that are gone: there was nothing to take over. */
const IDLE_OUTCOME_WORDS: Partial<Readonly<Record<Outcome, Bilingual>>> = {
  takeover: { en: "the other server goes on", ja: "相手サーバが継続" },
  "majority-goes-on": {
    en: "the majority goes on, the others shut down",
    ja: "過半数側が継続、他は緊急シャットダウン",
  },
  "best-side-goes-on": {
    en: "the side of the best priority goes on, the others shut down",
    ja: "優先順位最上位の側が継続、他は緊急シャットダウン",
  },
};
const MANY_IDLE_OUTCOME_WORDS: Partial<Readonly<Record<Outcome, Bilingual>>> = {
  takeover: { en: "the others go on", ja: "残りのサーバが継続" },
};

/** null = something that no row of the guide knows. `takesOver`: see FaultRow. */
export function outcomeWords(
  outcome: Outcome | null,
  servers: number,
  takesOver = true,
): Bilingual {
  if (outcome === null) return UNKNOWN_OUTCOME;
  const isMany = servers > 2;
  const idle = takesOver
    ? undefined
    : ((isMany ? MANY_IDLE_OUTCOME_WORDS[outcome] : undefined) ?? IDLE_OUTCOME_WORDS[outcome]);
  const many = isMany ? MANY_OUTCOME_WORDS[outcome] : undefined;
  return idle ?? many ?? OUTCOME_WORDS[outcome];
}

/** Something that no row of the guide knows. */
const UNKNOWN_OUTCOME: Bilingual = { en: "something else", ja: "その他" };
