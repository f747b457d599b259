/** `kage status` and `kage rack status` of many servers: what is alike is counted, lines stay short. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { PathStatus, ServerStatus, StatusDocument } from "../../../services/status.ts";
import { fakeAppliance, ok, rackOk, type Script } from "./fake-appliance.ts";
import { kage } from "./fake-terminal.ts";

const NAMES = Array.from({ length: 16 }, (_, index) => `SERVER${index + 1}`);
const OFF = ["SERVER3", "SERVER5", "SERVER7", "SERVER9"];

const server = (name: string): ServerStatus => ({
  name,
  state: OFF.includes(name) ? "off" : "member",
  since: null,
  incarnation: null,
});

/** As SERVER1 sees them: its own directions; lan1 with SERVER2 is cut, one way with SERVER4 as well. */
function paths(): PathStatus[] {
  return NAMES.slice(1).flatMap((name) =>
    [
      { from: name, to: "SERVER1" },
      { from: "SERVER1", to: name },
    ].map(({ from, to }): PathStatus => {
      const isCut = name === "SERVER2" || (name === "SERVER4" && to === "SERVER1");
      const state = OFF.includes(name) ? "unknown" : isCut ? "faulty" : "normal";
      return { kind: "lan-private", id: "lan1", from, to, state, lastHeardMs: 100 };
    }),
  );
}

const SIXTEEN: StatusDocument = {
  cluster: {
    name: "demo",
    level: "degraded",
    reasons: [
      ...OFF.map((name) => ({ code: "KG-1031", text: `Server ${name} is lost.` })),
      { code: "KG-1001", text: "Path lan1 is silent." },
    ],
    epoch: 7,
    method: "majority",
    coordinator: "SERVER1",
    survivesFailures: 3,
  },
  servers: NAMES.map(server),
  groups: [{ name: "web", state: "running", owner: "SERVER1", policy: NAMES }],
  paths: paths(),
};

const shows =
  (document: unknown): Script =>
  () =>
    ok(document);

test("R16: sixteen servers fit 80 columns; what is alike is counted, a cut cable is named", async () => {
  const up = NAMES.filter((name) => !OFF.includes(name));
  const agents = Object.fromEntries(
    NAMES.map((name) => [name, up.includes(name) ? shows(SIXTEEN) : null]),
  );
  const appliance = await fakeAppliance(agents);
  const { exit, out, err } = await kage(appliance.runDir, ["status"], { columns: 80 });
  await appliance.stop();
  assert.is(exit, 0);
  assert.is(err, "");
  const long = out.split("\n").filter((line) => line.length > 80);
  assert.equal(
    long.filter((line) => !line.startsWith("!")),
    [],
  );
  assert.match(out, "demo  ! DEGRADED  survives 3 more failures\n");
  assert.match(out, "  ! Server SERVER3 is lost. (KG-1031)\n");
  assert.match(out, "  ! Server SERVER5 is lost. (KG-1031)\n");
  assert.match(out, "  ! and 2 more of this kind (KG-1031)\n  ! Path lan1 is silent. (KG-1001)\n");
  assert.match(out, "web    ✔ running  SERVER1  SERVER1 > SERVER2 > (SERVER3) > SERVER4 > +12\n");
  assert.match(out, /lan1 {2}private LAN {2}✖ faulty +0\.1 s ago +SERVER2 <> SERVER1\n/);
  assert.match(out, /✖ faulty +0\.1 s ago +SERVER4 > SERVER1\n/);
  assert.match(out, /! unknown +0\.1 s ago +8 with servers that are off\n/);
  assert.match(out, /✔ normal +0\.1 s ago +the other 19\n/);
  assert.match(out, /^! SERVER3, SERVER5, SERVER7, SERVER9 unreachable: /m);
});

test("a wide terminal shows more of a policy, a short one never less than its first servers", async () => {
  const appliance = await fakeAppliance({ SERVER1: shows(SIXTEEN) });
  const wide = await kage(appliance.runDir, ["status"], { columns: 300 });
  const narrow = await kage(appliance.runDir, ["status"], { columns: 20 });
  await appliance.stop();
  assert.match(wide.out, "SERVER14 > SERVER15 > SERVER16\n");
  assert.match(narrow.out, "SERVER1 > SERVER2 > (SERVER3) > +13\n");
});

test("of two who call themselves coordinator the one with the newer view is believed", async () => {
  const cluster = { ...SIXTEEN.cluster, coordinator: "SERVER2", epoch: 9 };
  const newer = { ...SIXTEEN, cluster };
  const appliance = await fakeAppliance({ SERVER1: shows(SIXTEEN), SERVER2: shows(newer) });
  const { out } = await kage(appliance.runDir, ["status"]);
  await appliance.stop();
  assert.match(out, "answered by SERVER2");
  assert.match(out, "! SERVER1 sees it differently");
});

const wires = (cuts: (from: string, to: string) => boolean): object[] =>
  NAMES.slice(0, 5).flatMap((from) =>
    NAMES.slice(0, 5)
      .filter((to) => to !== from)
      .map((to) => ({ path: "lan1", from, to, state: cuts(from, to) ? "cut" : "up" })),
  );

async function rackStatus(paths: readonly object[]): Promise<string> {
  const servers = [{ name: "SERVER1", power: "on", pids: { disk: 4, agent: 3, pulse: 2 } }];
  const body = { servers, paths, floating: [] };
  const appliance = await fakeAppliance({ SERVER1: null }, () => rackOk(body));
  const { out } = await kage(appliance.runDir, ["rack", "status"]);
  await appliance.stop();
  return out;
}

test("servers that a cut has parted are shown as parts, other cuts by direction", async () => {
  const far = ["SERVER4", "SERVER5"];
  const parted = await rackStatus(wires((from, to) => far.includes(from) !== far.includes(to)));
  assert.match(parted, "lan1  ✖ cut  SERVER1, SERVER2, SERVER3 | SERVER4, SERVER5\n");
  assert.match(parted, "pulse agent disk");
  const single = await rackStatus(wires((from, to) => from === "SERVER1" && to === "SERVER2"));
  assert.match(single, "lan1  ✖ cut  SERVER1 > SERVER2\n");
  const many = await rackStatus(wires((from) => from === "SERVER1" || from === "SERVER2"));
  assert.match(many, "SERVER1 > SERVER5, SERVER2 > SERVER1, SERVER2 > SERVER3, +2\n");
});

test("several servers are set apart, or two from each other, in one request", async () => {
  const appliance = await fakeAppliance({ SERVER1: null }, () => rackOk({}));
  const run = (words: string) => kage(appliance.runDir, ["rack", ...words.split(" ")]);
  assert.is((await run("cut lan1 lan2 --server SERVER4,SERVER5")).exit, 0);
  assert.is((await run("restore lan1 --between SERVER1,SERVER2")).exit, 0);
  const both = await run("cut lan1 --server SERVER4 --between SERVER1,SERVER2");
  assert.is(both.exit, 2);
  await appliance.stop();
  const sent = appliance.requests.map(({ at: _at, ...request }) => request);
  assert.equal(sent, [
    { verb: "cut", paths: ["lan1", "lan2"], server: ["SERVER4", "SERVER5"] },
    { verb: "restore", paths: ["lan1"], between: ["SERVER1", "SERVER2"] },
  ]);
});

test.run();
