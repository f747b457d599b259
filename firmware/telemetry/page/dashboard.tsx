/**
 * The page of an operator at work: headline, topology as picture or table, events, rack panel, and the
 * dialog in which orders are given. When the page may not be believed everything turns grey, the time of
 * the last word is said, and the pages of the other servers are offered.
 * Source: ecosystem.md 3.2; work order 3 item 7.
 */
import { useCallback, useEffect, useState } from "preact/hooks";
import { showSpan, showTime } from "../../../services/telemetry/picture/ages.ts";
import type { Freshness } from "../../../services/telemetry/picture/freshness.ts";
import { ActionDialog, type Subject } from "./action-dialog.tsx";
import { type Bootstrap, getSession, type Session } from "./api.ts";
import { useNow } from "./clock.ts";
import { useCluster } from "./cluster-view.ts";
import { HeadlineBand } from "./headline-band.tsx";
import { Icon } from "./icon.tsx";
import { Masthead } from "./masthead.tsx";
import { PasswordDialog } from "./password-dialog.tsx";
import { useSpeech } from "./preferences.tsx";
import { RackPanelCard } from "./rack-panel.tsx";
import { TimelinePanel } from "./timeline-panel.tsx";
import { TopologyPanel } from "./topology-panel.tsx";
import { UsersDialog } from "./users-dialog.tsx";

interface DashboardProps {
  readonly bootstrap: Bootstrap;
  readonly session: Session;
  readonly onSessionOver: () => void;
  readonly onLogout: () => void;
}

export function Dashboard({ bootstrap, session, onSessionOver, onLogout }: DashboardProps) {
  const { board, freshness, link } = useCluster(bootstrap, session, onSessionOver);
  const [subject, setSubject] = useState<Subject | null>(null);
  const open = useCallback((next: Subject) => setSubject(next), []);
  const close = useCallback(() => setSubject(null), []);
  const [people, setPeople] = useState<"password" | "users" | null>(null);
  const closePeople = useCallback(() => setPeople(null), []);
  useKeepAwake();
  const isStale = freshness.kind === "stale";
  return (
    <div class={isStale ? "page is-stale" : "page"}>
      <Masthead
        bootstrap={bootstrap}
        session={session}
        cluster={board.cluster?.value ?? null}
        freshness={freshness}
        onPassword={() => setPeople("password")}
        onUsers={() => setPeople("users")}
        onLogout={onLogout}
      />
      <main id="cluster" tabIndex={-1}>
        <HeadlineBand cluster={board.cluster?.value ?? null} />
        <div class="columns">
          <TopologyPanel board={board} role={session.role} freshness={freshness} onOpen={open} />
          <TimelinePanel events={board.events} />
          {bootstrap.virtual && session.role !== "view" ? (
            <RackPanelCard server={bootstrap.server} />
          ) : null}
        </div>
      </main>
      {isStale ? <StaleBanner bootstrap={bootstrap} freshness={freshness} /> : null}
      {people === "password" ? <PasswordDialog user={session.user} onClose={closePeople} /> : null}
      {people === "users" ? <UsersDialog self={session.user} onClose={closePeople} /> : null}
      {subject === null ? null : (
        <ActionDialog
          subject={subject}
          board={board}
          role={session.role}
          isLive={freshness.kind === "live"}
          link={link}
          onClose={close}
        />
      )}
    </div>
  );
}

function StaleBanner({
  bootstrap,
  freshness,
}: {
  readonly bootstrap: Bootstrap;
  readonly freshness: Extract<Freshness, { kind: "stale" }>;
}) {
  const { t, lang } = useSpeech();
  const { asOfMs, why } = freshness;
  const others = bootstrap.servers.filter(
    ({ name, url }) => name !== bootstrap.server && url !== null,
  );
  const title =
    asOfMs === null ? t("staleNever") : t("staleTitle", { time: showTime(asOfMs, lang) });
  const server = bootstrap.server;
  return (
    <div class="stale-banner" role="alert">
      <Icon name="clock" size={22} />
      <div>
        <p class="stale-title">{title}</p>
        <p>
          {why === "link" ? t("staleLink", { server }) : null}
          {why === "broker" ? t("staleBroker", { server }) : null}
          {why === "telemetry" ? t("staleTelemetry", { server }) : null}
          {why === "silent" ? <SilentFor server={server} asOfMs={asOfMs ?? 0} /> : null}
        </p>
      </div>
      <p class="stale-links">
        {others.map(({ name, url }) => (
          <a key={name} class="button" href={url ?? ""}>
            {t("otherPage", { server: name })}
          </a>
        ))}
      </p>
    </div>
  );
}

function SilentFor({ server, asOfMs }: { readonly server: string; readonly asOfMs: number }) {
  const { t, lang } = useSpeech();
  const nowMs = useNow();
  return <>{t("staleSilent", { server, span: showSpan(nowMs - asOfMs, lang) })}</>;
}

/** Hand or key on the page counts as use, so that the session of somebody at work does not end. */
const USE_REPORT_MS = 60_000;

function useKeepAwake(): void {
  useEffect(() => {
    let reportedMs = Date.now();
    const used = (): void => {
      if (Date.now() - reportedMs < USE_REPORT_MS) return;
      reportedMs = Date.now();
      void getSession(true);
    };
    addEventListener("pointerdown", used);
    addEventListener("keydown", used);
    return () => {
      removeEventListener("pointerdown", used);
      removeEventListener("keydown", used);
    };
  }, []);
}
