/**
 * The package on servers of the lab: what is installed is what runs, a stop of kage.target leads a server
 * out in order, and a stop that could not be orderly leaves nothing of a group behind.
 * Root only. Source: work order 3 item 5; flash/package/*-units.ts.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RUN_DIR } from "../../flash/package/places.ts";
import { untilWithin } from "../deadline.ts";
import { askEvents, askStatus } from "../scenarios/rack-client.ts";
import { bootPlan, mainJsOf, serverFiles } from "./appliance-files.ts";
import type { Bay } from "./cabinet.ts";
import { readProc } from "./command.ts";
import { type Lab, openLab } from "./lab.ts";
import { inside, type Life, signalProcess } from "./server.ts";
import { groupPrograms, rolePids } from "./server-processes.ts";
import { commandOf } from "./unit-file.ts";

const test = suite("package in the lab");
const ADDRESS = "10.77.2.101";
/** Holds on until it is ended. */
const SERVICE = ["/bin/sh", "-c", "exec sleep 3600"];
const STANDS_WITHIN_MS = 20_000;
const LEAVES_WITHIN_MS = 20_000;

async function withLab(act: (lab: Lab) => Promise<void>): Promise<void> {
  const groups = [
    {
      name: "web",
      policy: ["SERVER1", "SERVER2"],
      start: "auto" as const,
      address: ADDRESS,
      argv: SERVICE,
    },
  ];
  const times = { timeoutMs: 1500, intervalMs: 100, startWaitMs: 10_000 };
  const lab = await openLab({
    servers: ["SERVER1", "SERVER2"],
    cluster: { method: "none", ...times, groups },
  });
  try {
    await Promise.all(["SERVER1", "SERVER2"].map((name) => lab.powerOn(name)));
    await untilWithin("web runs on SERVER1 and both are members", STANDS_WITHIN_MS, async () => {
      return (await ownerOf(lab, "SERVER2")) === "SERVER1" ? true : null;
    });
    await act(lab);
  } finally {
    await lab.close();
  }
}

function lifeOf(bay: Bay): Life {
  if (bay.life === null) throw new Error(`${bay.name} is off`);
  return bay.life;
}

/** Owner of the group as `server` sees it while both are members; null = not so. */
async function ownerOf(lab: Lab, server: string): Promise<string | null> {
  const status = await askStatus(serverFiles(lab.cabinet.bay(server)).agentSocket);
  if (status?.servers.some(({ state }) => state !== "member") !== false) return null;
  const web = status.groups.find(({ name }) => name === "web");
  return web?.state === "running" ? web.owner : null;
}

async function addressesOf(lab: Lab, server: string): Promise<string> {
  const { life } = lab.cabinet.bay(server);
  return life === null
    ? ""
    : (await inside(life, ["ip", "-br", "addr", "show", "dev", "pub0"])).stdout;
}

if (process.getuid?.() === 0) {
  test("every role of a server is the installed program, the pulse in real time, one disk lock", async () => {
    await withLab(async (lab) => {
      const bay = lab.cabinet.bay("SERVER1");
      const pids = rolePids(bay);
      assert.equal(Object.keys(pids).sort(), ["agent", "disk", "pulse"]);
      for (const pid of Object.values(pids)) {
        assert.ok((readProc(`/proc/${pid}/cmdline`) ?? "").includes(mainJsOf(bay)));
      }
      const plan = bootPlan(bay);
      assert.ok(existsSync(join(serverFiles(bay).runDir, "disk.lock")), `${RUN_DIR}/disk.lock`);
      // A second one, as after a systemd that has given up a disk process that hangs in the kernel.
      const life = lifeOf(bay);
      const second = commandOf(plan, "kage-disk.service", "ExecStart").split(" ");
      assert.is((await inside(life, second)).exit, 1, "a second disk process starts");
    });
  });

  test("R186: the stop of kage.target moves the group in order and leaves the machine to systemd", async () => {
    await withLab(async (lab) => {
      const bay = lab.cabinet.bay("SERVER1");
      const life = lifeOf(bay);
      const leave = commandOf(bootPlan(bay), "kage-leave.service", "ExecStop").split(" ");
      const left = await inside(life, leave);
      assert.is(left.exit, 0, left.stdout + left.stderr);
      assert.match(left.stdout, "<6>leave: SERVER1 has left the cluster in order");
      assert.ok(bay.life !== null, "the machine stays on: systemd ends it");
      await untilWithin("web runs on SERVER2", LEAVES_WITHIN_MS, () =>
        groupPrograms(lab.cabinet.bay("SERVER2")).length > 0 ? true : null,
      );
      assert.equal(groupPrograms(bay), []);
      const keys = (await askEvents(serverFiles(bay).agentSocket))?.map(({ key }) => key) ?? [];
      assert.ok(keys.includes("shutdown.server"), keys.join(" "));
    });
  });

  test("P4: what a disorderly stop leaves of a group is swept, and only that", async () => {
    await withLab(async (lab) => {
      const bay = lab.cabinet.bay("SERVER1");
      const life = lifeOf(bay);
      const { stdout } = await inside(life, ["pgrep", "-f", "boot.sh"]);
      // The keeper of all units first, as systemd stops restarting; then every process of the cluster.
      for (const pid of stdout.split("\n").map(Number).filter(Boolean)) {
        await inside(life, ["kill", "-KILL", String(pid)]);
      }
      for (const pid of Object.values(rolePids(bay))) signalProcess(pid, "SIGKILL");
      await untilWithin("no process of the cluster", 5000, () =>
        Object.keys(rolePids(bay)).length === 0 ? true : null,
      );
      assert.ok(groupPrograms(bay).length > 0, "KillMode=process leaves the program running");
      assert.match(await addressesOf(lab, "SERVER1"), ADDRESS);
      const sweep = commandOf(bootPlan(bay), "kage-sweep.service", "ExecStop").split(" ");
      const swept = await inside(life, sweep);
      assert.is(swept.exit, 0, swept.stdout + swept.stderr);
      assert.equal(groupPrograms(bay), []);
      assert.not.match(await addressesOf(lab, "SERVER1"), ADDRESS);
      assert.match(await addressesOf(lab, "SERVER1"), "10.77.2.1/24", "its own address stays");
    });
  });
}

test.run();
