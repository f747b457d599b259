/**
 * Rows of the guide in words, English and Japanese: what 3.2.2 asks for and expects, and which rows of either
 * table are not played, or only in part, with the reason. Source: guide 3.2.1, 3.2.2, 1.2.4 (J2).
 */
import { usesDisk } from "../../services/configuration/budget.ts";
import type { Bilingual } from "../cli/language.ts";
import type { SimulatedMethod } from "./expected.ts";
import type { Lack } from "./transitions.ts";

interface RowWords {
  readonly operation: Bilingual;
  readonly expected: Bilingual;
}

const FAILOVER: Bilingual = {
  en: "failover, the business goes on",
  ja: "フェイルオーバ後、業務継続",
};
const AFTER_WAIT: Bilingual = {
  en: "the groups start once the start sync wait is over",
  ja: "起動待ち合わせ時間の経過後にグループ起動",
};

const ROW_WORDS: Readonly<Record<string, RowWords>> = {
  S1: {
    operation: { en: "start all servers", ja: "クラスタ起動" },
    expected: { en: "all servers and groups start", ja: "全サーバ、全グループが正常に起動" },
  },
  S2: {
    operation: { en: "start the active server only", ja: "運用系だけを起動" },
    expected: AFTER_WAIT,
  },
  S3: {
    operation: { en: "start the standby server only", ja: "待機系だけを起動" },
    expected: AFTER_WAIT,
  },
  S4: {
    operation: { en: "cluster shutdown, then start", ja: "クラスタシャットダウンと再起動" },
    expected: {
      en: "all servers go off; all is normal after the restart",
      ja: "全サーバが停止し、再起動後は全サーバ、全グループが正常",
    },
  },
  S5: {
    operation: { en: "detach the active server", ja: "運用系の切り離し" },
    expected: FAILOVER,
  },
  S6: {
    operation: { en: "shut the active server down", ja: "運用系のシャットダウン" },
    expected: FAILOVER,
  },
  S7: {
    operation: { en: "cut the power of the active server", ja: "運用系の電源断" },
    expected: FAILOVER,
  },
  S8: {
    operation: { en: "move a group", ja: "グループの移動" },
    expected: {
      en: "it runs on the standby, the business goes on",
      ja: "待機系へ移動し、業務継続",
    },
  },
  S9: {
    operation: { en: "stop a group", ja: "グループの停止" },
    expected: { en: "it stops without error", ja: "異常なく停止" },
  },
  S10: {
    operation: { en: "start a group", ja: "グループの起動" },
    expected: { en: "it starts, the business can begin", ja: "起動し、業務を開始できる" },
  },
  S11: {
    operation: { en: "return the failed server", ja: "切り離したサーバの復帰" },
    expected: { en: "it becomes the standby, nothing moves", ja: "待機系になり、何も移動しない" },
  },
  S12: {
    operation: {
      en: "both down: force-return, return, start",
      ja: "全サーバ停止からの強制復帰",
    },
    expected: {
      en: "all normal; the groups stay stopped until they are started",
      ja: "クラスタは正常、グループは起動操作まで停止",
    },
  },
};

/** The table is of two servers; where a majority decides, some rows need another number of them. */
const MAJORITY_ROW_WORDS: Readonly<Record<string, RowWords>> = {
  S2: {
    operation: { en: "start a majority only", ja: "過半数だけを起動" },
    expected: AFTER_WAIT,
  },
  S3: {
    operation: { en: "start fewer than a majority", ja: "過半数未満を起動" },
    expected: { en: "nothing starts (J2)", ja: "何も起動しない (J2)" },
  },
  S12: {
    operation: {
      en: "all down: force-return, return the others, start",
      ja: "全サーバ停止からの強制復帰",
    },
    expected: ROW_WORDS["S12"]?.expected ?? AFTER_WAIT,
  },
};

/** Of a row of 3.2.2; one that does not exist is shown as it is called. */
export function rowWords(row: string, method: SimulatedMethod, servers: number): RowWords {
  const isOther = method === "majority" || (row === "S12" && servers > 2);
  const many = isOther ? MAJORITY_ROW_WORDS[row] : undefined;
  const asIs: Bilingual = { en: row, ja: row };
  return many ?? ROW_WORDS[row] ?? { operation: asIs, expected: asIs };
}

export const LACK_WORDS: Readonly<Record<Lack, Bilingual>> = {
  group: { en: "this configuration has no group", ja: "この構成にはグループがありません" },
  "second-server": {
    en: "no group may run on a second server",
    ja: "2 台目で起動できるグループがありません",
  },
};

export interface Unplayed {
  /** `E2 E9`. */
  readonly rows: string;
  readonly why: Bilingual;
}

const WITH_DISK: readonly Unplayed[] = [
  {
    rows: "E2 E9 E11",
    why: {
      en: "the cluster does not notice it and the business goes on",
      ja: "クラスタは検知せず、業務は継続",
    },
  },
  {
    rows: "E3 E4 E12",
    why: {
      en: "of the array only the arbitration partition is simulated, not the data of the business",
      ja: "ディスクアレイは調停パーティションだけが対象で、業務データは対象外",
    },
  },
  {
    rows: "E5 E6",
    why: {
      en: "played for the arbitration partition; whether the business goes on needs a second path to its data",
      ja: "調停パーティションについてのみ実行。業務の継続には二重化した経路が必要",
    },
  },
  {
    rows: "E8 E16 E17",
    why: {
      en: "played without a resource monitor, so nothing moves (R40); with one the group fails over, try it with your own",
      ja: "リソース監視なしで実行 (R40)。監視がある場合はフェイルオーバするため、実機で確認が必要",
    },
  },
];

const WITHOUT_DISK: readonly Unplayed[] = [
  {
    rows: "E2 E9",
    why: {
      en: "the cluster does not notice it and the business goes on",
      ja: "クラスタは検知せず、業務は継続",
    },
  },
  {
    rows: "E3 E4 E5 E6 E8 E11 E12",
    why: {
      en: "no shared disk decides in this configuration",
      ja: "この構成の解決方式は共有ディスクを使用しません",
    },
  },
  {
    rows: "E16 E17",
    why: {
      en: "played without a resource monitor, so nothing moves (R40); with one the group fails over, try it with your own",
      ja: "リソース監視なしで実行 (R40)。監視がある場合はフェイルオーバするため、実機で確認が必要",
    },
  },
];

const ALWAYS: readonly Unplayed[] = [
  {
    rows: "E10 E13",
    why: {
      en: "without UPS control in this release; played as loss of power",
      ja: "この版に UPS 制御はなく、電源断として実行",
    },
  },
  {
    rows: "E20",
    why: {
      en: "a stall is seen by a monitor of the application only; try it with your own",
      ja: "ストールの検出は業務側の監視によるため、実機で確認が必要",
    },
  },
  {
    rows: "S4 S9",
    why: {
      en: "played without UPS and without switched partitions, which this release does not have",
      ja: "この版にない UPS と切替パーティションを除いて実行",
    },
  },
];

/** Rows that are not played, or only in part. */
export const unplayedOf = (method: SimulatedMethod): readonly Unplayed[] => [
  ...(usesDisk(method) ? WITH_DISK : WITHOUT_DISK),
  ...ALWAYS,
];
