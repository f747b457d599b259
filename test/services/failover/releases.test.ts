/**
 * Servers of two releases in one cluster: the words of a later one are read as far as they are known, and what
 * is not known is answered, not taken for silence. The bytes of the later release are written by hand after
 * the layout of services/failover/words.ts. Source: R207, spec/peers.md G7.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ReleaseWatch, releasesApart } from "../../../firmware/agent/release-watch.ts";
import type { Facts } from "../../../services/facts.ts";
import { decodeWords, encodeWords, type Words } from "../../../services/failover/words.ts";
import { BLOB_BYTES_MAX } from "../../../services/heartbeat/codec.ts";
import { hear, stageAgent } from "./failover-stage.ts";

const WORDS: Words = {
  shutdown: 0,
  marked: false,
  offAfterLeave: false,
  request: null,
  reply: null,
  groups: [{ state: "stopped", desired: 0, order: 7, stranded: false }],
};
const AT_REST = { state: "stopped", desired: 0, order: 7 } as const;

test("R207: the release is the last part of the words, and a release without it is read as before", () => {
  const bytes = encodeWords({ ...WORDS, release: "0.2.0" });
  // Empty configuration, keys and programs, then kind 1, 5 bytes, "0.2.0".
  const tail = [0, 0, 0, 0, 0, 1, 5, 0x30, 0x2e, 0x32, 0x2e, 0x30];
  assert.equal([...bytes.slice(-tail.length)], tail);
  assert.equal(decodeWords(bytes), { ...WORDS, release: "0.2.0" });
  assert.equal(decodeWords(encodeWords(WORDS)), WORDS);
});

test("R207: parts, flags, requests and replies of a later release do not make its words unreadable", () => {
  const bytes = encodeWords({ ...WORDS, release: "0.3.0" });
  const later = Uint8Array.of(...bytes, 9, 3, 0xaa, 0xbb, 0xcc);
  later[2] = 0x80;
  assert.equal(decodeWords(later), { ...WORDS, release: "0.3.0" });
  assert.is(decodeWords(later.slice(0, -1)), null, "a part that is cut short");
  // Request 0x0102 of verb 0x77 for group 0 and server 1; reply to server 0, number 3, outcome 0x78.
  later.set([1, 2, 0x77, 0, 1, 0, 0, 3, 0x78], 3);
  const read = decodeWords(later);
  assert.equal(read?.request, { number: 0x102, verb: "unknown", group: 0, target: 1 });
  assert.equal(read?.reply, { to: 0, number: 3, code: "other-release" });
  assert.equal(read?.groups, WORDS.groups);
  // Another format is another meaning of everything.
  assert.is(decodeWords(Uint8Array.of(4, ...later.slice(1))), null);
});

test("R207: words that fill the beat leave the release out, never the rest", () => {
  for (const room of [0, 6, 7, 8]) {
    const rollout = new Uint8Array(BLOB_BYTES_MAX - 27 - 1 - room);
    const bytes = encodeWords({ ...WORDS, rollout, release: "0.2.0" });
    assert.ok(bytes.length <= BLOB_BYTES_MAX, `${bytes.length} bytes`);
    assert.is(decodeWords(bytes)?.release, room < 7 ? undefined : "0.2.0", `room for ${room}`);
    assert.is(decodeWords(bytes)?.rollout?.length, rollout.length);
  }
});

test("R207: an order of a later release is answered, and its other words count", () => {
  const agent = stageAgent(0);
  const blob = Uint8Array.from(encodeWords({ ...WORDS, release: "0.3.0" }));
  blob.set([0, 9, 0x77, 0, 0xff], 3);
  hear(agent, { ...AT_REST, blob });
  assert.equal(agent.state.reply, { to: 1, number: 9, code: "other-release" });
  const starts = agent.effects.filter(({ kind }) => kind === "resource.start");
  assert.ok(starts.length > 0, "the group, free on the other server, is placed here");
});

test("R207: a release that says none is one of before, also beside words about a configuration text", () => {
  const agent = stageAgent(0);
  const apart = (rollout: Uint8Array): readonly object[] => {
    hear(agent, { ...AT_REST, blob: encodeWords({ ...WORDS, rollout }) });
    if (agent.state.facts === null) throw new Error("facts were heard");
    return releasesApart(agent.state.facts, "0.2.0");
  };
  assert.equal(apart(new Uint8Array(13)), [{ index: 1, theirs: "older" }]);
  assert.equal(
    apart(new Uint8Array(BLOB_BYTES_MAX - 28)),
    [],
    "there may have been no room for it",
  );
});

test("R207: a difference is noted once and again when it is over, and a full beat is none", () => {
  const agent = stageAgent(0);
  const notes: string[] = [];
  const watch = new ReleaseWatch(
    (index) => `SERVER${index + 1}`,
    (key, data) => void notes.push(`${key} ${String(data["theirs"])}`),
    "com",
  );
  const say = (words: Partial<Words>): Facts => {
    hear(agent, { ...AT_REST, blob: encodeWords({ ...WORDS, ...words }) });
    if (agent.state.facts === null) throw new Error("facts were heard");
    watch.look(agent.state.facts, "0.2.0");
    return agent.state.facts;
  };
  assert.equal(releasesApart(say({}), "0.2.0"), [{ index: 1, theirs: "older" }]);
  say({});
  say({ release: "0.3.0" });
  say({ release: "0.3.0", rollout: new Uint8Array(BLOB_BYTES_MAX - 28) });
  assert.equal(releasesApart(say({ release: "0.2.0" }), "0.2.0"), []);
  say({ release: "0.2.0" });
  const over = "release.same 0.2.0";
  assert.equal(notes, ["release.differs older", "release.differs 0.3.0", over]);
});

test.run();
