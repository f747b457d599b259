/**
 * The disk process and whoever does not know the cluster key: a server with another key file, a forger
 * at the array, a partition formatted under another key or before there were tags.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { runDisk, runServerDisk } from "../../../firmware/disk/disk.ts";
import { formatArbitration } from "../../../firmware/disk/format.ts";
import { type ServerContext, StartFault } from "../../../firmware/local.ts";
import { crc32 } from "../../../hal/base/crc.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import { encodeHeader } from "../../../services/quorum/arbitration-layout.ts";
import { encodeClaimCopy } from "../../../services/quorum/claim.ts";
import { ClaimKeys } from "../../../services/quorum/claim-tag.ts";
import { pairConfig } from "../pulse/pair.ts";
import { CLUSTER, claim, copyBy, hostOf, IDENTITY, onStage } from "./stage.ts";

const OTHER_KEY = new Uint8Array(32).fill(0xee);
const OTHER_IDENTITY = { clusterId: CLUSTER, clusterKey: OTHER_KEY };
const CONFIG = pairConfig("com-disk");

const unauthenticated = (name: string): RegExp =>
  new RegExp(`the copy of ${name} fails authentication: key differs or block forged; do: give`);

function withCrc(block: Uint8Array): Uint8Array {
  new DataView(block.buffer).setUint32(4092, crc32(block.subarray(0, 4092)));
  return block;
}

test("D56: a server with another key neither writes nor reads 'none', and says what to do", async () => {
  await onStage(async ({ pulse, options, eye, writes, reports }) => {
    const before = [await eye.readBlock(3), await eye.readBlock(4)];
    const disk = runDisk({
      ...options(1),
      clusterKey: OTHER_KEY,
      report: (text) => reports.push(text),
    });
    try {
      await pulse.hello();
      pulse.write(1, claim(1));
      const written = await pulse.result(1);
      assert.is(written["ok"], false);
      assert.match(String(written["error"]), unauthenticated("SERVER2"));
      pulse.read(2, 0);
      const read = await pulse.result(2);
      assert.is(read["ok"], false);
      assert.match(String(read["error"]), unauthenticated("SERVER1"));
      assert.equal(writes, []);
      assert.equal([await eye.readBlock(3), await eye.readBlock(4)], before);
      assert.is(reports.length, 1);
      assert.match(reports[0] ?? "", unauthenticated("SERVER2"));
    } finally {
      await disk.close();
    }
  });
});

test("R84: a forged copy is an error that names the server, and an authentic one is read again", async () => {
  await onStage(async ({ pulse, start, eye, writes }) => {
    start(0);
    await pulse.hello();
    const written = { serial: 9, writer: hostOf(1), writtenMs: 9 };
    const copy = { clusterId: CLUSTER, server: 1, ...written, claim: claim(1) };
    await eye.writeBlock(4, encodeClaimCopy(copy, new ClaimKeys(OTHER_KEY), new Uint8Array(12)));
    pulse.read(1, 1);
    assert.match(String((await pulse.result(1))["error"]), unauthenticated("SERVER2"));
    // The standing claim taken out by somebody without the key.
    const taken = copyBy(1, 9, claim(1));
    taken[11] = 0;
    taken.fill(0, 20, 53);
    await eye.writeBlock(4, withCrc(taken));
    pulse.read(2, 1);
    assert.match(String((await pulse.result(2))["error"]), unauthenticated("SERVER2"));
    await eye.writeBlock(4, copyBy(1, 9, claim(1)));
    pulse.read(3, 1);
    assert.equal((await pulse.result(3))["claim"], claim(1));
    assert.equal(writes, []);
  });
});

test("R84: every write, the format's included, has a nonce of its own", async () => {
  await onStage(async ({ pulse, start, eye }) => {
    start(0);
    await pulse.hello();
    const nonceIn = async (block: number): Promise<string> =>
      Buffer.from((await eye.readBlock(block)).subarray(4064, 4076)).toString("hex");
    const nonces = new Set<string>();
    for (let block = 1; block <= 32; block++) nonces.add(await nonceIn(block));
    assert.is(nonces.size, 32);
    for (let id = 1; id <= 6; id++) {
      pulse.write(id, claim(1));
      await pulse.result(id);
      nonces.add(await nonceIn(1)).add(await nonceIn(2));
    }
    assert.is(nonces.size, 32 + 6);
  });
});

test("R84: a slot that nobody has written yet is signed as 'none'; of zeros it is wiped, ever after", async () => {
  await onStage(async ({ eye, pulse, start }) => {
    start(0);
    await pulse.hello();
    pulse.read(1, 1);
    assert.is((await pulse.result(1))["claim"], null);
    await eye.writeBlock(3, new Uint8Array(4096));
    await eye.writeBlock(4, new Uint8Array(4096));
    pulse.read(2, 1);
    assert.match(String((await pulse.result(2))["error"]), /SERVER2 is unreadable \(wiped\)/);
    assert.equal(await formatArbitration(eye, IDENTITY), { kind: "already-formatted" });
    pulse.read(3, 1);
    assert.match(String((await pulse.result(3))["error"]), /SERVER2 is unreadable \(wiped\)/);
  });
});

test("R4: a partition under another key is not taken for this cluster's, and formatted by force only", async () => {
  await onStage(async ({ eye, pulse, start }) => {
    start(0);
    await pulse.hello();
    const refusal = await formatArbitration(eye, OTHER_IDENTITY);
    assert.is(refusal.kind, "refused");
    if (refusal.kind === "refused") assert.match(refusal.message, /own under another key.*force/);
    pulse.read(1, 1);
    assert.is((await pulse.result(1))["ok"], true);
    const forced = await formatArbitration(eye, OTHER_IDENTITY, { force: true });
    assert.equal(forced, { kind: "formatted" });
    pulse.read(2, 1);
    assert.match(String((await pulse.result(2))["error"]), unauthenticated("SERVER2"));
  });
});

test("R4: one forged copy does not keep the cluster from starting on its partition", async () => {
  await onStage(async ({ eye }) => {
    const written = { serial: 9, writer: hostOf(0), writtenMs: 9 };
    const copy = { clusterId: CLUSTER, server: 0, ...written, claim: null };
    await eye.writeBlock(1, encodeClaimCopy(copy, new ClaimKeys(OTHER_KEY), new Uint8Array(12)));
    assert.equal(await formatArbitration(eye, IDENTITY), { kind: "already-formatted" });
  });
});

test("R4: a partition of another format version is refused with both versions named", async () => {
  await onStage(async ({ eye, pulse, start, writes }) => {
    const old = encodeHeader(CLUSTER);
    old[9] = 1;
    await eye.writeBlock(0, withCrc(old));
    const found = /found a header of format version 1 instead of 3.*format/;
    const refusal = await formatArbitration(eye, IDENTITY);
    assert.is(refusal.kind, "refused");
    if (refusal.kind === "refused") assert.match(refusal.message, found);
    start(0);
    await pulse.hello();
    pulse.read(1, 1);
    assert.match(String((await pulse.result(1))["error"]), found);
    assert.equal(writes, []);
  });
});

function contextOf(folder: string, path: string | null): ServerContext {
  return {
    local: {
      server: "SERVER1",
      configFile: join(folder, "cluster.jsonc"),
      keyFile: join(folder, "cluster.key"),
      stateDir: folder,
      runDir: folder,
      off: { kind: "rack" },
      watchdog: { kind: "none" },
      addresses: { kind: "rack" },
    },
    config: { ...CONFIG, disk: path === null ? null : { paths: [path, path] } },
    self: 0,
    host: hostIncarnation("00112233445566ff"),
  };
}

const startFault =
  (message: RegExp) =>
  (error: unknown): boolean =>
    error instanceof StartFault && message.test(error.message);

test("R4: the disk process does not start on a wrong key file or array, and says which file", () => {
  const folder = mkdtempSync(join(tmpdir(), "kage-disk-start-"));
  try {
    assert.is(runServerDisk(contextOf(folder, null)), null);
    const start = (path: string) => (): unknown => runServerDisk(contextOf(folder, path));
    assert.throws(start("/array"), startFault(/cluster\.key: cannot be read/));
    writeFileSync(join(folder, "cluster.key"), `${"ab".repeat(31)}\n`);
    assert.throws(start("/array"), startFault(/cluster\.key: expected 64 hex digits/));
    writeFileSync(join(folder, "cluster.key"), `${"ab".repeat(32)}\n`);
    for (const path of ["array.img", "nbd://:1/x", "nbd://127.0.0.1:99999/x"]) {
      assert.throws(
        start(path),
        startFault(
          /cluster\.jsonc: disk\.paths of SERVER1: .*expected nbd:\/\/.*got ".*correct it/,
        ),
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
