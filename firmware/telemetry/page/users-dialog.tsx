/**
 * The users an administrator keeps: list, add, other role, other password, remove. What the server would
 * refuse (the last administrator) is not offered; what it refuses nevertheless is said in its words.
 * Source: work order 3 item 7; firmware/telemetry/web/account-routes.ts.
 */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { TextKey } from "../../../services/telemetry/picture/page-text.ts";
import { getUsers, type Person, refusalWords } from "./api.ts";
import { Problem } from "./field.tsx";
import { Icon } from "./icon.tsx";
import { Modal } from "./modal.tsx";
import { useSpeech } from "./preferences.tsx";
import { ROLE_TEXT } from "./role-text.ts";
import { type Task, UserForm } from "./user-form.tsx";

interface UsersDialogProps {
  /** Who is logged in. */
  readonly self: string;
  readonly onClose: () => void;
}

export function UsersDialog({ self, onClose }: UsersDialogProps) {
  const { t, lang } = useSpeech();
  const [people, setPeople] = useState<readonly Person[] | null>(null);
  const [problem, setProblem] = useState("");
  const [said, setSaid] = useState("");
  const [task, setTask] = useState<Task | null>(null);
  const list = useRef<HTMLDivElement>(null);

  const load = useCallback(async (): Promise<void> => {
    const answer = await getUsers();
    if (answer.kind === "ok") setPeople(answer.value);
    setProblem(answer.kind === "ok" ? "" : (refusalWords(answer, lang) ?? t("unreachable")));
  }, [lang]);
  useEffect(() => void load(), [load]);

  /** The form is gone: the focus goes back to the button that opened it, or to the one that adds. */
  function settle(words: string): void {
    const opener =
      task === null ? "" : `${task.kind} ${task.kind === "add" ? "" : task.person.user}`;
    setTask(null);
    setSaid(words);
    void load().then(() => {
      const buttons = [...(list.current?.querySelectorAll("button") ?? [])];
      const found = buttons.find((button) => button.dataset["opens"] === opener);
      (found ?? buttons.at(-1))?.focus();
    });
  }

  const begin = (next: Task): void => {
    setTask(next);
    setSaid("");
  };
  return (
    <Modal icon="people" eyebrow={t("account")} title={t("users")} isWide onClose={onClose}>
      <p class="lead">{t("usersLead")}</p>
      <div role="status">
        {said === "" ? null : (
          <p class="banner tone-good">
            <Icon name="check" />
            {said}
          </p>
        )}
      </div>
      <Problem text={problem} />
      <div ref={list}>
        {people === null ? (
          <p class="quiet">{t("usersLoading")}</p>
        ) : (
          <PeopleTable people={people} self={self} task={task} onBegin={begin} />
        )}
        {task === null && people !== null ? (
          <footer class="dialog-foot">
            <button
              type="button"
              class="primary"
              data-opens="add "
              onClick={() => begin({ kind: "add" })}
            >
              {t("addUser")}
            </button>
          </footer>
        ) : null}
      </div>
      {task === null ? null : (
        <UserForm
          key={`${task.kind} ${task.kind === "add" ? "" : task.person.user}`}
          task={task}
          onDone={settle}
          onCancel={() => settle("")}
        />
      )}
    </Modal>
  );
}

interface PeopleTableProps {
  readonly people: readonly Person[];
  readonly self: string;
  readonly task: Task | null;
  readonly onBegin: (task: Task) => void;
}

const CHANGES = [
  { kind: "role", text: "changeRole", label: "changeRoleOf" },
  { kind: "password", text: "resetPassword", label: "resetPasswordOf" },
  { kind: "remove", text: "removeUser", label: "removeUserOf" },
] as const satisfies readonly {
  readonly kind: Task["kind"];
  readonly text: TextKey;
  readonly label: TextKey;
}[];

function PeopleTable({ people, self, task, onBegin }: PeopleTableProps) {
  const { t } = useSpeech();
  const admins = people.filter(({ role }) => role === "admin").length;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scroller must be reachable by keyboard (WCAG 2.1.1)
    <section class="sheet people" tabIndex={0} aria-label={t("users")}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("user")}</th>
            <th scope="col">{t("role")}</th>
            <th scope="col">{t("actions")}</th>
          </tr>
        </thead>
        <tbody>
          {people.map((person) => {
            const { user, role } = person;
            const isLast = role === "admin" && admins === 1;
            // The own password wants the present one: that is the other dialog.
            const offered = CHANGES.filter(({ kind }) =>
              kind === "password" ? user !== self : !isLast,
            );
            return (
              <tr key={user} class={task !== null && isAbout(task, user) ? "is-chosen" : ""}>
                <th scope="row">
                  {user}
                  {user === self ? <span class="tag">{t("you")}</span> : null}
                </th>
                <td>
                  {t(ROLE_TEXT[role])}
                  {isLast ? <span class="tag">{t("lastAdmin")}</span> : null}
                </td>
                <td>
                  <div class="row-tools">
                    {offered.map(({ kind, text, label }) => (
                      <button
                        key={kind}
                        type="button"
                        class="small"
                        data-opens={`${kind} ${user}`}
                        aria-label={`${t(text)} ${t(label, { user })}`}
                        onClick={() => onBegin({ kind, person })}
                      >
                        {t(text)}
                      </button>
                    ))}
                  </div>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

const isAbout = (task: Task, user: string): boolean =>
  task.kind !== "add" && task.person.user === user;
