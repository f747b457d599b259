/**
 * The mark beside the sockets that an agent has begun in this boot: of this boot only, and in doubt it says so.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { hasRunBefore, leaveBootMark } from "../../../firmware/agent/boot-mark.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";

const HOST = hostIncarnation("00000000000000a2");
const BEFORE = hostIncarnation("00000000000000a1");

function inFolder(look: (dir: string) => void): void {
  const dir = mkdtempSync(join(tmpdir(), "kage-boot-mark-"));
  try {
    look(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

test("S1: the first agent of a boot finds no mark, the second one does, and the next boot has none", () => {
  inFolder((dir) => {
    assert.is(hasRunBefore(dir, HOST), false);
    assert.is(leaveBootMark(dir, HOST), null);
    assert.is(leaveBootMark(dir, HOST), null, "twice is once");
    assert.is(hasRunBefore(dir, HOST), true);
    assert.is(
      hasRunBefore(dir, BEFORE),
      false,
      "a run folder that outlives the boot says nothing of it",
    );
  });
});

test("S1: a mark that cannot be read is one; one that cannot be left is told", () => {
  inFolder((dir) => {
    mkdirSync(join(dir, "booted"));
    assert.is(hasRunBefore(dir, HOST), true, "EISDIR");
    assert.match(leaveBootMark(dir, HOST) ?? "", "booted");
  });
  inFolder((dir) => {
    writeFileSync(join(dir, "file"), "");
    assert.match(leaveBootMark(join(dir, "file"), HOST) ?? "", "ENOTDIR");
    assert.is(hasRunBefore(join(dir, "none"), HOST), false, "no folder, no agent");
  });
});

test.run();
