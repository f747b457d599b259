/**
 * A sample of the mutants, for the gate: other ones every day, the same ones all day, so that a failure can
 * be repeated by the seed that the output names. All of them: `npm run test:mutants`.
 */
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";

const COUNT = 12;
const DAY_MS = 86_400_000;
const TIMEOUT_MS = 8 * 60_000;

test("each rule of a sample is missed by the test that names it when it is taken out", () => {
  const seed = Math.floor(Date.now() / DAY_MS);
  const main = join(dirname(fileURLToPath(import.meta.url)), "main.js");
  const words = ["--sample", `${COUNT}`, "--seed", `${seed}`, "--jobs", "2"];
  const done = spawnSync(process.execPath, [main, ...words], {
    encoding: "utf8",
    timeout: TIMEOUT_MS,
  });
  const said = `${done.stdout}${done.stderr}`;
  assert.is(done.status, 0, `${words.join(" ")}\n${said}`);
  assert.match(said, `${COUNT} mutants, ${COUNT} caught, 0 survive`);
});

test.run();
