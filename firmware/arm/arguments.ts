/**
 * Reads the command lines of the helper commands: the guide's own form, options with a slash in any
 * case, in front of the program of ARMLOAD. What stands behind the program belongs to the program.
 * Source: guide 2.2.4; requirements R155-R164; D21; successor.md 2.1 (ranges).
 */
import { unreachable } from "../../hal/base/assert.ts";
import type { HelperCommand } from "../../hal/drivers/script-runner/helper-commands.ts";
import { FORGET_HOURS_MAX, RESTARTS_MAX } from "../../services/resources/monitored-load.ts";

export type ArmOrder =
  | {
      readonly kind: "load";
      readonly id: string;
      /** Program and arguments, or the service's name alone. */
      readonly argv: readonly string[];
      readonly restartMax: number;
      readonly forgetHours: number | null;
      readonly failover: boolean;
      readonly monitor: boolean;
      readonly service: boolean;
    }
  | { readonly kind: "kill"; readonly id: string }
  | { readonly kind: "log"; readonly text: string; readonly alert: boolean }
  | { readonly kind: "fover"; readonly group: string }
  /** `server` null = the one it is run on. */
  | { readonly kind: "down"; readonly server: string | null }
  | { readonly kind: "rsp"; readonly all: boolean };

export type ArmParsed =
  | { readonly kind: "order"; readonly order: ArmOrder }
  | { readonly kind: "help" }
  /** `expected`: what stands there instead of `found`. */
  | { readonly kind: "refused"; readonly expected: string; readonly found: string };

/** One line each; help and refusals print it. */
export const ARM_USAGE: Readonly<Record<HelperCommand, string>> = {
  armload: `armload ID [/R 1-${RESTARTS_MAX} [/H 1-${FORGET_HOURS_MAX}]] [/FOV] [/M] PROGRAM [ARGUMENT...] | armload ID [...] /S SERVICE`,
  armkill: "armkill ID",
  armlog: 'armlog "TEXT" [/ARM]',
  armfover: "armfover /F GROUP",
  armdown: "armdown [SERVER]",
  armrsp: "armrsp [/A]",
};

/** `argv` begins behind the command's name. Help and what is wrong are values; nothing is looked up. */
export function parseArm(command: HelperCommand, argv: readonly string[]): ArmParsed {
  const [first = ""] = argv;
  if (["--help", "-h", "/?"].includes(first)) return { kind: "help" };
  switch (command) {
    case "armload":
      return parseLoad(argv);
    case "armkill":
      return argv.length === 1 && first !== ""
        ? order({ kind: "kill", id: first })
        : few(argv, "ID");
    case "armlog":
      return parseLog(argv);
    case "armfover": {
      const [option = "", group = ""] = argv;
      const isGood = isOption(option, "/F") && group !== "" && argv.length === 2;
      return isGood ? order({ kind: "fover", group }) : few(argv, "/F GROUP");
    }
    case "armdown": {
      if (argv.length > 1 || first.startsWith("/")) return few(argv, "at most one SERVER");
      return order({ kind: "down", server: first === "" ? null : first });
    }
    case "armrsp": {
      const all = argv.length === 1 && isOption(first, "/A");
      return all || argv.length === 0 ? order({ kind: "rsp", all }) : few(argv, "/A or nothing");
    }
    default:
      return unreachable(command);
  }
}

interface LoadDraft {
  restartMax: number;
  forgetHours: number | null;
  failover: boolean;
  monitor: boolean;
  service: boolean;
}

function parseLoad(argv: readonly string[]): ArmParsed {
  const [id = "", ...rest] = argv;
  if (id === "" || id.startsWith("/")) return refused("ID first", id);
  const draft: LoadDraft = {
    restartMax: 0,
    forgetHours: null,
    failover: false,
    monitor: false,
    service: false,
  };
  let at = 0;
  for (; at < rest.length; at += 1) {
    const word = rest[at] ?? "";
    const value = rest[at + 1] ?? "";
    if (isOption(word, "/R") || isOption(word, "/H")) {
      const isRestarts = isOption(word, "/R");
      const max = isRestarts ? RESTARTS_MAX : FORGET_HOURS_MAX;
      const number = /^\d{1,2}$/.test(value) ? Number(value) : 0;
      if (number < 1 || number > max)
        return refused(`${word} and a number from 1 to ${max}`, value);
      if (isRestarts) draft.restartMax = number;
      else draft.forgetHours = number;
      at += 1;
    } else if (isOption(word, "/FOV")) draft.failover = true;
    else if (isOption(word, "/M")) draft.monitor = true;
    else if (isOption(word, "/S")) draft.service = true;
    else break;
  }
  const program = rest.slice(at);
  if (program[0] === undefined || program[0] === "") {
    return refused("a program (or, with /S, a service) behind the options", "nothing");
  }
  if (draft.service && program.length > 1) return refused("one service", program.join(" "));
  if (draft.monitor && draft.restartMax > 0) return refused("/M or /R, not both", "both");
  if (draft.forgetHours !== null && draft.restartMax === 0)
    return refused("/R with /H", "/H alone");
  return order({ kind: "load", id, argv: program, ...draft });
}

/** The guide puts /ARM behind the text; in front of it is taken, too. */
function parseLog(argv: readonly string[]): ArmParsed {
  const words = argv.filter((word) => !isOption(word, "/ARM"));
  const text = words.join(" ");
  if (text.trim() === "") return refused("a text", "nothing");
  return order({ kind: "log", text, alert: words.length < argv.length });
}

const isOption = (word: string, option: string): boolean => word.toUpperCase() === option;
const order = (given: ArmOrder): ArmParsed => ({ kind: "order", order: given });
const refused = (expected: string, found: string): ArmParsed => ({
  kind: "refused",
  expected,
  found: found === "" ? "nothing" : `"${found}"`,
});
const few = (argv: readonly string[], expected: string): ArmParsed =>
  refused(expected, argv.join(" "));
