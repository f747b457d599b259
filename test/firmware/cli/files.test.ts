/**
 * A file that a command is given and cannot use: what is wrong with it in words, not in the names of the
 * operating system, and what to do; nothing without end is read. Source: work order 4 "Bad input".
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { sheet } from "../evaluate/sheets.ts";
import { kage } from "./fake-terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "kage-files-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);
mkdirSync(at("folder"));
writeFileSync(at("big"), "{");
truncateSync(at("big"), 100 * 1024 * 1024);

/** A configuration, and the same for a journal: both commands must say it alike. */
const READERS = [["config", "check"], ["evaluate", "--config"], ["replay"]] as const;

for (const reader of READERS) {
  const run = (...words: readonly string[]) => kage("/nonexistent", [...reader, ...words]);
  const name = reader.join(" ");

  test(`${name}: no such file, a folder in the way, and a folder`, async () => {
    const missing = await run(at("missing"));
    assert.match(missing.err, `cannot read ${at("missing")}: there is no such file\n`);
    assert.not.match(missing.err, "ENOENT");
    const behind = await run(join(at("big"), "x"));
    assert.match(behind.err, "a part of the path is no folder\n");
    const directory = await run(at("folder"));
    assert.match(directory.err, "it is a folder\n");
    assert.match((await run(at("missing"), "--lang", "ja")).err, "ファイルがありません\n");
    for (const { exit, out } of [missing, behind, directory]) {
      assert.ok(exit === 1 || exit === 2, out);
    }
  });

  test(`${name}: 100 MiB and a file without end are refused by their size`, async () => {
    const big = await run(at("big"));
    assert.match(big.err, /at most \d+ MiB are expected, it has (100 MiB|more)\n/);
    assert.not.match(big.err, "permissions");
    const endless = await run("/dev/zero");
    assert.ok(endless.exit === 1 || endless.exit === 2);
    assert.match(endless.err, /at most \d+ MiB are expected, it has more\n/);
  });
}

test("apply takes no more than what fits into the beats", async () => {
  writeFileSync(at("long.jsonc"), `${sheet("none")}${" ".repeat(65_536)}`);
  const { err } = await kage(folder, ["config", "apply", at("long.jsonc"), "--yes"]);
  assert.match(err, "at most 64 KiB are expected, it has");
});

test("a configuration out of a pipe is read to its end, as from <(...)", async () => {
  assert.is(spawnSync("mkfifo", [at("pipe")]).status, 0);
  const writer = spawn("timeout", ["10", "sh", "-c", `cat > ${at("pipe")}`], {
    stdio: ["pipe", "ignore", "inherit"],
  });
  const ended = new Promise((done) => writer.once("close", done));
  writer.stdin.end(sheet("none"));
  const { exit, err } = await kage("/nonexistent", ["config", "check", at("pipe")]);
  await ended;
  assert.is(exit, 0, err);
});

test("one finding and several are counted in words that fit both", async () => {
  writeFileSync(at("bad.jsonc"), "{");
  const { err } = await kage("/nonexistent", ["config", "check", at("bad.jsonc")]);
  assert.match(err, "bad.jsonc: errors: 1\n");
  writeFileSync(at("good.jsonc"), sheet("none"));
  const { out } = await kage("/nonexistent", ["config", "check", at("good.jsonc")]);
  assert.match(out, "good.jsonc: good, warnings: 1\n");
});

test("evaluate without a file and without a cluster asks for the file", async () => {
  const { exit, err } = await kage("/nonexistent", ["evaluate"], {
    env: { KAGE_STATE_DIR: folder },
  });
  assert.is(exit, 2, err);
  assert.match(err, "do: name the file to evaluate: kage evaluate --config FILE\n");
});

test.run();
