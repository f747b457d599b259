/**
 * The lab's array: two block devices over the same bytes, and what its paths and drives can do wrong, seen
 * through the product's own driver (O_DIRECT). Source: hal/rack/array-export.ts (the same faults), D5, P6.
 */
import { mkdirSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createDirectArray } from "../../hal/drivers/array-direct/driver.ts";
import { type ArbitrationArray, ArrayError } from "../../hal/ports/array.ts";
import { type LoopArray, openArray } from "./array-loop.ts";
import { run } from "./command.ts";
import { claimFolder, processesOfLab, releaseFolder } from "./leftovers.ts";

const BLOCK = 4096;
const page = (fill: number): Uint8Array => new Uint8Array(BLOCK).fill(fill);

async function withArray(
  id: string,
  body: (array: LoopArray, one: ArbitrationArray, two: ArbitrationArray) => Promise<void>,
): Promise<void> {
  const folder = claimFolder(id);
  mkdirSync(folder, { recursive: true });
  const array = await openArray(folder, { KAGE_LAB: id });
  const [one, two] = array.devices.map((path) => createDirectArray({ path }));
  try {
    if (one !== undefined && two !== undefined) await body(array, one, two);
  } finally {
    await one?.close();
    await two?.close();
    await array.close();
    releaseFolder(id);
  }
  assert.equal(processesOfLab(id), []);
  assert.not.match(await run(["losetup", "--list"]), folder);
}

async function errorOf(operation: Promise<unknown>): Promise<string> {
  const found = await operation.then(() => null).catch((error: unknown) => error);
  assert.instance(found, ArrayError);
  return found instanceof ArrayError ? found.code : "";
}

/** Still open when the other path has done its work in the meantime. */
async function isHeld(operation: Promise<unknown>, other: ArbitrationArray): Promise<boolean> {
  let ended = false;
  void operation.then(
    () => {
      ended = true;
    },
    () => {
      ended = true;
    },
  );
  for (let i = 0; i < 20; i += 1) await other.readBlock(8);
  return !ended;
}

test("R4: what one path wrote the other one reads; a cut takes one path away and no other", async () => {
  await withArray("a1a10001", async (array, one, two) => {
    await one.writeBlock(1, page(1));
    assert.equal(await two.readBlock(1), page(1));
    assert.is(array.read(BLOCK, 1)[0], 1);
    await array.cut(0, true);
    assert.is(await errorOf(one.writeBlock(1, page(2))), "EIO");
    assert.equal(await two.readBlock(1), page(1));
    await array.cut(0, false);
    await one.writeBlock(1, page(3));
    assert.equal(await two.readBlock(1), page(3));
  });
});

test("D5: a stalled path completes late, a failing one says EIO, a torn write leaves one sector", async () => {
  await withArray("a1a10002", async (array, one, two) => {
    await array.setFault(0, "stall");
    const held = one.writeBlock(1, page(1));
    assert.ok(await isHeld(held, two));
    assert.is(array.read(BLOCK, 1)[0], 0);
    await array.setFault(0, "none");
    await held;
    assert.equal(await two.readBlock(1), page(1));
    await array.setFault(0, "error");
    assert.is(await errorOf(one.readBlock(1)), "EIO");
    await array.setFault(0, "torn");
    assert.is(await errorOf(one.writeBlock(1, page(2))), "EIO");
    assert.equal([...array.read(BLOCK + 511, 2)], [2, 1]);
  });
});

test("P6: power gone: what a stalled path holds is forgotten, what the array had taken lands late", async () => {
  await withArray("a1a10003", async (array, one, two) => {
    for (const [fault, lands] of [
      ["stall", 0],
      ["late", 1],
    ] as const) {
      await array.setFault(0, fault);
      const held = one.writeBlock(2, page(1));
      assert.ok(await isHeld(held, two));
      await array.drop(0);
      assert.is(await errorOf(held), "EIO");
      assert.is(array.read(2 * BLOCK, 1)[0], 0);
      await array.setFault(0, "none");
      assert.is(array.read(2 * BLOCK, 1)[0], lands);
    }
  });
});

test.run();
