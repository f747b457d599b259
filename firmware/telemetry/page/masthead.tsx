/**
 * The bar at the top: whose cluster this is, whether the page is live and as of when, the pages of the
 * other servers, language and user. Source: ecosystem.md 3.2 points 3, 10, 13.
 */
import { showSpan, showTime } from "../../../services/telemetry/picture/ages.ts";
import type { Freshness } from "../../../services/telemetry/picture/freshness.ts";
import type { TextKey } from "../../../services/telemetry/picture/page-text.ts";
import type { Bootstrap, Session } from "./api.ts";
import { useNow } from "./clock.ts";
import { Icon } from "./icon.tsx";
import { useSpeech } from "./preferences.tsx";

const ROLE_TEXT: Readonly<Record<Session["role"], TextKey>> = {
  view: "roleView",
  op: "roleOp",
  admin: "roleAdmin",
};

/** The product's mark: a cabinet and its double behind it. */
export function Mark() {
  return (
    <svg class="mark" width="28" height="28" viewBox="0 0 32 32" aria-hidden="true">
      <rect x="13" y="5" width="13" height="20" rx="2.5" class="mark-back" />
      <rect x="6" y="7" width="13" height="20" rx="2.5" class="mark-front" />
      <path d="M10 13h5M10 17h5" class="mark-line" />
    </svg>
  );
}

export function LanguageSwitch() {
  const { t, lang, setLang } = useSpeech();
  const other = lang === "en" ? "ja" : "en";
  return (
    <button
      type="button"
      class="ghost"
      lang={other}
      aria-label={t("languageLabel")}
      onClick={() => setLang(other)}
    >
      <Icon name="globe" />
      {t("language")}
    </button>
  );
}

interface MastheadProps {
  readonly bootstrap: Bootstrap;
  readonly session: Session;
  readonly freshness: Freshness;
  readonly onLogout: () => void;
}

export function Masthead({ bootstrap, session, freshness, onLogout }: MastheadProps) {
  const { t } = useSpeech();
  const others = bootstrap.servers.filter(
    ({ name, url }) => name !== bootstrap.server && url !== null,
  );
  return (
    <header class="masthead">
      <a class="skip" href="#cluster">
        {t("skip")}
      </a>
      <div class="masthead-id">
        <Mark />
        <div>
          <p class="masthead-cluster">{bootstrap.cluster}</p>
          <p class="quiet small">{t("seenFrom", { server: bootstrap.server })}</p>
        </div>
      </div>
      <LiveSign freshness={freshness} />
      <nav class="masthead-tools" aria-label={t("otherPages")}>
        {others.length > 4
          ? null
          : others.map(({ name, url }) => (
              <a
                key={name}
                class="ghost"
                href={url ?? ""}
                aria-label={t("otherPage", { server: name })}
              >
                <Icon name="server" />
                {name}
              </a>
            ))}
        <LanguageSwitch />
        <span class="masthead-user">
          <strong>{session.user}</strong>
          <span class="quiet small">{t(ROLE_TEXT[session.role])}</span>
        </span>
        <button type="button" class="ghost" onClick={onLogout}>
          {t("logout")}
        </button>
      </nav>
    </header>
  );
}

function LiveSign({ freshness }: { readonly freshness: Freshness }) {
  const { t, lang } = useSpeech();
  const nowMs = useNow();
  if (freshness.kind === "waiting") return <p class="live quiet">{t("loading")}</p>;
  const { asOfMs } = freshness;
  const isLive = freshness.kind === "live";
  const time = asOfMs === null ? t("never") : showTime(asOfMs, lang);
  const span = asOfMs === null ? "" : t("ago", { span: showSpan(nowMs - asOfMs, lang) });
  return (
    <p class={isLive ? "live is-live" : "live is-stale"}>
      <span class="live-dot" aria-hidden="true" />
      <strong>{t(isLive ? "live" : "stale")}</strong>
      <span class="quiet">
        {t("asOf", { time })}
        <span class="live-age"> · {span}</span>
      </span>
    </p>
  );
}
