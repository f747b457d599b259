/**
 * The direct driver on real files. The temporary folder is used when it is on a disk; what needs
 * O_DIRECT says so as a skip where the file system refuses it.
 */
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createDirectArray } from "../../../hal/drivers/array-direct/driver.ts";
import { ArrayError } from "../../../hal/ports/array.ts";

const BLOCKS = 33;
const folder = mkdtempSync(join(tmpdir(), "kage-array-direct-"));
const path = join(folder, "partition.img");
writeFileSync(path, new Uint8Array(BLOCKS * 4096));
const allowBuffered = refusesDirect();

test.after(() => rmSync(folder, { recursive: true }));

function refusesDirect(): boolean {
  try {
    closeSync(openSync(path, constants.O_RDWR | constants.O_DIRECT));
    return false;
  } catch {
    process.stdout.write(`# skip O_DIRECT: the file system of ${folder} refuses it\n`);
    return true;
  }
}

const pattern = (seed: number): Uint8Array =>
  Uint8Array.from({ length: 4096 }, (_, i) => (i * 31 + seed) & 0xff);

async function failure(operation: Promise<unknown>): Promise<ArrayError> {
  try {
    await operation;
  } catch (error) {
    assert.instance(error, ArrayError);
    if (error instanceof ArrayError) return error;
  }
  throw new Error("expected the operation to fail");
}

test("R4: a block written past the cache is in the file and reads back", async () => {
  const array = createDirectArray({ path, allowBuffered });
  await array.writeBlock(2, pattern(1));
  await array.writeBlock(32, pattern(2));
  assert.equal(await array.readBlock(2), pattern(1));
  assert.equal(await array.readBlock(32), pattern(2));
  assert.equal(await array.readBlock(1), new Uint8Array(4096));
  await array.close();
  const file = readFileSync(path);
  assert.is(file.length, BLOCKS * 4096);
  assert.equal(new Uint8Array(file.subarray(2 * 4096, 3 * 4096)), pattern(1));
});

test("R4: memory of any alignment is taken, for the driver copies it to a page", async () => {
  const array = createDirectArray({ path, allowBuffered });
  const odd = new Uint8Array(new ArrayBuffer(5000), 3, 4096);
  odd.set(pattern(7));
  await array.writeBlock(3, odd);
  const first = await array.readBlock(3);
  await array.readBlock(0);
  assert.equal(first, pattern(7), "an earlier result is not overwritten by a later read");
  await array.close();
});

test("R4: two drivers see each other's last completed write", async () => {
  const one = createDirectArray({ path, allowBuffered });
  const other = createDirectArray({ path, allowBuffered });
  for (let round = 0; round < 20; round++) {
    await one.writeBlock(5, pattern(round));
    assert.equal(await other.readBlock(5), pattern(round));
  }
  await one.close();
  await other.close();
});

test("R4: a second operation before the first has ended is refused", async () => {
  const array = createDirectArray({ path, allowBuffered });
  const first = array.readBlock(0);
  assert.is((await failure(array.writeBlock(0, pattern(9)))).code, "EBUSY");
  await first;
  assert.equal(await array.readBlock(0), new Uint8Array(4096));
  await array.close();
  assert.is((await failure(array.readBlock(0))).code, "ECANCELED");
});

test("R4: blocks beyond the file and blocks of another size are refused, and the file does not grow", async () => {
  const array = createDirectArray({ path, allowBuffered });
  assert.is((await failure(array.readBlock(BLOCKS))).code, "ERANGE");
  assert.is((await failure(array.writeBlock(BLOCKS, pattern(0)))).code, "ERANGE");
  assert.is((await failure(array.readBlock(-1))).code, "ERANGE");
  assert.is((await failure(array.writeBlock(1, new Uint8Array(512)))).code, "EINVAL");
  assert.is(readFileSync(path).length, BLOCKS * 4096);
  await array.close();
});

test("R4: a file that shrinks under the driver is an error, not a short block", async () => {
  const shrinking = join(folder, "shrinking.img");
  writeFileSync(shrinking, new Uint8Array(3 * 4096));
  const array = createDirectArray({ path: shrinking, allowBuffered });
  await array.readBlock(2);
  truncateSync(shrinking, 2 * 4096);
  const error = await failure(array.readBlock(2));
  assert.is(error.code, "EIO");
  assert.match(error.message, /read 0 of 4096 bytes of block 2/);
  await array.close();
});

test("R4: a partition that goes away and comes back is opened anew", async () => {
  const coming = join(folder, "coming.img");
  const array = createDirectArray({ path: coming, allowBuffered });
  assert.is((await failure(array.readBlock(0))).code, "ENOENT");
  writeFileSync(coming, new Uint8Array(2 * 4096).fill(5));
  assert.equal(await array.readBlock(1), new Uint8Array(4096).fill(5));
  renameSync(coming, `${coming}.gone`);
  assert.is((await failure(array.readBlock(7))).code, "ERANGE");
  assert.is((await failure(array.readBlock(0))).code, "ENOENT");
  await array.close();
});

test("R4: a file system without O_DIRECT is refused with the way out", async () => {
  const error = await failure(createDirectArray({ path: "/proc/self/comm" }).readBlock(0));
  assert.is(error.code, "EINVAL");
  assert.match(error.message, /refuses direct access \(O_DIRECT\).*\/dev\/disk\/by-id/);
});

test("R4: what is neither block device nor file is refused", async () => {
  const array = createDirectArray({ path: "/dev/null", allowBuffered: true });
  const error = await failure(array.readBlock(0));
  assert.is(error.code, "ENODEV");
  assert.match(error.message, /expected a block device or a file/);
});

test.run();
