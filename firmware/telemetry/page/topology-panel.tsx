/**
 * The topology as picture or as table, the two saying the same. The picture is drawn for the room it has,
 * so that its texts keep their size on a phone. Source: ecosystem.md 3.2 points 1, 11, 12.
 */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Role } from "../../../services/telemetry/model.ts";
import { dropOrder } from "../../../services/telemetry/picture/actions.ts";
import { showTime } from "../../../services/telemetry/picture/ages.ts";
import type { Board } from "../../../services/telemetry/picture/board.ts";
import type { Freshness } from "../../../services/telemetry/picture/freshness.ts";
import { drawTopology } from "../../../services/telemetry/picture/topology.ts";
import type { Subject } from "./action-dialog.tsx";
import { type GroupDrag, useGroupDrag } from "./drag-move.ts";
import { Icon } from "./icon.tsx";
import { type Speech, useSpeech } from "./preferences.tsx";
import { StateTables } from "./state-tables.tsx";
import { SvgView } from "./svg-view.tsx";

interface TopologyPanelProps {
  readonly board: Board;
  readonly role: Role;
  readonly freshness: Freshness;
  readonly onOpen: (subject: Subject) => void;
}

type Face = "picture" | "table";

export function TopologyPanel({ board, role, freshness, onOpen }: TopologyPanelProps) {
  const { t, lang } = useSpeech();
  const [face, setFace] = useState<Face>("picture");
  const isStale = freshness.kind === "stale" && freshness.asOfMs !== null;
  return (
    <section class="panel" aria-labelledby="topology-title">
      <header class="panel-head">
        <h2 id="topology-title">{t("topology")}</h2>
        {isStale ? (
          <p class="as-of">
            <Icon name="clock" />
            {t("asOf", { time: showTime(freshness.asOfMs, lang) })}
          </p>
        ) : null}
        {role === "admin" ? (
          <button
            type="button"
            class="small panel-tool"
            onClick={() => onOpen({ kind: "cluster", id: "" })}
          >
            {t("operateCluster")}
          </button>
        ) : null}
        <fieldset class="switch">
          <legend class="unseen">{t("viewAs")}</legend>
          {(["picture", "table"] as const).map((each) => (
            <label key={each}>
              <input
                type="radio"
                name="topology-face"
                checked={face === each}
                onChange={() => setFace(each)}
              />
              <span>{t(each)}</span>
            </label>
          ))}
        </fieldset>
      </header>
      {face === "picture" ? (
        <Picture
          board={board}
          canDrag={role !== "view" && freshness.kind === "live"}
          onOpen={onOpen}
        />
      ) : (
        <StateTables board={board} onOpen={onOpen} />
      )}
    </section>
  );
}

const WIDTH_LEAST = 280;

interface PictureProps {
  readonly board: Board;
  readonly canDrag: boolean;
  readonly onOpen: (subject: Subject) => void;
}

function Picture({ board, canDrag, onOpen }: PictureProps) {
  const { t, lang } = useSpeech();
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const { current } = frame;
    if (current === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setWidth(Math.max(WIDTH_LEAST, Math.floor(entry.contentRect.width)));
    });
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  const { info, cluster, nodes, groups, paths } = board;
  // Events and ages do not change the picture.
  const drawing = useMemo(
    () => drawTopology(board, { width, lang }),
    [info, cluster, nodes, groups, paths, width, lang],
  );
  const mount = useGroupDrag(canDrag ? dragOf(board, onOpen, t) : null);
  return (
    <div class="picture" ref={frame}>
      {width === 0 ? null : (
        <SvgView
          drawing={drawing}
          label={t("pictureLabel")}
          onMount={mount}
          onOpen={(subject) => {
            const [kind = "", id = ""] = subject.split("/");
            if (kind === "group" || kind === "node") onOpen({ kind, id });
          }}
        />
      )}
    </div>
  );
}

function dragOf(board: Board, onOpen: (subject: Subject) => void, t: Speech["t"]): GroupDrag {
  return {
    canDrop: (groupId, nodeId) => dropOrder(board, groupId, nodeId) !== null,
    onDrop: (groupId, nodeId) => {
      const drop = dropOrder(board, groupId, nodeId);
      if (drop !== null) onOpen({ kind: "group", id: groupId, drop });
    },
    describe: (groupId, nodeId) => {
      const name = board.groups.get(groupId)?.value.name ?? groupId;
      const node = nodeId === null ? undefined : board.nodes.get(nodeId)?.value;
      const isHome = node === undefined || board.groups.get(groupId)?.value.owner === node.name;
      if (nodeId === null || isHome) return { text: name, isRefused: false };
      const drop = dropOrder(board, groupId, nodeId);
      const words = { name, server: node.name };
      return drop === null
        ? { text: t("dropNot", words), isRefused: true }
        : { text: t("dropHere", { ...words, verb: t(drop.verb) }), isRefused: false };
    },
  };
}
