/**
 * Values as text and back, the places where two values differ, and that no secret is among what is written.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { step } from "../../../firmware/pulse/route.ts";
import { createPulse } from "../../../firmware/pulse/state.ts";
import { Recorder } from "../../../firmware/replay/recorder.ts";
import { replay } from "../../../firmware/replay/replay.ts";
import {
  asIs,
  createMask,
  firstDifference,
  fromText,
  toText,
} from "../../../firmware/replay/values.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import { encodeRollout } from "../../../services/configuration/rollout-words.ts";
import type { AgentToken, PulseEvent } from "../../../services/events.ts";
import { decodeWords, encodeWords, type Words } from "../../../services/failover/words.ts";
import { encodeKeyWords } from "../../../services/keys/key-words.ts";
import { loaded, sheet } from "../evaluate/sheets.ts";
import { IDENTITY, MemorySink, readWhole } from "./recordings.ts";

test("bytes and the numbers that JSON lacks come back", () => {
  const value = {
    blob: Uint8Array.of(1, 2, 255),
    buffer: Buffer.from("words"),
    from: Number.NEGATIVE_INFINITY,
    until: Number.POSITIVE_INFINITY,
    text: "Ω 影武者",
    none: null,
    list: [1.5, { deep: Number.POSITIVE_INFINITY }],
  };
  const back = fromText(toText(value, asIs)) as typeof value;
  assert.equal(back.blob, value.blob);
  assert.is(Buffer.from(back.buffer).toString(), "words");
  assert.is(back.from, Number.NEGATIVE_INFINITY);
  assert.equal(back.list, value.list);
  assert.is(back.text, value.text);
  assert.is(fromText("{"), undefined);
});

const DIFFERENCES: readonly (readonly [unknown, unknown, string | null])[] = [
  [{ a: { b: [1, 2] } }, { a: { b: [1, 2] } }, null],
  [{ a: { b: [1, 2] } }, { a: { b: [1, 3] } }, "a.b.1"],
  [{ a: 1, b: undefined }, { a: 1 }, null],
  [{ a: 1 }, { a: 1, b: null }, "b"],
  [{ a: [] }, { a: {} }, "a"],
  [Uint8Array.of(1), Buffer.of(1), null],
  [{ a: Uint8Array.of(1) }, { a: Uint8Array.of(2) }, "a"],
  [0, -0, null],
  [Number.NaN, Number.NaN, null],
  ["x", "y", ""],
];
for (const [recorded, replayed, at] of DIFFERENCES) {
  const words = `${JSON.stringify(recorded)} and ${JSON.stringify(replayed)}`;
  test(`${words} differ at ${at === null ? "no place" : `"${at}"`}`, () => {
    assert.is(firstDifference(recorded, replayed)?.at ?? null, at);
  });
}

const KEY = Uint8Array.from({ length: 32 }, (_, at) => 0xc0 + (at % 16));
const PASSWORD = "canary-password";

function words(offer: Uint8Array | null, piece: string): Words {
  const current = { rev: 3, hash: "0011223344556677" };
  const underWay = {
    ...{ rev: 4, hash: "8899aabbccddeeff", part: "offers" as const, ready: false, length: 400 },
    ...{ at: 0, piece: Buffer.from(piece) },
  };
  return {
    shutdown: 0,
    marked: false,
    offAfterLeave: false,
    request: null,
    reply: null,
    groups: [{ state: "running", desired: 0, order: 4 }],
    rollout: encodeRollout({ current, byHand: false, underWay: piece === "" ? null : underWay }),
    keys: encodeKeyWords({ active: "01020304", others: [], retired: null, offer }),
  };
}

test("words with a key or a piece of a text keep their meaning for the groups and lose the secret", () => {
  const mask = createMask();
  const secret = encodeWords(words(KEY, `"env": {"DB": "${PASSWORD}"}`));
  const masked = mask(secret, "blob");
  assert.not(Buffer.from(masked).includes(PASSWORD));
  assert.not(Buffer.from(masked).includes(Buffer.from(KEY)));
  assert.equal(decodeWords(masked)?.groups, [
    { state: "running", desired: 0, order: 4, stranded: false },
  ]);
  assert.is(masked.length, secret.length);
  assert.equal(mask(Uint8Array.from(secret), "blob"), masked);
  const other = mask(encodeWords(words(KEY, `"env": {"DB": "${PASSWORD}2"}`)), "blob");
  assert.not.equal(other, masked);
  // Another process hides them otherwise: nobody can try passwords on what is written.
  assert.not.equal(createMask()(secret, "blob"), masked);
});

test("words without a secret are kept as they are", () => {
  const plain = encodeWords(words(null, ""));
  assert.is(createMask()(plain, "blob"), plain);
});

test("bytes that are no words are hidden whole", () => {
  const garbage = Buffer.concat([Buffer.of(9), KEY]);
  assert.not(Buffer.from(createMask()(garbage, "blob")).includes(Buffer.from(KEY)));
});

test("a canary in key, text, environment and arguments is in no form in the journal, and it replays", () => {
  const config = loaded(
    sheet("none", (made) => {
      const program = made.groups[0]?.resources.find(({ type }) => type === "program");
      Object.assign(program ?? {}, {
        argv: ["/bin/server", "--password", PASSWORD],
        env: { DB_PASSWORD: PASSWORD },
      });
    }),
  );
  const sink = new MemorySink();
  const recorder = new Recorder({
    identity: IDENTITY,
    sink,
    wallMs: () => 0,
    onTrouble: assert.unreachable,
  });
  let state = createPulse(0, hostIncarnation("00000000000000aa"), config, 1000);
  const take = (event: PulseEvent): void => {
    state = recorder.through(step, state, event, config).state;
  };
  const blob = encodeWords(words(KEY, `"env": {"DB": "${PASSWORD}"}`));
  const wish = { kind: "start" as const, floor: 0, waitUntilMs: Number.POSITIVE_INFINITY };
  const token: AgentToken = { progress: 1, blob: Buffer.from(blob), wish, mayOwn: false };
  take({ kind: "agent.spoke", atMs: 1001, token });
  take({ kind: "config.prepared", atMs: 1002, config });
  for (let atMs = 1003; atMs < 40_000; atMs += 40) {
    const beatless: PulseEvent = { kind: "tick", atMs };
    take(beatless);
    if (atMs % 200 === 3) take({ kind: "agent.spoke", atMs, token: { ...token, progress: atMs } });
  }
  recorder.flush();
  const journal = sink.journal;
  for (const canary of [Buffer.from(KEY), Buffer.from(PASSWORD)]) {
    for (const form of ["hex", "base64", "latin1"] as const) {
      // Base64 depends on the position of what it encodes; the inner part is the same in one of three.
      const texts = [0, 1, 2].map((shift) =>
        form === "base64"
          ? Buffer.concat([Buffer.alloc(shift), canary])
              .toString(form)
              .slice(4, -4)
          : canary.toString(form),
      );
      for (const text of texts) assert.not(journal.toString("latin1").includes(text), form);
    }
  }
  const read = readWhole(journal);
  assert.is(read.segments.length, 2);
  assert.is(replay(read).fault, null);
});

test.run();
