/** `kage config`: findings with their place, the timing budget, and files that cannot be read. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { sample, write } from "../../services/configuration/sample.ts";
import { kage } from "./fake-terminal.ts";

let dir = "";
test.before(() => {
  dir = mkdtempSync(join(tmpdir(), "kage-config-"));
});
test.after(() => rmSync(dir, { recursive: true }));

function file(text: string): string {
  const path = join(dir, "cluster.jsonc");
  writeFileSync(path, text);
  return path;
}

test("a broken configuration is refused with file, line and column", async () => {
  const path = file("{\n  // comment\n  nonsense\n}\n");
  const { exit, out, err } = await kage("", ["config", "check", path]);
  assert.is(exit, 1);
  assert.match(out, `${path}:3:`);
  assert.match(err, "do: correct the places above, top first");
});

test("a good configuration is said to be good, and explain prints its timing budget", async () => {
  const path = file(write(sample()));
  const check = await kage("", ["config", "check", path]);
  assert.is(check.exit, 0, check.err);
  assert.match(check.out, `${path}: good, `);
  const explain = await kage("", ["config", "explain", path]);
  assert.is(explain.exit, 0);
  assert.match(explain.out, "The peer takes over at the latest after ");
  const json = JSON.parse((await kage("", ["config", "explain", path, "-o", "json"])).out);
  assert.is(json.ok, true);
  assert.equal(
    `${json.budget.join("\n")}\n`,
    explain.out.slice(-json.budget.join("\n").length - 1),
  );
});

test("-o json gives the findings as data", async () => {
  const path = file('{ "nonsense": 1 }');
  const { exit, out } = await kage("", ["config", "check", path, "-o", "json"]);
  assert.is(exit, 1);
  const { ok, findings } = JSON.parse(out);
  assert.is(ok, false);
  assert.ok(findings.length > 0);
  assert.type(findings[0].line, "number");
  assert.type(findings[0].remedy, "string");
});

test("a file that is missing, a folder or far too large is said to be so", async () => {
  const missing = await kage("", ["config", "check", join(dir, "nothing.jsonc")]);
  assert.is(missing.exit, 1);
  assert.match(missing.err, "cannot read");
  assert.match(missing.err, "ENOENT");
  assert.match((await kage("", ["config", "check", dir])).err, "EISDIR");
  const large = await kage("", ["config", "explain", file(" ".repeat(1024 * 1024 + 1))]);
  assert.match(large.err, "more than 1048576 bytes");
});

test.run();
