/**
 * Commands that are none: under the wrong role, on unknown topics, with malformed payloads, with a reply
 * address outside of the tree. Nothing of it reaches the agent. Source: ecosystem.md 1.4.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { PREFIX, ready, request } from "../desk-stage.ts";

const WRONG_ROLES = [
  "view/group/web/move",
  "admin/group/web/move",
  "op/node/server2/shutdown",
  "op/cluster/shutdown",
  "op/ping",
];
for (const topic of WRONG_ROLES) {
  test(`${topic} stands under the wrong role and is refused`, () => {
    const stage = ready();
    stage.command({ topic: `${PREFIX}/cmd/${topic}` });
    assert.is(stage.replies()[0]?.code, "KG-9109");
    assert.equal(stage.orders, []);
  });
}

const UNKNOWN = [
  "op/group/web/explode",
  "op/group/web/move/now",
  "op/group//move",
  "op/__proto__/web/move",
  "op/group/__proto__/move",
  "root/group/web/move",
  "op",
  "",
];
for (const topic of UNKNOWN) {
  test(`cmd/${topic} is no command`, () => {
    const stage = ready();
    stage.command({ topic: `${PREFIX}/cmd/${topic}` });
    assert.is(stage.replies()[0]?.code, "KG-9110");
    assert.equal(stage.orders, []);
  });
}

const MALFORMED: readonly [string, string | Uint8Array][] = [
  ["no JSON", "{"],
  ["no object", "[]"],
  ["null", "null"],
  ["no UTF-8", Uint8Array.from([0x7b, 0xff, 0x7d])],
  ["more than 8 KiB", `{"commandId":"cmd-00000001","reason":"${"x".repeat(9000)}"}`],
  ["100 kB of brackets", "[".repeat(100_000)],
  ["a short id", request({ commandId: "short" })],
  ["an id with markup", request({ commandId: "<script>alert(1)</script>" })],
  ["a number as id", request({ commandId: 12345678 })],
  ["no ts", request({ ts: undefined })],
  ["a ts that is no instant", request({ ts: "yesterday" })],
  ["a ts on no day", request({ ts: "2026-13-45T99:00:00Z" })],
  ["no ttl", request({ ttlS: undefined })],
  ["a ttl of 0", request({ ttlS: 0 })],
  ["an endless ttl", request({ ttlS: 1e9 })],
  ["a ttl as text", request({ ttlS: "30" })],
  ["args as text", request({ args: "SERVER2" })],
  ["an unknown argument", request({ args: { to: "SERVER2", from: "SERVER1" } })],
  ["a misspelt field", request({ expct: { owner: "SERVER2" } })],
  ["a misspelt expectation", request({ expect: { ower: "SERVER2" } })],
  ["__proto__ as a field", `${request({}).slice(0, -1)},"__proto__":{"dryRun":true}}`],
  ["a dry run as text", request({ dryRun: "false" })],
  ["an endless reason", request({ reason: "x".repeat(401) })],
];
for (const [what, payload] of MALFORMED) {
  test(`malformed: ${what} is refused, noted and orders nothing`, () => {
    const stage = ready();
    stage.command({ payload });
    assert.equal(stage.orders, []);
    assert.is(stage.replies()[0]?.code, "KG-9101");
    assert.equal(
      stage.notes.map(({ key }) => key),
      ["command.malformed"],
    );
  });
}

const FOREIGN = [
  "kage/v1/other/reply/operator/x",
  `${PREFIX}/group/web/state`,
  `${PREFIX}/reply/operator`,
  `${PREFIX}/reply/operator/a/b`,
  `${PREFIX}/reply/+/#`,
  `${PREFIX}/reply/../state`,
  "homeassistant/status",
  "",
];
for (const responseTopic of FOREIGN) {
  test(`a response topic outside reply/ is ignored with its command: "${responseTopic}"`, () => {
    const stage = ready();
    const before = stage.published.length;
    stage.command({ responseTopic });
    assert.equal(stage.orders, []);
    const topics = stage.published.slice(before).map(({ topic }) => topic);
    assert.equal(topics, [`${PREFIX}/audit`]);
  });
}

test("every refusal of the table speaks both languages and says what to do", () => {
  const stage = ready();
  for (const [, payload] of MALFORMED) stage.command({ payload });
  for (const { text, hint } of stage.replies()) {
    assert.ok(text.en.length > 10 && hint.en.length > 10);
    assert.match(text.ja, /\p{Script=Katakana}/u);
    assert.match(hint.ja, /\p{Script=Hiragana}/u);
  }
});

test.run();
