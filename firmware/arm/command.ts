/**
 * Carries out a helper command of a script: one request to this server's agent, answered in words and
 * with the exit codes of `kage`. ARMRSP alone goes on, until it sees a trouble.
 * Intuition: the agent may be restarting just then; a script must not fail for that.
 * Source: guide 2.2.4; requirements R155-R164; D21-D23; issue "kage" (exit codes).
 */
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { unreachable } from "../../hal/base/assert.ts";
import type { HelperCommand } from "../../hal/drivers/script-runner/helper-commands.ts";
import { isRecord, type Reply, request } from "../cli/client.ts";
import { EXIT, type ExitCode } from "../cli/exit-code.ts";
import { type Lang, languageOf } from "../cli/language.ts";
import { ARM_USAGE, type ArmOrder, parseArm } from "./arguments.ts";
import { ARM_TEXTS } from "./texts.ts";

export interface ArmIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Monotonic, ms. */
  readonly nowMs: () => number;
  readonly pause: (ms: number) => Promise<unknown>;
  /** Ends ARMRSP between two looks. */
  readonly isOver: () => boolean;
}

/** An agent that was killed is back in less. */
const AGENT_WITHIN_MS = 10_000;
const AGAIN_MS = 100;
const QUICK_DEADLINE_MS = 10_000;
/** The agent waits so long for a program, or for a service, to end. */
const KILL_DEADLINE_MS = 110_000;
/** Nine restarts, the most that /R grants, then take nine seconds: a hiccup is over by then. */
const LOOK_EVERY_MS = 1000;

/** Where and for whom the command was called. */
interface Caller {
  readonly socket: string;
  readonly group: string;
  readonly lang: Lang;
}

/**
 * Carries out one helper command for the script that called it, which is known by KAGE_RUN_DIR and
 * ARMS_GROUPNAME of its environment. `argv` begins behind the command's name.
 */
export async function runArm(
  command: HelperCommand,
  argv: readonly string[],
  io: ArmIo,
): Promise<ExitCode> {
  const lang = languageOf(io.env);
  const texts = ARM_TEXTS[lang];
  const parsed = parseArm(command, argv);
  if (parsed.kind === "help") {
    io.out(`${ARM_USAGE[command]}\n${texts.help[command]}\n`);
    return EXIT.done;
  }
  if (parsed.kind === "refused") {
    io.err(`${command}: ${texts.expected(parsed.expected, parsed.found)}\n`);
    io.err(`  ${texts.usage}: ${ARM_USAGE[command]}\n`);
    return EXIT.usage;
  }
  const runDir = io.env["KAGE_RUN_DIR"];
  const group = io.env["ARMS_GROUPNAME"];
  if (!runDir || !group) {
    io.err(`${command}: ${texts.noGroup}\n`);
    return EXIT.usage;
  }
  const caller = { socket: join(runDir, "agent.sock"), group, lang };
  if (parsed.order.kind === "rsp") return watchResources(caller, parsed.order, io);
  const reply = await ask(caller, bodyOf(parsed.order, caller, io), deadlineOf(parsed.order), io);
  return conclude(command, reply, lang, io);
}

/** The command as a process: its own streams and clock. */
export async function runArmProcess(
  command: HelperCommand,
  argv: readonly string[],
): Promise<void> {
  let over = false;
  const end = (): void => {
    over = true;
  };
  process.once("SIGTERM", end);
  process.once("SIGINT", end);
  process.exitCode = await runArm(command, argv, {
    env: process.env,
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    nowMs: () => performance.now(),
    pause: (ms) => pause(ms),
    isOver: () => over,
  });
}

type Body = Readonly<Record<string, unknown>> & { readonly verb: string };

function bodyOf(order: ArmOrder, caller: Caller, io: ArmIo): Body {
  const { group, lang } = caller;
  switch (order.kind) {
    case "load": {
      const { id, argv, restartMax, forgetHours, failover, monitor, service } = order;
      const rules = { restartMax, forgetHours, failover, monitor, service };
      const { env } = io;
      const args = { group, resource: env["KAGE_RESOURCE"] ?? "", id, argv, env, ...rules };
      return { verb: "script.load", args, lang };
    }
    case "kill":
      return { verb: "script.kill", args: { group, id: order.id }, lang };
    case "log":
      return { verb: "script.log", args: { group, text: order.text, alert: order.alert }, lang };
    case "fover":
      return { verb: "group.failover", args: { group: order.group }, lang };
    case "down": {
      const server = order.server ?? io.env["KAGE_SERVER"] ?? "";
      return { verb: "server.shutdown", args: { server }, lang };
    }
    case "rsp":
      return { verb: "script.look", args: { group, all: order.all }, lang };
    default:
      return unreachable(order);
  }
}

const deadlineOf = (order: ArmOrder): number =>
  order.kind === "kill" ? KILL_DEADLINE_MS : QUICK_DEADLINE_MS;

/** Asks until somebody takes the question; what was taken is not asked again. */
async function ask(caller: Caller, body: Body, deadlineMs: number, io: ArmIo): Promise<Reply> {
  const untilMs = io.nowMs() + AGENT_WITHIN_MS;
  for (;;) {
    const reply = await request(caller.socket, body, deadlineMs);
    if (reply.kind !== "unreachable" || io.nowMs() >= untilMs || io.isOver()) return reply;
    await io.pause(AGAIN_MS);
  }
}

function conclude(command: HelperCommand, reply: Reply, lang: Lang, io: ArmIo): ExitCode {
  const texts = ARM_TEXTS[lang];
  switch (reply.kind) {
    case "ok": {
      const result = reply.body["result"];
      // Nothing there is success: a stop script also runs after a start that came to nothing.
      if (isRecord(result) && result["killed"] === false)
        io.err(`${command}: ${texts.notLoaded}\n`);
      return EXIT.done;
    }
    case "refused": {
      const { message, remedy, code, exit } = reply.body;
      io.err(`${command}: ${String(message)} (${String(code)})\n  ${texts.doWord}: ${remedy}\n`);
      return Object.values(EXIT).find((one) => one === exit) ?? EXIT.failed;
    }
    case "unreachable":
      io.err(`${command}: ${texts.unreachable(reply.detail)}\n`);
      return EXIT.unreachable;
    case "forbidden":
      io.err(`${command}: ${texts.forbidden}\n`);
      return EXIT.unauthorised;
    case "silent":
    case "malformed":
      io.err(`${command}: ${texts.unknown}\n`);
      return EXIT.timeout;
    default:
      return unreachable(reply);
  }
}

/** Ends with 1 at the first trouble it sees; an agent that is away is no trouble of a resource. */
async function watchResources(caller: Caller, order: ArmOrder, io: ArmIo): Promise<ExitCode> {
  const { group, socket, lang } = caller;
  while (!io.isOver()) {
    await io.pause(LOOK_EVERY_MS);
    const reply = await request(socket, bodyOf(order, caller, io), QUICK_DEADLINE_MS);
    if (reply.kind === "refused") return conclude("armrsp", reply, lang, io);
    const result = reply.kind === "ok" ? reply.body["result"] : undefined;
    const troubles = isRecord(result) ? result["troubles"] : undefined;
    if (!Array.isArray(troubles) || troubles.length === 0) continue;
    for (const trouble of troubles) io.err(`armrsp: ${group}: ${String(trouble)}\n`);
    return EXIT.failed;
  }
  return EXIT.done;
}
