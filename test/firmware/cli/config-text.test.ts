/** Changes of a running cluster through its agent, and `kage tune`: agents that say what the test says. */
import { createHash } from "node:crypto";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { HISTOGRAM_EDGES_MS } from "../../../hal/base/histogram.ts";
import { sample, write } from "../../services/configuration/sample.ts";
import {
  type Answer,
  type FakeAppliance,
  fakeAppliance,
  ok,
  type Request,
  refuse,
} from "./fake-appliance.ts";
import { kage } from "./fake-terminal.ts";

let place: FakeAppliance | null = null;
test.after.each(async () => {
  await place?.stop();
  place = null;
});

const TEXT = `// in force\n${write(sample())}\n`;
const HASH = createHash("sha256").update(TEXT).digest("hex").slice(0, 8);

interface Agent {
  readonly apply?: Answer;
  readonly plan?: Answer;
  /** Counts of lateness at each status question, in order; the last one stays. */
  readonly late?: readonly (readonly number[])[];
  /** The same of the beats of SERVER2 as heard by SERVER1. */
  readonly heard?: readonly (readonly number[])[];
  readonly events?: readonly object[];
}

/** An agent of SERVER1 that runs TEXT. */
async function start(agent: Agent = {}): Promise<FakeAppliance> {
  let asked = 0;
  const answer = ({ verb }: Request): Answer => {
    const applied = { rev: 7, hash: "00000000", servers: ["SERVER1", "SERVER2"], changes: [] };
    const quiet = { rev: 6, hash: HASH, newHash: "", changes: [], warnings: [], refusal: null };
    switch (verb) {
      case "config.get":
        return ok({ rev: 6, hash: HASH, text: TEXT });
      case "config.plan":
        return agent.plan ?? ok(quiet);
      case "config.apply":
        return agent.apply ?? ok(applied);
      case "events":
        return ok({ events: agent.events ?? [] });
      default: {
        const late = agent.late?.[Math.min(asked, agent.late.length - 1)] ?? null;
        asked += 1;
        const heard = agent.heard?.[Math.min(asked - 1, agent.heard.length - 1)];
        const measured = { late, disk: late?.map(() => 0), heard };
        const details = late === null ? {} : { measured };
        return ok({ servers: [{ name: "SERVER1", details }, { name: "SERVER2" }] });
      }
    }
  };
  place = await fakeAppliance({ SERVER1: answer });
  return place;
}

const sent = (verb: string): readonly Readonly<Record<string, unknown>>[] =>
  (place?.requests ?? [])
    .filter((request) => request["verb"] === verb)
    .map((request) => request["args"] as Readonly<Record<string, unknown>>);

const REMOVE = ["group", "remove", "web"] as const;

test("a running cluster is changed through its agent, against the text that was read", async () => {
  const { runDir } = await start();
  const { exit, out, err } = await kage(runDir, REMOVE);
  assert.is(exit, 0, err);
  assert.match(out, "in force as revision 7 on SERVER1, SERVER2");
  const [args] = sent("config.apply");
  assert.is(args?.["expectHash"], HASH);
  assert.match(String(args?.["by"]), /^\S+@SERVER1$/);
  const text = String(args?.["text"]);
  assert.ok(text.startsWith("// in force\n"));
  assert.not.match(text, '"web"');
});

test("--dry-run asks the agent what it would say and applies nothing", async () => {
  const refusal = { key: "group-running", message: "web runs", remedy: "stop web first" };
  const { runDir } = await start({ plan: ok({ refusal }) });
  const { exit, out } = await kage(runDir, [...REMOVE, "--dry-run"]);
  assert.is(exit, 0);
  assert.match(out, '-       "name": "web",');
  assert.match(out, "would be refused now: web runs\n  stop web first");
  assert.match(out, "nothing was changed");
  assert.is(sent("config.apply").length, 0);
});

test("what the agent refuses is a refusal with its remedy, and no file is touched", async () => {
  const body = { exit: 3, code: "KG-9999", message: "the text has changed", remedy: "try again" };
  const { runDir } = await start({ apply: refuse(body) });
  const { exit, err } = await kage(runDir, REMOVE);
  assert.is(exit, 3);
  assert.match(err, "the text has changed");
  assert.match(err, "do: try again");
});

test("an agent that hangs is not taken for a cluster that is off", async () => {
  place = await fakeAppliance({ SERVER1: () => ({ kind: "hang" }) });
  const { exit, err } = await kage(place.runDir, REMOVE, { queryDeadlineMs: 50 });
  assert.is(exit, 5);
  assert.match(err, "group remove web");
});

test("a change that the loader refuses never reaches the agent", async () => {
  const { runDir } = await start();
  const words = ["group", "add", "db", "--program", "/bin/db", "--policy", "SERVER9"];
  const { exit, out } = await kage(runDir, words);
  assert.is(exit, 1);
  assert.match(out, 'unknown server "SERVER9"');
  assert.is(sent("config.apply").length, 0);
});

/** One wake of at most `ms` more than before. */
function counts(...wakes: readonly number[]): readonly number[] {
  const all = HISTOGRAM_EDGES_MS.map((edge) => wakes.filter((ms) => ms === edge).length);
  return [...all, 0];
}

const LATE = [counts(512, 1), counts(512, 1, 1, 32)];

test("D51: tune measures for the time given, proposes with reason, and changes nothing", async () => {
  const { runDir } = await start({ late: LATE });
  const { exit, out, err } = await kage(runDir, ["tune", "--for", "30"]);
  assert.is(exit, 0, err);
  assert.match(err, "measuring for 30 s");
  assert.match(out, "SERVER1: pulse at most 32 ms late in 2 wakes");
  assert.match(out, "timing.pauseMs: 25 -> 64 (P: twice the worst lateness of 32 ms)");
  assert.match(out, '+     "pauseMs": 64');
  assert.match(out, "nothing was measured for: D, G, startSyncWaitMs");
  assert.match(out, "put it in force: kage tune --apply");
  assert.is(sent("config.apply").length, 0);
});

test("D51: the worst figures of all looks are kept, also when the pulse is restarted in between", async () => {
  // The last look is of a new pulse: fewer wakes than before.
  const late = [counts(1), counts(1, 1, 48), counts(1, 1, 48, 1), counts(2)];
  const { runDir } = await start({ late });
  const { out } = await kage(runDir, ["tune", "--for", "20"]);
  assert.match(out, "SERVER1: pulse at most 48 ms late");
});

test("D51: of a server that cannot be asked it says what is heard of it, and what is not known", async () => {
  const heard = [counts(), counts(96, 2)];
  const { runDir } = await start({ late: [counts(1), counts(1, 2)], heard });
  const { out } = await kage(runDir, ["tune", "--for", "5"]);
  assert.match(out, "SERVER2, as SERVER1 hears it: beats at most 96 ms late in 2");
  assert.match(out, "SERVER2: cannot be asked from here");
  assert.match(out, "run kage tune there as well");
  assert.match(out, "timing.pauseMs: 25 -> 192", "what is heard counts too");
  assert.match(out, "this is the load of the moment; --load");
  const json = JSON.parse((await kage(runDir, ["tune", "--for", "5", "-o", "json"])).out);
  assert.equal(json.unseen, ["SERVER2"]);
});

test("D51: under load the second half counts by itself, and its worst is what is proposed for", async () => {
  const late = [counts(1), counts(1, 2), counts(1, 2, 64)];
  const { runDir } = await start({ late });
  const { out, exit } = await kage(runDir, ["tune", "--for", "1", "--load"]);
  assert.is(exit, 0);
  assert.match(out, "SERVER1: pulse at most 2 ms late in 1 wakes");
  assert.match(
    out,
    /under load, \d+ busy processes on this machine:\nSERVER1: pulse at most 64 ms late/,
  );
  assert.match(out, "timing.pauseMs: 25 -> 128");
});

test("D51: an interrupted measurement proposes and applies nothing", async () => {
  const { runDir } = await start({ late: LATE });
  const onPause = (): "ctrl-c" => "ctrl-c";
  const { exit, err } = await kage(runDir, ["tune", "--for", "60", "--apply"], { onPause });
  assert.is(exit, 1);
  assert.match(err, "interrupted; nothing was proposed or changed");
  assert.is(sent("config.apply").length, 0);
});

test("D51: tune --apply puts the proposal in force through the agent", async () => {
  const { runDir } = await start({ late: LATE });
  const { exit, err } = await kage(runDir, ["tune", "--for", "1", "--apply"]);
  assert.is(exit, 0, err);
  assert.match(String(sent("config.apply")[0]?.["text"]), '"pauseMs": 64');
});

test("D51: tune with nothing to propose says so, and gives all it measured as JSON", async () => {
  const events = [
    { seq: 1, server: "SERVER1", key: "start.clean", at: "2026-11-22T03:00:00.000Z", data: {} },
    { seq: 2, server: "SERVER2", key: "start.clean", at: "2026-11-22T03:00:07.000Z", data: {} },
  ];
  const { runDir } = await start({ late: [counts(1), counts(1, 2)], events });
  const { out } = await kage(runDir, ["tune"]);
  assert.match(out, "servers started at most 7 s apart (1 common starts)");
  assert.match(out, "the times in force cover what was measured");
  const json = JSON.parse((await kage(runDir, ["tune", "-o", "json"])).out);
  assert.equal(json.proposals, []);
  assert.is(json.spreadMs, 7000);
  const both = await kage(runDir, ["tune", "--apply", "--dry-run"]);
  assert.is(both.exit, 2);
});

test.run();
