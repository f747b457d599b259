/**
 * The disk process while one cluster key takes the other's place: told by the pulse, it believes both, writes under
 * the active one and says what it holds; a server that was given a key by hand goes on in its own slot.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { runDisk } from "../../../firmware/disk/disk.ts";
import { keyId } from "../../../services/keys/key-set.ts";
import { decodeClaimCopy, encodeClaimCopy } from "../../../services/quorum/claim.ts";
import { ClaimKeys } from "../../../services/quorum/claim-tag.ts";
import type { FakePulse, Message } from "./fake-pulse.ts";
import { CLUSTER, CLUSTER_KEY, claim, hostOf, onStage } from "./stage.ts";

const NEW_KEY = new Uint8Array(32).fill(9);
const hex = (key: Uint8Array): string => Buffer.from(key).toString("hex");
const kindOf = (block: Uint8Array, server: number, key: Uint8Array): string =>
  decodeClaimCopy(block, { clusterId: CLUSTER, server }, new ClaimKeys(key)).kind;

const tell = (pulse: FakePulse, keys: readonly object[]): void =>
  pulse.send(`${JSON.stringify({ kind: "disk.keys", keys })}\n`);

/** Ids of the newest confirmation with so many keys. */
async function held(pulse: FakePulse, count: number): Promise<unknown> {
  const fits = ({ kind, ids }: Message): boolean =>
    kind === "disk.keys-held" && Array.isArray(ids) && ids.length === count;
  return (await pulse.first(fits, `${count} keys held`))["ids"];
}

test("R84: slots are read under either key, written under the active one; what is written under the old one when it is gone is refused", async () => {
  await onStage(async ({ pulse, start, eye }) => {
    start(1);
    await pulse.hello();
    const old = { key: hex(CLUSTER_KEY), role: "old" };
    tell(pulse, [{ key: hex(NEW_KEY), role: "active" }, old]);
    assert.equal(await held(pulse, 2), [keyId(NEW_KEY), keyId(CLUSTER_KEY)]);
    pulse.write(1, claim(1));
    assert.is((await pulse.result(1))["ok"], true);
    const copies = [await eye.readBlock(3), await eye.readBlock(4)];
    assert.is(copies.filter((block) => kindOf(block, 1, NEW_KEY) === "good").length, 1);
    // The other server has not written since.
    pulse.read(2, 0);
    assert.is((await pulse.result(2))["ok"], true);
    tell(pulse, [{ key: hex(NEW_KEY), role: "active" }]);
    assert.equal(await held(pulse, 1), [keyId(NEW_KEY)]);
    // R67, D56: a server that is off has left its word under the old key; the same bytes say the same.
    pulse.read(3, 0);
    assert.is((await pulse.result(3))["ok"], true);
    const copy = { clusterId: CLUSTER, server: 0, serial: 9, writer: hostOf(0), writtenMs: 9 };
    const late = encodeClaimCopy(
      { ...copy, claim: null },
      new ClaimKeys(CLUSTER_KEY),
      new Uint8Array(12),
    );
    await eye.writeBlock(1, late);
    pulse.read(4, 0);
    assert.match(String((await pulse.result(4))["error"]), /fails authentication/);
  });
});

test("R84: who has not proved the bytes itself believes nothing under a key that is gone", async () => {
  await onStage(async ({ pulse, options }) => {
    const disk = runDisk({ ...options(1), clusterKey: NEW_KEY, formerKey: CLUSTER_KEY });
    try {
      await pulse.hello();
      pulse.read(1, 0);
      assert.match(String((await pulse.result(1))["error"]), /fails authentication/);
    } finally {
      await disk.close();
    }
  });
});

test("keys that are none are not taken", async () => {
  await onStage(async ({ pulse, start, reports }) => {
    start(1);
    await pulse.hello();
    tell(pulse, [{ key: "00", role: "active" }]);
    pulse.read(1, 0);
    assert.is((await pulse.result(1))["ok"], true);
    assert.match(reports.join("\n"), /keys that are none/);
  });
});

test("D56: a server with a key given by hand goes on in its own slot, which the key before proves", async () => {
  await onStage(async ({ pulse, options, eye }) => {
    const other = { serial: 5, writer: hostOf(0), writtenMs: 5 };
    const copy = { clusterId: CLUSTER, server: 0, ...other, claim: null };
    const theirs = encodeClaimCopy(copy, new ClaimKeys(NEW_KEY), new Uint8Array(12));
    await eye.writeBlock(1, theirs);
    await eye.writeBlock(2, theirs);
    const disk = runDisk({ ...options(1), clusterKey: NEW_KEY, formerKey: CLUSTER_KEY });
    try {
      await pulse.hello();
      pulse.read(1, 0);
      assert.is((await pulse.result(1))["ok"], true);
      for (const id of [2, 3]) {
        pulse.write(id, null);
        assert.is((await pulse.result(id))["ok"], true);
      }
      for (const at of [3, 4]) assert.is(kindOf(await eye.readBlock(at), 1, NEW_KEY), "good");
    } finally {
      await disk.close();
    }
  });
});

test.run();
