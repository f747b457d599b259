/**
 * What telemetry has to show with any broker: played with the embedded one in `npm test`, and with
 * Debian's mosquitto in `npm run test:broker`. Expectations are those of ecosystem.md 1.2-1.4.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { test as uvuTest } from "uvu";
import * as assert from "uvu/assert";
import type { CommandReply } from "../../../services/telemetry/model.ts";
import { until } from "../../deadline.ts";
import { group, sample } from "../../services/configuration/sample.ts";
import { PREFIX, picture } from "../../services/telemetry/desk-stage.ts";
import { type BrokerKind, type Observer, type Rig, withRig } from "./rig.ts";

type Test = typeof uvuTest;

const online = (observer: Observer): Promise<string> =>
  until("SERVER1 online", () => (observer.last("node/server1/online") === "online" ? "yes" : null));

const has = (observer: Observer, topic: string, text: string): boolean =>
  observer.last(topic)?.includes(text) === true;

const says = (payload: Uint8Array, text: string): boolean =>
  Buffer.from(payload).toString().includes(text);

/** Empty while there is none. */
function markOf(rig: Rig): string {
  const file = join(rig.folder, "telemetry-mark.json");
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

let commands = 0;
/** A valid move of `web`; `change` bends it. */
export function move(change: Readonly<Record<string, unknown>> = {}): string {
  commands += 1;
  return JSON.stringify({
    commandId: `test-${String(commands).padStart(8, "0")}`,
    args: { to: "SERVER2" },
    confirm: "web",
    ts: new Date().toISOString(),
    ttlS: 30,
    ...change,
  });
}

const TOPICS = [
  ...["info", "state", "node/server1/state", "node/server2/state", "group/web/state"],
  ...["path/lan1/state", "node/server1/online", "event/recent"],
];

export function tellStories(test: Test, kind: BrokerKind): void {
  const story = (name: string, act: (rig: Rig) => Promise<void>): void => {
    test(`${name} [${kind}]`, () => withRig(kind, act));
  };

  story("a late reader finds the whole picture retained", async (rig) => {
    await online(await rig.observe("viewer"));
    const late = await rig.observe("viewer");
    await until("all topics", () => TOPICS.every((topic) => late.last(topic) !== null));
    for (const topic of TOPICS) {
      const message = late.heard.find((one) => one.topic === `${PREFIX}/${topic}`);
      assert.ok(message?.retain, topic);
    }
  });

  story("a broker that is killed and comes back empty gets everything again", async (rig) => {
    await online(await rig.observe("viewer"));
    await rig.killBroker();
    rig.log("group.stopping");
    rig.show(picture({ state: "stopping" }));
    rig.log("group.stopped");
    await rig.startBroker();
    const after = await rig.observe("viewer");
    await until("all topics", () => TOPICS.every((topic) => after.last(topic) !== null));
    assert.match(after.last("group/web/state") ?? "", '"state":"stopping"');
    await until("recent with both", () => {
      const recent = after.last("event/recent") ?? "";
      return recent.includes("group.stopping") && recent.includes("group.stopped");
    });
  });

  story(
    "a change and an event reach a reader, the killed process is declared offline",
    async (rig) => {
      const reader = await rig.observe("viewer");
      await online(reader);
      rig.show(picture({ owner: "SERVER2" }));
      await until("the owner", () => has(reader, "group/web/state", '"owner":"SERVER2"'));
      rig.log("group.running");
      await until("the event", () => has(reader, "event", '"id":"SERVER1-1"'));
      // How far the broker has come is kept once a second.
      await until("the mark", () => markOf(rig) === '{"seq":1}\n');
      rig.telemetry().kill("SIGKILL");
      await until("offline", () => reader.last("node/server1/online") === "offline");
      rig.log("group.stopping");
      rig.startTelemetry();
      await until("online again", () => reader.last("node/server1/online") === "online");
      await until("the event meanwhile", () => has(reader, "event", "group.stopping"));
      assert.match(reader.last("event") ?? "", '"replay":true');
    },
  );

  story("an operator's command is carried out and answered", async (rig) => {
    const operator = await rig.observe("operator");
    await online(operator);
    const reply = await ask(operator, rig, "op/group/web/move", move());
    assert.is(reply.status, "done");
    assert.equal(rig.orders, [{ verb: "group.move", group: 0, target: 1 }]);
  });

  story(
    "two consoles with the same expectation: exactly one is carried out, one is refused",
    async (rig) => {
      const consoles = [await rig.observe("operator"), await rig.observe("operator")];
      for (const each of consoles) await online(each);
      const expect = { owner: "SERVER1", state: "running" };
      const payloads = consoles.map(() => move({ expect }));
      for (const [nth, each] of consoles.entries()) {
        each.request("op/group/web/move", payloads[nth] ?? "", `${PREFIX}/reply/operator/c${nth}`);
      }
      const [first] = consoles;
      const heard = (status: string): number =>
        first?.heard.filter(
          ({ topic, payload }) =>
            topic.includes("/reply/") && says(payload, `"status":"${status}"`),
        ).length ?? 0;
      await until("one refusal and one start", () => heard("rejected") + heard("running") === 2);
      rig.show(picture({ owner: "SERVER2" }));
      await until("one final word of success", () => heard("done") === 1);
      assert.equal([heard("rejected"), rig.orders.length], [1, 1]);
    },
  );

  story(
    "a configuration that is put in force is followed without a restart, new group and old",
    async (rig) => {
      const reader = await rig.observe("viewer");
      await online(reader);
      await until("web", () => has(reader, "group/web/state", '"name":"web"'));
      const pid = rig.telemetry().pid;
      const put = (name: string): void => {
        rig.configure({
          ...sample(),
          groups: [group(name, ["SERVER1", "SERVER2"], "127.5.5.102")],
        });
      };
      put("mail");
      await until("mail", () => has(reader, "group/mail/state", '"name":"mail"'));
      await until("web withdrawn", () => reader.last("group/web/state") === "");
      await until("info", () => has(reader, "info", '"name":"mail"'));
      assert.not.match(reader.last("info") ?? "", '"name":"web"');
      // What telemetry did not live to withdraw its next life finds at the broker.
      rig.telemetry().kill("SIGKILL");
      await until("offline", () => reader.last("node/server1/online") === "offline");
      put("web");
      rig.startTelemetry();
      await until("mail withdrawn", () => reader.last("group/mail/state") === "");
      await until("web again", () => has(reader, "group/web/state", '"name":"web"'));
      assert.is.not(rig.telemetry().pid, pid);
    },
  );

  story("rights: a viewer gives no orders, an operator none of an administrator", async (rig) => {
    const viewer = await rig.observe("viewer");
    const operator = await rig.observe("operator");
    const admin = await rig.observe("admin");
    await online(admin);
    viewer.send("cmd/op/group/web/move", move());
    viewer.send("cmd/admin/cluster/shutdown", move({ confirm: "lab", args: undefined }));
    operator.send("cmd/admin/cluster/shutdown", move({ confirm: "lab", args: undefined }));
    viewer.send("group/web/state", '{"owner":"SERVER2"}', { retain: true });
    operator.send("node/server1/online", "offline", { retain: true });
    const shutdown = move({ confirm: "lab", args: undefined });
    admin.send("cmd/admin/cluster/shutdown", shutdown);
    await until("the administrator's order", () => rig.orders.length === 1);
    assert.is(rig.orders[0]?.verb, "cluster.shutdown");
    assert.match(admin.last("group/web/state") ?? "", '"owner":"SERVER1"');
    assert.is(admin.last("node/server1/online"), "online");
    const read = viewer.heard.map(({ topic }) => topic);
    assert.not(read.some((topic) => topic.startsWith(`${PREFIX}/cmd/`)));
    assert.not(read.some((topic) => topic.startsWith(`${PREFIX}/reply/`)));
  });

  story("a stored command acts neither at once nor after a restart of telemetry", async (rig) => {
    const operator = await rig.observe("operator");
    await online(operator);
    operator.send("cmd/op/group/web/move", move(), { retain: true });
    await until("a note in the log", () => rig.notes.some(({ key }) => key === "command.retained"));
    rig.telemetry().kill("SIGKILL");
    await until("offline", () => operator.last("node/server1/online") === "offline");
    rig.startTelemetry();
    await online(operator);
    // A command that follows proves that the stored one had its chance.
    await ask(operator, rig, "op/group/web/move", move());
    assert.is(rig.orders.length, 1);
  });

  story("names that objects have from birth neither act nor end anything", async (rig) => {
    const operator = await rig.observe("operator");
    await online(operator);
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      const bad = await rig.observe("admin", [`${PREFIX}/info`]);
      bad.send("", move(), { topic: name });
      bad.send(`cmd/op/group/${name}/move`, move());
      await bad.link.close();
    }
    await ask(operator, rig, "op/group/web/move", move());
    assert.is(rig.orders.length, 1);
  });
}

/** Apart, because it takes as long as all the others. */
export function tellFlood(test: Test, kind: BrokerKind): void {
  test(`10,000 bad commands over the wire: 0 wrongly executed [${kind}]`, () =>
    withRig(kind, flood));
}

/** Duplicate, late, retained, forged and malformed ones behind one honest command. */
async function flood(rig: Rig): Promise<void> {
  const operator = await rig.observe("operator");
  await online(operator);
  const honest = move();
  await ask(operator, rig, "op/group/web/move", honest);
  const old = new Date(Date.now() - 120_000).toISOString();
  const kinds: readonly (() => void)[] = [
    () => operator.send("cmd/op/group/web/move", honest),
    () => operator.send("cmd/op/group/web/move", move({ ts: old })),
    () => operator.send("cmd/op/group/web/move", move(), { retain: true }),
    () => operator.send("cmd/view/group/web/move", move()),
    () => operator.send("cmd/admin/cluster/shutdown", move({ confirm: "lab", args: undefined })),
    () => operator.send("cmd/op/group/web/move", move().slice(0, 50)),
    () => operator.send("cmd/op/group/web/move", move({ confirm: "wbe" })),
    () => operator.send("cmd/op/group/web/move", move({ expect: { epoch: 6 } })),
  ];
  for (let n = 0; n < 10_000; n += 1) {
    kinds[n % kinds.length]?.();
    // Bounded on the sender's side: a page of commands at a time.
    if (n % 200 === 199) await settled(operator, rig);
  }
  await settled(operator, rig);
  assert.is(rig.orders.length, 1);
}

/** Sends a command and waits for its final answer. */
async function ask(
  observer: Observer,
  rig: Rig,
  topic: string,
  payload: string,
): Promise<CommandReply> {
  const account = "operator";
  const { commandId } = JSON.parse(payload) as { commandId: string };
  observer.request(topic, payload, `${PREFIX}/reply/${account}/test`);
  await until("the order", () => rig.orders.length > 0);
  rig.show(picture({ owner: "SERVER2" }));
  return until("a final answer", () => {
    const replies = observer.heard
      .filter((message) => message.topic === `${PREFIX}/reply/${account}/test`)
      .map((message) => JSON.parse(Buffer.from(message.payload).toString()) as CommandReply);
    const final = ["done", "failed", "rejected", "expired"];
    return replies.find((one) => one.commandId === commandId && final.includes(one.status)) ?? null;
  });
}

/** Everything sent so far has been looked at: a ping came back. */
async function settled(observer: Observer, rig: Rig): Promise<void> {
  const payload = move({ args: undefined, confirm: undefined });
  const { commandId } = JSON.parse(payload) as { commandId: string };
  observer.request("view/ping", payload, `${PREFIX}/reply/operator/test`);
  await until(`the pong ${commandId} of ${rig.kind}`, () =>
    observer.heard.some(
      ({ topic, payload: text }) =>
        topic.includes("/reply/") && Buffer.from(text).toString().includes(commandId),
    ),
  );
  observer.heard.length = 0;
}
