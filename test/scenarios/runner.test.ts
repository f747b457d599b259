/**
 * The runner proves itself before it judges the product: a story that must pass passes, and each
 * seeded fault of the fake world fails with a transcript that says what was seen.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createFakeWorld, type Flaw } from "./fake-world.ts";
import { parseScenario, type Scenario } from "./language.ts";
import { playScenario, type Report } from "./runner.ts";

const HEAD = `# R187: the standby takes over.
# fails without: taking over
cluster method=none timeout=20 group=web:SERVER1,SERVER2
----
SERVER1 runs web
client gets SERVER1
both on
`;
const POWER_CUT = `${HEAD}
power off SERVER1
----
within 500 ms: SERVER2 runs web
SERVER2 event group.started
SERVER1 off
exactly one off
SERVER2 sees SERVER1 off
never two owners
`;
const FIVE = `# R80: five.
# fails without: five
cluster servers=5 method=majority timeout=20 group=web:all
----
view of all
nobody runs db
`;
const MOVE = `${HEAD}
kage group move web --to SERVER2
----
SERVER2 runs web
client gets SERVER2
it says moved
`;

function read(text: string): Scenario {
  const parsed = parseScenario("story", text);
  if (parsed.kind === "malformed") throw new Error(JSON.stringify(parsed.faults));
  return parsed.scenario;
}

function play(text: string, flaw: Flaw): Promise<Report> {
  const scenario = read(text);
  return playScenario(scenario, createFakeWorld(scenario.cluster, flaw), {
    reactionMs: 200,
    settleMs: 100,
  });
}

function faultsOf(text: string): readonly string[] {
  const parsed = parseScenario("story", text);
  return parsed.kind === "scenario" ? [] : parsed.faults.map((f) => `${f.line}: ${f.expected}`);
}

test("a story whose facts all come true passes and shows each step", async () => {
  const report = await play(POWER_CUT, "none");
  assert.is(report.ok, true, report.transcript);
  assert.match(report.transcript, /ok 9: power off SERVER1/);
  assert.match(report.transcript, /ok 11: within 500 ms: SERVER2 runs web/);
});

test("a takeover that does not come fails at its deadline and says what was seen", async () => {
  const report = await play(POWER_CUT, "asleep");
  assert.is(report.ok, false);
  assert.match(report.transcript, /!! 11: within 500 ms: SERVER2 runs web/);
  assert.match(report.transcript, /seen: too late; at last: SERVER2: web running on SERVER1/);
  assert.match(report.transcript, /-- SERVER2 events/);
});

test("two owners fail even a story that does not ask about owners", async () => {
  assert.is((await play(MOVE, "none")).ok, true);
  const report = await play(MOVE, "eager");
  assert.is(report.ok, false);
  assert.match(report.transcript, /!! oracle: 127\.9\.9\.101: SERVER1 still held it/);
});

test("a program without an owner fails the finale", async () => {
  const report = await play(MOVE, "ownerless");
  assert.is(report.ok, false);
  assert.match(
    report.transcript,
    /program of web \(pid 1\) lives on SERVER1, owner there: SERVER2/,
  );
});

test("a process left behind fails a story whose facts all hold", async () => {
  const report = await play(POWER_CUT, "litter");
  assert.is(report.ok, false);
  assert.match(report.transcript, /left behind: pid 1 node/);
});

test("an order that ends with another exit code fails with what was said", async () => {
  const wrong = await play(`${HEAD}\nkage group move web --to SERVER9\n----\nboth on\n`, "none");
  assert.is(wrong.ok, false);
  assert.match(wrong.transcript, /seen: exit 2: no such server/);
  const refused = `${HEAD}\nkage group move web --to SERVER9 => exit 2\n----\nit says no such\n`;
  assert.is((await play(refused, "none")).ok, true);
});

test("`no group moved` and `not restarted` look at the block, not at the whole story", async () => {
  const quiet = `${POWER_CUT}\nwatch\n----\nfor 2 timeouts: no group moved\nweb not restarted\n`;
  assert.is((await play(quiet, "none")).ok, true);
  const moved = `${HEAD}\npower off SERVER1\n----\nSERVER2 runs web\nno group moved\n`;
  const report = await play(moved, "none");
  assert.is(report.ok, false);
  assert.match(report.transcript, /seen: 127\.9\.9\.101 -> SERVER2/);
});

test("a fact that must hold throughout fails at the first look that denies it", async () => {
  const calm = `${HEAD}\nwatch\n----\nfor 5 timeouts: SERVER1 runs web\n`;
  assert.is((await play(calm, "none")).ok, true);
  const never = `${HEAD}\nwatch\n----\nfor 60 s: SERVER2 runs web\n`;
  const report = await play(never, "none");
  assert.is(report.ok, false);
  assert.ok(report.tookMs < 30_000, `the denial must end the wait, took ${report.tookMs} ms`);
});

test("a world that cannot do an order breaks the story off with the reason", async () => {
  const report = await play(`${HEAD}\ncut lan1\n----\nboth on\n`, "none");
  assert.is(report.ok, false);
  assert.match(report.transcript, /the fake world has power and one group/);
});

test("a cut names paths, plug and direction; several paths fall in one instant", () => {
  const { blocks } = read(`${HEAD}\ncut lan1 com --from SERVER1 --to SERVER2\n----\nboth on\n`);
  assert.equal(blocks[1]?.commands[0]?.command, {
    kind: "wire",
    verb: "cut",
    paths: ["lan1", "com"],
    servers: [],
    between: null,
    from: "SERVER1",
    to: "SERVER2",
  });
  const whole = { kind: "wire", paths: ["lan1", "lan2"], from: null, to: null };
  const apart = read(`${FIVE}\ncut lan1 lan2 --server SERVER4,SERVER5\n----\nall on\n`);
  const cut = { ...whole, verb: "cut" };
  const pair = ["SERVER4", "SERVER5"];
  assert.equal(apart.blocks[1]?.commands[0]?.command, { ...cut, servers: pair, between: null });
  const parted = read(`${FIVE}\ncut lan1 lan2 --between SERVER4,SERVER5\n----\nall on\n`);
  assert.equal(parted.blocks[1]?.commands[0]?.command, { ...cut, servers: [], between: pair });
  const back = read(`${FIVE}\nrejoin SERVER12 SERVER3\n----\nall on\n`);
  const rejoin = { ...whole, verb: "restore", servers: ["SERVER12", "SERVER3"], between: null };
  assert.equal(back.blocks[1]?.commands[0]?.command, rejoin);
});

test("five servers: all are looked at, a view is what each of its members says", async () => {
  const good = await play(`${FIVE}\npower off SERVER1\n----\nexactly 1 off\nall off\n`, "none");
  assert.is(good.ok, false);
  assert.match(good.transcript, /ok 10: exactly 1 off/);
  assert.match(good.transcript, /!! 11: all off/);
  assert.match(good.transcript, /SERVER5 on/);
  const views = `${FIVE}\npower off SERVER1\n----\nview of SERVER2,SERVER3,SERVER4,SERVER5\n`;
  assert.is((await play(views, "none")).ok, true);
  const wrong = await play(`${FIVE}\npower off SERVER1\n----\nview of all\n`, "none");
  assert.is(wrong.ok, false);
  assert.match(wrong.transcript, /SERVER1: no answer with nobody; SERVER2: epoch 1 by SERVER1/);
});

test("durations count in timeouts of the cluster line", () => {
  const { blocks } = read(`${HEAD}\nwatch\n----\nfor 1.5 timeouts: both on\n`);
  assert.equal(blocks[1]?.facts[0]?.expectation, { kind: "throughout", forMs: 30 });
});

test("a story is refused with its line: unknown command, fact, option, missing parts", () => {
  assert.match(faultsOf(`${HEAD}\nfly\n----\nboth on\n`)[0] ?? "", /^9: one of: cut\|restore/);
  assert.match(faultsOf(`${HEAD}\nwatch\n----\nall is well\n`)[0] ?? "", /^11: \[within\|for/);
  assert.match(faultsOf(`${HEAD}\nwatch\n`)[0] ?? "", /^9: `----` and at least one fact/);
  assert.match(
    faultsOf("# R1: x\ncluster method=sql\n")[0] ?? "",
    /^2: method=com\|com-disk\|disk\|none/,
  );
  const two = faultsOf("# R1: x\ncluster method=majority group=web:SERVER1\n");
  assert.match(two[0] ?? "", /^2: method=majority with servers=3 to 16/);
  const three = faultsOf("# R1: x\ncluster servers=3 method=none group=web:SERVER1\n");
  assert.match(three[0] ?? "", /^2: method=majority with servers=3 to 16/);
  const late = faultsOf("# R1: x\ncluster group=web:SERVER1 servers=3 method=majority\n");
  assert.match(late[0] ?? "", /^2: servers=N before group=/);
  const many = faultsOf("# R1: x\ncluster servers=17 method=majority\n");
  assert.match(many[0] ?? "", /^2: servers=2 to 16/);
  const policy = faultsOf("# R1: x\ncluster method=com group=web:SERVER9\n");
  assert.match(policy[0] ?? "", /^2: group=NAME:SERVER1,SERVER2/);
  assert.match(faultsOf("cluster method=com\n").join("\n"), /a first line `# R187/);
  assert.match(faultsOf(HEAD.replace("# fails", "# breaks")).join("\n"), /# fails without/);
  assert.match(faultsOf("").join("\n"), /a line `cluster/);
});

test.run();
