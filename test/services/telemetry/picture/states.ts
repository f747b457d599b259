/** Hand-written messages of the topic tree for the tests of the picture; every field can be replaced. */
import {
  type Board,
  EMPTY_BOARD,
  takeMessage,
} from "../../../../services/telemetry/picture/board.ts";

export const envelope = (rev = 1, epoch = 7) => ({
  v: 1,
  ts: "2026-11-22T05:03:07.000Z",
  by: "SERVER1",
  epoch,
  rev,
});

export const nodeState = (name: string, state = "member", rev = 1) => ({
  ...envelope(rev),
  name,
  state,
  since: "2026-11-22T05:00:00.000Z",
  incarnation: "0123456789abcdef",
});

export const groupState = (
  name: string,
  owner: string | null,
  state: string = owner === null ? "stopped" : "running",
  rev = 1,
) => ({ ...envelope(rev), name, state, owner, policy: ["SERVER1", "SERVER2"] });

export const pathState = (id: string, kind: string, there: string, back = there) => ({
  ...envelope(),
  id,
  kind,
  pairs: [
    { from: "SERVER1", to: "SERVER2", state: there, lastHeardMs: 40 },
    { from: "SERVER2", to: "SERVER1", state: back, lastHeardMs: null },
  ],
});

export const clusterState = (survivesFailures = 1, level = "ok") => ({
  ...envelope(),
  level,
  reasons: level === "ok" ? [] : [{ code: "KG-2010", text: "SERVER2 is off.", ja: "停止中。" }],
  coordinator: "SERVER1",
  survivesFailures,
  headline: { en: "", ja: "" },
  configRevision: null,
  revision: null,
});

/** Takes each message in turn; `[topic, payload]`. */
export function boardOf(...messages: readonly (readonly [string, unknown])[]): Board {
  return messages.reduce<Board>(
    (board, [topic, payload]) => takeMessage(board, topic, JSON.stringify(payload), 1000),
    EMPTY_BOARD,
  );
}

/** Two servers, `web` and `db` on the first, three wires. */
export function pairBoard(...more: readonly (readonly [string, unknown])[]): Board {
  return boardOf(
    ["state", clusterState()],
    ["node/server1/state", nodeState("SERVER1")],
    ["node/server2/state", nodeState("SERVER2")],
    ["group/web/state", groupState("web", "SERVER1")],
    ["group/db/state", groupState("db", "SERVER1")],
    ["path/lan1/state", pathState("lan1", "lan-private", "normal")],
    ["path/com1/state", pathState("com1", "com", "normal")],
    ...more,
  );
}
