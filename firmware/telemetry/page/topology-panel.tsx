/**
 * The topology as picture or as table, the two saying the same. The picture is drawn for the room it has,
 * so that its texts keep their size on a phone. Source: ecosystem.md 3.2 points 1, 11, 12.
 */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { showTime } from "../../../services/telemetry/picture/ages.ts";
import type { Board } from "../../../services/telemetry/picture/board.ts";
import type { Freshness } from "../../../services/telemetry/picture/freshness.ts";
import { drawTopology } from "../../../services/telemetry/picture/topology.ts";
import type { Subject } from "./action-dialog.tsx";
import { Icon } from "./icon.tsx";
import { useSpeech } from "./preferences.tsx";
import { StateTables } from "./state-tables.tsx";
import { SvgView } from "./svg-view.tsx";

interface TopologyPanelProps {
  readonly board: Board;
  readonly freshness: Freshness;
  readonly onOpen: (subject: Subject) => void;
}

type Face = "picture" | "table";

export function TopologyPanel({ board, freshness, onOpen }: TopologyPanelProps) {
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
        <Picture board={board} onOpen={onOpen} />
      ) : (
        <StateTables board={board} onOpen={onOpen} />
      )}
    </section>
  );
}

const WIDTH_LEAST = 280;

function Picture({
  board,
  onOpen,
}: {
  readonly board: Board;
  readonly onOpen: (s: Subject) => void;
}) {
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
  return (
    <div class="picture" ref={frame}>
      {width === 0 ? null : (
        <SvgView
          drawing={drawing}
          label={t("pictureLabel")}
          onOpen={(subject) => {
            const [kind = "", id = ""] = subject.split("/");
            if (kind === "group" || kind === "node") onOpen({ kind, id });
          }}
        />
      )}
    </div>
  );
}
