/**
 * Signed commands over a customer's broker: our command signs, Debian's clients carry, telemetry judges.
 * The outside broker is a mosquitto without any rights of ours: everybody may publish anything there, as on
 * one that was hacked. Source: ecosystem.md 1.4 (last rule); mosquitto_pub(1), mosquitto_rr(1).
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type BrokerLink, openBrokerLink } from "../../services/telemetry/broker-link.ts";
import type { AuditLine, CommandReply } from "../../services/telemetry/model.ts";
import { until, untilWithin } from "../deadline.ts";
import { type Rig, type RigMore, reachable, withRig } from "../firmware/telemetry/rig.ts";
import { PREFIX } from "../services/telemetry/desk-stage.ts";
import { kage, MISSING, run } from "./tools.ts";

const OUTSIDE_PORT = 1884;
const MOVE = `${PREFIX}/cmd/op/group/web/move`;
const STOP = `${PREFIX}/cmd/op/group/web/stop`;
const PING = `${PREFIX}/cmd/view/ping`;
const SHUTDOWN = `${PREFIX}/cmd/admin/cluster/shutdown`;
const REPLY = `${PREFIX}/reply/customer/console`;
const ORDER = { args: { to: "SERVER2" }, confirm: "web", expect: { epoch: 7 } };
/**
 * Senders here have a clock that is almost 10 s ahead: what bears a time before the telemetry process' start plus the
 * 10 s by which a clock may be ahead is refused, because a former life may have carried it out.
 */
const AHEAD_MS = 9900;

async function openOutside(rig: Rig): Promise<void> {
  const { host } = rig.address;
  const file = join(rig.folder, "outside.conf");
  writeFileSync(file, `listener ${OUTSIDE_PORT} ${host}\nallow_anonymous true\nuser root\n`);
  rig.spawn("mosquitto", ["-c", file]);
  await reachable(host, OUTSIDE_PORT);
  const local = ["--local", rig.localFile];
  for (const [name, role] of [["anna", "op"] as const, ["boss", "admin"] as const]) {
    const out = ["--out", join(rig.folder, `${name}.key`)];
    const added = await kage(["operator-key", "add", name, "--role", role, ...out, ...local]);
    assert.is(added.status, 0, added.text);
  }
  // A key of the same name that no server knows.
  const pair = ["-algorithm", "ed25519", "-out", join(rig.folder, "eve.key")];
  assert.is((await run("openssl", ["genpkey", ...pair])).status, 0);
}

const more: RigMore = {
  before: openOutside,
  telemetry: ({ host }) => ({
    brokers: [`mqtt://${host}:1883`, `mqtt://${host}:${OUTSIDE_PORT}`],
    allowRemoteCommands: true,
  }),
};

const story = (name: string, act: (rig: Rig) => Promise<void>): void => {
  test(name, () => withRig("mosquitto", act, more));
};

async function sign(rig: Rig, request: object, topic = MOVE, key = "anna"): Promise<string> {
  const file = join(rig.folder, `${key}.key`);
  const name = key === "eve" ? "anna" : key;
  const words = ["sign", topic, "--key", file, "--as", name];
  const ts = new Date(Date.now() + AHEAD_MS).toISOString();
  const { status, text } = await kage(words, JSON.stringify({ ts, ...request }));
  assert.is(status, 0, text);
  return text;
}

const where = (rig: Rig): string[] => [
  ...["-V", "5", "-h", rig.address.host, "-p", String(OUTSIDE_PORT), "-q", "1"],
];

/** The first answer of a command sent by mosquitto_rr. */
async function ask(rig: Rig, payload: string, topic = MOVE): Promise<CommandReply> {
  const words = ["-t", topic, "-e", REPLY, "-m", payload, "-W", "5"];
  const { text } = await run("mosquitto_rr", [...where(rig), ...words]);
  return JSON.parse(text) as CommandReply;
}

/** Ms; they count 10 s after the start. */
const COUNT_WITHIN_MS = 20_000;

async function whenOnline(rig: Rig): Promise<void> {
  const words = ["-t", `${PREFIX}/node/server1/online`, "-C", "1", "-W", "10"];
  assert.is((await run("mosquitto_sub", [...where(rig), ...words])).text.trim(), "online");
  await untilWithin("signed commands count", COUNT_WITHIN_MS, async () => {
    const { status, code } = await ask(rig, await sign(rig, {}, PING), PING);
    // Not yet 10 s after the start, by the sender's clock.
    if (status !== "done") assert.is(code, "KG-9105");
    return status === "done";
  });
}

function tellOfSigning(): void {
  story("kage sign | mosquitto_pub -s: the order is carried out, and once", async (rig) => {
    await whenOnline(rig);
    const payload = await sign(rig, ORDER);
    const sent = await run("mosquitto_pub", [...where(rig), "-t", MOVE, "-s"], payload);
    assert.is(sent.status, 0, sent.text);
    await until("the order", () => rig.orders.length === 1);
    assert.equal(rig.orders, [{ verb: "group.move", group: 0, target: 1 }]);
    // Sent again by whoever carries it: the same answer, no second order.
    assert.is((await ask(rig, payload)).status, "running");
    assert.is((await ask(rig, await sign(rig, {}, PING), PING)).status, "done");
    assert.is(rig.orders.length, 1);
  });

  story("each kind of refusal answers with its code and stands in the own audit", async (rig) => {
    await whenOnline(rig);
    const admin = await rig.observe("admin");
    const plain = { commandId: "plain-00001", ts: new Date().toISOString(), ttlS: 30, ...ORDER };
    const honest = await sign(rig, ORDER);
    const cases: readonly (readonly [string, string, string?])[] = [
      ["KG-9121", JSON.stringify(plain)],
      ["KG-9122", honest.replace('"key":"anna"', '"key":"bert"')],
      ["KG-9123", await sign(rig, ORDER, MOVE, "eve")],
      ["KG-9123", await sign(rig, ORDER, STOP)],
      ["KG-9123", honest.replace('"SERVER2"', '"SERVER1"')],
      ["KG-9101", ` ${honest}`],
      ["KG-9124", await sign(rig, { ...ORDER, confirm: "lab" }, SHUTDOWN), SHUTDOWN],
      ["KG-9107", await sign(rig, { ...ORDER, expect: { epoch: 6 } })],
      ["KG-9108", await sign(rig, { ...ORDER, confirm: "wbe" })],
      ["KG-9103", await sign(rig, { ...ORDER, ts: new Date(Date.now() - 60_000).toISOString() })],
    ];
    for (const [code, payload, topic] of cases) {
      const reply = await ask(rig, payload, topic ?? MOVE);
      assert.is(reply.code, code, payload);
      assert.ok(reply.text.en.length > 0 && reply.hint.ja.length > 0);
    }
    const retained = await sign(rig, ORDER);
    await run("mosquitto_pub", [...where(rig), "-r", "-t", MOVE, "-s"], retained);
    const codes = [...cases.map(([code]) => code), "KG-9120"];
    const audit = (): AuditLine[] =>
      admin.heard
        .filter(({ topic }) => topic === `${PREFIX}/audit`)
        .map(({ payload }) => JSON.parse(Buffer.from(payload).toString()) as AuditLine);
    await until("the audit", () => audit().length === codes.length);
    assert.equal(
      audit().map(({ code, outside }) => [code, outside]),
      codes.map((code) => [code, true]),
    );
    assert.equal(rig.orders, []);
  });

  story("a removed key orders nothing, a role counts, and the key file is private", async (rig) => {
    await whenOnline(rig);
    const local = ["--local", rig.localFile];
    assert.is((await kage(["operator-key", "remove", "anna", ...local])).status, 0);
    const list = await kage(["operator-key", "list", ...local, "-o", "json"]);
    assert.equal(
      (JSON.parse(list.text) as { keys: { id: string }[] }).keys.map(({ id }) => id),
      ["boss"],
    );
    await until("the removed key is refused", async () => {
      // The file is looked at twice a second; until then a dry run is answered with its plan.
      const { code } = await ask(rig, await sign(rig, { ...ORDER, dryRun: true }));
      return code === "KG-9122";
    });
    const shutdown = await sign(rig, { confirm: "lab", expect: { epoch: 7 } }, SHUTDOWN, "boss");
    assert.is((await ask(rig, shutdown, SHUTDOWN)).status, "accepted");
    assert.equal(
      rig.orders.map(({ verb }) => verb),
      ["cluster.shutdown"],
    );
  });
}

/** Everybody on the outside broker; counts the answers. */
async function connect(rig: Rig): Promise<{ link: BrokerLink; replies: string[] }> {
  const replies: string[] = [];
  let isReady = false;
  const link = openBrokerLink(
    {
      url: `mqtt://${rig.address.host}:${OUTSIDE_PORT}`,
      clientId: "attacker",
      username: null,
      password: null,
      ca: null,
      will: null,
      subscriptions: [{ filter: REPLY, wantsRetained: false }],
    },
    {
      onReady: () => {
        isReady = true;
      },
      onMessage: ({ payload }) => replies.push(Buffer.from(payload).toString()),
      onEnd: () => undefined,
    },
  );
  await until("the outside broker", () => isReady);
  return { link, replies };
}

function tellFlood(): void {
  story("10,000 commands without a valid signature: 0 wrongly executed", async (rig) => {
    await whenOnline(rig);
    const { link, replies } = await connect(rig);
    const send = (payload: string, topic = MOVE, retain = false): void => {
      const letter = { topic, payload, retain, correlation: null, expiryS: null };
      link.publish({ ...letter, responseTopic: REPLY }, () => undefined);
    };
    const honest = await sign(rig, ORDER);
    send(honest);
    await until("the honest order", () => rig.orders.length === 1);
    const forged = await sign(rig, ORDER, MOVE, "eve");
    const elsewhere = await sign(rig, ORDER, STOP);
    const above = await sign(rig, { ...ORDER, confirm: "lab" }, SHUTDOWN);
    const old = await sign(rig, { ...ORDER, ts: new Date(Date.now() - 90_000).toISOString() });
    const unborn = await sign(rig, { ...ORDER, ts: new Date(Date.now() + 90_000).toISOString() });
    const past = await sign(rig, { ...ORDER, expect: { epoch: 6 } });
    const plain = (n: number): string =>
      JSON.stringify({ commandId: `plain-${n}`, ts: new Date().toISOString(), ttlS: 30, ...ORDER });
    const altered = (n: number): string => {
      const bytes = Buffer.from(honest);
      bytes[n % bytes.length] = (bytes[n % bytes.length] ?? 0) ^ (1 << (n % 7));
      return bytes.toString("latin1");
    };
    const kinds: readonly ((n: number) => void)[] = [
      () => send(honest),
      (n) => send(altered(n)),
      (n) => send(plain(n)),
      () => send(forged),
      () => send(elsewhere),
      () => send(above, SHUTDOWN),
      () => send(old),
      () => send(unborn),
      () => send(past),
      (n) => send(honest.slice(0, n % honest.length)),
      () => send(honest, MOVE, true),
      (n) => send(honest.replace('"anna"', `"k${n}"`)),
      () => send(honest, STOP),
    ];
    for (let n = 0; n < 10_000; n += 1) {
      kinds[n % kinds.length]?.(n);
      if (n % 500 === 499) await settled(rig, send, replies);
    }
    assert.is(rig.orders.length, 1);
    send("", MOVE, true);
    await link.close();
    // The way for an honest one is still open.
    const last = await ask(rig, await sign(rig, { ...ORDER, dryRun: true }));
    assert.is(last.status, "done", JSON.stringify(last));
  });
}

/** Everything sent so far has been looked at: an answer to a signed ping came. */
async function settled(
  rig: Rig,
  send: (payload: string, topic: string) => void,
  replies: string[],
): Promise<void> {
  const ping = await sign(rig, {}, PING);
  const { commandId } = JSON.parse(ping) as { commandId: string };
  send(ping, PING);
  await until("the pong", () => replies.some((text) => text.includes(commandId)));
  replies.length = 0;
}

if (MISSING.length > 0) {
  process.stdout.write(`# skip not installed: ${MISSING.join(", ")} (see .ci/packages.sh)\n`);
} else {
  tellOfSigning();
  tellFlood();
}

test.run();
