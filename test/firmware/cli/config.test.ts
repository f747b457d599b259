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

test("R118: a script that cannot be run on this machine is a warning with its line", async () => {
  const config = sample();
  const stop = join(dir, "stop.sh");
  writeFileSync(stop, "#!/bin/sh\nif\n", { mode: 0o755 });
  const script = { type: "script", name: "app", start: "/bin/true", stop };
  config.groups[0]?.resources.push(script);
  const text = write(config);
  const path = file(text);
  const { exit, out } = await kage("", ["config", "check", path]);
  assert.is(exit, 0);
  const line = text.split("\n").findIndex((one) => one.includes(stop)) + 1;
  assert.match(out, `${path}:${line}:`);
  assert.match(out, "does not understand it");
  assert.not.match(out, "/bin/true");
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
  assert.match(missing.err, "there is no such file");
  assert.match((await kage("", ["config", "check", dir])).err, "it is a folder");
  const large = await kage("", ["config", "explain", file(" ".repeat(1024 * 1024 + 1))]);
  assert.match(large.err, "at most 1 MiB are expected, it has 1025 KiB");
});

/** A run folder whose only server runs by `config`; no process is behind it. */
function runDirFor(config: string): string {
  const local = join(dir, "local.json");
  const paths = { server: "SERVER1", runDir: dir, stateDir: dir, configFile: config };
  writeFileSync(local, JSON.stringify(paths));
  const servers = [{ name: "SERVER1", agentSocket: join(dir, "agent.sock"), local }];
  writeFileSync(join(dir, "appliance.json"), JSON.stringify({ servers }));
  return dir;
}

test("without FILE the configuration in use is taken, and said which one it is", async () => {
  const path = file(write(sample()));
  const runDir = runDirFor(path);
  const explain = await kage(runDir, ["config", "explain"]);
  assert.is(explain.exit, 0, explain.err);
  assert.is(explain.out.split("\n")[0], `${path} (the configuration of SERVER1)`);
  assert.match(explain.out, "The peer takes over at the latest after ");
  const check = await kage(runDir, ["config", "check"]);
  assert.match(check.out, `${path}: good, `);
  const json = JSON.parse((await kage(runDir, ["config", "check", "-o", "json"])).out);
  assert.is(json.file, path);
});

test("without FILE and without a cluster it is said what to do", async () => {
  const none = await kage("", ["config", "explain", "--state", join(dir, "nowhere")]);
  assert.is(none.exit, 6);
  assert.match(none.err, "do: start the virtual appliance");
  rmSync(join(dir, "appliance.json"), { force: true });
  const unknown = await kage(dir, ["config", "check"]);
  assert.is(unknown.exit, 2);
  assert.match(unknown.err, "do: name it: kage config check FILE");
});

test.run();
