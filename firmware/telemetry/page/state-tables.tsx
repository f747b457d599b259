/**
 * The table view: servers, groups and paths as rows, with the same words and the same actions as the
 * picture, and the age of every value. Source: ecosystem.md 3.2 points 3 and 12.
 */
import type { ComponentChildren } from "preact";
import { showSpan, showTime } from "../../../services/telemetry/picture/ages.ts";
import type { Board } from "../../../services/telemetry/picture/board.ts";
import type { TextKey } from "../../../services/telemetry/picture/page-text.ts";
import { groupRows, pathRows, serverRows } from "../../../services/telemetry/picture/tables.ts";
import type { Subject } from "./action-dialog.tsx";
import { useNow } from "./clock.ts";
import { StateWord } from "./icon.tsx";
import { useSpeech } from "./preferences.tsx";

interface TablesProps {
  readonly board: Board;
  readonly onOpen: (subject: Subject) => void;
}

export function StateTables(props: TablesProps) {
  return (
    <div class="tables">
      <ServerTable {...props} />
      <GroupTable {...props} />
      <PathTable board={props.board} />
    </div>
  );
}

function ServerTable({ board, onOpen }: TablesProps) {
  const { t, lang } = useSpeech();
  return (
    <Sheet title="servers" heads={["server", "state", "groups", "since", "reported", "actions"]}>
      {serverRows(board).map((row) => (
        <tr key={row.id}>
          <th scope="row">
            {row.name}
            {row.isCoordinator ? <span class="tag">{t("coordinator")}</span> : null}
          </th>
          <td>
            <StateWord word={row.word} />
          </td>
          <td>{row.groups.length === 0 ? t("none") : row.groups.join(", ")}</td>
          <td class="number">{row.since === null ? t("unknown") : showTime(row.since, lang)}</td>
          <td class="number">
            <Age sinceMs={row.receivedAtMs} />
          </td>
          <td>
            <OperateButton name={row.name} onOpen={() => onOpen({ kind: "node", id: row.id })} />
          </td>
        </tr>
      ))}
    </Sheet>
  );
}

function GroupTable({ board, onOpen }: TablesProps) {
  const { t } = useSpeech();
  return (
    <Sheet
      title="groups"
      heads={["group", "state", "owner", "policy", "resources", "reported", "actions"]}
    >
      {groupRows(board).map((row) => (
        <tr key={row.id}>
          <th scope="row">{row.name}</th>
          <td>
            <StateWord word={row.word} />
          </td>
          <td>
            {row.owner ?? t("none")}
            {row.isHome === false ? <span class="tag">{t("awayFromHome")}</span> : null}
          </td>
          <td>{row.policy.join(" → ")}</td>
          <td>{row.resources.join(", ")}</td>
          <td class="number">
            <Age sinceMs={row.receivedAtMs} />
          </td>
          <td>
            <OperateButton name={row.name} onOpen={() => onOpen({ kind: "group", id: row.id })} />
          </td>
        </tr>
      ))}
    </Sheet>
  );
}

function PathTable({ board }: { readonly board: Board }) {
  const { t, lang } = useSpeech();
  return (
    <Sheet title="paths" heads={["path", "kind", "from", "to", "state", "heard"]}>
      {pathRows(board, lang).map((row) => (
        <tr key={row.key}>
          <th scope="row">{row.id}</th>
          <td>{row.kind}</td>
          <td>{row.from}</td>
          <td>{row.to}</td>
          <td>
            <StateWord word={row.word} />
          </td>
          <td class="number">
            {row.lastHeardMs === null ? (
              t("never")
            ) : (
              <Age sinceMs={row.receivedAtMs - row.lastHeardMs} />
            )}
          </td>
        </tr>
      ))}
    </Sheet>
  );
}

interface SheetProps {
  readonly title: TextKey;
  readonly heads: readonly TextKey[];
  readonly children: ComponentChildren;
}

/** A table that scrolls within itself on a phone; the scroller can be reached by keyboard. */
function Sheet({ title, heads, children }: SheetProps) {
  const { t } = useSpeech();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scroller must be reachable by keyboard (WCAG 2.1.1)
    <section class="sheet" tabIndex={0} aria-label={t(title)}>
      <table>
        <caption>{t(title)}</caption>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {t(head)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

function Age({ sinceMs }: { readonly sinceMs: number }) {
  const { t, lang } = useSpeech();
  const nowMs = useNow();
  return <>{t("ago", { span: showSpan(nowMs - sinceMs, lang) })}</>;
}

function OperateButton({ name, onOpen }: { readonly name: string; readonly onOpen: () => void }) {
  const { t } = useSpeech();
  return (
    <button type="button" class="small" aria-label={t("operateName", { name })} onClick={onOpen}>
      {t("operate")}
    </button>
  );
}
