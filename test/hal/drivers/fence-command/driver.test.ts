/**
 * The fence command: only status 0 is "off"; silence, failure and absence are not, and nothing of a
 * command that hangs is left.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fenceByCommand } from "../../../../hal/drivers/fence-command/driver.ts";
import { until } from "../../../deadline.ts";

const sh = (script: string, timeoutMs = 5000) =>
  fenceByCommand({ argv: ["/bin/sh", "-c", script, "sh", "{server}"], timeoutMs }, "SERVER2");

test("R205: status 0 means off, and the command is told which server", async () => {
  assert.equal(await sh('[ "$1" = SERVER2 ] && [ "$KAGE_FENCE_SERVER" = SERVER2 ]'), {
    kind: "off",
  });
});

test("R205: any other status is not off, and its last words are told", async () => {
  const result = await sh("echo board does not answer >&2; exit 3");
  assert.is(result.kind, "failed");
  assert.match(result.kind === "failed" ? result.detail : "", "status 3");
  assert.match(result.kind === "failed" ? result.detail : "", "board does not answer");
});

test("R205: a command that hangs is not off; it is ended with its children", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kage-fence-"));
  try {
    const file = join(folder, "pid");
    const result = await sh(`sleep 1000 & echo $! >${file}; wait`, 300);
    assert.is(result.kind, "failed");
    const pid = Number(readFileSync(file, "utf8"));
    await until("its child is gone", () => !isAlive(pid));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("R205: a program that is not there is not off", async () => {
  const result = await fenceByCommand({ argv: ["/nowhere/fence"], timeoutMs: 1000 }, "SERVER2");
  assert.is(result.kind, "failed");
});

test("a command that bears the name of this machine's end is refused unless armed", async () => {
  const argv = ["/bin/echo", "poweroff"];
  const refused = await fenceByCommand({ argv, timeoutMs: 1000 }, "SERVER2");
  assert.match(refused.kind === "failed" ? refused.detail : "", "armed");
  assert.equal(await fenceByCommand({ argv, isArmed: true, timeoutMs: 1000 }, "SERVER2"), {
    kind: "off",
  });
});

/** A zombie has ended. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

test.run();
