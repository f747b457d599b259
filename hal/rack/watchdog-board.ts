/**
 * The watchdog and the off input of every server: a board that runs on when the server does not.
 * A server that armed it and does not feed it within W is reset, frozen or not. An off order is
 * obeyed at once and holds until somebody powers the server on again.
 * Source: issue 2 item 5; architecture.md 7; requirements D17-D18; contract: board over UDP.
 */
import type { Socket } from "node:dgram";
import { readMessage } from "../base/message.ts";
import type { Cabinet } from "./cabinet.ts";
import { bindSocket, closeSocket } from "./lan-segment.ts";
import type { HostPort } from "./plan.ts";

export type OffReason = "emergency" | "planned";

export interface WatchdogState {
  readonly armed: boolean;
  /** W, ms; 0 = not armed. */
  readonly timeoutMs: number;
}

export interface WatchdogBoards {
  state(server: string): WatchdogState;
  /** Power lost: a board without power is not armed. */
  becomeDark(server: string): void;
  close(): Promise<void>;
}

export interface WatchdogBoardOptions {
  readonly servers: readonly { readonly name: string; readonly port: HostPort }[];
  readonly cabinet: Cabinet;
  onReset(server: string, timeoutMs: number): void;
  onOff(server: string, reason: OffReason): void;
}

/** Hardware watchdogs reach some minutes; more is a wrong unit. */
const TIMEOUT_MAX_MS = 3_600_000;

interface Board {
  readonly name: string;
  readonly socket: Socket;
  timer: NodeJS.Timeout | null;
  timeoutMs: number;
  fedMs: number;
}

type BoardMessage =
  | { readonly kind: "feed"; readonly timeoutMs: number }
  | { readonly kind: "disarm" }
  | { readonly kind: "off"; readonly reason: OffReason };

/** None is armed at first. Rejects with the system's error when a port is taken. */
export async function createWatchdogBoards(options: WatchdogBoardOptions): Promise<WatchdogBoards> {
  const { cabinet } = options;
  const boards = new Map<string, Board>();

  function watch(board: Board): void {
    if (board.timer !== null) clearTimeout(board.timer);
    const leftMs = board.fedMs + board.timeoutMs - cabinet.now();
    board.timer = setTimeout(
      () => {
        // Feeds that arrived while this process was late are read before the verdict.
        setImmediate(() => judge(board));
      },
      Math.max(1, Math.ceil(leftMs)),
    );
  }

  function judge(board: Board): void {
    if (board.timeoutMs === 0) return;
    if (cabinet.now() < board.fedMs + board.timeoutMs) {
      watch(board);
      return;
    }
    const { timeoutMs } = board;
    disarm(board);
    options.onReset(board.name, timeoutMs);
  }

  function obey(board: Board, message: BoardMessage): void {
    switch (message.kind) {
      case "feed": {
        const wasArmed = board.timeoutMs > 0;
        const shorter = message.timeoutMs < board.timeoutMs;
        board.fedMs = cabinet.now();
        board.timeoutMs = message.timeoutMs;
        if (wasArmed && !shorter) return;
        watch(board);
        return;
      }
      case "disarm":
        disarm(board);
        return;
      case "off":
        disarm(board);
        options.onOff(board.name, message.reason);
        return;
    }
  }

  for (const server of options.servers) {
    const socket = await bindSocket(server.port);
    const board: Board = { name: server.name, socket, timer: null, timeoutMs: 0, fedMs: 0 };
    boards.set(server.name, board);
    socket.on("error", (error) => {
      cabinet.record({ kind: "trouble", text: `board ${server.name}: ${error.message}` });
    });
    socket.on("message", (bytes) => {
      if (!cabinet.isPowered(server.name)) return;
      const message = parseBoardMessage(bytes);
      if (message !== null) obey(board, message);
      else cabinet.record({ kind: "trouble", text: `board ${server.name}: unreadable message` });
    });
  }

  return {
    state(server) {
      const timeoutMs = boards.get(server)?.timeoutMs ?? 0;
      return { armed: timeoutMs > 0, timeoutMs };
    },
    becomeDark(server) {
      const board = boards.get(server);
      if (board !== undefined) disarm(board);
    },
    async close() {
      for (const board of boards.values()) disarm(board);
      await Promise.all([...boards.values()].map((board) => closeSocket(board.socket)));
    },
  };
}

function disarm(board: Board): void {
  if (board.timer !== null) clearTimeout(board.timer);
  board.timer = null;
  board.timeoutMs = 0;
}

function parseBoardMessage(bytes: Buffer): BoardMessage | null {
  const { kind, timeoutMs, reason } = readMessage(bytes) ?? {};
  if (kind === "disarm") return { kind };
  if (kind === "off" && (reason === "emergency" || reason === "planned")) return { kind, reason };
  if (kind !== "feed" || typeof timeoutMs !== "number") return null;
  return timeoutMs >= 1 && timeoutMs <= TIMEOUT_MAX_MS ? { kind, timeoutMs } : null;
}
