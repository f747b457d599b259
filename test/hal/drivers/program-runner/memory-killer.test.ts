/**
 * A program starts with the kernel's ordinary view of who is to die for memory, whatever the agent has.
 * Shown with a worse rank than 0, which everybody may give and take back; the better one of the unit
 * needs a privilege that a test has not. Source: systemd.exec(5) OOMScoreAdjust; flash/package/deciding-units.ts.
 */
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Parent } from "../../../../hal/drivers/program-runner/launch.ts";

const OWN = "/proc/self/oom_score_adj";

test("P4: a program does not inherit the agent's rank with the memory killer", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kage-oom-"));
  const before = readFileSync(OWN, "latin1");
  const output = join(folder, "output");
  // The parent of a program keeps nobody waiting, not even a test.
  const awake = setInterval(() => undefined, 1000);
  const outputFd = openSync(output, "w");
  mkdirSync(join(folder, "record"));
  try {
    writeFileSync(OWN, "300");
    const parent = new Parent({
      recordDir: join(folder, "record"),
      cgroup: null,
      outputFd,
      executable: "/bin/cat",
      argv: ["cat", OWN],
      cwd: "/",
      env: { PATH: "/usr/bin:/bin", KAGE_GROUP: "g" },
    });
    assert.is((await parent.parked()).kind, "parked");
    assert.is((await parent.go()).kind, "launched");
    assert.is(await parent.ended, 0);
    assert.is(readFileSync(output, "latin1").trim(), "0");
  } finally {
    writeFileSync(OWN, before);
    clearInterval(awake);
    closeSync(outputFd);
    rmSync(folder, { recursive: true, force: true });
  }
});

test.run();
