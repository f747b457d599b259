/**
 * How a server leaves under a booted systemd: stop of the target, orders of the operator, `poweroff` of the
 * administrator, emergency; and how it is taken in again after each. The off command is armed: it ends the
 * machine's first process and nothing else.
 * One pair of machines for the whole file; every test leaves web on SERVER1 and both members.
 * Root only. Source: R17, R65, R108; work order 3 item 5; flash/package/serving-units.ts.
 */
import * as assert from "uvu/assert";
import { untilWithin } from "../deadline.ts";
import { pause } from "../lab/command.ts";
import { ADDRESS, SERVERS, type Server, STANDS_WITHIN_MS } from "./pair.ts";
import { openStage } from "./stage.ts";

const stage = await openStage("units that end");
const { pair, test } = stage;
const OFF_WITHIN_MS = 30_000;
const TAKEN_WITHIN_MS = 15_000;
/** The shortest time limit in the way of an orderly end is one of 10 s. */
const NO_WAIT_MS = 9_000;

async function off(server: Server): Promise<void> {
  await untilWithin(`${server} is off`, OFF_WITHIN_MS, () => (pair().isOn(server) ? null : true));
}

async function answers(server: Server): Promise<void> {
  await untilWithin(`${server} answers at the floating address`, TAKEN_WITHIN_MS, async () =>
    (await pair().answering()) === server ? true : null,
  );
}

async function stateOf(of: Server, asked: Server): Promise<string | null> {
  const status = await pair().status(asked);
  return status?.servers.find(({ name }) => name === of)?.state ?? null;
}

/** Switched on and outside, as after every end but a cluster shutdown; then taken in, web back home. */
async function backHome(server: Server, wasOff: boolean): Promise<void> {
  const other = server === "SERVER1" ? "SERVER2" : "SERVER1";
  if (wasOff) await pair().powerOn(server);
  // Refused while the other has not yet heard this start.
  await untilWithin(`${server} is returned`, STANDS_WITHIN_MS, async () => {
    if ((await stateOf(server, server)) !== "detached") return null;
    return (await pair().ask(other, ["kage", "server", "return", server])).exit === 0 ? true : null;
  });
  await untilWithin(`${server} is a member`, STANDS_WITHIN_MS, async () =>
    (await stateOf(server, server)) === "member" ? true : null,
  );
  if ((await pair().answering()) !== "SERVER1") {
    await pair().run("SERVER1", ["kage", "group", "move", "web", "--to", "SERVER1"]);
  }
  await pair().stands("SERVER1");
}

/** Nothing of the group and of the cluster is left on a machine that is on. */
async function isClear(server: Server): Promise<void> {
  const left = await pair().ask(server, ["pgrep", "-af", "service.mjs|kagemusha"]);
  assert.is(left.stdout, "");
  const addresses = await pair().run(server, ["ip", "-br", "addr", "show", "dev", "pub0"]);
  assert.not.match(addresses, ADDRESS);
}

async function journal(server: Server, unit: string): Promise<string> {
  return pair().run(server, ["journalctl", "--no-pager", "-q", "-o", "cat", "-u", unit]);
}

test("after a first boot the target starts with the machine", async () => {
  const enable = ["systemctl", "enable", "--now", "kage.target"];
  await Promise.all(SERVERS.map((server) => pair().run(server, enable)));
  await pair().stands("SERVER1");
});

test("R186: stop of the target moves the group in order; the machine stays on", async () => {
  await pair().run("SERVER1", ["systemctl", "stop", "kage.target"]);
  await answers("SERVER2");
  assert.match(
    await journal("SERVER1", "kage-leave.service"),
    "SERVER1 has left the cluster in order",
  );
  await isClear("SERVER1");
  assert.ok(pair().isOn("SERVER1"));
  const failed = ["systemctl", "--failed", "--plain", "--no-legend"];
  assert.is(await pair().run("SERVER1", failed), "", "an ordered stop is no failure");
  await pair().run("SERVER1", ["systemctl", "start", "kage.target"]);
  await backHome("SERVER1", false);
});

test("P4: what a stop without leave leaves behind is swept before the target is down", async () => {
  // Agent and pulse cannot lead anybody out: both are stopped, as a machine that thrashes.
  const pids = await Promise.all(
    ["kage-agent.service", "kage-pulse.service"].map((unit) => pair().mainPid("SERVER1", unit)),
  );
  await pair().run("SERVER1", ["kill", "-STOP", ...pids.map(String)]);
  await pair().run("SERVER1", ["systemctl", "stop", "kage.target"]);
  assert.match(await journal("SERVER1", "kage-leave.service"), "did not leave in order");
  await isClear("SERVER1");
  await answers("SERVER2");
  await pair().run("SERVER1", ["systemctl", "start", "kage.target"]);
  await backHome("SERVER1", false);
});

test("S6: kage server shutdown ends the machine by the armed command, in order", async () => {
  const fromMs = performance.now();
  await pair().run("SERVER2", ["kage", "server", "shutdown", "SERVER1"]);
  await off("SERVER1");
  const tookMs = performance.now() - fromMs;
  assert.ok(tookMs < NO_WAIT_MS, `nothing waits for a time limit: ${tookMs} ms`);
  await answers("SERVER2");
  await backHome("SERVER1", true);
});

test("R186: poweroff by the administrator moves the group first", async () => {
  const before = (await pair().events("SERVER2")).at(-1)?.seq ?? 0;
  const asked = await pair().ask("SERVER1", ["systemctl", "poweroff"]);
  assert.is(asked.exit, 0, asked.stderr);
  await off("SERVER1");
  await answers("SERVER2");
  const since = (await pair().events("SERVER2")).filter(({ seq }) => (seq ?? 0) > before);
  const keys = since.map(({ key }) => key);
  assert.ok(keys.includes("failover.completed"), keys.join(" "));
  assert.not.ok(keys.includes("peer.lost"), "it left, it was not lost");
  await backHome("SERVER1", true);
});

test("A7 R108: all wires cut: exactly one goes off, by its sandboxed pulse, and says so afterwards", async () => {
  const cut = (isCut: boolean): Promise<void> =>
    pair().cabinet.rewire([
      { wire: "between", segment: "private", from: "SERVER1", to: "SERVER2", cut: isCut },
      { wire: "between", segment: "private", from: "SERVER2", to: "SERVER1", cut: isCut },
      { wire: "between", segment: "public", from: "SERVER1", to: "SERVER2", cut: isCut },
      { wire: "between", segment: "public", from: "SERVER2", to: "SERVER1", cut: isCut },
      { wire: "com", from: "SERVER1", cut: isCut },
      { wire: "com", from: "SERVER2", cut: isCut },
    ]);
  await cut(true);
  const fell = await untilWithin("one machine is off", OFF_WITHIN_MS, () =>
    SERVERS.find((server) => !pair().isOn(server)),
  );
  const stood = fell === "SERVER1" ? "SERVER2" : "SERVER1";
  await answers(stood);
  // That it does not end as well, some lease times later, is what is tested.
  await pause(2000);
  assert.ok(pair().isOn(stood), "the other goes on");
  await cut(false);
  await pair().powerOn(fell);
  await untilWithin("the emergency is on record", STANDS_WITHIN_MS, async () =>
    (await pair().events(fell)).some(({ key }) => key.includes("emergency")) ? true : null,
  );
  await backHome(fell, false);
});

test("S4: cluster shutdown ends both; after the next boot they join by themselves", async () => {
  await pair().run("SERVER1", ["kage", "cluster", "shutdown", "--yes"]);
  await Promise.all(SERVERS.map(off));
  await Promise.all(SERVERS.map((server) => pair().powerOn(server)));
  await pair().stands("SERVER1");
  const events = await pair().events("SERVER1");
  assert.ok(
    events.some(({ key }) => key === "start.clean"),
    events.map(({ key }) => key).join(" "),
  );
});

test("S12: poweroff of both, one after the other, is a clean end as well", async () => {
  await pair().ask("SERVER2", ["systemctl", "poweroff"]);
  await off("SERVER2");
  await pair().ask("SERVER1", ["systemctl", "poweroff"]);
  await off("SERVER1");
  // SERVER1 was the last and knows everything; SERVER2 has left before it.
  await pair().powerOn("SERVER1");
  await untilWithin("SERVER1 waits for the other", STANDS_WITHIN_MS, async () =>
    (await stateOf("SERVER1", "SERVER1")) === "starting" ? true : null,
  );
  // Nobody else is there to be waited for; what comes of it is seen at the address.
  await pair().ask("SERVER1", ["kage", "cluster", "start-now", "--no-wait"]);
  await answers("SERVER1");
  await backHome("SERVER2", true);
});

test("R186: poweroff of both at once: the last one stops its groups in order and writes the mark", async () => {
  const seqs = await Promise.all(SERVERS.map((server) => pair().events(server)));
  const before = seqs.map((list) => list.at(-1)?.seq ?? 0);
  await Promise.all(SERVERS.map((server) => pair().ask(server, ["systemctl", "poweroff"])));
  await Promise.all(SERVERS.map(off));
  await Promise.all(SERVERS.map((server) => pair().powerOn(server)));
  // Which of the two was the last is chance; it alone knows everything and joins by itself.
  const marked = await untilWithin("one of them had a clean end", STANDS_WITHIN_MS, async () => {
    for (const [index, server] of SERVERS.entries()) {
      const mark = before[index] ?? 0;
      const since = (await pair().events(server)).filter(({ seq }) => (seq ?? 0) > mark);
      if (since.some(({ key }) => key === "start.clean")) return server;
    }
    return null;
  });
  await backHome(marked === "SERVER1" ? "SERVER2" : "SERVER1", false);
});

stage.run();
