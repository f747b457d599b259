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
  evalNoMethod: {
    en: "{file}: there is no simulator for method {method} with {servers} servers",
    ja: "{file}: 解決方式 {method}、サーバ {servers} 台のシミュレータはありません",
  },
  evalNoMethodDo: {
    en: "evaluate two servers with com, com-disk, disk or none; try anything else on the real servers",
    ja: "2 台構成の com、com-disk、disk、none を評価してください。それ以外は実機で評価してください",
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
  evalNotSimulated: { en: "Not simulated", ja: "シミュレーション対象外" },
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
  evalOr: { en: " or ", ja: " または " },
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
  evalStoppedDo: { en: "run it again to the end", ja: "最後まで再実行してください" },
} as const satisfies Readonly<Record<string, Bilingual>>;
