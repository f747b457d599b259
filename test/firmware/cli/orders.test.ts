/** Orders: what exactly is sent to whom, when an order counts as carried out, dry runs, confirmation. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { StatusDocument } from "../../../services/status.ts";
import { fakeAppliance, ok, rackOk, type Script } from "./fake-appliance.ts";
import { kage, type TerminalOptions } from "./fake-terminal.ts";
import { HEALTHY, withGroup, withServer } from "./pictures.ts";

/** An agent whose status goes through `pictures` once an order was accepted; the last one stays. */
function obedient(pictures: readonly StatusDocument[], before = HEALTHY): Script {
  let next = -1;
  return (request) => {
    if (request["verb"] !== "status") {
      next = 0;
      return ok({});
    }
    if (next < 0) return ok(before);
    const picture = pictures[Math.min(next, pictures.length - 1)];
    next += 1;
    return ok(picture);
  };
}

async function run(
  script: Script,
  words: string,
  options: TerminalOptions & { rack?: Script } = {},
) {
  const appliance = await fakeAppliance({ SERVER1: script }, options.rack ?? null);
  const ran = await kage(appliance.runDir, words.split(" "), options);
  await appliance.stop();
  const sent = appliance.requests.filter((request) => request["verb"] !== "status");
  return { ...ran, sent };
}

test("R188: a move waits until the group runs on the other server, step by step on a terminal", async () => {
  const steps = [
    withGroup({ state: "stopping" }),
    withGroup({ state: "stopped", owner: null }),
    withGroup({ state: "starting", owner: "SERVER2" }),
    withGroup({ owner: "SERVER2" }),
  ];
  const ran = await run(obedient(steps), "group move web --to SERVER2", {
    tty: true,
    env: { NO_COLOR: "1" },
  });
  assert.is(ran.exit, 0);
  assert.equal(ran.sent, [
    { at: "SERVER1", verb: "group.move", args: { group: "web", to: "SERVER2" } },
  ]);
  assert.is(
    ran.err,
    "  0.0 s  web is stopping on SERVER1\n  0.0 s  web is stopped\n" +
      "  0.1 s  web is starting on SERVER2\n",
  );
  assert.is(ran.out, "done: web is running on SERVER2 (after 0.1 s)\n");
});

test("each order is sent exactly as the control socket wants it", async () => {
  const cases: readonly (readonly [string, object])[] = [
    ["group start web", { verb: "group.start", args: { group: "web" } }],
    ["group stop web", { verb: "group.stop", args: { group: "web" } }],
    ["group move web", { verb: "group.move", args: { group: "web" } }],
    ["server detach SERVER2", { verb: "server.detach", args: { server: "SERVER2" } }],
    ["server return SERVER2", { verb: "server.return", args: { server: "SERVER2" } }],
    ["server shutdown SERVER2", { verb: "server.shutdown", args: { server: "SERVER2" } }],
    ["cluster shutdown --yes", { verb: "cluster.shutdown", args: {} }],
    ["group stop web --lang ja", { verb: "group.stop", args: { group: "web" }, lang: "ja" }],
  ];
  for (const [words, request] of cases) {
    const { sent } = await run(obedient([HEALTHY]), `${words} --no-wait`);
    assert.equal(sent, [{ at: "SERVER1", ...request }], words);
  }
});

test("R188: a move that ends where it began has failed, although the group runs", async () => {
  const ran = await run(
    obedient([withGroup({ state: "starting", owner: "SERVER2" }), HEALTHY]),
    "group move web",
  );
  assert.is(ran.exit, 1);
  assert.match(ran.err, "web is running on SERVER1");
});

test("R189: starting a group that had failed before is not taken for a failure at once", async () => {
  const failed = withGroup({ state: "failed", owner: null });
  const ran = await run(
    obedient([failed, withGroup({ state: "starting" }), HEALTHY], failed),
    "group start web",
  );
  assert.is(ran.exit, 0);
});

test("R190: return waits for `member`, and falling back to detached is a failure", async () => {
  const detached = withServer("SERVER2", { state: "detached" });
  const returning = withServer("SERVER2", { state: "returning" });
  const good = await run(obedient([returning, HEALTHY], detached), "server return SERVER2");
  assert.is(good.exit, 0);
  assert.match(good.out, "done: SERVER2 is member");
  const bad = await run(obedient([returning, detached], detached), "server return SERVER2");
  assert.is(bad.exit, 1);
});

test("R186: on the appliance `off` means that the rack read the power off", async () => {
  const off = withServer("SERVER2", { state: "off" });
  let asked = 0;
  const rack: Script = () => {
    asked += 1;
    return rackOk({ servers: [{ name: "SERVER2", power: asked < 4 ? "on" : "off" }] });
  };
  const ran = await run(obedient([off]), "server shutdown SERVER2", { rack, tty: true });
  assert.is(ran.exit, 0);
  assert.is(asked, 4);
  assert.match(ran.err, "SERVER2: power still on");
});

test("R184: cluster shutdown asks for the cluster's name and takes nothing else", async () => {
  const wrong = await run(obedient([HEALTHY]), "cluster shutdown", { typed: "yes" });
  assert.is(wrong.exit, 1);
  assert.equal(wrong.sent, []);
  assert.match(wrong.err, "stops all groups (web) and shuts down SERVER1, SERVER2");
  const gone = await run(obedient([HEALTHY]), "cluster shutdown", { typed: null });
  assert.equal(gone.sent, []);
  const right = await run(obedient([HEALTHY]), "cluster shutdown --no-wait", { typed: "demo" });
  assert.is(right.exit, 0);
  assert.is(right.sent.length, 1);
});

test("R184: without a terminal cluster shutdown needs --yes", async () => {
  const ran = await run(obedient([HEALTHY]), "cluster shutdown");
  assert.is(ran.exit, 2);
  assert.equal(ran.sent, []);
  assert.match(ran.err, "do: add --yes");
});

test("R184: cluster shutdown is done when the power of every server is off", async () => {
  const power = ["on", "on", "off"];
  let asked = 0;
  const rack: Script = () => {
    const second = power[Math.min(asked++, 2)];
    return rackOk({
      servers: [
        { name: "SERVER1", power: "off" },
        { name: "SERVER2", power: second },
      ],
    });
  };
  const ran = await run(obedient([HEALTHY]), "cluster shutdown --yes", { rack });
  assert.is(ran.exit, 0);
  assert.is(ran.out, "done: all servers are off (after 0.1 s)\n");
});

test("an order goes to the coordinator, and past an agent that is gone", async () => {
  const second = {
    ...HEALTHY,
    cluster: { ...HEALTHY.cluster, coordinator: "SERVER2" },
  };
  const appliance = await fakeAppliance({
    SERVER1: () => ok(second),
    SERVER2: () => ok(second),
    SERVER3: null,
  });
  await kage(appliance.runDir, ["group", "stop", "web", "--no-wait"]);
  await appliance.stop();
  const orders = appliance.requests.filter((request) => request["verb"] === "group.stop");
  assert.equal(
    orders.map((request) => request.at),
    ["SERVER2"],
  );
});

test("an agent that goes between its status and the order is passed over for the next", async () => {
  let ownSocket = "";
  const leaving: Script = () => {
    rmSync(ownSocket, { force: true });
    return ok(HEALTHY);
  };
  const appliance = await fakeAppliance({ SERVER1: leaving, SERVER2: () => ok(HEALTHY) });
  ownSocket = join(appliance.runDir, "SERVER1.sock");
  const ran = await kage(appliance.runDir, ["group", "stop", "web", "--no-wait"]);
  await appliance.stop();
  assert.is(ran.exit, 0);
  assert.is(ran.out, "group stop web: accepted by SERVER2\n");
});

test("--dry-run tells the steps from the status and sends nothing", async () => {
  const tail = "nothing was ordered; this is the state of 0.0 s ago\n";
  const cases: readonly (readonly [string, string])[] = [
    ["group move web", "would stop web on SERVER1\nwould start web on SERVER2\n"],
    [
      "server detach SERVER1",
      "would stop web on SERVER1\nwould start web on SERVER2\nwould detach SERVER1\n",
    ],
    ["server shutdown SERVER2", "would shut SERVER2 down\n"],
    ["group start web", "nothing to do: web is running on SERVER1\n"],
    [
      "cluster shutdown",
      "would stop web on SERVER1\nwould shut SERVER1 down\nwould shut SERVER2 down\n",
    ],
  ];
  for (const [words, out] of cases) {
    const ran = await run(obedient([HEALTHY]), `${words} --dry-run`);
    assert.equal(ran, { exit: 0, out: out + tail, err: "", sent: [] }, words);
  }
});

test("R52: --dry-run foretells a refusal: not in the policy, not a member, unknown", async () => {
  const detached = withServer("SERVER2", { state: "detached" });
  const cases: readonly (readonly [string, StatusDocument, string])[] = [
    ["group move web", detached, "no other member can take web"],
    ["group move web --to SERVER2", detached, "SERVER2 is detached, not a member"],
    ["group move web --to S9", HEALTHY, 'there is no server "S9"'],
    [
      "group move web --to SERVER2",
      withGroup({ policy: ["SERVER1"] }),
      "SERVER2 is not in the policy of web",
    ],
    ["group stop nothing", HEALTHY, 'there is no group "nothing"'],
  ];
  for (const [words, picture, text] of cases) {
    const ran = await run(obedient([], picture), `${words} --dry-run`);
    assert.is(ran.exit, 3, words);
    assert.match(ran.err, text);
    assert.equal(ran.sent, []);
  }
});

test.run();
