/** Help and completion come from the command table, so nothing can be missing there. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { COMMAND_IDS, COMMANDS } from "../../../firmware/cli/commands.ts";
import { OPTIONS } from "../../../firmware/cli/options.ts";
import { kage } from "./fake-terminal.ts";

test("the overview names every command and every exit code", async () => {
  const { exit, out } = await kage("/nonexistent", ["help"]);
  assert.is(exit, 0);
  for (const id of COMMAND_IDS) assert.match(out, `\n  ${id} `.trimEnd());
  assert.match(out, "3  refused by state");
  assert.match(out, "6  agent unreachable");
});

test("every command has help in both languages, by `help` and by --help", async () => {
  for (const id of COMMAND_IDS) {
    const words = id.split(" ");
    const english = await kage("/nonexistent", ["help", ...words]);
    assert.is(english.exit, 0, id);
    assert.match(english.out, COMMANDS[id].summary.en);
    assert.match(english.out, `Usage: kage ${id}`);
    assert.equal(await kage("/nonexistent", [...words, "--help"]), english);
    const japanese = await kage("/nonexistent", ["--lang", "ja", "help", ...words]);
    assert.match(japanese.out, COMMANDS[id].summary.ja);
  }
});

test("`kage help group` lists that noun's verbs only", async () => {
  const { out } = await kage("/nonexistent", ["help", "group"]);
  assert.match(out, "group move GROUP");
  assert.not.match(out, "server detach");
});

test("kage alone is a usage error that shows the overview", async () => {
  const { exit, out, err } = await kage("/nonexistent", []);
  assert.is(exit, 2);
  assert.is(out, "");
  assert.match(err, "Commands:");
});

test("options without a command are a usage error that shows the overview, never an empty message", async () => {
  const { exit, err } = await kage("/nonexistent", ["--lang", "en"]);
  assert.is(exit, 2);
  assert.match(err, "Commands:");
});

test("--version and -V print the version of the package", async () => {
  const { version } = JSON.parse(readFileSync(join(process.cwd(), "package.json"), "utf8"));
  for (const word of ["--version", "-V"]) {
    const ran = await kage("/nonexistent", [word]);
    assert.equal(ran, { exit: 0, out: `kage ${version}\n`, err: "" });
  }
  assert.is((await kage("/nonexistent", ["status", "--version"])).exit, 2);
});

test("help for a command that does not exist names the nearest", async () => {
  const { exit, err } = await kage("/nonexistent", ["help", "statsu"]);
  assert.is(exit, 2);
  assert.match(err, "did you mean: kage status");
});

/** What bash would offer for the last word of `line`. */
async function complete(line: readonly string[]): Promise<string[]> {
  const { out: script } = await kage("/nonexistent", ["completion", "bash"]);
  const words = line.map((word) => `'${word}'`).join(" ");
  const fake = "kage() { printf 'cluster/demo\\nserver/SERVER1\\nserver/SERVER2\\ngroup/web\\n'; }";
  const program = `${script}\n${fake}\nCOMP_WORDS=(${words}); COMP_CWORD=${line.length - 1}
_kage; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync("bash", ["--norc", "-c", program], { encoding: "utf8" });
  assert.is(stderr, "");
  return stdout.split("\n").filter((word) => word !== "");
}

test("completion offers every noun, every verb and every option of every command", async () => {
  const nouns = new Set(COMMAND_IDS.map((id) => id.split(" ")[0]));
  assert.equal(new Set(await complete(["kage", ""])), nouns);
  for (const id of COMMAND_IDS) {
    const [noun = "", verb] = id.split(" ");
    if (verb !== undefined) assert.ok((await complete(["kage", noun, ""])).includes(verb), id);
    const offered = await complete(["kage", ...id.split(" "), "--"]);
    for (const name of COMMANDS[id].options)
      assert.ok(offered.includes(`--${name}`), `${id} ${name}`);
    for (const name of offered) assert.ok(Object.hasOwn(OPTIONS, name.slice(2)), name);
  }
});

test("completion offers servers, groups and choices where they belong", async () => {
  assert.equal(await complete(["kage", "group", "move", ""]), ["web"]);
  assert.equal(await complete(["kage", "group", "move", "web", "--to", ""]), [
    "SERVER1",
    "SERVER2",
  ]);
  assert.equal(await complete(["kage", "status", "-o", "js"]), ["json", "jsonl"]);
  assert.equal(await complete(["kage", "rack", "power", "o"]), ["on", "off"]);
  assert.equal(await complete(["kage", "--lang", "ja", "server", "ret"]), ["return"]);
});

test.run();
