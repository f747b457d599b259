/**
 * The half second between the install of a text and the restart of the agent that runs by the one before:
 * what is in force is the new text, and nothing may be compared with the old one.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { ConfigDesk } from "../../../firmware/agent/config-desk.ts";
import { ConfigRequests } from "../../../firmware/agent/config-requests.ts";
import type { ConfigPlan } from "../../../firmware/agent/config-verbs.ts";
import type { ServerContext } from "../../../firmware/local.ts";
import { renderRefusal } from "../../../services/catalogue.ts";
import { loadConfiguration } from "../../../services/configuration/load.ts";
import { createRollout, hashOf } from "../../../services/configuration/rollout.ts";
import type { Draft } from "../../../services/configuration/rollout-state.ts";
import { SAID_METHODS } from "../../../services/failover/method-words.ts";
import { encodeWords, type Words } from "../../../services/failover/words.ts";
import { sample, write } from "../../services/configuration/sample.ts";

const OLD = write(sample());
const NEW = `// new\n${OLD}`;

function requestsWhileInstalled(): ConfigRequests {
  const loaded = loadConfiguration(OLD, "old");
  if (loaded.kind === "refused") throw new Error("the sample is refused");
  const bytes = Buffer.from(NEW);
  const fixed = { part: "offers", prepared: "yes", isCatchUp: false, installAtMs: 1 } as const;
  const draft: Draft = {
    rev: 2,
    hash: hashOf(bytes),
    bytes,
    have: bytes.length,
    ...fixed,
    epoch: 1,
    sinceMs: 0,
  };
  const state = { ...createRollout(1, false, Buffer.from(OLD)), draft, installed: true };
  const desk = { state, sight: null, store: null, facts: null, isChanging: false };
  const context = { config: loaded.config, local: { server: "SERVER1" }, self: 0 };
  return new ConfigRequests(
    context as unknown as ServerContext,
    desk as unknown as ConfigDesk,
    () => [],
  );
}

test("V3: a rollback at once is not answered with `no difference`, but asked to wait", async () => {
  const requests = requestsWhileInstalled();
  for (const verb of ["config.plan", "config.apply"]) {
    const answer = await requests.answer(verb, { text: OLD });
    assert.equal(answer, { kind: "refused", key: "config-busy", data: {} }, verb);
  }
});

test("V3: the text that is asked for at once is the one that was just installed", async () => {
  const answer = await requestsWhileInstalled().answer("config.get", {});
  const hash = hashOf(Buffer.from(NEW)).slice(0, 8);
  assert.equal(answer, { kind: "done", result: { rev: 2, hash, text: NEW } });
});

/** Two servers by COM; the other one's words; `state` null = it is silent. */
function requestsBeside(words: Partial<Words>, state: "member" | null): ConfigRequests {
  const loaded = loadConfiguration(OLD, "old");
  if (loaded.kind === "refused") throw new Error("the sample is refused");
  const quiet = { shutdown: 0, marked: false, offAfterLeave: false } as const;
  const blob = encodeWords({ ...quiet, request: null, reply: null, groups: [], ...words });
  const facts = { peers: [{ index: 1, state, configDiffers: false, blob }] };
  const current = createRollout(1, false, Buffer.from(OLD));
  const desk = { state: current, sight: null, store: null, facts, isChanging: false };
  const context = { config: loaded.config, local: { server: "SERVER1" }, self: 0 };
  return new ConfigRequests(
    context as unknown as ServerContext,
    desk as unknown as ConfigDesk,
    () => [],
  );
}

const TO_NONE = write({ ...sample(), method: "none", com: undefined, disk: undefined });

test("R102: the change to none is refused while another server does not say that it carries it out", async () => {
  const key = "config-method-unsupported";
  const data = { method: "none", servers: "SERVER2" };
  for (const methods of [undefined, ["com"]] as const) {
    const requests = requestsBeside(methods === undefined ? {} : { methods }, "member");
    const answer = await requests.answer("config.apply", { text: TO_NONE });
    assert.equal(answer, { kind: "refused", key, data });
    const plan = await requests.answer("config.plan", { text: TO_NONE });
    assert.is(plan.kind, "done");
    const { refusal, changes } = (plan.kind === "done" ? plan.result : {}) as Partial<ConfigPlan>;
    assert.is(refusal?.key, key);
    assert.ok(changes?.some(({ at }) => at === "method"));
  }
  const able = requestsBeside({ methods: SAID_METHODS }, "member");
  const answer = await able.answer("config.apply", { text: TO_NONE });
  assert.is(answer.kind === "refused" ? answer.key : "", "config-offline");
});

test("R102: its refusal names the servers and says what to do, in both languages", () => {
  const data = { method: "none", servers: "SERVER2, SERVER3" };
  for (const language of ["en", "ja"] as const) {
    const { message: text, remedy } = renderRefusal("config-method-unsupported", data, language);
    assert.match(text, "none");
    assert.match(text, "SERVER2, SERVER3");
    assert.match(remedy, language === "en" ? "Install the release" : "インストール");
  }
});

test("R102: another method needs no word of anybody", async () => {
  const text = write({ ...sample(), method: "com", disk: undefined });
  const answer = await requestsBeside({}, null).answer("config.apply", { text });
  assert.is.not(answer.kind === "refused" ? answer.key : "", "config-method-unsupported");
});

test.run();
