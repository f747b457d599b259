/**
 * The sentences of the recovery manual, English and Japanese: what to repair after each fault, and which
 * commands each outcome asks for. Source: guide 3.3 (3)-(6), 3.2.2 (S11, S12); D52, D53.
 */
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { Bilingual } from "../cli/language.ts";
import type { Outcome } from "./expected.ts";
import type { FaultKind } from "./fault.ts";

export const MANUAL_WORDS = {
  title: { en: "Recovery manual of cluster {name}", ja: "クラスタ {name} 復旧手順書" },
  intro: {
    en: "Written by `kage evaluate --manual` from configuration {hash}: method {method}, protection level {level}. Every chapter was played in the simulator with these times.",
    ja: "`kage evaluate --manual` が構成 {hash} (解決方式 {method}、保護レベル {level}) から作成しました。各章はこの構成の時間でシミュレーションした結果です。",
  },
  times: {
    en: "A server is lost after {timeout} ms of silence on all LANs; the verdict comes {judge} ms after it at the latest.",
    ja: "全 LAN で {timeout} ms 途絶えるとサーバ停止とみなし、遅くとも {judge} ms で判定します。",
  },
  always: {
    en: "Before everything else: `kage status` and `kage events` on a server that answers.",
    ja: "最初に、応答するサーバで `kage status` と `kage events` を実行してください。",
  },
  some: {
    en: "Of {total} runs {played} were played, because a large cluster takes long: a fault that is told of one server holds for the others alike.",
    ja: "サーバ台数が多いため {total} 回中 {played} 回だけ実行しました。1 台について記した障害は他のサーバにも当てはまります。",
  },
  case: { en: "If {outcome}:", ja: "「{outcome}」の場合:" },
  outside: {
    en: "Without a chapter, or with less than the guide's row",
    ja: "章がない、またはガイドの行の一部のみの障害",
  },
  rows: { en: "Rows: {rows}", ja: "根拠: {rows}" },
  sees: { en: "What you see", ja: "表示されるイベント" },
  does: { en: "What the cluster does by itself", ja: "クラスタの自動動作" },
  todo: { en: "What you do", ja: "対処" },
  nothing: {
    en: "no event that asks for attention",
    ja: "対処を要するイベントはありません",
  },
  took: { en: " after {took} ms (at most {most} ms)", ja: " ({took} ms 後、最大 {most} ms)" },
  home: { en: "with every group at home", ja: "全グループがホームサーバで動作中" },
  gaveUp: { en: "gave up ({why})", ja: "動作を放棄 ({why})" },
  onServer: { en: "with the groups on {server}", ja: "グループが {server} で動作中" },
} as const satisfies Readonly<Record<string, Bilingual>>;

export const STATE_WORDS: Readonly<Record<string, Bilingual>> = {
  member: { en: "member", ja: "メンバ" },
  "sole member": { en: "alone", ja: "単独で稼働" },
  detached: { en: "detached", ja: "切り離し" },
  cut: { en: "without power", ja: "電源断" },
  planned: { en: "shut down in order", ja: "正常シャットダウン" },
  watchdog: { en: "being reset by its watchdog", ja: "ウォッチドッグでリセット" },
};

const repairLans: Bilingual = {
  en: "Repair cables, switches and network boards; `kage status` shows each path.",
  ja: "ケーブル、スイッチ、LAN ボードを修理してください。各経路は `kage status` で確認できます。",
};
const repairCom: Bilingual = {
  en: "Repair the serial cross cable first; until then a crash cannot be told from a partition.",
  ja: "まず COM クロスケーブルを修理してください。それまではサーバ停止とパーティションを区別できません。",
};
const repairArray: Bilingual = {
  en: "Repair the array and its paths first; until then no failover is possible.",
  ja: "まずディスクアレイと経路を修理してください。それまではフェイルオーバできません。",
};
const repairServer: Bilingual = {
  en: "Find out why {what} failed, repair it and switch it on; it comes up detached.",
  ja: "{what} の障害原因を取り除き、電源を入れてください。切り離された状態で起動します。",
};
const repairServers: Bilingual = {
  en: "Find out why {what} failed together, repair them and switch them on; they come up detached.",
  ja: "{what} が同時に停止した原因を取り除き、電源を入れてください。切り離された状態で起動します。",
};
const readCause: Bilingual = {
  en: "Find the cause in the log of {what}: `journalctl -u 'kage-*'`. The process was restarted by itself.",
  ja: "{what} のログ (`journalctl -u 'kage-*'`) で原因を確認してください。プロセスは自動で再起動します。",
};
const readProgram: Bilingual = {
  en: "Find out why the program of group {what} ended; its output is in the server's log.",
  ja: "グループ {what} の業務アプリケーションの停止原因をサーバのログで確認してください。",
};

export const REPAIR_WORDS: Readonly<Record<FaultKind, Bilingual>> = {
  lan: repairLans,
  lans: repairLans,
  "lans-one-way": repairLans,
  "lans-deaf": repairLans,
  isolate: repairLans,
  "split-minority": repairLans,
  "split-half": repairLans,
  between: repairLans,
  "between-best": repairLans,
  com: repairCom,
  "com-lans": repairCom,
  "com-power": repairCom,
  everything: repairLans,
  "array-path": repairArray,
  array: repairArray,
  "array-stall": repairArray,
  "array-lans": repairArray,
  "array-power": repairArray,
  "array-stall-power": repairArray,
  power: repairServer,
  "power-minority": repairServers,
  "power-majority": repairServers,
  mains: {
    en: "Restore the power, then switch all servers on; they come up detached.",
    ja: "電源を復旧し、全サーバを起動してください。切り離された状態で起動します。",
  },
  "freeze-short": {
    en: "Find out what kept {what} from running: load, virtual machine, memory.",
    ja: "{what} が動作できなかった原因 (負荷、仮想化、メモリ) を確認してください。",
  },
  "freeze-long": repairServer,
  "kill-pulse": readCause,
  "kill-agent": readCause,
  "kill-both": readCause,
  "hang-pulse": readCause,
  "hang-agent": readCause,
  keys: {
    en: "Give all servers the same key: `kage key status`, `kage key offer` and `kage key accept`.",
    ja: "全サーバの鍵を揃えてください: `kage key status`、`kage key offer`、`kage key accept`",
  },
  "program-once": readProgram,
  "program-broken": readProgram,
  "move-power": {
    en: "Find out why the server failed, repair it and switch it on; it comes up detached. The move is not repeated.",
    ja: "停止したサーバの原因を取り除き、電源を入れてください。切り離された状態で起動します。移動はやり直されません。",
  },
};

const returnIt: Bilingual = {
  en: "When it is on and shown as detached: `kage server return {server}`. It becomes the standby, nothing moves back.",
  ja: "起動して「切り離し」と表示されたら `kage server return {server}`。待機系になり、グループは戻りません。",
};
const moveBack: Bilingual = {
  en: "To go back to the home server at a quiet time: `kage group move {group}`.",
  ja: "業務の少ない時間にホームサーバへ戻す場合: `kage group move {group}`",
};
const nothing: Bilingual = {
  en: "Nothing else: the business went on.",
  ja: "その他の対処は不要です。業務は継続しています。",
};
const fromBothDown: readonly Bilingual[] = [
  {
    en: "Choose the server whose information is the newest (the one that ran the groups last) and switch both on.",
    ja: "最新の情報を持つサーバ (最後にグループが動作していたサーバ) を選び、両サーバを起動してください。",
  },
  {
    en: "`kage server force-return {base}` (or {other}, if that is the chosen one), then `kage server return` for the other.",
    ja: "`kage server force-return {base}` ({other} を選んだ場合はそのサーバ)、続いて残りのサーバを `kage server return`",
  },
  {
    en: "The groups are stopped: `kage group start {group}`, and the same for each other group.",
    ja: "グループは停止しています。`kage group start {group}` を各グループに対して実行してください。",
  },
];

const STEP_WORDS: Readonly<Record<Outcome, readonly Bilingual[]>> = {
  unchanged: [nothing],
  moved: [moveBack],
  "group-fails": [
    { en: "Then `kage group start {group}`.", ja: "その後 `kage group start {group}`" },
  ],
  takeover: [returnIt, moveBack],
  "majority-goes-on": [returnIt, moveBack],
  "some-go-on": [returnIt, moveBack],
  "best-goes-on": [returnIt, moveBack],
  "best-side-goes-on": [returnIt, moveBack],
  "one-goes-on": [returnIt, moveBack],
  "both-go-on": [
    {
      en: "Compare the data of both servers before the other is returned: `kage server return SERVER`.",
      ja: "両サーバのデータを比較してから他方を復帰させてください: `kage server return SERVER`",
    },
  ],
  "no-takeover": [returnIt],
  "all-stop": fromBothDown,
  dark: fromBothDown,
};

/** Steps that may not wait for the repair. */
export const AT_ONCE_WORDS: Partial<Readonly<Record<Outcome, readonly Bilingual[]>>> = {
  "both-go-on": [
    {
      en: "At once, before the repair: decide which server keeps the business and switch the other off, for data may differ.",
      ja: "修理の前に、業務を残すサーバを決めて他方の電源を切ってください。データが食い違う恐れがあります。",
    },
  ],
};

const fromAllDown: readonly Bilingual[] = [
  {
    en: "Choose the server whose information is the newest (the one that ran the groups last) and switch on as many servers as are whole: {needed} of {count} are needed.",
    ja: "最新の情報を持つサーバ (最後にグループが動作していたサーバ) を選び、正常なサーバを起動してください。{count} 台中 {needed} 台が必要です。",
  },
  {
    en: "`kage server force-return {base}` (or the one that was chosen). No group starts yet.",
    ja: "`kage server force-return {base}` (別のサーバを選んだ場合はそのサーバ)。この時点ではグループは起動できません。",
  },
  {
    en: "`kage server return SERVER` for every other server, one after the other; wait until `kage status` shows it as a member.",
    ja: "他のサーバを 1 台ずつ `kage server return SERVER` で復帰させ、`kage status` でメンバになるまで待ってください。",
  },
  {
    en: "With {needed} members the groups may start: `kage group start {group}`, and the same for each other group.",
    ja: "メンバが {needed} 台になったら `kage group start {group}` を各グループに対して実行してください。",
  },
  {
    en: "With fewer whole servers nothing starts, so that a part that was cut off can never run the groups as well: repair servers first.",
    ja: "正常なサーバが足りない間は起動できません (分断された側との二重起動を防ぐため)。先にサーバを修理してください。",
  },
];

/** R67, 1.8: one is enough, as soon as the disk has proved that none of the absent ones lives. */
const fromAllDownOnDisk: readonly Bilingual[] = [
  {
    en: "Choose the server whose information is the newest (the one that ran the groups last) and switch on as many servers as are whole; one is enough.",
    ja: "最新の情報を持つサーバ (最後にグループが動作していたサーバ) を選び、正常なサーバを起動してください。1 台でも復旧できます。",
  },
  {
    en: "`kage server force-return {base}` (or the one that was chosen), then `kage server return SERVER` for every other server that is on.",
    ja: "`kage server force-return {base}` (別のサーバを選んだ場合はそのサーバ)、続いて起動した他のサーバを `kage server return SERVER`",
  },
  {
    en: "When the disk has shown that no absent server lives, the groups may start: `kage group start {group}`, and the same for each other group.",
    ja: "不在のサーバが動作していないことをディスクで確認した後、`kage group start {group}` を各グループに対して実行してください。",
  },
];

/** Of three and more servers, where the steps differ. */
export const stepWords = (
  outcome: Outcome,
  { servers, method }: ClusterConfig,
): readonly Bilingual[] => {
  const isDown = outcome === "all-stop" || outcome === "dark";
  if (servers.length === 2 || !isDown) return STEP_WORDS[outcome];
  return method === "disk" ? fromAllDownOnDisk : fromAllDown;
};

/** The members that are left are just the majority that is needed. */
export const EDGE_WORDS: Bilingual = {
  en: "Do it soon: {left} of {count} servers are left and {needed} are needed. One more loss stops the cluster.",
  ja: "早めに実施してください。{count} 台中 {left} 台が稼働、{needed} 台が必要です。もう 1 台停止すると全サーバが停止します。",
};
