/** A sign of the icon table as an element; it always stands beside a word, so readers skip it. */
import { ICONS, type IconName } from "../../../services/telemetry/picture/icons.ts";
import type { Word } from "../../../services/telemetry/picture/state-words.ts";
import { useSpeech } from "./preferences.tsx";

export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      <path d={ICONS[name]} />
    </svg>
  );
}

/** Sign and word of a state in its tone. */
export function StateWord({ word }: { readonly word: Word }) {
  const { lang } = useSpeech();
  return (
    <span class={`state tone-${word.tone}`}>
      <Icon name={word.icon} />
      {word.text[lang]}
    </span>
  );
}
