/** Topic ids: lower case, unique within a cluster, never a wildcard. Source: ecosystem.md 1.3. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  assignIds,
  clientIdOf,
  isReplyTopic,
  isTopicId,
  prefixOf,
  topicId,
} from "../../../services/telemetry/topics.ts";

const IDS: readonly [string, string][] = [
  ["SERVER1", "server1"],
  ["Web_Shop", "web-shop"],
  ["a.b", "a-b"],
  ["-x-", "x-"],
  ["+/#", "x"],
  ["__proto__", "proto-"],
  ["x".repeat(40), "x".repeat(31)],
];
for (const [name, id] of IDS) {
  test(`"${name}" is ${id} in a topic`, () => {
    assert.is(topicId(name), id);
    assert.ok(isTopicId(id));
  });
}

test("names that fall together get numbers, in the order of the configuration", () => {
  const ids = assignIds(["a_b", "a-b", "A-B", "y".repeat(31), `${"y".repeat(31)}z`]);
  assert.equal([...ids.values()], ["a-b", "a-b-2", "a-b-3", "y".repeat(31), `${"y".repeat(29)}-2`]);
  assert.is(new Set(ids.values()).size, 5);
});

test("prefix and client id come from cluster and server", () => {
  assert.is(prefixOf("WWW"), "kage/v1/www");
  assert.is(clientIdOf("WWW", "SERVER1"), "kage-www-server1");
});

test("a reply topic is reply/<account>/<client> of the same cluster and nothing else", () => {
  assert.ok(isReplyTopic("kage/v1/www", "kage/v1/www/reply/operator/web-kim@site.jp-0f"));
  for (const topic of ["reply/a", "reply/a/b/c", "reply/a/+", "reply//x", "replyx/a/b", "state"]) {
    assert.not(isReplyTopic("kage/v1/www", `kage/v1/www/${topic}`), topic);
  }
});

test.run();
