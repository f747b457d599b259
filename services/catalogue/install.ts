/**
 * What `kage install` and `kage disk format` say, and the one list of all findings of the check.
 * Source: work order 3 item 5.
 */
import type { Language } from "./entry.ts";
import { deviceChecks } from "./install-devices.ts";
import type { CheckEntry } from "./install-entry.ts";
import { hostChecks } from "./install-host.ts";
import { softwareChecks } from "./install-software.ts";

export const checkTexts = {
  ...softwareChecks,
  ...hostChecks,
  ...deviceChecks,
} as const satisfies Readonly<Record<string, CheckEntry>>;

export type CheckKey = keyof typeof checkTexts;

/** Everything else that `kage install` says. */
export const installTexts = {
  headCheck: { en: "CHECK", ja: "項目" },
  headVerdict: { en: "RESULT", ja: "結果" },
  headReason: { en: "WHAT IS", ja: "状態" },
  ok: { en: "ok", ja: "正常" },
  warns: { en: "warns", ja: "注意" },
  lacks: { en: "lacks", ja: "不足" },
  do: { en: "do", ja: "対処" },
  checkGood: {
    en: "this machine is ready, {warns} warnings",
    ja: "このマシンは準備できています。注意 {warns} 件",
  },
  checkBad: { en: "{lacks} things are lacking", ja: "{lacks} 項目が不足しています" },
  checkBadDo: {
    en: "correct what is marked, top first, then check again",
    ja: "印の付いた項目を上から順に修正し、再度検査してください",
  },
  create: { en: "new", ja: "作成" },
  replace: { en: "replaced", ja: "更新" },
  keep: { en: "kept", ja: "保持" },
  remove: { en: "removed", ja: "削除" },
  summary: {
    en: "{created} new, {replaced} replaced, {removed} removed, {same} unchanged",
    ja: "作成 {created}、更新 {replaced}、削除 {removed}、変更なし {same}",
  },
  dryRun: { en: "nothing was changed (--dry-run)", ja: "変更は行っていません (--dry-run)" },
  nextFirst: {
    en: "next: edit {local}, write {config}, give all servers the same {key}, then: systemctl daemon-reload; kage install --check",
    ja: "次の操作: {local} を編集、{config} を作成、全サーバに同じ {key} を配置し、systemctl daemon-reload と kage install --check を実行",
  },
  nextAgain: {
    en: "next: systemctl daemon-reload; programs of groups run on when the processes are replaced one by one: systemctl kill --kill-whom=main -s KILL kage-agent.service, then kage-pulse.service",
    ja: "次の操作: systemctl daemon-reload。グループを止めずに入れ替えるには systemctl kill --kill-whom=main -s KILL kage-agent.service、続いて kage-pulse.service を一つずつ実行",
  },
  cannotWrite: { en: "cannot install: {detail}", ja: "導入できません: {detail}" },
  cannotWriteDo: {
    en: "run it as root with enough space; the same command goes on where it stopped",
    ja: "root で、空き容量を確保して実行してください。同じコマンドで続きから再開します",
  },
  badPrefix: {
    en: '{option} cannot be "{found}"; expected an absolute path of letters, digits, . _ - /',
    ja: "{option} に「{found}」は指定できません。英数字と . _ - / からなる絶対パスが必要です",
  },
  running: {
    en: "Kagemusha runs here: processes {pids}",
    ja: "Kagemusha が動作中です: プロセス {pids}",
  },
  runningDo: {
    en: "stop it first: systemctl disable --now kage.target",
    ja: "先に停止してください: systemctl disable --now kage.target",
  },
  kept: {
    en: "kept: {folders} (configuration, key and state; remove them by hand)",
    ja: "残したもの: {folders} (構成・鍵・状態。不要なら手動で削除)",
  },
  formatted: {
    en: "{path} is formatted for cluster {cluster}",
    ja: "{path} をクラスタ {cluster} 用に初期化しました",
  },
  alreadyFormatted: {
    en: "{path} already is cluster {cluster}'s; nothing was changed",
    ja: "{path} はすでにクラスタ {cluster} 用です。変更はありません",
  },
  noArray: {
    en: "the configuration of {server} names no arbitration partition",
    ja: "{server} の構成に調停パーティションがありません",
  },
  noArrayDo: {
    en: "only the method com-disk has one; see disk.paths",
    ja: "調停パーティションは com-disk 方式だけで使用します。disk.paths を確認してください",
  },
  notFormatted: { en: "not formatted: {detail}", ja: "初期化していません: {detail}" },
  notFormattedDo: {
    en: "check disk.paths; wipe a partition whose data may go (wipefs, dd), then run it again",
    ja: "disk.paths を確認し、不要なデータなら消去 (wipefs, dd) してから再実行してください",
  },
} as const satisfies Readonly<Record<string, Readonly<Record<Language, string>>>>;

export type InstallTextKey = keyof typeof installTexts;
