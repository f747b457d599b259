/**
 * `kage`, the operator's command: words in, exit code out. Parses, finds the cluster, hands over to
 * one handler per command. A broken contract of ours is not caught: Node prints it and exits with 1.
 * Source: work order 7; ecosystem.md 4.1.
 */
import { isHelperCommand } from "../../hal/drivers/script-runner/helper-commands.ts";
import { askedLanguage, type Invocation, type Parsed, parseWords } from "./arguments.ts";
import { type Call, fail, type PlacedHandler, troubleText } from "./call.ts";
import { type Paint, painter } from "./columns.ts";
import { COMMANDS, type CommandId, isCommandId } from "./commands.ts";
import { bashCompletion } from "./completion.ts";
import {
  runConfigApply,
  runConfigDiff,
  runConfigGet,
  runConfigHistory,
  runConfigRollback,
} from "./config-change.ts";
import { runConfig } from "./config-command.ts";
import { discover } from "./discover.ts";
import { runEvents } from "./events-command.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { runForceStop } from "./force-stop.ts";
import { commandHelp, overview } from "./help.ts";
import type { CliIo, CliOutput } from "./io.ts";
import { processIo } from "./io-process.ts";
import { type Environment, LANGS, type Lang, languageOf, speaksUtf8 } from "./language.ts";
import { type Say, speaker } from "./messages.ts";
import { runOrder } from "./order.ts";
import { runRack } from "./rack-command.ts";
import { runStatus } from "./status-command.ts";
import { productVersion } from "./version.ts";

type Handler =
  | { readonly kind: "placed"; readonly run: PlacedHandler }
  | { readonly kind: "alone"; readonly run: (call: Call) => ExitCode | Promise<ExitCode> };

const placed = (run: PlacedHandler): Handler => ({ kind: "placed", run });
const alone = (run: (call: Call) => ExitCode | Promise<ExitCode>): Handler => ({
  kind: "alone",
  run,
});

const HANDLERS: Readonly<Record<CommandId, Handler>> = {
  status: placed(runStatus),
  events: placed(runEvents),
  "group start": placed(runOrder),
  "group stop": placed(runOrder),
  "group move": placed(runOrder),
  "server detach": placed(runOrder),
  "server return": placed(runOrder),
  "server force-return": placed(runOrder),
  "server force-stop": placed(runForceStop),
  "server shutdown": placed(runOrder),
  "cluster start-now": placed(runOrder),
  "cluster shutdown": placed(runOrder),
  "cluster create": alone(async (call) => (await import("./create-command.ts")).runCreate(call)),
  "server add": alone(async (call) => (await import("./edit-command.ts")).runEdit(call)),
  "server invite": alone(async (call) => (await import("./enrol-command.ts")).runInvite(call)),
  "server enrol": alone(async (call) => (await import("./enrol-command.ts")).runEnrol(call)),
  "group add": alone(async (call) => (await import("./edit-command.ts")).runEdit(call)),
  "group remove": alone(async (call) => (await import("./edit-command.ts")).runEdit(call)),
  "key rotate": alone(async (call) => (await import("./key-command.ts")).runKeyRotate(call)),
  "key status": placed(async (call, place) => (await keyLive()).runKeyStatus(call, place)),
  "key retire": placed(async (call, place) => (await keyLive()).runKeyRetire(call, place)),
  "key offer": alone(async (call) => (await keyLive()).runKeyOffer(call)),
  "key accept": alone(async (call) => (await import("./key-command.ts")).runKeyAccept(call)),
  tune: alone(async (call) => (await import("./tune-command.ts")).runTune(call)),
  evaluate: alone(async (call) => (await import("./evaluate-command.ts")).runEvaluate(call)),
  replay: alone(async (call) => (await import("./replay-command.ts")).runReplay(call)),
  "blackbox list": placed(async (call, at) => (await blackbox()).runBlackboxList(call, at)),
  "blackbox save": placed(async (call, at) => (await blackbox()).runBlackboxSave(call, at)),
  "config check": alone(runConfig),
  "config explain": alone(runConfig),
  "config get": placed(runConfigGet),
  "config history": placed(runConfigHistory),
  "config diff": placed(runConfigDiff),
  "config apply": placed(runConfigApply),
  "config rollback": placed(runConfigRollback),
  "user list": alone(async (call) => (await import("./user-command.ts")).runUser(call)),
  "user add": alone(async (call) => (await import("./user-command.ts")).runUser(call)),
  "user remove": alone(async (call) => (await import("./user-command.ts")).runUser(call)),
  "user passwd": alone(async (call) => (await import("./user-command.ts")).runUser(call)),
  "rack status": placed(runRack),
  "rack cut": placed(runRack),
  "rack restore": placed(runRack),
  "rack power": placed(runRack),
  "rack freeze": placed(runRack),
  "rack thaw": placed(runRack),
  "rack disk": placed(runRack),
  "rack stranger": placed(runRack),
  "rack delay": placed(runRack),
  "rack loss": placed(runRack),
  "rack garble": placed(runRack),
  "rack garble-com": placed(runRack),
  "rack inject": placed(runRack),
  "rack records": placed(runRack),
  install: alone(async (call) => (await import("../install/command.ts")).runInstall(call)),
  "disk format": alone(async (call) =>
    (await import("../install/format-command.ts")).runFormat(call),
  ),
  "broker setup": alone(async (call) => (await import("./broker-command.ts")).runSetup(call)),
  "certificate renew": alone(async (call) => (await import("./broker-command.ts")).runRenew(call)),
  "operator-key add": alone(operatorKey),
  "operator-key list": alone(operatorKey),
  "operator-key remove": alone(operatorKey),
  sign: alone(async (call) => (await import("./sign-command.ts")).runSign(call)),
  completion: alone(printCompletion),
  help: alone((call) => printHelp(call.io, call.invocation.operands, call.lang, call.say)),
};

const keyLive = () => import("./key-live.ts");
const blackbox = () => import("./blackbox-command.ts");

async function operatorKey(call: Call): Promise<ExitCode> {
  return (await import("./operator-key-command.ts")).runOperatorKey(call);
}

/** Runs one command line (without `node` and script); rejects only on a broken contract of ours. */
export async function runCli(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  const lang = pickLanguage(askedLanguage(argv), io.env);
  const say = speaker(lang);
  const paintError = painter(wantsColour(io.stderr, io.env));
  const parsed: Parsed = parseWords(argv, say);
  if (parsed.kind === "help") return printHelp(io, parsed.words, lang, say);
  if (parsed.kind === "invocation") {
    return dispatch(newCall(io, parsed.invocation, lang, say, paintError));
  }
  if (parsed.kind === "version") {
    io.stdout.write(`kage ${productVersion()}\n`);
    return EXIT.done;
  }
  if (parsed.kind === "nothing") {
    io.stderr.write(overview("", lang));
    return EXIT.usage;
  }
  io.stderr.write(troubleText(parsed.trouble, say("do"), paintError));
  return parsed.trouble.exit;
}

/** Runs as the process itself; sets the exit code and lets the streams empty themselves. */
export async function runProcess(argv: readonly string[]): Promise<void> {
  const [word, ...rest] = argv;
  if (isHelperCommand(word)) {
    const { runArmProcess } = await import("../arm/command.ts");
    return runArmProcess(word, rest);
  }
  const { io, outputFailure, release } = processIo();
  const exit = await runCli(argv, io);
  release();
  process.exitCode = exit === EXIT.done ? (outputFailure() ?? exit) : exit;
  // An ENOSPC of the last write arrives after this point.
  process.once("beforeExit", () => {
    if (exit === EXIT.done) process.exitCode = outputFailure() ?? exit;
  });
}

async function dispatch(call: Call): Promise<ExitCode> {
  const handler = HANDLERS[call.invocation.command];
  if (handler.kind === "alone") return handler.run(call);
  const { local, state } = call.invocation.texts;
  const found = discover({ local, state }, call.io.env, call.say);
  return found.kind === "trouble" ? fail(call, found.trouble) : handler.run(call, found.place);
}

function newCall(io: CliIo, invocation: Invocation, lang: Lang, say: Say, paintError: Paint): Call {
  const paint = painter(wantsColour(io.stdout, io.env));
  const utf8 = lang === "ja" || speaksUtf8(io.env);
  const format = invocation.texts.output ?? COMMANDS[invocation.command].formats[0] ?? "table";
  return { io, invocation, lang, say, paint, paintError, utf8, format };
}

/** https://no-color.org: any non-empty value turns colour off. */
function wantsColour(output: CliOutput, env: Environment): boolean {
  return output.isTty && !env["NO_COLOR"] && env["TERM"] !== "dumb";
}

function pickLanguage(asked: string | undefined, env: Environment): Lang {
  return LANGS.find((lang) => lang === asked) ?? languageOf(env);
}

function printHelp(io: CliIo, words: readonly string[], lang: Lang, say: Say): ExitCode {
  const id = words.join(" ");
  const text = isCommandId(id) ? commandHelp(id, lang) : overview(id, lang);
  const known =
    isCommandId(id) || id === "" || Object.keys(COMMANDS).some((c) => c.startsWith(`${id} `));
  if (known) {
    io.stdout.write(text);
    return EXIT.done;
  }
  const parsed = parseWords(words, say);
  if (parsed.kind === "trouble")
    io.stderr.write(troubleText(parsed.trouble, say("do"), (_, t) => t));
  else io.stderr.write(overview("", lang));
  return EXIT.usage;
}

function printCompletion(call: Call): ExitCode {
  call.io.stdout.write(bashCompletion());
  return EXIT.done;
}
