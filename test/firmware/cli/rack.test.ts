/** `kage rack`: requests exactly as sent, the cabinet's picture, refusals. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fakeAppliance, rackOk, refuse, type Script } from "./fake-appliance.ts";
import { kage } from "./fake-terminal.ts";

async function run(words: string, rack: Script | null = () => rackOk({})) {
  const appliance = await fakeAppliance({ SERVER1: null }, rack);
  const ran = await kage(appliance.runDir, ["rack", ...words.split(" ")]);
  await appliance.stop();
  return { ...ran, sent: appliance.requests.map(({ at: _at, ...request }) => request) };
}

test("several paths are cut in one request, so that it is one instant", async () => {
  const { exit, out, sent } = await run("cut lan1 lan2 com --server SERVER1");
  assert.is(exit, 0);
  assert.is(out, "done: rack cut lan1 lan2 com\n");
  assert.equal(sent, [{ verb: "cut", paths: ["lan1", "lan2", "com"], server: "SERVER1" }]);
});

test("each rack command sends exactly its verb", async () => {
  const cases: readonly (readonly [string, object])[] = [
    [
      "cut lan1 --from SERVER1 --to SERVER2",
      { verb: "cut", paths: ["lan1"], from: "SERVER1", to: "SERVER2" },
    ],
    ["restore lan1 com", { verb: "restore", paths: ["lan1", "com"] }],
    ["power on SERVER1", { verb: "power", server: "SERVER1", on: true }],
    ["power off SERVER1", { verb: "power", server: "SERVER1", on: false }],
    ["freeze SERVER1", { verb: "freeze", server: "SERVER1" }],
    ["thaw SERVER1", { verb: "thaw", server: "SERVER1" }],
    ["disk all none", { verb: "disk", server: "all", fault: "none" }],
    ["disk SERVER1 torn", { verb: "disk", server: "SERVER1", fault: "torn" }],
    ["stranger 127.5.6.101 on", { verb: "stranger", address: "127.5.6.101", on: true }],
    ["stranger 127.5.6.101 off", { verb: "stranger", address: "127.5.6.101", on: false }],
    ["delay lan1 200", { verb: "delay", path: "lan1", ms: 200 }],
    [
      "loss lan1 0.25 --from SERVER1 --to SERVER2",
      { verb: "loss", path: "lan1", ratio: 0.25, from: "SERVER1", to: "SERVER2" },
    ],
    ["garble com 0.1", { verb: "garble", path: "com", ratio: 0.1 }],
    ["garble-com 00fF", { verb: "garble-com", bytes: "00fF" }],
    [
      "inject lan1 SERVER2 dead --from SERVER1",
      { verb: "inject", path: "lan1", to: "SERVER2", hex: "dead", from: "SERVER1" },
    ],
    ["records", { verb: "records" }],
    ["status", { verb: "status" }],
  ];
  for (const [words, request] of cases) {
    const { exit, sent } = await run(words);
    assert.is(exit, 0, words);
    assert.equal(sent, [request], words);
  }
});

test("arguments that cannot be meant are refused before anything is sent", async () => {
  const cases = [
    "cut",
    "cut lan1 --from SERVER1",
    "cut lan1 --server SERVER1 --from SERVER1 --to SERVER2",
    "loss lan1 1.5",
    "delay lan1 -5",
    "garble-com abc",
    "disk SERVER1 melted",
    "power maybe SERVER1",
    "stranger 127.5.6.101 perhaps",
  ];
  for (const words of cases) {
    const { exit, sent, err } = await run(words);
    assert.is(exit, 2, words);
    assert.equal(sent, [], words);
    assert.match(err, "  do: ", words);
  }
});

test("the cabinet is shown with power, cut directions and announcers", async () => {
  const rack = (): ReturnType<Script> =>
    rackOk({
      nowMs: 5000,
      servers: [
        {
          name: "SERVER1",
          power: "on",
          frozen: false,
          incarnation: "a1b2c3d4e5f60718",
          pids: { pulse: 11, agent: 12, disk: 13 },
          watchdog: { armed: true, timeoutMs: 1500 },
        },
        { name: "SERVER2", power: "off", frozen: false, incarnation: null, pids: {} },
      ],
      paths: [
        { path: "lan1", from: "SERVER1", to: "SERVER2", state: "cut" },
        { path: "lan1", from: "SERVER2", to: "SERVER1", state: "up" },
        { path: "com", from: "SERVER1", to: "SERVER2", state: "cut" },
        { path: "com", from: "SERVER2", to: "SERVER1", state: "cut" },
        { path: "array", server: "SERVER1", state: "up" },
      ],
      floating: [
        { address: "127.5.6.101", port: 8080, announcer: "SERVER1" },
        { address: "127.5.6.102", port: 8080, announcer: null },
      ],
    });
  const { out } = await run("status", rack);
  assert.is(
    out,
    `SERVER   POWER  WATCHDOG      PROCESSES         INCARNATION
SERVER1  ✔ on   armed, 1.5 s  pulse agent disk  a1b2c3d4
SERVER2  ✖ off  not armed     -                 -

PATH   STATE  DIRECTION
lan1   ✖ cut  SERVER1 > SERVER2
com    ✖ cut  all 2 directions
array  ✔ up

ADDRESS           ANNOUNCED BY
127.5.6.101:8080  SERVER1
127.5.6.102:8080  - nobody
`,
  );
});

test("records are shown by age of the rack's clock, and --since cuts the older ones off", async () => {
  const records = [
    { seq: 1, atMs: 1000, lastMs: 1000, count: 1, kind: "power", server: "SERVER2", to: "dark" },
    { seq: 2, atMs: 2000, lastMs: 4500, count: 31, kind: "answer", server: "SERVER1" },
  ];
  const rack = (): ReturnType<Script> => rackOk({ nowMs: 5000, records });
  const all = await run("records", rack);
  assert.is(
    all.out,
    "4.0 s ago  power   server=SERVER2 to=dark\n3.0 s ago  answer  server=SERVER1 x31\n",
  );
  const recent = await run("records --since 1 -o jsonl", rack);
  assert.is(recent.out, `${JSON.stringify(records[1])}\n`);
});

test("the rack's refusal keeps its list of names and adds where to look", async () => {
  const message = 'cut: no path "lan9"; expected one of lan1, lan2';
  const ran = await run("cut lan9", () => refuse({ message }));
  assert.is(ran.exit, 3);
  assert.is(ran.err, `kage: rack cut lan9: ${message}\n  do: names and states: kage rack status\n`);
});

test("on real servers there is no rack, and that is said", async () => {
  const ran = await run("power off SERVER1", null);
  assert.is(ran.exit, 3);
  assert.match(ran.err, "there is no rack here: these are real servers");
});

test("-o json prints the rack's answer without the request's id", async () => {
  const ran = await run("status -o json", () => rackOk({ servers: [], nowMs: 1 }));
  assert.equal(JSON.parse(ran.out), { ok: true, servers: [], nowMs: 1 });
});

test.run();
