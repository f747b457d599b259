/**
 * One change to the users: a new one, another role, another password, or removal, which says what it does
 * before it is done. Source: work order 3 item 7.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Role } from "../../../services/telemetry/model.ts";
import type { TextKey } from "../../../services/telemetry/picture/page-text.ts";
import { type Answer, type Person, refusalWords, removeUser, saveUser } from "./api.ts";
import { Choice } from "./choice.tsx";
import { Field, Problem } from "./field.tsx";
import { useSpeech } from "./preferences.tsx";
import { ROLE_TEXT, ROLES } from "./role-text.ts";

export type Task =
  | { readonly kind: "add" }
  | { readonly kind: "role" | "password" | "remove"; readonly person: Person };

interface UserFormProps {
  readonly task: Task;
  /** With the sentence that says what was done. */
  readonly onDone: (said: string) => void;
  readonly onCancel: () => void;
}

interface Words {
  readonly title: TextKey;
  readonly submit: TextKey;
  readonly done: TextKey;
}

const WORDS: Readonly<Record<Task["kind"], Words>> = {
  add: { title: "addUser", submit: "addUser", done: "userAdded" },
  role: { title: "changeRoleOf", submit: "save", done: "userRoleSaved" },
  password: { title: "resetPasswordOf", submit: "save", done: "userPasswordSaved" },
  remove: { title: "removeUserOf", submit: "removeUserOf", done: "userRemoved" },
};

export function UserForm({ task, onDone, onCancel }: UserFormProps) {
  const { t, lang } = useSpeech();
  const form = useRef<HTMLFormElement>(null);
  const [role, setRole] = useState<Role>(task.kind === "add" ? "view" : task.person.role);
  const [problem, setProblem] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  useEffect(() => {
    const { current } = form;
    const first = current?.querySelector<HTMLElement>("input:checked, input:not([type=radio])");
    (first ?? current?.querySelector<HTMLElement>("button"))?.focus();
    current?.scrollIntoView({ block: "nearest" });
  }, []);
  const known = task.kind === "add" ? "" : task.person.user;
  const { title, submit, done } = WORDS[task.kind];

  async function send(): Promise<void> {
    if (form.current === null) return;
    const fields = new FormData(form.current);
    const field = (name: string): string => String(fields.get(name) ?? "");
    if (field("password") !== field("again")) {
      setProblem(t("passwordsDiffer"));
      return;
    }
    const user = known === "" ? field("user").trim() : known;
    setIsBusy(true);
    setProblem("");
    const answer = await order(task, user, role, field("password"));
    setIsBusy(false);
    if (answer.kind === "ok") onDone(t(done, { user }));
    else setProblem(refusalWords(answer, lang) ?? t("unreachable"));
  }

  return (
    <form
      ref={form}
      class="user-form"
      aria-labelledby="user-form-title"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isBusy) void send();
      }}
    >
      <h3 id="user-form-title">{t(title, { user: known })}</h3>
      {task.kind === "add" ? (
        <Field name="user" label="user" kind="text" autocomplete="off" />
      ) : null}
      {task.kind === "add" || task.kind === "role" ? (
        <>
          <Choice
            legend={t("role")}
            name="role"
            options={ROLES.map((each) => ({ value: each, text: t(ROLE_TEXT[each]) }))}
            value={role}
            onChange={(value) => setRole(ROLES.find((each) => each === value) ?? "view")}
          />
          <p class="quiet hint">{t("roleHint")}</p>
        </>
      ) : null}
      {task.kind === "add" || task.kind === "password" ? <PasswordPair /> : null}
      {task.kind === "add" ? null : (
        <p class="hint">
          {t(task.kind === "remove" ? "removeLead" : "endsSessions", { user: known })}
        </p>
      )}
      <Problem text={problem} />
      <footer class="dialog-foot">
        <button type="button" onClick={onCancel}>
          {t("cancel")}
        </button>
        <button
          type="submit"
          class={task.kind === "remove" ? "danger" : "primary"}
          aria-disabled={isBusy}
        >
          {isBusy ? t("working") : t(submit, { user: known })}
        </button>
      </footer>
    </form>
  );
}

function PasswordPair() {
  return (
    <div class="field-pair">
      <Field
        name="password"
        label="newPassword"
        kind="password"
        autocomplete="new-password"
        hint="passwordRule"
      />
      <Field name="again" label="newPasswordAgain" kind="password" autocomplete="new-password" />
    </div>
  );
}

function order(task: Task, user: string, role: Role, password: string): Promise<Answer<unknown>> {
  switch (task.kind) {
    case "add":
      return saveUser({ user, role, password, create: true });
    case "role":
      return saveUser({ user, role });
    case "password":
      return saveUser({ user, password });
    case "remove":
      return removeUser(user);
  }
}
