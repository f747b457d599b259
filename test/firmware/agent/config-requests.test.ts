/**
 * The half second between the install of a text and the restart of the agent that runs by the one before:
 * what is in force is the new text, and nothing may be compared with the old one.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { ConfigDesk } from "../../../firmware/agent/config-desk.ts";
import { ConfigRequests } from "../../../firmware/agent/config-requests.ts";
import type { ServerContext } from "../../../firmware/local.ts";
import { loadConfiguration } from "../../../services/configuration/load.ts";
import { createRollout, hashOf } from "../../../services/configuration/rollout.ts";
import type { Draft } from "../../../services/configuration/rollout-state.ts";
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

test.run();
