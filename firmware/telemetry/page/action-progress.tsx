/**
 * The way of an order to its final word, read out as it comes. An order without a final word
 * is said to be of unknown outcome, never to have failed. Source: ecosystem.md 1.4, 4.1 (exit 5).
 */
import type { CommandStatus } from "../../../services/telemetry/model.ts";
import { type Action, kageLine } from "../../../services/telemetry/picture/actions.ts";
import { showTime } from "../../../services/telemetry/picture/ages.ts";
import type { IconName } from "../../../services/telemetry/picture/icons.ts";
import type { Tone } from "../../../services/telemetry/picture/state-words.ts";
import { Icon } from "./icon.tsx";
import type { OrderNews } from "./order.ts";
import { useSpeech } from "./preferences.tsx";

const STEPS: Readonly<Record<CommandStatus, { readonly icon: IconName; readonly tone: Tone }>> = {
  accepted: { icon: "check", tone: "quiet" },
  running: { icon: "progress", tone: "quiet" },
  done: { icon: "check", tone: "calm" },
  failed: { icon: "cross", tone: "bad" },
  rejected: { icon: "cross", tone: "bad" },
  expired: { icon: "clock", tone: "bad" },
};

interface ProgressProps {
  readonly action: Action;
  readonly news: readonly OrderNews[];
}

export function ActionProgress({ action, news }: ProgressProps) {
  const { t, lang } = useSpeech();
  const isOver = news.some((each) => each.kind === "silent" || each.isFinal);
  return (
    <section class="progress" aria-busy={!isOver}>
      <h3 class="eyebrow">{t("progress")}</h3>
      <ol aria-live="polite" aria-label={kageLine(action)}>
        <li class="tone-quiet">
          <Icon name="arrow" />
          <strong>{t("sent")}</strong>
        </li>
        {news.map((each, index) =>
          each.kind === "silent" ? (
            <li key={`${index} silent`} class="tone-warn">
              <Icon name="question" />
              <span>{t("unknownOutcome")}</span>
            </li>
          ) : (
            <li
              key={`${index} ${each.reply.status}`}
              class={`tone-${STEPS[each.reply.status].tone}`}
            >
              <Icon name={STEPS[each.reply.status].icon} />
              <span>
                <strong>{t(each.reply.status)}</strong>
                {each.reply.code === null ? null : <code> {each.reply.code}</code>}
                {each.reply.text[lang] === "" ? null : <> – {each.reply.text[lang]}</>}
                {each.isFinal && each.reply.hint[lang] !== "" ? (
                  <> {each.reply.hint[lang]}</>
                ) : null}
              </span>
              {each.reply.ts === "" ? null : <time>{showTime(each.reply.ts, lang)}</time>}
            </li>
          ),
        )}
      </ol>
      {isOver ? null : <div class="progress-bar" aria-hidden="true" />}
    </section>
  );
}
