/**
 * What a server's words say about resolution methods, who counts as one that carries "none" out, and what its
 * agent is told. Bytes are written by hand after the layout of services/failover/words.ts.
 * Source: guide 1.2.4 H3; R102, R207.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ReleaseWatch, SOFTWARE } from "../../../firmware/agent/release-watch.ts";
import { PIECE_BYTES_MAX } from "../../../services/configuration/rollout-words.ts";
import type { Facts } from "../../../services/facts.ts";
import { lacking, lackingHere, lacksMethod } from "../../../services/failover/hear.ts";
import { carriesOut, SAID_METHODS } from "../../../services/failover/method-words.ts";
import {
  decodeWords,
  encodeWords,
  GROUPS_MAX,
  type Words,
} from "../../../services/failover/words.ts";
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
const blobOf = (words: Partial<Words>): Uint8Array => encodeWords({ ...WORDS, ...words });

test("R102: the methods are a byte of bits before the release, and earlier words are read as before", () => {
  const bytes = blobOf({ release: "0.2.0", methods: ["com", "none"] });
  // Empty configuration, keys and programs; kind 2, 1 byte, bits 0 and 4; kind 1, 5 bytes, "0.2.0".
  const tail = [0, 0, 0, 0, 0, 2, 1, 0x11, 1, 5, 0x30, 0x2e, 0x32, 0x2e, 0x30];
  assert.equal([...bytes.slice(-tail.length)], tail);
  assert.equal(decodeWords(bytes)?.methods, ["com", "none"]);
  assert.is(decodeWords(bytes)?.release, "0.2.0");
  assert.equal(decodeWords(blobOf({})), WORDS);
});

test("R102, R207: bits and bytes of a later release are passed over, an empty list says nothing", () => {
  const bytes = (part: readonly number[]): Uint8Array =>
    Uint8Array.of(...blobOf({ methods: [] }).slice(0, -3), ...part);
  assert.equal(decodeWords(bytes([2, 2, 0xf0, 0xff]))?.methods, ["none"]);
  assert.equal(decodeWords(bytes([2, 0]))?.methods, []);
  assert.is(decodeWords(bytes([2, 1])), null, "cut short");
});

test("R102: this release says every method that it carries out, and the fullest beat has room for it", () => {
  assert.equal(SOFTWARE.methods, ["com", "com-disk", "disk", "majority", "none"]);
  const groups = Array.from({ length: GROUPS_MAX }, () => AT_REST);
  // Configuration words: 13 fixed, 22 of the text under way and a piece; 17 of keys beside it.
  const rollout = new Uint8Array(13 + 22 + PIECE_BYTES_MAX);
  const loads = {
    isWhole: true,
    marks: Array.from({ length: 9 }, (_, mark) => ({ group: 0, mark })),
  };
  const full = { ...SOFTWARE, groups, rollout, keys: new Uint8Array(17), loads };
  const bytes = blobOf(full);
  assert.ok(bytes.length <= BLOB_BYTES_MAX, `${bytes.length} bytes`);
  assert.equal(decodeWords(bytes)?.methods, SAID_METHODS);
});

test("R102: what fills the beat leaves the release out first, and never more than fits", () => {
  for (let room = 0; room <= 12; room += 1) {
    // 23 and 4 for the one group; a byte for the number of programs.
    const rollout = new Uint8Array(BLOB_BYTES_MAX - 27 - 1 - room);
    const bytes = blobOf({ release: "0.2.0", methods: SAID_METHODS, rollout });
    assert.ok(bytes.length <= BLOB_BYTES_MAX, `room for ${room}: ${bytes.length} bytes`);
    const words = decodeWords(bytes);
    assert.equal(words?.methods, room < 3 ? undefined : SAID_METHODS, `room for ${room}`);
    assert.is(words?.release, room < 3 + 7 ? undefined : "0.2.0", `room for ${room}`);
    assert.is(words?.rollout?.length, rollout.length);
  }
});

test("R102: only who says none carries it out; the methods before it need no word", () => {
  for (const methods of [undefined, [], ["com", "majority"]] as const) {
    const words = methods === undefined ? {} : { methods };
    assert.not(carriesOut(words, "none"), `${methods}`);
    for (const method of ["com", "com-disk", "disk", "majority"] as const) {
      assert.ok(carriesOut(words, method), `${methods}: ${method}`);
    }
  }
  assert.ok(carriesOut({ methods: ["none"] }, "none"));
  assert.not(carriesOut(null, "none"), "words that cannot be read say nothing");
});

test("R102: nothing is known against a server that was never heard", () => {
  assert.not(lacksMethod(null, "none"));
  assert.ok(lacksMethod({ blob: blobOf({}) }, "none"));
  assert.ok(lacksMethod({ blob: Uint8Array.of(4) }, "none"));
  assert.not(lacksMethod({ blob: blobOf(SOFTWARE) }, "none"));
});

function factsOf(words: Partial<Words>): Facts {
  const agent = stageAgent(0);
  hear(agent, { ...AT_REST, blob: blobOf(words) });
  if (agent.state.facts === null) throw new Error("facts were heard");
  return agent.state.facts;
}

test("R102: an operator is told once who does not say it, and once that it is over", () => {
  const notes: string[] = [];
  const note = (key: string, data: object): void => {
    if (key.startsWith("method.")) notes.push(`${key} ${JSON.stringify(data)}`);
  };
  const watch = new ReleaseWatch((index) => `SERVER${index + 1}`, note, "none");
  const look = (words: Partial<Words>, changed: object = {}): void => {
    const facts = factsOf(words);
    watch.look({ ...facts, peers: facts.peers.map((peer) => ({ ...peer, ...changed })) });
  };
  look(SOFTWARE);
  look({}, { state: null });
  look({}, { configDiffers: true });
  assert.equal(notes, [], "silent, or of another text: nobody to complain about");
  look({});
  look({});
  look(SOFTWARE, { state: null });
  look(SOFTWARE);
  const data = JSON.stringify({ server: "SERVER2", method: "none" });
  assert.equal(notes, [`method.unsupported ${data}`, `method.supported ${data}`]);
});

test("R102: with another method nobody is asked", () => {
  const facts = factsOf({});
  assert.equal(lackingHere(facts, "com"), []);
  assert.equal(
    lackingHere(facts, "none").map(({ index }) => index),
    [1],
  );
  assert.equal(
    lacking({ ...facts, peers: facts.peers.map((peer) => ({ ...peer, state: null })) }, "none")
      .length,
    1,
    "who is silent says nothing either",
  );
});

test.run();
