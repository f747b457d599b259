/** The text of a new cluster and its check before the second server is there; the line comparison. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  checkDraft,
  type Draft,
  draftText,
  STAND_IN,
} from "../../../services/configuration/draft.ts";
import { addServer } from "../../../services/configuration/edit.ts";
import { lineDiff } from "../../../services/configuration/line-diff.ts";
import { loadConfiguration } from "../../../services/configuration/load.ts";

const DRAFT: Draft = {
  cluster: "WWW",
  clusterId: "0123abcd",
  method: "com-disk",
  reason: "two servers with a shared disk",
  server: "SERVER1",
  publicInterface: "eth0",
  lans: [
    { id: "lan1", kind: "private", address: "127.5.5.1:7001" },
    { id: "lan2", kind: "public", address: "127.5.6.254:7001" },
  ],
  com: "/dev/ttyS0",
  disk: "/dev/disk/by-partlabel/arbitration",
  heartbeatTimeoutMs: 30_000,
  heartbeatIntervalMs: 3000,
  startSyncWaitMs: 300_000,
  watchdogTimeoutMs: 20_000,
};

test("guide 3.1: a new cluster of one server is a good draft, not yet a configuration", () => {
  const text = draftText(DRAFT);
  const check = checkDraft(text, "cluster.jsonc");
  assert.is(check.kind, "ok", check.kind === "refused" ? check.findings[0]?.text : "");
  assert.is(check.isDraft, true);
  assert.is(loadConfiguration(text, "cluster.jsonc").kind, "refused");
  assert.ok(text.includes("  // two servers with a shared disk\n"));
  assert.ok(text.includes('"id": "0123abcd"'));
});

test("with its second server the draft is a configuration", () => {
  const edited = addServer(draftText(DRAFT), {
    name: "SERVER2",
    publicInterface: "eth0",
    lans: { lan1: "127.5.5.2:7001", lan2: "127.5.6.2:7001" },
    com: "/dev/ttyS0",
    disk: "/dev/disk/by-partlabel/arbitration",
  });
  const text = edited.kind === "text" ? edited.text : "";
  const check = checkDraft(text, "cluster.jsonc");
  assert.is(check.kind, "ok");
  assert.is(check.isDraft, false);
});

test("R80, D2: where a majority decides, one and two servers are a draft and three a configuration", () => {
  const method = "majority" as const;
  // The first server's neighbour is taken by the second one, at the end of the network.
  const lans = [{ id: "lan1", kind: "private" as const, address: "127.5.5.253:7001" }];
  const first = draftText({ ...DRAFT, method, lans, com: undefined, disk: undefined });
  const add = (text: string, name: string, lan1: string): string => {
    const edited = addServer(text, { name, publicInterface: "eth0", lans: { lan1 } });
    return edited.kind === "text" ? edited.text : "";
  };
  const second = add(first, "SERVER2", "127.5.5.254:7001");
  const third = add(second, "SERVER3", "127.5.5.1:7001");
  const checks = [first, second, third].map((text) => checkDraft(text, "cluster.jsonc"));
  assert.equal(
    checks.map(({ kind, isDraft }) => [kind, isDraft]),
    [
      ["ok", true],
      ["ok", true],
      ["ok", false],
    ],
  );
  assert.is(loadConfiguration(second, "cluster.jsonc").kind, "refused");
});

test("what is wrong in a draft is found with its place, and the stand-in is never spoken of", () => {
  const text = draftText({ ...DRAFT, heartbeatTimeoutMs: 5000 });
  const check = checkDraft(text, "cluster.jsonc");
  const found = check.kind === "refused" ? check.findings : [];
  assert.match(found[0]?.text ?? "", /^cluster\.jsonc:11:\d+: timing\.heartbeatTimeoutMs:/);
  const good = checkDraft(draftText(DRAFT), "cluster.jsonc");
  const warnings = good.kind === "ok" ? good.warnings : [];
  assert.ok(warnings.length > 0);
  for (const { text: said } of warnings) assert.not.match(said, STAND_IN);
});

test("R104: a method without its equipment is refused already in the draft", () => {
  for (const draft of [
    { ...DRAFT, com: undefined },
    { ...DRAFT, disk: undefined },
    { ...DRAFT, method: "none" as const },
  ]) {
    assert.is(checkDraft(draftText(draft), "f").kind, "refused");
  }
});

test("IPv6 addresses have a neighbour too", () => {
  const lans = [{ id: "lan1", kind: "private" as const, address: "[fd00::1]:7001" }];
  assert.is(checkDraft(draftText({ ...DRAFT, lans }), "f").kind, "ok");
});

test("a line diff shows what goes and what comes with two lines around it", () => {
  const before = "a\nb\nc\nd\ne\nf\ng\nh\n";
  assert.equal(lineDiff(before, before), []);
  assert.equal(lineDiff(before, "a\nb\nc\nD\ne\nf\ng\nh\n"), [
    "  b",
    "  c",
    "- d",
    "+ D",
    "  e",
    "  f",
  ]);
  assert.equal(lineDiff("a\nb\n", "a\nx\nb\n"), ["  a", "+ x", "  b", "  "]);
  const both = lineDiff("1\n2\n3\n4\n5\n6\n7\n8\n9", "0\n2\n3\n4\n5\n6\n7\n8\n0");
  assert.equal(both, ["- 1", "+ 0", "  2", "  3", "...", "  7", "  8", "- 9", "+ 0"]);
});

test("a difference too large to compare is shown as replaced", () => {
  const many = (word: string) => Array.from({ length: 2100 }, (_, i) => `${word}${i}`).join("\n");
  const lines = lineDiff(many("a"), many("b"));
  assert.is(lines.length, 4200);
  assert.is(lines[0], "- a0");
  assert.is(lines.at(-1), "+ b2099");
});

test.run();
