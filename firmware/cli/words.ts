/**
 * The vocabulary of the tables: what level, server, group and path states are called, and the signs
 * that stand beside the word (colour alone is never used, WCAG 1.4.1; R202).
 * The signs are those that every terminal draws one cell wide: East Asian Width "neutral", which
 * leaves out circles, triangles and arrows.
 */
import type {
  ClusterLevel,
  PathStatus,
  ShownGroupState,
  ShownServerState,
} from "../../services/status.ts";
import type { Bilingual } from "./language.ts";

export type Tone = "good" | "warn" | "bad" | "quiet";

export interface Word {
  readonly tone: Tone;
  readonly text: Bilingual;
}

export const LEVEL_WORDS: Readonly<Record<ClusterLevel, Word>> = {
  ok: { tone: "good", text: { en: "OK", ja: "正常" } },
  degraded: { tone: "warn", text: { en: "DEGRADED", ja: "縮退" } },
  failed: { tone: "bad", text: { en: "FAILED", ja: "障害" } },
};

export const SERVER_WORDS: Readonly<Record<ShownServerState, Word>> = {
  starting: { tone: "warn", text: { en: "starting", ja: "起動中" } },
  member: { tone: "good", text: { en: "member", ja: "稼働" } },
  leaving: { tone: "warn", text: { en: "leaving", ja: "離脱中" } },
  detached: { tone: "warn", text: { en: "detached", ja: "切り離し" } },
  returning: { tone: "warn", text: { en: "returning", ja: "復帰中" } },
  stopping: { tone: "warn", text: { en: "stopping", ja: "停止中" } },
  off: { tone: "bad", text: { en: "off", ja: "ダウン" } },
};

export const GROUP_WORDS: Readonly<Record<ShownGroupState, Word>> = {
  stopped: { tone: "quiet", text: { en: "stopped", ja: "停止" } },
  starting: { tone: "warn", text: { en: "starting", ja: "起動中" } },
  running: { tone: "good", text: { en: "running", ja: "起動済" } },
  stopping: { tone: "warn", text: { en: "stopping", ja: "停止中" } },
  failed: { tone: "bad", text: { en: "failed", ja: "異常" } },
  unknown: { tone: "warn", text: { en: "unknown", ja: "不明" } },
};

export const PATH_WORDS: Readonly<Record<PathStatus["state"], Word>> = {
  normal: { tone: "good", text: { en: "normal", ja: "正常" } },
  faulty: { tone: "bad", text: { en: "faulty", ja: "異常" } },
  unknown: { tone: "warn", text: { en: "unknown", ja: "不明" } },
};

export const PATH_KIND_WORDS: Readonly<Record<PathStatus["kind"], Bilingual>> = {
  "lan-private": { en: "private LAN", ja: "専用LAN" },
  "lan-public": { en: "public LAN", ja: "公開LAN" },
  com: { en: "COM", ja: "COM" },
  disk: { en: "array", ja: "共有ディスク" },
};

export const METHOD_WORDS: Readonly<Record<string, Bilingual>> = {
  com: { en: "COM", ja: "COM" },
  "com-disk": { en: "COM + disk", ja: "COM + 共有ディスク" },
  disk: { en: "shared disk", ja: "共有ディスク" },
  majority: { en: "majority", ja: "多数決" },
  mirror: { en: "mirror", ja: "ミラー" },
  none: { en: "none", ja: "なし" },
};

const UTF8_SIGNS: Readonly<Record<Tone, string>> = { good: "✔", warn: "!", bad: "✖", quiet: "-" };
const ASCII_SIGNS: Readonly<Record<Tone, string>> = { good: "+", warn: "!", bad: "x", quiet: "-" };

/** The sign of a tone, one cell wide. */
export function signOf(tone: Tone, utf8: boolean): string {
  return (utf8 ? UTF8_SIGNS : ASCII_SIGNS)[tone];
}
