/**
 * The off command: what runs is a harmless file write; machine-ending commands are only asked
 * about.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  createOffCommand,
  endsMachine,
  type OffTrouble,
} from "../../../../hal/drivers/off-command/driver.ts";
import { until } from "../../../deadline.ts";

interface World {
  dir: string;
  troubles: OffTrouble[];
}

const test = suite<World>("off command");

test.before.each((w) => {
  w.dir = mkdtempSync(join(tmpdir(), "kage-off-"));
  w.troubles = [];
});

test.after.each((w) => rmSync(w.dir, { recursive: true, force: true }));

test("architecture 7: the configured command runs and is told the reason", async (w) => {
  const out = join(w.dir, "out");
  const argv = ["/bin/sh", "-c", `echo {reason} >${out}.new; mv ${out}.new ${out}`];
  createOffCommand({ argv, onTrouble: (one) => w.troubles.push(one) }).off("emergency");
  await until("command ran", () => existsSync(out));
  assert.is(readFileSync(out, "utf8"), "emergency\n");
  assert.equal(w.troubles, []);
});

test("commands that end the machine are recognised in every clothing", () => {
  for (const argv of [
    ["poweroff"],
    ["/usr/sbin/poweroff", "-f"],
    ["systemctl", "poweroff", "--force"],
    ["/usr/bin/sudo", "/sbin/halt"],
    ["sh", "-c", "sleep 1; reboot -f"],
    ["shutdown", "-h", "now"],
    ["init", "0"],
    ["/sbin/telinit", "6"],
    ["sh", "-c", "echo o >/proc/sysrq-trigger"],
    ["kexec", "-e"],
  ]) {
    assert.ok(endsMachine(argv), argv.join(" "));
  }
  for (const argv of [
    ["ip", "netns", "del", "kage1"],
    ["kill", "-9", "123"],
    ["/opt/lab/end-server"],
  ]) {
    assert.not.ok(endsMachine(argv), argv.join(" "));
  }
});

test("a machine-ending command that is not armed is refused with what to do", (w) => {
  // The program does not exist, so that even a broken refusal ends nothing.
  const argv = [join(w.dir, "nowhere", "poweroff")];
  createOffCommand({ argv, onTrouble: (one) => w.troubles.push(one) }).off("planned");
  assert.is(w.troubles[0]?.kind, "refused");
  assert.match(w.troubles[0]?.detail ?? "", "arm the off command");
});

test("armed it is started: here it is missing, which is told", async (w) => {
  const argv = [join(w.dir, "nowhere", "poweroff")];
  const options = { argv, isArmed: true, onTrouble: (one: OffTrouble) => w.troubles.push(one) };
  createOffCommand(options).off("planned");
  await until("trouble told", () => w.troubles.length > 0);
  assert.is(w.troubles[0]?.kind, "not-started");
});

test("a command that fails is told, for the host still runs", async (w) => {
  const argv = ["/bin/sh", "-c", "exit 3"];
  createOffCommand({ argv, onTrouble: (one) => w.troubles.push(one) }).off("emergency");
  await until("trouble told", () => w.troubles.length > 0);
  assert.match(w.troubles[0]?.detail ?? "", "status 3");
});

test.run();
