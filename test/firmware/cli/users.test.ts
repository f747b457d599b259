/**
 * `kage user` on a server's files: the rules of the dashboard, exit codes and JSON of every other command,
 * and a password that is neither shown nor taken from the command line.
 * Source: work order 3 item 7; ecosystem.md 4.1.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readSecret } from "../../../firmware/cli/secret.ts";
import { createPasswordDesk } from "../../../firmware/telemetry/web/password.ts";
import { openUserStore } from "../../../firmware/telemetry/web/users.ts";
import { localSample } from "../local-sample.ts";
import { kage, type Ran, type TerminalOptions } from "./fake-terminal.ts";

const SECRET = "seven green herons";

interface Desk {
  readonly folder: string;
  run(words: string, options?: TerminalOptions): Promise<Ran>;
}

async function withDesk(play: (desk: Desk) => Promise<void>, telemetry = true): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kage-user-"));
  const section = { listen: "127.0.0.1:0", brokers: ["mqtt://127.0.0.1:1883"] };
  const local = localSample(folder, telemetry ? { telemetry: section } : {});
  const file = join(folder, "local.json");
  writeFileSync(file, JSON.stringify(local));
  try {
    await play({
      folder,
      run: (words, options = {}) =>
        kage(folder, ["user", ...words.split(" "), "--local", file], options),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const piped = (...secrets: string[]): TerminalOptions => ({ secrets });
const listOf = async ({ run }: Desk): Promise<unknown> =>
  JSON.parse((await run("list -o json")).out).users;

test("the first user is an administrator; list, add, passwd and remove do what they say", () =>
  withDesk(async (desk) => {
    assert.match((await desk.run("list")).out, "no user yet");
    const viewer = await desk.run("add eve --role view", piped(SECRET));
    assert.is(viewer.exit, 3);
    assert.match(viewer.err, "--role admin");
    const made = await desk.run("add anna --role admin", piped(SECRET));
    assert.equal([made.exit, made.out], [0, "user anna added with role admin\n"]);
    assert.is((await desk.run("add bert --role op", piped(SECRET))).exit, 0);
    assert.equal(await listOf(desk), [
      { user: "anna", role: "admin" },
      { user: "bert", role: "op" },
    ]);
    const store = await openUserStore(join(desk.folder, "users.json"));
    const hashOf = async (): Promise<Parameters<typeof passwords.check>[1]> => {
      const state = await store.refresh();
      return state.kind === "users" ? (state.users.get("bert")?.password ?? null) : null;
    };
    const passwords = createPasswordDesk();
    assert.is(await passwords.check(SECRET, await hashOf()), "right");
    assert.is((await desk.run("passwd bert", piped("nine grey herons"))).exit, 0);
    assert.is(await passwords.check(SECRET, await hashOf()), "wrong");
    assert.is(await passwords.check("nine grey herons", await hashOf()), "right");
    const removed = await desk.run("remove bert -o json");
    assert.equal(JSON.parse(removed.out), { ok: true, exit: 0, user: "bert" });
    assert.match((await desk.run("list")).out, /^USER +ROLE\nanna +admin\n$/);
    assert.not.match(readFileSync(join(desk.folder, "users.json"), "utf8"), SECRET);
  }));

const REFUSED: readonly [words: string, secret: string, exit: number, code: string | null][] = [
  ["remove anna", "", 3, "KG-9819"],
  ["remove nobody", "", 3, "KG-9820"],
  ["passwd nobody", SECRET, 3, "KG-9820"],
  ["add anna --role op", SECRET, 3, "KG-9828"],
  ["add Robert';-- --role op", SECRET, 1, "KG-9818"],
  ["add bert --role op", "short", 1, "KG-9817"],
  ["add bert --role op", "", 1, null],
];

test("what breaks a rule is refused with the dashboard's code, and nothing is changed", () =>
  withDesk(async (desk) => {
    await desk.run("add anna --role admin", piped(SECRET));
    const before = readFileSync(join(desk.folder, "users.json"));
    for (const [words, secret, exit, code] of REFUSED) {
      const ran = await desk.run(`${words} -o json`, secret === "" ? {} : piped(secret));
      const said = JSON.parse(ran.out);
      assert.equal([ran.exit, said.ok, said.exit, said.code], [exit, false, exit, code], words);
      assert.ok(said.remedy.length > 0, words);
    }
    assert.is((await desk.run("add bert", piped(SECRET))).exit, 2, "the role is missing");
    assert.is((await desk.run("add bert --role boss", piped(SECRET))).exit, 2);
    assert.is((await desk.run("add bert herons --role op", piped(SECRET))).exit, 2);
    assert.equal(readFileSync(join(desk.folder, "users.json")), before);
  }));

test("at a terminal the password is asked twice, and two different ones change nothing", () =>
  withDesk(async (desk) => {
    const add = (...secrets: string[]): Promise<Ran> =>
      desk.run("add anna --role admin", { typed: null, secrets });
    const differ = await add(SECRET, "seven green heron");
    assert.is(differ.exit, 1);
    assert.match(differ.err, "the two passwords differ");
    assert.equal(await listOf(desk), []);
    const done = await add(SECRET, SECRET);
    assert.is(done.exit, 0);
    assert.match(done.err, "password of anna: the same again: ");
    const ja = await desk.run("passwd anna --lang ja", { typed: null, secrets: [SECRET, SECRET] });
    assert.match(ja.out, "anna のパスワードを変更しました");
  }));

test("two commands and a running dashboard at once: every change is there", () =>
  withDesk(async (desk) => {
    await desk.run("add anna --role admin", piped(SECRET));
    const store = await openUserStore(join(desk.folder, "users.json"));
    const names = ["bert", "carl", "dora", "emil"];
    const done = await Promise.all([
      ...names.map((name) => desk.run(`add ${name} --role op`, piped(SECRET))),
      store.change((state) =>
        state.kind === "users"
          ? { kind: "save", users: new Map([...state.users].map(([key, user]) => [key, user])) }
          : { kind: "refuse", why: "no users" },
      ),
    ]);
    assert.equal(
      done.slice(0, 4).map((each) => "exit" in each && each.exit),
      [0, 0, 0, 0],
    );
    const state = await store.refresh();
    assert.equal(state.kind === "users" ? [...state.users.keys()] : [], ["anna", ...names]);
  }));

test("a spoilt file and a server without a dashboard are said, not overwritten", async () => {
  await withDesk(async (desk) => {
    writeFileSync(join(desk.folder, "users.json"), "{ half", { mode: 0o600 });
    const ran = await desk.run("add anna --role admin", piped(SECRET));
    assert.equal([ran.exit, /KG-9809/.test(ran.err)], [1, true]);
    assert.is(readFileSync(join(desk.folder, "users.json"), "utf8"), "{ half");
  });
  await withDesk(async (desk) => {
    const ran = await desk.run("list");
    assert.equal([ran.exit, /no telemetry section/.test(ran.err)], [3, true]);
  }, false);
});

/** A terminal or pipe that is fed by the test. */
function standIn(isTTY: boolean) {
  const modes: boolean[] = [];
  const stream = Object.assign(new PassThrough(), {
    isTTY,
    setRawMode: (on: boolean) => modes.push(on),
  });
  let shown = "";
  const read = (signal = new AbortController().signal): Promise<string | null> =>
    readSecret(
      stream as unknown as NodeJS.ReadStream,
      (text) => {
        shown += text;
      },
      "password: ",
      signal,
    );
  return { stream, modes, read, shown: () => shown };
}

test("a terminal shows nothing of a secret, takes corrections, and is set back", async () => {
  const terminal = standIn(true);
  const asked = terminal.read();
  terminal.stream.write("wrong\u0015sevex\u007fn gr");
  terminal.stream.write("een\rnext\r");
  assert.is(await asked, "seven green");
  assert.equal(terminal.modes, [true, false]);
  assert.is(terminal.shown(), "password: \n");
  assert.is(await terminal.read(), "next", "what was pasted behind it is the next answer");
  const given = terminal.read();
  terminal.stream.write("half\u0003");
  assert.is(await given, null, "Ctrl-C");
});

test("a pipe gives its first line, an empty one nothing, an endless one nothing", async () => {
  const line = standIn(false);
  line.stream.end("seven herons\r\nmore\n");
  assert.is(await line.read(), "seven herons");
  assert.is(line.shown(), "", "no question where nobody reads it");
  const open = standIn(false);
  open.stream.end("no end of line");
  assert.is(await open.read(), "no end of line");
  const empty = standIn(false);
  empty.stream.end();
  assert.is(await empty.read(), null);
  const endless = standIn(false);
  endless.stream.write("x".repeat(10_000));
  assert.is(await endless.read(), null);
  const interrupted = new AbortController();
  const silent = standIn(false);
  const waiting = silent.read(interrupted.signal);
  interrupted.abort();
  assert.is(await waiting, null);
});

test.run();
