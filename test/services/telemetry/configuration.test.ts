/**
 * Telemetry follows the configuration in force without a restart: what is new is shown and announced, what
 * is gone is taken out of the broker, also what an earlier life or another speaker has left there.
 * Source: work order 3 items 4 and 6; ecosystem.md 1.3, 1.5; protocol.md 1.9.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { loadConfiguration } from "../../../services/configuration/load.ts";
import type { ClusterConfig } from "../../../services/configuration/model.ts";
import type { StatusDocument } from "../../../services/status.ts";
import { group, sample, write } from "../configuration/sample.ts";
import { DeskStage, PREFIX, picture } from "./desk-stage.ts";

function configOf(...groups: readonly string[]): ClusterConfig {
  const policy = ["SERVER1", "SERVER2"];
  const made = groups.map((name, index) => group(name, policy, `127.5.5.${101 + index}`));
  const loaded = loadConfiguration(write({ ...sample(), groups: made }), "lab.jsonc");
  if (loaded.kind !== "ok") throw new Error(JSON.stringify(loaded.findings));
  return loaded.config;
}

function pictureOf(...groups: readonly string[]): StatusDocument {
  const shown = picture();
  const [web] = shown.groups;
  if (web === undefined) throw new Error("the picture has no group");
  return { ...shown, groups: groups.map((name) => ({ ...web, name })) };
}

const DEVICE = "homeassistant/device/kage_lab_group_";

/** Last payload of a topic below the prefix, or of a whole topic; null = never published. */
const last = (stage: DeskStage, topic: string): string | null =>
  stage.published.findLast((one) => one.topic === topic || one.topic === `${PREFIX}/${topic}`)
    ?.payload ?? null;

function running(...groups: readonly string[]): DeskStage {
  const stage = new DeskStage({ homeAssistant: true, config: configOf(...groups) });
  stage.see(pictureOf(...groups));
  stage.connect();
  stage.published.length = 0;
  return stage;
}

test("a group that is added gets its topic, its place in info and its device at once", () => {
  const stage = running("web");
  stage.take({ kind: "configuration", config: configOf("web", "mail") });
  stage.see(pictureOf("web", "mail"));
  assert.match(last(stage, "group/mail/state") ?? "", '"name":"mail"');
  assert.match(last(stage, "info") ?? "", '"name":"mail"');
  assert.match(last(stage, `${DEVICE}mail/config`) ?? "", '"name":"Group mail"');
  assert.is(last(stage, "group/web/state"), null, "what has not changed is not repeated");
});

test("a group that is removed is withdrawn: state, place in info, device", () => {
  const stage = running("web", "mail");
  stage.take({ kind: "configuration", config: configOf("web") });
  stage.see(pictureOf("web"));
  assert.is(last(stage, "group/mail/state"), "");
  assert.is(last(stage, `${DEVICE}mail/config`), "");
  assert.not.match(last(stage, "info") ?? "", "mail");
  assert.ok(stage.published.every(({ retain }) => retain));
  stage.published.length = 0;
  stage.pass(6000, pictureOf("web"));
  assert.is(last(stage, "group/mail/state"), null, "once is enough");
});

test("a command for a new group is understood, one for a removed group is refused", () => {
  const stage = running("web");
  stage.take({ kind: "configuration", config: configOf("mail") });
  stage.see(pictureOf("mail"));
  stage.command();
  assert.is(stage.orders.length, 0);
  assert.is(stage.replies().at(-1)?.status, "rejected");
  const payload = JSON.stringify({
    ...{ commandId: "cmd-00000002", args: { to: "SERVER2" }, confirm: "mail", ttlS: 30 },
    ts: new Date(stage.nowMs).toISOString(),
  });
  stage.command({ topic: `${PREFIX}/cmd/op/group/mail/move`, payload });
  assert.is(stage.orders.length, 1);
});

test("what an earlier life has left at the broker of things that are gone is withdrawn", () => {
  const stage = new DeskStage({ homeAssistant: true, config: configOf("web") });
  for (const topic of ["group/old/state", "path/com9/state", "node/server9/online"]) {
    stage.hear(topic, '{"v":1}', true);
  }
  for (const topic of ["group/web/state", "path/com1/state", "node/server2/state"]) {
    stage.hear(topic, '{"v":1}', true);
  }
  stage.see(pictureOf("web"));
  stage.connect();
  const emptied = stage.published.filter(({ payload }) => payload === "");
  assert.equal(
    emptied.map(({ topic }) => topic.replace(`${PREFIX}/`, "")),
    [
      ...["group/old/state", `${DEVICE}old/config`, "path/com9/state", "node/server9/online"],
      "homeassistant/device/kage_lab_node_server9/config",
    ],
  );
});

test("an agent that has just started and knows no path yet makes nobody withdraw one", () => {
  const stage = running("web");
  stage.see({ ...pictureOf("web"), paths: [] });
  assert.is(last(stage, "path/lan1/state"), null);
});

test("a server that does not speak leaves the topics alone", () => {
  const stage = new DeskStage({ self: "SERVER2", config: configOf("web", "mail") });
  stage.hear("state", JSON.stringify({ by: "SERVER1", epoch: 7 }), true);
  stage.hear("node/server1/online", "online", true);
  stage.connect();
  stage.see(pictureOf("web", "mail"));
  stage.take({ kind: "configuration", config: configOf("web") });
  stage.see(pictureOf("web"));
  assert.is(last(stage, "group/mail/state"), null);
});

test.run();
