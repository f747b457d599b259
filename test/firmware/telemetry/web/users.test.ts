/**
 * The file of users and the one-time code on a real folder: damage is never an open door, a write is whole
 * or not there, changes do not overtake each other.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  createPasswordDesk,
  isPasswordHash,
  isUsablePassword,
} from "../../../../firmware/telemetry/web/password.ts";
import {
  isSameCode,
  obtainSetupCode,
  removeSetupCode,
} from "../../../../firmware/telemetry/web/setup-code.ts";
import { openUserStore } from "../../../../firmware/telemetry/web/users.ts";
import {
  isUserName,
  parseUsers,
  type User,
  writeUsers,
} from "../../../../firmware/telemetry/web/users-file.ts";

const password = { n: 32768, r: 8, p: 3, salt: "0".repeat(32), hash: "1".repeat(64) };
const admin: User = { name: "admin", role: "admin", password };
const folder = mkdtempSync(join(tmpdir(), "kage-users-"));
let count = 0;
function fresh(): string {
  const own = join(folder, String(count++));
  mkdirSync(own);
  return join(own, "users.json");
}
test.after(() => rmSync(folder, { recursive: true, force: true }));

test("what is written is read back, mode 0600, and no temporary file stays", async () => {
  const file = fresh();
  const store = await openUserStore(file);
  assert.is(store.state.kind, "none");
  const users = new Map([["admin", admin]]);
  const done = await store.change(() => ({ kind: "save", users }));
  assert.is(done.kind, "save");
  assert.is(statSync(file).mode & 0o777, 0o600);
  assert.equal(readdirSync(join(file, "..")), ["users.json"]);
  const again = await openUserStore(file);
  assert.equal(again.state, { kind: "users", users });
});

const good = JSON.parse(Buffer.from(writeUsers(new Map([["admin", admin]]))).toString("utf8"));
const damaged: readonly [what: string, text: string][] = [
  ["empty", ""],
  ["cut in half", JSON.stringify(good).slice(0, 80)],
  ["no object", "[]"],
  ["another version", JSON.stringify({ ...good, v: 2 })],
  ["no users", JSON.stringify({ ...good, users: [] })],
  ["no administrator", JSON.stringify({ v: 1, users: [{ ...admin, role: "op" }] })],
  [
    "an unknown role",
    JSON.stringify({ v: 1, users: [admin, { ...admin, name: "a", role: "root" }] }),
  ],
  ["a name twice", JSON.stringify({ v: 1, users: [admin, admin] })],
  ["a name of the language", JSON.stringify({ v: 1, users: [{ ...admin, name: "__proto__" }] })],
  [
    "a costless hash",
    JSON.stringify({ v: 1, users: [{ ...admin, password: { ...password, n: 2 } }] }),
  ],
  [
    "a hash that would take minutes",
    JSON.stringify({ v: 1, users: [{ ...admin, password: { ...password, n: 2 ** 26 } }] }),
  ],
  ["too long", " ".repeat(70_000)],
];
for (const [what, text] of damaged) {
  test(`a file that is damaged (${what}) says so, is kept, and is no missing file`, async () => {
    const file = fresh();
    writeFileSync(file, text, { mode: 0o600 });
    const store = await openUserStore(file);
    assert.is(store.state.kind, "damaged");
    assert.is(readFileSync(file, "utf8"), text);
  });
}

test("a file that others may write is nobody's word", async () => {
  const file = fresh();
  writeFileSync(file, writeUsers(new Map([["admin", admin]])));
  chmodSync(file, 0o666);
  const store = await openUserStore(file);
  assert.is(store.state.kind, "damaged");
  if (store.state.kind === "damaged") assert.match(store.state.reason, "chmod 600");
});

test("a folder in place of the file is damage, not absence", async () => {
  const file = fresh();
  mkdirSync(file);
  const store = await openUserStore(file);
  assert.is(store.state.kind, "damaged");
});

test("a change of the file under us is seen at the next look, and its removal too", async () => {
  const file = fresh();
  const store = await openUserStore(file);
  writeFileSync(file, writeUsers(new Map([["admin", admin]])), { mode: 0o600 });
  assert.is((await store.refresh()).kind, "users");
  writeFileSync(file, "{");
  assert.is((await store.refresh()).kind, "damaged");
  rmSync(file);
  assert.is((await store.refresh()).kind, "none");
});

test("two changes at once: the second decides on what the first has left", async () => {
  const store = await openUserStore(fresh());
  const seen: number[] = [];
  const add = (name: string) =>
    store.change((state) => {
      const users = state.kind === "users" ? state.users : new Map<string, User>();
      seen.push(users.size);
      return { kind: "save", users: new Map(users).set(name, { ...admin, name }) };
    });
  await Promise.all([add("a"), add("b"), add("c")]);
  assert.equal(seen, [0, 1, 2]);
  assert.is(store.state.kind === "users" ? store.state.users.size : 0, 3);
});

test("a folder that is gone refuses the change and keeps the state", async () => {
  const file = fresh();
  const store = await openUserStore(file);
  rmSync(join(file, ".."), { recursive: true });
  const done = await store.change(() => ({ kind: "save", users: new Map([["admin", admin]]) }));
  assert.is(done.kind, "failed");
  assert.is(store.state.kind, "none");
});

test("names are short, lower case and begin with a letter or digit", () => {
  for (const name of ["a", "9", "kim.lee-2_x", "a".repeat(32), "constructor"]) {
    assert.ok(isUserName(name), name);
  }
  for (const name of ["", "A", "_a", ".a", "-a", "a b", "a/b", "a:b", "a\n", "a".repeat(33), "é"]) {
    assert.not(isUserName(name), name);
  }
});

test("passwords: ten characters at least, not the name, not one letter", () => {
  assert.ok(isUsablePassword("correct horse", "admin"));
  assert.ok(isUsablePassword("banana banana", "a"));
  assert.ok(isUsablePassword("パスワードは長いほうがよい", "admin"));
  for (const bad of ["short", "admin12345", "adminadmin12", "aaaaaaaaaaaa", "x".repeat(129), ""]) {
    assert.not(isUsablePassword(bad, "admin"), bad);
  }
});

test("a hash is checked with its own salt; no user is wrong; another form of the letters is right", async () => {
  const desk = createPasswordDesk();
  const hash = await desk.hash("Ｃafé secret!");
  if (hash === null) throw new Error("busy");
  assert.ok(isPasswordHash({ ...hash }));
  assert.is(await desk.check("Café secret!", hash), "right");
  assert.is(await desk.check("Cafe secret!", hash), "wrong");
  assert.is(await desk.check("Café secret!", null), "wrong");
});

test("a flood of logins is turned away instead of queued without end", async () => {
  const desk = createPasswordDesk();
  const results = await Promise.all(Array.from({ length: 14 }, () => desk.check("x", password)));
  assert.is(results.filter((one) => one === "busy").length, 4);
  assert.is(await desk.check("x", password), "wrong");
});

test("the one-time code survives a restart, only the owner reads it, and a spoilt one is made anew", async () => {
  const file = join(fresh(), "..", "setup-code");
  const first = await obtainSetupCode(file);
  if (first.kind !== "code") throw new Error(first.reason);
  assert.match(first.code, /^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
  assert.is(statSync(file).mode & 0o777, 0o600);
  assert.equal(await obtainSetupCode(file), { kind: "code", code: first.code, kept: true });
  writeFileSync(file, "0000");
  const second = await obtainSetupCode(file);
  assert.ok(second.kind === "code" && !second.kept && second.code !== first.code);
  assert.is(await removeSetupCode(file), null);
  assert.not(existsSync(file));
  assert.is(await removeSetupCode(file), null);
});

test("the one-time code may be typed in lower case and without the hyphen, but it must be it", () => {
  assert.ok(isSameCode("abcd-2345", "ABCD-2345"));
  assert.ok(isSameCode(" ABCD2345 ", "ABCD-2345"));
  for (const wrong of ["", "ABCD-2346", "ABCD-234", "ABCD-23455"]) {
    assert.not(isSameCode(wrong, "ABCD-2345"), wrong);
  }
});

test("the parser never quotes the file in its reason: it holds hashes", () => {
  const text = JSON.stringify({ v: 1, users: [{ ...admin, role: "boss" }] });
  const parsed = parseUsers(Buffer.from(text));
  assert.is(parsed.kind, "malformed");
  if (parsed.kind === "malformed") assert.not.match(parsed.reason, /1{8}/);
});

test.run();
