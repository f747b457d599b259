/**
 * The own password: the present one is asked again, because a page left open is not its owner.
 * Source: work order 3 item 7; firmware/telemetry/web/own-password.ts.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { changePassword, refusalWords } from "./api.ts";
import { Field, Problem } from "./field.tsx";
import { Icon } from "./icon.tsx";
import { Modal } from "./modal.tsx";
import { useSpeech } from "./preferences.tsx";

interface PasswordDialogProps {
  readonly user: string;
  readonly onClose: () => void;
}

export function PasswordDialog({ user, onClose }: PasswordDialogProps) {
  const { t, lang } = useSpeech();
  const form = useRef<HTMLFormElement>(null);
  const [problem, setProblem] = useState("");
  const [state, setState] = useState<"open" | "busy" | "done">("open");
  useEffect(() => form.current?.querySelector<HTMLInputElement>("input[name=old]")?.focus(), []);

  async function change(): Promise<void> {
    if (form.current === null) return;
    const fields = new FormData(form.current);
    const field = (name: string): string => String(fields.get(name) ?? "");
    if (field("password") !== field("again")) {
      setProblem(t("passwordsDiffer"));
      return;
    }
    setState("busy");
    setProblem("");
    const answer = await changePassword(field("old"), field("password"));
    setState(answer.kind === "ok" ? "done" : "open");
    if (answer.kind !== "ok") setProblem(refusalWords(answer, lang) ?? t("unreachable"));
  }

  return (
    <Modal
      icon="person"
      eyebrow={t("account")}
      title={t("ownPasswordOf", { user })}
      onClose={onClose}
    >
      <div role="status">
        {state === "done" ? (
          <p class="banner tone-good">
            <Icon name="check" />
            {t("passwordChanged")}
          </p>
        ) : null}
      </div>
      {state === "done" ? null : (
        <form
          ref={form}
          onSubmit={(event) => {
            event.preventDefault();
            if (state === "open") void change();
          }}
        >
          <p class="lead">{t("ownPasswordLead")}</p>
          <input type="text" name="user" autocomplete="username" value={user} hidden readOnly />
          <Field name="old" label="oldPassword" kind="password" autocomplete="current-password" />
          <Field
            name="password"
            label="newPassword"
            kind="password"
            autocomplete="new-password"
            hint="passwordRule"
          />
          <Field
            name="again"
            label="newPasswordAgain"
            kind="password"
            autocomplete="new-password"
          />
          <Problem text={problem} />
          <footer class="dialog-foot">
            <button type="submit" class="primary" aria-disabled={state === "busy"}>
              {t(state === "busy" ? "working" : "ownPassword")}
            </button>
          </footer>
        </form>
      )}
    </Modal>
  );
}
