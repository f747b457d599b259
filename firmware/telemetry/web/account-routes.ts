/**
 * The routes about people: set up, log in, log out, who am I, list and change users. The session travels in
 * a cookie that scripts cannot read and other sites cannot send. Source: contract of the telemetry pieces;
 * RFC 6265bis 5.6 (SameSite); OWASP ASVS 5 chapters 6 and 7.
 */
import type { Log } from "../../log.ts";
import type { AccountDesk, Let } from "./account-desk.ts";
import { json, refuse, type WebAnswer, type WebRequest } from "./answer.ts";
import { isUsablePassword, PASSWORD_MAX, PASSWORD_MIN } from "./password.ts";
import type { Session } from "./sessions.ts";
import type { Change, UsersState } from "./users.ts";
import { adminCount, isRole, isUserName, USERS_MAX, type User } from "./users-file.ts";

export const SESSION_COOKIE = "kage_session";

export interface AccountContext {
  readonly desk: AccountDesk;
  readonly log: Log;
  /** True when served over TLS. */
  readonly secure: boolean;
  nowMs(): number;
}

export type Handler = (
  request: WebRequest,
  context: AccountContext,
) => Promise<WebAnswer> | WebAnswer;

/** GET /session. `?active=1` counts as use: the page asks so when its operator moves hand or key. */
export const getSession: Handler = (request, { desk, nowMs }) => {
  const { session } = request;
  if (session === null) return refuse("web-login-needed");
  if (request.query.get("active") === "1") desk.sessions.touch(session, nowMs());
  const leftS = Math.floor(desk.sessions.leftMs(session, nowMs()) / 1000);
  return json({ user: session.user, role: session.role, leftS });
};

/** POST /login {user, password}. */
export const postLogin: Handler = async (request, context) => {
  const { user, password } = request.body;
  if (typeof user !== "string" || typeof password !== "string") {
    return refuse("web-bad-request", { reason: "expected user and password, both texts" });
  }
  if (!isUserName(user) || password.length > PASSWORD_MAX * 4) return refuse("web-wrong-login");
  const identified = await context.desk.identify(request.address, user, password);
  if (identified.kind === "out") return identified.answer;
  return welcome(request, context, identified.value, "logged in");
};

/** POST /setup {code, user, password}: makes the first administrator. */
export const postSetup: Handler = async (request, context) => {
  const { code, user, password } = request.body;
  if (typeof code !== "string" || typeof user !== "string" || typeof password !== "string") {
    return refuse("web-bad-request", { reason: "expected code, user and password, all texts" });
  }
  const { desk } = context;
  const checked = await desk.checkCode(request.address, code);
  if (checked.kind === "out") return checked.answer;
  const made = await makeUser(desk, user, password, "admin");
  if (made.kind === "out") return made.answer;
  const change = await desk.users.change((state): Change<WebAnswer> => {
    if (state.kind === "none") return { kind: "save", users: new Map([[user, made.value]]) };
    return { kind: "refuse", why: refuse("web-setup-done") };
  });
  if (change.kind === "refuse") return change.why;
  if (change.kind === "failed") return refuse("web-store-failed", { reason: change.text });
  await desk.refresh();
  return welcome(request, context, made.value, "first administrator made");
};

/** POST /logout. */
export const postLogout: Handler = (request, { desk, secure, log }) => {
  const { session } = request;
  if (session !== null) {
    desk.sessions.end(session, "logout");
    log.info({ user: session.user, address: request.address }, "logged out");
  }
  return json({ ok: true }, { "set-cookie": `${cookie("", secure)}; Max-Age=0` });
};

/** GET /users: names and roles, never hashes. */
export const getUsers: Handler = (_request, { desk }) => {
  const { state } = desk.users;
  const users = state.kind === "users" ? [...state.users.values()] : [];
  return json({ users: users.map(({ name, role }) => ({ user: name, role })) });
};

/**
 * POST /users {user, role?, password?, create?}: a new user needs both, an old one keeps what is left out.
 * With `create` true an old one is refused, so that adding never gives somebody's account away.
 */
export const postUsers: Handler = async (request, context) => {
  const { user, role, password, create } = request.body;
  if (!isUserName(user)) return refuse("web-bad-user-name");
  if (role !== undefined && !isRole(role)) {
    return refuse("web-bad-request", { reason: "expected role: view, op or admin" });
  }
  if (password !== undefined && typeof password !== "string") {
    return refuse("web-bad-request", { reason: "expected password: a text" });
  }
  const { desk } = context;
  let made: User | null = null;
  if (password !== undefined) {
    const result = await makeUser(desk, user, password, role ?? "view");
    if (result.kind === "out") return result.answer;
    made = result.value;
  }
  return changeUsers(request, context, `user ${user} saved`, (users) => {
    const old = users.get(user);
    if (create === true && old !== undefined) return refuse("web-user-exists", { user });
    if (old === undefined && (made === null || role === undefined)) {
      return refuse("web-bad-request", { reason: "a new user needs role and password" });
    }
    if (old === undefined && users.size >= USERS_MAX) {
      return refuse("web-users-full", { max: USERS_MAX });
    }
    const base = made ?? old;
    if (base === undefined) return refuse("web-unknown-user", { user });
    return new Map(users).set(user, { ...base, role: role ?? old?.role ?? base.role });
  });
};

/** DELETE /users {user}. */
export const deleteUsers: Handler = (request, context) => {
  const { user } = request.body;
  if (!isUserName(user)) return refuse("web-bad-user-name");
  return changeUsers(request, context, `user ${user} removed`, (users) => {
    if (!users.has(user)) return refuse("web-unknown-user", { user });
    const rest = new Map(users);
    rest.delete(user);
    return rest;
  });
};

type Decide = (users: ReadonlyMap<string, User>) => Map<string, User> | WebAnswer;

async function changeUsers(
  request: WebRequest,
  { desk, log }: AccountContext,
  what: string,
  decide: Decide,
): Promise<WebAnswer> {
  const change = await desk.users.change((state: UsersState): Change<WebAnswer> => {
    if (!isStillAdmin(state, request.session)) {
      return { kind: "refuse", why: refuse("web-login-needed") };
    }
    const decided = decide(state.users);
    if (!(decided instanceof Map)) return { kind: "refuse", why: decided };
    if (adminCount(decided) > 0) return { kind: "save", users: decided };
    return { kind: "refuse", why: refuse("web-last-admin") };
  });
  if (change.kind === "refuse") return change.why;
  if (change.kind === "failed") return refuse("web-store-failed", { reason: change.text });
  log.info({ by: request.session?.user, address: request.address }, what);
  await desk.refresh();
  return json({ ok: true });
}

/** Two administrators at once: who was demoted while waiting for the turn changes nothing any more. */
function isStillAdmin(
  state: UsersState,
  session: Session | null,
): state is Extract<UsersState, { kind: "users" }> {
  if (state.kind !== "users" || session === null || !session.open) return false;
  return state.users.get(session.user)?.role === "admin";
}

/** Checks name and password by the rules and hashes the password. */
export async function makeUser(
  desk: AccountDesk,
  name: string,
  password: string,
  role: User["role"],
): Promise<Let<User>> {
  if (!isUserName(name)) return { kind: "out", answer: refuse("web-bad-user-name") };
  if (!isUsablePassword(password, name)) {
    const limits = { min: PASSWORD_MIN, max: PASSWORD_MAX };
    return { kind: "out", answer: refuse("web-bad-password", limits) };
  }
  const hash = await desk.passwords.hash(password);
  if (hash === null) return { kind: "out", answer: refuse("web-busy", {}, { "retry-after": "2" }) };
  return { kind: "in", value: { name, role, password: hash } };
}

/** A new session with a new cookie value; the one the browser had before ends (session fixation). */
function welcome(
  request: WebRequest,
  { desk, log, secure }: AccountContext,
  user: User,
  what: string,
): WebAnswer {
  if (request.session !== null) desk.sessions.end(request.session, "displaced");
  const started = desk.startSession(user);
  if (started.kind === "out") return started.answer;
  log.info({ user: user.name, role: user.role, address: request.address }, what);
  const headers = { "set-cookie": cookie(started.value.token, secure) };
  return json({ user: user.name, role: user.role }, headers);
}

export function cookie(value: string, secure: boolean): string {
  const flags = `HttpOnly; SameSite=Strict; Path=/${secure ? "; Secure" : ""}`;
  return `${SESSION_COOKIE}=${value}; ${flags}`;
}
