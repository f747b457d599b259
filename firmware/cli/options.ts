/**
 * Every option of `kage`, as data: one name means one thing in all commands. Which command takes which
 * is in `commands.ts`. Source: work order 7; ecosystem.md 4.1.
 */
import type { Bilingual } from "./language.ts";
import { LANGS } from "./language.ts";

export interface OptionSpec {
  readonly type: "string" | "boolean";
  readonly short?: string;
  /** May stand several times; the values are joined by commas. */
  readonly multiple?: boolean;
  /** Placeholder in the help; its meaning also drives completion (SERVER, GROUP, FILE, DIR). */
  readonly value?: string;
  readonly choices?: readonly string[];
  readonly help: Bilingual;
}

const option = <T extends OptionSpec>(spec: T): T => spec;

/** Options by name. */
export const OPTIONS = {
  help: option({
    type: "boolean",
    short: "h",
    help: { en: "show this help", ja: "このヘルプを表示" },
  }),
  version: option({
    type: "boolean",
    short: "V",
    help: { en: "print the version of kage", ja: "kage のバージョンを表示" },
  }),
  output: option({
    type: "string",
    short: "o",
    value: "FORMAT",
    help: { en: "output format", ja: "出力形式" },
  }),
  lang: option({
    type: "string",
    value: "LANG",
    choices: LANGS,
    help: { en: "language, otherwise from the locale", ja: "言語 (省略時はロケールに従う)" },
  }),
  state: option({
    type: "string",
    value: "DIR",
    help: {
      en: "state folder of the virtual appliance (or KAGE_STATE_DIR)",
      ja: "仮想装置の状態フォルダ (または KAGE_STATE_DIR)",
    },
  }),
  local: option({
    type: "string",
    value: "FILE",
    help: {
      en: "ask the server of this local.json only",
      ja: "この local.json のサーバだけに問い合わせる",
    },
  }),
  server: option({
    type: "string",
    value: "SERVER",
    help: { en: "this server only", ja: "このサーバだけを対象にする" },
  }),
  watch: option({
    type: "boolean",
    short: "w",
    help: {
      en: "keep showing; on a pipe one line per change",
      ja: "表示を続ける (パイプでは変化ごとに 1 行)",
    },
  }),
  to: option({
    type: "string",
    value: "SERVER",
    help: { en: "target server", ja: "対象 (移動先・受信側) サーバ" },
  }),
  from: option({
    type: "string",
    value: "SERVER",
    help: {
      en: "sending side (with --to); where an invitation waits: HOST:PORT; first moment: TIME",
      ja: "送信側 (--to と併用)。招待側の HOST:PORT。開始時刻 TIME",
    },
  }),
  until: option({ type: "string", value: "TIME", help: { en: "last moment", ja: "終了時刻" } }),
  between: option({
    type: "string",
    value: "SERVER,SERVER",
    help: { en: "both directions between these two", ja: "この 2 台の間 (両方向)" },
  }),
  wait: option({
    type: "boolean",
    help: { en: "wait until it is done (default)", ja: "完了まで待つ (既定)" },
  }),
  "no-wait": option({
    type: "boolean",
    help: { en: "return once the order is accepted", ja: "受け付けられたら戻る" },
  }),
  timeout: option({
    type: "string",
    value: "SECONDS",
    help: { en: "longest wait, default 60", ja: "待ち時間の上限、既定 60 秒" },
  }),
  "dry-run": option({
    type: "boolean",
    help: {
      en: "say what would happen, order nothing",
      ja: "何が起きるかを示すだけで、指示は出さない",
    },
  }),
  yes: option({ type: "boolean", short: "y", help: { en: "do not ask", ja: "確認しない" } }),
  "accept-loss": option({
    type: "boolean",
    help: {
      en: "although another server's information is newer",
      ja: "他のサーバの情報の方が新しくても実行",
    },
  }),
  "confirm-off": option({
    type: "boolean",
    help: {
      en: "order nothing: state that you have made sure that the server is off",
      ja: "指示は出さず、電源が切れていることを確認済みと宣言",
    },
  }),
  follow: option({
    type: "boolean",
    short: "f",
    help: { en: "keep printing new events", ja: "新しいイベントを表示し続ける" },
  }),
  after: option({
    type: "string",
    value: "SEQ",
    help: { en: "only events after this number", ja: "この番号より後のイベントだけ" },
  }),
  limit: option({
    type: "string",
    value: "COUNT",
    help: { en: "at most this many, default 50", ja: "件数の上限、既定 50" },
  }),
  since: option({
    type: "string",
    value: "SECONDS",
    help: { en: "only the last SECONDS", ja: "直近の秒数だけ" },
  }),
  prefix: option({
    type: "string",
    value: "DIR",
    help: { en: "install below DIR, default /usr/local", ja: "導入先、既定 /usr/local" },
  }),
  root: option({
    type: "string",
    value: "DIR",
    help: {
      en: "work on the system image in DIR, default / (this machine)",
      ja: "DIR にあるシステムイメージを対象にする、既定 / (このマシン)",
    },
  }),
  check: option({
    type: "boolean",
    help: { en: "only say what this machine lacks", ja: "不足しているものを調べるだけ" },
  }),
  uninstall: option({
    type: "boolean",
    help: {
      en: "remove the package; configuration, key and state stay",
      ja: "パッケージを削除 (構成・鍵・状態は残す)",
    },
  }),
  dir: option({
    type: "string",
    value: "DIR",
    help: {
      en: "folder of cluster.jsonc, cluster.key and local.json, default /etc/kagemusha",
      ja: "cluster.jsonc, cluster.key, local.json のフォルダ、既定 /etc/kagemusha",
    },
  }),
  lan: option({
    type: "string",
    multiple: true,
    value: "ADDRESS",
    help: {
      en: "ip, ip:port or id=ip:port on each LAN, the dedicated one first; port 7001",
      ja: "各 LAN の ip、ip:port または id=ip:port (専用 LAN を先に)。ポート既定 7001",
    },
  }),
  com: option({
    type: "string",
    value: "DEVICE",
    help: { en: "serial device of the cross cable", ja: "クロスケーブルのシリアルデバイス" },
  }),
  disk: option({
    type: "string",
    value: "PARTITION",
    help: {
      en: "arbitration partition on the shared disk",
      ja: "共有ディスク上の調停パーティション",
    },
  }),
  interface: option({
    type: "string",
    value: "NAME",
    help: {
      en: "interface that carries floating addresses",
      ja: "フローティング IP を付けるインターフェース",
    },
  }),
  method: option({
    type: "string",
    value: "METHOD",
    choices: ["com", "com-disk", "disk", "majority", "mirror", "none"],
    help: { en: "instead of the recommended one", ja: "推奨方式の代わりに使う方式" },
  }),
  "volume-manager": option({
    type: "string",
    value: "KIND",
    choices: ["none", "lvm", "vxvm"],
    help: { en: "of the shared disk, default none", ja: "共有ディスクのもの、既定 none" },
  }),
  mirror: option({
    type: "boolean",
    help: { en: "data is mirrored between the servers", ja: "データミラー構成" },
  }),
  "heartbeat-timeout": option({
    type: "string",
    value: "MS",
    help: { en: "default 30000", ja: "ハートビートタイムアウト、既定 30000" },
  }),
  "heartbeat-interval": option({
    type: "string",
    value: "MS",
    help: { en: "default a tenth of the timeout", ja: "既定はタイムアウトの 1/10" },
  }),
  "start-sync": option({
    type: "string",
    value: "SECONDS",
    help: { en: "wait for the others at start, default 300", ja: "起動同期待ち、既定 300 秒" },
  }),
  watchdog: option({
    type: "string",
    value: "MS",
    help: { en: "watchdog timeout, default 0 (none)", ja: "ウォッチドッグ、既定 0 (なし)" },
  }),
  without: option({
    type: "string",
    value: "SERVER",
    help: {
      en: "leave out this server, which is off; it gets the key when it is back, or by a code",
      ja: "停止中のこのサーバを除外 (復帰時またはコードで鍵を受け取る)",
    },
  }),
  listen: option({
    type: "string",
    value: "HOST:PORT",
    help: {
      en: "where to wait, default this server's first LAN, port 7019",
      ja: "待ち受け場所、既定はこのサーバの最初の LAN、ポート 7019",
    },
  }),
  code: option({
    type: "string",
    value: "CODE",
    help: { en: "one-time code; asked for when absent", ja: "ワンタイムコード (省略時は質問)" },
  }),
  replace: option({
    type: "boolean",
    help: {
      en: "replace configuration and key of this server",
      ja: "このサーバの構成と鍵を置き換える",
    },
  }),
  policy: option({
    type: "string",
    multiple: true,
    value: "SERVERS",
    help: {
      en: "servers in order, with commas; default all, as they stand",
      ja: "サーバの優先順 (カンマ区切り)、既定は全サーバ",
    },
  }),
  parallel: option({
    type: "boolean",
    help: {
      en: "runs on all servers of the policy at once",
      ja: "ポリシーの全サーバで同時に動かす",
    },
  }),
  address: option({
    type: "string",
    value: "ADDRESS/PREFIX",
    help: { en: "floating address", ja: "フローティング IP" },
  }),
  program: option({
    type: "string",
    value: "COMMAND",
    help: { en: "program that runs in the foreground", ja: "フォアグラウンドで動くプログラム" },
  }),
  script: option({
    type: "string",
    value: "DIR",
    help: { en: "folder with start.sh and stop.sh", ja: "start.sh と stop.sh のあるフォルダ" },
  }),
  start: option({
    type: "string",
    value: "WHEN",
    choices: ["auto", "manual"],
    help: { en: "with the cluster or by order", ja: "自動起動または手動起動" },
  }),
  load: option({
    type: "boolean",
    help: {
      en: "keep this machine busy for the second half of the time",
      ja: "測定時間の後半、このマシンに負荷をかける",
    },
  }),
  for: option({
    type: "string",
    value: "SECONDS",
    help: { en: "how long to measure, default 60", ja: "測定時間、既定 60 秒" },
  }),
  role: option({
    type: "string",
    value: "ROLE",
    choices: ["view", "op", "admin"],
    help: {
      en: "what the user may do: look, operate, or all",
      ja: "利用者の権限: 閲覧、操作、またはすべて",
    },
  }),
  public: option({
    type: "string",
    value: "FILE",
    help: { en: "public key of Ed25519, PEM", ja: "Ed25519 公開鍵 (PEM)" },
  }),
  unit: option({
    type: "boolean",
    help: {
      en: "make mosquitto.service start with them",
      ja: "mosquitto.service がそれらを使用するようにする",
    },
  }),
  out: option({
    type: "string",
    value: "FILE",
    help: {
      en: "make a new key; its private half goes here",
      ja: "新しい鍵を作成し、秘密鍵をここに書く",
    },
  }),
  key: option({
    type: "string",
    value: "FILE",
    help: { en: "private key of Ed25519, PEM", ja: "Ed25519 秘密鍵 (PEM)" },
  }),
  as: option({
    type: "string",
    value: "NAME",
    help: {
      en: "name under which the servers know the key",
      ja: "サーバに登録した鍵の名前",
    },
  }),
  config: option({
    type: "string",
    value: "FILE",
    help: {
      en: "configuration file; without it the one in use",
      ja: "構成ファイル (省略すると使用中のもの)",
    },
  }),
  double: option({
    type: "boolean",
    help: {
      en: "also every ordered pair of faults; takes minutes",
      ja: "二重障害の全順列も試す (数分かかる)",
    },
  }),
  json: option({ type: "boolean", help: { en: "the same as -o json", ja: "-o json と同じ" } }),
  manual: option({
    type: "boolean",
    help: {
      en: "print the recovery manual of this configuration, as Markdown",
      ja: "この構成の復旧手順書を Markdown で出力",
    },
  }),
  apply: option({
    type: "boolean",
    help: { en: "put the proposal in force", ja: "提案を適用する" },
  }),
} as const satisfies Readonly<Record<string, OptionSpec>>;

export type OptionName = keyof typeof OPTIONS;
