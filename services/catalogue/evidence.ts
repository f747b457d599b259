/**
 * What a verdict rests on, in the reader's language. The pulse writes it in English, as it stands in the
 * journal; the parts between its commas are a closed list, so that a Japanese reader is given Japanese. A part
 * that is not known here (an older release, a message of a driver) is shown as it was written.
 * Source: R108; protocol.md 1.4-1.6; style 30.
 */
import type { Language } from "./entry.ts";

const COM = { alive: "正常", faulty: "以前から異常", together: "LAN と同時に途絶" } as const;
const CLAIM = {
  none: "なし",
  pending: "実行中",
  won: "獲得",
  lost: "相手が獲得",
  failed: "失敗",
} as const;
const SLOT = { gone: "停止済み", silent: "更新なし", alive: "更新あり" } as const;
const STAMP = {
  empty: "書き込みなし",
  starting: "起動中",
  running: "動作中",
  alone: "単独で動作中",
  off: "停止済み",
} as const;
const HEARD = { heard: "応答あり", silent: "応答なし" } as const;
const PRESENCE = { true: "あり", false: "なし" } as const;

const wordOf = (list: Readonly<Record<string, string>>, key: string): string =>
  Object.hasOwn(list, key) ? (list[key] ?? key) : key;

type Part = readonly [RegExp, (...found: readonly string[]) => string];

const PARTS: readonly Part[] = [
  [/^unacknowledged (\d+) ms$/, (ms) => `確認応答なし ${ms} ミリ秒`],
  [/^LAN silent (\d+) ms$/, (ms) => `LAN 途絶 ${ms} ミリ秒`],
  [/^COM (alive|faulty|together)$/, (com = "") => `COM ${wordOf(COM, com)}`],
  [/^claim (none|pending|won|lost|failed)$/, (claim = "") => `調停要求 ${wordOf(CLAIM, claim)}`],
  [/^frames that fail authentication$/, () => "認証に失敗したフレームあり"],
  [
    /^the other server does not say that it carries out the method$/,
    () => "相手サーバは方式への対応を示していない",
  ],
  [/^own stamps in time$/, () => "自サーバのディスク更新は正常"],
  [/^own stamps not in time$/, () => "自サーバのディスク更新が遅延"],
  [
    /^slot of the other (gone|silent|alive)$/,
    (life = "") => `相手のスロット ${wordOf(SLOT, life)}`,
  ],
  [/^slot (gone|silent|alive)$/, (life = "") => `スロット ${wordOf(SLOT, life)}`],
  [
    /^slot of (\S+) (empty|starting|running|alone|off)$/,
    (server, word = "") => `${server} のスロット ${wordOf(STAMP, word)}`,
  ],
  [
    /^the slot of (\S+) goes on without this server$/,
    (server) => `${server} のスロットは本サーバを除いて継続`,
  ],
  [/^(\S+): unacknowledged (\d+) ms$/, (server, ms) => `${server}: 確認応答なし ${ms} ミリ秒`],
  [/^slept$/, () => "一時停止していた"],
  [/^left out$/, () => "クラスタから除外"],
  [/^(\S+) silent (\d+) ms$/, (server, ms) => `${server} 途絶 ${ms} ミリ秒`],
  [/^(\d+) members agree$/, (count) => `${count} 台が合意`],
  [
    /^acknowledged by (\d+) of (\d+) other members within (\d+) ms$/,
    (by, of, ms) => `${ms} ミリ秒以内の確認応答 ${by}/${of} 台`,
  ],
  [/^needs (\d+)$/, (count) => `必要 ${count} 台`],
  [/^hears (\d+) of (\d+) other servers$/, (by, of) => `受信できるサーバ ${by}/${of} 台`],
  [/^not scheduled for (\d+) ms$/, (ms) => `${ms} ミリ秒の間、動作できなかった`],
  [/^a newer view without us$/, () => "本サーバを除いた新しい構成メンバー"],
  [
    /^(start alone|after force-return): COM (heard|silent)$/,
    (kind, com = "") => {
      const begin = kind === "start alone" ? "単独起動" : "強制復帰後";
      return `${begin}: COM ${wordOf(HEARD, com)}`;
    },
  ],
  [/^presence (true|false)$/, (is = "") => `相手の存在 ${wordOf(PRESENCE, is)}`],
  [/^the other server is outside$/, () => "相手サーバはクラスタ外"],
  [/^agent did not come back$/, () => "エージェントが復旧しない"],
  [
    /^an agent that hangs did not come to the new pulse$/,
    () => "ストールしたエージェントが新しいパルスに接続しない",
  ],
  [/^by order$/, () => "操作による"],
];

/** `evidence` of a verdict's event in `language`. */
export function evidenceIn(evidence: string, language: Language): string {
  if (language === "en") return evidence;
  return evidence.split(", ").map(partInJapanese).join("、");
}

function partInJapanese(part: string): string {
  for (const [form, words] of PARTS) {
    const found = form.exec(part);
    if (found !== null) return words(...found.slice(1));
  }
  return part;
}
