/**
 * `kage install --check` on made-up machines: a healthy one lacks nothing, and each row takes one thing
 * away and names the one finding. Expectations are written by hand from work order 3 item 5.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { checkMachine } from "../../../firmware/install/check.ts";
import { Machine } from "../../../firmware/install/machine.ts";
import { checkTexts } from "../../../services/catalogue/install.ts";
import { tlsBroker } from "./fake-broker.ts";
import {
  CLUSTER,
  type FakeRoot,
  fibTrie,
  formatted,
  healthyRoot,
  LOCAL,
  SOCKETS_HEAD,
} from "./fake-root.ts";

/** A stranger with an open file, or a process with words. */
function process(root: FakeRoot, pid: number, argv: readonly string[], open?: string): void {
  root.write(`/proc/${pid}/cmdline`, `${argv.join("\0")}\0`);
  root.write(`/proc/${pid}/comm`, `${argv[0]?.split("/").at(-1)}\n`);
  if (open !== undefined) root.link(`/proc/${pid}/fd/3`, open);
}

const local = (root: FakeRoot, changes: object): void =>
  root.write("/etc/kagemusha/local.json", JSON.stringify({ ...LOCAL, ...changes }));
const cluster = (root: FakeRoot, changes: object): void =>
  root.write("/etc/kagemusha/cluster.jsonc", JSON.stringify({ ...CLUSTER, ...changes }));
const PULSE = ["/usr/bin/node", "/usr/local/lib/kagemusha/dist/firmware/main.js", "pulse"];
const bound = (hex: string): string => `${SOCKETS_HEAD}   12: ${hex} 00000000:0000 07 0:0\n`;
const extended = formatted();
extended.fill(0, 0, 4096);
extended.writeUInt16LE(0xef53, 0x438);

type Row = readonly [verdict: "lacks" | "warns", key: string, change: (root: FakeRoot) => void];

const ROWS: readonly Row[] = [
  ["lacks", "tool.missing", (root) => root.remove("/usr/bin/ip")],
  ["warns", "tool.missing-optional", (root) => root.remove("/usr/bin/socat")],
  ["lacks", "systemd.missing", (root) => root.remove("/usr/lib/systemd")],
  [
    "lacks",
    "systemd.old",
    (root) => {
      root.remove("/usr/lib/systemd");
      root.write("/usr/lib/systemd/libsystemd-shared-239.so", "");
    },
  ],
  ["lacks", "systemd.not-running", (root) => root.remove("/run/systemd/system")],
  ["lacks", "package.incomplete", (root) => root.remove("/etc/systemd/system/kage-disk.service")],
  [
    "lacks",
    "package.incomplete",
    (root) => root.remove("/usr/local/lib/kagemusha/dist/firmware/main.js"),
  ],
  [
    "warns",
    "package.not-enabled",
    (root) => root.remove("/etc/systemd/system/multi-user.target.wants/kage.target"),
  ],
  ["lacks", "realtime.none", (root) => root.write("/proc/sys/kernel/sched_rt_runtime_us", "0\n")],
  ["lacks", "realtime.groups", (root) => root.write("/sys/fs/cgroup/cpu/cpu.rt_runtime_us", "0")],
  ["warns", "cgroup.old", (root) => root.remove("/sys/fs/cgroup/cgroup.controllers")],
  ["warns", "cgroup.no-kill", (root) => root.write("/proc/sys/kernel/osrelease", "5.10.0-26\n")],
  ["warns", "cgroup.no-memory", (root) => root.write("/sys/fs/cgroup/cgroup.controllers", "cpu\n")],
  [
    "warns",
    "directory.served",
    (root) => root.link("/etc/systemd/system/multi-user.target.wants/samba-ad-dc.service", "/x"),
  ],
  ["lacks", "config.not-in", (root) => local(root, { server: "SERVER9" })],
  ["lacks", "config.bad", (root) => cluster(root, { method: "guess" })],
  ["lacks", "config.bad", (root) => root.remove("/etc/kagemusha/cluster.jsonc")],
  ["lacks", "local.bad", (root) => root.write("/etc/kagemusha/local.json", '{"server": ')],
  ["lacks", "key.missing", (root) => root.remove("/etc/kagemusha/cluster.key")],
  ["lacks", "key.bad", (root) => root.write("/etc/kagemusha/cluster.key", "secret\n", 0o600)],
  [
    "lacks",
    "key.open",
    (root) => root.write("/etc/kagemusha/cluster.key", `${"5a".repeat(32)}\n`, 0o644),
  ],
  ["warns", "off.not-armed", (root) => local(root, { off: { ...LOCAL.off, armed: false } })],
  ["lacks", "off.missing", (root) => root.remove("/usr/local/lib/kagemusha/poweroff")],
  ["warns", "clock.unsynchronised", (root) => root.remove("/run/systemd/timesync")],
  ["warns", "zone.none", (root) => root.remove("/etc/localtime")],
  ["warns", "panic.stays", (root) => root.write("/proc/sys/kernel/panic", "0\n")],
  ["warns", "watchdog.none", (root) => local(root, { watchdog: { kind: "none" } })],
  ["lacks", "watchdog.missing", (root) => root.remove("/dev/watchdog0")],
  [
    "lacks",
    "watchdog.held",
    (root) => process(root, 1, ["/lib/systemd/systemd"], "/dev/watchdog0"),
  ],
  ["lacks", "watchdog.slow", (root) => root.write("/sys/class/watchdog/watchdog0/timeout", "60\n")],
  ["warns", "watchdog.unknown-time", (root) => root.remove("/sys/class/watchdog")],
  ["lacks", "serial.missing", (root) => root.remove("/dev/ttyS0")],
  [
    "lacks",
    "serial.no-uart",
    (root) => root.write("/proc/tty/driver/serial", "0: uart:unknown port:000003F8 irq:4\n"),
  ],
  [
    "lacks",
    "serial.console",
    (root) => root.write("/proc/cmdline", "root=/dev/sda1 console=tty0 console=ttyS0,115200\n"),
  ],
  [
    "lacks",
    "serial.getty",
    (root) => process(root, 77, ["/sbin/agetty", "-o", "--keep-baud", "ttyS0", "vt220"]),
  ],
  [
    "lacks",
    "serial.getty",
    (root) => root.link("/etc/systemd/system/getty.target.wants/serial-getty@ttyS0.service", "/x"),
  ],
  ["lacks", "serial.held", (root) => process(root, 78, ["/usr/bin/minicom"], "/dev/ttyS0")],
  ["lacks", "disk.missing", (root) => root.remove("/dev/disk/by-partlabel/arb")],
  ["lacks", "disk.no-block-device", (root) => root.remove("/sys/class/block/sdb1")],
  [
    "lacks",
    "disk.used",
    (root) => root.write("/proc/self/mountinfo", "30 22 8:17 / /data rw - ext4 /dev/sdb1 rw\n"),
  ],
  ["lacks", "disk.used", (root) => root.write("/proc/swaps", "Filename\n/dev/sdb1 partition 9\n")],
  ["lacks", "disk.used", (root) => root.write("/sys/class/block/sdb1/holders/dm-0", "")],
  [
    "lacks",
    "disk.used",
    (root) => root.write("/run/udev/data/b8:17", "E:ID_FS_TYPE=LVM2_member\n"),
  ],
  ["lacks", "disk.small", (root) => root.write("/sys/class/block/sdb1/size", "64\n")],
  ["warns", "disk.whole", (root) => root.remove("/sys/class/block/sdb1/partition")],
  ["lacks", "disk.blank", (root) => root.write("/dev/sdb1", Buffer.alloc(1 << 20))],
  ["lacks", "disk.foreign", (root) => root.write("/dev/sdb1", extended)],
  ["lacks", "disk.unreadable", (root) => root.write("/dev/sdb1", Buffer.alloc(4096))],
  ["lacks", "disk.other-cluster", (root) => root.write("/dev/sdb1", formatted("OTHER"))],
  ["lacks", "interface.missing", (root) => root.remove("/sys/class/net/eth0")],
  ["warns", "interface.no-carrier", (root) => root.write("/sys/class/net/eth0/carrier", "0\n")],
  [
    "lacks",
    "lan.address-missing",
    (root) => root.write("/proc/net/fib_trie", fibTrie(["192.168.0.1"])),
  ],
  [
    "lacks",
    "floating.present",
    (root) =>
      root.write("/proc/net/fib_trie", fibTrie(["192.168.0.1", "192.168.1.1", "192.168.0.3"])),
  ],
  ["lacks", "port.taken", (root) => root.write("/proc/net/udp", bound("0101A8C0:1B59"))],
  [
    "lacks",
    "broker.missing",
    (root) =>
      local(root, {
        telemetry: { listen: "127.0.0.1:8443", brokers: ["mqtt://127.0.0.1:1883"] },
      }),
  ],
  ["lacks", "broker.no-certificate", (root) => tlsBroker(root, null)],
  ["lacks", "broker.certificate-ended", (root) => tlsBroker(root, -1)],
  ["warns", "broker.certificate-ends", (root) => tlsBroker(root, 29)],
  ["lacks", "broker.key-open", (root) => tlsBroker(root, 300, 0o640)],
];

function findings(root: FakeRoot): readonly string[] {
  return checkMachine(new Machine(root.path, "20.19.0"))
    .filter(({ verdict }) => verdict !== "ok")
    .map(({ verdict, key }) => `${verdict} ${key}`);
}

test("a healthy machine lacks nothing and gets no warning", () => {
  const root = healthyRoot();
  try {
    assert.equal(findings(root), []);
  } finally {
    root.close();
  }
});

for (const [index, [verdict, key, change]] of ROWS.entries()) {
  test(`row ${index + 1}: ${verdict} ${key}`, () => {
    const root = healthyRoot();
    try {
      change(root);
      assert.equal(findings(root), [`${verdict} ${key}`]);
    } finally {
      root.close();
    }
  });
}

test("every finding that the check can make is reached by a row, or is named here with its reason", () => {
  const reached = new Set(ROWS.map(([, key]) => key));
  const root = healthyRoot();
  for (const { key } of checkMachine(new Machine(root.path, "20.19.0"))) reached.add(key);
  root.close();
  const elsewhere = [
    "node.old", // below
    "package.node-home", // below
    "realtime.refused", // needs the running system
    "realtime.unknown", // below
    "off.rack", // the virtual appliance has no package
    "panic.unknown", // below
    "watchdog.not-configured", // below
    "serial.unused", // below
    "serial.forbidden", // root may open everything
    "disk.unused", // below
    "disk.unstable-name", // below
    "lan.other-network", // below
    "lan.same-device", // below
    "floating.held", // below
    "floating.no-network", // below
    "port.own", // below
    "broker", // below
    "broker.certificate", // below
    "broker.elsewhere", // below
  ];
  const missing = Object.keys(checkTexts).filter((key) => !reached.has(key));
  assert.equal(missing.sort(), elsewhere.sort());
});

/** All keys, good ones as well, of a machine with one change. */
function keysAfter(change: (root: FakeRoot) => void, node = "20.19.0"): readonly string[] {
  const root = healthyRoot();
  try {
    change(root);
    return checkMachine(new Machine(root.path, node)).map(({ key }) => key);
  } finally {
    root.close();
  }
}

const pairs: readonly [string, (root: FakeRoot) => void][] = [
  ["realtime.unknown", (root) => root.remove("/proc/sys/kernel/sched_rt_runtime_us")],
  ["panic.unknown", (root) => root.remove("/proc/sys/kernel/panic")],
  [
    "package.node-home",
    (root) => {
      const node = `/${"home"}/operator/node`;
      root.write(node, "", 0o755);
      root.write(
        "/etc/systemd/system/kage-agent.service",
        `ExecStart=${node} /usr/local/lib/kagemusha/dist/firmware/main.js agent\n`,
      );
    },
  ],
  [
    "watchdog.not-configured",
    (root) => cluster(root, { timing: { ...CLUSTER.timing, watchdogTimeoutMs: 0 } }),
  ],
  ["serial.unused", (root) => cluster(root, { method: "none", com: undefined, disk: undefined })],
  ["disk.unused", (root) => cluster(root, { method: "com", disk: undefined })],
  [
    "disk.unstable-name",
    (root) => cluster(root, { disk: { paths: { SERVER1: "/dev/sdb1", SERVER2: "/dev/sdb1" } } }),
  ],
  [
    "lan.same-device",
    (root) =>
      root.write("/proc/net/route", route("eth0 0000A8C0 00FFFFFF", "eth0 0001A8C0 00FFFFFF")),
  ],
  // 192.168.1.1/32: the other server is behind no network of this machine.
  [
    "lan.other-network",
    (root) =>
      root.write("/proc/net/route", route("eth0 0000A8C0 00FFFFFF", "eth1 0101A8C0 FFFFFFFF")),
  ],
  [
    "floating.no-network",
    (root) =>
      root.write("/proc/net/route", route("eth2 0000A8C0 00FFFFFF", "eth1 0001A8C0 00FFFFFF")),
  ],
  [
    "floating.held",
    (root) => {
      process(root, 900, PULSE);
      root.write("/proc/net/fib_trie", fibTrie(["192.168.0.1", "192.168.1.1", "192.168.0.3"]));
    },
  ],
  [
    "port.own",
    (root) => {
      process(root, 900, PULSE);
      root.write("/proc/net/udp", bound("0101A8C0:1B59"));
    },
  ],
  [
    "broker",
    (root) => {
      root.write("/usr/sbin/mosquitto", "", 0o755);
      const brokers = ["mqtt://localhost:1883"];
      local(root, { telemetry: { listen: "127.0.0.1:8443", brokers } });
    },
  ],
  ["broker.certificate", (root) => tlsBroker(root, 30)],
  [
    "broker.elsewhere",
    (root) => {
      const brokers = ["mqtts://192.168.0.9:8883"];
      local(root, { telemetry: { listen: "127.0.0.1:8443", brokers } });
    },
  ],
];

const route = (...rows: readonly string[]): string =>
  rows
    .map((row) => {
      const [device, to, mask] = row.split(" ");
      return `${device}\t${to}\t00000000\t0001\t0\t0\t0\t${mask}\t0\t0\t0\n`;
    })
    .join("");

for (const [key, change] of pairs) {
  test(`the finding ${key} is made`, () => {
    assert.ok(keysAfter(change).includes(key), keysAfter(change).join(" "));
  });
}

test("systemd is found where Debian and where others keep it", () => {
  for (const folder of ["/usr/lib/x86_64-linux-gnu/systemd", "/usr/lib64/systemd"]) {
    const keys = keysAfter((root) => {
      root.remove("/usr/lib/systemd");
      root.write(`${folder}/libsystemd-shared-252.so`, "");
    });
    assert.ok(keys.includes("systemd"), folder);
  }
});

test("what a missing configuration would decide is not judged", () => {
  const keys = keysAfter((root) => root.remove("/etc/kagemusha/cluster.jsonc"));
  const judged = ["serial", "disk", "interface", "lan", "floating", "port"];
  assert.equal(
    keys.filter((key) => judged.includes(key.split(".")[0] ?? "")),
    [],
  );
});

test("Node below 20.19 is refused, above it is not", () => {
  assert.ok(keysAfter(() => undefined, "20.18.9").includes("node.old"));
  assert.ok(keysAfter(() => undefined, "18.20.0").includes("node.old"));
  for (const good of ["20.19.0", "22.1.0", "24.0.0"]) {
    assert.ok(keysAfter(() => undefined, good).includes("node"), good);
  }
});

test("the watchdog that our own pulse holds is not lacking", () => {
  const keys = keysAfter((root) => process(root, 900, PULSE, "/dev/watchdog0"));
  assert.ok(keys.includes("watchdog"));
});

test("a port bound to every address is taken on both LANs", () => {
  const keys = keysAfter((root) => root.write("/proc/net/udp", bound("00000000:1B59")));
  assert.is(keys.filter((key) => key === "port.taken").length, 2);
});

test("a port that only another address has is free", () => {
  const keys = keysAfter((root) => root.write("/proc/net/udp", bound("0100007F:1B59")));
  assert.not(keys.includes("port.taken"));
});

test("truncated and odd files of the kernel are findings or nothing, never an end", () => {
  for (const name of ["route", "fib_trie", "udp", "if_inet6"]) {
    for (const text of ["", "\0\0\0", "eth0", "x".repeat(100_000), "1: ZZ:Q 1 2\n"]) {
      const keys = keysAfter((root) => root.write(`/proc/net/${name}`, text));
      assert.ok(keys.length > 10, name);
    }
  }
});

test("links that lead round and round or out of the root are followed to nowhere", () => {
  const keys = keysAfter((root) => {
    root.link("/dev/disk/by-partlabel/arb", "../by-partlabel/arb");
    root.link("/etc/localtime", "/usr/share/zoneinfo/../../../../../../../etc/passwd");
  });
  assert.ok(keys.includes("disk.missing"));
});

test.run();
