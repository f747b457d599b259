/** Several files at once, or none: kill at any moment, two writers, obstacles, a full or closed folder. */
import { spawn } from "node:child_process";
import { once } from "node:events";
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
import { completeSet, type SetFile, writeSet } from "../../../firmware/enrolment/file-set.ts";

let dir = "";
test.before.each(() => {
  dir = mkdtempSync(join(tmpdir(), "kage-set-"));
});
test.after.each(() => rmSync(dir, { recursive: true, force: true }));

const file = (name: string, text: string, replace = false): SetFile => ({
  name,
  text,
  mode: name === "key" ? 0o600 : 0o644,
  replace,
});
const read = (name: string): string => readFileSync(join(dir, name), "utf8");
const modeOf = (name: string): number => statSync(join(dir, name)).mode & 0o777;

test("all files are written with their modes, and nothing else is left", async () => {
  const umask = process.umask(0o077);
  const deep = join(dir, "new", "folder");
  const result = await writeSet(deep, [file("config", "c"), file("key", "k"), file("local", "l")]);
  process.umask(umask);
  assert.equal(result, { kind: "written" });
  assert.equal(readdirSync(deep).sort(), ["config", "key", "local"]);
  assert.is(statSync(join(deep, "key")).mode & 0o777, 0o600);
  assert.is(statSync(join(deep, "config")).mode & 0o777, 0o644);
});

test("a file that is there with another text stops everything; the same text does not", async () => {
  writeFileSync(join(dir, "key"), "old");
  const result = await writeSet(dir, [file("config", "c"), file("key", "k")]);
  assert.equal(result, { kind: "exists", file: join(dir, "key") });
  assert.equal(readdirSync(dir), ["key"]);
  assert.is(read("key"), "old");
  assert.is((await writeSet(dir, [file("config", "c"), file("key", "old")])).kind, "written");
  assert.is((await writeSet(dir, [file("config", "C", true)])).kind, "written");
  assert.is(read("config"), "C");
});

test("a cut before the decision leaves nothing, a cut after it is completed by the next command", async () => {
  assert.equal(await completeSet(join(dir, "nowhere")), { kind: "written" });
  assert.equal(readdirSync(dir), []);
  mkdirSync(join(dir, ".kage-new"));
  writeFileSync(join(dir, ".kage-new", "0~config"), "half");
  assert.equal(await completeSet(dir), { kind: "written" });
  assert.equal(readdirSync(dir), []);
  // The first of three had been moved already when the power went.
  writeFileSync(join(dir, "config"), "c");
  mkdirSync(join(dir, ".kage-ready"));
  writeFileSync(join(dir, ".kage-ready", "1~key"), "k", { mode: 0o600 });
  writeFileSync(join(dir, ".kage-ready", "2~local"), "l");
  assert.equal(await completeSet(dir), { kind: "written" });
  assert.equal(readdirSync(dir).sort(), ["config", "key", "local"]);
  assert.is(read("key"), "k");
  assert.is(modeOf("key"), 0o600);
});

test("two writers of one folder: one of them wins whole, nothing is mixed", async () => {
  const set = (word: string) => [file("a", word), file("b", word), file("local", word)];
  const results = await Promise.all([writeSet(dir, set("one")), writeSet(dir, set("two"))]);
  const kinds = results.map(({ kind }) => kind);
  assert.is(kinds.filter((kind) => kind === "written").length, 1, kinds.join());
  const won = kinds[0] === "written" ? "one" : "two";
  assert.equal(["a", "b", "local"].map(read), [won, won, won]);
  assert.equal(readdirSync(dir).sort(), ["a", "b", "local"]);
});

test("what the system refuses is a value, and nothing is left behind", async () => {
  const taken = join(dir, "file");
  writeFileSync(taken, "");
  const below = await writeSet(join(taken, "sub"), [file("config", "c")]);
  assert.is(below.kind, "failed");
  if (process.getuid?.() !== 0) {
    chmodSync(dir, 0o500);
    const closed = await writeSet(dir, [file("config", "c")]);
    chmodSync(dir, 0o700);
    assert.is(closed.kind === "failed" ? closed.isDecided : true, false);
  }
  const impossible = await writeSet(dir, [file("config", "c"), file("x".repeat(300), "c")]);
  assert.is(impossible.kind === "failed" ? impossible.isDecided : true, false);
  assert.not.ok(existsSync(join(dir, ".kage-new")));
  assert.not.ok(existsSync(join(dir, "config")));
});

test("cut between two files of a replaced set: the gate is away, so that nobody starts by a mixture", async () => {
  const all = (word: string): readonly SetFile[] => [
    file("key", word, true),
    file("config", word, true),
    { ...file("local", word, true), isGate: true },
  ];
  assert.is((await writeSet(dir, all("one"))).kind, "written");
  // A folder that is not empty stands where the second file has to go.
  rmSync(join(dir, "config"));
  mkdirSync(join(dir, "config", "in-the-way"), { recursive: true });
  const { kind, isDecided } = (await writeSet(dir, all("two"))) as Record<string, unknown>;
  assert.equal({ kind, isDecided }, { kind: "failed", isDecided: true });
  assert.is(read("key"), "two");
  assert.not.ok(existsSync(join(dir, "local")), "local.json of before beside the new key");
  rmSync(join(dir, "config"), { recursive: true });
  assert.is((await completeSet(dir)).kind, "written");
  assert.equal(["key", "config", "local"].map(read), ["two", "two", "two"]);
  assert.equal(readdirSync(dir).sort(), ["config", "key", "local"]);
});

/** Many, so that a kill between two of them is no rare luck. */
const MEMBERS = [...Array.from({ length: 40 }, (_, n) => `file${n}`), "local"];
/** Replaces the whole set again and again, "one" by "two" by "one", until it is killed. */
const WRITER = (module: string, folder: string): string => `
import { writeSet } from ${JSON.stringify(module)};
console.log("on");
for (let n = 0; ; n += 1) {
  const text = n % 2 === 0 ? "one" : "two";
  const files = ${JSON.stringify(MEMBERS)}.map((name) => (
    { name, text, mode: 0o600, replace: true, isGate: name === "local" }));
  await writeSet(${JSON.stringify(folder)}, files);
}`;
const KILLS = 8;

test("killed at any moment: who finds the gate finds a whole set, and the next command completes it", async () => {
  const module = join(import.meta.dirname, "../../../firmware/enrolment/file-set.js");
  const words = (): readonly string[] => [
    ...new Set(MEMBERS.map((name) => (existsSync(join(dir, name)) ? read(name) : "nothing"))),
  ];
  for (let kill = 0; kill < KILLS; kill += 1) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", WRITER(module, dir)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const gone = once(child, "exit");
    await once(child.stdout, "data");
    // Another moment each time, without a clock: so many turns of this process.
    for (let turn = 0; turn < kill * 331; turn += 1) await new Promise(setImmediate);
    child.kill("SIGKILL");
    await gone;
    if (existsSync(join(dir, "local"))) assert.is(words().length, 1, `torn: ${words()}`);
    assert.is((await completeSet(dir)).kind, "written");
    assert.is(words().length, 1, `mixed: ${words()}`);
    assert.not(readdirSync(dir).some((name) => name.startsWith(".kage")));
  }
});

test.run();
