/**
 * The commands for black boxes, as data, part of the command table.
 * Source: work order 4 item 8; firmware/replay.
 */
import type { CommandSpec } from "./commands.ts";

export const REPLAY_COMMANDS = {
  replay: {
    operands: [{ name: "FILE" }],
    options: ["from", "until", "json", "state", "local"],
    formats: ["table", "json"],
    summary: {
      en: "run a black box (a file, or the newest of a server) through the same cores again",
      ja: "ブラックボックス (ファイル、またはサーバ名で最新のもの) を同じ判断処理で再実行",
    },
    examples: [
      "kage replay blackbox-20261123T044648398Z-pulse-emergency.kgj",
      "kage replay SERVER2 --from 04:47:01 --until 04:47:03.5",
      "kage replay SERVER2 -o json",
    ],
  },
  "blackbox list": {
    operands: [],
    options: ["server", "state", "local"],
    formats: ["table", "json"],
    summary: {
      en: "the black boxes of the servers, saved and being written",
      ja: "各サーバのブラックボックス (保存済みと記録中) を一覧表示",
    },
    examples: ["kage blackbox list", "kage blackbox list --server SERVER2"],
  },
  "blackbox save": {
    operands: [{ name: "SERVER" }],
    options: ["state", "local"],
    formats: ["table", "json"],
    summary: {
      en: "save what is being written just now as files in this folder",
      ja: "記録中のブラックボックスを現在のフォルダにファイルとして保存",
    },
    examples: ["kage blackbox save SERVER1"],
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;
