/**
 * From words to a checked invocation: which command, its operands and options, all within the bounds
 * of the command table. Every refusal names the nearest word that exists.
 * The words are scanned twice: leniently to find the command (options may stand anywhere), then
 * strictly with the options of that command. Source: ecosystem.md 4.1.
 */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { suggest } from "../../services/configuration/suggest.ts";
import {
  COMMAND_IDS,
  COMMANDS,
  type CommandId,
  type CommandSpec,
  isCommandId,
} from "./commands.ts";
import { EXIT, type Trouble } from "./exit-code.ts";
import { choicesOf, optionsOf } from "./help.ts";
import type { Say } from "./messages.ts";
import { OPTIONS, type OptionName, type OptionSpec } from "./options.ts";

export interface Invocation {
  readonly command: CommandId;
  readonly operands: readonly string[];
  readonly texts: Readonly<Partial<Record<OptionName, string>>>;
  readonly flags: ReadonlySet<OptionName>;
}

export type Parsed =
  | { readonly kind: "invocation"; readonly invocation: Invocation }
  /** Help was asked for: of everything, of a noun or of a command. */
  | { readonly kind: "help"; readonly words: readonly string[] }
  | { readonly kind: "version" }
  /** Not one word of a command. */
  | { readonly kind: "nothing" }
  | { readonly kind: "trouble"; readonly trouble: Trouble };

type OptionTable = NonNullable<ParseArgsConfig["options"]>;

export function parseWords(argv: readonly string[], say: Say): Parsed {
  const scanned = parseArgs({
    args: [...argv],
    options: optionTable(Object.keys(OPTIONS).filter(isOptionName)),
    strict: false,
    allowPositionals: true,
  });
  const words = scanned.positionals;
  const command = findCommand(words);
  if (scanned.values["help"] === true) {
    return { kind: "help", words: command === null ? words.slice(0, 1) : command.split(" ") };
  }
  if (words.length === 0 && scanned.values["version"] === true) return { kind: "version" };
  if (command === null) return unknownCommand(words, say);
  const strict = parseStrictly(argv, command, say);
  if (strict.kind === "trouble") return strict;
  const wordCount = command.split(" ").length;
  const invocation = {
    ...strict.invocation,
    operands: strict.invocation.operands.slice(wordCount),
  };
  const trouble = checkOperands(invocation, say) ?? checkChoices(invocation, say);
  return trouble === null ? { kind: "invocation", invocation } : { kind: "trouble", trouble };
}

/** `--lang` as early as possible, so that even a usage error speaks the right language. */
export function askedLanguage(argv: readonly string[]): string | undefined {
  const at = argv.findLastIndex((word) => word === "--lang" || word.startsWith("--lang="));
  if (at === -1) return undefined;
  const word = argv[at] ?? "";
  return word.includes("=") ? word.slice(word.indexOf("=") + 1) : argv[at + 1];
}

export function usageTrouble(message: string, remedy: string): Trouble {
  return { exit: EXIT.usage, code: null, message, remedy };
}

function parseStrictly(
  argv: readonly string[],
  command: CommandId,
  say: Say,
): Extract<Parsed, { kind: "invocation" | "trouble" }> {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: optionTable(optionsOf(command)),
      strict: true,
      allowPositionals: true,
    });
    const texts: Partial<Record<OptionName, string>> = {};
    const flags = new Set<OptionName>();
    for (const [name, value] of Object.entries(values)) {
      if (!isOptionName(name)) continue;
      if (typeof value === "string") texts[name] = value;
      else if (value === true) flags.add(name);
      else if (Array.isArray(value)) texts[name] = value.join(",");
    }
    return { kind: "invocation", invocation: { command, operands: positionals, texts, flags } };
  } catch (error) {
    if (!isParseArgsFault(error)) throw error;
    return { kind: "trouble", trouble: optionTrouble(argv, command, error, say) };
  }
}

/** Finds which option parseArgs stumbled over; its own message is English and names no remedy. */
function optionTrouble(
  argv: readonly string[],
  command: CommandId,
  fault: Error,
  say: Say,
): Trouble {
  const known = optionsOf(command);
  const help = say("seeHelp", { help: `kage help ${command}` });
  const { tokens } = parseArgs({
    args: [...argv],
    options: optionTable(known),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const name = known.find((candidate) => candidate === token.name);
    if (name === undefined) {
      const real = token.name === "state" ? realServerTrouble(command, known, say) : null;
      if (real !== null) return real;
      const near = suggest(token.name, known);
      const remedy = near === null ? help : say("didYouMean", { near: `--${near}` });
      return usageTrouble(say("unknownOption", { command, option: token.rawName }), remedy);
    }
    const takesValue = OPTIONS[name].type === "string";
    if (takesValue && (token.value === undefined || token.value.startsWith("-"))) {
      return usageTrouble(say("optionNeedsValue", { option: token.rawName }), help);
    }
    if (!takesValue && token.value !== undefined) {
      return usageTrouble(say("optionTakesNoValue", { option: token.rawName }), help);
    }
  }
  return usageTrouble(fault.message, help);
}

/** Most commands look for a virtual appliance; one that works on files has other ways to name a place. */
function realServerTrouble(
  command: CommandId,
  known: readonly OptionName[],
  say: Say,
): Trouble | null {
  const places = (["dir", "root", "local"] as const).filter((name) => known.includes(name));
  if (places.length === 0) return null;
  const all = places.map((name) => `--${name}`).join(", ");
  return usageTrouble(say("realServerOnly", { command }), say("realServerOnlyDo", { all }));
}

function findCommand(words: readonly string[]): CommandId | null {
  for (const count of [2, 1]) {
    const id = words.slice(0, count).join(" ");
    if (isCommandId(id)) return id;
  }
  return null;
}

function unknownCommand(words: readonly string[], say: Say): Parsed {
  if (words.length === 0) return { kind: "nothing" };
  const [noun = ""] = words;
  const verbs = COMMAND_IDS.filter((id) => id.startsWith(`${noun} `));
  if (verbs.length > 0 && words.length === 1) {
    const all = verbs.map((id) => `kage ${id}`).join(", ");
    const message = say("needsVerb", { noun: `kage ${noun}` });
    return { kind: "trouble", trouble: usageTrouble(message, say("oneOf", { all })) };
  }
  const two = words.slice(0, 2).join(" ");
  const nearVerb = verbs.length > 0 ? suggest(words[1] ?? "", verbs.map(verbOf)) : null;
  const near =
    nearVerb !== null ? `${noun} ${nearVerb}` : (suggest(two, COMMAND_IDS) ?? nearNoun(noun));
  const shown = verbs.length > 0 ? two : noun;
  const all = verbs.map((id) => `kage ${id}`).join(", ");
  const remedy =
    near !== null
      ? say("didYouMean", { near: `kage ${near}` })
      : verbs.length > 0
        ? say("oneOf", { all })
        : say("seeHelp", { help: "kage help" });
  return {
    kind: "trouble",
    trouble: usageTrouble(say("unknownCommand", { words: shown }), remedy),
  };
}

const verbOf = (id: string): string => id.split(" ")[1] ?? "";

function nearNoun(noun: string): string | null {
  return suggest(noun, [...new Set(COMMAND_IDS.map((id) => id.split(" ")[0] ?? ""))]);
}

function checkOperands(invocation: Invocation, say: Say): Trouble | null {
  const { command, operands } = invocation;
  const spec: CommandSpec = COMMANDS[command];
  const help = say("seeHelp", { help: `kage help ${command}` });
  for (const [position, wanted] of spec.operands.entries()) {
    const found = operands[position];
    if (found === undefined || found === "") {
      if (wanted.optional) break;
      return usageTrouble(say("missingOperand", { operand: wanted.name }), help);
    }
    if (wanted.choices !== undefined && !wanted.choices.includes(found)) {
      return choiceTrouble(wanted.name, found, wanted.choices, say);
    }
  }
  const extra = spec.operands.at(-1)?.many ? undefined : operands[spec.operands.length];
  if (extra !== undefined) return usageTrouble(say("extraOperand", { operand: extra }), help);
  return null;
}

function checkChoices(invocation: Invocation, say: Say): Trouble | null {
  for (const [name, value] of Object.entries(invocation.texts)) {
    if (!isOptionName(name)) continue;
    const choices = choicesOf(name, COMMANDS[invocation.command]);
    if (choices !== null && !choices.includes(value)) {
      return choiceTrouble(`--${name}`, value, choices, say);
    }
  }
  return null;
}

function choiceTrouble(what: string, found: string, choices: readonly string[], say: Say): Trouble {
  const near = suggest(found, choices);
  const all = choices.join(", ");
  const remedy = near === null ? say("oneOf", { all }) : say("didYouMean", { near });
  return usageTrouble(say("badChoice", { what, found, choices: all }), remedy);
}

function optionTable(names: readonly OptionName[]): OptionTable {
  return Object.fromEntries(
    names.map((name) => {
      const { type, short, multiple = false }: OptionSpec = OPTIONS[name];
      return [name, short === undefined ? { type, multiple } : { type, short, multiple }];
    }),
  );
}

function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name);
}

function isParseArgsFault(error: unknown): error is Error {
  const code = error instanceof Error && "code" in error ? error.code : "";
  return typeof code === "string" && code.startsWith("ERR_PARSE_ARGS");
}
