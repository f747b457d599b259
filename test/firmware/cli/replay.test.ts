/**
 * `kage replay` and `kage blackbox` as a service engineer and a script see them: the timeline, the last word,
 * exit codes, and what is refused with place and reason. The journal is one of a simulated cluster whose wires
 * were all cut in one instant.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { behind, pieceAt } from "../../../firmware/replay/format.ts";
import { drawJournal, readWhole, recordCut } from "../replay/recordings.ts";
import { kage } from "./fake-terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "kage-replay-cli-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

function put(name: string, bytes: Buffer): string {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

/** The pulse of the server that gave up. */
function loserJournal(): Buffer {
  const { world, recordings } = recordCut();
  const loser = world.wills[0]?.index;
  const found = recordings.find(({ index, role }) => index === loser && role === "pulse");
  if (found === undefined) throw new Error("nobody gave up");
  return found.sink.journal;
}

const bytes = loserJournal();
const file = put("box.kgj", bytes);
const replay = (...words: readonly string[]) => kage("/nonexistent", ["replay", ...words]);

test("0: the timeline shows claim, verdict and will, and the last word is identical", async () => {
  const { exit, out, err } = await replay(file);
  assert.is(exit, 0, err);
  assert.match(out, /pulse of SERVER2, cluster swarm, method com-disk, configuration [0-9a-f]{8}/);
  assert.match(out, /tick +KG-3001 Claim 1 on the arbitration partition has begun/);
  assert.match(out, /disk\.answered .*op=read ok=true +KG-3003 Claim 1 is lost/);
  assert.match(out, /will\.execute reason=claim-lost/);
  assert.match(out, /\.\.\. daily work, entries: \d+/);
  assert.match(out, /KG-3001 Claim 1 on the arbitration partition has begun, claim\.write/);
  assert.match(out, /identical: all \d+ entries are decided as recorded\n$/);
  assert.ok(out.indexOf("Claim 1 is lost") < out.indexOf("will.execute"), "in order of time");
});

test("the same in Japanese", async () => {
  const { exit, out } = await replay(file, "--lang", "ja");
  assert.is(exit, 0);
  assert.match(out, "調停要求 1 に敗れました");
  assert.match(out, /一致: 全 \d+ 件の判断が記録と同じです/);
});

test("a part of the time is shown entry by entry, by seconds or by the clock", async () => {
  const bySeconds = await replay(file, "--from", "1", "--until", "1.2");
  assert.is(bySeconds.exit, 0);
  assert.match(bySeconds.out, /beat\.received lan1 SERVER1 \S+ epoch 1/);
  assert.not.match(bySeconds.out, "daily work");
  assert.not.match(bySeconds.out, "will.execute");
  const byClock = await replay(file, "--from", "00:00:04", "--until", "00:01:00");
  assert.match(byClock.out, "will.execute reason=claim-lost");
  const none = await replay(file, "--from", "500");
  assert.match(none.out, "no entry in that time");
  assert.match(none.out, "identical");
});

test("2: a time that is none is refused with the forms that are", async () => {
  for (const wrong of ["yesterday", "25:00:00", "1:2:3", ""]) {
    const { exit, err } = await replay(file, `--from=${wrong}`);
    assert.is(exit, 2, wrong);
    assert.match(err, /--from cannot be ".*"; expected a time like 04:47:01.5 or seconds/);
  }
});

test("-o json is one object with every entry, its event and what was decided", async () => {
  const { exit, out, err } = await replay(file, "-o", "json");
  assert.is(exit, 0);
  assert.is(err, "");
  const said = JSON.parse(out) as Record<string, unknown>;
  const { entries, timeline, result, role, server, cutAtByte, missing } = said;
  assert.equal([result, role, server, cutAtByte], ["identical", "pulse", "SERVER2", null]);
  assert.equal(missing, []);
  const lines = timeline as { entry: number; at: string; decided: { effects: object[] } }[];
  assert.is(lines.length, entries);
  assert.is(lines[0]?.entry, 1);
  const wills = lines.flatMap(({ decided }) => decided.effects).filter((e) => "evidence" in e);
  assert.is(wills.length, 1);
});

test("0: a journal that is cut says so and replays to its last whole entry", async () => {
  const { exit, out } = await replay(put("cut.kgj", bytes.subarray(0, bytes.length - 5)));
  assert.is(exit, 0);
  const entries = readWhole(bytes).segments.flatMap(({ items }) => items).length;
  assert.match(out, `: replayed to entry ${entries - 1}, its last whole one`);
  assert.match(out, `identical: all ${entries - 1} entries`);
});

/** The journal with another decision in the record of the will. */
function withOtherWill(): Buffer {
  const [head = "", ...items] = payloads();
  const bent = items.map((text) => text.replace('"reason":"claim-lost"', '"reason":"partition"'));
  assert.is(bent.filter((text, at) => text !== items[at]).length, 1);
  return drawJournal(JSON.parse(head) as object, bent);
}

function payloads(): string[] {
  const found: string[] = [];
  let offset = 0;
  for (let piece = pieceAt(bytes, 0); piece !== null; piece = pieceAt(bytes, offset)) {
    if (piece.kind !== "record" && piece.kind !== "segment") throw new Error(piece.kind);
    if (piece.kind === "record") found.push(piece.payload);
    offset = behind(piece);
  }
  return found;
}

test("1: a core that decides otherwise is told with entry, time, place and both values", async () => {
  const bent = put("bent.kgj", withOtherWill());
  const { exit, err } = await replay(bent);
  assert.is(exit, 1);
  assert.match(
    err,
    /different from entry \d+ \(\d\d:\d\d:\d\d\.\d{3}\) on: effects\.0\.reason was "partition", is now "claim-lost"/,
  );
  assert.match(err, "replay it with the version that recorded it (0.1.0)");
  const json = await replay(bent, "--json");
  assert.is(json.exit, 1);
  const said = JSON.parse(json.out) as Record<string, unknown>;
  assert.equal([said["ok"], said["result"]], [false, "different"]);
});

test("2: what is no journal, of another version or damaged is refused with place and reason", async () => {
  const other = Buffer.from(bytes);
  other.write("9", 7, "latin1");
  const bent = Buffer.from(bytes);
  bent[bent.length - 3] = 0;
  const entries = readWhole(bytes).segments.flatMap(({ items }) => items).length;
  const cases: readonly (readonly [string, string | RegExp])[] = [
    [put("foreign.kgj", Buffer.from("{}")), "byte 0: expected a journal"],
    [put("version.kgj", other), "byte 0: expected format 1, found 9"],
    [put("bent.kgj", bent), new RegExp(`entry ${entries} at byte \\d+: expected a record whose`)],
    [put("empty.kgj", bytes.subarray(0, 100)), "expected at least one whole entry, found none"],
    [join(folder, "absent.kgj"), "cannot read "],
    // Endless.
    ["/dev/zero", "cannot read /dev/zero: at most 64 MiB are expected, it has more"],
    [folder, "it is a folder"],
  ];
  for (const [name, words] of cases) {
    const { exit, err } = await replay(name);
    assert.is(exit, 2, name);
    assert.match(err, words);
    assert.match(err, /\n +do: /);
    const json = await replay(name, "-o", "json");
    assert.is(json.exit, 2);
    assert.is((JSON.parse(json.out) as { ok: boolean }).ok, false);
  }
});

/** A server of which only the folders are there. */
function putServer(): { readonly local: string; readonly stateDir: string } {
  const stateDir = join(folder, "state");
  const runDir = join(folder, "run");
  mkdirSync(stateDir, { recursive: true });
  mkdirSync(join(runDir, "blackbox"), { recursive: true });
  const local = put(
    "local.json",
    Buffer.from(JSON.stringify({ server: "SERVER2", stateDir, runDir })),
  );
  writeFileSync(join(stateDir, "blackbox-20261123T044648398Z-pulse-emergency.kgj"), bytes);
  writeFileSync(join(runDir, "blackbox", "agent-1795000000000-5-0.seg"), bytes);
  return { local, stateDir };
}

test("blackbox list names what is saved and what is in memory, and replay finds it by name", async () => {
  const { local, stateDir } = putServer();
  const { exit, out, err } = await kage("/nonexistent", ["blackbox", "list", "--local", local]);
  assert.is(exit, 0, err);
  const box = "blackbox-20261123T044648398Z-pulse-emergency.kgj";
  assert.match(out, /PROCESS +STATE +STARTED/);
  assert.ok(out.includes(join(stateDir, box)));
  assert.match(out, /pulse +saved, gave up +2026-11-23 04:46:48\.398/);
  assert.match(out, /agent +in memory/);
  const json = await kage("/nonexistent", ["blackbox", "list", "--local", local, "-o", "json"]);
  const { boxes } = JSON.parse(json.out) as { boxes: { state: string; bytes: number }[] };
  assert.equal(
    boxes.map(({ state, bytes: size }) => [state, size]),
    [
      ["emergency", bytes.length],
      ["live", bytes.length],
    ],
  );
  for (const name of [box, "SERVER2"]) {
    const replayed = await replay(name, "--local", local);
    assert.is(replayed.exit, 0, replayed.err);
    assert.match(replayed.out, "identical");
  }
});

test("a server that has saved nothing is replayed from what its pulse writes just now", async () => {
  const runDir = join(folder, "live-run");
  const stateDir = join(folder, "live-state");
  mkdirSync(join(runDir, "blackbox"), { recursive: true });
  mkdirSync(stateDir);
  const server = { server: "SERVER2", stateDir, runDir };
  const local = put("live.json", Buffer.from(JSON.stringify(server)));
  const empty = await replay("SERVER2", "--local", local);
  assert.is(empty.exit, 2, "nothing is written yet");
  writeFileSync(join(runDir, "blackbox", "agent-1795000000000-5-0.seg"), "not this one");
  writeFileSync(join(runDir, "blackbox", "pulse-1795000000000-6-0.seg"), bytes);
  const { exit, out, err } = await replay("SERVER2", "--local", local);
  assert.is(exit, 0, err);
  assert.match(out, "identical");
});

test("1: a run folder that cannot be read is told with its name", async () => {
  const runDir = join(folder, "no-run");
  mkdirSync(runDir);
  writeFileSync(join(runDir, "blackbox"), "no folder");
  const stateDir = join(folder, "no-state");
  const server = { server: "SERVER2", stateDir, runDir };
  const local = put("other.json", Buffer.from(JSON.stringify(server)));
  for (const words of [["list"], ["save", "SERVER2"]]) {
    const { exit, err } = await kage("/nonexistent", ["blackbox", ...words, "--local", local]);
    assert.is(exit, 1);
    assert.ok(err.includes(`cannot read ${join(runDir, "blackbox")}: ENOTDIR`), err);
  }
});

test("blackbox save makes a file of what is being written", async () => {
  const { local } = putServer();
  const at = mkdtempSync(join(folder, "here-"));
  const before = process.cwd();
  process.chdir(at);
  try {
    const { exit, out, err } = await kage("/nonexistent", [
      "blackbox",
      "save",
      "SERVER2",
      "--local",
      local,
    ]);
    assert.is(exit, 0, err);
    const [name = ""] = readdirSync(at);
    assert.is(name, "blackbox-20261118T110640000Z-agent.kgj");
    assert.match(out, name);
    assert.equal(readFileSync(join(at, name)), bytes);
  } finally {
    process.chdir(before);
  }
});

test.run();
