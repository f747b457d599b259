/**
 * Old copies put back on the array, as a restored snapshot or somebody with a copy of the partition
 * does it: validly signed, in their place, and never "no claim".
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { formatArbitration } from "../../../firmware/disk/format.ts";
import { parseDiskLine } from "../../../firmware/disk/link.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { ArbitrationArray } from "../../../hal/ports/array.ts";
import { claim, copyBy, hostOf, IDENTITY, onStage, type Stage } from "./stage.ts";

const OLD_COPY = /^slot of SERVER2 shows an old copy: expected write 8 of boot 00112233445566f1/;

async function put(eye: ArbitrationArray, a: Uint8Array, b: Uint8Array): Promise<void> {
  await eye.writeBlock(3, a);
  await eye.writeBlock(4, b);
}

/** What SERVER1 reads of SERVER2's slot: "none", "claim NUMBER" or the error. */
async function asked({ pulse }: Stage, id: number): Promise<string> {
  pulse.read(id, 1);
  const result = await pulse.result(id);
  if (result["ok"] !== true) return String(result["error"]);
  const found = result["claim"] as { number: number } | null;
  return found === null ? "none" : `claim ${found.number}`;
}

test("R84: an old 'none' put back over a claim is not 'no claim', one copy or both", async () => {
  await onStage(async (stage) => {
    const { start, pulse, eye } = stage;
    start(0);
    await pulse.hello();
    await put(eye, copyBy(1, 7, null), copyBy(1, 8, claim(1)));
    assert.is(await asked(stage, 1), "claim 1");
    await eye.writeBlock(4, copyBy(1, 6, null));
    assert.match(await asked(stage, 2), OLD_COPY);
    await put(eye, copyBy(1, 5, null), copyBy(1, 4, null));
    assert.match(await asked(stage, 3), OLD_COPY);
    await put(eye, copyBy(1, 5, claim(5)), copyBy(1, 4, null));
    assert.match(await asked(stage, 4), OLD_COPY, "nor is an old claim the last word");
    await put(eye, copyBy(1, 7, null), copyBy(1, 8, claim(1)));
    assert.is(await asked(stage, 5), "claim 1", "the last word is believed when it is back");
  });
});

test("R84: the slot as it was formatted, or of a former boot, is an old copy", async () => {
  await onStage(async (stage) => {
    const { start, pulse, eye } = stage;
    start(0);
    await pulse.hello();
    const former = hostIncarnation("00000000000000aa");
    await put(eye, copyBy(1, 3, null, former), copyBy(1, 4, null, former));
    assert.is(await asked(stage, 1), "none");
    await put(eye, copyBy(1, 8, claim(1)), copyBy(1, 7, null));
    assert.is(await asked(stage, 2), "claim 1");
    await put(eye, copyBy(1, 3, null, former), copyBy(1, 4, null, former));
    assert.match(await asked(stage, 3), OLD_COPY);
    await put(eye, copyBy(1, 9, null, former), copyBy(1, 4, null, former));
    assert.match(await asked(stage, 4), OLD_COPY, "not even with a newer serial");
    await formatArbitration(eye, IDENTITY, { force: true });
    assert.match(await asked(stage, 5), OLD_COPY);
  });
});

test("R84: a crashed peer's slot stays 'none': last copy, one copy torn, a boot that wrote nothing", async () => {
  await onStage(async (stage) => {
    const { start, pulse, eye } = stage;
    start(0);
    await pulse.hello();
    await put(eye, copyBy(1, 7, null), copyBy(1, 8, null));
    assert.is(await asked(stage, 1), "none");
    assert.is(await asked(stage, 2), "none", "nothing written since");
    await put(eye, copyBy(1, 9, claim(1)).fill(0, 512, 4096), copyBy(1, 8, null));
    assert.is(await asked(stage, 3), "none", "the write it died in");
    const next = hostIncarnation("00000000000000bb");
    await put(eye, copyBy(1, 9, null, next), copyBy(1, 8, null));
    assert.is(await asked(stage, 4), "none", "restarted and wrote once");
  });
});

test("R84: a peer that counts on from a rolled back slot is believed: its clock went on", async () => {
  await onStage(async (stage) => {
    const { start, pulse, eye } = stage;
    await put(eye, copyBy(1, 1000, null), copyBy(1, 999, null));
    start(0);
    await pulse.hello();
    assert.is(await asked(stage, 1), "none");
    await put(eye, copyBy(1, 7, null), copyBy(1, 8, null));
    assert.match(await asked(stage, 2), /^slot of SERVER2 shows an old copy: expected write 1000/);
    const peer = start(1);
    await pulse.until(
      () => pulse.messages.filter((m) => m["kind"] === "hello").length === 2,
      "2nd",
    );
    pulse.write(3, null);
    await pulse.result(3);
    await peer.close();
    start(0);
    await pulse.until(
      () => pulse.messages.filter((m) => m["kind"] === "hello").length === 3,
      "3rd",
    );
    const newest = { serial: 1000, writer: hostOf(1), writtenMs: 1000 };
    const memory = { newest, former: [] };
    pulse.send(`${JSON.stringify({ kind: "disk.recall", server: 1, memory })}\n`);
    assert.is(await asked(stage, 4), "none");
  });
});

test("R84: the next disk process is told by the pulse what its predecessor has seen", async () => {
  await onStage(async (stage) => {
    const { start, pulse, eye } = stage;
    const first = start(0);
    await pulse.hello();
    await put(eye, copyBy(1, 8, claim(1)), copyBy(1, 7, null));
    pulse.read(1, 1);
    const { seen } = await pulse.result(1);
    await first.close();
    await put(eye, copyBy(1, 5, null), copyBy(1, 6, null));
    start(0);
    await pulse.until(
      () => pulse.messages.filter((m) => m["kind"] === "hello").length === 2,
      "2nd",
    );
    pulse.send(`${JSON.stringify(seen)}\n`);
    assert.match(await asked(stage, 2), OLD_COPY);
  });
});

test("R84: a memory that is none is ignored, not believed", () => {
  const newest = { serial: 8, writer: hostOf(1), writtenMs: 8 };
  const line = (server: unknown, memory: unknown): string =>
    parseDiskLine(JSON.stringify({ kind: "disk.recall", server, memory })).kind;
  assert.is(line(1, { newest, former: [] }), "recalled");
  assert.is(line(16, { newest, former: [] }), "ignored");
  assert.is(line(1, { newest }), "ignored");
  assert.is(line(1, null), "ignored");
});

test("R84: slots of both servers overwritten at once heal by the next writes of either", async () => {
  await onStage(async (stage) => {
    const { start, pulse, eye } = stage;
    start(0);
    await pulse.hello();
    pulse.write(1, null);
    await pulse.result(1);
    for (const block of [1, 2, 3, 4]) await eye.writeBlock(block, new Uint8Array(4096).fill(0x53));
    assert.match(await asked(stage, 2), /^slot of SERVER2 is unreadable \(wiped\)/);
    for (const id of [3, 4]) {
      pulse.write(id, null);
      assert.is((await pulse.result(id))["ok"], true);
    }
    pulse.read(5, 0);
    assert.is((await pulse.result(5))["ok"], true, "SERVER2 can read SERVER1 again");
  });
});

test("R84: under a header that is not ours nothing is written on, whatever was planned", async () => {
  await onStage(async (stage) => {
    const { start, pulse, eye, writes } = stage;
    start(0);
    await pulse.hello();
    pulse.write(1, null);
    await pulse.result(1);
    for (const block of [0, 1, 2, 3, 4]) {
      await eye.writeBlock(block, new Uint8Array(4096).fill(0x53));
    }
    assert.match(await asked(stage, 2), /^slot of SERVER2 is unreadable \(wiped\)/);
    pulse.write(3, null);
    assert.match(String((await pulse.result(3))["error"]), /^foreign or unformatted/);
    assert.is(writes.length, 1);
  });
});

test("R84: a slot torn in both copies is written on with a newer serial", async () => {
  await onStage(async ({ start, pulse, eye }) => {
    await eye.writeBlock(1, copyBy(0, 40, null).fill(0, 512, 4096));
    await eye.writeBlock(2, copyBy(0, 41, null).fill(0, 512, 4096));
    start(0);
    await pulse.hello();
    pulse.write(1, null);
    assert.is((await pulse.result(1))["ok"], true);
    assert.is(new DataView((await eye.readBlock(1)).buffer).getUint32(16), 42);
  });
});

test.run();
