/**
 * `kage evaluate`: plays every fault on a checked configuration in the simulator and holds the outcome against
 * the guide's tables. Exit 0 = all as expected, 1 = rows differ, 2 = no usable configuration or a wrong
 * option, so that a script can tell a bad cluster from a bad file. Needs no cluster, touches nothing.
 * Source: guide 3.2; D52; work order 4 item 8.
 */
import type { Finding } from "../../services/configuration/finding.ts";
import type { LoadedConfig } from "../../services/configuration/load.ts";
import { type Evaluation, evaluate } from "../evaluate/evaluate.ts";
import { isSimulated, type SimulatedMethod } from "../evaluate/expected.ts";
import { usageTrouble } from "./arguments.ts";
import { type Call, fail, isTrouble, printJson, printLines, wantsJson } from "./call.ts";
import { printable } from "./columns.ts";
import { findUsed, readBounded } from "./config-command.ts";
import { reportJson, reportLines, rowsOf } from "./evaluate-report.ts";
import { EXIT, type ExitCode, type Trouble } from "./exit-code.ts";
import { findingsExit } from "./findings.ts";

export async function runEvaluate(given: Call): Promise<ExitCode> {
  const call = given.invocation.flags.has("json") ? { ...given, format: "json" } : given;
  const trouble = checkOptions(call);
  if (trouble !== null) return fail(call, trouble);
  const named = call.invocation.texts.config;
  const used = named === undefined ? findUsed(call) : { file: named };
  if (isTrouble(used)) return fail(call, { ...used, remedy: call.say("evalNoConfigDo") });
  const { file } = used;
  const read = await readBounded(call, file);
  if (read.kind === "unreadable") return fail(call, usageTrouble(read.message, read.remedy));
  const { loadConfiguration } = await import("../../services/configuration/load.ts");
  const loaded = loadConfiguration(read.text, file);
  if (loaded.kind === "refused") {
    sayMirror(call, loaded.findings);
    return findingsExit(call, file, loaded.findings, EXIT.usage);
  }
  const { config, warnings } = loaded;
  const { method } = config;
  if (!isSimulated(method)) {
    return fail(call, usageTrouble(call.say("evalNoMirror"), call.say("evalNoMirrorDo")));
  }
  if (!wantsJson(call)) {
    for (const { text } of warnings) {
      const line = `${call.say("warning")}: ${printable(text)}`;
      call.io.stderr.write(`${call.paintError("warn", line)}\n`);
    }
  }
  return play(call, file, config, method);
}

/** The finding says why the method cannot be configured; this says why it could not be tried either. */
function sayMirror(call: Call, findings: readonly Finding[]): void {
  const isMirror = findings.some(({ path, found }) => path === "method" && found === '"mirror"');
  if (!isMirror || wantsJson(call)) return;
  call.io.stderr.write(`${call.say("evalNoMirror")}\n  ${call.say("evalNoMirrorDo")}\n`);
}

function checkOptions(call: Call): Trouble | null {
  const { flags } = call.invocation;
  const help = call.say("seeHelp", { help: "kage help evaluate" });
  const second = wantsJson(call) ? "-o json" : flags.has("double") ? "--double" : null;
  if (!flags.has("manual") || second === null) return null;
  return usageTrouble(call.say("contradiction", { a: "--manual", b: second }), help);
}

async function play(
  call: Call,
  file: string,
  config: LoadedConfig,
  method: SimulatedMethod,
): Promise<ExitCode> {
  const { flags } = call.invocation;
  const fromMs = performance.now();
  let runs = 0;
  const evaluation = await evaluate(config, method, {
    double: flags.has("double"),
    goesOn: async () => {
      runs += 1;
      await new Promise<void>((resolve) => setImmediate(resolve));
      return !call.io.interrupted.aborted;
    },
    beforeRuns: (count) => announceRuns(call, count, config.servers.length),
    beforePairs: (count) => announcePairs(call, count, (performance.now() - fromMs) / runs),
  });
  if (evaluation === null) {
    const message = call.say("evalStopped");
    return fail(call, {
      exit: EXIT.failed,
      code: null,
      message,
      remedy: call.say("evalStoppedDo"),
    });
  }
  const tookMs = Math.round(performance.now() - fromMs);
  if (flags.has("manual")) {
    const { manualLines } = await import("../evaluate/manual.ts");
    printLines(call, manualLines(config, method, evaluation, call.lang));
  } else if (wantsJson(call)) {
    const exit = exitOf(evaluation);
    const said = reportJson(config, method, evaluation);
    printJson(call, { ok: exit === EXIT.done, exit, file, runs, tookMs, ...said });
    return exit;
  } else {
    printLines(call, reportLines(call, file, config, method, evaluation, runs));
  }
  return finish(call, evaluation, tookMs);
}

/** From here on the frames between the servers make it slow. */
const MANY_SERVERS = 6;

/** On standard error: standard output is the report. */
function announceRuns(call: Call, count: number, servers: number): void {
  if (wantsJson(call) || servers < MANY_SERVERS) return;
  const data = { count: `${count}`, servers: `${servers}` };
  call.io.stderr.write(`${call.say("evalManyFirst", data)}\n`);
}

function announcePairs(call: Call, count: number, eachMs: number): void {
  if (wantsJson(call)) return;
  const time = seconds(count * eachMs);
  call.io.stderr.write(`${call.say("evalPairsFirst", { count: `${count}`, time })}\n`);
}

const exitOf = (evaluation: Evaluation): ExitCode =>
  rowsOf(evaluation).every(({ permitted }) => permitted) ? EXIT.done : EXIT.failed;

function finish(call: Call, evaluation: Evaluation, tookMs: number): ExitCode {
  const rows = rowsOf(evaluation);
  const bad = rows.filter(({ permitted }) => !permitted).length;
  const count = `${rows.length}`;
  if (bad > 0) {
    const message = call.say("evalBad", { bad: `${bad}`, count });
    return fail(call, { exit: EXIT.failed, code: null, message, remedy: call.say("evalBadDo") });
  }
  // The manual alone goes to standard output.
  if (!call.invocation.flags.has("manual")) {
    printLines(call, [call.paint("good", call.say("evalGood", { count, time: seconds(tookMs) }))]);
  }
  return EXIT.done;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
