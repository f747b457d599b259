/**
 * `kage server invite` and `kage server enrol`: the first member shows a one-time code and waits in the
 * foreground; the new one types it, gets configuration and key and becomes a member. The agents have no part
 * in it. Source: work order 3 item 4; ecosystem.md 7; firmware/enrolment.
 */
import { randomBytes } from "node:crypto";
import { unreachable } from "../../hal/base/assert.ts";
import { loadConfiguration } from "../../services/configuration/load.ts";
import { CODE_BYTES, codeFrom, parseCode } from "../../services/enrolment/code.ts";
import type { Gift } from "../../services/enrolment/words.ts";
import { completeSet, writeSet } from "../enrolment/file-set.ts";
import { CODE_VALID_MS, type InviteEnd, openInvitation } from "../enrolment/invite.ts";
import { type JoinEnd, join } from "../enrolment/join.ts";
import { readActiveKey } from "../key-files.ts";
import { type Local, StartFault } from "../local.ts";
import { usageTrouble } from "./arguments.ts";
import {
  type Call,
  commandLine,
  fail,
  isTrouble,
  operand,
  printJson,
  printLines,
  wantsJson,
} from "./call.ts";
import { printable } from "./columns.ts";
import { currentText } from "./config-text.ts";
import { EXIT, type ExitCode, type Trouble } from "./exit-code.ts";
import { findingsExit } from "./findings.ts";
import { type HostPort, hostPort } from "./host-port.ts";
import {
  configFile,
  keyFile,
  localFileFor,
  type MemberFiles,
  makeFolders,
  memberFiles,
  readLocal,
  runningTrouble,
  setTrouble,
  standingLocal,
  textOrNull,
} from "./member-files.ts";

/** What one invitation gives, to whom. */
export interface Offer {
  readonly server: string;
  readonly purpose: "cluster" | "key";
  readonly config: string;
  /** 64 lower-case hex digits. */
  readonly key: string;
  readonly at: HostPort;
  /** What the other server types, without code and address. */
  readonly answer: string;
}

export async function runInvite(call: Call): Promise<ExitCode> {
  const server = operand(call, 0);
  const files = memberFiles(call);
  const local = readLocal(call, files.local);
  if (isTrouble(local)) return fail(call, local);
  const source = await currentText(call);
  if (isTrouble(source)) return fail(call, source);
  if (local === null) return fail(call, noCluster(call, files.local));
  const loaded = loadConfiguration(source.text, files.config);
  if (loaded.kind === "refused") return findingsExit(call, files.config, loaded.findings);
  const names: readonly string[] = loaded.config.servers.map(({ name }) => name);
  if (server === local.server) {
    return fail(call, usageTrouble(call.say("inviteSelf", { server }), oneOf(call, names, server)));
  }
  if (!names.includes(server)) {
    const message = call.say("notInCluster", { server, all: names.join(", ") });
    const remedy = call.say("notInClusterDo", { server });
    return fail(call, { exit: EXIT.refused, code: null, message, remedy });
  }
  const own = loaded.config.servers.find(({ name }) => name === local.server)?.index ?? 0;
  const at = listenAt(call, loaded.config.lans[0]?.addresses[own]?.host ?? "");
  if (isTrouble(at)) return fail(call, at);
  const key = keyText(call, local);
  if (isTrouble(key)) return fail(call, key);
  const offer: Offer = {
    server,
    purpose: "cluster",
    config: source.text,
    key,
    at,
    answer: "server enrol",
  };
  const trouble = await offerOnce(call, offer);
  if (trouble !== null) return fail(call, trouble);
  if (wantsJson(call)) printJson(call, { ok: true, exit: EXIT.done, enrolled: server });
  return EXIT.done;
}

/** Shows a fresh code and waits until it is used, void or expired; null = the server has the files. */
export async function offerOnce(call: Call, offer: Offer): Promise<Trouble | null> {
  const { say, io } = call;
  const shown = codeFrom(randomBytes(CODE_BYTES));
  const { server, purpose, config, key, at } = offer;
  const invitation = await openInvitation({
    ...at,
    code: parseCode(shown) ?? "",
    server,
    purpose,
    config,
    key,
    signal: io.interrupted,
    onWrong: (left, from) => io.stderr.write(`${say("inviteWrong", { from, left: `${left}` })}\n`),
  });
  if (invitation.kind === "failed") {
    const message = say("cannotListen", { at: at.shown, detail: invitation.detail });
    return { exit: EXIT.failed, code: null, message, remedy: say("cannotListenDo") };
  }
  const place = at.host.includes(":")
    ? `[${at.host}]:${invitation.port}`
    : `${at.host}:${invitation.port}`;
  const line = `kage ${offer.answer} --from ${place} --code ${shown}`;
  if (wantsJson(call)) printJson(call, { inviting: server, from: place, code: shown });
  else {
    const minutes = `${CODE_VALID_MS / 60_000}`;
    const typed = call.paint("bold", `  ${line}`);
    printLines(call, [say("inviteOpen", { server, minutes }), typed, say("inviteWait")]);
  }
  const end = await invitation.end;
  if (end.kind !== "enrolled") return endTrouble(call, offer, place, end);
  if (!wantsJson(call)) {
    printLines(call, [call.paint("good", say("enrolled", { server, from: end.from }))]);
  }
  return null;
}

function endTrouble(
  call: Call,
  { server }: Offer,
  at: string,
  end: Exclude<InviteEnd, { kind: "enrolled" }>,
): Trouble {
  const { say } = call;
  const again = say("inviteAgainDo", { command: commandLine(call) });
  const make = (exit: Trouble["exit"], message: string, remedy = again): Trouble => {
    return { exit, code: null, message, remedy };
  };
  switch (end.kind) {
    case "expired":
      return make(EXIT.timeout, say("inviteExpired"));
    case "stopped":
      return make(EXIT.failed, say("inviteStopped"));
    case "too-many-wrong":
      return make(EXIT.unauthorised, say("inviteTooMany"), say("inviteTooManyDo", { at }));
    case "not-stored":
      return make(EXIT.failed, say("inviteNotStored", { server, detail: printable(end.detail) }));
    case "mismatched":
      return make(EXIT.failed, say("inviteMismatched", { detail: printable(end.detail) }));
    case "unconfirmed":
      return make(EXIT.timeout, say("inviteUnconfirmed", { server }), say("inviteUnconfirmedDo"));
    default:
      return unreachable(end);
  }
}

export async function runEnrol(call: Call): Promise<ExitCode> {
  const files = memberFiles(call);
  const local = readLocal(call, files.local);
  if (isTrouble(local)) return fail(call, local);
  const running = await runningTrouble(call, local);
  if (running !== null) return fail(call, running);
  const rest = setTrouble(call, files.dir, await completeSet(files.dir));
  if (rest !== null) return fail(call, rest);
  const replaces = call.invocation.flags.has("replace");
  const standing = [files.config, files.key].find((file) => textOrNull(file) !== null);
  if (standing !== undefined && !replaces) {
    const message = call.say("hasCluster", { file: standing });
    return fail(call, {
      exit: EXIT.refused,
      code: null,
      message,
      remedy: call.say("hasClusterDo"),
    });
  }
  const store = (gift: Gift): Promise<string | null> => storeGift(call, files, gift, replaces);
  return joinBy(call, "cluster", local?.server ?? "", store, (gift, cluster) =>
    call.say("joinDone", { server: gift.server, cluster }),
  );
}

/** Asks for what is missing, joins, and says how it ended. */
export async function joinBy(
  call: Call,
  wants: "cluster" | "key",
  server: string,
  store: (gift: Gift) => Promise<string | null>,
  done: (gift: Gift, cluster: string) => string,
): Promise<ExitCode> {
  const { from = "", code } = call.invocation.texts;
  const at = hostPort(from);
  if (at === null) {
    const option = "--from";
    const message = call.say("badListen", { option, found: from });
    return fail(call, usageTrouble(message, call.say("badListenDo", { option })));
  }
  const typed = code ?? (call.io.canAsk ? await call.io.ask(`${call.say("askCode")}: `) : "");
  const secret = parseCode(typed ?? "");
  if (secret === null) {
    return fail(call, usageTrouble(call.say("badCode"), call.say("badCodeDo")));
  }
  const { host, port } = at;
  const signal = call.io.interrupted;
  const end = await join({ host, port, code: secret, server, wants, signal, store });
  if (end.kind !== "stored" && end.kind !== "stored-untold") {
    return fail(call, joinTrouble(call, at.shown, end));
  }
  const loaded = loadConfiguration(end.gift.config, "cluster.jsonc");
  const cluster = loaded.kind === "ok" ? loaded.config.name : "";
  if (wantsJson(call)) {
    const confirmed = end.kind === "stored";
    const { gift } = end;
    printJson(call, { ok: true, exit: EXIT.done, server: gift.server, cluster, confirmed });
  } else {
    const untold = end.kind === "stored" ? [] : [call.paint("warn", call.say("joinUntold"))];
    printLines(call, [call.paint("good", done(end.gift, cluster)), ...untold]);
  }
  return EXIT.done;
}

/** null = stored; nothing is written that this server could not start with. */
async function storeGift(
  call: Call,
  files: MemberFiles,
  gift: Gift,
  replaces: boolean,
): Promise<string | null> {
  const loaded = loadConfiguration(gift.config, files.config);
  if (loaded.kind === "refused") return loaded.findings[0]?.text ?? "";
  if (!loaded.config.servers.some(({ name }) => name === gift.server)) return gift.server;
  const local = localFileFor(call, files, gift.server);
  if (isTrouble(local)) return local.message;
  // local.json comes last: an agent that finds it finds the others too.
  const last = local ?? (replaces ? standingLocal(files) : null);
  const set = [keyFile(gift.key, replaces), configFile(gift.config, replaces)];
  const trouble =
    makeFolders(call, files) ??
    setTrouble(call, files.dir, await writeSet(files.dir, last === null ? set : [...set, last]));
  return trouble?.message ?? null;
}

function joinTrouble(
  call: Call,
  at: string,
  end: Exclude<JoinEnd, { kind: "stored" | "stored-untold" }>,
): Trouble {
  const { say } = call;
  const make = (exit: Trouble["exit"], message: string, remedy: string): Trouble => {
    return { exit, code: null, message, remedy };
  };
  const detail = "detail" in end ? printable(end.detail) : "";
  switch (end.kind) {
    case "unreachable":
      return make(
        EXIT.unreachable,
        say("joinUnreachable", { at, detail }),
        say("joinUnreachableDo"),
      );
    case "not-proven":
      return make(EXIT.unauthorised, say("joinNotProven"), say("joinNotProvenDo"));
    case "foreign":
      return make(EXIT.failed, say("joinForeign", { at }), say("joinUnreachableDo"));
    case "late":
      return make(EXIT.timeout, say("joinLate", { at }), say("joinUnreachableDo"));
    case "not-stored":
      return make(EXIT.failed, say("giftBad", { detail }), say("cannotWriteDo"));
    case "refused":
      return refusedTrouble(call, end.reason, detail);
    default:
      return unreachable(end);
  }
}

function refusedTrouble(
  call: Call,
  reason: Extract<JoinEnd, { kind: "refused" }>["reason"],
  detail: string,
): Trouble {
  const { say } = call;
  const file = memberFiles(call).local;
  const again = say("inviteAgainDo", { command: "server invite SERVER" });
  const make = (message: string, remedy: string): Trouble => {
    return { exit: EXIT.refused, code: null, message, remedy };
  };
  switch (reason) {
    case "used":
      return make(say("joinUsed"), again);
    case "expired":
      return make(say("inviteExpired"), again);
    case "other-server":
      return make(say("joinOtherServer", { detail }), say("joinOtherServerDo", { file }));
    case "other-purpose":
      return make(say("joinOtherPurpose"), say("joinOtherPurposeDo"));
    default:
      return unreachable(reason);
  }
}

/** `--listen`, else this server's address on its first LAN. */
export function listenAt(call: Call, host: string): HostPort | Trouble {
  const option = "--listen";
  const given = call.invocation.texts.listen;
  const at = hostPort(given ?? (host.includes(":") ? `[${host}]` : host));
  if (at !== null) return at;
  const message = call.say("badListen", { option, found: given ?? host });
  return usageTrouble(message, call.say("badListenDo", { option }));
}

/** The key of this server, 64 lower-case hex digits. */
export function keyText(call: Call, local: Local): string | Trouble {
  try {
    return Buffer.from(readActiveKey(local)).toString("hex");
  } catch (error) {
    if (!(error instanceof StartFault)) throw error;
    const remedy = call.say("cannotReadDo");
    return { exit: EXIT.failed, code: null, message: error.message, remedy };
  }
}

export function noCluster(call: Call, file: string): Trouble {
  const message = call.say("noChangePlace", { file });
  return { exit: EXIT.refused, code: null, message, remedy: call.say("noChangePlaceDo") };
}

function oneOf(call: Call, names: readonly string[], without: string): string {
  return call.say("oneOf", { all: names.filter((name) => name !== without).join(", ") });
}
