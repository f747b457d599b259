/**
 * Spans and instants as people read them. A page shows how old a value is rather than let a person
 * believe it is of this moment. Instants are shown in the zone of the reader.
 * Source: ecosystem.md 3.2 points 3 and 10; R203.
 */
import type { Language } from "../../catalogue/entry.ts";

/** `ms` from 0 up. Below a minute whole seconds, then two units at most. */
export function showSpan(ms: number, lang: Language): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [s, min, h, d] =
    lang === "ja" ? [" 秒", " 分", " 時間", " 日"] : [" s", " min", " h", " d"];
  if (seconds < 60) return `${seconds}${s}`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}${min}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}${h} ${minutes % 60}${min}`;
  return `${Math.floor(hours / 24)}${d} ${hours % 24}${h}`;
}

/** `14:03:07`; `zone`: IANA name, default the reader's. */
export function showTime(instant: string | number, lang: Language, zone?: string): string {
  return formatter(lang, "time", zone).format(toMs(instant));
}

/** `Nov 22, 2026` or `2026年11月22日`. */
export function showDay(instant: string | number, lang: Language, zone?: string): string {
  return formatter(lang, "day", zone).format(toMs(instant));
}

const toMs = (instant: string | number): number =>
  typeof instant === "number" ? instant : Date.parse(instant);

/** Making one costs more than using it a thousand times. */
const made = new Map<string, Intl.DateTimeFormat>();

function formatter(lang: Language, what: "time" | "day", zone?: string): Intl.DateTimeFormat {
  const key = `${lang} ${what} ${zone ?? ""}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const locale = lang === "ja" ? "ja-JP" : "en-US";
  const place = zone === undefined ? {} : { timeZone: zone };
  const fresh =
    what === "time"
      ? new Intl.DateTimeFormat(locale, {
          ...{ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
          ...place,
        })
      : new Intl.DateTimeFormat(locale, {
          ...{ year: "numeric", month: "short", day: "numeric" },
          ...place,
        });
  made.set(key, fresh);
  return fresh;
}
