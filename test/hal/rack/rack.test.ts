/** The whole cabinet: power, freeze, watchdog, off button, records and control socket. */
import { existsSync, statSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createRackBoard, type RackBoard } from "../../../hal/drivers/host-rack/board.ts";
import { arrayPort, comPort, floatingHost, plugsOf, serverHost } from "../../../hal/rack/plan.ts";
import type { ServerBoot } from "../../../hal/rack/power.ts";
import { createRack, type Rack } from "../../../hal/rack/rack.ts";
import { until } from "../../deadline.ts";
import { withBlock } from "./bench-rig.ts";
import { livingCookies, makeFolder, standIn, treeCommands } from "./stand-in-server.ts";

interface Reply {
  readonly id: unknown;
  readonly ok: boolean;
  readonly message?: string;
  readonly [key: string]: unknown;
}

interface Rig {
  readonly rack: Rack;
  readonly folder: string;
  readonly socketPath: string;
  readonly board: RackBoard;
  ask(body: Readonly<Record<string, unknown>>): Promise<Reply>;
}

/** Sends raw text and resolves with the first `count` lines of the answer. */
function exchange(path: string, text: string, count: number): Promise<Reply[]> {
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect(path, () => socket.write(text));
    socket.on("data", (bytes) => {
      received += bytes.toString();
      const lines = received.split("\n").slice(0, -1);
      if (lines.length < count) return;
      socket.destroy();
      resolve(lines.slice(0, count).map((line) => JSON.parse(line) as Reply));
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`closed after ${received}`)));
  });
}

async function withRack(
  act: (rig: Rig) => Promise<void>,
  boot: (name: string, folder: string) => ServerBoot = standIn,
): Promise<void> {
  await withBlock(async (block) => {
    const folder = makeFolder();
    const socketPath = join(folder.path, "rack.sock");
    const servers = ["ONE", "TWO"];
    const binds = [0, 1].map((index) => ({ host: serverHost(block, index), port: 7001 }));
    const plan = { block, servers, lans: [{ id: "lan1", binds }] };
    const ports = [0, 1].map((index) => ({ host: `${block}.254`, port: comPort(index) }));
    const rack = await createRack({
      plan,
      boots: servers.map((name) => boot(name, folder.path)),
      com: { id: "com1", ports, baud: 38_400 },
      array: {
        imageFile: join(folder.path, "array.img"),
        ports: [arrayPort(0), arrayPort(1)],
        sizeBytes: 1024 * 1024,
      },
      floating: [{ host: floatingHost(block, 0), port: 8080 }],
      socketPath,
    });
    const board = createRackBoard(plugsOf(plan, 0).board, (text) => assert.unreachable(text));
    const ask = async (body: Readonly<Record<string, unknown>>): Promise<Reply> => {
      const [reply] = await exchange(socketPath, `${JSON.stringify({ id: 1, ...body })}\n`, 1);
      return reply as Reply;
    };
    try {
      await act({ rack, folder: folder.path, socketPath, board, ask });
    } finally {
      board.close();
      assert.equal(await rack.close(), []);
      assert.equal(livingCookies(folder.path), []);
      folder.remove();
    }
  });
}

interface ShownServer {
  readonly name: string;
  readonly power: string;
  readonly frozen: boolean;
  readonly incarnation: string | null;
  readonly pids: Readonly<Record<string, number>>;
  readonly watchdog: { readonly armed: boolean; readonly timeoutMs: number };
}

async function shown(rig: Rig, name = "ONE"): Promise<ShownServer> {
  const status = await rig.ask({ verb: "status" });
  const servers = status["servers"] as readonly ShownServer[];
  const server = servers.find((one) => one.name === name);
  if (server === undefined) throw new Error(`no ${name} in the status`);
  return server;
}

const steps = (rig: Rig): string[] =>
  rig.rack.log
    .list()
    .flatMap((entry) => (entry.kind === "power" ? [`${entry.server} ${entry.to}`] : []));

async function powerOn(rig: Rig): Promise<string> {
  assert.ok((await rig.ask({ verb: "power", server: "ONE", on: true })).ok);
  const cookie = await until("the server's tree", () => livingCookies(rig.folder)[0] ?? null);
  await until("its program", () => treeCommands(cookie).includes("sleep 3600"));
  return cookie;
}

test("power off kills the tree with its detached program and answers when it was read back", async () => {
  await withRack(async (rig) => {
    const cookie = await powerOn(rig);
    const first = await shown(rig);
    assert.match(first.incarnation ?? "", /^[0-9a-f]{16}$/);
    assert.is(first.power, "on");
    assert.ok((first.pids["keeper"] ?? 0) > 1);
    assert.ok((await rig.ask({ verb: "power", server: "ONE", on: false })).ok);
    assert.equal(treeCommands(cookie), []);
    assert.is((await shown(rig)).power, "off");
    assert.equal(steps(rig), ["ONE on", "ONE dark", "ONE off"]);
    await powerOn(rig);
    assert.is.not((await shown(rig)).incarnation, first.incarnation);
  });
});

test("power on twice starts one tree, off twice is no error", async () => {
  await withRack(async (rig) => {
    const both = await Promise.all([
      rig.ask({ verb: "power", server: "ONE", on: true }),
      rig.ask({ verb: "power", server: "ONE", on: true }),
    ]);
    assert.equal(
      both.map((reply) => reply.ok),
      [true, true],
    );
    await until("one tree", () => livingCookies(rig.folder).length === 1);
    for (const on of [false, false]) {
      assert.ok((await rig.ask({ verb: "power", server: "ONE", on })).ok);
    }
    assert.equal(steps(rig), ["ONE on", "ONE dark", "ONE off"]);
  });
});

test("freeze stops the whole tree, thaw lets it go on, both only with power", async () => {
  await withRack(async (rig) => {
    const refused = await rig.ask({ verb: "freeze", server: "ONE" });
    assert.is(refused.message, "ONE has no power; power it on first");
    await powerOn(rig);
    assert.ok((await rig.ask({ verb: "freeze", server: "ONE" })).ok);
    assert.ok((await shown(rig)).frozen);
    assert.ok((await rig.ask({ verb: "thaw", server: "ONE" })).ok);
    assert.not((await shown(rig)).frozen);
  });
});

test("a frozen server that is not fed is reset and comes back as a new incarnation", async () => {
  await withRack(async (rig) => {
    await powerOn(rig);
    const before = await shown(rig);
    rig.board.arm(120);
    for (let fed = 0; fed < 5; fed += 1) {
      rig.board.feed();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await rig.ask({ verb: "freeze", server: "ONE" });
    await until("the reset", () => rig.rack.log.list().some((entry) => entry.kind === "reset"));
    await until("power again", () => steps(rig).length === 4);
    assert.equal(steps(rig), ["ONE on", "ONE dark", "ONE off", "ONE on"]);
    const after = await shown(rig);
    assert.is.not(after.incarnation, before.incarnation);
    assert.not(after.frozen);
    assert.equal(after.watchdog, { armed: false, timeoutMs: 0 });
  });
});

test("a watchdog that is fed or disarmed does not reset", async () => {
  await withRack(async (rig) => {
    await powerOn(rig);
    rig.board.arm(150);
    // That time passes without a reset is what is tested.
    const startMs = performance.now();
    await until("four timeouts to pass", () => {
      rig.board.feed();
      return performance.now() - startMs > 600;
    });
    assert.equal((await shown(rig)).watchdog, { armed: true, timeoutMs: 150 });
    rig.board.disarm();
    await until("four more", () => performance.now() - startMs > 1200);
    assert.equal(steps(rig), ["ONE on"]);
  });
});

test("A4: a server that asks for off is off and stays off until it is powered on", async () => {
  await withRack(async (rig) => {
    const cookie = await powerOn(rig);
    rig.board.off("emergency");
    await until("off", () => steps(rig).includes("ONE off"));
    assert.equal(treeCommands(cookie), []);
    const request = rig.rack.log.list().find((entry) => entry.kind === "off-request");
    assert.is(request?.kind === "off-request" && request.reason, "emergency");
    assert.is((await shown(rig)).power, "off");
    await powerOn(rig);
  });
});

test("a supervisor that ends takes its server down", async () => {
  await withRack(
    async (rig) => {
      assert.ok((await rig.ask({ verb: "power", server: "ONE", on: true })).ok);
      await until("the server to fall", () => steps(rig).includes("ONE off"));
      assert.equal(livingCookies(rig.folder), []);
    },
    (name, folder) => standIn(name, folder, "setsid sleep 3600 & exit 1"),
  );
});

test("a server whose program is missing is refused with its name", async () => {
  await withRack(
    async (rig) => {
      const reply = await rig.ask({ verb: "power", server: "ONE", on: true });
      assert.not(reply.ok);
      assert.match(reply.message ?? "", /^ONE cannot start: .*ENOENT/);
      assert.is((await shown(rig)).power, "off");
    },
    (name, folder) => ({ ...standIn(name, folder), file: "/nonexistent/shell" }),
  );
});

test("the control socket belongs to its user alone", async () => {
  await withRack(async ({ socketPath }) => {
    assert.is(statSync(socketPath).mode & 0o777, 0o600);
  });
});

test("bad input is answered with what was expected and harms nothing", async () => {
  await withRack(async (rig) => {
    const paths = "paths lan1, com, array, public-switch";
    const cases: [object, string][] = [
      [{ verb: "explode" }, 'no verb "explode"; expected one of status, cut, restore, power'],
      [{ verb: "__proto__" }, 'no verb "__proto__"'],
      [{ verb: "cut" }, "cut: expected paths: a list out of lan1, com, array, public-switch"],
      [{ verb: "cut", paths: ["lan7"] }, `cut: no path "lan7"; expected one of the ${paths}`],
      [{ verb: "power", server: "ONE" }, "power: expected on: true or false"],
      [{ verb: "power", on: true }, "power: expected server: one of the servers ONE, TWO, found"],
      [{ verb: "freeze", server: 7 }, "freeze: expected server: one of the servers ONE, TWO"],
      [
        { verb: "disk", fault: "fire" },
        "disk: expected fault: one of none, stall, late, error, torn",
      ],
      [{ verb: "stranger", address: "1.2.3.4" }, "stranger: expected address: one of 127."],
      [{ verb: "loss", path: "lan1", ratio: 2 }, "loss: expected ratio: a number from 0 to 1"],
      [{ verb: "delay", path: "com", ms: 5 }, 'delay: "com" has no such trouble; expected a LAN'],
      [{ verb: "inject", path: "lan1", to: "ONE", hex: "0" }, "inject: expected hex: 1 to 65507"],
      [{ verb: "records", sinceMs: "now" }, "records: expected sinceMs: a number"],
    ];
    for (const [request, expected] of cases) {
      const reply = await rig.ask(request as Record<string, unknown>);
      assert.not(reply.ok, JSON.stringify(request));
      assert.ok(reply.message?.startsWith(expected), `${reply.message} for ${expected}`);
    }
    const [broken, list, after] = await exchange(
      rig.socketPath,
      '{"id":\n[1]\n\n{"id":"x","verb":"status"}\n',
      3,
    );
    const hint = 'expected one JSON object per line, such as {"id":1,"verb":"status"}';
    assert.is(broken?.message, hint);
    assert.is(list?.message, hint);
    assert.is(after?.id, "x");
    assert.ok(after?.ok);
    const [long] = await exchange(rig.socketPath, "x".repeat(300_000), 1);
    assert.match(long?.message ?? "", /^request longer than 262144 bytes/);
    assert.ok((await rig.ask({ verb: "status" })).ok);
  });
});

test("several paths are cut in one order and shown by the status", async () => {
  await withRack(async (rig) => {
    const paths = ["lan1", "com", "array", "public-switch"];
    assert.equal(rig.rack.cutPaths(), []);
    assert.ok((await rig.ask({ verb: "cut", paths, server: "ONE" })).ok);
    assert.equal(rig.rack.cutPaths(), paths);
    const status = await rig.ask({ verb: "status" });
    const shownPaths = status["paths"] as { path: string; state: string; server?: string }[];
    assert.equal(
      shownPaths.map((path) => [path.path, path.server ?? "pair", path.state]),
      [
        ["lan1", "pair", "cut"],
        ["lan1", "pair", "cut"],
        ["com", "pair", "cut"],
        ["com", "pair", "cut"],
        ["array", "ONE", "cut"],
        ["array", "TWO", "up"],
        ["public-switch", "ONE", "cut"],
        ["public-switch", "TWO", "up"],
      ],
    );
    assert.ok((await rig.ask({ verb: "restore", paths })).ok);
    const kinds = rig.rack.log.list().map((entry) => entry.kind);
    assert.is(kinds.filter((kind) => kind === "cut").length, 6);
    assert.is(kinds.filter((kind) => kind === "restore").length, 6);
  });
});

test("the closed rack leaves neither socket nor process", async () => {
  let path = "";
  await withRack(async (rig) => {
    path = rig.socketPath;
    await powerOn(rig);
  });
  assert.not(existsSync(path));
});

test.run();
