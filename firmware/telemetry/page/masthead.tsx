/**
 * The bar at the top: whose cluster this is, whether the page is live and as of when, the pages of the
 * other servers, language and user. Source: ecosystem.md 3.2 points 3, 10, 13.
 */

import type { ClusterState } from "../../../services/telemetry/model.ts";
import { showSpan, showTime } from "../../../services/telemetry/picture/ages.ts";
import type { Freshness } from "../../../services/telemetry/picture/freshness.ts";
import type { Bootstrap, Session } from "./api.ts";
import { useNow } from "./clock.ts";
import { Icon } from "./icon.tsx";
import { useSpeech } from "./preferences.tsx";
import { ROLE_TEXT } from "./role-text.ts";

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
  readonly cluster: ClusterState | null;
  readonly freshness: Freshness;
  readonly onPassword: () => void;
  readonly onUsers: () => void;
  readonly onLogout: () => void;
}

export function Masthead(props: MastheadProps) {
  const { bootstrap, session, cluster, freshness } = props;
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
          <p class="quiet small">
            {t("seenFrom", { server: bootstrap.server })}
            <Configuration cluster={cluster} />
          </p>
        </div>
      </div>
      <LiveSign freshness={freshness} />
      <nav class="masthead-tools" aria-label={t("otherPages")}>
        <OtherPages others={others} />
        <LanguageSwitch />
        {session.role === "admin" ? (
          <button type="button" class="ghost" onClick={props.onUsers}>
            <Icon name="people" />
            {t("users")}
          </button>
        ) : null}
        <button type="button" class="masthead-user" onClick={props.onPassword}>
          <Icon name="person" />
          <span>
            <strong>{session.user}</strong>
            <span class="quiet small">{t(ROLE_TEXT[session.role])}</span>
          </span>
          <span class="unseen">{t("ownPassword")}</span>
        </button>
        <button type="button" class="ghost" onClick={props.onLogout}>
          {t("logout")}
        </button>
      </nav>
    </header>
  );
}

/** More links than this would push the bar onto two lines. */
const LINKS_MAX = 2;

function OtherPages({ others }: { readonly others: Bootstrap["servers"] }) {
  const { t } = useSpeech();
  const links = others.map(({ name, url }) => (
    <a key={name} class="ghost" href={url ?? ""} aria-label={t("otherPage", { server: name })}>
      <Icon name="server" />
      {name}
    </a>
  ));
  if (links.length <= LINKS_MAX) return <>{links}</>;
  return (
    <details class="masthead-others">
      <summary class="ghost">
        <Icon name="server" />
        {t("otherServers", { count: String(links.length) })}
      </summary>
      <div class="masthead-list">{links}</div>
    </details>
  );
}

/** Number and hash as `kage config history` shows them. */
function Configuration({ cluster }: { readonly cluster: ClusterState | null }) {
  const { t } = useSpeech();
  const { revision = null, configRevision: hash = null } = cluster ?? {};
  if (revision === null || hash === null) return null;
  return <> · {t("configuration", { rev: String(revision), hash })}</>;
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
