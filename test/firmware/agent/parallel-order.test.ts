/** R131 at the agent's socket: one order for a parallel group is an order to each of its instances. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type ControlHandlers, openControl } from "../../../firmware/agent/control.ts";
import { type Reply, request } from "../../../firmware/cli/client.ts";
import { loadConfiguration } from "../../../services/configuration/load.ts";
import { sample, write } from "../../services/configuration/sample.ts";

function configuration() {
  const config = sample();
  const program = { type: "program", name: "ops", argv: ["/usr/bin/ops"] };
  const group = { name: "ops", policy: ["SERVER1", "SERVER2"], resources: [program] };
  config.groups.push(Object.assign(group, { form: "parallel" }));
  const loaded = loadConfiguration(write(config), "cluster.jsonc");
  if (loaded.kind === "refused") throw new Error(loaded.findings[0]?.text);
  return loaded.config;
}

/** What the cores answer, by group index; what they were asked, in order. */
async function ask(
  answers: Readonly<Record<number, string>>,
  verb: string,
  args: Readonly<Record<string, string>>,
): Promise<{ readonly reply: Reply; readonly asked: readonly number[] }> {
  const folder = mkdtempSync(join(tmpdir(), "kage-control-"));
  const path = join(folder, "agent.sock");
  const asked: number[] = [];
  const command: ControlHandlers["command"] = async (_verb, group) => {
    asked.push(group);
    return answers[group] ?? "accepted";
  };
  const unsubscribe = (): void => undefined;
  const handlers = { command, unsubscribe } as unknown as ControlHandlers;
  const server = openControl(path, configuration(), handlers, (error) => {
    throw error;
  });
  if (!server.listening) await once(server, "listening");
  try {
    return { reply: await request(path, { verb, args }, 5000), asked };
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const keyOf = (reply: Reply): string =>
  reply.kind === "refused" ? String(reply.body["key"]) : reply.kind;

test("R131: a start goes to each instance, in the order of the policy, and is accepted", async () => {
  const { reply, asked } = await ask({}, "group.start", { group: "ops" });
  assert.is(keyOf(reply), "ok");
  assert.equal(asked, [1, 2]);
});

test("R131: an instance that runs already is no trouble; when all do the order is refused", async () => {
  const one = await ask({ 1: "already-running" }, "group.start", { group: "ops" });
  assert.is(keyOf(one.reply), "ok");
  const all = { 1: "already-running", 2: "already-running" };
  assert.is(keyOf((await ask(all, "group.start", { group: "ops" })).reply), "already-running");
});

test("R131: an instance that refuses is told, though another one took the order", async () => {
  const { reply, asked } = await ask({ 2: "view-changing" }, "group.stop", { group: "ops" });
  assert.is(keyOf(reply), "view-changing");
  assert.equal(asked, [1, 2]);
});

test("R131: with a server its instance alone is asked; an instance has its own name, too", async () => {
  const to = await ask({}, "group.start", { group: "ops", to: "SERVER2" });
  assert.equal(to.asked, [2]);
  const named = await ask({}, "group.stop", { group: "ops@SERVER1" });
  assert.equal(named.asked, [1]);
  const strange = await ask({}, "group.stop", { group: "op" });
  assert.is(keyOf(strange.reply), "unknown-group");
  assert.equal(strange.asked, []);
});

test.run();
