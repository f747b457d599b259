/**
 * Events about the black box: the journal of the last minute that a deciding process leaves behind.
 * One entry per key: stable code, severity, and text, cause and remedy in both languages.
 * Source: work order 4 item 8; firmware/replay.
 */
import type { EventEntry } from "./entry.ts";

export const blackBoxEvents = {
  "blackbox.saved": {
    code: "KG-5130",
    severity: "info",
    en: {
      text: "The black box of the {role} that ended was saved as {file}.",
      cause: "The process ended, or the server gave up or was switched off.",
      remedy: "To see the last minute of it again use: kage replay {file}",
    },
    ja: {
      text: "終了した {role} のブラックボックスを {file} に保存しました。",
      cause: "プロセスが終了したか、サーバが処理を放棄したか、電源が切れました。",
      remedy: "直前の 1 分間を再現するには次のコマンドを使用してください: kage replay {file}",
    },
  },
  "blackbox.trouble": {
    code: "KG-5131",
    severity: "warning",
    en: {
      text: "The black box of the {role} has a gap: {detail}.",
      cause: "Its folder is full, cannot be written or is too slow. The cluster is not affected.",
      remedy: "Make room in the run folder or state folder of this server; it goes on by itself.",
    },
    ja: {
      text: "{role} のブラックボックスに欠落があります: {detail}。",
      cause:
        "フォルダの空きがない、書き込めない、または遅すぎます。クラスタの動作には影響しません。",
      remedy:
        "このサーバの実行フォルダと状態フォルダの空きを確保してください。記録は自動的に再開します。",
    },
  },
} as const satisfies Readonly<Record<string, EventEntry>>;
