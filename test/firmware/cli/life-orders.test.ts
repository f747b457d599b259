/**
 * Orders about beginnings and ends: force-return, start-now and the forced stop with its switch. What is
 * sent to whom, and above all what is not done. Source: R191, R205, R208; protocol.md 2.5.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { StatusDocument } from "../../../services/status.ts";
import { type Answer, fakeAppliance, ok, rackOk, refuse, type Script } from "./fake-appliance.ts";
import { kage, type TerminalOptions } from "./fake-terminal.ts";
import { HEALTHY, S1, S2 } from "./pictures.ts";

const withStates = (one: string, two: string): StatusDocument =>
  ({
    ...HEALTHY,
    servers: [
      { ...S1, state: one },
      { ...S2, state: two },
    ],
  }) as StatusDocument;

/** Answers every status with `document` and every order with `answer`. */
const agent =
  (document: () => StatusDocument, answer: Answer = ok({})): Script =>
  (request) =>
    request["verb"] === "status" ? ok(document()) : answer;

async function run(
  agents: Readonly<Record<string, Script | null>>,
  words: string,
  rack: Script | null = null,
  options: TerminalOptions = {},
) {
  const appliance = await fakeAppliance(agents, rack);
  const ran = await kage(appliance.runDir, words.split(" "), options);
  await appliance.stop();
  return { ...ran, sent: appliance.requests.filter(({ verb }) => verb !== "status") };
}

const rackOf =
  (power: Record<string, "on" | "off">): Script =>
  (request) => {
    if (request["verb"] === "power") power[String(request["server"])] = "off";
    const servers = Object.entries(power).map(([name, state]) => ({ name, power: state }));
    return rackOk({ servers, paths: [], floating: [] });
  };

test("R191: a force-return goes to the base server itself, and waits until it is a member", async () => {
  let document = withStates("detached", "detached");
  const base: Script = (request) => {
    if (request["verb"] === "status") return ok(document);
    document = withStates("detached", "member");
    return ok({});
  };
  const ran = await run(
    { SERVER1: agent(() => document), SERVER2: base },
    "server force-return SERVER2",
  );
  assert.is(ran.exit, 0);
  assert.equal(ran.sent, [
    { at: "SERVER2", verb: "server.force-return", args: { server: "SERVER2" } },
  ]);
});

test("V4: accepting the loss is another order, not a default", async () => {
  const down = (): StatusDocument => withStates("detached", "detached");
  const words = "server force-return SERVER1 --accept-loss --no-wait";
  const ran = await run({ SERVER1: agent(down) }, words);
  assert.is(ran.sent[0]?.["verb"], "server.force-return-loss");
});

test("S2: start-now waits until the asked server is a member", async () => {
  let document = withStates("starting", "off");
  const starter: Script = (request) => {
    if (request["verb"] === "status") return ok(document);
    document = withStates("member", "off");
    return ok({});
  };
  const ran = await run({ SERVER1: starter, SERVER2: null }, "cluster start-now");
  assert.is(ran.exit, 0);
  assert.equal(ran.sent, [{ at: "SERVER1", verb: "cluster.start-now", args: {} }]);
});

test("R205: an obeying server is never switched off", async () => {
  const power: Record<string, "on" | "off"> = { SERVER1: "on", SERVER2: "on" };
  let document = HEALTHY;
  const other: Script = (request) => {
    if (request["verb"] === "status") return ok(document);
    document = withStates("off", "member");
    power["SERVER1"] = "off";
    return ok({});
  };
  const ran = await run(
    { SERVER1: null, SERVER2: other },
    "server force-stop SERVER1",
    rackOf(power),
  );
  assert.is(ran.exit, 0);
  assert.equal(ran.sent, [
    { at: "SERVER2", verb: "server.force-stop", args: { server: "SERVER1" } },
  ]);
  assert.match(ran.out, "has shut down");
});

test("R205: a server that does not obey has its switch pressed, and off is read back", async () => {
  const power: Record<string, "on" | "off"> = { SERVER1: "on", SERVER2: "on" };
  const document = (): StatusDocument =>
    power["SERVER1"] === "on" ? HEALTHY : withStates("off", "member");
  const rack = rackOf(power);
  const ran = await run(
    { SERVER1: null, SERVER2: agent(document) },
    "server force-stop SERVER1",
    rack,
  );
  assert.is(ran.exit, 0);
  assert.ok(ran.sent.some(({ at, verb }) => at === "rack" && verb === "power"));
  assert.match(ran.out, "was switched off");
});

test("R205: a refusal by the state is no reason to press a switch", async () => {
  const power: Record<string, "on" | "off"> = { SERVER1: "on", SERVER2: "off" };
  const alone = (): StatusDocument => withStates("member", "off");
  const refusal = refuse({
    exit: 3,
    code: "KG-9014",
    key: "only-server",
    message: "m",
    remedy: "r",
  });
  const ran = await run(
    { SERVER1: agent(alone, refusal), SERVER2: null },
    "server force-stop SERVER1",
    rackOf(power),
  );
  assert.is(ran.exit, 3);
  assert.not(ran.sent.some(({ verb }) => verb === "power"));
});

test("R205: not even when another member could go on", async () => {
  const power: Record<string, "on" | "off"> = { SERVER1: "on", SERVER2: "on" };
  const refusal = refuse({ exit: 3, key: "shutting-down", message: "m", remedy: "r" });
  const document = (): StatusDocument => HEALTHY;
  const agents = { SERVER1: null, SERVER2: agent(document, refusal) };
  const ran = await run(agents, "server force-stop SERVER1", rackOf(power));
  assert.is(ran.exit, 3);
  assert.is(power["SERVER1"], "on");
});

test("R205: without another member nobody presses a switch, whoever is silent", async () => {
  const power: Record<string, "on" | "off"> = { SERVER1: "on", SERVER2: "on" };
  const detached = (): StatusDocument => withStates("member", "detached");
  const unheard = refuse({ exit: 3, key: "target-not-heard", message: "m", remedy: "r" });
  const ran = await run(
    { SERVER1: null, SERVER2: agent(detached, unheard) },
    "server force-stop SERVER1",
    rackOf(power),
  );
  assert.is(ran.exit, 3);
  assert.is(power["SERVER1"], "on");
});

test("R205: real servers: the fence command of another member is asked for, and its failure is told", async () => {
  const document = (): StatusDocument => HEALTHY;
  const other: Script = (request) => {
    if (request["verb"] === "status") return ok(document());
    if (request["verb"] === "server.force-stop") {
      return refuse({ exit: 3, key: "target-not-heard", message: "m", remedy: "r" });
    }
    return refuse({
      exit: 3,
      code: "KG-9036",
      key: "no-fence",
      message: "no fence",
      remedy: "switch",
    });
  };
  const ran = await run({ SERVER1: null, SERVER2: other }, "server force-stop SERVER1");
  assert.is(ran.exit, 3);
  assert.ok(ran.sent.some(({ verb }) => verb === "server.fence"));
  assert.match(ran.err, "no fence");
});

test("2.5: the word that a server is off needs its name typed, or --yes, and goes to another server", async () => {
  const document = (): StatusDocument => withStates("off", "member");
  const agents = { SERVER1: null, SERVER2: agent(document) };
  const words = "server force-stop SERVER1 --confirm-off";
  const silent = await run(agents, words);
  assert.is(silent.exit, 2);
  assert.equal(silent.sent, []);
  const wrong = await run(agents, words, null, { typed: "SERVER2" });
  assert.is(wrong.exit, 1);
  assert.equal(wrong.sent, []);
  const right = await run(agents, words, null, { typed: "SERVER1" });
  assert.is(right.exit, 0);
  assert.equal(right.sent, [
    { at: "SERVER2", verb: "server.confirm-off", args: { server: "SERVER1" } },
  ]);
});

test("2.5: only the server itself answers: nobody can bear witness that it is off", async () => {
  const document = (): StatusDocument => withStates("member", "off");
  const words = "server force-stop SERVER1 --confirm-off --yes";
  const ran = await run({ SERVER1: agent(document), SERVER2: null }, words);
  assert.is(ran.exit, 3);
  assert.equal(ran.sent, []);
});

test("R208: the status of a cluster that is down names the way back in both languages", async () => {
  const down = (): StatusDocument => withStates("detached", "off");
  for (const lang of ["en", "ja"]) {
    const { out } = await run({ SERVER1: agent(down), SERVER2: null }, `status --lang ${lang}`);
    assert.match(out, "kage server force-return SERVER1");
    assert.not.match(out, "kage server return SERVER1");
  }
});

test.run();
