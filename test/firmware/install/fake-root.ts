/**
 * A made-up server as a folder: every file that the check reads, of a machine on which everything is
 * right. A test changes one thing and expects one finding.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { packageFiles } from "../../../flash/package/files.ts";
import { loadConfiguration } from "../../../services/configuration/load.ts";
import { encodeHeader } from "../../../services/quorum/arbitration-layout.ts";

export interface FakeRoot {
  readonly path: string;
  write(path: string, text: string | Uint8Array, mode?: number): void;
  link(path: string, target: string): void;
  remove(path: string): void;
  close(): void;
}

const NODE = "/usr/bin/node";

export const CLUSTER = {
  cluster: { name: "WWW" },
  method: "com-disk",
  timing: {
    heartbeatTimeoutMs: 30_000,
    heartbeatIntervalMs: 3000,
    startSyncWaitMs: 300_000,
    watchdogTimeoutMs: 20_000,
  },
  servers: [
    { name: "SERVER1", publicInterface: "eth0" },
    { name: "SERVER2", publicInterface: "eth0" },
  ],
  lans: [
    {
      id: "lan1",
      kind: "private",
      addresses: { SERVER1: "192.168.1.1:7001", SERVER2: "192.168.1.2:7001" },
    },
    {
      id: "lan2",
      kind: "public",
      addresses: { SERVER1: "192.168.0.1:7001", SERVER2: "192.168.0.2:7001" },
    },
  ],
  com: { devices: { SERVER1: "/dev/ttyS0", SERVER2: "/dev/ttyS0" } },
  disk: { paths: { SERVER1: "/dev/disk/by-partlabel/arb", SERVER2: "/dev/disk/by-partlabel/arb" } },
  groups: [
    {
      name: "web",
      start: "auto",
      policy: ["SERVER1", "SERVER2"],
      resources: [
        { type: "floating-ip", name: "addr", address: "192.168.0.3", prefixLength: 24 },
        { type: "program", name: "www", argv: ["/usr/sbin/apache2ctl", "-D", "FOREGROUND"] },
      ],
    },
  ],
};

export const LOCAL = {
  server: "SERVER1",
  configFile: "/etc/kagemusha/cluster.jsonc",
  keyFile: "/etc/kagemusha/cluster.key",
  stateDir: "/var/lib/kagemusha",
  runDir: "/run/kagemusha",
  off: { kind: "command", argv: ["/usr/local/lib/kagemusha/poweroff", "{reason}"], armed: true },
  watchdog: { kind: "device", path: "/dev/watchdog0" },
  addresses: { kind: "linux" },
};

/** SERVER1 of the README's configuration, healthy in every respect; the cluster does not run yet. */
export function healthyRoot(): FakeRoot {
  const path = mkdtempSync(join(tmpdir(), "kage-root-"));
  const at = (name: string): string => join(path, name);
  const root: FakeRoot = {
    path,
    write(name, text, mode = 0o644) {
      mkdirSync(dirname(at(name)), { recursive: true });
      rmSync(at(name), { force: true });
      writeFileSync(at(name), text, { mode });
    },
    link(name, target) {
      mkdirSync(dirname(at(name)), { recursive: true });
      rmSync(at(name), { force: true });
      symlinkSync(target, at(name));
    },
    remove: (name) => rmSync(at(name), { recursive: true, force: true }),
    close: () => rmSync(path, { recursive: true, force: true }),
  };
  writeSoftware(root);
  writeSite(root);
  writeDevices(root);
  writeNetwork(root);
  return root;
}

function writeSoftware(root: FakeRoot): void {
  for (const file of packageFiles({ prefix: "/usr/local", nodePath: NODE })) {
    root.write(file.path, file.text, file.mode);
  }
  root.write("/usr/local/lib/kagemusha/dist/firmware/main.js", "");
  for (const tool of ["node", "ip", "socat", "flock", "chrt", "systemd-notify"]) {
    root.write(`/usr/bin/${tool}`, "", 0o755);
  }
  root.write("/usr/lib/systemd/libsystemd-shared-252.so", "");
  root.write("/run/systemd/system/.keep", "");
  root.link("/etc/systemd/system/multi-user.target.wants/kage.target", "../kage.target");
  root.write("/proc/sys/kernel/sched_rt_runtime_us", "950000\n");
  root.write("/proc/sys/kernel/osrelease", "6.1.0-13-amd64\n");
  root.write("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
}

function writeSite(root: FakeRoot): void {
  root.write("/etc/kagemusha/local.json", JSON.stringify(LOCAL));
  root.write("/etc/kagemusha/cluster.jsonc", JSON.stringify(CLUSTER));
  root.write("/etc/kagemusha/cluster.key", `${"5a".repeat(32)}\n`, 0o600);
  root.write("/run/systemd/timesync/synchronized", "");
  root.write("/usr/share/zoneinfo/Asia/Tokyo", "");
  root.link("/etc/localtime", "/usr/share/zoneinfo/Asia/Tokyo");
  root.write("/proc/sys/kernel/panic", "10\n");
}

function writeDevices(root: FakeRoot): void {
  root.write("/dev/watchdog0", "");
  root.write("/sys/class/watchdog/watchdog0/timeout", "15\n");
  root.write("/dev/ttyS0", "");
  root.write(
    "/proc/tty/driver/serial",
    "serinfo:1.0 driver revision:\n0: uart:16550A port:000003F8\n",
  );
  root.write("/proc/cmdline", "BOOT_IMAGE=/vmlinuz root=/dev/sda1 quiet\n");
  root.link("/dev/disk/by-partlabel/arb", "../../sdb1");
  root.write("/sys/class/block/sdb1/dev", "8:17\n");
  root.write("/sys/class/block/sdb1/partition", "1\n");
  root.write("/sys/class/block/sdb1/size", "2048\n");
  root.write("/proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
  root.write("/proc/swaps", "Filename Type Size Used Priority\n/dev/sda2 partition 99 0 -2\n");
  root.write("/dev/sdb1", formatted());
}

/** The partition as `kage disk format` leaves it, as far as the check reads. */
export function formatted(name = "WWW"): Buffer {
  const text = JSON.stringify({ ...CLUSTER, cluster: { name } });
  const loaded = loadConfiguration(text, "cluster.jsonc");
  if (loaded.kind === "refused") throw new Error(loaded.findings.map((f) => f.text).join("\n"));
  const bytes = Buffer.alloc(2048 * 512);
  bytes.set(encodeHeader(loaded.config.clusterId));
  return bytes;
}

/** 192.168.1.1/24 on eth1 and 192.168.0.1/24 on eth0, as a little-endian kernel prints them. */
function writeNetwork(root: FakeRoot): void {
  for (const name of ["eth0", "eth1", "lo"]) root.write(`/sys/class/net/${name}/carrier`, "1\n");
  root.write(
    "/proc/net/route",
    [
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
      "eth0\t00000000\tFE00A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0",
      "eth0\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
      "eth1\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
      "",
    ].join("\n"),
  );
  root.write("/proc/net/fib_trie", fibTrie(["127.0.0.1", "192.168.0.1", "192.168.1.1"]));
  root.write("/proc/net/udp", SOCKETS_HEAD);
}

export function fibTrie(addresses: readonly string[]): string {
  const lines = addresses.flatMap((address) => [
    `        |-- ${address}`,
    "           /32 host LOCAL",
  ]);
  return ["Local:", "  +-- 0.0.0.0/0 2 0 2", ...lines, ""].join("\n");
}

export const SOCKETS_HEAD = "  sl  local_address rem_address   st tx_queue rx_queue\n";
