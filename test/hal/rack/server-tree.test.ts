/** Every process of a server is found, frozen and killed, wherever it hid. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  commandLine,
  continueTree,
  killTree,
  scanTree,
  stopTree,
  TREE_VARIABLE,
} from "../../../hal/rack/server-tree.ts";
import { until } from "../../deadline.ts";

/** Programs end by themselves after this long, s, whatever becomes of the test. */
const LIFE = "60";

/** Starts a tree for `act` and ends it in any case: a failed test must leave nothing behind. */
async function withTree(script: string, act: (cookie: string) => Promise<void>): Promise<void> {
  const cookie = `TEST-${randomBytes(8).toString("hex")}`;
  spawn("/bin/sh", ["-c", script], {
    detached: true,
    stdio: "ignore",
    env: { PATH: process.env["PATH"], LIFE, [TREE_VARIABLE]: cookie },
  });
  try {
    await act(cookie);
  } finally {
    await killTree(cookie, 5000);
  }
}

/** Command lines of the tree, e.g. `sleep 300`. */
function commands(cookie: string): string[] {
  return scanTree(cookie).map((stat) => commandLine(stat.pid).join(" "));
}

function stateOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.charAt(stat.lastIndexOf(")") + 2);
}

test("a program that forked twice and left its session is found and killed", async () => {
  await withTree("setsid sh -c 'setsid sleep $LIFE.1 & exit 0' & sleep $LIFE.2", async (cookie) => {
    await until("both programs", () => {
      const found = commands(cookie);
      return found.includes("sleep 60.1") && found.includes("sleep 60.2");
    });
    assert.equal(await killTree(cookie, 5000), []);
    assert.equal(scanTree(cookie), []);
  });
});

test("a child with an emptied environment is found through its parent", async () => {
  await withTree("env -i sleep $LIFE.3; true", async (cookie) => {
    await until("the child", () => commands(cookie).includes("sleep 60.3"));
    assert.equal(await killTree(cookie, 5000), []);
  });
});

test("a tree that goes on forking is killed too", async () => {
  const forks = "n=0; while [ $n -lt 300 ]; do n=$((n + 1)); sleep $LIFE & sleep 0.005; done";
  await withTree(forks, async (cookie) => {
    await until("ten forks", () => scanTree(cookie).length > 10);
    assert.equal(await killTree(cookie, 5000), []);
    assert.equal(scanTree(cookie), []);
  });
});

test("freeze stops every process of the tree and of no other, thaw lets all go on", async () => {
  await withTree("setsid sleep $LIFE & sleep $LIFE; true", async (cookie) => {
    await withTree("sleep $LIFE; true", async (other) => {
      await until("all to run", () => commands(cookie).length >= 3 && commands(other).length >= 2);
      assert.ok(stopTree(cookie));
      for (const { pid } of scanTree(cookie)) {
        await until("the stop to take effect", () => stateOf(pid) === "T");
      }
      for (const { pid } of scanTree(other)) assert.is.not(stateOf(pid), "T");
      continueTree(cookie);
      for (const { pid } of scanTree(cookie)) {
        await until("the process to go on", () => stateOf(pid) !== "T");
      }
    });
  });
});

test("a stopped tree is killed as well", async () => {
  await withTree("sleep $LIFE.7; true", async (cookie) => {
    await until("the program", () => commands(cookie).includes("sleep 60.7"));
    assert.ok(stopTree(cookie));
    assert.equal(await killTree(cookie, 5000), []);
  });
});

/** Stat of a process that is not there, so that nothing is signalled. */
const nobody = (pid: number) => ({
  ...{ pid, startTicks: 1, state: "R", parentPid: 1 },
  ...{ groupId: pid, sessionId: pid },
});

test("a process inside execve is looked at again before its server counts as off", async () => {
  const looks: string[] = [];
  // Undecided through the sweep of the stop and the first look of the kill, then seen as one of the tree.
  const story = ["doubt", "doubt", "clear", "doubt", "ours", "gone"];
  const left = await killTree("TEST-execve", 5000, () => {
    const now = story[looks.length] ?? "gone";
    looks.push(now);
    return {
      found: now === "ours" ? [nobody(2 ** 22 + 1)] : [],
      undecided: now === "doubt" ? [nobody(2 ** 22 + 1)] : [],
    };
  });
  assert.equal(left, []);
  assert.equal(looks, story);
});

test("a stranger that begins an execve after an empty look keeps no server on", async () => {
  let looks = 0;
  const left = await killTree("TEST-strangers", 5000, () => {
    looks += 1;
    return { found: [], undecided: [nobody(2 ** 22 + looks)] };
  });
  assert.equal(left, []);
  assert.ok(looks <= 6, `${looks} looks`);
});

test("a program that does nothing but execute itself is killed with its server", async () => {
  const script = 'N=$((N + 1)); [ $N -gt 20000 ] || exec sh -c "$SELF"';
  for (let round = 0; round < 20; round += 1) {
    const cookie = `TEST-${randomBytes(8).toString("hex")}`;
    const program = spawn("/bin/sh", ["-c", script], {
      detached: true,
      stdio: "ignore",
      env: { PATH: process.env["PATH"], SELF: script, N: "0", [TREE_VARIABLE]: cookie },
    });
    const ended = new Promise<string | null>((resolve) => {
      program.once("exit", (_, signal) => resolve(signal));
    });
    assert.equal(await killTree(cookie, 5000), []);
    assert.is(await ended, "SIGKILL", `round ${round}`);
  }
});

test("an unknown cookie is an empty tree", async () => {
  assert.equal(scanTree("TEST-nobody"), []);
  assert.equal(await killTree("TEST-nobody", 1000), []);
});

test.run();
