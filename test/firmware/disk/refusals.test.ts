/**
 * What the disk process does not believe: foreign partitions, foreign slots, lines that are no
 * requests; and how a partition comes to be formatted.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openArbitrationArray } from "../../../firmware/disk/array.ts";
import { type DiskOptions, runDisk } from "../../../firmware/disk/disk.ts";
import { formatArbitration } from "../../../firmware/disk/format.ts";
import { parseDiskLine } from "../../../firmware/disk/link.ts";
import { createNbdArray } from "../../../hal/drivers/array-nbd/driver.ts";
import { type ArbitrationArray, ArrayError } from "../../../hal/ports/array.ts";
import { createArrayExport } from "../../../hal/rack/array-export.ts";
import { encodeHeader } from "../../../services/quorum/arbitration-layout.ts";
import { encodeClaimCopy } from "../../../services/quorum/claim.ts";
import {
  CLUSTER,
  CLUSTER_KEY,
  claim,
  copyBy,
  HOST,
  hostOf,
  IDENTITY,
  KEYS,
  onStage,
} from "./stage.ts";

const NONCE = new Uint8Array(12);
const OTHER_CLUSTER = { clusterId: 0x0bad_cafe, clusterKey: CLUSTER_KEY };

interface BadPartition {
  readonly what: string;
  readonly prepare: (eye: ArbitrationArray) => Promise<unknown>;
  readonly error: RegExp;
}

const BAD_PARTITIONS: readonly BadPartition[] = [
  {
    what: "an unformatted partition",
    prepare: async () => undefined,
    error:
      /foreign or unformatted.*expected the header of cluster c1a57e12, found a blank block; do: /,
  },
  {
    what: "another cluster's partition",
    prepare: (eye) => formatArbitration(eye, OTHER_CLUSTER),
    error: /expected the header of cluster c1a57e12, found cluster 0badcafe; do: /,
  },
  {
    what: "a file system",
    prepare: (eye) => eye.writeBlock(0, new Uint8Array(4096).fill(7)),
    error: /found data of another program; do: /,
  },
];

for (const { what, prepare, error } of BAD_PARTITIONS) {
  test(`R4: on ${what} every request is refused and nothing is written, until it is formatted`, async () => {
    await onStage(async ({ pulse, start, writes, eye, reports }) => {
      start(0);
      await pulse.hello();
      pulse.write(1, claim(1));
      assert.match(String((await pulse.result(1))["error"]), error);
      pulse.read(2, 1);
      assert.match(String((await pulse.result(2))["error"]), error);
      assert.equal(writes, []);
      assert.is(reports.length, 1);
      assert.match(reports[0] ?? "", error);
      assert.equal(await formatArbitration(eye, IDENTITY, { force: true }), { kind: "formatted" });
      pulse.write(3, claim(3));
      assert.is((await pulse.result(3))["ok"], true);
    }, prepare);
  });
}

test("R4: after trouble with the array its header is read anew: it may be another array", async () => {
  await onStage(async ({ pulse, start, array, eye, writes }) => {
    start(0);
    await pulse.hello();
    pulse.read(1, 1);
    await pulse.result(1);
    await array.cutPath(0, true);
    pulse.read(2, 1);
    assert.is((await pulse.result(2))["ok"], false);
    await formatArbitration(eye, OTHER_CLUSTER, { force: true });
    await array.cutPath(0, false);
    pulse.write(3, claim(3));
    assert.match(String((await pulse.result(3))["error"]), /found cluster 0badcafe/);
    assert.equal(writes, []);
  });
});

test("R84: a wiped or foreign slot is an error and not the word 'none'", async () => {
  await onStage(async ({ pulse, start, eye, writes }) => {
    start(0);
    await pulse.hello();
    await eye.writeBlock(3, new Uint8Array(4096));
    await eye.writeBlock(4, new Uint8Array(4096));
    pulse.read(1, 1);
    assert.match(
      String((await pulse.result(1))["error"]),
      /^slot of SERVER2 is unreadable \(wiped\)/,
    );
    const written = { serial: 1, writer: hostOf(1), writtenMs: 1 };
    const foreign = { clusterId: 5, server: 1, ...written, claim: null };
    await eye.writeBlock(3, encodeClaimCopy(foreign, KEYS, NONCE));
    pulse.read(2, 1);
    assert.match(String((await pulse.result(2))["error"]), /unreadable \(foreign-cluster\)/);
    await eye.writeBlock(1, copyBy(1, 1, null));
    pulse.read(3, 0);
    assert.match(String((await pulse.result(3))["error"]), /SERVER1 is unreadable \(wrong-slot\)/);
    pulse.write(4, claim(4));
    assert.match(String((await pulse.result(4))["error"]), /SERVER1 is unreadable \(wrong-slot\)/);
    pulse.read(5, 2);
    assert.match(
      String((await pulse.result(5))["error"]),
      /no server 2: expected an index below 2/,
    );
    assert.equal(writes, []);
  });
});

test("R84: lines that are no requests are survived, an endless one ends the connection", async () => {
  await onStage(async ({ pulse, start, reports }) => {
    start(0);
    await pulse.hello();
    pulse.send('\n{"kind":\nnull\n[]\n{"kind":"view"}\n{"kind":"disk.write","id":"x"}\n');
    pulse.send(`{"kind":"disk.write","id":1,"claim":{"state":"claimed"}}\n`);
    assert.match(String((await pulse.result(1))["error"]), /expected a claim or null/);
    assert.is(reports.length, 5);
    pulse.send("x".repeat(5000));
    await pulse.until(
      () => pulse.messages.filter((m) => m["kind"] === "hello").length === 2,
      "hello",
    );
    pulse.read(2, 0);
    assert.is((await pulse.result(2))["ok"], true);
  });
});

test("R84: a line is a request, a refusal or nothing, by its shape alone", () => {
  assert.equal(parseDiskLine('{"kind":"disk.read","id":3,"server":1}'), {
    kind: "request",
    request: { kind: "disk.read", id: 3, server: 1 },
  });
  assert.equal(parseDiskLine('{"kind":"disk.write","id":4,"claim":null}'), {
    kind: "request",
    request: { kind: "disk.write", id: 4, claim: null },
  });
  assert.is(parseDiskLine('{"kind":"disk.read","id":3.5,"server":1}').kind, "ignored");
  assert.is(parseDiskLine('{"kind":"disk.read","id":3,"server":-1}').kind, "refused");
  assert.is(parseDiskLine('{"kind":"disk.read","id":3').kind, "ignored");
});

test("R4: a partition is named by nbd URL or absolute path, or refused with what was expected", () => {
  assert.throws(
    () => openArbitrationArray("array.img"),
    /expected nbd:\/\/host:port\/export or an absolute path/,
  );
  assert.throws(() => openArbitrationArray("nbd://:1/x"), /expected nbd:\/\/host:port\/export/);
  assert.throws(
    () => runDisk({ ...DUMMY, arrayUrl: "" }),
    (error: unknown) => error instanceof ArrayError,
  );
});

const DUMMY: DiskOptions = {
  arrayUrl: "",
  ...IDENTITY,
  self: 0,
  host: hostOf(0),
  serverNames: ["SERVER1", "SERVER2"],
  pulseSocketPath: "nobody.sock",
};

test("R4: format makes all slots readable, and leaves a standing claim alone", async () => {
  await onStage(async ({ eye, pulse, start }) => {
    start(0);
    await pulse.hello();
    pulse.write(1, claim(1));
    await pulse.result(1);
    assert.equal(await formatArbitration(eye, IDENTITY), { kind: "already-formatted" });
    pulse.read(2, 0);
    assert.equal((await pulse.result(2))["claim"], claim(1));
  });
});

test("R4: format refuses what is not blank, finishes what it began, and is forced only on demand", async () => {
  await onStage(
    async ({ eye }) => {
      await eye.writeBlock(16, new Uint8Array(4096).fill(0x5f, 64, 72));
      const refusal = await formatArbitration(eye, IDENTITY);
      assert.is(refusal.kind, "refused");
      if (refusal.kind === "refused")
        assert.match(refusal.message, /found data in block 16.*force/);
      assert.equal(await eye.readBlock(1), new Uint8Array(4096));
      await eye.writeBlock(16, new Uint8Array(4096));
      // A format of this cluster that was killed: slots written, no header.
      await eye.writeBlock(1, copyBy(0, 1, null));
      assert.equal(await formatArbitration(eye, IDENTITY), { kind: "formatted" });
      assert.equal(await eye.readBlock(0), encodeHeader(CLUSTER));
      const foreign = await formatArbitration(eye, { ...IDENTITY, clusterId: 5 });
      assert.is(foreign.kind, "refused");
      if (foreign.kind === "refused")
        assert.match(foreign.message, /partition of cluster c1a57e12/);
      assert.equal(await formatArbitration(eye, { ...IDENTITY, clusterId: 5 }, { force: true }), {
        kind: "formatted",
      });
      assert.equal(await eye.readBlock(0), encodeHeader(5));
    },
    async () => undefined,
  );
});

test("R4: an array too small for the layout is told by format, not half formatted as good", async () => {
  const array = await createArrayExport({
    host: HOST,
    ports: [0],
    sizeBytes: 8 * 4096,
    onWrite: () => undefined,
  });
  const eye = createNbdArray({ host: HOST, port: array.ports[0] ?? 0, exportName: "array" });
  const result = await formatArbitration(eye, IDENTITY, { force: true });
  assert.is(result.kind, "failed");
  if (result.kind === "failed") assert.is(result.code, "ERANGE");
  assert.equal(await eye.readBlock(0), new Uint8Array(4096));
  await eye.close();
  await array.close();
});

test.run();
