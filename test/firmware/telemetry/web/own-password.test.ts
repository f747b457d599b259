/**
 * POST /password and `create` of POST /users: the present password is needed and throttled, the session that
 * asks lives on under another cookie value, all others of that user end. Also: two processes, one file.
 * Source: issue 3 item 7; OWASP ASVS 5 chapters 6 and 7.
 */
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openUserStore } from "../../../../firmware/telemetry/web/users.ts";
import type { User } from "../../../../firmware/telemetry/web/users-file.ts";
import { ADMIN, addUser, ask, cookieOf, openStage, post, type Stage, setUp } from "./stage.ts";

const OLD = "a secret of mine";
const NEW = "seven green herons";

async function staged(work: (stage: Stage, admin: string) => Promise<void>): Promise<void> {
  const stage = await openStage();
  try {
    await work(stage, await setUp(stage));
  } finally {
    await stage.close();
  }
}

const isIn = async ({ web }: Stage, cookie: string): Promise<boolean> =>
  (await ask(web, "/session", { cookie })).status === 200;

test("whoever is logged in changes the own password; this session stays, the others end", () =>
  staged(async (stage, admin) => {
    const { web } = stage;
    const first = await addUser(stage, admin, "vic", "view");
    const second = cookieOf(await post(web, "/login", { user: "vic", password: OLD }));
    const done = await post(web, "/password", { old: OLD, password: NEW }, second);
    assert.equal([done.status, done.json], [200, { ok: true }]);
    const renewed = cookieOf(done);
    assert.match(done.headers["set-cookie"]?.[0] ?? "", /; HttpOnly; SameSite=Strict; Path=\/$/);
    assert.is.not(renewed, second);
    const left = await Promise.all([renewed, second, first, admin].map((one) => isIn(stage, one)));
    assert.equal(left, [true, false, false, true]);
    assert.is((await post(web, "/login", { user: "vic", password: OLD })).status, 401);
    const again = await post(web, "/login", { user: "vic", password: NEW });
    assert.equal(again.json, { user: "vic", role: "view" }, "the role is what it was");
    const said = stage.logged.join("\n");
    for (const secret of [OLD, NEW]) assert.not(said.includes(secret));
  }));

const REFUSED: readonly [what: string, body: object, status: number, code: string][] = [
  ["an endless present password", { old: "x".repeat(600), password: NEW }, 403, "KG-9827"],
  ["the new one is too short", { old: OLD, password: "short" }, 400, "KG-9817"],
  ["the present one is missing", { password: NEW }, 400, "KG-9810"],
  ["no texts", { old: OLD, password: 7 }, 400, "KG-9810"],
  ["the present password is wrong", { old: "not mine at all", password: NEW }, 403, "KG-9827"],
];

test("the own password stays when the present one is wrong or the new one unusable", () =>
  staged(async (stage, admin) => {
    const cookie = await addUser(stage, admin, "vic", "view");
    for (const [what, body, status, code] of REFUSED) {
      const said = await post(stage.web, "/password", body, cookie);
      assert.equal([said.status, said.json.code], [status, code], what);
    }
    assert.ok(await isIn(stage, cookie));
    assert.is((await post(stage.web, "/login", { user: "vic", password: OLD })).status, 200);
  }));

test("without a login there is no own password, and guessing it makes the next attempt wait", () =>
  staged(async (stage, admin) => {
    const { web } = stage;
    assert.is((await post(web, "/password", { old: OLD, password: NEW })).status, 401);
    const cookie = await addUser(stage, admin, "vic", "view");
    let waits = false;
    for (let attempt = 0; attempt < 20 && !waits; attempt += 1) {
      const said = await post(web, "/password", { old: "guess a lot", password: NEW }, cookie);
      waits = said.status === 429;
    }
    assert.ok(waits);
    const right = await post(web, "/password", { old: OLD, password: NEW }, cookie);
    assert.is(right.status, 429, "also with the right one");
  }));

test("an administrator's own password is changed without losing the role", () =>
  staged(async ({ web }, admin) => {
    const done = await post(web, "/password", { old: ADMIN.password, password: NEW }, admin);
    assert.is(done.status, 200);
    const users = await ask(web, "/users", { cookie: cookieOf(done) });
    assert.equal(users.json.users, [{ user: "admin", role: "admin" }]);
  }));

test("adding refuses a name that exists and leaves its password alone", () =>
  staged(async (stage, admin) => {
    await addUser(stage, admin, "vic", "view");
    const body = { user: "vic", role: "admin", password: NEW, create: true };
    const said = await post(stage.web, "/users", body, admin);
    assert.equal([said.status, said.json.code], [409, "KG-9828"]);
    assert.is((await post(stage.web, "/login", { user: "vic", password: OLD })).status, 200);
  }));

test("two processes that change the file at once lose nothing, and neither sees half a list", () =>
  staged(async (stage) => {
    const file = join(stage.folder, "users.json");
    const stores = await Promise.all([openUserStore(file), openUserStore(file)]);
    const names = Array.from({ length: 20 }, (_, at) => `user${String(at).padStart(2, "0")}`);
    const done = await Promise.all(
      names.map((name, at) =>
        stores[at % 2]?.change((state) => {
          if (state.kind !== "users") return { kind: "refuse", why: state.kind };
          const [admin] = [...state.users.values()];
          const users = new Map<string, User>(state.users);
          if (admin !== undefined) users.set(name, { ...admin, name, role: "view" });
          return { kind: "save", users };
        }),
      ),
    );
    assert.equal(new Set(done.map((one) => one?.kind)), new Set(["save"]));
    const state = await stores[0]?.refresh();
    const found = state?.kind === "users" ? [...state.users.keys()] : [];
    assert.equal(found, ["admin", ...names]);
  }));

test.run();
