/**
 * Which of the four faces the page has: loading, unreachable, login (or first setup), dashboard. The
 * server is asked who we are; nothing of the cluster is shown before a login.
 * Source: work order 3 item 7; contract of the telemetry pieces.
 */
import { useCallback, useEffect, useState } from "preact/hooks";
import { type Bootstrap, getBootstrap, getSession, logout, type Session } from "./api.ts";
import { Dashboard } from "./dashboard.tsx";
import { Entrance } from "./entrance.tsx";
import { SpeechContext, useLanguage, useSpeech } from "./preferences.tsx";

type Face =
  | { readonly kind: "loading" }
  | { readonly kind: "unreachable" }
  | { readonly kind: "entrance"; readonly bootstrap: Bootstrap; readonly isOver: boolean }
  | { readonly kind: "dashboard"; readonly bootstrap: Bootstrap; readonly session: Session };

/** A server that does not answer is asked again. */
const RETRY_MS = 3000;

export function App() {
  const speech = useLanguage();
  return (
    <SpeechContext.Provider value={speech}>
      <Faces />
    </SpeechContext.Provider>
  );
}

function Faces() {
  const { t } = useSpeech();
  const [face, setFace] = useState<Face>({ kind: "loading" });
  useEffect(() => {
    if (face.kind === "loading") void load().then(setFace);
    if (face.kind !== "unreachable") return undefined;
    const timer = setTimeout(() => setFace({ kind: "loading" }), RETRY_MS);
    return () => clearTimeout(timer);
  }, [face]);
  const bootstrap = "bootstrap" in face ? face.bootstrap : null;
  useEffect(() => {
    if (bootstrap !== null) document.title = `${bootstrap.cluster} – ${t("product")}`;
  }, [bootstrap, t]);
  const leave = useCallback((): void => setFace((now) => toEntrance(now, true)), []);
  switch (face.kind) {
    case "loading":
      return <p class="notice">{t("loading")}</p>;
    case "unreachable":
      return (
        <p class="notice" role="alert">
          {t("unreachable")}
        </p>
      );
    case "entrance":
      return (
        <Entrance
          bootstrap={face.bootstrap}
          isOver={face.isOver}
          onEnter={(session) => setFace({ kind: "dashboard", bootstrap: face.bootstrap, session })}
        />
      );
    case "dashboard":
      return (
        <Dashboard
          bootstrap={face.bootstrap}
          session={face.session}
          onSessionOver={leave}
          onLogout={() => void logout().then(() => setFace({ kind: "loading" }))}
        />
      );
  }
}

async function load(): Promise<Face> {
  const bootstrap = await getBootstrap();
  if (bootstrap.kind !== "ok") return { kind: "unreachable" };
  const session = await getSession(false);
  if (session.kind === "ok") {
    return { kind: "dashboard", bootstrap: bootstrap.value, session: session.value };
  }
  return { kind: "entrance", bootstrap: bootstrap.value, isOver: false };
}

function toEntrance(face: Face, isOver: boolean): Face {
  if (face.kind !== "dashboard") return face;
  return { kind: "entrance", bootstrap: { ...face.bootstrap, setupNeeded: false }, isOver };
}
