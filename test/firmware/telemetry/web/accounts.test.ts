/**
 * First start, log in, log out, users: over real sockets, with the clock moved by the test. What an attacker
 * tries (guessing, fixation, a race for the first administrator, a spoilt file) has a test each.
 */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { until } from "../../../deadline.ts";
import {
  ADMIN,
  addUser,
  ask,
  cookieOf,
  openStage,
  post,
  readText,
  type Stage,
  setUp,
} from "./stage.ts";

async function staged(
  work: (stage: Stage) => Promise<void>,
  prepare?: (folder: string) => void,
): Promise<void> {
  // Only the test moves its clock: a machine that pauses would end a wait of a second by itself.
  const stage = await openStage({}, prepare, () => 0);
  try {
    await work(stage);
  } finally {
    await stage.close();
  }
}

test("first start: the one-time code makes the administrator, once, and goes away", () =>
  staged(async (stage) => {
    const { web } = stage;
    const code = stage.codes[0] ?? "";
    assert.is(stage.codes.length, 1);
    assert.is(readText(stage, "setup-code").trim(), code);
    assert.ok((await ask(web, "/bootstrap.json")).json.setupNeeded);
    assert.is((await post(web, "/login", ADMIN)).status, 401);
    const wrong = await post(web, "/setup", { ...ADMIN, code: "AAAA-AAAA" });
    assert.is(wrong.json.code, "KG-9807");
    const weak = await post(web, "/setup", { code, user: "admin", password: "short" });
    assert.is(weak.json.code, "KG-9817");
    const named = await post(web, "/setup", { ...ADMIN, code, user: "Robert'); DROP" });
    assert.is(named.json.code, "KG-9818");
    const done = await post(web, "/setup", { ...ADMIN, code: code.toLowerCase() });
    assert.equal(done.json, { user: "admin", role: "admin" });
    const session = await ask(web, "/session", { cookie: cookieOf(done) });
    assert.equal(session.json, { user: "admin", role: "admin", leftS: session.json.leftS });
    assert.ok(session.json.leftS > 1790 && session.json.leftS <= 1800);
    assert.not(existsSync(join(stage.folder, "setup-code")));
    const again = await post(web, "/setup", { ...ADMIN, code });
    assert.is(again.json.code, "KG-9808");
    assert.not((await ask(web, "/bootstrap.json")).json.setupNeeded);
    const said = stage.logged.join("\n");
    for (const secret of [code, ADMIN.password]) assert.not(said.includes(secret));
    assert.not.match(readText(stage, "users.json"), ADMIN.password);
  }));

test("two browsers race for the first administrator: exactly one is made", () =>
  staged(async (stage) => {
    const code = stage.codes[0] ?? "";
    const race = await Promise.all(
      ["anna", "bert"].map((user) => post(stage.web, "/setup", { ...ADMIN, user, code })),
    );
    assert.equal(race.map(({ status }) => status).sort(), [200, 409]);
    const users = JSON.parse(readText(stage, "users.json")).users;
    assert.is(users.length, 1);
  }));

test("a spoilt file of users: login, setup and change are refused with the reason, no code is made", () =>
  staged(
    async (stage) => {
      const { web } = stage;
      assert.equal(stage.codes, []);
      for (const path of ["/login", "/setup"]) {
        const said = await post(web, path, { ...ADMIN, code: "AAAA-AAAA" });
        assert.is(said.status, 503);
        assert.is(said.json.code, "KG-9809");
        assert.match(said.json.text.en, "not a JSON object");
      }
      const { json } = await ask(web, "/bootstrap.json");
      assert.not(json.setupNeeded);
      assert.ok(json.usersDamaged);
      assert.is(readText(stage, "users.json"), "{ half");
      assert.is(stage.logged.filter((line) => line.includes("cannot be used")).length, 1);
      rmSync(join(stage.folder, "users.json"));
      await until("a new one-time code", () => stage.codes.length === 1);
      await setUp(stage);
    },
    (folder) => writeFileSync(join(folder, "users.json"), "{ half", { mode: 0o600 }),
  ));

test("the cookie: HttpOnly, strict, whole site, no expiry, another value at every login", () =>
  staged(async (stage) => {
    const first = await setUp(stage);
    const said = await post(stage.web, "/login", ADMIN, first);
    const [set = ""] = said.headers["set-cookie"] ?? [];
    assert.match(set, /^kage_session=[A-Za-z0-9_-]{43}; HttpOnly; SameSite=Strict; Path=\/$/);
    assert.is.not(cookieOf(said), first);
    assert.is((await ask(stage.web, "/session", { cookie: first })).status, 401, "fixation");
    const cookie = cookieOf(said);
    const out = await post(stage.web, "/logout", {}, cookie);
    assert.match(out.headers["set-cookie"]?.[0] ?? "", /^kage_session=; .*Max-Age=0$/);
    assert.is((await ask(stage.web, "/session", { cookie })).status, 401);
    assert.is((await post(stage.web, "/logout", {})).status, 200, "twice does no harm");
  }));

test("wrong user and wrong password are told the same, and a user who does not exist too", () =>
  staged(async (stage) => {
    await setUp(stage);
    const answers = [
      await post(stage.web, "/login", { ...ADMIN, password: "wrong password" }),
      await post(stage.web, "/login", { ...ADMIN, user: "nobody" }),
      await post(stage.web, "/login", { ...ADMIN, user: "__proto__" }),
    ];
    for (const { status, text } of answers) {
      assert.is(status, 401);
      assert.is(text, answers[0]?.text);
    }
  }));

test("brute force: after four wrong guesses the address waits, longer each time, then may try again", () =>
  staged(async (stage) => {
    await setUp(stage);
    const guess = (password: string) => post(stage.web, "/login", { user: "admin", password });
    for (let count = 0; count < 4; count++) assert.is((await guess("a wrong one")).status, 401);
    const waits = await guess(ADMIN.password);
    assert.is(waits.status, 429, "even the right one");
    assert.is(waits.headers["retry-after"], "1");
    assert.match(waits.json.remedy.en, "Wait 1 s");
    stage.skipMs += 1_000;
    assert.is((await guess("a wrong one")).status, 401);
    assert.is((await guess("a wrong one")).headers["retry-after"], "2");
    stage.skipMs += 2_000;
    assert.is((await guess(ADMIN.password)).status, 200);
    assert.match((await ask(stage.web, "/metrics")).text, "kage_web_login_failures_total 5");
  }));

test("brute force in parallel: fifty guesses at once are four guesses", () =>
  staged(async (stage) => {
    await setUp(stage);
    const guesses = await Promise.all(
      Array.from({ length: 50 }, () => post(stage.web, "/login", { ...ADMIN, password: "guess" })),
    );
    assert.is(guesses.filter(({ status }) => status === 401).length, 4);
    assert.is(guesses.filter(({ status }) => status === 429).length, 46);
  }));

test("brute force on the one-time code waits as well", () =>
  staged(async (stage) => {
    const guess = () => post(stage.web, "/setup", { ...ADMIN, code: "AAAA-AAAA" });
    for (let count = 0; count < 4; count++) assert.is((await guess()).status, 403);
    assert.is((await guess()).status, 429);
    const right = await post(stage.web, "/setup", { ...ADMIN, code: stage.codes[0] });
    assert.is(right.status, 429);
  }));

test("a session ends after 30 idle minutes; looking on does not count as use, acting does", () =>
  staged(async (stage) => {
    const cookie = await setUp(stage);
    const session = (query = "") => ask(stage.web, `/session${query}`, { cookie });
    stage.skipMs += 29 * 60_000;
    assert.is((await session()).status, 200);
    assert.ok((await session()).json.leftS <= 60);
    assert.ok((await session("?active=1")).json.leftS > 1_790);
    stage.skipMs += 30 * 60_000;
    assert.is((await session()).status, 401);
  }));

test("a session ends after 12 hours however busy it was", () =>
  staged(async (stage) => {
    const cookie = await setUp(stage);
    for (let quarter = 1; quarter < 48; quarter++) {
      stage.skipMs += 15 * 60_000;
      assert.is((await ask(stage.web, "/session?active=1", { cookie })).status, 200);
    }
    stage.skipMs += 15 * 60_000;
    assert.is((await ask(stage.web, "/session?active=1", { cookie })).status, 401);
  }));

test("users: add, change, list without hashes, remove; the last administrator stays", () =>
  staged(async (stage) => {
    const { web } = stage;
    const cookie = await setUp(stage);
    await addUser(stage, cookie, "vic", "view");
    const list = await ask(web, "/users", { cookie });
    assert.equal(list.json, {
      users: [
        { user: "admin", role: "admin" },
        { user: "vic", role: "view" },
      ],
    });
    const half = await post(web, "/users", { user: "new", role: "op" }, cookie);
    assert.is(half.status, 400);
    const demote = await post(web, "/users", { user: "admin", role: "op" }, cookie);
    assert.is(demote.json.code, "KG-9819");
    const remove = (user: string) =>
      ask(web, "/users", { method: "DELETE", body: { user }, cookie });
    assert.is((await remove("admin")).json.code, "KG-9819");
    assert.is((await remove("ghost")).json.code, "KG-9820");
    assert.is((await remove("vic")).status, 200);
    assert.is((await post(web, "/users", { user: "v", role: "root" }, cookie)).status, 400);
  }));

test("a user whose role, password or existence changes is logged out at once", () =>
  staged(async (stage) => {
    const { web } = stage;
    const cookie = await setUp(stage);
    const isIn = async (who: string) =>
      (await ask(web, "/session", { cookie: who })).status === 200;
    const first = await addUser(stage, cookie, "vic", "view");
    await post(web, "/users", { user: "vic", role: "op" }, cookie);
    assert.not(await isIn(first));
    const second = await addUser(stage, cookie, "vic", "op");
    assert.ok(await isIn(second));
    await post(web, "/users", { user: "vic", password: "something entirely else" }, cookie);
    assert.not(await isIn(second));
    const third = await addUser(stage, cookie, "vic", "op");
    await ask(web, "/users", { method: "DELETE", body: { user: "vic" }, cookie });
    assert.not(await isIn(third));
    assert.ok(await isIn(cookie));
  }));

test("a file of users that is replaced from outside counts within a moment", () =>
  staged(async (stage) => {
    const cookie = await setUp(stage);
    const text = readText(stage, "users.json");
    writeFileSync(join(stage.folder, "users.json"), text.replace('"admin",', '"boss",'));
    await until("admin is out", async () => {
      return (await ask(stage.web, "/session", { cookie })).status === 401;
    });
    const said = await post(stage.web, "/login", { user: "boss", password: ADMIN.password });
    assert.is(said.status, 200);
  }));

test("a state folder that cannot be written refuses the setup and says why", () =>
  staged(async (stage) => {
    const code = stage.codes[0] ?? "";
    rmSync(stage.folder, { recursive: true });
    const said = await post(stage.web, "/setup", { ...ADMIN, code });
    assert.is(said.status, 507);
    assert.is(said.json.code, "KG-9822");
    assert.is((await post(stage.web, "/login", ADMIN)).status, 401);
  }));

test("a name with markup or escapes does not reach log or answer as it is", () =>
  staged(async (stage) => {
    const said = await post(stage.web, "/users", { user: "<img src=x>" }, await setUp(stage));
    assert.not.match(said.text, "<img");
  }));

test.run();
