/** The last will against real processes and an address port that behaves, refuses or hangs. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { executeWill, type Will, type WillPorts } from "../../firmware/will.ts";
import {
  findByEnvironment,
  isAlive,
  type ProcessStat,
  readProcess,
} from "../../hal/drivers/process-tree/process-tree.ts";
import { createProgramRunner } from "../../hal/drivers/program-runner/driver.ts";
import type { ProgramPort, ProgramRun } from "../../hal/ports/host.ts";
import { until } from "../deadline.ts";

interface World {
  dir: string;
  runner: ProgramPort;
  children: ChildProcess[];
}

const BOUND_MS = 5000;
const test = suite<World>("last will");

/** A process that stands for agent or disk process: ignores TERM. */
async function startKeeper(w: World): Promise<ProcessStat> {
  const child = spawn("/bin/sh", ["-c", "trap '' TERM; while :; do sleep 1; done"], {
    stdio: "ignore",
    detached: true,
  });
  w.children.push(child);
  await once(child, "spawn");
  const stat = readProcess(child.pid ?? 0);
  if (stat === null) throw new Error("keeper not there");
  return stat;
}

async function startProgram(w: World, resource: string, script: string): Promise<ProgramRun> {
  const started = await w.runner.start({
    group: "web",
    resource,
    argv: ["/bin/sh", "-c", script],
    env: {},
    publicAddress: "127.9.9.1",
    floatingAddress: null,
  });
  if (started.kind === "failed") throw new Error(started.detail);
  return started.run;
}

/** Answers at once and remembers the order. */
function goodPort(order: string[]): WillPorts {
  return {
    addresses: {
      down: async (address) => {
        order.push(address);
      },
    },
  };
}

const killOf = ({ pid, startTicks }: ProcessStat, role: string): Will["kill"][number] => ({
  pid,
  startTime: startTicks,
  role,
});

test.before.each((w) => {
  w.dir = mkdtempSync(join(tmpdir(), "kage-will-"));
  w.children = [];
  w.runner = createProgramRunner({
    runDir: join(w.dir, "run"),
    stateDir: join(w.dir, "state"),
    server: "SERVER1",
    cgroupRoot: null,
    report: () => undefined,
    // This agent does not die with the will, so nothing may be parked behind its back.
    parkDelayMs: null,
  });
});

test.after.each(async (w) => {
  for (const run of await w.runner.list()) await w.runner.stop(run.group, run.resource, 0);
  w.runner.close();
  for (const child of w.children) child.kill("SIGKILL");
  rmSync(w.dir, { recursive: true, force: true });
});

test("protocol 1.3.7: agent, disk process, addresses, programs: all gone", async (w) => {
  const agent = await startKeeper(w);
  const disk = await startKeeper(w);
  const ready = join(w.dir, "ready");
  const stubborn = await startProgram(
    w,
    "stubborn",
    `trap '' TERM; setsid sleep 60 & : >${ready}; while :; do sleep 0.05; done`,
  );
  const plain = await startProgram(w, "plain", "exec sleep 60");
  await until("program ready", () => existsSync(ready));
  const order: string[] = [];
  const agentAtDown: boolean[] = [];
  const ports: WillPorts = {
    addresses: {
      down: async (address) => {
        order.push(address);
        agentAtDown.push(isAlive(plain));
      },
    },
  };
  const will: Will = {
    groups: [
      { name: "web", programs: [stubborn, plain], addresses: ["127.9.9.101", "127.9.9.102"] },
      { name: "empty", programs: [], addresses: ["127.9.9.101"] },
    ],
    kill: [killOf(agent, "agent"), killOf(disk, "disk")],
  };
  const outcome = await executeWill(will, ports, BOUND_MS);
  assert.is(outcome.kind, "completed", JSON.stringify(outcome));
  assert.equal(order, ["127.9.9.101", "127.9.9.102"]);
  assert.equal(agentAtDown, [true, true], "addresses go before the programs");
  for (const gone of [agent, disk, stubborn, plain]) assert.not.ok(isAlive(gone));
  const cookies = [stubborn, plain].map((run) => `KAGE_PROGRAM=${run.cookie}`);
  assert.equal(findByEnvironment(cookies), []);
});

test("the will is idempotent: a second execution finds nothing and completes", async (w) => {
  const agent = await startKeeper(w);
  const run = await startProgram(w, "plain", "exec sleep 60");
  const will: Will = {
    groups: [{ name: "web", programs: [run], addresses: ["127.9.9.101"] }],
    kill: [killOf(agent, "agent")],
  };
  const [first, beside] = await Promise.all([
    executeWill(will, goodPort([]), BOUND_MS),
    executeWill(will, goodPort([]), BOUND_MS),
  ]);
  assert.is(first.kind, "completed");
  assert.is(beside.kind, "completed", "twice at once");
  assert.is((await executeWill(will, goodPort([]), BOUND_MS)).kind, "completed");
});

test("an empty will completes at once", async () => {
  const outcome = await executeWill({ groups: [], kill: [] }, goodPort([]), BOUND_MS);
  assert.is(outcome.kind, "completed");
});

test("P2: a recycled pid in the will is left alone", async (w) => {
  const stranger = await startKeeper(w);
  const will: Will = {
    groups: [],
    kill: [
      { pid: stranger.pid, startTime: stranger.startTicks - 1, role: "agent" },
      { pid: process.pid, startTime: readProcess(process.pid)?.startTicks ?? 0, role: "self" },
    ],
  };
  assert.is((await executeWill(will, goodPort([]), BOUND_MS)).kind, "completed");
  assert.ok(isAlive(stranger));
});

test("P2: a hanging address process makes it overdue, programs go all the same", async (w) => {
  const run = await startProgram(w, "plain", "exec sleep 60");
  const will: Will = {
    groups: [{ name: "web", programs: [run], addresses: ["127.9.9.101"] }],
    kill: [],
  };
  const beganAtMs = performance.now();
  const hung: WillPorts = { addresses: { down: () => new Promise(() => undefined) } };
  const outcome = await executeWill(will, hung, 200);
  const tookMs = performance.now() - beganAtMs;
  assert.ok(tookMs >= 200 && tookMs < 2000, `${tookMs} ms`);
  assert.equal(outcome, {
    kind: "overdue",
    left: [{ kind: "address", address: "127.9.9.101", detail: "not read back as absent yet" }],
  });
  assert.not.ok(isAlive(run));
});

test("a refused address is asked for again and at last named with its reason", async () => {
  let calls = 0;
  const secondTime: WillPorts = {
    addresses: {
      down: async () => {
        calls += 1;
        if (calls === 1) throw new Error("tool died");
      },
    },
  };
  const will: Will = {
    groups: [{ name: "web", programs: [], addresses: ["127.9.9.101"] }],
    kill: [],
  };
  assert.is((await executeWill(will, secondTime, BOUND_MS)).kind, "completed");
  assert.is(calls, 2);
  const never: WillPorts = {
    addresses: {
      down: () => {
        throw new Error("no right to do that");
      },
    },
  };
  const outcome = await executeWill(will, never, 100);
  assert.is(outcome.kind, "overdue");
  assert.match(JSON.stringify(outcome), "no right to do that");
});

test("a program without parent and record is found by its cookie", async (w) => {
  const run = await startProgram(w, "plain", "exec sleep 60");
  process.kill(readProcess(run.pid)?.parentPid ?? 0, "SIGKILL");
  rmSync(run.recordDir, { recursive: true });
  const will: Will = { groups: [{ name: "web", programs: [run], addresses: [] }], kill: [] };
  assert.is((await executeWill(will, goodPort([]), BOUND_MS)).kind, "completed");
  assert.not.ok(isAlive(run));
});

test("a program that cleared its environment is found by its run record", async (w) => {
  const pidFile = join(w.dir, "up");
  const run = await startProgram(w, "plain", `exec env -i /bin/sh -c ': >${pidFile}; sleep 60; :'`);
  await until("program up", () => existsSync(pidFile));
  process.kill(readProcess(run.pid)?.parentPid ?? 0, "SIGKILL");
  const will: Will = { groups: [{ name: "web", programs: [run], addresses: [] }], kill: [] };
  assert.is((await executeWill(will, goodPort([]), BOUND_MS)).kind, "completed");
  assert.not.ok(isAlive(run));
});

test("a frozen program is killed too", async (w) => {
  const run = await startProgram(w, "plain", "exec sleep 60");
  process.kill(run.pid, "SIGSTOP");
  const will: Will = { groups: [{ name: "web", programs: [run], addresses: [] }], kill: [] };
  assert.is((await executeWill(will, goodPort([]), BOUND_MS)).kind, "completed");
  assert.not.ok(isAlive(run));
});

test.run();
