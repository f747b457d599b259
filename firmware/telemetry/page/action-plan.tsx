/** What the cluster says would happen, before anything is ordered. Source: ecosystem.md 1.4 (dry run). */
import { Icon } from "./icon.tsx";
import type { OrderNews } from "./order.ts";
import { useSpeech } from "./preferences.tsx";

export type Plan =
  | { readonly kind: "none" }
  | { readonly kind: "asking" }
  | { readonly kind: "answer"; readonly news: OrderNews };

export function ActionPlan({ plan }: { readonly plan: Plan }) {
  const { t } = useSpeech();
  return (
    <section class="plan" aria-live="polite">
      <h3 class="eyebrow">{t("plan")}</h3>
      {plan.kind === "answer" ? (
        <Answer news={plan.news} />
      ) : (
        <p class="quiet">{t("planAsking")}</p>
      )}
    </section>
  );
}

function Answer({ news }: { readonly news: OrderNews }) {
  const { t, lang } = useSpeech();
  if (news.kind === "silent") {
    return (
      <p class="banner tone-warn">
        <Icon name="alert" />
        {t("planSilent")}
      </p>
    );
  }
  const { reply } = news;
  if (reply.status === "rejected" || reply.status === "failed" || reply.status === "expired") {
    return (
      <div class="banner tone-bad">
        <Icon name="cross" />
        <p>
          <strong>{t("planRefused")}</strong>
          {reply.code === null ? null : <code> {reply.code}</code>}
          <br />
          {reply.text[lang]} {reply.hint[lang]}
        </p>
      </div>
    );
  }
  if (reply.plan.length === 0) return <p class="quiet">{reply.text[lang] || t("planEmpty")}</p>;
  return (
    <ol class="plan-steps">
      {reply.plan.map((step) => (
        <li key={step.en}>{step[lang]}</li>
      ))}
    </ol>
  );
}
