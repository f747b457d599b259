/**
 * What `kage evaluate` says, in both languages. A `…Do` entry is the remedy of the entry before it.
 * Source: guide 3.2; work order 4 item 8.
 */
import type { Bilingual } from "./language.ts";

export const EVALUATE_MESSAGES = {
  evalHead: {
    en: "{file}: cluster {name}, method {method}, protection level {level}; {runs} runs in virtual time",
    ja: "{file}: クラスタ {name}、解決方式 {method}、保護レベル {level}、仮想時間で {runs} 回実行",
  },
  evalNoMirror: {
    en: "method mirror cannot be evaluated: what happens to the two copies of the data decides its rows (D13), and the simulator has no mirrored disks",
    ja: "解決方式 mirror は評価できません。結果は 2 つのデータの状態 (D13) で決まりますが、シミュレータにミラーディスクはありません",
  },
  evalNoMirrorDo: {
    en: "evaluate com, com-disk or none with two servers, disk with 2 to 16, or majority with 3 to 16",
    ja: "2 台構成の com、com-disk、none、2〜16 台の disk、または 3〜16 台の majority を評価してください",
  },
  evalStart: { en: "start {id}: {owners}", ja: "初期状態 {id}: {owners}" },
  evalFaults: {
    en: "Single faults (guide 3.2.1 and 1.2.4)",
    ja: "単一障害 (ガイド 3.2.1、1.2.4)",
  },
  evalTransitions: { en: "State transitions (guide 3.2.2)", ja: "状態遷移 (ガイド 3.2.2)" },
  evalPairs: {
    en: "Pairs of faults: {count} runs, {bad} not permitted",
    ja: "二重障害: {count} 回実行、不適合 {bad} 件",
  },
  evalEnvelope: {
    en: "Fault envelope, method {method} (* = the level of this configuration)",
    ja: "障害の保証範囲、解決方式 {method} (* = この構成の保護レベル)",
  },
  evalTwice: { en: "RAN TWICE FOR", ja: "二重動作" },
  evalRisk: { en: "accepted risk", ja: "許容リスク" },
  evalNotPlayed: { en: "not played", ja: "未実行" },
  evalLeftOut: {
    en: "Left out, because runs of many servers take long",
    ja: "省略 (サーバ台数が多く実行時間が長いため)",
  },
  evalLeftFaults: {
    en: "{count} of {total} single-fault runs with {servers} servers: the same kinds on further servers and from further start states",
    ja: "単一障害 {total} 回中 {count} 回 ({servers} 台): 同じ種類の障害の他サーバ、他の初期状態での実行",
  },
  evalLeftPairs: {
    en: "{count} of {total} pairs of faults; the ones played are spread over all of them, the same every time",
    ja: "二重障害 {total} 回中 {count} 回。実行分は全体から均等に選び、毎回同じです",
  },
  evalNotSimulated: {
    en: "Not simulated, or only in part",
    ja: "シミュレーション対象外または一部のみ対象",
  },
  evalLegend: {
    en: "GUIDE: E rows of 3.2.1, S rows of 3.2.2, A to J rows of 1.2.4; R and D: requirements and decisions of this product; 1.3 to 1.8: its protocol",
    ja: "根拠: E = ガイド 3.2.1 の行、S = 3.2.2 の行、A〜J = 1.2.4 の行、R と D = 本製品の要件と決定、1.3〜1.8 = 本製品のプロトコル",
  },
  evalAsExpected: { en: "as expected", ja: "期待どおり" },
  evalDiffers: { en: "differs, see below", ja: "相違 (下記)" },
  evalUnknownPairs: {
    en: "no outcome that the guide has a word for:",
    ja: "ガイドに該当する結果がない組み合わせ:",
  },
  evalMorePairs: { en: "... and {count} more", ja: "... 他 {count} 件" },
  evalAllMethods: {
    en: "the other methods, to compare: -o json",
    ja: "他の解決方式との比較: -o json",
  },
  evalManyFirst: {
    en: "{count} runs with {servers} servers: this takes a minute or more",
    ja: "{servers} 台構成で {count} 回実行します。1 分以上かかります",
  },
  evalResult: { en: "RESULT", ja: "判定" },
  evalFault: { en: "FAULT", ja: "障害" },
  evalFrom: { en: "START", ja: "初期状態" },
  evalRows: { en: "GUIDE", ja: "根拠" },
  evalExpected: { en: "EXPECTED", ja: "期待" },
  evalSimulated: { en: "SIMULATED", ja: "結果" },
  evalTook: { en: "TOOK", ja: "時間" },
  evalRow: { en: "ROW", ja: "項番" },
  evalWhat: { en: "OPERATION", ja: "操作" },
  evalPermitted: { en: "permitted", ja: "適合" },
  evalViolation: { en: "VIOLATION", ja: "不適合" },
  evalOr: { en: "; or ", ja: "、または" },
  evalDuring: { en: "trouble", ja: "問題" },
  evalEnds: { en: "ended as", ja: "最終状態" },
  evalInside: { en: "covered", ja: "保証" },
  evalData: { en: "data covered, addresses not", ja: "データのみ保証" },
  evalOutside: { en: "not covered", ja: "保証外" },
  evalGood: {
    en: "all {count} rows are as the guide expects ({time})",
    ja: "全 {count} 項目がガイドの期待どおりです ({time})",
  },
  evalBad: {
    en: "{bad} of {count} rows differ from what the guide expects",
    ja: "{count} 項目中 {bad} 項目がガイドの期待と異なります",
  },
  evalBadDo: {
    en: "do not go into operation with it; change the times or the method and evaluate again",
    ja: "このまま運用せず、時間または方式を変更して再評価してください",
  },
  evalPairsFirst: {
    en: "pairs of faults: {count} runs, about {time}",
    ja: "二重障害: {count} 回実行、約 {time}",
  },
  evalStopped: {
    en: "interrupted; nothing is said about the rest",
    ja: "中断しました。残りは評価していません",
  },
  evalNoConfigDo: {
    en: "name the file to evaluate: kage evaluate --config FILE",
    ja: "評価するファイルを指定してください: kage evaluate --config FILE",
  },
  evalStoppedDo: { en: "run it again to the end", ja: "最後まで再実行してください" },
} as const satisfies Readonly<Record<string, Bilingual>>;
