/**
 * The NBD client against the rack's export: every fault of the array and of its paths.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseNbdUrl } from "../../../hal/drivers/array-nbd/driver.ts";
import { within } from "../../deadline.ts";
import { failure, isHeld, pattern, withCabinet } from "./array-cabinet.ts";

test("R4: what one server wrote over its path the other reads over its own, and the rack notes it", async () => {
  await withCabinet(async ({ writes, clients: [one, other] }) => {
    await one.writeBlock(1, pattern(1));
    await other.writeBlock(4, pattern(2));
    assert.equal(await other.readBlock(1), pattern(1));
    assert.equal(await one.readBlock(4), pattern(2));
    assert.equal(await one.readBlock(32), new Uint8Array(4096));
    assert.equal(
      writes.map(({ server, offset, length, torn }) => [server, offset, length, torn]),
      [
        [0, 4096, 4096, false],
        [1, 16384, 4096, false],
      ],
    );
    const [first, second] = writes.map((write) => write.atMs);
    assert.ok(first !== undefined && second !== undefined && first > 0 && first <= second);
  });
});

test("R4: blocks beyond the export and blocks of another size never reach the array", async () => {
  await withCabinet(async ({ writes, clients: [one] }) => {
    assert.is((await failure(one.readBlock(33))).code, "ERANGE");
    assert.is((await failure(one.writeBlock(-1, pattern(1)))).code, "ERANGE");
    assert.is((await failure(one.writeBlock(0, new Uint8Array(4095)))).code, "EINVAL");
    assert.equal(writes, []);
  });
});

test("R4: a second operation before the first has ended is refused", async () => {
  await withCabinet(async ({ clients: [one] }) => {
    const first = one.readBlock(0);
    assert.is((await failure(one.readBlock(1))).code, "EBUSY");
    assert.equal(await first, new Uint8Array(4096));
  });
});

test("D5: a stalled path holds requests and completes them late, the other path goes on", async () => {
  await withCabinet(async ({ array, writes, clients: [one, other] }) => {
    await one.readBlock(0);
    array.setFault(0, "stall");
    const held = one.writeBlock(1, pattern(1));
    assert.ok(await isHeld(held, other));
    assert.equal(await other.readBlock(1), new Uint8Array(4096), "nothing is stored while held");
    assert.equal(writes, []);
    array.setFault(0, "none");
    await within("late completion", held);
    assert.equal(await other.readBlock(1), pattern(1));
    assert.is(writes.length, 1);
  });
});

test("P6: a write that the array had taken lands late although its server is gone", async () => {
  await withCabinet(async ({ array, writes, clients: [one, other] }) => {
    await one.readBlock(0);
    array.setFault(0, "late");
    const held = one.writeBlock(1, pattern(1));
    assert.ok(await isHeld(held, other));
    array.dropServer(0);
    assert.is((await failure(held)).code, "ECONNRESET");
    assert.equal(await other.readBlock(1), new Uint8Array(4096), "nothing is stored while held");
    array.setFault(0, "none");
    assert.equal(await other.readBlock(1), pattern(1));
    assert.is(writes.length, 1);
  });
});

test("D5: a server that loses power while its write is held never writes it", async () => {
  await withCabinet(async ({ array, writes, clients: [one, other] }) => {
    await one.readBlock(0);
    array.setFault(0, "stall");
    const held = one.writeBlock(1, pattern(1));
    assert.ok(await isHeld(held, other));
    array.dropServer(0);
    const error = await failure(held);
    assert.is(error.code, "ECONNRESET");
    assert.match(error.message, /path to the array lost/);
    array.setFault(0, "none");
    await within("write of the next life", one.writeBlock(2, pattern(2)));
    assert.equal(await other.readBlock(1), new Uint8Array(4096));
    assert.equal(
      writes.map((write) => write.offset),
      [2 * 4096],
    );
  });
});

test("D5: an array in error answers each request with an error and stores nothing", async () => {
  await withCabinet(async ({ array, writes, clients: [one, other] }) => {
    array.setFault("all", "error");
    assert.is((await failure(one.writeBlock(1, pattern(1)))).code, "EIO");
    assert.is((await failure(other.readBlock(1))).code, "EIO");
    array.setFault("all", "none");
    assert.equal(await other.readBlock(1), new Uint8Array(4096));
    assert.equal(writes, []);
  });
});

test("D5: a torn write leaves its first 512 bytes and no answer", async () => {
  await withCabinet(async ({ array, writes, clients: [one, other] }) => {
    await one.writeBlock(1, pattern(1));
    array.setFault(0, "torn");
    assert.is((await failure(one.writeBlock(1, pattern(2)))).code, "ECONNRESET");
    const expected = new Uint8Array(pattern(1));
    expected.set(pattern(2).subarray(0, 512));
    assert.equal(await other.readBlock(1), expected);
    assert.equal(
      writes.map(({ length, torn }) => [length, torn]),
      [
        [4096, false],
        [512, true],
      ],
    );
  });
});

test("D5: a cut path fails at once, also for an operation under way, and comes back", async () => {
  await withCabinet(async ({ array, clients: [one, other] }) => {
    await one.readBlock(0);
    array.setFault(0, "stall");
    const held = one.readBlock(0);
    assert.ok(await isHeld(held, other));
    const cut = array.cutPath(0, true);
    assert.is((await failure(held)).code, "ECONNRESET");
    await cut;
    array.setFault(0, "none");
    for (let i = 0; i < 3; i++) {
      const error = await failure(one.readBlock(0));
      assert.is(error.code, "ENOTCONN");
      assert.match(error.message, /no path to the array: ECONNREFUSED/);
    }
    assert.equal(await other.readBlock(0), new Uint8Array(4096));
    await array.cutPath(0, false);
    assert.equal(
      await within("answer over the restored path", one.readBlock(0)),
      new Uint8Array(4096),
    );
  });
});

test("D5: cut and restore in quick succession end in what was asked last", async () => {
  await withCabinet(async ({ array, clients: [one] }) => {
    await Promise.all([array.cutPath(0, true), array.cutPath(0, false), array.cutPath(0, true)]);
    assert.is((await failure(one.readBlock(0))).code, "ENOTCONN");
    await Promise.all([array.cutPath(0, false), array.cutPath(0, true), array.cutPath(0, false)]);
    await within("answer over the restored path", one.readBlock(0));
  });
});

test("R4: closing says good-bye and ends an operation under way", async () => {
  await withCabinet(async ({ array, clients: [one, other] }) => {
    await one.readBlock(0);
    array.setFault(0, "stall");
    const held = one.readBlock(0);
    assert.ok(await isHeld(held, other));
    const closing = one.close();
    assert.is((await failure(held)).code, "ECONNRESET");
    await within("close", closing);
    assert.is((await failure(one.readBlock(0))).code, "ECANCELED");
  });
});

test("R4: an array is named by host, port and export, or refused with what was expected", () => {
  assert.equal(parseNbdUrl("nbd://127.1.2.254:10800/array"), {
    kind: "good",
    options: { host: "127.1.2.254", port: 10800, exportName: "array" },
  });
  assert.equal(parseNbdUrl("nbd://[fd00::1]/a/b"), {
    kind: "good",
    options: { host: "fd00::1", port: 10809, exportName: "a/b" },
  });
  assert.equal(parseNbdUrl("nbd://host"), {
    kind: "good",
    options: { host: "host", port: 10809, exportName: "" },
  });
  for (const wrong of [
    "",
    "nbd:",
    "nbd:///array",
    "nbd://h:0/a",
    "nbd://h:65536/a",
    "http://h/a",
    "nbd://h x/a",
  ]) {
    const url = parseNbdUrl(wrong);
    assert.is(url.kind, "bad", wrong);
    if (url.kind === "bad") assert.match(url.reason, /expected nbd:\/\/host:port\/export/);
  }
});

test.run();
