/**
 * The first thing seen: how many more failures can be survived as a number, the sentence, and the reasons.
 * Changes are read out (`aria-live`). Source: ecosystem.md 3.2 points 1, 2, 12.
 */
import type { ClusterState } from "../../../services/telemetry/model.ts";
import { headlineOf } from "../../../services/telemetry/picture/headline.ts";
import { Icon } from "./icon.tsx";
import { useSpeech } from "./preferences.tsx";

export function HeadlineBand({ cluster }: { readonly cluster: ClusterState | null }) {
  const { t, lang } = useSpeech();
  if (cluster === null) {
    return (
      <section class="headline tone-quiet">
        <p class="headline-sentence">{t("loading")}</p>
      </section>
    );
  }
  const { word, survives, sentence, reasons } = headlineOf(cluster, lang);
  return (
    <section class={`headline tone-${word.tone}`} aria-label={t("survivesLabel")}>
      <div class="gauge">
        <strong class="gauge-number">{survives}</strong>
        <span class="gauge-label">{t("survivesLabel")}</span>
      </div>
      <div class="headline-words" aria-live="polite" aria-atomic="true">
        <p class="headline-level">
          <Icon name={word.icon} size={18} />
          {word.text[lang]}
        </p>
        <h1 class="headline-sentence">{sentence}</h1>
      </div>
      {reasons.length === 0 ? null : (
        <div class="headline-reasons">
          <h2 class="eyebrow">{t("reasons")}</h2>
          <ul>
            {reasons.map(({ code, text }) => (
              <li key={`${code} ${text}`}>
                <code>{code}</code> {text}
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}
