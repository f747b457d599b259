/**
 * Login, and on the very first start the making of the first administrator with the one-time code. There
 * is no default password, and what was wrong is said beside the button in the words of the server.
 * Source: work order 3 item 7 (login); requirements of ecosystem.md 3.2 points 12 and 13.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { type Answer, type Bootstrap, login, type Session, setup } from "./api.ts";
import { Field, Problem } from "./field.tsx";
import { Icon } from "./icon.tsx";
import { LanguageSwitch, Mark } from "./masthead.tsx";
import { useSpeech } from "./preferences.tsx";

interface EntranceProps {
  readonly bootstrap: Bootstrap;
  /** The session has just ended. */
  readonly isOver: boolean;
  readonly onEnter: (session: Session) => void;
}

const HTTP_CONFLICT = 409;

export function Entrance({ bootstrap, isOver, onEnter }: EntranceProps) {
  const { t } = useSpeech();
  const [isSetup, setIsSetup] = useState(bootstrap.setupNeeded);
  return (
    <div class="entrance">
      <header class="entrance-head">
        <Mark />
        <span class="mark-name">{t("product")}</span>
        <LanguageSwitch />
      </header>
      <main class="entrance-card">
        <p class="eyebrow">
          {bootstrap.cluster}
          <span class="quiet"> · {bootstrap.server}</span>
        </p>
        <h1>{t(isSetup ? "setupTitle" : "loginTitle")}</h1>
        <p class="lead">{t(isSetup ? "setupLead" : "loginLead", { server: bootstrap.server })}</p>
        {isOver ? (
          <p class="banner tone-warn" role="status">
            <Icon name="clock" />
            {t("sessionOver")}
          </p>
        ) : null}
        <EntranceForm isSetup={isSetup} onEnter={onEnter} onDone={() => setIsSetup(false)} />
      </main>
      <footer class="entrance-foot quiet">
        <a href="/status">/status</a> · {bootstrap.version}
      </footer>
    </div>
  );
}

interface FormProps {
  readonly isSetup: boolean;
  readonly onEnter: (session: Session) => void;
  /** The setup had been done by somebody else: show the login. */
  readonly onDone: () => void;
}

function EntranceForm({ isSetup, onEnter, onDone }: FormProps) {
  const { t, lang } = useSpeech();
  const [problem, setProblem] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector("input")?.focus(), []);

  async function enter(): Promise<void> {
    if (form.current === null) return;
    const fields = new FormData(form.current);
    const field = (name: string): string => String(fields.get(name) ?? "");
    if (isSetup && field("password") !== field("again")) {
      setProblem(t("passwordsDiffer"));
      return;
    }
    setIsBusy(true);
    setProblem("");
    const answer = isSetup
      ? await setup(field("code").trim(), field("user"), field("password"))
      : await login(field("user"), field("password"));
    setIsBusy(false);
    if (answer.kind === "ok") onEnter(answer.value);
    else {
      if (answer.kind === "refused" && isSetup && answer.status === HTTP_CONFLICT) onDone();
      setProblem(problemOf(answer));
    }
  }

  function problemOf(answer: Exclude<Answer<Session>, { kind: "ok" }>): string {
    if (answer.kind === "unreachable") return t("unreachable");
    return answer.text?.[lang] ?? t(isSetup ? "setupRefused" : "loginRefused");
  }

  return (
    <form
      ref={form}
      onSubmit={(event) => {
        event.preventDefault();
        if (!isBusy) void enter();
      }}
    >
      {isSetup ? <Field name="code" label="code" kind="text" autocomplete="one-time-code" /> : null}
      <Field name="user" label="user" kind="text" autocomplete="username" />
      <Field
        name="password"
        label="password"
        kind="password"
        autocomplete={isSetup ? "new-password" : "current-password"}
        {...(isSetup ? { hint: "passwordRule" as const } : {})}
      />
      {isSetup ? (
        <Field name="again" label="passwordAgain" kind="password" autocomplete="new-password" />
      ) : null}
      <Problem text={problem} />
      <button type="submit" class="primary wide" aria-disabled={isBusy}>
        {t(isBusy ? "working" : isSetup ? "setupDo" : "loginDo")}
      </button>
    </form>
  );
}
