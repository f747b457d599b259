/**
 * `kage user`: the people of the dashboard, changed in the file that the web server reads, by its rules
 * and under its lock. A running telemetry process sees the change within a second; it need not run.
 * The password comes from the terminal or standard input, never from the command line.
 * Source: work order 3 item 7; firmware/telemetry/web/users.ts.
 */
import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { LOCAL_FILE } from "../../flash/package/places.ts";
import type { WebRefusalKey } from "../../services/catalogue/dashboard.ts";
import { type EventData, renderRefusal } from "../../services/catalogue.ts";
import {
  createPasswordDesk,
  isUsablePassword,
  PASSWORD_MAX,
  PASSWORD_MIN,
  type PasswordHash,
} from "../telemetry/web/password.ts";
import { type Change, openUserStore, type UserStore } from "../telemetry/web/users.ts";
import {
  adminCount,
  isRole,
  isUserName,
  ROLES,
  USERS_MAX,
  type User,
} from "../telemetry/web/users-file.ts";
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
import { type Cell, layTable, type Style } from "./columns.ts";
import { discover } from "./discover.ts";
import { EXIT, type ExitCode, type Trouble } from "./exit-code.ts";
import { readLocal } from "./member-files.ts";
import type { MessageKey } from "./messages.ts";

type Users = ReadonlyMap<string, User>;

export async function runUser(call: Call): Promise<ExitCode> {
  const file = usersFile(call);
  if (isTrouble(file)) return fail(call, file);
  const store = await openUserStore(file);
  if (store.state.kind === "damaged") {
    return fail(call, refused(call, "web-users-damaged", { reason: store.state.reason }));
  }
  const [, verb] = call.invocation.command.split(" ");
  if (verb === "list") return listUsers(call, store);
  const foreign = ownerTrouble(call, dirname(file));
  if (foreign !== null) return fail(call, foreign);
  const user = operand(call, 0);
  if (!isUserName(user)) return fail(call, refused(call, "web-bad-user-name"));
  if (verb === "add") return addUser(call, store, user);
  return verb === "remove" ? removeUser(call, store, user) : setPassword(call, store, user);
}

function listUsers(call: Call, store: UserStore): ExitCode {
  const list = [...usersOf(store).values()].map(({ name, role }) => ({ user: name, role }));
  if (wantsJson(call)) printJson(call, { users: list });
  else if (list.length === 0) printLines(call, [call.say("userNone")]);
  else {
    const row = (style: Style, texts: readonly string[]): readonly Cell[] =>
      texts.map((text) => ({ text, style }));
    const head = row("head", [call.say("userHead"), call.say("roleHead")]);
    const rows = list.map(({ user, role }) => row("plain", [user, role]));
    printLines(call, layTable([head, ...rows], call.paint));
  }
  return EXIT.done;
}

async function addUser(call: Call, store: UserStore, user: string): Promise<ExitCode> {
  const { role } = call.invocation.texts;
  if (!isRole(role)) {
    const message = call.say("needsOption", { option: `--role ${ROLES.join("|")}` });
    const remedy = call.say("seeHelp", { help: `kage help ${call.invocation.command}` });
    return fail(call, usageTrouble(message, remedy));
  }
  const decide = (users: Users): Trouble | null => {
    if (users.has(user)) return refused(call, "web-user-exists", { user });
    if (users.size >= USERS_MAX) return refused(call, "web-users-full", { max: USERS_MAX });
    if (users.size > 0 || role === "admin") return null;
    return own(call, EXIT.refused, "userFirst", "userFirstDo", { user });
  };
  // Before anybody thinks of a password in vain; decided again under the lock.
  const early = decide(usersOf(store));
  if (early !== null) return fail(call, early);
  const password = await newPassword(call, user);
  if (isTrouble(password)) return fail(call, password);
  return change(call, store, { user, role, key: "userAdded" }, (users) => {
    return decide(users) ?? new Map(users).set(user, { name: user, role, password });
  });
}

async function removeUser(call: Call, store: UserStore, user: string): Promise<ExitCode> {
  return change(call, store, { user, key: "userRemoved" }, (users) => {
    if (!users.has(user)) return refused(call, "web-unknown-user", { user });
    const rest = new Map(users);
    rest.delete(user);
    return adminCount(rest) === 0 ? refused(call, "web-last-admin") : rest;
  });
}

async function setPassword(call: Call, store: UserStore, user: string): Promise<ExitCode> {
  const unknown = (): Trouble => refused(call, "web-unknown-user", { user });
  if (!usersOf(store).has(user)) return fail(call, unknown());
  const password = await newPassword(call, user);
  if (isTrouble(password)) return fail(call, password);
  return change(call, store, { user, key: "userPasswd" }, (users) => {
    const old = users.get(user);
    return old === undefined ? unknown() : new Map(users).set(user, { ...old, password });
  });
}

interface Told {
  readonly user: string;
  readonly role?: string;
  readonly key: MessageKey;
}

async function change(
  call: Call,
  store: UserStore,
  { key, ...told }: Told,
  decide: (users: Users) => Map<string, User> | Trouble,
): Promise<ExitCode> {
  const done = await store.change((state): Change<Trouble> => {
    if (state.kind === "damaged") {
      const { reason } = state;
      return { kind: "refuse", why: refused(call, "web-users-damaged", { reason }) };
    }
    const decided = decide(state.kind === "users" ? state.users : new Map());
    if (isTrouble(decided)) return { kind: "refuse", why: decided };
    return { kind: "save", users: decided };
  });
  if (done.kind === "refuse") return fail(call, done.why);
  if (done.kind === "failed") {
    return fail(call, refused(call, "web-store-failed", { reason: done.text }));
  }
  if (wantsJson(call)) printJson(call, { ok: true, exit: EXIT.done, ...told });
  else printLines(call, [call.paint("good", call.say(key, { role: "", ...told }))]);
  return EXIT.done;
}

/** Asked twice where somebody types it; by the same rules as on the page. */
async function newPassword(call: Call, user: string): Promise<PasswordHash | Trouble> {
  const { io, say } = call;
  const password = await io.secret(say("userAskPassword", { user }));
  if (password === null || password === "") {
    const { role } = call.invocation.texts;
    const command = `kage ${commandLine(call)}${role === undefined ? "" : ` --role ${role}`}`;
    return own(call, EXIT.failed, "userNoPassword", "userNoPasswordDo", { command });
  }
  if (!isUsablePassword(password, user)) {
    return refused(call, "web-bad-password", { min: PASSWORD_MIN, max: PASSWORD_MAX });
  }
  if (io.canAsk && (await io.secret(say("userAskAgain"))) !== password) {
    return own(call, EXIT.failed, "userPasswordsDiffer", "userPasswordsDifferDo");
  }
  const hash = await createPasswordDesk().hash(password);
  return hash ?? refused(call, "web-busy");
}

const usersOf = ({ state }: UserStore): Users =>
  state.kind === "users" ? state.users : new Map<string, User>();

/** Where the dashboard of the cluster found here keeps its users. */
function usersFile(call: Call): string | Trouble {
  const localFile = findLocal(call);
  if (isTrouble(localFile)) return localFile;
  const local = readLocal(call, localFile);
  if (isTrouble(local)) return local;
  if (local?.telemetry === undefined) {
    return own(call, EXIT.refused, "userNoDashboard", "userNoDashboardDo", { file: localFile });
  }
  const file = local.telemetry.usersFile ?? join(local.stateDir, "users.json");
  return resolve(dirname(localFile), file);
}

/** The servers of a virtual appliance share their users, so any of them will do. */
function findLocal(call: Call): string | Trouble {
  const { local, state } = call.invocation.texts;
  if (local !== undefined) return local;
  const found = discover({ local, state }, call.io.env, call.say);
  if (found.kind === "found") {
    const known = found.place.agents.find((agent) => agent.localFile !== null);
    return known?.localFile ?? own(call, EXIT.usage, "userNoLocal", "userNoLocalDo");
  }
  // Also while nothing of the cluster runs on this server.
  const { env } = call.io;
  const isExplicit = state !== undefined || Boolean(env["KAGE_STATE_DIR"] ?? env["KAGE_RUN_DIR"]);
  return !isExplicit && existsSync(LOCAL_FILE) ? LOCAL_FILE : found.trouble;
}

function ownerTrouble(call: Call, dir: string): Trouble | null {
  try {
    const { uid } = statSync(dir);
    if (uid === process.geteuid?.()) return null;
    return own(call, EXIT.unauthorised, "userForeign", "userForeignDo", { dir, owner: `${uid}` });
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    return refused(call, "web-store-failed", { reason: error.message });
  }
}

function own(
  call: Call,
  exit: Trouble["exit"],
  key: MessageKey,
  remedy: MessageKey,
  values: Readonly<Record<string, string>> = {},
): Trouble {
  return { exit, code: null, message: call.say(key, values), remedy: call.say(remedy, values) };
}

const refused = (call: Call, key: WebRefusalKey, data: EventData = {}): Trouble =>
  renderRefusal(key, data, call.lang);
