/**
 * The dialog in which an order is given: choose the action and its target, read what will happen (a dry
 * run the cluster answers), see the `kage` line, type the name for what interrupts a service, then follow
 * the replies to the final one. Source: ecosystem.md 1.4, 3.2 point 5; R185-R190.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Role } from "../../../services/telemetry/model.ts";
import {
  type Action,
  type Drop,
  groupVerbs,
  isAllDown,
  kageLine,
  needsConfirm,
  serverVerbs,
  targetsFor,
} from "../../../services/telemetry/picture/actions.ts";
import type { Board } from "../../../services/telemetry/picture/board.ts";
import {
  GROUP_WORDS,
  LEVEL_WORDS,
  SERVER_WORDS,
  type Word,
} from "../../../services/telemetry/picture/state-words.ts";
import { ActionPlan, type Plan } from "./action-plan.tsx";
import { ActionProgress } from "./action-progress.tsx";
import { Choice } from "./choice.tsx";
import { CopyLine } from "./copy-line.tsx";
import { Icon, StateWord } from "./icon.tsx";
import type { PageLink } from "./link.ts";
import { giveOrder, type OrderNews } from "./order.ts";
import { useSpeech } from "./preferences.tsx";

/** What a person opened; `id` is the topic id, empty for the cluster. */
export interface Subject {
  readonly kind: "group" | "node" | "cluster";
  readonly id: string;
  /** The group was dragged onto a server: chosen beforehand, to be read and confirmed like any order. */
  readonly drop?: Drop;
}

interface DialogProps {
  readonly subject: Subject;
  readonly board: Board;
  readonly role: Role;
  readonly isLive: boolean;
  readonly link: PageLink | null;
  readonly onClose: () => void;
}

export function ActionDialog(props: DialogProps) {
  const { t } = useSpeech();
  const { subject, board, onClose } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const { name, word } = shownOf(subject, board);
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onClose={onClose}>
      <div class="dialog-body">
        <header class="dialog-head">
          <Icon name={SUBJECT_SIGNS[subject.kind].icon} size={20} />
          <div>
            <p class="eyebrow">{t(SUBJECT_SIGNS[subject.kind].text)}</p>
            <h2 id="dialog-title">{name}</h2>
          </div>
          <StateWord word={word} />
        </header>
        <DialogContent {...props} name={name} onDismiss={() => dialog.current?.close()} />
      </div>
    </dialog>
  );
}

const SUBJECT_SIGNS = {
  group: { icon: "play", text: "group" },
  node: { icon: "server", text: "server" },
  cluster: { icon: "lan", text: "cluster" },
} as const;

function shownOf({ kind, id }: Subject, board: Board): { name: string; word: Word } {
  if (kind === "cluster") {
    const level = board.cluster?.value.level ?? "degraded";
    return { name: board.info?.cluster ?? "", word: LEVEL_WORDS[level] };
  }
  if (kind === "group") {
    const group = board.groups.get(id)?.value;
    return { name: group?.name ?? id, word: GROUP_WORDS[group?.state ?? "unknown"] };
  }
  const node = board.nodes.get(id)?.value;
  return { name: node?.name ?? id, word: SERVER_WORDS[node?.state ?? "off"] };
}

interface ContentProps extends DialogProps {
  readonly name: string;
  readonly onDismiss: () => void;
}

type Progress = { readonly action: Action; readonly news: readonly OrderNews[] };

function DialogContent(props: ContentProps) {
  const { board, isLive, link, onDismiss } = props;
  const { t } = useSpeech();
  const [progress, setProgress] = useState<Progress | null>(null);
  const stopHearing = useRef<(() => void) | null>(null);
  useEffect(() => () => stopHearing.current?.(), []);

  function execute(action: Action): void {
    if (link === null) return;
    setProgress({ action, news: [] });
    stopHearing.current = giveOrder(link, board, action, false, (news) =>
      setProgress((now) => ({ action, news: [...(now?.news ?? []), news] })),
    );
  }

  if (progress !== null) {
    return (
      <>
        <ActionProgress action={progress.action} news={progress.news} />
        <CopyLine line={kageLine(progress.action)} />
        <footer class="dialog-foot">
          <button type="button" class="primary" onClick={onDismiss}>
            {t("close")}
          </button>
        </footer>
      </>
    );
  }
  if (props.role === "view" || !isLive) {
    return (
      <>
        <p class="banner tone-warn">
          <Icon name="info" />
          {t(isLive ? "viewOnly" : "noOrders")}
        </p>
        <footer class="dialog-foot">
          <button type="button" onClick={onDismiss}>
            {t("close")}
          </button>
        </footer>
      </>
    );
  }
  return <OrderForm {...props} onExecute={execute} />;
}

function actionsFor({ subject, board, role, name }: ContentProps): readonly Action[] {
  const { id } = subject;
  if (subject.kind === "cluster") {
    return role === "admin" && name !== "" ? [{ kind: "cluster", verb: "shutdown", name }] : [];
  }
  if (subject.kind === "node") {
    const node = board.nodes.get(id)?.value;
    const verbs = node === undefined ? [] : serverVerbs(node, role, isAllDown(board));
    return verbs.map((verb): Action => ({ kind: "server", verb, id, name }));
  }
  const group = board.groups.get(id)?.value;
  const verbs = group === undefined ? [] : groupVerbs(group);
  return verbs.map((verb): Action => ({ kind: "group", verb, id, name, to: null }));
}

function OrderForm(props: ContentProps & { readonly onExecute: (action: Action) => void }) {
  const { board, subject, link, name, onDismiss, onExecute } = props;
  const { t } = useSpeech();
  const actions = actionsFor(props);
  const [verb, setVerb] = useState<Action["verb"] | null>(subject.drop?.verb ?? null);
  const [to, setTo] = useState<string | null>(subject.drop?.to ?? null);
  const [typed, setTyped] = useState("");
  const [plan, setPlan] = useState<Plan>({ kind: "none" });
  const chosen = actions.find((action) => action.verb === verb) ?? actions[0] ?? null;
  const group = board.groups.get(subject.id)?.value;
  const targets = group === undefined ? [] : targetsFor(board, group);
  const takesTarget = chosen?.kind === "group" && chosen.verb !== "stop";
  const target = takesTarget && to !== null && targets.includes(to) ? to : null;
  const action: Action | null = chosen?.kind === "group" ? { ...chosen, to: target } : chosen;
  const line = action === null ? "" : kageLine(action);

  // Asked again when the order changes, not with every message.
  useEffect(() => {
    if (action === null || link === null) return undefined;
    setPlan({ kind: "asking" });
    return giveOrder(link, board, action, true, (news) => setPlan({ kind: "answer", news }));
  }, [line, link]);

  const isTyped = action !== null && (!needsConfirm(action) || typed === name);
  if (action === null) {
    return (
      <>
        <p class="banner tone-quiet">{t("noAction")}</p>
        <footer class="dialog-foot">
          <button type="button" onClick={onDismiss}>
            {t("close")}
          </button>
        </footer>
      </>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isTyped) onExecute(action);
      }}
    >
      <Choice
        legend={t("chooseAction")}
        name="verb"
        options={actions.map((each) => ({ value: each.verb, text: t(each.verb) }))}
        value={action.verb}
        onChange={(value) => setVerb(actions.find((each) => each.verb === value)?.verb ?? null)}
      />
      {takesTarget ? (
        <Choice
          legend={t("chooseTarget")}
          name="target"
          options={[
            { value: "", text: t("bestOfPolicy") },
            ...targets.map((each) => ({ value: each, text: each })),
          ]}
          value={target ?? ""}
          onChange={(value) => setTo(value === "" ? null : value)}
        />
      ) : null}
      <ActionPlan plan={plan} />
      <CopyLine line={line} />
      {needsConfirm(action) ? (
        <label class="field confirm">
          <span>{t("confirmType", { name })}</span>
          <input
            value={typed}
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          />
        </label>
      ) : null}
      <footer class="dialog-foot">
        <button type="button" onClick={onDismiss}>
          {t("cancel")}
        </button>
        <button
          type="submit"
          class={needsConfirm(action) ? "danger" : "primary"}
          disabled={!isTyped}
        >
          {t("execute", { verb: t(action.verb), name })}
        </button>
      </footer>
    </form>
  );
}
