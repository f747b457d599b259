/**
 * Holds the board for the page and draws it a bounded number of times a second: however many messages
 * arrive in between, the components see one new board. Also says whether the board may be believed.
 * Source: ecosystem.md 3.2 point 3; "Speed" of work order 3.
 */
import { useEffect, useReducer, useRef, useState } from "preact/hooks";
import {
  type Board,
  beginSession,
  dropOld,
  EMPTY_BOARD,
  takeMessage,
} from "../../../services/telemetry/picture/board.ts";
import {
  type Freshness,
  judgeFreshness,
  type Link,
} from "../../../services/telemetry/picture/freshness.ts";
import { type Bootstrap, getSession, type Session } from "./api.ts";
import { openLink, type PageLink } from "./link.ts";

export interface ClusterView {
  readonly board: Board;
  readonly freshness: Freshness;
  /** null only before the first effect has run. */
  readonly link: PageLink | null;
}

/** After this every retained state of a new connection has arrived. */
const SETTLE_MS = 3000;
/**
 * After a drawing this long passes to the next. The first of a burst is drawn at once; what follows within
 * the gap is drawn together, because one update of a cluster is a dozen messages.
 */
const DRAW_GAP_MS = 60;
/** Freshness is judged this often even when nothing arrives. */
const JUDGE_MS = 1000;

export function useCluster(
  bootstrap: Bootstrap,
  session: Session,
  onSessionOver: () => void,
): ClusterView {
  const held = useRef<{ board: Board; line: Link }>({
    board: EMPTY_BOARD,
    line: { kind: "lost", sinceMs: Date.now(), isServerThere: false },
  });
  const [link, setLink] = useState<PageLink | null>(null);
  const [, redraw] = useReducer((count: number, _: null) => count + 1, 0);
  const over = useRef(onSessionOver);
  over.current = onSessionOver;

  useEffect(() => {
    const state = held.current;
    let frame = 0;
    let pause: ReturnType<typeof setTimeout> | undefined;
    let drawnAtMs = 0;
    let settle: ReturnType<typeof setTimeout> | undefined;
    const changed = (): void => {
      if (frame !== 0 || pause !== undefined) return;
      const waitMs = drawnAtMs + DRAW_GAP_MS - performance.now();
      if (waitMs <= 0) frame = requestAnimationFrame(draw);
      else pause = setTimeout(onPauseOver, waitMs);
    };
    const draw = (): void => {
      frame = 0;
      drawnAtMs = performance.now();
      redraw(null);
    };
    const onPauseOver = (): void => {
      pause = undefined;
      frame = requestAnimationFrame(draw);
    };
    const opened = openLink(bootstrap.topicPrefix, session.role, {
      opened() {
        state.board = beginSession(state.board);
        state.line = { kind: "open" };
        clearTimeout(settle);
        settle = setTimeout(() => {
          state.board = dropOld(state.board);
          changed();
        }, SETTLE_MS);
        changed();
      },
      lost() {
        clearTimeout(settle);
        if (state.line.kind === "open") {
          state.line = { kind: "lost", sinceMs: Date.now(), isServerThere: false };
        }
        changed();
        void askServer(over.current).then((isServerThere) => {
          if (state.line.kind === "lost") state.line = { ...state.line, isServerThere };
          changed();
        });
      },
      message(topic, text) {
        const next = takeMessage(state.board, topic, text, Date.now());
        if (next === state.board) return;
        state.board = next;
        changed();
      },
    });
    const judge = setInterval(changed, JUDGE_MS);
    const seen = (): void => {
      if (document.visibilityState === "visible") opened.nudge();
      changed();
    };
    document.addEventListener("visibilitychange", seen);
    setLink(opened);
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(pause);
      clearTimeout(settle);
      clearInterval(judge);
      document.removeEventListener("visibilitychange", seen);
      opened.close();
    };
  }, [bootstrap.topicPrefix, session.role]);

  const { board, line } = held.current;
  const own = ownTopicId(board, bootstrap.server);
  return { board, freshness: judgeFreshness(board, line, own, Date.now()), link };
}

/** The connection ends with the session; then only a login helps. True: the server answers. */
async function askServer(over: () => void): Promise<boolean> {
  const answer = await getSession(false);
  if (answer.kind === "refused" && answer.status === 401) over();
  return answer.kind !== "unreachable";
}

function ownTopicId(board: Board, server: string): string {
  for (const [id, kept] of board.nodes) if (kept.value.name === server) return id;
  return server.toLowerCase();
}
