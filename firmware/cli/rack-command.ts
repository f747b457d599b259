/**
 * `kage rack`: hands on the cabinet of the virtual appliance: plugs, cables, faults, records.
 * One command is one request, so that several cables are cut in one instant.
 * Source: work order 5 and 7; contract of the rack's control socket.
 */
import { usageTrouble } from "./arguments.ts";
import {
  type Call,
  commandLine,
  fail,
  isTrouble,
  numberOption,
  numberWithin,
  operand,
  printJson,
  printLines,
  wantsJson,
} from "./call.ts";
import { type NotDone, type RequestBody, request } from "./client.ts";
import { printable } from "./columns.ts";
import type { CommandId } from "./commands.ts";
import type { Place } from "./discover.ts";
import { EXIT, type ExitCode, type Trouble } from "./exit-code.ts";
import { readRackState, records } from "./rack-state.ts";
import { rackLines, recordLines } from "./rack-table.ts";
import { replyTrouble } from "./refusal.ts";

export type RackCommand = Extract<CommandId, `rack ${string}`>;

/** Largest UDP payload; longer frames cannot exist on a wire. */
const FRAME_BYTES_MAX = 65_507;
const DELAY_MS_MAX = 60_000;
const SINCE_S_MAX = 86_400;

/** The request of each command; the reply of the rack decides about names. */
const REQUESTS: Readonly<Record<RackCommand, (call: Call) => RequestBody | Trouble>> = {
  "rack status": () => ({ verb: "status" }),
  "rack records": () => ({ verb: "records" }),
  "rack cut": (call) => cable(call, "cut"),
  "rack restore": (call) => cable(call, "restore"),
  "rack power": (call) => ({
    verb: "power",
    server: operand(call, 1),
    on: operand(call, 0) === "on",
  }),
  "rack freeze": (call) => ({ verb: "freeze", server: operand(call, 0) }),
  "rack thaw": (call) => ({ verb: "thaw", server: operand(call, 0) }),
  "rack disk": (call) => ({
    verb: "disk",
    server: operand(call, 0),
    fault: operand(call, 1),
  }),
  "rack stranger": (call) => ({
    verb: "stranger",
    address: operand(call, 0),
    on: operand(call, 1) === "on",
  }),
  "rack delay": (call) => spoil(call, "delay", "ms", "MS", DELAY_MS_MAX),
  "rack loss": (call) => spoil(call, "loss", "ratio", "RATIO", 1),
  "rack garble": (call) => spoil(call, "garble", "ratio", "RATIO", 1),
  "rack garble-com": (call) => {
    const bytes = hexOperand(call, 0);
    if (isTrouble(bytes)) return bytes;
    return { verb: "garble-com", bytes, ...ends(call, ["server"]) };
  },
  "rack inject": (call) => {
    const hex = hexOperand(call, 2);
    if (isTrouble(hex)) return hex;
    const base = { verb: "inject", path: operand(call, 0), to: operand(call, 1), hex };
    return { ...base, ...ends(call, ["from"]) };
  },
};

export async function runRack(call: Call, place: Place): Promise<ExitCode> {
  const { say, invocation } = call;
  const command = rackCommand(invocation.command);
  const body = REQUESTS[command](call);
  if (isTrouble(body)) return fail(call, body);
  if (place.rackSocket === null) {
    const message = say("noRack");
    return fail(call, { exit: EXIT.refused, code: null, message, remedy: say("noRackDo") });
  }
  const sinceS = numberOption(call, "since", { min: 0, max: SINCE_S_MAX, whole: false });
  if (isTrouble(sinceS)) return fail(call, sinceS);
  const { orderDeadlineMs, interrupted } = call.io;
  const reply = await request(place.rackSocket, body, orderDeadlineMs, interrupted);
  if (reply.kind !== "ok") return fail(call, rackTrouble(call, command, reply));
  if (command === "rack records") return showRecords(call, reply.body, sinceS ?? null);
  if (wantsJson(call)) {
    const { id: _id, ...rest } = reply.body;
    printJson(call, rest);
  } else if (command === "rack status") {
    printLines(call, rackLines(call, readRackState(reply.body)));
  } else {
    printLines(call, [say("rackDone", { what: printable(commandLine(call)) })]);
  }
  return EXIT.done;
}

function rackCommand(command: CommandId): RackCommand {
  const found = Object.keys(REQUESTS).find((id): id is RackCommand => id === command);
  return found ?? "rack status";
}

/** A question may be repeated, so its silence is "unreachable"; an action's is "outcome unknown". */
function rackTrouble(call: Call, command: RackCommand, reply: NotDone): Trouble {
  const trouble = replyTrouble(call, call.say("rackName"), reply, call.say("rackDo"));
  const asks = command === "rack status" || command === "rack records";
  return asks && trouble.exit === EXIT.timeout
    ? { ...trouble, exit: EXIT.unreachable, remedy: call.say("hungDo") }
    : trouble;
}

function showRecords(
  call: Call,
  body: Readonly<Record<string, unknown>>,
  sinceS: number | null,
): ExitCode {
  // The rack's clock, not ours, says what "the last seconds" are.
  const nowMs = typeof body["nowMs"] === "number" ? body["nowMs"] : null;
  const all = records(body["records"]);
  const kept = all.filter((entry) => {
    const lastMs = typeof entry["lastMs"] === "number" ? entry["lastMs"] : entry["atMs"];
    if (sinceS === null || nowMs === null || typeof lastMs !== "number") return true;
    return lastMs >= nowMs - sinceS * 1000;
  });
  if (call.format === "json") printJson(call, { nowMs, records: kept });
  else if (call.format === "jsonl") for (const entry of kept) printJson(call, entry);
  else printLines(call, recordLines(call, kept, nowMs));
  return EXIT.done;
}

function cable(call: Call, verb: "cut" | "restore"): RequestBody | Trouble {
  const { from, to, server, between } = call.invocation.texts;
  const remedy = call.say("seeHelp", { help: `kage help ${call.invocation.command}` });
  if ((from === undefined) !== (to === undefined)) {
    return usageTrouble(call.say("together", { a: "--from", b: "--to" }), remedy);
  }
  const given = [
    ...(server === undefined ? [] : ["--server"]),
    ...(between === undefined ? [] : ["--between"]),
    ...(from === undefined ? [] : ["--from/--to"]),
  ];
  const [a, b] = given;
  if (a !== undefined && b !== undefined) {
    return usageTrouble(call.say("contradiction", { a, b }), remedy);
  }
  return {
    verb,
    paths: call.invocation.operands,
    ...(server?.includes(",") ? { server: server.split(",") } : ends(call, ["server"])),
    ...(between === undefined ? {} : { between: between.split(",") }),
    ...ends(call, ["from", "to"]),
  };
}

function spoil(
  call: Call,
  verb: string,
  key: "ms" | "ratio",
  what: string,
  max: number,
): RequestBody | Trouble {
  const value = numberWithin(call, what, operand(call, 1), { min: 0, max, whole: false });
  if (isTrouble(value)) return value;
  return { verb, path: operand(call, 0), [key]: value, ...ends(call, ["from", "to"]) };
}

function ends(
  call: Call,
  names: readonly ("server" | "from" | "to")[],
): Readonly<Record<string, string>> {
  const { texts } = call.invocation;
  const given = names.flatMap((name): [string, string][] => {
    const value = texts[name];
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(given);
}

function hexOperand(call: Call, position: number): string | Trouble {
  const text = operand(call, position);
  if (/^([0-9a-f]{2})+$/i.test(text) && text.length <= FRAME_BYTES_MAX * 2) return text;
  const found = text.length > 40 ? `${text.slice(0, 40)}...` : text;
  const max = `${FRAME_BYTES_MAX}`;
  const remedy = call.say("seeHelp", { help: `kage help ${call.invocation.command}` });
  return usageTrouble(call.say("badHex", { what: "HEX", found, max }), remedy);
}
