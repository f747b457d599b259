/** Helper commands against an agent's socket that answers by hand: what they ask, say and end with. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type ArmIo, runArm } from "../../../firmware/arm/command.ts";
import type { HelperCommand } from "../../../hal/drivers/script-runner/helper-commands.ts";

type Body = Readonly<Record<string, unknown>>;

interface Stage {
  dir: string;
  server: Server | null;
  asked: Body[];
  said: string;
}

const test = suite<Stage>("helper commands");

test.before.each((stage) => {
  const dir = mkdtempSync(join(tmpdir(), "kage-arm-"));
  Object.assign(stage, { dir, server: null, asked: [], said: "" });
});
test.after.each(async ({ dir, server }) => {
  await new Promise((resolve) => (server === null ? resolve(null) : server.close(resolve)));
  rmSync(dir, { recursive: true, force: true });
});

function answer(stage: Stage, replies: readonly Body[]): void {
  stage.server = createServer((socket) => {
    socket.on("data", (line) => {
      const body = JSON.parse(line.toString()) as Body;
      const reply = replies[Math.min(stage.asked.length, replies.length - 1)];
      stage.asked.push(body);
      socket.end(`${JSON.stringify({ id: body["id"], ...reply })}\n`);
    });
  });
  stage.server.listen(join(stage.dir, "agent.sock"));
}

async function run(stage: Stage, line: string, env: Record<string, string> = {}): Promise<number> {
  const [command = "", ...argv] = line.split(" ");
  let nowMs = 0;
  let pauses = 0;
  const io: ArmIo = {
    env: { KAGE_RUN_DIR: stage.dir, ARMS_GROUPNAME: "web", KAGE_SERVER: "SERVER1", ...env },
    out: (text) => {
      stage.said += text;
    },
    err: (text) => {
      stage.said += text;
    },
    nowMs: () => nowMs,
    pause: (ms) => {
      nowMs += ms;
      pauses += 1;
      return new Promise((resolve) => setImmediate(resolve));
    },
    isOver: () => pauses > 200,
  };
  return runArm(command as HelperCommand, argv, io);
}

const DONE: Body = { ok: true, result: {} };

test("R155: armload hands over program, rules and the caller's environment", async (stage) => {
  answer(stage, [DONE]);
  const env = { KAGE_RESOURCE: "app", JAVA_HOME: "/opt/java" };
  assert.is(await run(stage, "armload APP /R 9 /H 1 /FOV sleep 5", env), 0);
  const [asked] = stage.asked;
  const args = asked?.["args"] as Body;
  assert.is(asked?.["verb"], "script.load");
  assert.equal(
    [args["group"], args["id"], args["argv"], args["resource"]],
    ["web", "APP", ["sleep", "5"], "app"],
  );
  assert.equal([args["restartMax"], args["forgetHours"], args["failover"]], [9, 1, true]);
  assert.is((args["env"] as Body)["JAVA_HOME"], "/opt/java");
});

test("R162, R164: armfover and armdown are orders of the cluster", async (stage) => {
  answer(stage, [DONE]);
  assert.is(await run(stage, "armfover /F IIS"), 0);
  assert.is(await run(stage, "armdown"), 0);
  assert.is(await run(stage, "armdown SERVER2"), 0);
  assert.equal(
    stage.asked.map(({ verb, args }) => [verb, args]),
    [
      ["group.failover", { group: "IIS" }],
      ["server.shutdown", { server: "SERVER1" }],
      ["server.shutdown", { server: "SERVER2" }],
    ],
  );
});

test("R159: armkill of what is not there is done, and says so", async (stage) => {
  answer(stage, [{ ok: true, result: { killed: false } }]);
  assert.is(await run(stage, "armkill APP"), 0);
  assert.match(stage.said, "nothing of this identity is loaded");
});

test("R160: a refusal is told with its remedy and exit code", async (stage) => {
  const refused = { ok: false, exit: 3, code: "KG-9061", message: "Taken.", remedy: "Choose." };
  answer(stage, [refused]);
  assert.is(await run(stage, "armload APP sleep 1"), 3);
  assert.is(stage.said, "armload: Taken. (KG-9061)\n  do: Choose.\n");
});

test("R150: outside the cluster every command refuses, in words", async (stage) => {
  assert.is(await run(stage, "armlog x", { ARMS_GROUPNAME: "" }), 2);
  assert.match(stage.said, "expected to be called from a script of a group");
});

test("a usage error shows the usage; Japanese where the locale is", async (stage) => {
  assert.is(await run(stage, "armkill", { LANG: "ja_JP.UTF-8" }), 2);
  assert.match(stage.said, "使い方: armkill ID");
});

test("R21: an agent that is away for a moment is asked again, and not for ever", async (stage) => {
  assert.is(await run(stage, "armlog x"), 6);
  assert.match(stage.said, "does not answer");
});

test("D22: armrsp goes on while all is well and ends with 1 at the first trouble", async (stage) => {
  const well = { ok: true, result: { troubles: [] } };
  answer(stage, [well, well, { ok: true, result: { troubles: ["address 10.0.0.9 is gone"] } }]);
  assert.is(await run(stage, "armrsp /A"), 1);
  assert.is(stage.asked.length, 3);
  assert.equal(stage.asked[0]?.["args"], { group: "web", all: true });
  assert.match(stage.said, "armrsp: web: address 10.0.0.9 is gone");
});

test("D22: an agent that is away is no trouble of a resource", async (stage) => {
  assert.is(await run(stage, "armrsp"), 0, "ended from outside");
});

test.run();
