/**
 * Help texts, printed from the command table: the overview, one noun's verbs, one command.
 * Plain text without colour so that it can be piped and searched.
 */
import { cellWidth, padCells } from "./columns.ts";
import {
  COMMAND_IDS,
  COMMANDS,
  type CommandId,
  type CommandSpec,
  GLOBAL_OPTIONS,
} from "./commands.ts";
import type { Bilingual, Lang } from "./language.ts";
import { OPTIONS, type OptionName, type OptionSpec } from "./options.ts";

const TITLES = {
  lead: {
    en: "kage - the command of a Kagemusha cluster",
    ja: "kage - Kagemusha クラスタの操作コマンド",
  },
  usage: { en: "Usage", ja: "使い方" },
  commands: { en: "Commands", ja: "コマンド" },
  options: { en: "Options", ja: "オプション" },
  examples: { en: "Examples", ja: "例" },
  exits: { en: "Exit codes", ja: "終了コード" },
  scripts: {
    en: "In scripts of groups: armload, armkill, armlog, armfover, armdown, armrsp (--help)",
    ja: "グループのスクリプト用: armload, armkill, armlog, armfover, armdown, armrsp (--help)",
  },
  more: {
    en: "More about one command: kage help COMMAND; version: kage --version",
    ja: "個々のコマンドの詳細: kage help コマンド、バージョン: kage --version",
  },
} as const satisfies Readonly<Record<string, Bilingual>>;

/** Exit codes as the help prints them. */
const EXIT_HELP: readonly (readonly [number, Bilingual])[] = [
  [0, { en: "done", ja: "成功" }],
  [1, { en: "failed", ja: "失敗" }],
  [2, { en: "usage", ja: "使い方の誤り" }],
  [3, { en: "refused by state", ja: "状態により拒否" }],
  [4, { en: "not authorised", ja: "権限なし" }],
  [5, { en: "timeout, outcome unknown", ja: "時間切れ (結果不明)" }],
  [6, { en: "agent unreachable", ja: "エージェントに到達不能" }],
];

/** All commands whose words start with `noun`; all there are when it is empty. */
export function overview(noun: string, lang: Lang): string {
  const ids = COMMAND_IDS.filter((id) => noun === "" || id.startsWith(`${noun} `));
  const rows = ids.map((id): [string, string] => [synopsis(id), COMMANDS[id].summary[lang]]);
  const exits = EXIT_HELP.map(([code, text]) => `  ${code}  ${text[lang]}`);
  return lines([
    TITLES.lead[lang],
    "",
    `${TITLES.commands[lang]}:`,
    ...list(rows),
    "",
    `${TITLES.exits[lang]}:`,
    ...exits,
    "",
    ...(noun === "" ? [TITLES.scripts[lang]] : []),
    TITLES.more[lang],
  ]);
}

export function commandHelp(id: CommandId, lang: Lang): string {
  const spec: CommandSpec = COMMANDS[id];
  return lines([
    `kage ${id} - ${spec.summary[lang]}`,
    "",
    `${TITLES.usage[lang]}: kage ${synopsis(id)}`,
    "",
    `${TITLES.options[lang]}:`,
    ...list(optionsOf(id).map((name) => optionRow(name, spec, lang))),
    "",
    `${TITLES.examples[lang]}:`,
    ...spec.examples.map((example) => `  ${example}`),
  ]);
}

/** `group move GROUP`: the words and operands of a command. */
export function synopsis(id: CommandId): string {
  const spec: CommandSpec = COMMANDS[id];
  const operands = spec.operands.map((operand) => {
    const shown = `${operand.choices?.join("|") ?? operand.name}${operand.many ? "..." : ""}`;
    return operand.optional ? `[${shown}]` : shown;
  });
  return [id, ...operands].join(" ");
}

/** Every option a command accepts. */
export function optionsOf(id: CommandId): readonly OptionName[] {
  const spec: CommandSpec = COMMANDS[id];
  const output: readonly OptionName[] = spec.formats.length > 0 ? ["output"] : [];
  return [...spec.options, ...output, ...GLOBAL_OPTIONS];
}

/** Values an option may take in a command, or null when any text goes. */
export function choicesOf(name: OptionName, spec: CommandSpec): readonly string[] | null {
  if (name === "output") return spec.formats;
  const optionSpec: OptionSpec = OPTIONS[name];
  return optionSpec.choices ?? null;
}

function optionRow(name: OptionName, spec: CommandSpec, lang: Lang): [string, string] {
  const given: OptionSpec = OPTIONS[name];
  const short = given.short === undefined ? "    " : `-${given.short}, `;
  const value = given.value === undefined ? "" : ` ${given.value}`;
  const choices = choicesOf(name, spec);
  const among = choices === null ? "" : `: ${choices.join(" | ")}`;
  return [`${short}--${name}${value}`, `${given.help[lang]}${among}`];
}

function list(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...rows.map(([left]) => cellWidth(left)));
  return rows.map(([left, right]) => `  ${padCells(left, width + 2)}${right}`);
}

function lines(all: readonly string[]): string {
  return `${all.join("\n")}\n`;
}
