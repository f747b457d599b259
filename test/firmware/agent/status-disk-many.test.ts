/**
 * The status where the shared disk decides among three and more: how many losses it bears, by hand from R67,
 * R69, R70 and G11, and in which words.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { drawStatus } from "../../../firmware/agent/status.ts";
import type { Facts, PathFact } from "../../../services/facts.ts";
import { CrewAgent, crewConfig, type Shown, viewOf } from "../../services/failover/crew.ts";

const disk = (server: number, state: PathFact["state"]): PathFact => {
  return { kind: "disk", id: "disk", from: server, to: server, state, lastHeardMs: 10 };
};

/**
 * What SERVER1 of four shows: its view, what it hears, its path to the array, and whose slot shows nothing new
 * (of the others, as long as it can read them).
 */
function shown(
  members: readonly number[],
  others: readonly Shown[],
  path: PathFact["state"],
  more: Partial<Facts> = {},
  quiet: readonly number[] = [],
) {
  const config = { ...crewConfig(4, [[0, 1, 2, 3]]), method: "disk" as const };
  const agent = new CrewAgent(0, config);
  const slots = members
    .filter((index) => index !== 0)
    .map((index) =>
      disk(index, quiet.includes(index) ? "faulty" : path === "normal" ? path : "unknown"),
    );
  agent.hear(viewOf(1, members), [{}, ...others], { paths: [disk(0, path), ...slots], ...more });
  const { cluster } = drawStatus(agent.state, "", [null, null, null, null], config, "en", {
    isUnsaved: false,
  });
  const texts = cluster.reasons.map(({ text }) => text).join("\n");
  assert.not.match(texts, /majority/i);
  return { survives: cluster.survivesFailures, level: cluster.level, texts };
}

const ALL = [0, 1, 2, 3];
const GONE: Shown = { state: null };

test("R67, R69: with a healthy disk all but the last one may fail one after the other", () => {
  assert.equal(shown(ALL, [{}, {}, {}], "normal"), { survives: 3, level: "ok", texts: "" });
  const three = shown([0, 1, 3], [{}, GONE, {}], "normal");
  assert.is(three.survives, 2);
  assert.is(three.level, "degraded");
  assert.match(three.texts, "SERVER3 is lost");
  assert.is(shown([0, 3], [GONE, GONE, {}], "normal").survives, 1);
  assert.is(shown([0], [GONE, GONE, GONE], "normal").survives, 0);
});

test("R70, G11: with a disk that is faulty or not yet known no failure can be borne", () => {
  assert.is(shown(ALL, [{}, {}, {}], "faulty").survives, 0);
  assert.is(shown(ALL, [{}, {}, {}], "unknown").survives, 0);
});

test("R16, B4: who is heard and writes nothing is named, and goes with the first that fails", () => {
  const one = shown(ALL, [{}, {}, {}], "normal", {}, [2]);
  assert.is(one.survives, 2);
  assert.is(one.level, "degraded");
  assert.match(one.texts, "Server SERVER3 writes nothing on the arbitration partition");
  assert.not.match(one.texts, "cannot be used");
  assert.is(shown(ALL, [{}, {}, {}], "normal", {}, [1, 2, 3]).survives, 0);
});

test("R118: who cannot run the scripts is not counted on", () => {
  assert.is(shown(ALL, [{ words: { unfit: true } }, {}, {}], "normal").survives, 2);
});

test("R191, 1.8: while the disk has not shown who lives, the force-returned server says what it waits for", () => {
  const waiting = shown([0], [GONE, GONE, GONE], "normal", { provisional: true });
  assert.match(waiting.texts, "the disk has not yet shown that no other server lives");
  const refused = shown([0], [GONE, GONE, GONE], "faulty", {
    provisional: true,
    refused: "disk-faulty",
  });
  assert.match(refused.texts, "the arbitration partition does not answer");
  assert.not.match(refused.texts, "has not yet shown");
});

test.run();
