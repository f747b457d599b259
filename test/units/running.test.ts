/**
 * The package under a booted systemd: what the units ask for is what the processes have, nothing that the
 * product needs is forbidden, and whoever has to bring a dead or hung process back does so.
 * One pair of machines for the whole file; every test leaves web on SERVER1 and both members.
 * Root only. Source: work order 3 item 5; flash/package/*-units.ts; systemd.exec(5), systemd.service(5).
 */
import { existsSync, readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { CLUSTER_FILE, STATE_DIR } from "../../flash/package/places.ts";
import { untilWithin } from "../deadline.ts";
import { pause } from "../lab/command.ts";
import { ADDRESS, SERVERS, type Server } from "./pair.ts";
import { openStage } from "./stage.ts";

const stage = await openStage("units that run");
const { pair, test } = stage;
const AGENT = "kage-agent.service";
const PULSE = "kage-pulse.service";
const DISK = "kage-disk.service";
const TELEMETRY = "kage-telemetry.service";
const PROCESSES = [PULSE, AGENT, DISK, TELEMETRY];
const BACK_WITHIN_MS = 15_000;

/** Field of proc(5) stat, counted from 1 as there. */
async function statField(server: Server, pid: number, field: number): Promise<string> {
  const text = await pair().run(server, ["cat", `/proc/${pid}/stat`]);
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[field - 3] ?? "";
}

async function statusField(server: Server, pid: number, name: string): Promise<string> {
  const text = await pair().run(server, ["cat", `/proc/${pid}/status`]);
  return new RegExp(`^${name}:\\s+(.*)$`, "m").exec(text)?.[1] ?? "";
}

/** Pid of the program of web as its machine counts. */
async function programPid(server: Server): Promise<number> {
  return Number((await pair().run(server, ["pgrep", "-f", "^[^ ]+ /opt/service.mjs"])).trim());
}

/** Another main process than `pid` runs in the unit and systemd calls it active. */
async function replaced(server: Server, unit: string, pid: number): Promise<number> {
  return untilWithin(`${unit} of ${server} has another process`, BACK_WITHIN_MS, async () => {
    const now = await pair().mainPid(server, unit);
    const state = await pair().show(server, unit, "ActiveState");
    return now !== 0 && now !== pid && state === "active" ? now : null;
  });
}

async function signal(server: Server, name: string, ...units: string[]): Promise<void> {
  const pids = await Promise.all(units.map((unit) => pair().mainPid(server, unit)));
  await pair().run(server, ["kill", `-${name}`, ...pids.map(String)]);
}

async function journal(server: Server, ...words: string[]): Promise<string> {
  return pair().run(server, ["journalctl", "--no-pager", "-o", "cat", "-q", ...words]);
}

test("work order 3.5: on a machine that lacks nothing the check says so", async () => {
  for (const server of SERVERS) {
    const { exit, stdout } = await pair().ask(server, ["kage", "install", "--check"]);
    assert.is(exit, 0, stdout);
    assert.match(stdout, "/usr/local/lib/kagemusha/poweroff is armed");
  }
});

test("work order 3.5: enable --now of the target starts all units; the cluster forms", async () => {
  const enable = ["systemctl", "enable", "--now", "kage.target"];
  await Promise.all(SERVERS.map((server) => pair().run(server, enable)));
  await pair().stands("SERVER1");
  for (const server of SERVERS) {
    const units = ["kage.target", "kage-sweep.service", "kage-leave.service", ...PROCESSES];
    await untilWithin(`all units of ${server} are active`, BACK_WITHIN_MS, async () =>
      (await pair().ask(server, ["systemctl", "is-active", ...units])).exit === 0 ? true : null,
    );
    for (const unit of PROCESSES) assert.is(await pair().show(server, unit, "NRestarts"), "0");
    assert.is(await pair().run(server, ["systemctl", "--failed", "--plain", "--no-legend"]), "");
  }
  assert.match(await pair().run("SERVER1", ["ip", "-br", "addr", "show", "dev", "pub0"]), ADDRESS);
});

test("P1: the pulse has real time; programs of groups have nothing of it", async () => {
  const pulse = await pair().mainPid("SERVER1", PULSE);
  // sched(7): policy 2 is SCHED_RR.
  assert.is(await statField("SERVER1", pulse, 41), "2");
  assert.is(await statField("SERVER1", pulse, 40), "50");
  assert.match(await pair().run("SERVER1", ["ionice", "-p", String(pulse)]), "realtime: prio 4");
  const agent = await pair().mainPid("SERVER1", AGENT);
  const program = await programPid("SERVER1");
  for (const pid of [agent, program]) assert.is(await statField("SERVER1", pid, 41), "0");
  const adjust = await pair().run("SERVER1", ["cat", `/proc/${program}/oom_score_adj`]);
  assert.is(adjust.trim(), "0");
  const cgroup = await pair().run("SERVER1", ["cat", `/proc/${program}/cgroup`]);
  assert.match(cgroup, /\/kage\.slice\/kage-agent\.service\/.+/);
});

test("work order 3.5: the limits that the units name are the kernel's", async () => {
  const limits: readonly (readonly [string, string, string, string])[] = [
    [PULSE, "MemoryMax", "memory.max", String(384 * 1024 * 1024)],
    [DISK, "MemoryMax", "memory.max", String(256 * 1024 * 1024)],
    [TELEMETRY, "MemoryMax", "memory.max", String(256 * 1024 * 1024)],
    [PULSE, "TasksMax", "pids.max", "64"],
    [DISK, "MemoryMin", "memory.min", String(64 * 1024 * 1024)],
    ["kage.slice", "MemoryMin", "memory.min", String(256 * 1024 * 1024)],
  ];
  for (const [unit, property, file, wanted] of limits) {
    assert.is(await pair().show("SERVER1", unit, property), wanted, `${unit} ${property}`);
    const cgroup = await pair().show("SERVER1", unit, "ControlGroup");
    const limit = pair().file("SERVER1", `/sys/fs/cgroup${cgroup}/${file}`);
    // A host that keeps the controller in its old hierarchy has none to hand out.
    if (existsSync(limit)) assert.is(readFileSync(limit, "utf8").trim(), wanted, limit);
  }
});

test("work order 3.5: the sandbox is real: what a process need not do it cannot do", async () => {
  const pid = async (unit: string): Promise<number> => pair().mainPid("SERVER1", unit);
  for (const unit of [PULSE, DISK, TELEMETRY]) {
    assert.is(await statusField("SERVER1", await pid(unit), "NoNewPrivs"), "1", unit);
    assert.is(await statusField("SERVER1", await pid(unit), "Seccomp"), "2", unit);
    const enter = ["nsenter", "-m", "-t", String(await pid(unit)), "touch", "/etc/kage-probe"];
    assert.match((await pair().ask("SERVER1", enter)).stderr, "Read-only file system", unit);
  }
  assert.is(await statusField("SERVER1", await pid(DISK), "CapBnd"), "0000000000000000");
  const devices = await pair().run("SERVER1", [
    "nsenter",
    "-n",
    "-t",
    `${await pid(DISK)}`,
    "ip",
    "-br",
    "link",
  ]);
  assert.not.match(devices, "pub0", "the disk process has no network");
  const key = [
    "nsenter",
    "-m",
    "-t",
    `${await pid(TELEMETRY)}`,
    "cat",
    "/etc/kagemusha/cluster.key",
  ];
  assert.not.match(
    (await pair().ask("SERVER1", key)).stdout,
    /[0-9a-f]{64}/,
    "telemetry and the key",
  );
  // Programs would inherit what the agent has.
  const program = await programPid("SERVER1");
  assert.is(await statusField("SERVER1", program, "NoNewPrivs"), "0");
  assert.is(await statusField("SERVER1", program, "Seccomp"), "0");
});

test("work order 3.5: warnings are warnings in the journal, in lines of JSON", async () => {
  await pair().cabinet.rewire([
    { wire: "segment", segment: "private", server: "SERVER2", cut: true },
  ]);
  await untilWithin("the cut is in the journal as a warning", BACK_WITHIN_MS, async () =>
    (await journal("SERVER1", "-u", AGENT, "-p", "warning")).includes("lan1") ? true : null,
  );
  await pair().cabinet.rewire([
    { wire: "segment", segment: "private", server: "SERVER2", cut: false },
  ]);
  const warned = (await journal("SERVER1", "-u", AGENT, "-p", "warning")).trim().split("\n");
  const all = (await journal("SERVER1", "-u", AGENT, "-p", "info")).trim().split("\n");
  const levels = (lines: string[]): number[] =>
    lines
      .filter((line) => line.startsWith("{"))
      .map((line) => (JSON.parse(line) as { level: number }).level);
  assert.ok(
    levels(warned).every((level) => level >= 40),
    warned.join("\n"),
  );
  assert.ok(levels(all).includes(30), "information is there as well");
  await pair().stands("SERVER1");
});

test("P7: a killed agent is back, its program runs on and is adopted", async () => {
  const program = await programPid("SERVER1");
  const agent = await pair().mainPid("SERVER1", AGENT);
  await signal("SERVER1", "KILL", AGENT);
  await replaced("SERVER1", AGENT, agent);
  await pair().stands("SERVER1");
  assert.is(await programPid("SERVER1"), program);
});

test("P7: a stopped agent is replaced by the pulse, through systemd's restart", async () => {
  const program = await programPid("SERVER1");
  const agent = await pair().mainPid("SERVER1", AGENT);
  const before = Number(await pair().show("SERVER1", AGENT, "NRestarts"));
  await signal("SERVER1", "STOP", AGENT);
  await replaced("SERVER1", AGENT, agent);
  await pair().stands("SERVER1");
  assert.is(Number(await pair().show("SERVER1", AGENT, "NRestarts")), before + 1);
  assert.is(await programPid("SERVER1"), program);
});

test("P7: a stopped pulse is replaced by the agent, through systemd's restart", async () => {
  const program = await programPid("SERVER1");
  const pulse = await pair().mainPid("SERVER1", PULSE);
  await signal("SERVER1", "STOP", PULSE);
  await replaced("SERVER1", PULSE, pulse);
  await pair().stands("SERVER1");
  assert.is(await programPid("SERVER1"), program);
  assert.is(await statField("SERVER1", await pair().mainPid("SERVER1", PULSE), 41), "2");
});

test("WatchdogSec: what nobody else watches is ended and replaced by systemd", async () => {
  // The units' own 60 s and 30 s are read; the test does not wait for them.
  assert.is(await pair().show("SERVER2", TELEMETRY, "WatchdogUSec"), "1min");
  assert.is(await pair().show("SERVER2", AGENT, "WatchdogUSec"), "30s");
  for (const unit of [TELEMETRY, AGENT]) {
    const folder = `/run/systemd/system/${unit}.d`;
    const write = `mkdir -p ${folder} && printf '[Service]\\nWatchdogSec=3\\n' >${folder}/short.conf`;
    await pair().run("SERVER2", ["sh", "-c", write]);
  }
  await pair().run("SERVER2", ["systemctl", "daemon-reload"]);
  const first = await Promise.all(
    [TELEMETRY, AGENT].map((unit) => pair().mainPid("SERVER2", unit)),
  );
  await signal("SERVER2", "KILL", TELEMETRY, AGENT);
  await replaced("SERVER2", TELEMETRY, first[0] ?? 0);
  await replaced("SERVER2", AGENT, first[1] ?? 0);
  await pair().stands("SERVER1");
  // Signs of life come: nobody is ended while longer than the limit passes.
  const alive = await Promise.all(
    [TELEMETRY, AGENT].map((unit) => pair().mainPid("SERVER2", unit)),
  );
  await pause(4000);
  assert.equal(
    await Promise.all([TELEMETRY, AGENT].map((unit) => pair().mainPid("SERVER2", unit))),
    alive,
  );
  await signal("SERVER2", "STOP", TELEMETRY);
  await replaced("SERVER2", TELEMETRY, alive[0] ?? 0);
  assert.match(await journal("SERVER2", "-u", TELEMETRY), "Watchdog timeout (limit 3s)!");
  await pair().stands("SERVER1");
});

test("R140 V3: a text that is pushed is in force and in the file of both machines", async () => {
  const program = await programPid("SERVER1");
  const text = JSON.parse(await pair().run("SERVER1", ["kage", "config", "get"])) as {
    groups: object[];
  };
  const extra = {
    name: "extra",
    policy: SERVERS,
    resources: [{ type: "program", name: "sleeper", argv: ["/bin/sleep", "100000"] }],
  };
  const next = JSON.stringify({ ...text, groups: [...text.groups, extra] }, null, 2);
  await pair().run("SERVER1", ["sh", "-c", `cat >/tmp/next.jsonc <<'END'\n${next}\nEND`]);
  const said = await pair().run("SERVER1", ["kage", "config", "apply", "/tmp/next.jsonc", "--yes"]);
  assert.match(said, "in force on SERVER1, SERVER2");
  for (const server of SERVERS) {
    await untilWithin(`${CLUSTER_FILE} of ${server} is the text in force`, BACK_WITHIN_MS, () =>
      readFileSync(pair().file(server, CLUSTER_FILE), "utf8").includes('"extra"') ? true : null,
    );
    const revisions = await pair().run(server, ["ls", `${STATE_DIR}/revisions`]);
    assert.ok(revisions.trim() !== "", "earlier texts are kept");
  }
  // The agents take the text one after the other.
  await untilWithin("both agents know the new group", BACK_WITHIN_MS, async () => {
    const seen = await Promise.all(SERVERS.map((server) => pair().status(server)));
    const known = seen.every((status) =>
      status?.groups.some(({ name, state }) => name === "extra" && state === "stopped"),
    );
    return known ? true : null;
  });
  await pair().run("SERVER1", ["kage", "group", "start", "extra", "--to", "SERVER2"]);
  await untilWithin("the new group runs on SERVER2", BACK_WITHIN_MS, async () => {
    const group = (await pair().status("SERVER1"))?.groups.find(({ name }) => name === "extra");
    return group?.state === "running" && group.owner === "SERVER2" ? true : null;
  });
  assert.is(await programPid("SERVER1"), program);
  await pair().run("SERVER1", ["kage", "group", "move", "extra", "--to", "SERVER1"]);
  await pair().stands("SERVER1");
});

test("R188: a planned move brings address and program over and leaves nothing", async () => {
  await pair().run("SERVER1", ["kage", "group", "move", "web", "--to", "SERVER2"]);
  await untilWithin("SERVER2 answers", BACK_WITHIN_MS, async () =>
    (await pair().answering()) === "SERVER2" ? true : null,
  );
  assert.is((await pair().ask("SERVER1", ["pgrep", "-f", "^[^ ]+ /opt/service.mjs"])).stdout, "");
  const addresses = await pair().run("SERVER1", ["ip", "-br", "addr", "show", "dev", "pub0"]);
  assert.not.match(addresses, ADDRESS);
  await pair().run("SERVER1", ["kage", "group", "move", "web", "--to", "SERVER1"]);
  await pair().stands("SERVER1");
});

test("P8: a pulse that cannot start is given up; the other server has the groups", async () => {
  assert.is(await pair().show("SERVER1", PULSE, "StartLimitBurst"), "30");
  const folder = `/run/systemd/system/${PULSE}.d`;
  const write = `mkdir -p ${folder} && printf '[Unit]\\nStartLimitBurst=1\\n' >${folder}/few.conf`;
  await pair().run("SERVER1", ["sh", "-c", write]);
  await pair().run("SERVER1", ["systemctl", "daemon-reload"]);
  await untilWithin("systemd gives the pulse up", BACK_WITHIN_MS, async () => {
    const pid = await pair().mainPid("SERVER1", PULSE);
    if (pid !== 0) await pair().ask("SERVER1", ["kill", "-KILL", String(pid)]);
    return (await pair().show("SERVER1", PULSE, "ActiveState")) === "failed" ? true : null;
  });
  await untilWithin("SERVER2 answers", BACK_WITHIN_MS, async () =>
    (await pair().answering()) === "SERVER2" ? true : null,
  );
  // Which of its two ways it took is the method's; with COM + disk the server goes off.
  await untilWithin("SERVER1 is off", BACK_WITHIN_MS, () => (pair().isOn("SERVER1") ? null : true));
});

stage.run();
