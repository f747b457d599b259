/**
 * Who may switch another server off: a member, never itself, by a configured command, one at a time.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Fence } from "../../../firmware/agent/fence.ts";
import type { Local, ServerContext } from "../../../firmware/local.ts";
import { drawFacts } from "../../../firmware/pulse/facts.ts";
import { peerOf } from "../../../firmware/pulse/route.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { Facts } from "../../../services/facts.ts";
import { type Pair, pairConfig, started } from "../pulse/pair.ts";

const CONFIG = pairConfig("com");

function factsOf(pair: Pair): Facts {
  const { state } = pair.at(0);
  const peer = peerOf(state);
  if (peer === null) throw new Error("a pair has a peer");
  return drawFacts(state, peer, 1, null, pair.nowMs, CONFIG);
}

function stage(argv: readonly string[] | null): { readonly fence: Fence; readonly keys: string[] } {
  const local: Local = {
    server: "SERVER1",
    configFile: "",
    keyFile: "",
    stateDir: "",
    runDir: "",
    off: { kind: "command", argv: ["false"] },
    watchdog: { kind: "none" },
    addresses: { kind: "linux" },
    ...(argv === null ? {} : { fence: { argv } }),
  };
  const host = hostIncarnation("00000000000000a1");
  const context: ServerContext = { local, config: CONFIG, self: 0, host };
  const keys: string[] = [];
  return { fence: new Fence(context, (key) => keys.push(key)), keys };
}

const MEMBER = factsOf(started("com"));

test("R205: a member switches the other off by the configured command", async () => {
  const { fence, keys } = stage(["/bin/sh", "-c", '[ "$1" = SERVER2 ]', "sh", "{server}"]);
  assert.equal(await fence.run(1, MEMBER), { kind: "off" });
  assert.equal(keys, ["server.fenced"]);
});

test("R205: a server that is no member switches nobody off: nobody would go on", async () => {
  const { fence, keys } = stage(["/bin/true"]);
  for (const facts of [null, { ...MEMBER, server: "detached" as const }]) {
    const fenced = await fence.run(1, facts);
    assert.is(fenced.kind === "refused" ? fenced.key : "", "not-member");
  }
  assert.equal(keys, []);
});

test("R205: nobody fences itself, and nothing is run that is not configured", async () => {
  const own = await stage(["/bin/true"]).fence.run(0, MEMBER);
  assert.is(own.kind === "refused" ? own.key : "", "only-server");
  const none = await stage(null).fence.run(1, MEMBER);
  assert.is(none.kind === "refused" ? none.key : "", "no-fence");
});

test("R205: a command that fails is told as such and is no off", async () => {
  const { fence, keys } = stage(["/bin/sh", "-c", "echo no route >&2; exit 1"]);
  const fenced = await fence.run(1, MEMBER);
  assert.is(fenced.kind === "refused" ? fenced.key : "", "fence-failed");
  assert.equal(keys, ["server.fence-failed"]);
});

test("R205: two consoles at once run one command", async () => {
  const { fence } = stage(["/bin/sh", "-c", "sleep 0.2"]);
  const [first, second] = await Promise.all([fence.run(1, MEMBER), fence.run(1, MEMBER)]);
  assert.is(first.kind, "off");
  assert.is(second.kind === "refused" ? second.key : "", "too-many-requests");
  assert.is((await fence.run(1, MEMBER)).kind, "off");
});

test.run();
