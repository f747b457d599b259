/**
 * `kage install`: puts the package onto this server or into an image, takes it off, or says what the
 * machine lacks. Loaded only for these commands.
 * Source: work order 3 item 5; ecosystem.md 4.1 (exit codes).
 */
import { existsSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  CLUSTER_FILE,
  KEY_FILE,
  LOCAL_FILE,
  type PackageOptions,
} from "../../flash/package/places.ts";
import { checkTexts, type InstallTextKey, installTexts } from "../../services/catalogue/install.ts";
import { type Call, fail, printJson, printLines, wantsJson } from "../cli/call.ts";
import { type Cell, layTable, printable } from "../cli/columns.ts";
import { EXIT, type ExitCode, type Trouble } from "../cli/exit-code.ts";
import { type Bilingual, fill } from "../cli/language.ts";
import { type Change, type InstallOptions, install, uninstall } from "./apply.ts";
import { checkMachine } from "./check.ts";
import type { Verdict } from "./facts.ts";
import { Machine } from "./machine.ts";
import { ownProcesses } from "./probe-software.ts";
import { collectSource, SourceFault } from "./source.ts";

const PREFIX = "/usr/local";
/** Paths stand in units and in a shell script: nothing that either would read as more than a letter. */
const SAFE_PATH = /^\/[A-Za-z0-9._/-]*$/;

type Sayer = (key: InstallTextKey, values?: Readonly<Record<string, string>>) => string;

/** Puts on, takes off (`--uninstall`) or looks (`--check`); a file that cannot be written is told with a remedy. */
export async function runInstall(call: Call): Promise<ExitCode> {
  const { texts, flags } = call.invocation;
  const say: Sayer = (key, values = {}) => fill(installTexts[key], call.lang, values);
  const root = resolve(texts.root ?? "/");
  const prefix = texts.prefix ?? PREFIX;
  for (const [option, found] of [["--prefix", prefix] as const]) {
    if (SAFE_PATH.test(found) && !found.includes("//") && resolve(found) === found) continue;
    const message = say("badPrefix", { option, found });
    const remedy = call.say("seeHelp", { help: "kage help install" });
    return fail(call, { exit: EXIT.usage, code: null, message, remedy });
  }
  const both = flags.has("check") && flags.has("uninstall");
  if (both) {
    const message = call.say("contradiction", { a: "--check", b: "--uninstall" });
    const remedy = call.say("seeHelp", { help: "kage help install" });
    return fail(call, { exit: EXIT.usage, code: null, message, remedy });
  }
  if (flags.has("check")) return printCheck(call, say, new Machine(root));
  const nodePath = process.execPath;
  const isDryRun = flags.has("dry-run");
  const options = { prefix, nodePath, root, isDryRun };
  try {
    if (flags.has("uninstall")) return takeOff(call, say, options);
    return putOn(call, say, { ...options, server: texts.server ?? "SERVER1" });
  } catch (error) {
    const isSystem = error instanceof Error && "code" in error && "syscall" in error;
    if (!isSystem && !(error instanceof SourceFault)) throw error;
    return fail(call, cannotWrite(say, error.message));
  }
}

function putOn(call: Call, say: Sayer, options: InstallOptions): ExitCode {
  const isFirst = !existsSync(join(options.root, LOCAL_FILE));
  const source = collectSource(distRoot());
  const changes = install(options, source);
  const next = isFirst
    ? say("nextFirst", { local: LOCAL_FILE, config: CLUSTER_FILE, key: KEY_FILE })
    : say("nextAgain");
  return report(call, say, options, changes, [next]);
}

function takeOff(
  call: Call,
  say: Sayer,
  options: PackageOptions & { readonly root: string; readonly isDryRun: boolean },
): ExitCode {
  const running = ownProcesses({ machine: new Machine(options.root) });
  if (running.size > 0 && !options.isDryRun) {
    const message = say("running", { pids: [...running].join(", ") });
    return fail(call, { exit: EXIT.refused, code: null, message, remedy: say("runningDo") });
  }
  const changes = uninstall(options);
  const kept = changes.filter(({ act }) => act === "keep").map(({ path }) => path);
  const lines = kept.length === 0 ? [] : [say("kept", { folders: kept.join(", ") })];
  return report(call, say, options, changes, lines);
}

function report(
  call: Call,
  say: Sayer,
  { root, isDryRun }: { readonly root: string; readonly isDryRun: boolean },
  changes: readonly Change[],
  after: readonly string[],
): ExitCode {
  if (wantsJson(call)) {
    const changed = changes.filter(({ act }) => act !== "same");
    printJson(call, { ok: true, exit: EXIT.done, root, dryRun: isDryRun, changes: changed });
    return EXIT.done;
  }
  const count = (act: Change["act"]): string =>
    `${changes.filter((change) => change.act === act).length}`;
  // The program's own files are counted, what a person edits or reads is named.
  const named = changes.filter(
    ({ path, act }) => act !== "same" && !path.includes("/kagemusha/dist/"),
  );
  const shown = named.filter(({ path }) => !path.includes("/node_modules/"));
  const actWord = (act: Change["act"]): string => (act === "same" ? "" : say(act));
  const summary = say("summary", {
    created: count("create"),
    replaced: count("replace"),
    removed: count("remove"),
    same: count("same"),
  });
  printLines(call, [
    ...shown.map(({ path, act }) => `${actWord(act)}  ${printable(path)}`),
    summary,
    ...(isDryRun ? [say("dryRun")] : after),
  ]);
  return EXIT.done;
}

const TONE = { ok: "good", warns: "warn", lacks: "bad" } as const satisfies Record<Verdict, string>;

function printCheck(call: Call, say: Sayer, machine: Machine): ExitCode {
  const lines = checkMachine(machine).map(({ key, verdict, values }) => {
    const { en, ja } = checkTexts[key];
    const filled = (text: Bilingual): string => fill(text, call.lang, values);
    const remedy = en.remedy === undefined ? null : { en: en.remedy, ja: ja.remedy ?? en.remedy };
    return {
      check: key.split(".")[0] ?? key,
      verdict,
      code: key,
      reason: filled({ en: en.reason, ja: ja.reason }),
      remedy: remedy === null ? null : filled(remedy),
    };
  });
  const count = (verdict: Verdict): number => lines.filter((l) => l.verdict === verdict).length;
  const exit = count("lacks") === 0 ? EXIT.done : EXIT.failed;
  if (wantsJson(call)) {
    printJson(call, { ok: exit === EXIT.done, exit, lines });
    return exit;
  }
  const head = (["headCheck", "headVerdict", "headReason"] as const).map(
    (key): Cell => ({ text: say(key), style: "head" }),
  );
  const rows = lines.flatMap(({ check, verdict, reason, remedy }): Cell[][] => [
    [
      { text: check, style: "plain" },
      { text: say(verdict), style: TONE[verdict] },
      { text: reason, style: "plain" },
    ],
    ...(remedy === null ? [] : [remedyRow(`${say("do")}: ${remedy}`)]),
  ]);
  printLines(call, layTable([head, ...rows], call.paint));
  if (exit === EXIT.done) {
    printLines(call, [call.paint("good", say("checkGood", { warns: `${count("warns")}` }))]);
    return exit;
  }
  const message = say("checkBad", { lacks: `${count("lacks")}` });
  return fail(call, { exit, code: null, message, remedy: say("checkBadDo") });
}

const remedyRow = (text: string): Cell[] => [
  { text: "", style: "plain" },
  { text: "", style: "plain" },
  { text, style: "bold" },
];

function cannotWrite(say: Sayer, detail: string): Trouble {
  const message = say("cannotWrite", { detail });
  return { exit: EXIT.failed, code: null, message, remedy: say("cannotWriteDo") };
}

/** The compiled tree this very file belongs to. */
export function distRoot(): string {
  return realpathSync(join(import.meta.dirname, "..", ".."));
}
