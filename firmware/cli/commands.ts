/**
 * Every command and operand of `kage`, as data. Dispatch, help and shell completion all read this
 * table, so what is offered, documented and accepted is one thing. The options are in `options.ts`.
 * Source: work order 7; ecosystem.md 4.1.
 */
import { BROKER_COMMANDS } from "./commands-broker.ts";
import { CLUSTER_COMMANDS } from "./commands-cluster.ts";
import { CONFIG_COMMANDS } from "./commands-config.ts";
import { EVALUATE_COMMANDS } from "./commands-evaluate.ts";
import { REPLAY_COMMANDS } from "./commands-replay.ts";
import { USER_COMMANDS } from "./commands-user.ts";
import type { Bilingual } from "./language.ts";
import type { OptionName } from "./options.ts";

export interface OperandSpec {
  readonly name: string;
  readonly choices?: readonly string[];
  /** Takes all that follow (at least one). */
  readonly many?: boolean;
  readonly optional?: boolean;
}

export interface CommandSpec {
  readonly operands: readonly OperandSpec[];
  readonly options: readonly OptionName[];
  /** Formats of `-o`, the first is the default; empty = the command has no `-o`. */
  readonly formats: readonly string[];
  readonly summary: Bilingual;
  readonly examples: readonly string[];
}

const command = <T extends CommandSpec>(spec: T): CommandSpec => spec;

const PLACE = ["state", "local"] as const;
const ORDER = ["wait", "no-wait", "timeout", "dry-run", ...PLACE] as const;
const PLAIN = ["table", "json"] as const;
const LISTED = ["table", "json", "jsonl"] as const;
const GROUP: OperandSpec = { name: "GROUP" };
const SERVER: OperandSpec = { name: "SERVER" };
const PATHS: OperandSpec = { name: "PATH", many: true };
const ONE_PATH: OperandSpec = { name: "PATH" };

/** Accepted by every command, before or after it. */
export const GLOBAL_OPTIONS = ["lang", "help"] as const satisfies readonly OptionName[];

/** Commands by their words; the order is that of the help. */
export const COMMANDS = {
  status: command({
    operands: [],
    options: ["watch", "server", ...PLACE],
    formats: ["table", "json", "jsonl", "name"],
    summary: { en: "the cluster at a glance", ja: "クラスタの状態を表示" },
    examples: ["kage status --watch", "kage status -o json"],
  }),
  events: command({
    operands: [],
    options: ["follow", "after", "limit", "server", ...PLACE],
    formats: LISTED,
    summary: { en: "what happened, with cause and remedy", ja: "イベントを原因と対処とともに表示" },
    examples: ["kage events --follow", "kage events --after 120 -o jsonl"],
  }),
  "group start": command({
    operands: [GROUP],
    options: ["to", ...ORDER],
    formats: PLAIN,
    summary: { en: "start a stopped group", ja: "停止中のグループを起動" },
    examples: ["kage group start web"],
  }),
  "group stop": command({
    operands: [GROUP],
    options: [...ORDER],
    formats: PLAIN,
    summary: { en: "stop a group on purpose; it stays stopped", ja: "グループを停止 (停止のまま)" },
    examples: ["kage group stop web"],
  }),
  "group move": command({
    operands: [GROUP],
    options: ["to", ...ORDER],
    formats: PLAIN,
    summary: { en: "move a running group to another server", ja: "グループを別のサーバへ移動" },
    examples: ["kage group move web --to SERVER2", "kage group move web --dry-run"],
  }),
  "server detach": command({
    operands: [SERVER],
    options: [...ORDER],
    formats: PLAIN,
    summary: {
      en: "take a server out; its groups move away",
      ja: "サーバを切り離す (グループは移動)",
    },
    examples: ["kage server detach SERVER1"],
  }),
  "server return": command({
    operands: [SERVER],
    options: [...ORDER],
    formats: PLAIN,
    summary: {
      en: "take a detached server back as standby",
      ja: "切り離されたサーバを待機系として復帰",
    },
    examples: ["kage server return SERVER1"],
  }),
  "server force-return": command({
    operands: [SERVER],
    options: ["accept-loss", ...ORDER],
    formats: PLAIN,
    summary: {
      en: "all servers down: begin anew with this one's information; groups stay stopped",
      ja: "全サーバ停止時: このサーバの情報を基準に復帰 (グループは停止のまま)",
    },
    examples: ["kage server force-return SERVER1", "kage server return SERVER2"],
  }),
  "server force-stop": command({
    operands: [SERVER],
    options: ["confirm-off", "yes", "timeout", "dry-run", ...PLACE],
    formats: PLAIN,
    summary: {
      en: "force a server that hangs down; another one takes over",
      ja: "応答しないサーバを強制停止 (他のサーバが引き継ぐ)",
    },
    examples: ["kage server force-stop SERVER1", "kage server force-stop SERVER1 --confirm-off"],
  }),
  "server shutdown": command({
    operands: [SERVER],
    options: [...ORDER],
    formats: PLAIN,
    summary: {
      en: "shut a server down; its groups move away",
      ja: "サーバをシャットダウン (グループは移動)",
    },
    examples: ["kage server shutdown SERVER1"],
  }),
  "cluster start-now": command({
    operands: [],
    options: ["server", ...ORDER],
    formats: PLAIN,
    summary: {
      en: "do not wait any longer for the other servers to start",
      ja: "起動同期待ちを取り消し、単独で起動を判断",
    },
    examples: ["kage cluster start-now"],
  }),
  "cluster shutdown": command({
    operands: [],
    options: ["yes", ...ORDER],
    formats: PLAIN,
    summary: {
      en: "stop all groups, then shut all servers down",
      ja: "全グループを停止し、全サーバをシャットダウン",
    },
    examples: ["kage cluster shutdown --yes"],
  }),
  ...CLUSTER_COMMANDS,
  "config check": command({
    operands: [{ name: "FILE", optional: true }],
    options: [...PLACE],
    formats: PLAIN,
    summary: {
      en: "check a configuration file; without FILE the one in use",
      ja: "構成ファイルを検査 (FILE を省略すると使用中のもの)",
    },
    examples: ["kage config check cluster.jsonc", "kage config check"],
  }),
  "config explain": command({
    operands: [{ name: "FILE", optional: true }],
    options: [...PLACE],
    formats: PLAIN,
    summary: {
      en: "print the timing budget of a configuration; without FILE of the one in use",
      ja: "構成ファイルの時間配分を表示 (FILE を省略すると使用中のもの)",
    },
    examples: ["kage config explain cluster.jsonc", "kage config explain"],
  }),
  ...CONFIG_COMMANDS,
  ...EVALUATE_COMMANDS,
  ...REPLAY_COMMANDS,
  ...USER_COMMANDS,
  "rack status": command({
    operands: [],
    options: [...PLACE],
    formats: PLAIN,
    summary: {
      en: "power, wires and floating addresses of the rack",
      ja: "ラックの電源・配線・浮動IPを表示",
    },
    examples: ["kage rack status"],
  }),
  "rack cut": command({
    operands: [PATHS],
    options: ["server", "between", "from", "to", ...PLACE],
    formats: PLAIN,
    summary: { en: "cut wires, all in one instant", ja: "配線を切る (全て同時に)" },
    examples: [
      "kage rack cut lan1 lan2 com",
      "kage rack cut lan1 --from SERVER1 --to SERVER2",
      "kage rack cut lan1 lan2 --server SERVER4,SERVER5",
    ],
  }),
  "rack restore": command({
    operands: [PATHS],
    options: ["server", "between", "from", "to", ...PLACE],
    formats: PLAIN,
    summary: { en: "mend cut wires, all in one instant", ja: "切った配線を戻す (全て同時に)" },
    examples: ["kage rack restore lan1 lan2 com"],
  }),
  "rack power": command({
    operands: [{ name: "on|off", choices: ["on", "off"] }, SERVER],
    options: [...PLACE],
    formats: PLAIN,
    summary: {
      en: "switch a server's power, as if its plug were pulled",
      ja: "サーバの電源を入切 (プラグを抜くのと同じ)",
    },
    examples: ["kage rack power off SERVER1", "kage rack power on SERVER1"],
  }),
  "rack freeze": command({
    operands: [SERVER],
    options: [...PLACE],
    formats: PLAIN,
    summary: {
      en: "stop every process of a server in its tracks",
      ja: "サーバの全プロセスを凍結",
    },
    examples: ["kage rack freeze SERVER1"],
  }),
  "rack thaw": command({
    operands: [SERVER],
    options: [...PLACE],
    formats: PLAIN,
    summary: { en: "let a frozen server go on", ja: "凍結を解除" },
    examples: ["kage rack thaw SERVER1"],
  }),
  "rack disk": command({
    operands: [
      { name: "SERVER|all" },
      { name: "FAULT", choices: ["none", "stall", "late", "error", "torn"] },
    ],
    options: [...PLACE],
    formats: PLAIN,
    summary: { en: "let the array misbehave for a server", ja: "共有ディスクに障害を注入" },
    examples: ["kage rack disk SERVER1 stall", "kage rack disk all none"],
  }),
  "rack stranger": command({
    operands: [{ name: "ADDRESS" }, { name: "on|off", choices: ["on", "off"] }],
    options: [...PLACE],
    formats: PLAIN,
    summary: {
      en: "put a foreign station that has a floating address on the public LAN",
      ja: "浮動IPを使う部外の機器を公開LANに接続・撤去",
    },
    examples: ["kage rack stranger 127.45.45.101 on", "kage rack stranger 127.45.45.101 off"],
  }),
  "rack delay": command({
    operands: [ONE_PATH, { name: "MS" }],
    options: ["from", "to", ...PLACE],
    formats: PLAIN,
    summary: { en: "delay the frames of a LAN; 0 ends it", ja: "LAN を遅延させる (0 で解除)" },
    examples: ["kage rack delay lan1 200"],
  }),
  "rack loss": command({
    operands: [ONE_PATH, { name: "RATIO" }],
    options: ["from", "to", ...PLACE],
    formats: PLAIN,
    summary: {
      en: "lose a share (0 to 1) of the frames of a LAN",
      ja: "LAN のフレームを割合 (0〜1) で失わせる",
    },
    examples: ["kage rack loss lan1 0.2"],
  }),
  "rack garble": command({
    operands: [ONE_PATH, { name: "RATIO" }],
    options: ["from", "to", ...PLACE],
    formats: PLAIN,
    summary: {
      en: "spoil a share (0 to 1) of what passes a LAN or the COM cable",
      ja: "LAN・COM の内容を割合 (0〜1) で壊す",
    },
    examples: ["kage rack garble com 0.1"],
  }),
  "rack garble-com": command({
    operands: [{ name: "HEX" }],
    options: ["server", ...PLACE],
    formats: PLAIN,
    summary: { en: "put raw bytes onto the COM cable", ja: "COM ケーブルに任意のバイトを流す" },
    examples: ["kage rack garble-com 00ff55aa"],
  }),
  "rack inject": command({
    operands: [ONE_PATH, SERVER, { name: "HEX" }],
    options: ["from", ...PLACE],
    formats: PLAIN,
    summary: {
      en: "send a raw frame to a server over a LAN",
      ja: "LAN 経由で任意のフレームを送る",
    },
    examples: ["kage rack inject lan1 SERVER2 deadbeef"],
  }),
  "rack records": command({
    operands: [],
    options: ["since", ...PLACE],
    formats: LISTED,
    summary: {
      en: "the rack's record of ownership: claims, answers, power",
      ja: "ラックの記録 (占有・応答・電源) を表示",
    },
    examples: ["kage rack records --since 60 -o jsonl"],
  }),
  install: command({
    operands: [],
    options: ["check", "uninstall", "dry-run", "prefix", "root", "server"],
    formats: PLAIN,
    summary: {
      en: "install the package on a real server, or say what it lacks",
      ja: "実サーバにパッケージを導入、または不足を検査",
    },
    examples: ["kage install --server SERVER1", "kage install --check"],
  }),
  "disk format": command({
    operands: [],
    options: ["local"],
    formats: PLAIN,
    summary: {
      en: "format the blank arbitration partition of a real server",
      ja: "実サーバの空の調停パーティションを初期化",
    },
    examples: ["kage disk format"],
  }),
  ...BROKER_COMMANDS,
  completion: command({
    operands: [{ name: "SHELL", choices: ["bash"] }],
    options: [],
    formats: [],
    summary: { en: "print a shell completion script", ja: "シェル補完スクリプトを出力" },
    examples: ['eval "$(kage completion bash)"'],
  }),
  help: command({
    operands: [{ name: "COMMAND", many: true, optional: true }],
    options: [],
    formats: [],
    summary: { en: "show help for a command", ja: "コマンドのヘルプを表示" },
    examples: ["kage help group move"],
  }),
} as const satisfies Readonly<Record<string, CommandSpec>>;

export type CommandId = keyof typeof COMMANDS;

export const COMMAND_IDS: readonly CommandId[] = Object.keys(COMMANDS).filter(isCommandId);

export function isCommandId(text: string): text is CommandId {
  return Object.hasOwn(COMMANDS, text);
}
