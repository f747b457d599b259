/**
 * Which language the operator reads, and texts that exist in both. Japanese is chosen by the locale
 * (LC_ALL over LC_MESSAGES over LANG, as POSIX orders them) or by `--lang`.
 * Source: POSIX.1-2017 8.2; ecosystem.md 3.2 (10).
 */
export type Lang = "en" | "ja";
export const LANGS = ["en", "ja"] as const satisfies readonly Lang[];

/** One text in both languages; `{name}` is a place for a value. */
export interface Bilingual {
  readonly en: string;
  readonly ja: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Language of the environment; English unless the locale says Japanese. */
export function languageOf(env: Environment): Lang {
  return locale(env).startsWith("ja") ? "ja" : "en";
}

/** True when the locale's character set is UTF-8; else signs stay within ASCII. */
export function speaksUtf8(env: Environment): boolean {
  return /utf-?8/i.test(locale(env));
}

/** Puts values into the places of a text. A place without a value stays visible. */
export function fill(
  text: Bilingual,
  lang: Lang,
  values: Readonly<Record<string, string>>,
): string {
  return text[lang].replace(/\{(\w+)\}/g, (place, name: string) => values[name] ?? place);
}

function locale(env: Environment): string {
  return env["LC_ALL"] || env["LC_MESSAGES"] || env["LANG"] || "";
}
