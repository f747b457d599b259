/**
 * The units as systemd reads them: what must be set, what must not be, and the word of systemd itself
 * where its tools are. Source: protocol.md P1-P8; work order 3 item 5.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { localTemplate, packageFiles, UNIT_NAMES } from "../../../flash/package/files.ts";
import { packagePlaces } from "../../../flash/package/places.ts";
import { endsMachine } from "../../../hal/drivers/off-command/driver.ts";
import { lastValue, parseUnit, type Unit } from "../../lab/unit-file.ts";

const OPTIONS = { prefix: "/usr/local", nodePath: process.execPath };
const FILES = packageFiles(OPTIONS);
const DECIDING = ["pulse", "agent", "disk"] as const;
const SERVICES = ["pulse", "agent", "disk", "telemetry"] as const;

function textOf(name: string): string {
  return FILES.find(({ path }) => basename(path) === name)?.text ?? "";
}

const unit = (name: string): Unit => parseUnit(textOf(name));
const service = (role: string, key: string): string =>
  lastValue(unit(`kage-${role}.service`), "Service", key);

test("every unit is rendered once, for systemd's own folder", () => {
  const names = FILES.filter(({ path }) => path.startsWith("/etc/systemd/system/")).map(
    ({ path }) => basename(path),
  );
  assert.equal(names, [...UNIT_NAMES]);
});

test("P7: the pulse is no notify unit, runs in real time and is restarted at once", () => {
  assert.is(service("pulse", "Type"), "exec");
  assert.is(service("pulse", "WatchdogSec"), "");
  assert.is(service("pulse", "CPUSchedulingPolicy"), "rr");
  assert.is(service("pulse", "CPUSchedulingPriority"), "50");
  assert.is(service("pulse", "RestartSec"), "0");
});

test("P8: pulse and disk are not swapped, and the slice passes the protected memory on", () => {
  const mib = (text: string): number => Number(/^(\d+)M$/.exec(text)?.[1]);
  const slice = mib(lastValue(unit("kage.slice"), "Slice", "MemoryMin"));
  const needed = ["pulse", "agent", "disk"].map((role) => mib(service(role, "MemoryMin")));
  assert.is(
    slice,
    needed.reduce((sum, one) => sum + one, 0),
  );
  for (const role of ["pulse", "disk"]) assert.is(service(role, "MemorySwapMax"), "0");
});

test("P4: programs outlive the agent and inherit neither its limits nor a sandbox", () => {
  assert.is(service("agent", "KillMode"), "process");
  assert.is(service("agent", "Delegate"), "yes");
  assert.is(service("agent", "TasksMax"), "infinity");
  const keys = [...(unit("kage-agent.service").get("Service")?.keys() ?? [])];
  const forbidden =
    /^(Protect|Private|Restrict[ARNS]|System|Capability|NoNew|MemoryMax|MemorySwap|ReadWrite|Lock|UMask)/;
  assert.equal(
    keys.filter((key) => forbidden.test(key)),
    [],
  );
});

test("P6: the disk process holds a lock for its whole life", () => {
  assert.match(
    service("disk", "ExecStart"),
    /^\/usr\/bin\/flock --nonblock --no-fork \/run\/kagemusha\/disk\.lock /,
  );
});

test("P1, P2: the pulse may do what its last will needs", () => {
  const caps = service("pulse", "CapabilityBoundingSet").split(" ");
  for (const cap of ["NET_ADMIN", "NET_RAW", "KILL", "SYS_PTRACE", "DAC_OVERRIDE", "SYS_BOOT"]) {
    assert.ok(caps.includes(`CAP_${cap}`), cap);
  }
  for (const key of ["ProtectControlGroups", "ProtectProc", "PrivateDevices"]) {
    assert.is(service("pulse", key), "", key);
  }
});

test("what strangers speak to has least: no key, no devices, no capability but low ports", () => {
  assert.is(
    service("telemetry", "InaccessiblePaths"),
    "-/etc/kagemusha/cluster.key -/var/lib/kagemusha/keys",
  );
  assert.is(service("telemetry", "PrivateDevices"), "yes");
  assert.is(service("telemetry", "CapabilityBoundingSet"), "CAP_NET_BIND_SERVICE");
});

test("processes are restarted always and stop only through the target", () => {
  for (const role of SERVICES) {
    assert.is(service(role, "Restart"), "always", role);
    assert.is(lastValue(unit(`kage-${role}.service`), "Unit", "PartOf"), "kage.target", role);
  }
  for (const role of ["pulse", "agent", "leave", "sweep"]) {
    assert.is(lastValue(unit(`kage-${role}.service`), "Unit", "RefuseManualStop"), "yes", role);
  }
});

test("R186: leave stops before the processes, sweep after them", () => {
  const after = (name: string): string => lastValue(unit(name), "Unit", "After");
  for (const role of DECIDING) assert.match(after("kage-leave.service"), `kage-${role}.service`);
  // A telemetry that hangs at its start must not keep leave from being up, and so from being stopped.
  assert.not.match(after("kage-leave.service"), "kage-telemetry.service");
  for (const role of DECIDING) {
    assert.match(after(`kage-${role}.service`), "kage-sweep.service", role);
  }
});

test("a new server's off is not armed, and the driver knows the script as one that has to be", () => {
  const { offScript } = packagePlaces(OPTIONS);
  const local = JSON.parse(localTemplate("SERVER1", offScript));
  assert.equal(local.off, { kind: "command", argv: [offScript, "{reason}"], armed: false });
  assert.ok(endsMachine(local.off.argv));
});

test("the off script leaves a planned end to systemd while the server is being led out", () => {
  const script = textOf("poweroff");
  assert.match(script, "[ ! -e /run/kagemusha/leaving ] || exit 0\n  exec systemctl poweroff\n");
  assert.is(spawnSync("/bin/sh", ["-n"], { input: script }).status, 0, "a shell reads it");
});

const verify = spawnSync("systemd-analyze", ["--version"]);
if (verify.status === 0) {
  test("systemd itself has nothing to say against the units", () => {
    const folder = mkdtempSync(join(tmpdir(), "kage-units-"));
    try {
      const paths = FILES.filter(({ path }) => /\.(service|target|slice)$/.test(path)).map(
        ({ path, text }) => {
          const file = join(folder, basename(path));
          writeFileSync(file, text);
          return file;
        },
      );
      const ran = spawnSync("systemd-analyze", ["verify", "--man=no", ...paths], {
        encoding: "utf8",
      });
      const own = ran.stderr.split("\n").filter((line) => line.includes("kage"));
      assert.equal(own, []);
      assert.is(ran.status, 0, ran.stderr);
      const seed = join(folder, "kage-seed.service");
      writeFileSync(seed, "[Service]\nExecStart=/bin/true\nRestartSecs=1\n");
      const bad = spawnSync("systemd-analyze", ["verify", "--man=no", seed], { encoding: "utf8" });
      assert.match(bad.stderr, "RestartSecs", "a seeded fault is seen");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
} else {
  process.stdout.write("# skip systemd-analyze is not installed (package systemd)\n");
}

test.run();
