/** The supervisor restarts what ended, not too often, and ends everything with its feed line. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ROLES, roleOf, SUPERVISOR_SCRIPT, supervisorCommand } from "../../firmware/supervisor.ts";
import { commandLine, killTree, scanTree, TREE_VARIABLE } from "../../hal/rack/server-tree.ts";
import { until } from "../deadline.ts";

const MAIN = join(import.meta.dirname, "stand-in-main.js");

interface Rig {
  readonly folder: string;
  readonly supervisor: ChildProcess;
  readonly cookie: string;
  /** Living processes by role. */
  roles(): Record<string, number>;
  log(): string;
}

async function withSupervisor(
  act: (rig: Rig) => Promise<void>,
  prepare?: (folder: string) => void,
  telemetry = false,
  disk = true,
) {
  const folder = mkdtempSync(join(tmpdir(), "kage-sup-"));
  const cookie = `TEST-${randomBytes(8).toString("hex")}`;
  const localFile = join(folder, "local.json");
  writeFileSync(localFile, JSON.stringify({ server: "S", stateDir: folder, runDir: folder }));
  prepare?.(folder);
  const scriptFile = join(folder, "supervisor.sh");
  writeFileSync(scriptFile, SUPERVISOR_SCRIPT);
  const command = supervisorCommand({
    scriptFile,
    nodePath: process.execPath,
    mainJs: MAIN,
    localFile,
    stateDir: folder,
    disk,
    telemetry,
  });
  const supervisor = spawn(command.file, command.argv, {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    env: { ...process.env, [TREE_VARIABLE]: cookie },
  });
  supervisor.stdin?.on("error", () => undefined);
  const roles = (): Record<string, number> => {
    const found: Record<string, number> = {};
    for (const { pid } of scanTree(cookie)) {
      const role = roleOf(MAIN, commandLine(pid));
      if (role !== null) found[role] = pid;
    }
    return found;
  };
  const logFile = join(folder, "supervisor.log");
  const log = (): string => (existsSync(logFile) ? readFileSync(logFile, "utf8") : "");
  try {
    await act({ folder, supervisor, cookie, roles, log });
  } finally {
    await killTree(cookie, 5000);
    rmSync(folder, { recursive: true, force: true });
  }
}

const allRoles = (rig: Rig): Promise<Record<string, number>> =>
  until("all roles to run", () => {
    const roles = rig.roles();
    return ROLES.every((role) => roles[role] !== undefined) ? roles : null;
  });

test("without an array there is no disk process", async () => {
  const act = async (rig: Rig): Promise<void> => {
    await until("pulse and agent", () => {
      const { pulse, agent } = rig.roles();
      return pulse !== undefined && agent !== undefined ? true : null;
    });
    // The loops of all roles begin in one breath; a disk process would be there with the agent's second start.
    await until("the agent's second start", () =>
      /agent ended/.test(rig.log()) ? true : killAgent(rig),
    );
    assert.equal(Object.keys(rig.roles()).includes("disk"), false);
  };
  await withSupervisor(act, undefined, false, false);
});

function killAgent(rig: Rig): null {
  const { agent } = rig.roles();
  if (agent !== undefined) process.kill(agent, "SIGKILL");
  return null;
}

test("each role is started again after kill -9, the others are left alone", async () => {
  await withSupervisor(async (rig) => {
    const before = await allRoles(rig);
    for (const role of ROLES) {
      const roles = await allRoles(rig);
      process.kill(roles[role] ?? 0, "SIGKILL");
      await until(`a new ${role}`, () => {
        const now = rig.roles()[role];
        return now !== undefined && now !== roles[role];
      });
    }
    const after = await allRoles(rig);
    for (const role of ROLES) assert.is.not(after[role], before[role]);
    await until("three lines of ends", () => rig.log().split("ended with status 137").length === 4);
  });
});

test("a role that ends at once is started again ever more slowly, first without a wait", async () => {
  await withSupervisor(
    async (rig) => {
      await until("four ends", () => rig.log().split("disk ended with status 7").length >= 5);
      const waits = [...rig.log().matchAll(/disk ended .* starts again in (\d+) ms/g)];
      assert.equal(
        waits.slice(0, 4).map((match) => match[1]),
        ["0", "100", "200", "300"],
      );
      const roles = await until("the others to run", () => {
        const now = rig.roles();
        return now["pulse"] !== undefined && now["agent"] !== undefined ? now : null;
      });
      assert.ok(roles);
    },
    (folder) => writeFileSync(join(folder, "crash-disk"), ""),
  );
});

test("the end of the feed line kills everything, programs in other sessions too", async () => {
  await withSupervisor(async (rig) => {
    await allRoles(rig);
    const env = { ...process.env, [TREE_VARIABLE]: rig.cookie };
    const stray = spawn("setsid", ["sleep", "60"], { stdio: "ignore", env });
    await until("the stray program", () => scanTree(rig.cookie).some((s) => s.pid === stray.pid));
    const ended = new Promise((resolve) => rig.supervisor.once("exit", resolve));
    rig.supervisor.stdin?.end();
    assert.is(await ended, 0);
    assert.equal(scanTree(rig.cookie), []);
  });
});

test("TERM to the supervisor is a power cut as well", async () => {
  await withSupervisor(async (rig) => {
    await allRoles(rig);
    const ended = new Promise((resolve) => rig.supervisor.once("exit", resolve));
    rig.supervisor.kill("SIGTERM");
    assert.is(await ended, 0);
    assert.equal(scanTree(rig.cookie), []);
  });
});

test("a state folder that cannot be written costs the log, not the server", async () => {
  await withSupervisor(
    async (rig) => {
      const roles = await allRoles(rig);
      process.kill(roles["agent"] ?? 0, "SIGKILL");
      await until("a new agent", () => {
        const now = rig.roles()["agent"];
        return now !== undefined && now !== roles["agent"];
      });
    },
    // A folder in the place of the log: nothing can be appended, not even by root.
    (folder) => mkdirSync(join(folder, "supervisor.log")),
  );
});

test("telemetry is kept only where it is asked for, at low priority and with a bounded heap", async () => {
  await withSupervisor(async (rig) => {
    await allRoles(rig);
    assert.is(rig.roles()["telemetry"], undefined);
  });
  await withSupervisor(
    async (rig) => {
      const first = await until("telemetry", () => rig.roles()["telemetry"] ?? null);
      // nice and env come first under the same number, then node.
      await until("the bound of its heap", () =>
        readFileSync(`/proc/${first}/environ`, "latin1").includes("--max-old-space-size=96"),
      );
      const stat = readFileSync(`/proc/${first}/stat`, "latin1");
      // proc(5): the 17th field after the name in brackets is the nice value.
      assert.is(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16], "10");
      const { agent, pulse } = await allRoles(rig);
      process.kill(first, "SIGKILL");
      await until("a new telemetry", () => {
        const now = rig.roles()["telemetry"];
        return now !== undefined && now !== first;
      });
      assert.is(rig.roles()["agent"], agent);
      assert.is(rig.roles()["pulse"], pulse);
    },
    undefined,
    true,
  );
});

test("a role is known by the argument after main.js and by nothing else", () => {
  assert.is(roleOf("/x/main.js", ["node", "/x/main.js", "pulse", "--local", "f"]), "pulse");
  assert.is(roleOf("/x/main.js", ["sh", "-c", "...", "node", "/x/main.js", "local.json"]), null);
  assert.is(roleOf("/x/main.js", ["node", "/y/main.js", "agent"]), null);
});

test.run();
