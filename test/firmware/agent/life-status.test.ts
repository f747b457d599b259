/**
 * What the status says of a server that waits, that is provisional, or that ended in an emergency; and
 * from when the start sync wait counts.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { decideBoot } from "../../../firmware/agent/boot.ts";
import { osStartMs } from "../../../firmware/agent/os-start.ts";
import { drawStatus, type OwnTrouble } from "../../../firmware/agent/status.ts";
import { drawFacts } from "../../../firmware/pulse/facts.ts";
import { peerOf } from "../../../firmware/pulse/route.ts";
import { emptyRecord, parseRecord } from "../../../flash/store/record.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { Facts } from "../../../services/facts.ts";
import { createFailover, ownWords } from "../../../services/failover/core.ts";
import { encodeWords } from "../../../services/failover/words.ts";
import type { StatusDocument } from "../../../services/status.ts";
import { Pair, pairConfig } from "../pulse/pair.ts";
import { SAYS_NOTHING } from "../pulse/pair-words.ts";

const CONFIG = pairConfig("com");
const HOST = hostIncarnation("00000000000000a1");

function factsOf(pair: Pair): Facts {
  const { state } = pair.at(0);
  const peer = peerOf(state);
  if (peer === null) throw new Error("a pair has a peer");
  return drawFacts(state, peer, 1, null, pair.nowMs, CONFIG);
}

function status(facts: Facts, own: OwnTrouble = { isUnsaved: false }): StatusDocument {
  const failover = { ...createFailover(0, CONFIG), facts };
  return drawStatus(failover, "", [null, null], CONFIG, "en", own);
}

const codes = ({ cluster }: StatusDocument): string[] => cluster.reasons.map(({ code }) => code);

test("D17: a starting server tells how many seconds it will still wait, and no longer once it is in", () => {
  const pair = new Pair(CONFIG);
  pair.power(1, false);
  pair.run(300);
  const shown = status(factsOf(pair));
  assert.equal(shown.servers[0]?.details, { startWaitS: 2 });
  assert.match(
    shown.cluster.reasons.map(({ text }) => text).join("\n"),
    "Waiting up to 2 s for the other servers to start.",
  );
  pair.run(3000);
  assert.is(pair.shows(0), "sole");
  assert.is(status(factsOf(pair)).servers[0]?.details, undefined);
});

test("R210: the cluster's details name the configuration in force by number and hash", () => {
  const pair = new Pair(CONFIG);
  pair.run(300);
  const revisions = [{ rev: 7, hash: "1a2b3c4d5e6f7081" }, null];
  const { details } = status(factsOf(pair), { isUnsaved: false, revisions }).cluster;
  assert.is(details?.["revision"], 7);
  assert.is(details?.["configHash"], CONFIG.hash);
});

test("R118: a script that cannot be run is a reason here and there, and no takeover is counted on", () => {
  const pair = new Pair(CONFIG);
  pair.run(300);
  const facts = factsOf(pair);
  assert.is(status(facts).cluster.survivesFailures, 1);
  const unfit = [{ path: "/etc/app/start.sh", reason: "not there (ENOENT); check the path" }];
  const { cluster } = status(facts, { isUnsaved: false, unfit });
  assert.is(cluster.level, "degraded");
  assert.is(cluster.survivesFailures, 0);
  const [reason] = cluster.reasons.filter(({ code }) => code === "KG-4064");
  assert.match(reason?.text ?? "", "/etc/app/start.sh");
  assert.match(reason?.text ?? "", "ENOENT");
  const words = { ...ownWords(createFailover(1, CONFIG)), unfit: true };
  const peers = facts.peers.map((peer) => ({ ...peer, blob: encodeWords(words) }));
  const seen = status({ ...facts, peers }).cluster;
  assert.equal(
    seen.reasons.map(({ code }) => code),
    ["KG-4068"],
  );
  assert.is(seen.survivesFailures, 0);
});

test("R102: a server that does not say the method is a reason, and its failure is not survived", () => {
  const none = pairConfig("none");
  const pair = new Pair(none);
  pair.run(300);
  const { state } = pair.at(0);
  const peer = peerOf(state);
  if (peer === null) throw new Error("a pair has a peer");
  const facts = drawFacts(state, peer, 1, null, pair.nowMs, none);
  const shown = (seen: Facts): StatusDocument["cluster"] => {
    const failover = { ...createFailover(0, none), facts: seen };
    return drawStatus(failover, "", [null, null], none, "en", { isUnsaved: false }).cluster;
  };
  assert.is(shown(facts).survivesFailures, 1);
  assert.not(shown(facts).reasons.some(({ code }) => code === "KG-5019"));
  const peers = facts.peers.map((one) => ({ ...one, blob: SAYS_NOTHING }));
  const { survivesFailures, reasons, level } = shown({ ...facts, peers });
  assert.is(survivesFailures, 0);
  assert.is(level, "degraded");
  const [reason] = reasons.filter(({ code }) => code === "KG-5019");
  assert.is(reason?.text, "The software of SERVER2 does not say that it carries out method none.");
});

test("R108: an emergency shutdown is a reason until it is settled", () => {
  const pair = new Pair(CONFIG, ["detached", "detached"]);
  pair.run(300);
  const record = { method: "com", reason: "partition", evidence: "e", epoch: 4, at: "t" };
  assert.ok(
    codes(status(factsOf(pair), { isUnsaved: false, emergency: record })).includes("KG-3035"),
  );
  assert.not(codes(status(factsOf(pair))).includes("KG-3035"));
});

test("1.8: a provisional view says why nothing may start", () => {
  const pair = new Pair(CONFIG, ["detached", "detached"]);
  pair.run(300);
  const facts: Facts = { ...factsOf(pair), provisional: true, refused: "claim-lost" };
  assert.ok(codes(status(facts)).includes("KG-2042"));
});

test("S2: on a real server the wait counts from the boot of its kernel", () => {
  assert.is(osStartMs({}, 50_000), 0);
});

test("S2: a virtual server counts from the moment it got its power, not from its agent's start", () => {
  const env = { KAGE_HOST_INCARNATION: "00000000000000a1" };
  assert.is(osStartMs({ ...env, KAGE_HOST_STARTED_MS: "42000" }, 50_000), 42_000);
});

test("S2: what cannot be a moment of power-on does not lengthen or skip the wait", () => {
  const env = { KAGE_HOST_INCARNATION: "00000000000000a1" };
  for (const given of [undefined, "", "x", "-1", "60000", "NaN"]) {
    assert.is(osStartMs({ ...env, KAGE_HOST_STARTED_MS: given }, 50_000), 50_000, given);
  }
});

test("1.8: when pulse and agent both die, the record still knows that the view is provisional", () => {
  const base = emptyRecord({ cluster: "pair", server: "SERVER1" }, HOST);
  const epoch = { counter: 8, coordinator: 0, host: HOST };
  const kept = { ...base, epoch, members: [0], provisional: true };
  const parsed = parseRecord(JSON.parse(JSON.stringify(kept)));
  assert.is(parsed.kind, "record");
  if (parsed.kind !== "record") return;
  const pair = new Pair(CONFIG, ["detached", "detached"]);
  const facts: Facts = { ...factsOf(pair), server: "observing" };
  const decision = decideBoot({
    loaded: { kind: "loaded", record: parsed.record, damaged: null },
    belongs: true,
    host: HOST,
    facts,
    runs: false,
    atMs: 1000,
    waitUntilMs: 2000,
  });
  assert.ok(decision.wish.kind === "resume" && decision.wish.provisional === true);
  assert.is(parseRecord({ ...kept, provisional: "yes" }).kind, "malformed");
});

test.run();
