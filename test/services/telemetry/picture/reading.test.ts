/** What a person reads: headline, ages, freshness, tables, the story of events, both languages whole. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { showDay, showSpan, showTime } from "../../../../services/telemetry/picture/ages.ts";
import { takeMessage } from "../../../../services/telemetry/picture/board.ts";
import { judgeFreshness } from "../../../../services/telemetry/picture/freshness.ts";
import { headlineOf } from "../../../../services/telemetry/picture/headline.ts";
import { PAGE_TEXT, say } from "../../../../services/telemetry/picture/page-text.ts";
import { readCluster, readRecent } from "../../../../services/telemetry/picture/read-message.ts";
import { groupRows, pathRows, serverRows } from "../../../../services/telemetry/picture/tables.ts";
import { storyOf, timelineRows } from "../../../../services/telemetry/picture/timeline.ts";
import { boardOf, clusterState, groupState, pairBoard, pathState } from "./states.ts";

test("ecosystem 3.2: the headline says how many more failures can be survived", () => {
  const sentence = (survives: number, level: string) => {
    const cluster = readCluster(clusterState(survives, level));
    assert.ok(cluster);
    return cluster === null ? "" : headlineOf(cluster, "en").sentence;
  };
  assert.is(sentence(1, "ok"), "The cluster survives one more server failure.");
  assert.is(sentence(3, "degraded"), "The cluster survives 3 more server failures.");
  assert.match(sentence(0, "degraded"), "the next server failure stops the business");
  assert.match(sentence(0, "failed"), "needs attention");
});

test("the publisher's own sentence is preferred, and reasons come in the reader's language", () => {
  const own = { en: "Server 2 is detached.", ja: "サーバ 2 は切り離し中です。" };
  const cluster = readCluster({ ...clusterState(0, "degraded"), headline: own });
  assert.ok(cluster);
  if (cluster === null) return;
  assert.is(headlineOf(cluster, "ja").sentence, own.ja);
  assert.equal(headlineOf(cluster, "ja").reasons, [{ code: "KG-2010", text: "停止中。" }]);
});

test("a lost connection, a last will and silence each make the page stale, with the time", () => {
  const board = pairBoard();
  const open = { kind: "open" } as const;
  const judge = (nowMs: number) => judgeFreshness(board, open, "server1", nowMs);
  assert.equal(judge(10_000), { kind: "live", asOfMs: 1000 });
  assert.equal(judge(13_001), { kind: "stale", why: "silent", asOfMs: 1000 });
  const lost = judgeFreshness(board, lostLine(false), "server1", 2000);
  assert.equal(lost, { kind: "stale", why: "link", asOfMs: 1000 });
  const brokerless = judgeFreshness(board, lostLine(true), "server1", 2000);
  assert.equal(brokerless, { kind: "stale", why: "broker", asOfMs: 1000 });
  const will = takeMessage(board, "node/server1/online", "offline", 2000);
  assert.equal(judgeFreshness(will, open, "server1", 2001), {
    ...{ kind: "stale", why: "telemetry", asOfMs: 1000 },
  });
});

const lostLine = (isServerThere: boolean) =>
  ({ kind: "lost", sinceMs: 1500, isServerThere }) as const;

test("what a broker has kept since long ago is dated by its observation, not by its receipt", () => {
  const observedMs = Date.parse("2026-11-22T05:03:07.000Z");
  const kept = takeMessage(
    pairBoard(),
    "state",
    JSON.stringify(clusterState()),
    observedMs + 90_000,
  );
  const will = takeMessage(kept, "node/server1/online", "offline", observedMs + 90_001);
  const judged = judgeFreshness(will, { kind: "open" }, "server1", observedMs + 90_002);
  assert.equal(judged, { kind: "stale", why: "telemetry", asOfMs: observedMs });
});

test("another server's last will does not make this page stale", () => {
  const board = takeMessage(pairBoard(), "node/server2/online", "offline", 2000);
  assert.is(judgeFreshness(board, { kind: "open" }, "server1", 2001).kind, "live");
});

test("before the first state the page waits and shows no green", () => {
  assert.is(judgeFreshness(boardOf(), { kind: "open" }, "server1", 5).kind, "waiting");
});

test("ages have two units at most, times are of the reader's zone", () => {
  assert.is(showSpan(-5, "en"), "0 s");
  assert.is(showSpan(59_999, "en"), "59 s");
  assert.is(showSpan(61_000, "ja"), "1 分");
  assert.is(showSpan(3 * 3_600_000 + 120_000, "en"), "3 h 2 min");
  assert.is(showSpan(50 * 3_600_000, "ja"), "2 日 2 時間");
  assert.is(showTime("2026-11-22T15:04:05Z", "ja", "Asia/Tokyo"), "00:04:05");
  assert.is(showDay("2026-11-22T15:04:05Z", "ja", "Asia/Tokyo"), "2026年11月23日");
});

test("the tables say what the picture says: state, owner, home, both directions of a path", () => {
  const board = pairBoard(
    ["group/web/state", groupState("web", "SERVER2", "running", 2)],
    ["path/lan1/state", pathState("lan1", "lan-private", "faulty", "normal")],
  );
  assert.equal(
    serverRows(board).map((row) => [row.name, row.word.text.en, row.isCoordinator, row.groups]),
    [
      ["SERVER1", "member", true, ["db"]],
      ["SERVER2", "member", false, ["web"]],
    ],
  );
  assert.equal(
    groupRows(board).map((row) => [row.name, row.owner, row.isHome]),
    [
      ["db", "SERVER1", true],
      ["web", "SERVER2", false],
    ],
  );
  assert.equal(
    pathRows(board, "ja").map((row) => [row.id, row.from, row.word.text.ja]),
    [
      ["lan1", "SERVER1", "異常"],
      ["lan1", "SERVER2", "正常"],
      ["com1", "SERVER1", "正常"],
      ["com1", "SERVER2", "正常"],
    ],
  );
});

const eventOf = (seq: number, severity: string, cause: number | null, subject = "web") => ({
  ...{ v: 1, id: `s-${seq}`, seq, ts: `2026-11-22T05:00:0${seq}.000Z`, severity },
  ...{ code: "KG-1", key: "x", server: "SERVER1", subject: { kind: "group", id: subject } },
  ...{ cause: cause === null ? null : `s-${cause}`, args: {} },
  ...{ text: { en: `event ${seq}`, ja: `事象 ${seq}` }, why: {}, hint: {} },
});

const told = readRecent({
  events: [
    eventOf(1, "warning", null, "db"),
    eventOf(2, "error", 1),
    eventOf(3, "info", null, "mail"),
    eventOf(4, "warning", 2),
    eventOf(5, "info", 9),
  ],
});

test("R108: events come newest first, each linked to its cause and to what it led to", () => {
  const rows = timelineRows(told, { subject: null, atLeast: "info" }, "ja", "UTC");
  assert.equal(
    rows.map((row) => row.id),
    ["s-5", "s-4", "s-3", "s-2", "s-1"],
  );
  assert.equal(rows[1]?.cause, { id: "s-2", text: "事象 2" });
  assert.equal(rows[3]?.effects, [{ id: "s-4", text: "事象 4" }]);
  assert.equal(rows[0]?.cause, { id: "s-9", text: null });
  assert.is(rows[0]?.day, "2026年11月22日");
  assert.is(rows[1]?.day, null);
});

const wordsOf = (server: string, second: number, cause: number | null) => ({
  ...eventOf(1, "error", cause),
  ...{ id: `${server}-1`, server, ts: `2026-11-22T05:01:${second}.000Z` },
  text: { en: "SERVER9 is lost", ja: "SERVER9 がダウン" },
});

test("what three servers or more say at one time is one row; two, and a later time, are not", () => {
  const row = (...said: readonly object[]) =>
    timelineRows(readRecent({ events: said }), { subject: null, atLeast: "info" }, "en", "UTC").map(
      ({ id, others }) => [id, ...others].join(" "),
    );
  const a = wordsOf("A", 10, null);
  const b = wordsOf("B", 12, null);
  const c = wordsOf("C", 13, null);
  assert.equal(row(a, b, c), ["A-1 B C"]);
  assert.equal(row(a, b), ["B-1", "A-1"]);
  assert.equal(row(a, b, wordsOf("C", 21, null)), ["C-1", "B-1", "A-1"]);
  assert.equal(row(a, b, { ...c, code: "KG-2" }), ["C-1", "B-1", "A-1"]);
  // A cause that is one of the folded ones leads to the row that stands for them.
  const effect = { ...eventOf(5, "info", null), ts: "2026-11-22T05:01:20.000Z", cause: "C-1" };
  const rows = timelineRows(
    readRecent({ events: [a, b, c, effect] }),
    { subject: null, atLeast: "info" },
    "en",
    "UTC",
  );
  assert.equal(rows[0]?.cause, { id: "A-1", text: "SERVER9 is lost" });
  assert.equal(rows[1]?.effects, [{ id: "s-5", text: "event 5" }]);
});

test("the filter keeps a subject, a severity and everything above it", () => {
  const ids = (subject: string | null, atLeast: "info" | "warning" | "error") =>
    timelineRows(told, { subject, atLeast }, "en", "UTC").map((row) => row.id);
  assert.equal(ids("group/mail", "info"), ["s-3"]);
  assert.equal(ids(null, "error"), ["s-2"]);
  assert.equal(ids("group/web", "warning"), ["s-4", "s-2"]);
});

test("a story holds causes and effects and nothing else, and a loop of causes ends", () => {
  assert.equal([...storyOf(told, "s-4")].sort(), ["s-1", "s-2", "s-4"]);
  assert.equal([...storyOf(told, "s-3")], ["s-3"]);
  const loop = readRecent({ events: [eventOf(1, "info", 2), eventOf(2, "info", 1)] });
  assert.equal([...storyOf(loop, "s-1")].sort(), ["s-1", "s-2"]);
});

const placeholders = (text: string): string => (text.match(/\{[a-z]+\}/g) ?? []).sort().join();

test("every text stands in both languages with the same placeholders", () => {
  const entries = Object.entries(PAGE_TEXT);
  assert.ok(entries.length > 100, `${entries.length}`);
  for (const [key, { en, ja }] of entries) {
    assert.ok(en.trim() !== "" && ja.trim() !== "", key);
    assert.is(placeholders(ja), placeholders(en), key);
  }
});

test("a placeholder without a value shows as a question mark", () => {
  assert.is(say("en", "otherPage", {}), "Open the page of ?");
  assert.is(say("en", "otherPage", { server: "$& {x}" }), "Open the page of $& {x}");
});

test.run();
