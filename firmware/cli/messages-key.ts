/**
 * What `kage key status|rotate|retire|offer` says about a running cluster, in both languages. A `…Do` entry is
 * the remedy of the entry before it. Source: reliability.md 4.3; requirements D56.
 */
import type { Bilingual } from "./language.ts";

export const KEY_MESSAGES = {
  keyLiveRotated: {
    en: "done: {servers} seal with key {id}; {before} is accepted for another 24 h",
    ja: "完了: {servers} は鍵 {id} を使用中です。{before} はあと 24 時間受け付けます",
  },
  keyLiveRotatedDo: {
    en: "at once and for good: kage key retire",
    ja: "直ちに廃止する場合: kage key retire",
  },
  keyRetired: {
    en: "done: {servers} accept the old key {id} no more",
    ja: "完了: {servers} は古い鍵 {id} を受け付けません",
  },
  keyColumn: { en: "KEY", ja: "鍵" },
  keyUse: { en: "USE", ja: "用途" },
  keySince: { en: "SINCE", ja: "時刻" },
  keyAge: { en: "AGE", ja: "経過" },
  keyHeldBy: { en: "HELD BY", ja: "保持サーバ" },
  keyActive: { en: "in force", ja: "有効" },
  keyNext: { en: "to come", ja: "準備中" },
  keyOld: { en: "accepted until {until}", ja: "{until} まで受付" },
  keyUnheard: {
    en: "{server} is not heard; it says nothing about its keys",
    ja: "{server} と通信できず、鍵の状態は不明です",
  },
  keyRefused: {
    en: "{server} is there, but its frames fail under every key of this server",
    ja: "{server} は稼働していますが、このサーバのどの鍵でも認証できません",
  },
  keyRefusedDo: {
    en: "stop {server}; kage key offer {server} on a member, kage key accept on {server}; start it",
    ja: "{server} を停止し、メンバーで kage key offer {server}、{server} で kage key accept を実行してから起動してください",
  },
  keyPendingLive: {
    en: "key {id} waits until all members hold it and are in firm contact",
    ja: "鍵 {id} は全メンバーが保持し通信が安定するまで待機しています",
  },
} as const satisfies Readonly<Record<string, Bilingual>>;
