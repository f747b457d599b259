/**
 * Bash completion, printed from the command table. Servers and groups are asked of the running
 * cluster (`kage status -o name`), everything else is fixed text in the script.
 */
import { COMMAND_IDS, COMMANDS, type CommandSpec } from "./commands.ts";
import { choicesOf, optionsOf } from "./help.ts";
import { OPTIONS, type OptionSpec } from "./options.ts";

/** The script for `eval "$(kage completion bash)"`. */
export function bashCompletion(): string {
  return `# bash completion of kage; load with: eval "$(kage completion bash)"
_kage() {
  local cur prev words=() word command="" operand=0 index
  cur="\${COMP_WORDS[COMP_CWORD]}"
  prev="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    case "$word" in
      ${valueOptions().join("|")}) index=$((index + 1)) ;;
      -*) ;;
      *) words+=("$word") ;;
    esac
  done
  case "\${words[*]:0:2}" in
${COMMAND_IDS.map(
  (id) => `    ${pattern(id)}) command="${id}"; operand=$((\${#words[@]} - ${wordsOf(id)})) ;;`,
).join("\n")}
  esac
  case "$command $prev" in
${optionValues().join("\n")}
  esac
  if [[ "$cur" == -* ]]; then
    case "$command" in
${COMMAND_IDS.map((id) => `      "${id}") COMPREPLY=($(compgen -W "${flags(id)}" -- "$cur")) ;;`).join("\n")}
      *) COMPREPLY=($(compgen -W "--lang --help --version" -- "$cur")) ;;
    esac
    return
  fi
  if [[ -z "$command" ]]; then
    case "\${#words[@]}:\${words[0]}" in
      0:*) COMPREPLY=($(compgen -W "${firstWords().join(" ")}" -- "$cur")) ;;
${verbs().join("\n")}
    esac
    return
  fi
  case "$command:$operand" in
${operandValues().join("\n")}
  esac
}
_kage_names() {
  kage status -o name 2>/dev/null | sed -n "s,^$1/,,p"
}
complete -F _kage kage
`;
}

const wordsOf = (id: string): number => id.split(" ").length;

/** One-word commands match whatever operand follows. */
const pattern = (id: string): string => (wordsOf(id) === 1 ? `"${id}"|"${id} "*` : `"${id}"`);

function valueOptions(): string[] {
  return Object.entries(OPTIONS).flatMap(([name, spec]: [string, OptionSpec]) =>
    spec.type === "string"
      ? [`--${name}`, ...(spec.short === undefined ? [] : [`-${spec.short}`])]
      : [],
  );
}

const flags = (id: (typeof COMMAND_IDS)[number]): string =>
  optionsOf(id)
    .map((name) => `--${name}`)
    .join(" ");

function firstWords(): string[] {
  return [...new Set(COMMAND_IDS.map((id) => id.split(" ")[0] ?? ""))];
}

function verbs(): string[] {
  return firstWords().flatMap((noun) => {
    const under = COMMAND_IDS.filter((id) => id.startsWith(`${noun} `));
    const words = under.map((id) => id.slice(noun.length + 1)).join(" ");
    return under.length === 0
      ? []
      : [`      1:${noun}) COMPREPLY=($(compgen -W "${words}" -- "$cur")) ;;`];
  });
}

function optionValues(): string[] {
  return COMMAND_IDS.flatMap((id) =>
    optionsOf(id).flatMap((name) => {
      const given: OptionSpec = OPTIONS[name];
      if (given.type !== "string") return [];
      const names = [`"${id} --${name}"`];
      if (given.short !== undefined) names.push(`"${id} -${given.short}"`);
      const source = valueSource(given.value ?? "", choicesOf(name, COMMANDS[id]));
      return source === null ? [] : [`    ${names.join("|")}) COMPREPLY=($(${source})); return ;;`];
    }),
  );
}

function operandValues(): string[] {
  return COMMAND_IDS.flatMap((id) => {
    const spec: CommandSpec = COMMANDS[id];
    return spec.operands.flatMap((operand, position) => {
      const source = valueSource(operand.name, operand.choices ?? null);
      const places = operand.many ? "*" : String(position);
      return source === null ? [] : [`    "${id}":${places}) COMPREPLY=($(${source})) ;;`];
    });
  });
}

/** The shell command whose output lines are the candidates; null = nothing to offer. */
function valueSource(name: string, choices: readonly string[] | null): string | null {
  if (choices !== null) return `compgen -W "${choices.join(" ")}" -- "$cur"`;
  switch (name) {
    case "SERVER":
      return 'compgen -W "$(_kage_names server)" -- "$cur"';
    case "SERVER|all":
      return 'compgen -W "$(_kage_names server) all" -- "$cur"';
    case "GROUP":
      return 'compgen -W "$(_kage_names group)" -- "$cur"';
    case "PATH":
      return 'compgen -W "$(_kage_names path)" -- "$cur"';
    case "FILE":
    case "FILE|REV":
      return 'compgen -f -- "$cur"';
    case "DIR":
      return 'compgen -d -- "$cur"';
    default:
      return null;
  }
}
