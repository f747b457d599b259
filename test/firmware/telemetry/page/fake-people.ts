/**
 * The users of the stand-in server: the routes about people as the web server answers them, with its
 * refusals in both languages. Passwords are kept as they are, because nothing here is worth hiding.
 * Source: contract of the telemetry pieces (HTTP); firmware/telemetry/web/account-routes.ts.
 */
import { refusalBody, statusOf } from "../../../../firmware/telemetry/web/answer.ts";
import type { WebRefusalKey } from "../../../../services/catalogue/dashboard.ts";
import type { Role } from "../../../../services/telemetry/model.ts";

export const PASSWORD = "correct horse";

interface Account {
  role: Role;
  password: string;
}

export interface FakeAnswer {
  readonly status: number;
  readonly body: object;
}

type Json = Readonly<Record<string, unknown>>;

export class FakePeople {
  readonly accounts = new Map<string, Account>([
    ["admin", { role: "admin", password: PASSWORD }],
    ["operator", { role: "op", password: PASSWORD }],
    ["viewer", { role: "view", password: PASSWORD }],
  ]);

  roleOf(user: string): Role {
    return this.accounts.get(user)?.role ?? "admin";
  }

  /** Null = not a route of this desk. */
  answer(method: string, path: string, user: string, body: Json): FakeAnswer | null {
    if (path === "/password" && method === "POST") return this.#change(user, body);
    if (path !== "/users") return null;
    if (this.roleOf(user) !== "admin") return refused("web-role-needed", { role: "admin" });
    if (method === "GET") return ok({ users: this.#list() });
    return method === "DELETE" ? this.#remove(String(body["user"])) : this.#save(body);
  }

  #list(): readonly object[] {
    return [...this.accounts].map(([user, { role }]) => ({ user, role }));
  }

  #change(user: string, { old, password }: Json): FakeAnswer {
    const account = this.accounts.get(user);
    if (account?.password !== old) return refused("web-wrong-password");
    if (String(password).length < 10) return refused("web-bad-password", { min: 10, max: 128 });
    if (account !== undefined) account.password = String(password);
    return ok({ ok: true });
  }

  #save({ user, role, password, create }: Json): FakeAnswer {
    const name = String(user);
    const old = this.accounts.get(name);
    if (create === true && old !== undefined) return refused("web-user-exists", { user: name });
    if (typeof password === "string" && password.length < 10) {
      return refused("web-bad-password", { min: 10, max: 128 });
    }
    if (role !== undefined && role !== "admin" && this.#isLast(name)) {
      return refused("web-last-admin");
    }
    this.accounts.set(name, {
      role: (role as Role | undefined) ?? old?.role ?? "view",
      password: String(password ?? old?.password),
    });
    return ok({ users: this.#list() });
  }

  #remove(name: string): FakeAnswer {
    if (this.#isLast(name)) return refused("web-last-admin");
    if (!this.accounts.delete(name)) return refused("web-unknown-user", { user: name });
    return ok({ users: this.#list() });
  }

  #isLast(name: string): boolean {
    const admins = [...this.accounts].filter(([, { role }]) => role === "admin");
    return admins.length === 1 && admins[0]?.[0] === name;
  }
}

const ok = (body: object): FakeAnswer => ({ status: 200, body });

const refused = (key: WebRefusalKey, data: Readonly<Record<string, string | number>> = {}) => ({
  status: statusOf(key),
  body: refusalBody(key, data),
});
