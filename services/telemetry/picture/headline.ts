/**
 * The sentence at the top: how many more failures can be survived, as a number and in words, and why it
 * is not more. The publisher's own sentence is preferred, because it knows the method; without one the
 * sentence is made from the level. Source: ecosystem.md 3.2 point 2; R202.
 */
import type { Language } from "../../catalogue/entry.ts";
import type { ClusterState } from "../model.ts";
import { say } from "./page-text.ts";
import { LEVEL_WORDS, type Word } from "./state-words.ts";

export interface Headline {
  readonly word: Word;
  readonly level: ClusterState["level"];
  readonly survives: number;
  readonly sentence: string;
  readonly reasons: readonly { readonly code: string; readonly text: string }[];
}

export function headlineOf(state: ClusterState, lang: Language): Headline {
  const { level, survivesFailures: survives } = state;
  const own = state.headline[lang];
  return {
    word: LEVEL_WORDS[level],
    level,
    survives,
    sentence: own === "" ? sentenceFor(survives, level, lang) : own,
    reasons: state.reasons.map(({ code, text, ja }) => ({ code, text: lang === "ja" ? ja : text })),
  };
}

function sentenceFor(survives: number, level: ClusterState["level"], lang: Language): string {
  if (level === "failed") return say(lang, "headlineFailed");
  if (survives === 0) return say(lang, "headlineNone");
  return say(lang, survives === 1 ? "headlineOne" : "headlineMany", { count: String(survives) });
}
