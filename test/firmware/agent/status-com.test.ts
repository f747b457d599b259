/**
 * G11: a cluster whose COM line has not carried both ways yet has nothing to settle a cut with, and the status
 * does not call it well before.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { drawStatus } from "../../../firmware/agent/status.ts";
import { drawFacts } from "../../../firmware/pulse/facts.ts";
import { peerOf } from "../../../firmware/pulse/route.ts";
import { createFailover } from "../../../services/failover/core.ts";
import type { PeerHealth } from "../../../services/heartbeat/peer.ts";
import { started } from "../pulse/pair.ts";

const pair = started("com");

/** Level and failures that a server of a healthy pair shows, were its peer known like that. */
function shown(change: Partial<PeerHealth>): { level: string; survives: number } {
  const { state } = pair.at(0);
  const peer = peerOf(state);
  assert.ok(peer !== null);
  const facts = drawFacts(state, { ...peer, ...change }, 1, null, pair.nowMs, pair.config);
  const failover = { ...createFailover(0, pair.config), facts };
  const own = { isUnsaved: false };
  const { cluster } = drawStatus(failover, "", [null, null], pair.config, "en", own);
  return { level: cluster.level, survives: cluster.survivesFailures };
}

test("R16 G11: a COM line that has carried both ways counts, one that has not does not", () => {
  assert.equal(shown({}), { level: "ok", survives: 1 });
  assert.equal(shown({ comTwoWayStampMs: null }), { level: "degraded", survives: 0 });
  assert.equal(shown({ comHealth: "unknown" }), { level: "degraded", survives: 0 });
});

test.run();
