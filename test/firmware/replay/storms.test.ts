/**
 * Journals of simulated storms: whatever befalls a cluster, what each of its processes was given and decided
 * comes out of its journal again.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { replay } from "../../../firmware/replay/replay.ts";
import { runSeed, SETTINGS, swarmConfig } from "../pulse/swarm-plan.ts";
import { type Recording, readWhole, recordAll } from "./recordings.ts";

/** Storms of 18 s per setting; the segments of longer lives are in replay.test.ts. */
const SEEDS = [1, 2];

test("D55: every journal of every process of a storm replays to the same decisions and states", () => {
  let entries = 0;
  let journals = 0;
  for (const setting of SETTINGS) {
    for (const seed of SEEDS) {
      const recordings: Recording[] = [];
      runSeed(swarmConfig(setting), seed, { through: recordAll(recordings) });
      for (const recording of recordings) {
        const where = `${setting.method} seed ${seed} SERVER${recording.index + 1} ${recording.role}`;
        recording.recorder.flush();
        // A process that was killed before it was given anything leaves nothing.
        if (recording.recorder.entries === 0) continue;
        const journal = readWhole(recording.sink.journal);
        const { fault, gaps, moments } = replay(journal);
        assert.is(fault, null, `${where}: ${JSON.stringify(fault)}`);
        assert.equal(gaps, []);
        assert.is(moments.length, recording.recorder.entries, where);
        entries += moments.length;
        journals += 1;
      }
    }
  }
  assert.ok(journals > 80, `${journals} journals`);
  assert.ok(entries > 25_000, `${entries} entries`);
});

test.run();
