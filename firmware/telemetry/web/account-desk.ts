/**
 * Who may come in: checks names, passwords and the one-time code, and makes sessions of them. Every wrong
 * answer costs the same time and tells the same, and every way in goes through the same throttle.
 * Source: issue 3 item 7; OWASP ASVS 5 chapter 6; IEC 62443-4-2 CR 1.1, 1.5, 1.11.
 */
import { createHash } from "node:crypto";
import type { Log } from "../../log.ts";
import { refuse, type WebAnswer } from "./answer.ts";
import { addressKey } from "./gate.ts";
import { createPasswordDesk, type PasswordDesk } from "./password.ts";
import {
  createSessions,
  type Holder,
  type SessionLimits,
  type Sessions,
  type Started,
} from "./sessions.ts";
import { isSameCode, obtainSetupCode, removeSetupCode } from "./setup-code.ts";
import { createThrottle, type Throttle } from "./throttle.ts";
import { openUserStore, type UserStore, type UsersState } from "./users.ts";
import type { User } from "./users-file.ts";

export interface DeskOptions {
  readonly usersFile: string;
  readonly setupCodeFile: string;
  readonly limits: SessionLimits;
  readonly log: Log;
  /** Monotonic ms. */
  nowMs(): number;
  /** Shows the one-time code to whoever stands before the console; never goes to the log. */
  announce(code: string): void;
}

export type Let<T> =
  | { readonly kind: "in"; readonly value: T }
  | { readonly kind: "out"; readonly answer: WebAnswer };

export interface AccountDesk {
  readonly users: UserStore;
  readonly passwords: PasswordDesk;
  readonly sessions: Sessions;
  /** True when the first user is still to be made. */
  readonly setupNeeded: boolean;
  readonly loginFailures: number;
  /** A user by name and password; wrong ones make the next attempt of this address and user wait. */
  identify(address: string, name: string, password: string): Promise<Let<User>>;
  /** Checks the one-time code, throttled like a password. */
  checkCode(address: string, typed: string): Promise<Let<null>>;
  startSession(user: User): Let<Started>;
  /** Reads changed files, ends sessions whose user has changed, keeps the one-time code in step. */
  refresh(): Promise<void>;
}

/** Name characters cannot hold a colon, so these keys are nobody's name. */
const SETUP_KEY = "setup:";
const UNKNOWN_BUCKETS = 256;

export async function openAccountDesk(options: DeskOptions): Promise<AccountDesk> {
  const { nowMs } = options;
  const users = await openUserStore(options.usersFile);
  const sessions = createSessions(options.limits);
  const parts: Parts = {
    ...{ options, users, passwords: createPasswordDesk(), throttle: createThrottle() },
    setup: createSetupDesk(options, users),
    loginFailures: 0,
  };
  await parts.setup.follow();
  return {
    users,
    passwords: parts.passwords,
    sessions,
    get setupNeeded() {
      return users.state.kind === "none";
    },
    get loginFailures() {
      return parts.loginFailures;
    },
    identify: (address, name, password) => identify(parts, address, name, password),
    checkCode: (address, typed) => checkCode(parts, address, typed),
    startSession(user) {
      const started = sessions.start(holderOf(user), nowMs());
      return started === null ? out("web-busy") : { kind: "in", value: started };
    },
    async refresh() {
      await users.refresh();
      await parts.setup.follow();
      sessions.endUnless((session) => fits(users.state, session), "user-changed");
    },
  };
}

interface Parts {
  readonly options: DeskOptions;
  readonly users: UserStore;
  readonly passwords: PasswordDesk;
  readonly throttle: Throttle;
  readonly setup: SetupDesk;
  loginFailures: number;
}

async function identify(
  parts: Parts,
  peer: string,
  name: string,
  password: string,
): Promise<Let<User>> {
  const { users, throttle, passwords, options } = parts;
  const address = addressKey(peer);
  const state = await users.refresh();
  if (state.kind === "damaged") return out("web-users-damaged", { reason: state.reason });
  const found = state.kind === "users" ? (state.users.get(name) ?? null) : null;
  const key = found === null ? bucketOf(name) : found.name;
  const { waitMs } = throttle.begin(address, key, options.nowMs());
  if (waitMs > 0) return tooMany(waitMs);
  const checked = await passwords.check(password, found?.password ?? null);
  if (checked === "busy") {
    throttle.withdraw(address, key);
    return out("web-busy", {}, { "retry-after": "2" });
  }
  // The user may have been changed while the password was being worked on.
  if (checked === "right" && found !== null && fits(users.state, holderOf(found))) {
    throttle.succeed(address, key);
    return { kind: "in", value: found };
  }
  parts.loginFailures++;
  options.log.warn({ user: name.slice(0, 64), address: peer }, "login refused");
  return out("web-wrong-login");
}

async function checkCode(parts: Parts, peer: string, typed: string): Promise<Let<null>> {
  const { users, throttle, setup, options } = parts;
  const address = addressKey(peer);
  const state = await users.refresh();
  await setup.follow();
  if (state.kind === "damaged") return out("web-users-damaged", { reason: state.reason });
  if (state.kind === "users") return out("web-setup-done");
  const { code, trouble } = setup;
  if (code === null) return out("web-store-failed", { reason: trouble });
  const { waitMs } = throttle.begin(address, SETUP_KEY, options.nowMs());
  if (waitMs > 0) return tooMany(waitMs);
  if (isSameCode(typed, code)) {
    throttle.succeed(address, SETUP_KEY);
    return { kind: "in", value: null };
  }
  parts.loginFailures++;
  options.log.warn({ address: peer }, "wrong one-time code");
  return out("web-wrong-code");
}

interface SetupDesk {
  /** Null = none is needed, or none could be kept (`trouble` says why). */
  readonly code: string | null;
  readonly trouble: string;
  /** Makes, keeps or removes the code as the accounts then ask for; calls run one after another. */
  follow(): Promise<void>;
}

function createSetupDesk(options: DeskOptions, users: UserStore): SetupDesk {
  const { log, setupCodeFile, announce } = options;
  let code: string | null = null;
  let codeFileGone = false;
  let trouble = "";
  let queue: Promise<void> = Promise.resolve();

  /** Says each trouble once, not once per look. */
  function say(now: string): void {
    if (now !== "" && now !== trouble) log.error({ trouble: now }, "accounts cannot be used");
    trouble = now;
  }

  async function step(state: UsersState): Promise<void> {
    if (state.kind === "damaged") {
      code = null;
      return say(state.reason);
    }
    if (state.kind === "users") {
      code = null;
      // Also one that outlived its use because the process was killed between the two writes.
      const failure = codeFileGone ? null : await removeSetupCode(setupCodeFile);
      codeFileGone = failure === null;
      return say(failure ?? "");
    }
    codeFileGone = false;
    if (code !== null) return;
    const obtained = await obtainSetupCode(setupCodeFile);
    if (obtained.kind === "failed") return say(obtained.reason);
    code = obtained.code;
    say("");
    announce(code);
  }

  return {
    get code() {
      return code;
    },
    get trouble() {
      return trouble;
    },
    follow() {
      const turn = queue.then(() => step(users.state));
      queue = turn.catch((fault: unknown) => say(String(fault)));
      return turn;
    },
  };
}

/** True while the user is as it was when it logged in. */
function fits(state: UsersState, holder: Holder): boolean {
  if (state.kind !== "users") return false;
  const now = state.users.get(holder.user);
  return now !== undefined && now.role === holder.role && now.password.salt === holder.stamp;
}

const holderOf = (user: User): Holder => ({
  user: user.name,
  role: user.role,
  stamp: user.password.salt,
});

/** Names that do not exist share few counters: made-up names must not fill the table. */
function bucketOf(name: string): string {
  const [first = 0] = createHash("sha256").update(name).digest();
  return `unknown:${first % UNKNOWN_BUCKETS}`;
}

function out(...refusal: Parameters<typeof refuse>): { kind: "out"; answer: WebAnswer } {
  return { kind: "out", answer: refuse(...refusal) };
}

function tooMany(waitMs: number): { kind: "out"; answer: WebAnswer } {
  const seconds = Math.ceil(waitMs / 1000);
  return out("web-too-many-attempts", { seconds }, { "retry-after": String(seconds) });
}
