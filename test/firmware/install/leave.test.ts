/**
 * Leading a server out before its software stops: which order fits which picture, and that it is over
 * only when the agent's last word is heard. Source: R17, R68; flash/package/serving-units.ts.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  hasLeft,
  type LeaveOutcome,
  leaveCluster,
  verbFor,
  verbWithout,
} from "../../../firmware/install/leave.ts";

const picture = (own: string, other: string) => ({
  servers: [
    { name: "SERVER1", state: own },
    { name: "SERVER2", state: other },
  ],
});

const ORDERS: readonly [own: string, other: string, verb: string | null][] = [
  ["member", "member", "server.shutdown"],
  ["detached", "member", "server.shutdown"],
  ["detached", "off", "server.shutdown"],
  ["starting", "off", "server.shutdown"],
  ["member", "off", "cluster.shutdown"],
  ["member", "detached", null],
  ["member", "returning", null],
];

for (const [own, other, verb] of ORDERS) {
  test(`R186: ${own} beside a server that is ${other}: ${verb ?? "no order fits"}`, () => {
    assert.is(verbFor(picture(own, other), "SERVER1"), verb);
  });
}

type Answer = (verb: string, args: Record<string, unknown>) => object;

async function withAgent(
  answer: Answer | null,
  act: (runDir: string, orders: string[]) => Promise<void>,
): Promise<void> {
  const runDir = mkdtempSync(join(tmpdir(), "kage-leave-"));
  const orders: string[] = [];
  let server: Server | null = null;
  if (answer !== null) {
    server = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.once("data", (line: Buffer) => {
        const { id, verb, args } = JSON.parse(line.toString());
        if (verb !== "status" && verb !== "events") orders.push(`${verb} ${JSON.stringify(args)}`);
        socket.end(`${JSON.stringify({ id, ...answer(verb, args) })}\n`);
      });
    });
    const listening = server;
    await new Promise<void>((done) => listening.listen(join(runDir, "agent.sock"), done));
  }
  try {
    await act(runDir, orders);
  } finally {
    server?.close();
    rmSync(runDir, { recursive: true, force: true });
  }
}

const leave = (runDir: string, withinMs = 5000): Promise<LeaveOutcome> =>
  leaveCluster({ server: "SERVER1", runDir, withinMs, lookEveryMs: 5 });

const status = { ok: true, result: picture("member", "member") };
const events = (...list: object[]) => ({ ok: true, result: { events: list } });

test("the order is given once, and the marker stands before it", async () => {
  let asked = 0;
  let stood = false;
  const agent: Answer = (verb, args) => {
    if (verb === "status") return status;
    if (verb !== "events") {
      stood = existsSync(join(folder, "leaving"));
      return { ok: true, result: { accepted: true } };
    }
    asked += 1;
    // An older shutdown in the log is not this one.
    if (args["after"] === 0) return events({ seq: 7, key: "shutdown.server" });
    return asked < 4 ? events() : events({ seq: 9, key: "shutdown.server" });
  };
  let folder = "";
  await withAgent(agent, async (runDir, orders) => {
    folder = runDir;
    assert.equal(await leave(runDir), { kind: "left" });
    assert.ok(asked >= 4, "it waited for the new word");
    assert.equal(orders, ['server.shutdown {"server":"SERVER1"}']);
    assert.ok(stood, "the off script finds the marker when the agent orders off");
  });
});

test("R186: a server that is going down by an order of the cluster is not ordered down again", async () => {
  const down = { ok: true, result: picture("detached", "member") };
  const told = [
    { seq: 3, key: "start.clean" },
    { seq: 8, key: "shutdown.server" },
  ];
  const agent: Answer = (verb) => (verb === "status" ? down : events(...told));
  await withAgent(agent, async (runDir, orders) => {
    assert.equal(await leave(runDir), { kind: "left" });
    assert.equal(orders, []);
  });
  // What was said before the last start says nothing.
  for (const key of ["start.unclean", "view.installed", "agent.restarted"]) {
    const status = { servers: [{ name: "SERVER1", state: "detached" }] };
    assert.not(hasLeft(status, [...told, { seq: 9, key }], "SERVER1"), key);
  }
  assert.not(hasLeft(picture("member", "off"), told, "SERVER1"), "a member has groups");
});

test("R186: the last server waits for the one that goes down beside it, then ends cleanly", async () => {
  let looks = 0;
  const agent: Answer = (verb) => {
    if (verb === "events")
      return events(...(looks > 2 ? [{ seq: 9, key: "shutdown.server" }] : []));
    if (verb !== "status") return { ok: true, result: { accepted: true } };
    looks += 1;
    return { ok: true, result: picture("member", looks > 2 ? "off" : "detached") };
  };
  await withAgent(agent, async (runDir, orders) => {
    const patient = { server: "SERVER1", withinMs: 5000, lookEveryMs: 5, othersGoneMs: 5000 };
    assert.equal(await leaveCluster({ ...patient, runDir }), { kind: "left" });
    assert.equal(orders, ["cluster.shutdown {}"]);
  });
});

test("R186: of two that leave at once the last is ordered anew when its first order has become void", async () => {
  const orders: string[] = [];
  const agent: Answer = (verb) => {
    const isAlone = orders.length > 0;
    if (verb === "events") {
      return events(...(orders.length > 1 ? [{ seq: 9, key: "shutdown.server" }] : []));
    }
    if (verb === "status") {
      return { ok: true, result: picture("member", isAlone ? "off" : "member") };
    }
    orders.push(verb);
    return { ok: true, result: { accepted: true } };
  };
  await withAgent(agent, async (runDir) => {
    const patient = { server: "SERVER1", withinMs: 20_000, lookEveryMs: 5, othersGoneMs: 20_000 };
    assert.equal(await leaveCluster({ ...patient, runDir }), { kind: "left" });
    assert.equal(orders, ["server.shutdown", "cluster.shutdown"]);
  });
});

test("D15 R184: of three, a server that the others need ends the cluster in order, with the clean mark", async () => {
  let ended = false;
  const agent: Answer = (verb) => {
    if (verb === "status") return status;
    if (verb === "events") return ended ? events({ seq: 4, key: "shutdown.server" }) : events();
    if (verb === "server.shutdown") {
      return { ok: false, key: "below-majority", message: "the others are no majority" };
    }
    ended = true;
    return { ok: true, result: { accepted: true } };
  };
  await withAgent(agent, async (runDir, orders) => {
    assert.equal(await leave(runDir), { kind: "left" });
    assert.equal(orders, ['server.shutdown {"server":"SERVER1"}', "cluster.shutdown {}"]);
  });
});

test("D15: it does not where a detached server would be switched off as well", () => {
  const beside = (state: string): string | null =>
    verbWithout({ servers: [...status.result.servers, { name: "SERVER3", state }] }, "SERVER1");
  assert.is(beside("off"), "cluster.shutdown");
  assert.is(beside("leaving"), "cluster.shutdown");
  assert.is(beside("detached"), null);
  assert.is(beside("returning"), null);
});

test("no agent: nothing to leave, and no marker keeps the server from being switched off", async () => {
  await withAgent(null, async (runDir) => {
    assert.equal(await leave(runDir), { kind: "absent" });
    assert.not(existsSync(join(runDir, "leaving")));
  });
});

test("a refusal is told in the agent's words and the marker goes", async () => {
  const agent: Answer = (verb) => {
    if (verb === "status") return status;
    return verb === "events" ? events() : { ok: false, message: "a move is under way" };
  };
  await withAgent(agent, async (runDir) => {
    assert.equal(await leave(runDir), { kind: "refused", detail: "a move is under way" });
    assert.not(existsSync(join(runDir, "leaving")));
  });
});

test("a group that does not stop ends the wait", async () => {
  const agent: Answer = (verb) => {
    if (verb === "status") return status;
    return verb === "events" ? events() : { ok: true, result: {} };
  };
  await withAgent(agent, async (runDir) => {
    const { kind } = await leave(runDir, 60);
    assert.is(kind, "overdue");
  });
});

test("garbage for a picture gives the order that moves nobody else", () => {
  assert.is(verbFor({}, "SERVER1"), "server.shutdown");
  assert.is(verbFor({ servers: "all" }, "SERVER1"), "server.shutdown");
});

test.run();
