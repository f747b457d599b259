/** The set of keys on disk: modes, what a full disk leaves, what a start makes of it. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  keysFolder,
  readActiveKey,
  readFormerKey,
  readKeySet,
  writeKeySet,
} from "../../firmware/key-files.ts";
import { folderFiles, type StoreFiles } from "../../flash/store/files.ts";
import { firstSet, type KeySet, keyId } from "../../services/keys/key-set.ts";

const keyOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const K0 = keyOf(1);
const K1 = keyOf(2);
const ROTATED: KeySet = { ...firstSet(K1, 5), old: { id: keyId(K0), key: K0, sinceMs: 5 } };
const hex = (key: Uint8Array): string => Buffer.from(key).toString("hex");

async function inFolder(
  play: (local: { keyFile: string; stateDir: string }, files: StoreFiles) => Promise<void>,
): Promise<void> {
  const stateDir = mkdtempSync(join(tmpdir(), "kage-keys-"));
  try {
    const keyFile = join(stateDir, "cluster.key");
    writeFileSync(keyFile, `${hex(K0)}\n`, { mode: 0o600 });
    mkdirSync(keysFolder(stateDir), { mode: 0o700 });
    await play({ keyFile, stateDir }, folderFiles(keysFolder(stateDir)));
  } finally {
    rmSync(stateDir, { recursive: true });
  }
}

test("without a set the key file is the only key; after a rotation the set rules, for its owner only", async () => {
  await inFolder(async (local, files) => {
    assert.equal(readActiveKey(local), K0);
    assert.is((await writeKeySet(files, local.keyFile, ROTATED)).kind, "done");
    assert.equal(readKeySet(local), { kind: "set", set: ROTATED });
    assert.equal(readActiveKey(local), K1);
    assert.is(statSync(join(keysFolder(local.stateDir), "keys.json")).mode & 0o777, 0o600);
    assert.equal(readdirSync(keysFolder(local.stateDir)), ["keys.json"]);
  });
});

test("R138: a key that a person puts into the key file makes the set void", async () => {
  await inFolder(async (local, files) => {
    await writeKeySet(files, local.keyFile, ROTATED);
    writeFileSync(local.keyFile, `${hex(keyOf(9))}\n`);
    assert.equal(readActiveKey(local), keyOf(9));
    assert.is(readKeySet(local).set.old, null);
  });
});

test("ENOSPC: a full disk leaves the set that was there", async () => {
  await inFolder(async (local, files) => {
    await writeKeySet(files, local.keyFile, ROTATED);
    symlinkSync("/dev/full", join(keysFolder(local.stateDir), "keys.new"));
    const failed = await writeKeySet(files, local.keyFile, firstSet(keyOf(7), 9));
    assert.is(failed.kind === "failed" && failed.code, "ENOSPC");
    assert.equal(readKeySet(local), { kind: "set", set: ROTATED });
  });
});

test("a cut between two file operations leaves the old set or the new one", async () => {
  const next = firstSet(keyOf(7), 9);
  for (let allowed = 0; allowed <= 3; allowed += 1) {
    await inFolder(async (local, files) => {
      await writeKeySet(files, local.keyFile, ROTATED);
      let left = allowed;
      const cut = { kind: "failed", code: "EIO", text: "power" } as const;
      const may = (): boolean => {
        left -= 1;
        return left >= 0;
      };
      const failing: StoreFiles = {
        read: (name, max) => files.read(name, max),
        write: async (name, bytes) => {
          if (may()) return files.write(name, bytes);
          await files.write(name, bytes.subarray(0, 40));
          return cut;
        },
        rename: async (from, to) => (may() ? files.rename(from, to) : cut),
        syncFolder: async () => (may() ? files.syncFolder() : cut),
      };
      await writeKeySet(failing, local.keyFile, next);
      const { kind, set } = readKeySet(local);
      assert.is(kind, "set");
      assert.equal(set, allowed < 2 ? ROTATED : next, `cut after ${allowed}`);
    });
  }
});

test("a damaged set is told, and the key file is used", async () => {
  await inFolder(async (local) => {
    writeFileSync(join(keysFolder(local.stateDir), "keys.json"), "{");
    const chosen = readKeySet(local);
    assert.is(chosen.kind, "broken");
    assert.equal(chosen.set.active.key, K0);
    writeFileSync(join(keysFolder(local.stateDir), "keys.json"), "x".repeat(10_000));
    assert.is(readKeySet(local).kind, "broken");
  });
});

test("the key before a person's change is read where it is kept, and is none where it is not one", async () => {
  await inFolder(async (local) => {
    assert.is(readFormerKey(local), null);
    writeFileSync(`${local.keyFile}.old`, "rubbish");
    assert.is(readFormerKey(local), null);
    writeFileSync(`${local.keyFile}.old`, `${hex(K1)}\n`);
    assert.equal(readFormerKey(local), K1);
  });
});

test.run();
