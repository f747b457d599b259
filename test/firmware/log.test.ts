/** Log lines for the journal and for a file. Source: sd-daemon(3); ecosystem.md 4.3. */
import { spawnSync } from "node:child_process";
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isJournalStream, journalPriority } from "../../firmware/log.ts";

const LOG = new URL("../../firmware/log.js", import.meta.url).href;

/** Lines of a process that logs one line of each level, its output in a file. */
function logged(options: object, env: (fd: number) => Record<string, string>): string[] {
  const folder = mkdtempSync(join(tmpdir(), "kage-log-"));
  const file = join(folder, "out");
  const fd = openSync(file, "w");
  try {
    const code = [
      `const { openLog } = await import(${JSON.stringify(LOG)});`,
      `const log = openLog("agent", ${JSON.stringify({ server: "SERVER1", ...options })});`,
      'log.info({}, "i"); log.warn({}, "w"); log.error({ n: 1 }, "e"); process.kill(process.pid, 9);',
    ].join("\n");
    spawnSync(process.execPath, ["--input-type=module", "-e", code], {
      stdio: ["ignore", fd, "inherit"],
      env: { ...process.env, ...env(fd) },
    });
    return readFileSync(file, "utf8").split("\n").filter(Boolean);
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The variable as systemd sets it for a stream that is `fd`. */
const journal = (fd: number): Record<string, string> => {
  const { dev, ino } = fstatSync(fd);
  return { JOURNAL_STREAM: `${dev}:${ino}` };
};

test("each line for the journal begins with its priority, and is on it before a sudden death", () => {
  const lines = logged({}, journal);
  assert.equal(
    lines.map((line) => line.slice(0, 4)),
    ["<6>{", "<4>{", "<3>{"],
  );
  const { role, server, msg } = JSON.parse((lines[2] ?? "").slice(3));
  assert.equal({ role, server, msg }, { role: "agent", server: "SERVER1", msg: "e" });
});

test("an inherited variable that means another stream makes no prefix", () => {
  const lines = logged({}, () => ({ JOURNAL_STREAM: "1:2" }));
  assert.is(lines.length, 3);
  for (const line of lines) assert.is(line[0], "{");
});

test("the local file decides over what is found", () => {
  for (const line of logged({ log: "plain" }, journal)) assert.is(line[0], "{");
  const forced = logged({ log: "journal" }, () => ({ JOURNAL_STREAM: "" }));
  for (const line of forced) assert.is(line[0], "<");
});

test("odd values of the variable are no journal", () => {
  for (const JOURNAL_STREAM of ["", "x", "1", "1:2:3", "-1:2"]) {
    assert.not(isJournalStream({ JOURNAL_STREAM }));
  }
});

test("priorities are those of syslog", () => {
  assert.equal([60, 50, 40, 30, 20, 10].map(journalPriority), [2, 3, 4, 6, 7, 7]);
});

test.run();
