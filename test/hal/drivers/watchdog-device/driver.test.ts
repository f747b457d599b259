/** The watchdog device driver against ordinary files; a real device is never opened here. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  openWatchdogDevice,
  type WatchdogTrouble,
} from "../../../../hal/drivers/watchdog-device/driver.ts";

interface World {
  dir: string;
  path: string;
  troubles: WatchdogTrouble[];
}

const test = suite<World>("watchdog device");

test.before.each((w) => {
  w.dir = mkdtempSync(join(tmpdir(), "kage-watchdog-"));
  w.path = join(w.dir, "device");
  w.troubles = [];
  writeFileSync(w.path, "");
});

test.after.each((w) => rmSync(w.dir, { recursive: true, force: true }));

const open = (w: World, timeoutFile: string | null = null) =>
  openWatchdogDevice({ path: w.path, timeoutFile, onTrouble: (one) => w.troubles.push(one) });
const written = (w: World): string => readFileSync(w.path, "latin1");

test("protocol 1.3.6: arm and feed write keep-alives, disarm writes the magic letter last", (w) => {
  const watchdog = open(w);
  watchdog.arm(1000);
  watchdog.feed();
  watchdog.arm(1000);
  watchdog.disarm();
  assert.is(written(w), "\0\0\0V");
  assert.equal(w.troubles, []);
});

test("nothing is opened or written before arm and after disarm", (w) => {
  const watchdog = open(w);
  watchdog.feed();
  watchdog.disarm();
  assert.is(written(w), "");
  watchdog.arm(1000);
  watchdog.disarm();
  watchdog.feed();
  watchdog.disarm();
  assert.is(written(w), "\0V");
});

test("P7: a process that just ends writes no magic letter", (w) => {
  open(w).arm(1000);
  assert.is(written(w), "\0");
});

test("a device that waits longer than asked is refused and not opened", (w) => {
  const timeoutFile = join(w.dir, "timeout");
  writeFileSync(timeoutFile, "60\n");
  const watchdog = open(w, timeoutFile);
  watchdog.arm(59_999);
  watchdog.feed();
  assert.is(written(w), "");
  assert.is(w.troubles[0]?.kind, "not-armed");
  assert.match(w.troubles[0]?.detail ?? "", "resets after 60000 ms, asked for 59999 ms");
  watchdog.arm(60_000);
  assert.is(written(w), "\0");
});

test("a device that cannot be opened or written is told, not thrown", (w) => {
  rmSync(w.dir, { recursive: true });
  open(w).arm(1000);
  assert.is(w.troubles[0]?.kind, "not-armed");
  const full = openWatchdogDevice({
    path: "/dev/full",
    timeoutFile: null,
    onTrouble: (one) => w.troubles.push(one),
  });
  full.arm(1000);
  full.feed();
  full.disarm();
  assert.equal(
    w.troubles.slice(1).map((one) => one.kind),
    ["not-armed", "feed-failed", "disarm-failed"],
  );
});

test.run();
