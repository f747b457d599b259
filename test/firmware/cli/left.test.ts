/**
 * `kage` when nobody is left to answer: status says which servers have no power and why they went, events shows
 * the logs that they left, and both tell the way back. Source: R108; README (files of the virtual appliance).
 */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { wrapLine } from "../../../firmware/cli/columns.ts";
import { applianceDirs } from "../../../firmware/places.ts";
import { type FakeAppliance, fakeAppliance, ok, rackOk, type Script } from "./fake-appliance.ts";
import { kage, type Ran, type TerminalOptions } from "./fake-terminal.ts";
import { HEALTHY } from "./pictures.ts";

const EVIDENCE = "unacknowledged 949 ms, LAN silent 907 ms, COM alive, claim none";
const data = { method: "com-disk", reason: "partition", evidence: EVIDENCE, completed: true };
const AT = "2026-11-22T02:12:08.187Z";
const word = (key: string): string =>
  JSON.stringify({ seq: 0, at: AT, key, data: { ...data, epoch: 1 } });
const WORDS = `${word("verdict.partition")}\n${word("emergency-shutdown")}\n`;
const logged = (seq: number, server: string): string =>
  JSON.stringify({
    ...{ seq, at: "2026-11-22 02:11:00", code: "KG-7777", key: "unheard.of", severity: "info" },
    ...{ server, text: `event ${seq}`, cause: "", remedy: "", data: {} },
  });
const TOLD =
  `has no power. This server ended itself by an emergency shutdown at ${AT} ` +
  `(network partition, method com-disk, epoch 1): ${EVIDENCE} (KG-3035)`;

/** Power per server by the rack; null = its agent only is away. */
const rackOf =
  (power: Readonly<Record<string, "on" | "off">>, cut: readonly string[] = []): Script =>
  () =>
    rackOk({
      servers: Object.entries(power).map(([name, state]) => ({ name, power: state })),
      paths: ["lan1", "lan2", "com"].map((path) => ({
        ...{ path, from: "SERVER1", to: "SERVER2" },
        state: cut.includes(path) ? "cut" : "up",
      })),
    });

interface Left {
  readonly rack: Script | null;
  readonly agents?: Readonly<Record<string, Script | null>>;
  /** Files by `SERVER/name`. */
  readonly files?: Readonly<Record<string, string>>;
}

async function withLeft(
  { rack, agents, files = {} }: Left,
  act: (appliance: FakeAppliance) => Promise<void>,
): Promise<void> {
  const names = agents ?? { SERVER1: null, SERVER2: null };
  const appliance = await fakeAppliance(names, rack);
  const { runDir } = appliance;
  const servers = Object.keys(names).map((name) => {
    const stateDir = join(runDir, name);
    mkdirSync(stateDir);
    const local = join(stateDir, "local.json");
    writeFileSync(local, JSON.stringify({ server: name, stateDir, runDir, configFile: "c" }));
    return { name, agentSocket: join(runDir, `${name}.sock`), local };
  });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(runDir, path), text);
  const rackSocket = rack === null ? null : join(runDir, "rack.sock");
  writeFileSync(join(runDir, "appliance.json"), JSON.stringify({ rackSocket, servers }));
  try {
    await act(appliance);
  } finally {
    await appliance.stop();
  }
}

/** One command; paths of the run folder are shown as RUN. */
async function left(what: Left, words: string, options: TerminalOptions = {}): Promise<Ran> {
  let ran: Ran = { exit: 1, out: "", err: "" };
  await withLeft(what, async ({ runDir }) => {
    const { exit, out, err } = await kage(runDir, words.split(" "), options);
    ran = { exit, out: out.replaceAll(runDir, "RUN"), err: err.replaceAll(runDir, "RUN") };
  });
  return ran;
}

const BOTH_OFF = rackOf({ SERVER1: "off", SERVER2: "off" }, ["lan1", "lan2"]);
const COMMANDS =
  "kage rack restore lan1 lan2; kage rack power on SERVER1; kage rack power on SERVER2; kage status";

test("R108: status says that both ended themselves and why, and names the way back", async () => {
  const files = { "SERVER1/events-last.jsonl": WORDS, "SERVER2/events-last.jsonl": WORDS };
  const ran = await left({ rack: BOTH_OFF, files }, "status");
  assert.equal(ran, {
    exit: 6,
    out: "",
    err:
      `kage: no agent could be asked\n  SERVER1: ${TOLD}\n  SERVER2: ${TOLD}\n` +
      `  do: what happened: kage events; remove the cause, then: ${COMMANDS}\n`,
  });
  const order = await left({ rack: BOTH_OFF, files }, "group move web");
  assert.is(order.err, ran.err, "an order that nobody takes says the same");
});

test("R108: the reader's language tells the evidence, too", async () => {
  const files = { "SERVER1/events-last.jsonl": WORDS };
  const { err } = await left({ rack: BOTH_OFF, files }, "status --lang ja");
  assert.match(err, "SERVER1: 電源が入っていません。本サーバは");
  assert.match(err, "COM 正常");
  assert.match(err, "SERVER2: 電源が入っていません\n");
  assert.match(err, `kage events。原因を取り除いてから実行してください: ${COMMANDS}`);
});

test("a server that somebody switched off has no reason, and one that has power is not switched on", async () => {
  const ran = await left({ rack: rackOf({ SERVER1: "off", SERVER2: "on" }) }, "status");
  assert.is(
    ran.err,
    "kage: no agent could be asked\n  SERVER1: has no power\n  SERVER2: not running (ENOENT)\n" +
      "  do: what happened: kage events; remove the cause, then: kage rack power on SERVER1; kage status\n",
  );
  const starting = await left({ rack: rackOf({ SERVER1: "on", SERVER2: "on" }) }, "status");
  assert.match(starting.err, "try again in a few seconds");
});

test("more than four servers are not a command each", async () => {
  const names = ["A", "B", "C", "D", "E"];
  const off = Object.fromEntries(names.map((name) => [name, "off" as const]));
  const agents = Object.fromEntries(names.map((name) => [name, null]));
  const { err } = await left({ rack: rackOf(off), agents }, "status");
  assert.match(err, "then: kage rack power on SERVER (each of them); kage status\n");
});

test("where the appliance had to be named, every command names it", async () => {
  await withLeft({ rack: BOTH_OFF }, async ({ runDir }) => {
    const state = join(runDir, "state");
    const env = { KAGE_RUN_DIR: "", XDG_RUNTIME_DIR: "" };
    const place = applianceDirs(state, env).runDir;
    mkdirSync(place, { recursive: true });
    copyFileSync(join(runDir, "appliance.json"), join(place, "appliance.json"));
    const { err } = await kage("", ["status", "--state", state], { env });
    rmSync(place, { recursive: true });
    const named = COMMANDS.split("; ").map((command) => `${command} --state ${state}`);
    assert.match(
      err,
      `kage events --state ${state}; remove the cause, then: ${named.join("; ")}\n`,
    );
  });
});

test("a rack that does not answer, or talks nonsense, leaves what was said before", async () => {
  for (const rack of [null, () => ({ kind: "close" as const }), () => rackOk({ servers: 7 })]) {
    const { exit, err } = await left({ rack }, "status");
    assert.is(exit, 6);
    assert.match(err, "SERVER1: not running (ENOENT)\n  SERVER2: not running (ENOENT)\n");
  }
});

test("R108: events shows the logs that both left, last words at the end, and then the trouble", async () => {
  const files = {
    "SERVER1/events.jsonl": `${logged(1, "SERVER1")}\n${logged(2, "SERVER1")}\n{"seq":3,"ke`,
    "SERVER1/events-last.jsonl": WORDS,
    "SERVER2/events.jsonl": `${logged(1, "SERVER2")}\n\n${logged(1, "SERVER2")}\n`,
  };
  const { exit, out, err } = await left({ rack: BOTH_OFF, files }, "events");
  assert.is(exit, 6);
  const lines = out.split("\n").filter((line) => line.startsWith("#"));
  assert.equal(
    lines.map((line) => [line.slice(0, 2), line.slice(29, 36), line.slice(39)]),
    [
      ["#1", "SERVER1", "- event 1 (KG-7777)"],
      ["#2", "SERVER1", "- event 2 (KG-7777)"],
      ["#-", "SERVER1", `✖ Network partition (method com-disk): ${EVIDENCE} (KG-3011)`],
      [
        "#-",
        "SERVER1",
        `✖ Emergency shutdown of this server (network partition, method com-disk): ${EVIDENCE} (KG-3030)`,
      ],
      ["#1", "SERVER2", "- event 1 (KG-7777)"],
    ],
  );
  assert.is(
    err,
    `kage: no agent could be asked\n  SERVER1: ${TOLD}\n  SERVER2: has no power\n` +
      "  above: the log that SERVER1 left in RUN/SERVER1/events.jsonl\n" +
      "  above: the log that SERVER2 left in RUN/SERVER2/events.jsonl\n" +
      `  do: remove the cause, then: ${COMMANDS}\n`,
  );
});

test("events as JSON is one document with the trouble in it, as JSON lines the trouble comes last", async () => {
  const files = {
    "SERVER1/events.jsonl": `${logged(1, "SERVER1")}\n`,
    "SERVER1/events-last.jsonl": WORDS,
  };
  const json = await left({ rack: BOTH_OFF, files }, "events -o json");
  const document = JSON.parse(json.out);
  assert.is(json.exit, 6);
  assert.equal([document.ok, document.exit, json.err], [false, 6, ""]);
  assert.equal(
    document.events.map(({ seq, key, code }: Record<string, unknown>) => [seq, key, code]),
    [
      [1, "unheard.of", "KG-7777"],
      [undefined, "verdict.partition", "KG-3011"],
      [undefined, "emergency-shutdown", "KG-3030"],
    ],
  );
  const lines = (await left({ rack: BOTH_OFF, files }, "events -o jsonl")).out.trim().split("\n");
  assert.equal(
    lines.map((line) => JSON.parse(line).ok),
    [undefined, undefined, undefined, false],
  );
});

test("--after and --limit count in a log that was left, and last words follow its end only", async () => {
  const log = [1, 2, 3, 4, 5].map((seq) => logged(seq, "SERVER1")).join("\n");
  const files = { "SERVER1/events.jsonl": `${log}\n`, "SERVER1/events-last.jsonl": WORDS };
  const numbers = async (words: string): Promise<unknown[]> => {
    const { out } = await left({ rack: BOTH_OFF, files }, `events -o json ${words}`);
    return JSON.parse(out).events.map(({ seq }: Record<string, unknown>) => seq ?? "-");
  };
  assert.equal(await numbers("--limit 2"), [4, 5, "-", "-"]);
  assert.equal(await numbers("--after 1 --limit 2"), [2, 3]);
  assert.equal(await numbers("--after 3"), [4, 5, "-", "-"]);
  assert.equal(await numbers("--after 5"), ["-", "-"]);
});

test("--server reads the log of one that is off although another answers", async () => {
  const files = {
    "SERVER1/events.jsonl": `${logged(1, "SERVER1")}\n`,
    "SERVER2/events.jsonl": `${logged(8, "SERVER2")}\n`,
  };
  const rack = rackOf({ SERVER1: "on", SERVER2: "off" });
  const agents = { SERVER1: () => ok(HEALTHY), SERVER2: null };
  const { exit, out, err } = await left({ rack, files, agents }, "events --server SERVER2");
  assert.is(exit, 6);
  assert.match(out, /^#8 .* event 8 \(KG-7777\)\n$/);
  assert.match(err, "do: remove the cause, then: kage rack power on SERVER2; kage status");
});

test("R108: --watch says once why nobody answers any more, and on a terminal in lines that fit", async () => {
  for (const tty of [false, true]) {
    let asked = 0;
    const agent: Script = () => (asked++ === 0 ? ok(HEALTHY) : { kind: "close" });
    const files = { "SERVER1/events-last.jsonl": WORDS };
    const what = { rack: rackOf({ SERVER1: "off" }), files, agents: { SERVER1: agent } };
    const { out } = await left(what, "status --watch", {
      tty,
      columns: 60,
      env: { NO_COLOR: "1" },
      onPause: (count) => (count === 4 ? "ctrl-c" : "go on"),
    });
    if (!tty) {
      assert.is(out.split(TOLD).length, 2, "once");
      assert.match(out, "  do: what happened: kage events; remove the cause");
      continue;
    }
    const last = out.slice(out.lastIndexOf("\x1b[H") + 3, out.lastIndexOf("\x1b[J"));
    const lines = last.replaceAll("\x1b[K", "").split("\r\n");
    assert.is(`SERVER1: ${TOLD}`, lines.slice(0, 4).join(" "));
    assert.ok(lines.every((line) => line.length <= 60));
  }
});

test("a line is parted at blanks where it has any, and always ends", () => {
  assert.equal(wrapLine("one two three", 7), ["one two", "three"]);
  assert.equal(wrapLine("one two three", 20), ["one two three"]);
  assert.equal(wrapLine("unparted", 3), ["unp", "art", "ed"]);
  assert.equal(wrapLine("影武者", 4), ["影武", "者"]);
  assert.equal(wrapLine("影", 1), ["影"]);
});

test.run();
