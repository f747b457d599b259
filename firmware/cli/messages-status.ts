/**
 * What `kage status` and `kage rack status` say where many servers would fill the screen: counts instead of
 * rows that are alike. Source: R1 (16 servers), R16; ecosystem.md 3.2.
 */
import type { Bilingual } from "./language.ts";

export const STATUS_MESSAGES = {
  moreReasons: { en: "and {count} more of this kind", ja: "同種がほかに {count} 件" },
  withServersOff: { en: "{count} with servers that are off", ja: "停止サーバとの {count} 方向" },
  moreNames: { en: "+{count}", ja: "ほか {count}" },
} as const satisfies Readonly<Record<string, Bilingual>>;
