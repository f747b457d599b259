/**
 * The disk process between a fake pulse and an array: order, hung operations, failed ones, death at
 * any point.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { FakePulse } from "./fake-pulse.ts";
import { claim, copyBy, onStage, withoutTime } from "./stage.ts";

const childScript = join(dirname(fileURLToPath(import.meta.url)), "child.js");

test("R84: the disk process says who it is, writes its claim and reads the other's", async () => {
  await onStage(async ({ pulse, start, eye }) => {
    start(0);
    assert.equal(await pulse.hello(), { kind: "hello", role: "disk", pid: process.pid, self: 0 });
    pulse.write(1, claim(1));
    assert.equal(withoutTime(await pulse.result(1)), {
      kind: "disk.result",
      id: 1,
      op: "write",
      ok: true,
      claim: claim(1),
    });
    pulse.read(2, 0);
    assert.equal((await pulse.result(2))["claim"], claim(1));
    pulse.read(3, 1);
    assert.equal(withoutTime(await pulse.result(3)), {
      kind: "disk.result",
      id: 3,
      op: "read",
      ok: true,
      claim: null,
      // As the format left it.
      seen: {
        kind: "disk.recall",
        server: 1,
        memory: {
          newest: { serial: 1, writer: "0000000000000000", writtenMs: 0 },
          former: [],
        },
      },
    });
    await eye.writeBlock(4, copyBy(1, 7, claim(5)));
    pulse.read(4, 1);
    assert.equal((await pulse.result(4))["claim"], claim(5));
  });
});

test("R84: writes go to the older copy in turn with rising serials, and a restart goes on from there", async () => {
  await onStage(async ({ pulse, start, writes, eye }) => {
    const first = start(1);
    await pulse.hello();
    for (const id of [1, 2, 3]) pulse.write(id, claim(id));
    await pulse.result(3);
    await first.close();
    start(1);
    await pulse.until(
      () => pulse.messages.filter((m) => m["kind"] === "hello").length === 2,
      "hello",
    );
    pulse.write(4, null);
    await pulse.result(4);
    // Format leaves serial 1 in copy 0 (block 3) and 0 in copy 1 (block 4).
    assert.equal(
      writes.map((write) => write.offset / 4096),
      [4, 3, 4, 3],
    );
    const serialOf = async (block: number): Promise<number> =>
      new DataView((await eye.readBlock(block)).buffer).getUint32(16);
    assert.is(await serialOf(4), 4);
    assert.is(await serialOf(3), 5);
  });
});

test("R84: requests are served in order and a hung one is never overtaken", async () => {
  await onStage(async ({ pulse, start, array, writes, eye }) => {
    start(0);
    await pulse.hello();
    pulse.read(1, 0);
    await pulse.result(1);
    array.setFault(0, "stall");
    pulse.write(2, claim(2));
    pulse.read(3, 1);
    pulse.write(4, null);
    // Malformed requests are answered at once: they prove that the process is not stuck itself.
    pulse.send('{"kind":"disk.read","id":5,"server":99}\n');
    assert.equal(await pulse.result(5), {
      kind: "disk.result",
      id: 5,
      op: "read",
      ok: false,
      error: "expected a server index",
    });
    await eye.readBlock(0);
    assert.equal(writes, []);
    array.setFault(0, "none");
    await pulse.result(4);
    const results = pulse.messages.filter((m) => m["kind"] === "disk.result").map((m) => m["id"]);
    assert.equal(results, [1, 5, 2, 3, 4]);
    assert.equal(
      writes.map((write) => write.offset / 4096),
      [2, 1],
    );
  });
});

test("R84: more requests than may wait are refused with the reason", async () => {
  await onStage(async ({ pulse, start, array }) => {
    start(0);
    await pulse.hello();
    pulse.read(1, 0);
    await pulse.result(1);
    array.setFault(0, "stall");
    for (let id = 2; id <= 20; id++) pulse.read(id, 1);
    // One is under way and 16 wait; numbers 19 and 20 are one too many.
    assert.match(
      String((await pulse.result(19))["error"]),
      /16 requests are waiting for the array/,
    );
    await pulse.result(20);
    array.setFault(0, "none");
    assert.is((await pulse.result(18))["ok"], true);
  });
});

test("R84: what a dead pulse had asked is not carried out for its successor", async () => {
  await onStage(async ({ pulse, start, array, writes, eye, socketPath }) => {
    start(0);
    await pulse.hello();
    pulse.read(1, 0);
    await pulse.result(1);
    array.setFault(0, "stall");
    pulse.write(2, claim(2));
    pulse.write(3, claim(3));
    pulse.send('{"kind":"disk.write","id":4,"claim":0}\n');
    await pulse.result(4);
    await pulse.die();
    const successor = new FakePulse();
    await successor.listen(socketPath);
    await successor.hello();
    array.setFault(0, "none");
    while (writes.length === 0) await eye.readBlock(0);
    successor.read(7, 1);
    await successor.result(7);
    successor.write(2, claim(9));
    const result = await successor.result(2);
    assert.equal(result["claim"], claim(9), "the successor hears of its own request 2 only");
    assert.is(
      writes.length,
      2,
      "the hung write of the dead pulse and the successor's; number 3 is void",
    );
    await successor.die();
    await pulse.listen(`${socketPath}.again`);
  });
});

test("R84: a write that fails is repeated to the same copy with a serial of its own", async () => {
  await onStage(async ({ pulse, start, array, writes, eye }) => {
    start(0);
    await pulse.hello();
    pulse.write(1, claim(1));
    await pulse.result(1);
    array.setFault(0, "torn");
    pulse.write(2, claim(2));
    const torn = await pulse.result(2);
    assert.is(torn["ok"], false);
    assert.match(String(torn["error"]), /^ECONNRESET: .*path to the array lost/);
    array.setFault(0, "none");
    pulse.read(3, 0);
    assert.equal(
      (await pulse.result(3))["claim"],
      claim(1),
      "the claim before the torn one stands",
    );
    pulse.write(4, claim(4));
    assert.is((await pulse.result(4))["ok"], true);
    assert.equal(
      writes.map(({ offset, torn: cut }) => [offset / 4096, cut]),
      [
        [2, false],
        [1, true],
        [1, false],
      ],
    );
    assert.is(new DataView((await eye.readBlock(1)).buffer).getUint32(16), 4);
  });
});

test("D5: error, cut path and their end are told by each answer", async () => {
  await onStage(async ({ pulse, start, array }) => {
    start(0);
    await pulse.hello();
    array.setFault(0, "error");
    pulse.write(1, claim(1));
    assert.match(String((await pulse.result(1))["error"]), /^EIO: .*the array answered EIO/);
    array.setFault(0, "none");
    await array.cutPath(0, true);
    pulse.read(2, 1);
    assert.match(String((await pulse.result(2))["error"]), /^(ENOTCONN|ECONNRESET): /);
    pulse.read(3, 1);
    assert.match(String((await pulse.result(3))["error"]), /^ENOTCONN: .*no path to the array/);
    await array.cutPath(0, false);
    pulse.write(4, claim(4));
    assert.is((await pulse.result(4))["ok"], true);
  });
});

async function killed(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

test("R84: kill -9 in the middle of a write leaves the old claim readable, and the next process goes on", async () => {
  await onStage(async ({ pulse, options, array, writes }) => {
    const spawnDisk = (): ChildProcess =>
      spawn(process.execPath, [childScript, JSON.stringify(options(0))], { stdio: "inherit" });
    const hellos = (count: number): Promise<void> =>
      pulse.until(
        () => pulse.messages.filter((m) => m["kind"] === "hello").length === count,
        `hello number ${count}`,
      );
    const first = spawnDisk();
    await hellos(1);
    pulse.write(1, claim(1));
    await pulse.result(1);
    array.setFault(0, "stall");
    pulse.write(2, claim(2));
    pulse.read(3, 77);
    await pulse.result(3);
    await killed(first);
    await pulse.until(() => !pulse.isConnected(), "end of the killed process's connection");
    // The array has lost that client as well; what it held for it is void.
    const second = spawnDisk();
    await hellos(2);
    pulse.read(4, 0);
    array.setFault(0, "none");
    assert.equal((await pulse.result(4))["claim"], claim(1));
    pulse.write(5, claim(5));
    await pulse.result(5);
    assert.equal(
      writes.map((write) => write.offset / 4096),
      [2, 1],
    );
    await killed(second);
  });
});

test.run();
