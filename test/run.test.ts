/**
 * The runner as a process: a folder of seeded test files, one per known trap of uvu, and its
 * words and exit code.
 */
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { env, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { test } from "uvu";
import * as assert from "uvu/assert";

const here = dirname(fileURLToPath(import.meta.url));
const head = `import { test } from "uvu"; import * as assert from "uvu/assert";\n`;

const seeds = {
  good: `${head}test("one", () => {}); test("two", () => {}); test.run();`,
  bad: `${head}test("wrong sum", () => assert.is(1, 2)); test.run();`,
  "no-run": `${head}test("never runs", () => assert.is(1, 2));`,
  leak: `${head}test("leaves a timer", () => { setInterval(() => {}, 1000); }); test.run();`,
  "never-settles": `${head}test("waits for ever", () => new Promise(() => {})); test.run();`,
  skips: `${head}console.log("# skip rack only: torn write"); test.run();`,
};

/** Runs the runner over a folder with these seeds as its unit tests. */
async function runSeeds(
  names: readonly (keyof typeof seeds)[],
  args: readonly string[] = ["unit"],
): Promise<{ code: number; lines: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), "kage-run-test-"));
  try {
    const compiled = join(folder, "test");
    mkdirSync(compiled);
    for (const file of ["run.js", "judge.js"]) copyFileSync(join(here, file), join(compiled, file));
    symlinkSync(join(process.cwd(), "node_modules"), join(folder, "node_modules"));
    writeFileSync(join(folder, "package.json"), `{"type":"module"}`);
    for (const name of names) writeFileSync(join(compiled, `${name}.test.js`), seeds[name]);
    const outcome = await promisify(execFile)(execPath, [join(compiled, "run.js"), ...args], {
      env: { ...env, CI: "" },
    }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      (error: { code: number; stdout: string }) => error,
    );
    return { code: outcome.code, lines: outcome.stdout.trimEnd().split("\n") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("all files healthy: exit 0 and the sum as the last line", async () => {
  const { code, lines } = await runSeeds(["good", "skips"]);
  assert.is(code, 0);
  assert.is(lines.at(-1), "2 passed, 0 failed, 1 skipped");
});

test("each trap of uvu is a failure, shown with the output of its file", async () => {
  const { code, lines } = await runSeeds(["good", "bad", "no-run", "leak", "never-settles"]);
  assert.is(code, 1);
  assert.is(lines.at(-1), "3 passed, 4 failed, 0 skipped");
  const text = lines.join("\n");
  assert.match(text, /FAIL unit no-run\.test\.js[\s\S]*test\.run\(\) is missing/);
  assert.match(text, /FAIL unit leak\.test\.js[\s\S]*close every socket/);
  assert.match(text, /FAIL unit never-settles\.test\.js[\s\S]*Exiting early/);
  assert.match(text, "wrong sum");
});

test("no test at all is a failure, with and without --only", async () => {
  const none = await runSeeds([]);
  assert.is(none.code, 1);
  assert.is(none.lines.at(-1), "0 passed, 1 failed, 0 skipped");
  const only = await runSeeds(["good"], ["unit", "--only", "nothing-like-this"]);
  assert.is(only.code, 1);
  assert.is(only.lines.at(-1), "0 passed, 1 failed, 0 skipped");
});

test("several stages end in one summed line; a stage without files fails", async () => {
  const { lines } = await runSeeds(["good"], ["unit", "rack"]);
  assert.is(lines.at(-1), "2 passed, 1 failed, 0 skipped");
});

test("an unknown stage is a usage error, exit 2", async () => {
  assert.is((await runSeeds([], ["everything"])).code, 2);
});

test.run();
