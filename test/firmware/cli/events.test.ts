/** `kage events`: texts with cause and remedy, both languages, following one agent's log. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Answer, fakeAppliance, ok, type Request, type Script } from "./fake-appliance.ts";
import { kage, type TerminalOptions } from "./fake-terminal.ts";
import { HEALTHY } from "./pictures.ts";

const at = "2026-11-22 02:59:46";
const event = (seq: number, change: Request = {}): Request => ({
  seq,
  at,
  code: "KG-7777",
  key: "unheard.of",
  severity: "info",
  server: "SERVER1",
  text: `event ${seq}`,
  cause: "",
  remedy: "",
  data: {},
  ...change,
});

async function run(events: Script, words: string, options: TerminalOptions = {}) {
  const script: Script = (request) =>
    request["verb"] === "status" ? ok(HEALTHY) : events(request);
  const appliance = await fakeAppliance({ SERVER1: script });
  const ran = await kage(
    appliance.runDir,
    ["events", ...words.split(" ").filter(Boolean)],
    options,
  );
  await appliance.stop();
  const sent = appliance.requests.filter((request) => request["verb"] === "events");
  return { ...ran, sent };
}

const page = (...events: readonly Request[]): Answer => ok({ events });

test("a warning comes with cause and remedy, an information on one line", async () => {
  const warning = {
    severity: "warning",
    text: "lan1 from SERVER2 is silent.",
    cause: "Cable or switch.",
    remedy: "Check the cable.",
  };
  const { exit, out, sent } = await run(() => page(event(1), event(2, warning)), "");
  assert.is(exit, 0);
  assert.is(
    out,
    `#1      2026-11-22 02:59:46  SERVER1   - event 1 (KG-7777)
#2      2026-11-22 02:59:46  SERVER1   ! lan1 from SERVER2 is silent. (KG-7777)
                                         cause: Cable or switch.
                                         do: Check the cable.
`,
  );
  assert.equal(sent, [{ at: "SERVER1", verb: "events", args: { limit: 50 } }]);
});

test("an event of the catalogue is told in Japanese from its key and data", async () => {
  const known = { key: "view.installed", data: { members: "SERVER1", epoch: 8, reason: "x" } };
  const { out } = await run(() => page(event(1, known)), "--lang ja");
  assert.match(out, "現在のメンバーは SERVER1 です(エポック 8、x)。");
});

test("--after and --limit reach the agent; json and jsonl pass events on unchanged", async () => {
  const two = [event(8), event(9, { extra: true })];
  const json = await run(() => page(...two), "--after 7 --limit 2 -o json");
  assert.equal(json.sent[0]?.["args"], { after: 7, limit: 2 });
  assert.equal(JSON.parse(json.out), { events: two });
  const lines = await run(() => page(...two), "-o jsonl");
  assert.equal(lines.out, `${two.map((one) => JSON.stringify(one)).join("\n")}\n`);
});

test("--follow goes on after the newest number, and over an agent that is away for a while", async () => {
  const answers: readonly Answer[] = [
    page(event(1), event(2)),
    page(event(3)),
    { kind: "close" },
    { kind: "close" },
    page(event(4)),
    page(),
  ];
  let asked = 0;
  const { exit, out, err, sent } = await run(
    () => answers[Math.min(asked++, 5)] ?? page(),
    "--follow",
    { onPause: (count) => (count === 6 ? "ctrl-c" : "go on") },
  );
  assert.is(exit, 0);
  assert.equal(out.match(/event \d/g), ["event 1", "event 2", "event 3", "event 4"]);
  assert.equal(
    sent.map((request) => (request["args"] as Request)["after"]),
    [undefined, 2, 3, 3, 3, 4],
  );
  assert.is(
    err,
    "SERVER1: closed the connection without an answer; still trying\nSERVER1: answers again\n",
  );
});

test("no events is said, and a bad number is refused", async () => {
  assert.is((await run(() => page(), "")).out, "no events\n");
  assert.is((await run(() => page(), "--after x")).exit, 2);
  assert.is((await run(() => page(), "--limit 0")).exit, 2);
});

test("a server that is off has left a log: its file is named", async () => {
  const appliance = await fakeAppliance({ SERVER1: () => page(), SERVER2: null });
  const { runDir } = appliance;
  const local = join(runDir, "local.json");
  const paths = { server: "SERVER2", runDir, stateDir: "state/SERVER2", configFile: "c.jsonc" };
  writeFileSync(local, JSON.stringify(paths));
  const unnamed = await kage(runDir, ["events", "--server", "SERVER2"]);
  assert.is(unnamed.exit, 6);
  assert.match(unnamed.err, "read events.jsonl in its state folder");
  const listed = [{ name: "SERVER2", agentSocket: join(runDir, "SERVER2.sock"), local }];
  writeFileSync(join(runDir, "appliance.json"), JSON.stringify({ servers: listed }));
  const named = await kage(runDir, ["events", "--server", "SERVER2"]);
  await appliance.stop();
  assert.is(named.exit, 6);
  const log = join(runDir, "state", "SERVER2", "events.jsonl");
  assert.match(named.err, `if it is off, read its log: ${log}`);
});

test.run();
