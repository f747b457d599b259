/**
 * What states are called on the page, and the sign that goes with each word. Colour alone is never used
 * (WCAG 1.4.1), so every tone has an icon of its own shape. The words are those of `kage status`, so
 * that a person on the telephone and a person at the terminal speak of the same thing.
 * Source: R202, ecosystem.md 3.2; firmware/cli/words.ts.
 */
import type { Language } from "../../catalogue/entry.ts";
import type { ClusterLevel, PathStatus, ShownGroupState, ShownServerState } from "../../status.ts";
import type { EventMessage } from "../model.ts";
import type { IconName } from "./icons.ts";

/** How much attention a value wants. `calm` is drawn without colour: a healthy room is a quiet room. */
export type Tone = "calm" | "warn" | "bad" | "quiet";

export interface Word {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly text: Readonly<Record<Language, string>>;
}

const word = (tone: Tone, icon: IconName, en: string, ja: string): Word => ({
  tone,
  icon,
  text: { en, ja },
});

export const LEVEL_WORDS: Readonly<Record<ClusterLevel, Word>> = {
  ok: word("calm", "check", "Protected", "保護中"),
  degraded: word("warn", "alert", "Degraded", "縮退"),
  failed: word("bad", "cross", "Failed", "障害"),
};

export const SERVER_WORDS: Readonly<Record<ShownServerState, Word>> = {
  starting: word("warn", "progress", "starting", "起動中"),
  member: word("calm", "check", "member", "稼働"),
  leaving: word("warn", "progress", "leaving", "離脱中"),
  detached: word("warn", "pause", "detached", "切り離し"),
  returning: word("warn", "progress", "returning", "復帰中"),
  stopping: word("warn", "progress", "stopping", "停止中"),
  off: word("bad", "cross", "DOWN", "ダウン"),
};

export const GROUP_WORDS: Readonly<Record<ShownGroupState, Word>> = {
  stopped: word("quiet", "stop", "stopped", "停止"),
  starting: word("warn", "progress", "starting", "起動中"),
  running: word("calm", "play", "running", "起動済"),
  stopping: word("warn", "progress", "stopping", "停止中"),
  failed: word("bad", "cross", "failed", "異常"),
  unknown: word("warn", "question", "unknown", "不明"),
};

export const PATH_WORDS: Readonly<Record<PathStatus["state"], Word>> = {
  normal: word("calm", "check", "normal", "正常"),
  faulty: word("bad", "cross", "faulty", "異常"),
  unknown: word("warn", "question", "unknown", "不明"),
};

/** A path that is heard in one direction only. */
export const ONE_WAY_WORD: Word = word("bad", "alert", "one way", "片方向");

/** A path towards a server that is down. */
export const NO_SIGNAL_WORD: Word = word("quiet", "question", "no signal", "信号なし");

/** Another server's way to the array, of which the server that tells the picture knows nothing. */
export const NOT_TOLD_WORD: Word = word("quiet", "info", "not reported", "報告なし");

export const KIND_WORDS: Readonly<Record<PathStatus["kind"], Readonly<Record<Language, string>>>> =
  {
    "lan-private": { en: "private LAN", ja: "専用LAN" },
    "lan-public": { en: "public LAN", ja: "公開LAN" },
    com: { en: "serial", ja: "COM" },
    disk: { en: "shared disk", ja: "共有ディスク" },
  };

export const SEVERITY_WORDS: Readonly<Record<EventMessage["severity"], Word>> = {
  info: word("calm", "info", "info", "情報"),
  warning: word("warn", "alert", "warning", "警告"),
  error: word("bad", "cross", "error", "エラー"),
  critical: word("bad", "octagon", "critical", "重大"),
};

/** Order of attention; a filter shows its severity and everything above. */
export const SEVERITY_RANK: Readonly<Record<EventMessage["severity"], number>> = {
  info: 0,
  warning: 1,
  error: 2,
  critical: 3,
};
