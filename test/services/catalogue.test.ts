/**
 * The catalogue as a whole: both languages complete, codes unique and in their range, placeholders equal,
 * and rendering that neither leaks braces nor lets foreign text move a terminal.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { LANGUAGES } from "../../services/catalogue/entry.ts";
import { words } from "../../services/catalogue/words.ts";
import {
  EVENT_KEYS,
  eventEntry,
  isEventKey,
  isRefusalKey,
  placeholdersOf,
  REFUSAL_KEYS,
  refusalEntry,
  renderEvent,
  renderRefusal,
} from "../../services/catalogue.ts";

/** Keys that the cores, the agent and the drivers are built against. */
const NEEDED =
  "path.lost path.restored path.one-way com.faulty com.restored disk.faulty disk.restored " +
  "peer.suspected peer.lost peer.heard peer.presence peer.rebooted config.mismatch view.installed " +
  "view.left server.joined server.detached server.returning server.refused-return server.leaving " +
  "server.excluded start.waiting start.alone start.refused-alone start.clean start.unclean " +
  "claim.started claim.won claim.lost claim.withdrawn verdict.survive verdict.partition " +
  "verdict.arbiter-faulty verdict.claim-lost lease.lapsed gap.deposed emergency-shutdown " +
  "give-up.started give-up.completed give-up.overdue sole.conflict failover.started " +
  "failover.completed group.starting group.running group.stopping group.stopped group.failed " +
  "group.no-server group.moved group.order-refused resource.failed program.exited " +
  "program.restarted program.restarts-exhausted address.foreign-claim address.reannounced " +
  "address.in-use agent.stalled agent.restarted pulse.stalled pulse.restarted " +
  "disk-process.restarted adopted store.failed store.repaired frame.garbage frame.replayed " +
  "watchdog.armed watchdog.late shutdown.cluster shutdown.server shutdown.clean-mark " +
  "host.trouble path.trouble ipc.unknown command.accepted command.refused failover-not-possible protection.level";

const texts = (entry: { text: string; cause?: string; remedy: string }): string[] =>
  entry.cause === undefined ? [entry.text, entry.remedy] : [entry.text, entry.cause, entry.remedy];

const placeholders = (entry: { text: string; cause?: string; remedy: string }): string[] =>
  placeholdersOf(texts(entry).join(" "));

test("every key that the product emits is in the catalogue", () => {
  const missing = NEEDED.split(" ").filter((key) => !isEventKey(key));
  assert.equal(missing, []);
  assert.not(isEventKey("toString"));
  assert.not(isRefusalKey("__proto__"));
});

test("codes are unique over events and refusals and lie in their range", () => {
  const eventCodes = EVENT_KEYS.map((key) => eventEntry(key).code);
  const refusalCodes = REFUSAL_KEYS.map((key) => refusalEntry(key).code);
  const all = [...eventCodes, ...refusalCodes];
  assert.is(new Set(all).size, all.length);
  for (const code of eventCodes) assert.match(code, /^KG-[1-6]\d{3}$/);
  for (const code of refusalCodes) assert.match(code, /^KG-9\d{3}$/);
});

test("every event has text, cause and remedy in both languages with the same placeholders", () => {
  for (const key of EVENT_KEYS) {
    const { en, ja } = eventEntry(key);
    for (const text of [...texts(en), ...texts(ja)]) assert.ok(text.trim().length > 3, key);
    assert.equal(placeholders(ja), placeholders(en), key);
    assert.equal(placeholdersOf(ja.text), placeholdersOf(en.text), key);
  }
});

test("every refusal has text and remedy in both languages with the same placeholders", () => {
  for (const key of REFUSAL_KEYS) {
    const { en, ja } = refusalEntry(key);
    for (const text of [...texts(en), ...texts(ja)]) assert.ok(text.trim().length > 3, key);
    assert.equal(placeholders(ja), placeholders(en), key);
  }
});

test("English is English and Japanese is Japanese, sentence marks included", () => {
  const japanese = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u;
  const entries = [...EVENT_KEYS.map(eventEntry), ...REFUSAL_KEYS.map(refusalEntry)];
  for (const { code, en, ja } of entries) {
    for (const text of texts(en)) assert.not.match(text, japanese, code);
    for (const text of texts(ja)) {
      assert.match(text, japanese, code);
      assert.not.match(text, /[、。][A-Za-z]*[.,]/u, code);
    }
  }
});

test("no text has a brace that is not a placeholder", () => {
  const entries = [...EVENT_KEYS.map(eventEntry), ...REFUSAL_KEYS.map(refusalEntry)];
  for (const { code, en, ja } of entries) {
    for (const text of [...texts(en), ...texts(ja)]) {
      assert.not.match(text.replace(/\{[a-z][A-Za-z0-9]*\}/g, ""), /[{}]/, code);
    }
  }
});

test("an event is rendered with its data in the asked language", () => {
  const data = { server: "SERVER2", path: "lan1" };
  const en = renderEvent("path.lost", data, "en");
  assert.is(en.code, "KG-1001");
  assert.is(en.severity, "warning");
  assert.is(en.text, "Heartbeat path lan1 from SERVER2 is silent.");
  const ja = renderEvent("path.lost", data, "ja");
  assert.is(ja.text, "サーバ SERVER2 からのハートビートパス lan1 が途絶えました。");
});

test("R51: the end of a failover tells the four phases", () => {
  const data = { group: "web", to: "SERVER2", t1Ms: 1000, t2Ms: 0, t3Ms: 12, t4Ms: 80 };
  const { text } = renderEvent("failover.completed", data, "en");
  assert.match(text, "detection 1000 ms, resolution 0 ms, activation 12 ms, start 80 ms");
});

test("R108: an emergency shutdown tells method, evidence and reason in words", () => {
  const data = { method: "com", evidence: "COM newer by 900 ms", reason: "partition" };
  const { text, severity } = renderEvent("emergency-shutdown", data, "en");
  assert.is(
    text,
    "Emergency shutdown of this server (network partition, method com): COM newer by 900 ms",
  );
  assert.is(severity, "critical");
  assert.match(renderEvent("emergency-shutdown", data, "ja").text, "ネットワークパーティション");
});

test("a value that is missing shows as a question mark, an unknown reason as it stands", () => {
  assert.is(renderEvent("path.lost", {}, "en").text, "Heartbeat path ? from ? is silent.");
  const { text } = renderEvent("group.failed", { group: "g", server: "s", reason: "exit 3" }, "en");
  assert.is(text, "Group g has failed on s: exit 3");
});

test("a force-return says in words whether another server is heard", () => {
  for (const [heard, en, ja] of [
    ["others-heard", "others are heard", "他のサーバから受信中"],
    ["nobody-heard", "no other server is heard", "他のサーバからの受信なし"],
  ] as const) {
    const data = { own: 3, theirs: 2, heard };
    assert.match(renderEvent("force-return.ordered", data, "en").text, `of 2; ${en}).`);
    assert.match(renderEvent("force-return.ordered", data, "ja").text, `2、${ja})。`);
  }
});

test("a server that bears the name of a reason keeps its name", () => {
  const { text } = renderEvent("server.joined", { server: "partition" }, "ja");
  assert.match(text, "partition");
});

test("values cannot insert placeholders, line ends, escapes or endless text", () => {
  const evil = "{path}\n\u001b[31m\u202e\u2028x";
  const { text } = renderEvent("path.lost", { server: evil, path: "$& $1" }, "en");
  assert.is(text, "Heartbeat path $& $1 from {path} [31m x is silent.");
  const long = renderEvent("store.failed", { error: "e".repeat(5000) }, "en").text;
  assert.ok(long.length < 500);
});

test("a refusal carries code, exit code, message and what to do", () => {
  assert.equal(renderRefusal("not-member", { server: "SERVER2" }, "en"), {
    code: "KG-9003",
    exit: 3,
    message: "Server SERVER2 is not a member of the cluster.",
    remedy: "Return it first with: kage server return SERVER2",
  });
  assert.is(renderRefusal("not-authorised", {}, "en").exit, 4);
  assert.is(renderRefusal("outcome-unknown", { reason: "lost" }, "en").exit, 5);
});

test("every word of a closed list is there in both languages", () => {
  for (const [word, texts] of Object.entries(words)) {
    for (const language of LANGUAGES) assert.ok(texts[language].length > 1, word);
  }
});

test.run();
