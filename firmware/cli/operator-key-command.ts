/**
 * `kage operator-key`: whose signatures count on this server. The public halves stand in one file that the
 * telemetry process looks at; private halves are made here at most once and never kept here.
 * Source: ecosystem.md 1.4; firmware/telemetry/operator-keys.ts; RFC 8410 (PEM of Ed25519).
 */
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { LOCAL_FILE } from "../../flash/package/places.ts";
import {
  isRole,
  OPERATOR_KEYS_MAX,
  type OperatorKeyRow,
} from "../../services/telemetry/commands/signature.ts";
import { isTopicId } from "../../services/telemetry/topics.ts";
import { writeSet } from "../enrolment/file-set.ts";
import type { Local } from "../local.ts";
import { operatorKeysFile, readRows } from "../telemetry/operator-keys.ts";
import { withUsersLock } from "../telemetry/web/users-lock.ts";
import { type Call, fail, isTrouble, operand, printJson, printLines, wantsJson } from "./call.ts";
import { type Cell, layTable } from "./columns.ts";
import { EXIT, type ExitCode, type Trouble } from "./exit-code.ts";
import { readLocal, setTrouble } from "./member-files.ts";
import type { MessageKey } from "./messages.ts";

export async function runOperatorKey(call: Call): Promise<ExitCode> {
  const local = localOf(call);
  if (isTrouble(local)) return fail(call, local);
  const file = resolve(operatorKeysFile(local));
  const [, verb] = call.invocation.command.split(" ");
  if (verb === "list") return listKeys(call, file);
  const done = verb === "add" ? await addKey(call, file) : await removeKey(call, file);
  if (isTrouble(done)) return fail(call, done);
  if (wantsJson(call)) printJson(call, { ok: true, exit: EXIT.done, ...done.facts });
  else printLines(call, done.lines);
  return EXIT.done;
}

/** local.json of `--local`, else of the installed package. */
export function localOf(call: Call): Local | Trouble {
  const file = resolve(call.invocation.texts.local ?? LOCAL_FILE);
  const local = readLocal(call, file);
  return local ?? troubleOf(call, EXIT.refused, "noLocal", "noLocalDo", { file });
}

export function troubleOf(
  call: Call,
  exit: Trouble["exit"],
  key: MessageKey,
  remedy: MessageKey,
  values: Readonly<Record<string, string>> = {},
): Trouble {
  return { exit, code: null, message: call.say(key, values), remedy: call.say(remedy, values) };
}

interface Done {
  readonly facts: object;
  readonly lines: readonly string[];
}

function listKeys(call: Call, file: string): ExitCode {
  const rows = readRows(file);
  if (rows === null) {
    return fail(call, troubleOf(call, EXIT.failed, "keysDamaged", "keysDamagedDo", { file }));
  }
  if (wantsJson(call)) printJson(call, { keys: rows });
  else if (rows.length === 0) printLines(call, [call.say("keysNone")]);
  else {
    const heads = ["keyHead", "keyRoleHead", "keyAddedHead", "keyPublicHead"] as const;
    const head = heads.map((key): Cell => ({ text: call.say(key), style: "head" }));
    const cells = rows.map(({ id, role, added, publicKey }) =>
      [id, role, added, publicKey].map((text): Cell => ({ text, style: "plain" })),
    );
    printLines(call, layTable([head, ...cells], call.paint));
  }
  return EXIT.done;
}

async function addKey(call: Call, file: string): Promise<Done | Trouble> {
  const { role, public: publicFile, out } = call.invocation.texts;
  const name = operand(call, 0);
  const help = { help: `kage help ${call.invocation.command}` };
  if (!isTopicId(name)) return troubleOf(call, EXIT.usage, "keyName", "seeHelp", { name, ...help });
  if (!isRole(role)) return troubleOf(call, EXIT.usage, "keyRole", "seeHelp", help);
  if ((publicFile === undefined) === (out === undefined)) {
    return troubleOf(call, EXIT.usage, "keySource", "seeHelp", help);
  }
  const made = out === undefined ? null : makeKey(call, out);
  if (isTrouble(made)) return made;
  const publicKey = made ?? readPublic(call, publicFile ?? "");
  if (isTrouble(publicKey)) return publicKey;
  const added = new Date(call.io.wallMs()).toISOString();
  const trouble = await changeRows(call, file, (rows) => {
    if (rows.some(({ id }) => id === name)) {
      return troubleOf(call, EXIT.refused, "keyThere", "keyThereDo", { name });
    }
    if (rows.length >= OPERATOR_KEYS_MAX) {
      return troubleOf(call, EXIT.refused, "keysFull", "keysFullDo", { max: `${rows.length}` });
    }
    return [...rows, { id: name, role, publicKey, added }];
  });
  if (trouble !== null) {
    // A private key that opens nothing would only confuse its finder.
    if (out !== undefined) for (const half of [out, `${out}.pub`]) rmSync(half, { force: true });
    return trouble;
  }
  const told = call.paint("good", call.say("keyAdded", { name, role }));
  const half = out === undefined ? [] : [call.say("keyMade", { file: out, public: `${out}.pub` })];
  return { facts: { key: name, role, publicKey }, lines: [told, ...half] };
}

async function removeKey(call: Call, file: string): Promise<Done | Trouble> {
  const name = operand(call, 0);
  const trouble = await changeRows(call, file, (rows) => {
    const rest = rows.filter(({ id }) => id !== name);
    if (rest.length < rows.length) return rest;
    return troubleOf(call, EXIT.refused, "keyAbsent", "keyAbsentDo", { name });
  });
  if (trouble !== null) return trouble;
  return {
    facts: { key: name },
    lines: [call.paint("good", call.say("keyRemoved", { name }))],
  };
}

type Rows = readonly OperatorKeyRow[];

/** Reads, changes and replaces the file under a lock; null = done. */
async function changeRows(
  call: Call,
  file: string,
  change: (rows: Rows) => Rows | Trouble,
): Promise<Trouble | null> {
  const work = async (): Promise<Trouble | null> => {
    const rows = readRows(file);
    if (rows === null)
      return troubleOf(call, EXIT.failed, "keysDamaged", "keysDamagedDo", { file });
    const keys = change(rows);
    if (isTrouble(keys)) return keys;
    const text = `${JSON.stringify({ v: 1, keys }, null, 2)}\n`;
    const set = [{ name: basename(file), text, mode: 0o600, replace: true }];
    return setTrouble(call, dirname(file), await writeSet(dirname(file), set));
  };
  const unusable = systemTrouble(call, file, () => {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  });
  if (isTrouble(unusable)) return unusable;
  const done = await withUsersLock(file, work);
  if (done === null || isTrouble(done)) return done;
  return troubleOf(call, EXIT.failed, "cannotUse", "cannotUseDo", { file, detail: done.text });
}

/** Writes a new private key to `out` and its public half beside it; returns the public half. */
function makeKey(call: Call, out: string): string | Trouble {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ type: "pkcs8", format: "pem" });
  const publicPem = publicKey.export({ type: "spki", format: "pem" });
  const other = `${out}.pub`;
  const early = systemTrouble(call, other, () => {
    writeFileSync(other, publicPem, { flag: "wx", mode: 0o644 });
  });
  if (isTrouble(early)) return early;
  const late = systemTrouble(call, out, () => {
    writeFileSync(out, pem, { flag: "wx", mode: 0o600, flush: true });
  });
  if (!isTrouble(late)) return publicKey.export({ format: "jwk" }).x ?? "";
  rmSync(other, { force: true });
  return late;
}

function readPublic(call: Call, file: string): string | Trouble {
  const pem = systemTrouble(call, file, () => readFileSync(file, "utf8"));
  if (isTrouble(pem)) return pem;
  const kind = call.say("publicKey");
  const bad = troubleOf(call, EXIT.refused, "keyForm", "keyFormDo", { file, kind });
  // createPublicKey would take the private key as well, and it has no business here.
  if (!pem.includes("BEGIN PUBLIC KEY")) return bad;
  try {
    const key = createPublicKey(pem);
    return (key.asymmetricKeyType === "ed25519" && key.export({ format: "jwk" }).x) || bad;
  } catch (error) {
    if (error instanceof Error) return bad;
    throw error;
  }
}

/** Runs `act`; what the system refuses becomes a trouble that names the file. */
export function systemTrouble<T>(call: Call, file: string, act: () => T): T | Trouble {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && "syscall" in error)) throw error;
    const detail = error.message;
    return troubleOf(call, EXIT.failed, "cannotUse", "cannotUseDo", { file, detail });
  }
}
