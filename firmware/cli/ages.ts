/** Durations as people say them: the two largest units, tenths below ten seconds. */
import type { Lang } from "./language.ts";

const UNITS = {
  en: { d: " d", h: " h", min: " min", s: " s", gap: " " },
  ja: { d: "日", h: "時間", min: "分", s: "秒", gap: "" },
} as const;

/** `ms` >= 0; a negative span (clock set back) shows as 0. */
export function showSpan(ms: number, lang: Lang): string {
  const unit = UNITS[lang];
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)}${unit.s}`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}${unit.s}`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}${unit.min}${unit.gap}${whole % 60}${unit.s}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}${unit.h}${unit.gap}${minutes % 60}${unit.min}`;
  return `${Math.floor(hours / 24)}${unit.d}${unit.gap}${hours % 24}${unit.h}`;
}

/** Time since an ISO instant, or null when it is none. */
export function spanSince(instant: string | null, wallMs: number): number | null {
  const atMs = instant === null ? Number.NaN : Date.parse(instant);
  return Number.isNaN(atMs) ? null : wallMs - atMs;
}
