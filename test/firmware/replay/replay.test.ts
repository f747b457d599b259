/**
 * Replays of simulated clusters: what any process of any storm was given and decided comes out of its journal
 * again, and a core that decides otherwise is found out.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readJournal } from "../../../firmware/replay/journal.ts";
import { type AnyStep, coreOf, replay } from "../../../firmware/replay/replay.ts";
import { World } from "../../../firmware/simulator/world.ts";
import type { LoadedConfig } from "../../../services/configuration/load.ts";
import type { NoteData } from "../../../services/effects.ts";
import { loaded } from "../evaluate/sheets.ts";
import { swarmConfig } from "../pulse/swarm-plan.ts";
import { type Recording, readWhole, recordAll, recordCut } from "./recordings.ts";

/**
 * Of a process and not of its core: drawn from what the core decided (firmware/last-words.ts), or said before
 * there is a core (firmware/agent/boot.ts).
 */
const OF_PROCESSES = ["emergency-shutdown", "verdict.claim-lost", "start.first", "start.waiting"];

/** The same run for all who only read. */
const CUT = recordCut();

const notesOf = (effects: readonly { readonly kind: string }[]): string[] =>
  effects.flatMap((effect) =>
    effect.kind === "note" ? [(effect as unknown as { key: string }).key] : [],
  );

test("D55: the notes and the will of a replay are those that the simulated world saw", () => {
  const { world, recordings } = CUT;
  const seen: { index: number; key: string; data: NoteData }[] = world.notes.map(
    ({ index, key, data }) => ({ index, key, data }),
  );
  for (const index of [0, 1]) {
    const told = recordings
      .filter((recording) => recording.index === index)
      .flatMap(({ sink }) => replay(readWhole(sink.journal)).moments)
      .flatMap(({ decided }) => notesOf(decided.effects));
    const noted = seen
      .filter((note) => note.index === index && !OF_PROCESSES.includes(note.key))
      .map(({ key }) => key);
    assert.equal([...told].sort(), [...noted].sort(), `SERVER${index + 1}`);
    assert.ok(told.length > 0);
  }
  const loser = world.wills[0];
  assert.is(world.wills.length, 1);
  const wills = recordings
    .filter(({ index, role }) => index === loser?.index && role === "pulse")
    .flatMap(({ sink }) => replay(readWhole(sink.journal)).moments)
    .flatMap(({ decided, atMs }) =>
      decided.effects
        .filter(({ kind }) => kind === "will.execute")
        .map((will) => ({ ...will, atMs })),
    );
  assert.is(wills.length, 1);
  assert.is((wills[0] as unknown as { reason: string }).reason, loser?.reason);
});

function firstOf(role: "pulse" | "agent"): Buffer {
  const recording = CUT.recordings.find((one) => one.role === role);
  if (recording === undefined) throw new Error("no such recording");
  return recording.sink.journal;
}

test("a core that gives up for another reason is reported with entry and both reasons", () => {
  const { world, recordings } = CUT;
  const loser = world.wills[0]?.index;
  const pulse = recordings.find(({ index, role }) => index === loser && role === "pulse");
  const journal = readWhole(pulse?.sink.journal ?? Buffer.alloc(0));
  const config = journal.segments[0]?.config as LoadedConfig;
  const mutated: AnyStep = (state, event, now) => {
    const { state: after, effects } = coreOf("pulse", config)(state, event, now);
    const bent = effects.map((effect) =>
      effect.kind === "will.execute" ? { ...effect, reason: "outranked" } : effect,
    );
    return { state: after, effects: bent };
  };
  const { fault, moments } = replay(journal, mutated);
  const entry = moments.find(({ decided }) =>
    decided.effects.some(({ kind }) => kind === "will.execute"),
  );
  assert.is(fault?.kind, "decision");
  assert.is(fault?.entry, entry?.number);
  assert.equal(fault?.difference, {
    at: "effects.0.reason",
    recorded: "claim-lost",
    replayed: "outranked",
  });
});

test("a core that says a beat a millisecond later is reported although no effect is another", () => {
  const journal = readWhole(firstOf("pulse"));
  const mutated: AnyStep = (state, event, config) => {
    const { state: after, effects } = coreOf("pulse", config)(state, event, config);
    const bent = effects.map((effect) => {
      if (effect.kind !== "lan.send") return effect;
      const { beat } = effect as unknown as { beat: { stampMs: number } };
      return { ...effect, beat: { ...beat, stampMs: beat.stampMs + 1 } };
    });
    return { state: after, effects: bent };
  };
  assert.is(replay(journal, mutated).fault?.difference.at, "hash");
});

test("a core that remembers something else is reported at the next segment, with the place in the state", () => {
  const recordings: Recording[] = [];
  const config = swarmConfig({ method: "none", timeoutMs: 1000, watchdogMs: 0 });
  const world = new World(config, 5, { through: recordAll(recordings) });
  for (const host of world.hosts) host.power();
  world.run(65_000);
  const pulse = recordings.find(({ role }) => role === "pulse");
  pulse?.recorder.flush();
  const journal = readWhole(pulse?.sink.journal ?? Buffer.alloc(0));
  assert.is(journal.segments.length, 3);
  const mutated: AnyStep = (state, event, now) => {
    const { state: after, effects } = coreOf("pulse", now)(state, event, now);
    // Nobody looks at it where there is no COM line.
    return { state: { ...(after as object), nextComAtMs: 1 }, effects };
  };
  const { fault } = replay(journal, mutated);
  assert.is(fault?.kind, "state");
  assert.is(fault?.entry, journal.segments[1]?.next);
  assert.is(fault?.difference.at, "nextComAtMs");
  assert.is(fault?.difference.replayed, 1);
});

test("a core of the agent that starts nothing is reported", () => {
  const journal = readWhole(firstOf("agent"));
  const mutated: AnyStep = (state, event, config) => {
    const { state: after, effects } = coreOf("agent", config)(state, event, config);
    return { state: after, effects: effects.filter(({ kind }) => kind !== "resource.start") };
  };
  assert.is(replay(journal).fault, null);
  assert.is(replay(journal, mutated).fault?.difference.at, "letters");
});

test("a core that throws has its last event recorded, and throws at it again", () => {
  const { sink, recorder } = recordCut().recordings[0] as Recording;
  const journal = readWhole(sink.journal);
  const last = journal.segments.at(-1);
  const broken: AnyStep = (_state, event) => {
    throw new Error(`cannot take ${event.kind}`);
  };
  const config = last?.config as LoadedConfig;
  const tick = { kind: "tick", atMs: (replay(journal).moments.at(-1)?.atMs ?? 0) + 0.5 };
  const state = stateAfter(journal);
  assert.throws(() => recorder.through(broken, state, tick, config), /cannot take tick/);
  const whole = readWhole(sink.journal);
  const crash = whole.segments.at(-1)?.items.at(-1);
  assert.is(crash?.kind, "entry");
  if (crash?.kind !== "entry") return;
  assert.equal(crash.decided.effects, [{ kind: "threw", text: "cannot take tick" }]);
  const breaksAtEnd: AnyStep = (was, event, now) =>
    event.atMs === tick.atMs ? broken(was, event, now) : coreOf("pulse", now)(was, event, now);
  assert.is(replay(whole, breaksAtEnd).fault, null);
  assert.is(replay(whole).fault?.entry, crash.number);
});

test("a segment that is missing is told as a gap, and the replay goes on behind it", () => {
  const recordings: Recording[] = [];
  const config = swarmConfig({ method: "com", timeoutMs: 1000, watchdogMs: 0 });
  const world = new World(config, 5, { through: recordAll(recordings) });
  for (const host of world.hosts) host.power();
  world.run(95_000);
  const { sink, recorder } = recordings[0] as Recording;
  recorder.flush();
  const [, second = 0, third = 0] = sink.begins;
  const without = Buffer.concat([...sink.parts.slice(0, second), ...sink.parts.slice(third)]);
  const whole = readWhole(sink.journal);
  const { gaps, fault, moments } = replay(readWhole(without));
  const from = whole.segments[1]?.next ?? 0;
  const to = (whole.segments[2]?.next ?? 0) - 1;
  assert.equal(gaps, [{ from, to }]);
  assert.is(fault, null);
  assert.is(moments.length, recorder.entries - (to - from + 1));
});

test("a configuration that is switched in the middle rules from there on in the replay as well", () => {
  const recordings: Recording[] = [];
  const slow = swarmConfig({ method: "none", timeoutMs: 1000, watchdogMs: 0 });
  const quick = swarmConfig({ method: "none", timeoutMs: 300, watchdogMs: 0 });
  const world = new World(slow, 5, { through: recordAll(recordings) });
  for (const host of world.hosts) host.power();
  world.run(2000);
  const { sink, recorder } = recordings.find(({ role }) => role === "pulse") as Recording;
  recorder.flush();
  const before = readWhole(sink.journal);
  const end = replay(before).moments.at(-1)?.atMs ?? 0;
  let state = stateAfter(before);
  for (let atMs = end + 1; atMs < end + 2000; atMs += 50) {
    const config = atMs < end + 500 ? slow : quick;
    state = recorder.through(coreOf("pulse", config), state, { kind: "tick", atMs }, config).state;
  }
  recorder.flush();
  const journal = readWhole(sink.journal);
  const items = journal.segments.flatMap((segment) => segment.items);
  assert.is(items.filter(({ kind }) => kind === "config").length, 1);
  assert.is(replay(journal).fault, null);
});

function stateAfter(journal: ReturnType<typeof readWhole>): unknown {
  let last: unknown = null;
  const spy: AnyStep = (state, event, config) => {
    const step = coreOf("pulse", config)(state, event, config);
    last = step.state;
    return step;
  };
  replay(journal, spy);
  return last;
}

test("a journal of a majority cluster of three is stepped through the core of the majority", () => {
  const recordings: Recording[] = [];
  const config = majorityOfThree();
  const world = new World(config, 11, { through: recordAll(recordings) });
  for (const host of world.hosts) host.power();
  world.run(5000);
  world.at(0).off("cut");
  world.run(4000);
  world.at(1).killPulse("test");
  world.run(2000);
  let pulses = 0;
  for (const { recorder, sink, role } of recordings) {
    recorder.flush();
    const read = readJournal(sink.journal);
    if (read.kind === "refused") continue;
    const { fault } = replay(read.journal);
    assert.is(fault, null, JSON.stringify(fault));
    if (role === "pulse") pulses += 1;
  }
  assert.is(pulses, 4);
});

function majorityOfThree(): LoadedConfig {
  const names = ["SERVER1", "SERVER2", "SERVER3"];
  const lan = (id: string, kind: string, net: number): object => ({
    id,
    kind,
    addresses: Object.fromEntries(names.map((name, i) => [name, `127.1.${net}.${i + 1}:7001`])),
  });
  return loaded(
    JSON.stringify({
      cluster: { name: "three" },
      virtual: true,
      method: "majority",
      timing: { heartbeatTimeoutMs: 1000, heartbeatIntervalMs: 100, startSyncWaitMs: 2500 },
      servers: names.map((name) => ({ name })),
      lans: [lan("lan1", "private", 1), lan("lan2", "public", 2)],
      groups: [
        {
          name: "one",
          policy: names,
          resources: [{ type: "program", name: "one-program", argv: ["/bin/true"] }],
        },
      ],
    }),
  );
}

test.run();
