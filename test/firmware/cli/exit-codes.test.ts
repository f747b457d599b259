/** Every exit code with its text, and every way an agent can fail to answer. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { request } from "../../../firmware/cli/client.ts";
import { fakeAppliance, ok, refuse, type Script } from "./fake-appliance.ts";
import { kage, type TerminalOptions } from "./fake-terminal.ts";
import { HEALTHY, withGroup } from "./pictures.ts";

const order =
  (answer: Script): Script =>
  (request) =>
    request["verb"] === "status" ? ok(HEALTHY) : answer(request);

async function run(script: Script | null, words: readonly string[], options?: TerminalOptions) {
  const appliance = await fakeAppliance({ SERVER1: script });
  const ran = await kage(appliance.runDir, words, options);
  await appliance.stop();
  return ran;
}

test("0: an accepted order with --no-wait is done", async () => {
  const ran = await run(
    order(() => ok({})),
    ["group", "stop", "web", "--no-wait"],
  );
  assert.equal(ran, { exit: 0, out: "group stop web: accepted by SERVER1\n", err: "" });
});

test("1: a group that comes to rest as failed is a failure that names the events", async () => {
  let moved = false;
  const ran = await run(
    (request) => {
      if (request["verb"] !== "status") {
        moved = true;
        return ok({});
      }
      return ok(moved ? withGroup({ state: "failed", owner: null }) : HEALTHY);
    },
    ["group", "move", "web"],
  );
  assert.is(ran.exit, 1);
  assert.is(
    ran.err,
    "kage: group move web: web is failed\n  do: see why: kage events; then try again\n",
  );
});

test("2: usage names what was wrong and what is near", async () => {
  const cases: readonly (readonly [string, string])[] = [
    [
      "cluster create WWW --state x",
      'kage: "kage cluster create" works on the files of a real server; npm start makes those of the virtual appliance\n  do: leave --state out; another place is named by --dir\n',
    ],
    ["status --wtch", 'kage: "kage status" has no option --wtch\n  do: did you mean: --watch\n'],
    ["stauts", 'kage: unknown command "stauts"\n  do: did you mean: kage status\n'],
    ["group mvoe web", 'kage: unknown command "group mvoe"\n  do: did you mean: kage group move\n'],
    ["group move", "kage: GROUP is missing\n  do: see: kage help group move\n"],
    ["status x", 'kage: "x" is one word too many\n  do: see: kage help status\n'],
    ["status --server", "kage: --server needs a value\n  do: see: kage help status\n"],
    ["status --watch=1", "kage: --watch takes no value\n  do: see: kage help status\n"],
    [
      "rack power of SERVER1",
      'kage: on|off cannot be "of"; expected on, off\n  do: did you mean: on\n',
    ],
    [
      "group move web --timeout 0",
      'kage: --timeout cannot be "0"; expected a number from 0.1 to 86400\n' +
        "  do: see: kage help group move\n",
    ],
    [
      "group move web --wait --no-wait",
      "kage: --wait and --no-wait exclude each other\n  do: see: kage help group move\n",
    ],
    [
      "group",
      'kage: "kage group" needs a verb\n' +
        "  do: use one of: kage group start, kage group stop, kage group move, " +
        "kage group add, kage group remove\n",
    ],
  ];
  for (const [words, err] of cases) {
    const ran = await run(null, words.split(" "));
    assert.equal(ran, { exit: 2, out: "", err }, words);
  }
});

test("3: an unknown group is refused by the agent and the nearest name is offered", async () => {
  const ran = await run(
    order(() =>
      refuse({ exit: 3, code: "KG-9001", message: "There is no group wbe.", remedy: "Look." }),
    ),
    ["group", "move", "wbe"],
  );
  assert.equal(ran, {
    exit: 3,
    out: "",
    err:
      "kage: group move wbe: There is no group wbe. (KG-9001)\n" +
      "  do: did you mean: kage group move web\n",
  });
});

test("3: a refusal with a catalogue key is told in the operator's language", async () => {
  const message = "There is no group x.";
  const data = { group: "x" };
  const ran = await run(
    order(() => refuse({ exit: 3, code: "KG-9001", message, key: "unknown-group", data })),
    ["group", "stop", "x", "--lang", "ja", "-o", "json"],
  );
  assert.is(ran.exit, 3);
  assert.is(JSON.parse(ran.out).message, "group stop x: グループ x はありません。");
});

test("3: a refusal keeps the agent's own remedy, and -o json has it all on standard output", async () => {
  const body = { exit: 3, code: "KG-9003", message: "Not a member.", remedy: "Return it first." };
  const ran = await run(
    order(() => refuse(body)),
    ["group", "move", "web", "-o", "json"],
  );
  assert.is(ran.exit, 3);
  assert.is(ran.err, "");
  assert.equal(JSON.parse(ran.out), {
    ok: false,
    exit: 3,
    code: "KG-9003",
    message: "group move web: Not a member.",
    remedy: "Return it first.",
  });
});

test("4: an agent's `not authorised` is passed on", async () => {
  const body = { exit: 4, code: "KG-9020", message: "You may only look.", remedy: "Ask an admin." };
  const ran = await run(
    order(() => refuse(body)),
    ["server", "detach", "SERVER1"],
  );
  assert.is(ran.exit, 4);
});

test("5: a goal that does not come within --timeout says what is known", async () => {
  const now = withGroup({ state: "stopping" });
  let ordered = false;
  const ran = await run(
    (request) => {
      if (request["verb"] === "status") return ok(ordered ? now : HEALTHY);
      ordered = true;
      return ok({});
    },
    ["group", "move", "web", "--timeout", "5"],
  );
  assert.is(ran.exit, 5);
  assert.is(
    ran.err,
    "kage: group move web: accepted, but not reached after 5.0 s: web is stopping on SERVER1\n" +
      "  do: it goes on without you; watch it: kage status --watch\n",
  );
});

test("5: an order that gets no reply has an unknown outcome", async () => {
  const ran = await run(
    order(() => ({ kind: "close" })),
    ["group", "stop", "web"],
  );
  assert.is(ran.exit, 5);
  assert.match(ran.err, "closed the connection without an answer");
  assert.match(ran.err, "do: look before you repeat it: kage status");
  const hung = await run(
    order(() => ({ kind: "hang" })),
    ["group", "stop", "web"],
    {
      orderDeadlineMs: 50,
    },
  );
  assert.is(hung.exit, 5);
});

test("5: Ctrl-C while waiting does not withdraw the order and says so", async () => {
  const ran = await run(
    order(() => ok({})),
    ["group", "move", "web"],
    { onPause: () => "ctrl-c" },
  );
  assert.is(ran.exit, 5);
  assert.match(ran.err, "stopped waiting; the order stands: web is running on SERVER1");
});

test("6: nothing runs, an agent that hangs, and no cluster at all each have their remedy", async () => {
  const absent = await run(null, ["status"]);
  assert.equal(absent, {
    exit: 6,
    out: "",
    err:
      "kage: no agent could be asked\n  SERVER1: not running (ENOENT)\n  do: is the cluster " +
      "running? virtual appliance: npm start; server: systemctl status kage-agent\n",
  });
  const hung = await run(() => ({ kind: "hang" }), ["status"], { queryDeadlineMs: 100 });
  assert.is(hung.exit, 6);
  assert.match(hung.err, "SERVER1: no answer within 0.1 s");
  const nowhere = mkdtempSync(join(tmpdir(), "kage-none-"));
  const env = { KAGE_RUN_DIR: "", KAGE_STATE_DIR: nowhere, XDG_RUNTIME_DIR: nowhere };
  const none = await kage("", ["status"], { env });
  rmSync(nowhere, { recursive: true });
  assert.is(none.exit, 6);
  assert.match(none.err, "no cluster found here");
  assert.match(none.err, "npm start");
});

test("6: a --server that the cluster does not have is a usage error with the names", async () => {
  const ran = await run(null, ["status", "--server", "S9"]);
  assert.is(ran.exit, 2);
  assert.match(ran.err, "use one of: SERVER1");
});

test("garbage, a wrong shape, a foreign id and an endless reply are told apart from silence", async () => {
  const broken = { ...HEALTHY, groups: [{ ...HEALTHY.groups[0], state: "dancing" }] };
  const cases: readonly (readonly [Script, string])[] = [
    [() => ({ kind: "raw", bytes: "\u0000\u0001rubbish\n" }), "not a JSON object"],
    [() => ({ kind: "raw", bytes: '{"id":77,"ok":true}\n' }), "an answer to nobody's id"],
    [() => ({ kind: "raw", bytes: '{"id":1}\n' }), "neither ok:true nor ok:false with a message"],
    [() => ok({}), "cluster: expected an object"],
    [
      () => ok(broken),
      "groups[0].state: expected stopped | starting | running | stopping | failed | unknown",
    ],
    [() => ({ kind: "raw", bytes: "x".repeat(4 * 1024 * 1024 + 1) }), "more than 4194304 bytes"],
  ];
  for (const [script, detail] of cases) {
    const ran = await run(script, ["status"]);
    assert.is(ran.exit, 1, detail);
    assert.is(
      ran.err,
      `kage: no agent could be asked\n  SERVER1: gave an unreadable answer: ${detail}\n` +
        "  do: is it of another version? restart that server's agent and use its own kage\n",
    );
  }
});

test("a reply that arrives in pieces, cut inside a character, is put together", async () => {
  const appliance = await fakeAppliance({
    SERVER1: () => ({ kind: "raw", bytes: '{"id":1,"ok":true,"result":"影武者"}\n{"id":9' }),
  });
  const reply = await request(join(appliance.runDir, "SERVER1.sock"), { verb: "x" }, 1000);
  await appliance.stop();
  assert.equal(reply, { kind: "ok", body: { id: 1, ok: true, result: "影武者" } });
});

test("a socket path that the system cannot hold is unreachable, not a crash", async () => {
  const reply = await request(`/tmp/${"x".repeat(200)}`, { verb: "status" }, 1000);
  assert.is(reply.kind, "unreachable");
});

test("a broken appliance.json or local.json names the file, what was expected and found", async () => {
  const dir = mkdtempSync(join(tmpdir(), "kage-files-"));
  writeFileSync(join(dir, "appliance.json"), '{"servers": 3}');
  const ran = await kage(dir, ["status"]);
  assert.is(ran.exit, 6);
  assert.match(ran.err, 'appliance.json: expected "servers": [{ "name", "agentSocket" }]');
  writeFileSync(join(dir, "local.json"), "{");
  const local = await kage("", ["status", "--local", join(dir, "local.json")]);
  assert.match(local.err, 'expected "runDir": "DIR", found no JSON object');
  const missing = await kage("", ["status", "--local", join(dir, "nothing.json")]);
  assert.is(missing.exit, 2);
  chmodSync(dir, 0o700);
  rmSync(dir, { recursive: true });
});

test("--local asks the agent in the run folder of that file", async () => {
  const appliance = await fakeAppliance({ agent: () => ok(HEALTHY) });
  const file = join(appliance.runDir, "local.json");
  writeFileSync(file, JSON.stringify({ server: "SERVER1", runDir: appliance.runDir }));
  const ran = await kage("/nonexistent", ["status", "--local", file]);
  await appliance.stop();
  assert.is(ran.exit, 0);
  assert.match(ran.out, "answered by SERVER1");
});

test("6: an appliance.json whose launcher is gone is said to be left over", async () => {
  const appliance = await fakeAppliance({ SERVER1: () => ok(HEALTHY) });
  const file = join(appliance.runDir, "appliance.json");
  const servers = [{ name: "SERVER1", agentSocket: join(appliance.runDir, "SERVER1.sock") }];
  // This very process, but as if it had been started at another time.
  const launcher = { pid: process.pid, startTicks: 1 };
  writeFileSync(file, JSON.stringify({ launcher, servers }));
  const { exit, err } = await kage(appliance.runDir, ["status"]);
  await appliance.stop();
  assert.is(exit, 6);
  assert.is(
    err,
    `kage: the virtual appliance of ${file} has ended without clearing up\n` +
      "  do: start it anew (npm start); that clears up\n",
  );
});

test.run();
