/**
 * What `kage status` and `kage rack status` say where many servers would fill the screen: counts instead of
 * rows that are alike; and what is said where nobody answers, because nobody has power. Source: R1 (16 servers), R16; ecosystem.md 3.2.
 */
import type { Bilingual } from "./language.ts";

export const STATUS_MESSAGES = {
  moreReasons: { en: "and {count} more of this kind", ja: "同種がほかに {count} 件" },
  withServersOff: { en: "{count} with servers that are off", ja: "停止サーバとの {count} 方向" },
  noPower: { en: "has no power", ja: "電源が入っていません" },
  noPowerBecause: {
    en: "has no power. {why} ({code})",
    ja: "電源が入っていません。{why} ({code})",
  },
  powerOnEach: {
    en: "kage rack power on SERVER (each of them){state}",
    ja: "kage rack power on SERVER (各サーバについて){state}",
  },
  powerDo: {
    en: "remove the cause, then: {commands}",
    ja: "原因を取り除いてから実行してください: {commands}",
  },
  seeEventsDo: {
    en: "what happened: kage events{state}; {remedy}",
    ja: "経緯の確認: kage events{state}。{remedy}",
  },
  logShown: {
    en: "above: the log that {server} left in {file}",
    ja: "上記は {server} が残したログです: {file}",
  },
  moreNames: { en: "+{count}", ja: "ほか {count}" },
} as const satisfies Readonly<Record<string, Bilingual>>;
