/**
 * What a broker is told: everything retained on every connect, revisions that rise, events in order and
 * none twice, nothing unbounded, and one speaker where several servers share a broker.
 * Source: ecosystem.md 1.2, 1.3; work order 3 item 6.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { DeskStage, logLine, PREFIX, picture, ready } from "./desk-stage.ts";

const topics = (stage: DeskStage): string[] =>
  stage.published.map(({ topic }) => topic.slice(PREFIX.length + 1));

test("all retained state is published on connect, the word online last of it", () => {
  const stage = ready();
  assert.equal(topics(stage), [
    "info",
    "state",
    "node/server1/state",
    "node/server2/state",
    "group/web/state",
    "path/lan1/state",
    "node/server1/online",
  ]);
  assert.ok(stage.published.every(({ retain }) => retain));
  assert.is(stage.published.at(-1)?.payload, "online");
});

test("after a broker was lost all retained state is published again, unchanged or not", () => {
  const stage = ready();
  const first = topics(stage);
  stage.lose();
  stage.published.length = 0;
  stage.connect();
  assert.equal(topics(stage), first);
});

test("the envelope says who observed what when, and rev rises by one per change", () => {
  const stage = ready();
  const [state] = stage.on("group/web/state");
  assert.is(state?.["v"], 1);
  assert.is(state?.["ts"], "2026-11-22T12:00:00.000Z");
  assert.is(state?.["by"], "SERVER1");
  assert.is(state?.["epoch"], 7);
  const before = Number(stage.on("path/lan1/state")[0]?.["rev"]);
  stage.published.length = 0;
  stage.see(picture({ state: "stopping" }));
  assert.equal(topics(stage), ["group/web/state"], "only what has changed");
  assert.is(stage.on("group/web/state")[0]?.["rev"], before + 1);
});

test("the age of a word alone is no news; the speaker repeats itself every 5 s", () => {
  const stage = ready();
  stage.published.length = 0;
  stage.pass(4500, picture());
  assert.equal(
    topics(stage).filter((topic) => topic !== "event/recent" && !topic.endsWith("metrics")),
    [],
  );
  stage.pass(1000, picture());
  assert.ok(topics(stage).includes("state"));
  assert.ok(topics(stage).includes("path/lan1/state"));
});

test("a silent agent is not spoken for: nothing is repeated as if it were new", () => {
  const stage = ready();
  stage.pass(7000);
  stage.published.length = 0;
  stage.pass(20_000);
  assert.equal(
    topics(stage).filter((topic) => topic === "state"),
    [],
  );
});

test("reasons are open alerts in both languages, and cleared by an empty payload", () => {
  const stage = ready();
  stage.see(picture({ reasons: [{ code: "KG-1001", text: "lan1 is silent" }] }), ["lan1 途絶"]);
  assert.equal(stage.on("alert/kg-1001-1")[0]?.["text"], { en: "lan1 is silent", ja: "lan1 途絶" });
  assert.equal(stage.on("state").at(-1)?.["reasons"], [
    { code: "KG-1001", text: "lan1 is silent", ja: "lan1 途絶" },
  ]);
  stage.see(picture());
  const last = stage.published.findLast(({ topic }) => topic.endsWith("alert/kg-1001-1"));
  assert.is(last?.payload, "");
  assert.ok(last?.retain);
});

test("the headline says in both languages how many failures can be survived", () => {
  const stage = ready();
  assert.equal(stage.on("state")[0]?.["headline"], {
    en: "All is well: 1 further server failure can be survived.",
    ja: "正常です。あと 1 台のサーバ障害に耐えられます。",
  });
});

test("markup in names and texts stays text in a JSON string and makes no topic", () => {
  const stage = ready();
  const evil = '<img src=x onerror=alert(1)>/+/#"\\';
  stage.see(picture({ reasons: [{ code: evil, text: evil }], owner: evil }));
  const names = stage.published.map(({ topic }) => topic);
  assert.ok(
    names.every((topic) => /^[a-z0-9/-]+$/.test(topic)),
    names.join(" "),
  );
  assert.is(stage.on("group/web/state").at(-1)?.["owner"], evil);
});

test("events go out once and in order; the very first start does not replay the whole log", () => {
  const stage = ready();
  stage.take({ kind: "feed.opened", logSeq: 3 });
  assert.equal(stage.asked, [0]);
  stage.take({ kind: "feed.events", lines: [1, 2, 3].map((n) => logLine(n)), late: true });
  stage.take({ kind: "feed.events", lines: [], late: true });
  assert.equal(stage.on("event"), []);
  stage.take({ kind: "feed.events", lines: [logLine(4)], late: false });
  stage.take({ kind: "feed.events", lines: [logLine(4)], late: false });
  assert.equal(
    stage.on("event").map(({ id }) => id),
    ["SERVER1-4"],
  );
  stage.pass(500, picture());
  const recent = stage.on("event/recent").at(-1)?.["events"] as { id: string }[];
  assert.equal(
    recent.map(({ id }) => id),
    ["SERVER1-1", "SERVER1-2", "SERVER1-3", "SERVER1-4"],
  );
});

test("a gap in the feed is filled from the log before anything newer goes out", () => {
  const stage = ready();
  stage.take({ kind: "feed.events", lines: [logLine(1)], late: false });
  stage.take({ kind: "feed.events", lines: [logLine(5)], late: false });
  assert.equal(stage.asked, [1]);
  const missing = [2, 3, 4, 5].map((n) => logLine(n));
  stage.take({ kind: "feed.events", lines: missing, late: true });
  assert.equal(
    stage.on("event").map(({ seq }) => seq),
    [1, 2, 3, 4, 5],
  );
});

test("a restarted process goes on after the last delivered event, marked as replay", () => {
  const stage = new DeskStage({ deliveredSeq: 60 });
  stage.see(picture());
  stage.connect();
  stage.take({ kind: "feed.opened", logSeq: 63 });
  assert.equal(stage.asked, [10], "fifty more for those who join late");
  const lines = Array.from({ length: 53 }, (_, n) => logLine(n + 11));
  stage.take({ kind: "feed.events", lines, late: true });
  assert.equal(
    stage.on("event").map(({ seq, replay }) => [seq, replay]),
    [
      [61, true],
      [62, true],
      [63, true],
    ],
  );
  assert.is(stage.marks.at(-1), 63);
});

test("a log that begins anew is followed from its start", () => {
  const stage = new DeskStage({ deliveredSeq: 60 });
  stage.see(picture());
  stage.connect();
  stage.take({ kind: "feed.opened", logSeq: 2 });
  assert.equal(stage.asked, [0]);
  stage.take({ kind: "feed.events", lines: [logLine(1), logLine(2)], late: true });
  stage.take({ kind: "feed.events", lines: [logLine(3)], late: false });
  assert.equal(
    stage.on("event").map(({ seq }) => seq),
    [3],
  );
});

test("events of an outage follow in order, marked as replay, none lost and none unmarked", () => {
  const stage = ready();
  stage.lose();
  for (let n = 1; n <= 100; n += 1) {
    stage.take({ kind: "feed.events", lines: [logLine(n)], late: false });
  }
  stage.published.length = 0;
  stage.connect();
  const events = stage.on("event");
  assert.equal(
    events.map(({ seq }) => seq),
    Array.from({ length: 100 }, (_, n) => n + 1),
  );
  assert.ok(events.every(({ replay }) => replay === true));
  stage.take({ kind: "feed.events", lines: [logLine(101)], late: false });
  assert.is(stage.on("event").at(-1)?.["replay"], undefined);
});

test("a cause links an event to the nearest one that leads to it", () => {
  const stage = ready();
  const keys = ["peer.lost", "verdict.survive", "failover.started", "group.starting"];
  const lines = keys.map((key, n) => logLine(n + 1, key));
  for (const line of lines) stage.take({ kind: "feed.events", lines: [line], late: false });
  assert.equal(
    stage.on("event").map(({ cause }) => cause),
    [null, null, "SERVER1-2", "SERVER1-3"],
  );
});

test("the standby is silent on a shared broker while the coordinator speaks", () => {
  const stage = new DeskStage({ self: "SERVER2" });
  stage.hear("state", JSON.stringify({ by: "SERVER1", epoch: 7 }), true);
  stage.hear("node/server1/online", "online", true);
  stage.connect();
  stage.see(picture());
  for (let n = 0; n < 6; n += 1) {
    stage.pass(5000, picture());
    stage.hear("state", JSON.stringify({ by: "SERVER1", epoch: 7 }));
  }
  assert.equal([...new Set(topics(stage))].sort(), ["node/server2/metrics", "node/server2/online"]);
});

test("when the coordinator's telemetry is gone the standby speaks, and yields when it is back", () => {
  const stage = new DeskStage({ self: "SERVER2" });
  stage.hear("state", JSON.stringify({ by: "SERVER1", epoch: 7 }), true);
  stage.hear("node/server1/online", "online", true);
  stage.connect();
  stage.pass(3000, picture());
  stage.hear("node/server1/online", "offline");
  assert.ok(topics(stage).includes("group/web/state"), "at once");
  stage.hear("node/server1/online", "online");
  stage.hear("state", JSON.stringify({ by: "SERVER1", epoch: 7 }));
  stage.published.length = 0;
  stage.see(picture({ state: "stopping" }));
  assert.equal(topics(stage), []);
});

test("a successor speaks at once, though the old coordinator is still counted as online", () => {
  const stage = new DeskStage({ self: "SERVER2" });
  stage.hear("state", JSON.stringify({ by: "SERVER1", epoch: 7 }), true);
  stage.hear("node/server1/online", "online", true);
  stage.connect();
  stage.see(picture());
  stage.published.length = 0;
  stage.see(picture({ epoch: 8, coordinator: "SERVER2", owner: "SERVER2" }));
  assert.is(stage.on("group/web/state")[0]?.["owner"], "SERVER2");
});

test("a server on a broker of its own speaks there, coordinator or not", () => {
  const stage = new DeskStage({ self: "SERVER2" });
  stage.see(picture());
  stage.connect();
  assert.equal(topics(stage), ["node/server2/online"]);
  stage.pass(2000, picture());
  assert.ok(topics(stage).includes("group/web/state"));
});

test("alerts that another speaker left behind are cleared", () => {
  const stage = new DeskStage();
  stage.hear("alert/kg-2002-1", '{"v":1}', true);
  stage.see(picture());
  stage.connect();
  const cleared = stage.published.find(({ topic }) => topic.endsWith("alert/kg-2002-1"));
  assert.is(cleared?.payload, "");
});

test("1.5: discovery is published when asked for, again at Home Assistant's birth, without buttons", () => {
  const stage = new DeskStage({ homeAssistant: true });
  stage.see(picture());
  stage.connect();
  const found = stage.published.filter(({ topic }) => topic.startsWith("homeassistant/"));
  assert.equal(
    found.map(({ topic }) => topic),
    ["kage_lab", "kage_lab_node_server1", "kage_lab_node_server2", "kage_lab_group_web"].map(
      (id) => `homeassistant/device/${id}/config`,
    ),
  );
  for (const { payload } of found) {
    const device = JSON.parse(payload) as { dev: object; o: object; cmps: Record<string, object> };
    assert.ok("ids" in device.dev && "name" in device.o);
    for (const part of Object.values(device.cmps)) {
      assert.ok("p" in part && "unique_id" in part && "state_topic" in part);
      assert.not("command_topic" in part);
    }
  }
  stage.published.length = 0;
  const payload = Buffer.from("online");
  const message = { payload, retain: false, responseTopic: null, correlation: null };
  const topic = "homeassistant/status";
  stage.take({ kind: "broker.message", broker: 0, message: { ...message, topic } });
  assert.is(stage.published.length, 4);
});

test("foreign words on state, online, alert and event are taken for what they are", () => {
  const stage = ready();
  for (const payload of ["", "{", "null", "[]", '{"by":1}', '{"by":"SERVER9","epoch":"x"}']) {
    for (const topic of ["state", "event", "event/recent", "node/server9/online", "alert/x"]) {
      stage.hear(topic, payload);
      stage.hear(topic, payload, true);
    }
  }
  stage.see(picture({ state: "stopping" }));
  assert.is(stage.on("group/web/state").at(-1)?.["state"], "stopping");
});

test.run();
