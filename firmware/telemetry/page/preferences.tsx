/**
 * The language of the reader, shared with every component: chosen by hand, else by the browser. Dark,
 * light and high contrast follow the system by style sheet alone. Source: ecosystem.md 3.2 points 10, 11.
 */
import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { Language } from "../../../services/catalogue/entry.ts";
import { say, type TextKey } from "../../../services/telemetry/picture/page-text.ts";

const STORAGE_KEY = "kagemusha.language";

export interface Speech {
  readonly lang: Language;
  readonly setLang: (lang: Language) => void;
  readonly t: (key: TextKey, data?: Readonly<Record<string, string>>) => string;
}

export const SpeechContext = createContext<Speech>({
  lang: "en",
  setLang: () => undefined,
  t: (key) => key,
});

export const useSpeech = (): Speech => useContext(SpeechContext);

export function useLanguage(): Speech {
  const [lang, setLang] = useState<Language>(preferred);
  useEffect(() => {
    document.documentElement.lang = lang;
  }, [lang]);
  return {
    lang,
    setLang(next) {
      setLang(next);
      remember(next);
    },
    t: (key, data) => say(lang, key, data),
  };
}

function preferred(): Language {
  const stored = recall();
  if (stored === "en" || stored === "ja") return stored;
  return navigator.language.toLowerCase().startsWith("ja") ? "ja" : "en";
}

/** Storage may be forbidden by the browser; then the choice lasts as long as the page. */
function recall(): string | null {
  try {
    return localStorage.getItem(STORAGE_KEY);
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}

function remember(lang: Language): void {
  try {
    localStorage.setItem(STORAGE_KEY, lang);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}
