/**
 * The status says which slot of the arbitration partition is bad, not only that one is.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { drawStatus } from "../../../firmware/agent/status.ts";
import { drawFacts } from "../../../firmware/pulse/facts.ts";
import { peerOf } from "../../../firmware/pulse/route.ts";
import { createFailover } from "../../../services/failover/core.ts";
import type { QuorumState } from "../../../services/quorum/core.ts";
import { pairConfig, started } from "../pulse/pair.ts";

const CONFIG = pairConfig("com-disk");
const BAD_SLOT =
  "slot of SERVER2 is unreadable (wiped): expected a claim block of cluster 00000001; do: find out";

/** Texts of the reasons that a server of a healthy pair with this disk gives. */
function reasons(disk: Partial<QuorumState>, language: "en" | "ja"): string[] {
  const healthy = started("com-disk").at(0).state;
  const state = { ...healthy, quorum: { ...healthy.quorum, ...disk } };
  const peer = peerOf(state);
  if (peer === null) throw new Error("a pair has a peer");
  const atMs = state.quorum.lastGoodAtMs;
  const facts = drawFacts(state, peer, 1, null, atMs, CONFIG);
  const failover = { ...createFailover(0, CONFIG), facts };
  const { cluster } = drawStatus(failover, "", [null, null], CONFIG, language, {
    isUnsaved: false,
  });
  return cluster.reasons.filter(({ code }) => code === "KG-1020").map(({ text }) => text);
}

test("R16: the status names the slot that is unreadable, in either language, and leaves the remedy to the event", () => {
  const disk = { diskFaultNoted: true, diskHealthy: false, diskError: BAD_SLOT };
  const what = "slot of SERVER2 is unreadable (wiped): expected a claim block of cluster 00000001";
  const text = "The arbitration partition cannot be used: failover is not possible now.";
  assert.equal(reasons(disk, "en"), [`${text} (${what})`]);
  assert.ok(reasons(disk, "ja")[0]?.endsWith(` (${what})`));
});

test("R16: a silent disk is a reason without a detail, a healthy one is none", () => {
  const text = "The arbitration partition cannot be used: failover is not possible now.";
  assert.equal(reasons({ diskFaultNoted: true, diskError: "" }, "en"), [text]);
  assert.equal(reasons({ diskFaultNoted: false, diskError: BAD_SLOT }, "en"), []);
});

test.run();
