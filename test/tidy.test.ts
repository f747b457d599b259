/**
 * Style 35: the house rules hold for every file of the project, and every rule is shown to bite
 * on a seeded violation.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { faultsOfFile, faultsOfReadme, faultsOfTree } from "./tidy.ts";

/** Largest file in the repository, bytes. */
const FILE_BYTES_MAX = 1024 * 1024;

/** What git knows or would take in, and is there. */
function projectFiles(): string[] {
  const listed = execFileSync("git", ["ls-files", "-z", "-co", "--exclude-standard"], {
    encoding: "utf8",
  });
  return listed.split("\0").filter((path) => path !== "" && existsSync(path));
}

const head = "/** Seed. */\n";

/** Seeds: path, text, words the sentence must contain. */
const violations: readonly [string, string, string][] = [
  [
    "hal/ports/ups.ts",
    `${head}import { x } from "../../services/events.ts";`,
    "services/events.ts",
  ],
  ["boards/nec.ts", `${head}import { x } from "../firmware/log.ts";`, "firmware/log.ts"],
  ["services/quorum/com.ts", `${head}import { x } from "../../hal/drivers/a/b.ts";`, "hal/drivers"],
  [
    "services/quorum/com.ts",
    `${head}export { x } from "../../flash/store/store.ts";`,
    "flash/store",
  ],
  [
    "flash/store/pick.ts",
    `${head}import { x } from "../../services/events.ts";`,
    "services/events",
  ],
  ["firmware/agent.ts", `${head}const t = await import("../test/tidy.ts");`, "test/tidy.ts"],
  [
    "services/failover/core.ts",
    `${head}import { step } from "../quorum/core.ts";`,
    "services/quorum/core.ts is banned",
  ],
  ["services/quorum/com.ts", `${head}import { SerialPort } from "serialport";`, "hal/drivers/"],
  ["hal/drivers/a/b.ts", `${head}import pino from "pino";`, "firmware/log.ts"],
  ["firmware/local.ts", `${head}import * as v from "valibot";`, "services/configuration/"],
  [
    "firmware/agent.ts",
    `${head}const s = await import("jsonc-parser");`,
    "services/configuration/",
  ],
  ["firmware/agent.ts", `${head}import { x } from "left-pad/deep";`, "left-pad is banned"],
  [
    "firmware/telemetry/web/web.ts",
    `${head}import { render } from "preact";`,
    "firmware/telemetry/page/",
  ],
  ["firmware/telemetry/page/app.tsx", `${head}import { x } from "left-pad";`, "left-pad is banned"],
  ["firmware/agent.ts", `${head}${"\n".repeat(400)}`, "401 lines"],
  ["firmware/agent.ts", `${head}// TODO later`, "unfinished-work"],
  [".ci/run", "# FIXME", "unfinished-work"],
  ["firmware/agent.ts", `${head}const x = Math.random();`, "Math.random"],
  ["test/a.test.ts", `${head}const x = Math.random();\ntest.run();`, "Math.random"],
  ["services/quorum/core.ts", `${head}const now = Date.now();`, "atMs"],
  ["services/quorum/core.ts", `${head}setTimeout(step, 5);`, "deadlineMs"],
  ["services/quorum/core.ts", `${head}console.log(1);`, "an effect"],
  ["test/a.test.ts", `${head}test.only("x", () => {});\ntest.run();`, "--only"],
  ["test/a.test.ts", `${head}test.skip("x", () => {});\ntest.run();`, "# skip"],
  ["test/a.test.ts", `${head}await new Promise((r) => setTimeout(r, 9));\ntest.run();`, "sleeping"],
  ["test/a.test.ts", `${head}test("x", () => {});`, "test.run()"],
  ["firmware/agent.ts", `${head}try { f(); } catch { }`, "swallowed"],
  ["firmware/agent.ts", `${head}try { f(); } catch (e) {\n}`, "swallowed"],
  ["firmware/agent.ts", `${head}f().catch(() => {});`, "swallowed"],
  ["firmware/agent.ts", `${head}export default function f() {}`, "named export"],
  ["firmware/agent.ts", `${head}export enum A { B }`, "erasable"],
  ["firmware/agent.ts", `${head}const p = "/home/kim/x";`, "one developer's machine"],
  ["test/lab/x.sh", "cd /root/project", "one developer's machine"],
  ["firmware/agent.ts", "const x = 1;", "opening comment"],
  ["hal/x.bin", "\0\u0001", "binary"],
];

for (const [path, text, words] of violations) {
  const seed = JSON.stringify(text.slice(head.length, 70));
  test(`the rule "${words}" bites in ${path}: ${seed}`, () => {
    const faults = faultsOfFile({ path, text });
    assert.is(faults.length, 1, `expected one sentence, got ${JSON.stringify(faults)}`);
    assert.match(faults[0] ?? "", words);
    assert.ok((faults[0] ?? "").startsWith(path));
  });
}

/** What the same rules must leave alone. */
const fine: readonly [string, string][] = [
  ["hal/drivers/com/driver.ts", `${head}const s = await import("serialport");`],
  ["firmware/log.ts", `${head}import { pino } from "pino";`],
  ["firmware/telemetry/page/app.tsx", `${head}import { useState } from "preact/hooks";`],
  ["services/configuration/load.ts", `${head}import * as v from "valibot";`],
  ["services/failover/core.ts", `${head}import type { X } from "../quorum/verdict.ts";`],
  ["services/failover/core.ts", `${head}import { unreachable } from "../../hal/base/assert.ts";`],
  ["firmware/agent.ts", `${head}const at = Date.now(); setTimeout(step, 5);`],
  ["firmware/cli/words.ts", `${head}const words = ["from", "to"];`],
  ["firmware/agent.ts", `${head}const p = join(root, "home/kim");`],
  ["test/a.test.ts", `${head}import { step } from "../services/quorum/core.ts";\ntest.run();`],
  ["firmware/agent.ts", `${head}try { f(); } catch (error) { report(error); }`],
];

for (const [path, text] of fine) {
  test(`no rule bites in ${path}: ${JSON.stringify(text.slice(head.length, 70))}`, () => {
    assert.equal(faultsOfFile({ path, text }), []);
  });
}

test("an unknown top-level entry is named", () => {
  const faults = faultsOfTree(["hal/base/crc.ts", "scripts/x.sh", "README.md"]);
  assert.is(faults.length, 1);
  assert.match(faults[0] ?? "", "scripts: a top-level entry");
});

test("a runtime package without a line in the README is named", () => {
  const faults = faultsOfReadme(["pino", "valibot"], "- `pino`: the log");
  assert.equal(faults.length, 1);
  assert.match(faults[0] ?? "", "valibot is not explained");
});

test("style 35: the tree keeps every house rule", () => {
  const paths = projectFiles();
  assert.ok(paths.includes("package.json"), "run from the project's root");
  const faults = faultsOfTree(paths);
  for (const path of paths) {
    const { size } = statSync(path);
    if (size > FILE_BYTES_MAX) {
      faults.push(`${path}: ${size} bytes are banned here, use a file below ${FILE_BYTES_MAX}`);
    } else faults.push(...faultsOfFile({ path, text: readFileSync(path, "utf8") }));
  }
  assert.equal(faults, []);
});

if (existsSync("README.md")) {
  test("every runtime package is explained in the README", () => {
    const manifest = JSON.parse(readFileSync("package.json", "utf8")) as {
      dependencies: Record<string, string>;
    };
    const readme = readFileSync("README.md", "utf8");
    assert.equal(faultsOfReadme(Object.keys(manifest.dependencies), readme), []);
  });
} else console.log("# skip README.md is not written");

test.run();
