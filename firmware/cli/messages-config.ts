/**
 * What `kage config get|history|diff|apply|rollback` says, in both languages. A `…Do` entry is the remedy of
 * the entry before it. Source: work order 3 item 4; ecosystem.md 4.2.
 */
import type { Bilingual } from "./language.ts";

export const CONFIG_MESSAGES = {
  fileMissing: { en: "there is no such file", ja: "ファイルがありません" },
  filePathBroken: {
    en: "a part of the path is no folder",
    ja: "パスの途中がフォルダではありません",
  },
  fileIsFolder: { en: "it is a folder", ja: "フォルダです" },
  fileForbidden: { en: "permission denied", ja: "読み取り権限がありません" },
  fileDamaged: { en: "the disk reports an error", ja: "ディスクの読み取りエラーです" },
  fileTooBig: {
    en: "at most {max} are expected, it has {found}",
    ja: "最大 {max} ですが、サイズは {found} です",
  },
  fileMore: { en: "more", ja: "それ以上" },
  fileTooBigDo: { en: "name a configuration file", ja: "構成ファイルを指定してください" },
  configSame: {
    en: "no difference from configuration {rev} ({hash}) in force",
    ja: "有効な構成 {rev} ({hash}) と差分はありません",
  },
  configPlan: {
    en: "configuration {rev} ({hash}) is in force; the new one is {newHash}:",
    ja: "有効な構成は {rev} ({hash})、新しい構成は {newHash}:",
  },
  configAdded: {
    en: "group {at} is new ({to}); it stays stopped until: kage group start {at}",
    ja: "グループ {at} を追加 ({to})。kage group start {at} まで停止のままです",
  },
  configRemoved: { en: "group {at} is removed", ja: "グループ {at} を削除" },
  configEdited: {
    en: "group {at} has other resources ({to})",
    ja: "グループ {at} のリソースを変更 ({to})",
  },
  configPolicy: {
    en: "group {at}: {from} becomes {to}; nothing moves",
    ja: "グループ {at}: {from} を {to} に変更 (移動はしません)",
  },
  configTiming: {
    en: "{at}: {from} becomes {to}, with the next epoch",
    ja: "{at}: {from} を {to} に変更 (次のエポックから)",
  },
  configFailure: {
    en: "{at}: {from} becomes {to}, what a failed process of the cluster leads to",
    ja: "{at}: {from} を {to} に変更 (クラスタ自身のプロセスの異常時の動作)",
  },
  configFixed: {
    en: "{at}: {from} becomes {to}; not while the cluster runs",
    ja: "{at}: {from} を {to} に変更 (クラスタの動作中は不可)",
  },
  configText: { en: "the same in other words", ja: "意味は同じで記述のみ変更" },
  configEffect: {
    en: "running groups go on; the agents are restarted in turn, one server at a time",
    ja: "動作中のグループは継続します。エージェントは 1 台ずつ順に再起動します",
  },
  configWould: {
    en: "nothing was changed; apply would be accepted at this moment",
    ja: "変更していません。今なら適用できます",
  },
  configAsk: { en: "apply it? [y/N] ", ja: "適用しますか? [y/N] " },
  configNotApplied: {
    en: "not confirmed; nothing was changed",
    ja: "確認されなかったため変更していません",
  },
  configNotAppliedDo: {
    en: "answer y, or give --yes",
    ja: "y と答えるか、--yes を指定してください",
  },
  configApplied: {
    en: "done: configuration {rev} ({hash}) is in force on {servers}",
    ja: "完了: 構成 {rev} ({hash}) が {servers} で有効になりました",
  },
  configNoEarlier: { en: "there is no earlier configuration here", ja: "以前の構成はありません" },
  configNoEarlierDo: { en: "see: kage config history", ja: "参照: kage config history" },
  configRevision: { en: "REVISION", ja: "番号" },
  configHash: { en: "HASH", ja: "ハッシュ" },
  configAt: { en: "SINCE", ja: "時刻" },
  configBy: { en: "BY", ja: "実行者" },
  configState: { en: "STATE", ja: "状態" },
  configCurrent: { en: "in force", ja: "有効" },
  configPrepared: { en: "prepared", ja: "準備済み" },
  configOld: { en: "earlier", ja: "以前" },
} as const satisfies Readonly<Record<string, Bilingual>>;
