/** The launcher: comes up, says so, refuses a second start, and leaves nothing however it ends. */
import { type ChildProcess, spawn } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { applianceDirs } from "../../firmware/places.ts";
import { listProcesses } from "../../hal/drivers/process-tree/process-tree.ts";
import { until } from "../deadline.ts";

const ENTRY = join(import.meta.dirname, "stand-in-appliance.js");

interface Launched {
  readonly child: ChildProcess;
  readonly ended: Promise<number | string>;
  output(): string;
}

function launch(stateDir: string, ...args: string[]): Launched {
  const env = { ...process.env, KAGE_TEST_STATE: stateDir };
  const child = spawn(process.execPath, [ENTRY, "--state", stateDir, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (bytes) => {
      output += String(bytes);
    });
  }
  const ended = new Promise<number | string>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal ?? "?"));
  });
  return { child, ended, output: () => output };
}

/** Processes that descend from a launcher of this state folder, itself included. */
function left(stateDir: string): number[] {
  return listProcesses().flatMap(({ pid }) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
      return environment.includes(`KAGE_TEST_STATE=${stateDir}`) ? [pid] : [];
    } catch {
      return [];
    }
  });
}

async function withFolder(act: (stateDir: string) => Promise<void>): Promise<void> {
  const stateDir = mkdtempSync(join(tmpdir(), "kage-app-"));
  try {
    await act(stateDir);
  } finally {
    for (const pid of left(stateDir)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // Ended with its launcher, which was killed just before.
      }
    }
    await until("everything to end", () => left(stateDir).length === 0);
    rmSync(applianceDirs(stateDir).runDir, { recursive: true, force: true });
    rmSync(stateDir, { recursive: true, force: true });
  }
}

async function ready(one: Launched): Promise<void> {
  await until(`ready, got: ${one.output()}`, () => one.output().includes("\nready: ")).catch(() => {
    throw new Error(`not ready: ${one.output()}`);
  });
}

interface ApplianceFile {
  readonly rackSocket: string;
  readonly servers: readonly { name: string; local: string; runDir: string; agentSocket: string }[];
  readonly floating: readonly { address: string; port: number }[];
}

const applianceOf = (stateDir: string): ApplianceFile =>
  JSON.parse(readFileSync(join(applianceDirs(stateDir).runDir, "appliance.json"), "utf8"));

test("it comes up, serves, and Ctrl-C shuts down in order and leaves nothing", async () => {
  await withFolder(async (stateDir) => {
    const one = launch(stateDir);
    await ready(one);
    const { rackSocket, servers, floating } = applianceOf(stateDir);
    assert.equal(
      servers.map((server) => server.name),
      ["SERVER1", "SERVER2"],
    );
    assert.is(statSync(rackSocket).mode & 0o777, 0o600);
    assert.is(statSync(join(stateDir, "cluster.key")).mode & 0o777, 0o600);
    assert.match(readFileSync(join(stateDir, "cluster.key"), "utf8"), /^[0-9a-f]{64}\n$/);
    const [at] = floating;
    const answer = await fetch(`http://${at?.address}:${at?.port}/`);
    assert.is(await answer.text(), "SERVER1\n");
    assert.match(one.output(), /ready: http:\/\/127\.\d+\.\d+\.101:8080 answers: SERVER1/);
    one.child.kill("SIGINT");
    // npm passes the terminal's Ctrl-C on: the same one twice must not cut the power.
    one.child.kill("SIGINT");
    assert.is(await one.ended, 0);
    assert.equal(left(stateDir), []);
    assert.not(existsSync(applianceDirs(stateDir).runDir));
    assert.not(existsSync(join(stateDir, "appliance.lock")));
    assert.not(existsSync(join(stateDir, "running")));
    assert.not(one.output().includes("cutting the power"));
  });
});

test("Ctrl-C again and again until the very end leaves nothing either", async () => {
  await withFolder(async (stateDir) => {
    const one = launch(stateDir);
    await ready(one);
    const again = setInterval(() => one.child.kill("SIGINT"), 3);
    await one.ended;
    clearInterval(again);
    assert.equal(left(stateDir), []);
    assert.not(existsSync(applianceDirs(stateDir).runDir));
    assert.not(existsSync(join(stateDir, "appliance.lock")));
  });
});

test("a process list shows what runs, not the text of a script", async () => {
  await withFolder(async (stateDir) => {
    const one = launch(stateDir);
    await ready(one);
    const lines = left(stateDir).map((pid) => readFileSync(`/proc/${pid}/cmdline`, "latin1"));
    one.child.kill("SIGTERM");
    assert.is(await one.ended, 0);
    assert.ok(lines.some((line) => line.includes("supervisor.sh")));
    assert.equal(
      lines.filter((line) => line.includes("\n") && line.includes("KAGE_TREE")),
      [],
    );
  });
});

test("a second start is refused with the process and what to do", async () => {
  await withFolder(async (stateDir) => {
    const one = launch(stateDir, "--no-power");
    await ready(one);
    const two = launch(stateDir);
    assert.is(await two.ended, 1);
    assert.ok(two.output().includes(`already runs on ${stateDir}, process ${one.child.pid}`));
    assert.match(two.output(), /do: use it \(npx kage status\), stop it/);
    one.child.kill("SIGTERM");
    assert.is(await one.ended, 0);
  });
});

test("a killed launcher takes its servers with it, and the next start takes over what the servers remember", async () => {
  await withFolder(async (stateDir) => {
    const one = launch(stateDir);
    await ready(one);
    one.child.kill("SIGKILL");
    assert.is(await one.ended, "SIGKILL");
    await until("all servers to end", () => left(stateDir).length === 0);
    const two = launch(stateDir);
    await ready(two);
    assert.not.match(two.output(), /starting afresh/);
    two.child.kill("SIGTERM");
    assert.is(await two.ended, 0);
  });
});

test("R108: the terminal says of every server that ended itself why it did, and then the way back", async () => {
  await withFolder(async (stateDir) => {
    const one = launch(stateDir);
    await ready(one);
    const evidence = "unacknowledged 949 ms, COM alive";
    const data = { method: "com-disk", reason: "partition", evidence, completed: true, epoch: 1 };
    const at = "2026-11-23T14:12:08.187Z";
    for (const server of ["SERVER1", "SERVER2"]) {
      const word = JSON.stringify({ seq: 0, at, key: "emergency-shutdown", data });
      writeFileSync(join(stateDir, server, "events-last.jsonl"), `${word}\n`);
      writeFileSync(join(stateDir, server, "end-itself"), "");
    }
    const last = `  npx kage group start web --state ${stateDir}\n`;
    await until("the advice", () => one.output().includes(last));
    for (const server of ["SERVER1", "SERVER2"]) {
      assert.match(one.output(), `power: ${server} off. This server ended itself by an emergency`);
      assert.match(one.output(), `  npx kage rack power on ${server} --state ${stateDir}\n`);
    }
    assert.match(one.output(), "(network partition, method com-disk, epoch 1): unacknowledged");
    one.child.kill("SIGTERM");
    assert.is(await one.ended, 0);
  });
});

test("a server that is off at Ctrl-C, and one that hangs, are no reason to stay", async () => {
  await withFolder(async (stateDir) => {
    const one = launch(stateDir);
    await ready(one);
    const { rackSocket } = applianceOf(stateDir);
    const { request } = await import("../../firmware/cli/client.ts");
    const off = { verb: "power", server: "SERVER1", on: false };
    assert.is((await request(rackSocket, off, 5000)).kind, "ok");
    const freeze = { verb: "freeze", server: "SERVER2" };
    assert.is((await request(rackSocket, freeze, 5000)).kind, "ok");
    one.child.kill("SIGTERM");
    assert.is(await one.ended, 0);
    assert.ok(one.output().includes("cutting the power"));
    assert.equal(left(stateDir), []);
  });
});

test("an untouched configuration follows the options, a changed one is kept", async () => {
  await withFolder(async (stateDir) => {
    const file = join(stateDir, "cluster.jsonc");
    const run = async (...args: string[]): Promise<Launched> => {
      const one = launch(stateDir, "--no-power", ...args);
      await until("ready or the end", () => /ready: |do: /.test(one.output()));
      if (one.output().includes("ready: ")) one.child.kill("SIGTERM");
      await one.ended;
      return one;
    };
    await run();
    assert.match(readFileSync(file, "utf8"), /"method": "com-disk"/);
    const block = /"lan1"[^}]*"SERVER1": "(127\.\d+\.\d+)\./;
    const first = block.exec(readFileSync(file, "utf8"))?.[1];
    const other = await run("--method", "none", "--timeout", "300", "--watchdog", "200");
    assert.match(other.output(), /method none, timeout 300 ms/);
    assert.is(block.exec(readFileSync(file, "utf8"))?.[1], first, "the same addresses");
    appendFileSync(file, "// a word of the operator\n");
    const kept = await run();
    assert.match(kept.output(), /method none/);
    const refused = await run("--method", "com");
    assert.match(refused.output(), /was changed by hand/);
    assert.is(await refused.ended, 1);
    assert.match(readFileSync(file, "utf8"), /a word of the operator/);
  });
});

test("R104: a configuration that does not fit is refused with file, line and remedy", async () => {
  await withFolder(async (stateDir) => {
    const file = join(stateDir, "mine.jsonc");
    writeFileSync(file, '{ "cluster": { "name": "x" },\n  "metod": "com" }\n');
    const one = launch(stateDir, "--config", file);
    assert.is(await one.ended, 1);
    assert.match(one.output(), /mine\.jsonc:2:/);
    const example = join(process.cwd(), "boards", "examples", "cluster.jsonc");
    const two = launch(stateDir, "--config", example);
    assert.is(await two.ended, 1);
    assert.match(two.output(), /expected "virtual": true; this configuration is for real servers/);
    assert.equal(left(stateDir), []);
  });
});

test("a key that is a folder and other broken states end with a text, not with a trace", async () => {
  await withFolder(async (stateDir) => {
    mkdirSync(join(stateDir, "array.img"));
    const one = launch(stateDir, "--no-power");
    assert.is(await one.ended, 1);
    assert.match(one.output(), /appliance: .*array\.img/);
    assert.match(one.output(), /do: /);
    assert.not(/\n\s+at /.test(one.output()), one.output());
  });
});

test.run();
