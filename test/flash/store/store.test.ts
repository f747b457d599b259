/**
 * The store: power cuts at every step, trouble of the disk as values, saves that overlap, and one round
 * trip through a real folder.
 */
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { encodeCopy } from "../../../flash/store/copy.ts";
import { type FileDone, folderFiles, type StoreFiles } from "../../../flash/store/files.ts";
import { openStore } from "../../../flash/store/store.ts";
import { PowerCutFiles, type Survivor } from "./power-cut-files.ts";
import { sampleRecord } from "./sample-record.ts";

const NEVER_CUT = 1_000_000;

/** Epoch counter of the loaded record: the records of these tests differ in nothing else. */
async function loadedCounter(files: StoreFiles): Promise<number | string> {
  const { loaded } = await openStore(files);
  return loaded.kind === "loaded" ? (loaded.record.epoch?.counter ?? -1) : loaded.kind;
}

async function saved(initial: Survivor, counters: readonly number[]): Promise<Survivor> {
  const files = new PowerCutFiles(initial, NEVER_CUT);
  const { store } = await openStore(files);
  for (const counter of counters) {
    assert.equal(await store.save(sampleRecord(counter)), { kind: "done" });
  }
  const [only, ...more] = files.survivors();
  assert.is(more.length, 0, "a save that is done leaves nothing open");
  return only ?? new Map();
}

/** Cuts the power at every step of one save and checks every folder that could be left. */
async function cutEverywhere(initial: Survivor, old: number | string, fresh: number) {
  let survivorsSeen = 0;
  let cuts = 0;
  for (let steps = 0; ; steps += 1) {
    const files = new PowerCutFiles(initial, steps);
    const { store } = await openStore(files);
    const result = await store.save(sampleRecord(fresh));
    if (!files.isOff) return { cuts, survivorsSeen };
    cuts += 1;
    assert.is(result.kind, "failed");
    for (const survivor of files.survivors()) {
      survivorsSeen += 1;
      const found = await loadedCounter(new PowerCutFiles(survivor, NEVER_CUT));
      assert.ok(found === old || found === fresh, `cut at step ${steps}: found ${found}`);
      const repaired = await saved(survivor, [fresh + 1]);
      assert.is(await loadedCounter(new PowerCutFiles(repaired, NEVER_CUT)), fresh + 1);
    }
  }
}

test("a power cut at any step of a save leaves the old record or the new one, never a mixture", async () => {
  const two = await saved(new Map(), [1, 2]);
  const { cuts, survivorsSeen } = await cutEverywhere(two, 2, 3);
  // write 3, rename 2, folder 2.
  assert.is(cuts, 7);
  assert.ok(survivorsSeen > 14, `${survivorsSeen}`);
});

test("a power cut at any step of the first and the second save is safe too", async () => {
  await cutEverywhere(new Map(), "defaults", 1);
  await cutEverywhere(await saved(new Map(), [1]), 1, 2);
});

test("a power cut while the record is repaired after damage of the newer copy is safe", async () => {
  const two = new Map(await saved(new Map(), [1, 2]));
  two.set("state-b.bin", new Uint8Array(10));
  await cutEverywhere(two, 1, 3);
});

test("a save that answered is what the next start finds, over many saves", async () => {
  const counters = [1, 2, 3, 4, 5, 6, 7];
  assert.is(await loadedCounter(new PowerCutFiles(await saved(new Map(), counters), NEVER_CUT)), 7);
});

test("serials go over the end of 2^32 without losing the newest record", async () => {
  const edge = encodeCopy(0xffff_ffff, sampleRecord(1)) ?? new Uint8Array();
  const after = await saved(new Map([["state-a.bin", edge]]), [2]);
  assert.is(await loadedCounter(new PowerCutFiles(after, NEVER_CUT)), 2);
});

test("one damaged copy is named, the other is used", async () => {
  const two = new Map(await saved(new Map(), [1, 2]));
  two.set("state-b.bin", new Uint8Array(100));
  const { loaded } = await openStore(new PowerCutFiles(two, NEVER_CUT));
  assert.is(loaded.kind === "loaded" ? loaded.damaged : "none", "b");
  assert.is(loaded.kind === "loaded" ? loaded.record.epoch?.counter : 0, 1);
});

test("a good checksum around a foreign record counts as damage", async () => {
  const foreign = encodeCopy(9, { hello: 1 }) ?? new Uint8Array();
  const { loaded } = await openStore(
    new PowerCutFiles(new Map([["state-a.bin", foreign]]), NEVER_CUT),
  );
  assert.equal(loaded, { kind: "defaults", reason: "damaged" });
});

/** Real behaviour except that one operation fails with `code` while `isFailing`. */
function failing(operation: "write" | "rename" | "syncFolder" | "read", code: string) {
  const real = new PowerCutFiles(new Map(), NEVER_CUT);
  const state = { isFailing: true };
  const failure = { kind: "failed", code, text: `${code}: refused` } as const;
  const guard = <T>(name: string, act: () => Promise<T>) =>
    name === operation && state.isFailing ? Promise.resolve(failure) : act();
  const files: StoreFiles = {
    read: (name) => guard("read", () => real.read(name)),
    write: (name, bytes) => guard("write", () => real.write(name, bytes)),
    rename: (from, to) => guard("rename", () => real.rename(from, to)),
    syncFolder: () => guard("syncFolder", () => real.syncFolder()),
  };
  return { files, state };
}

test("a full, read-only or broken folder is a value with its code, and saving works again afterwards", async () => {
  for (const [operation, code] of [
    ["write", "ENOSPC"],
    ["write", "EACCES"],
    ["rename", "EROFS"],
    ["syncFolder", "EIO"],
  ] as const) {
    const { files, state } = failing(operation, code);
    const { store } = await openStore(files);
    const refused = await store.save(sampleRecord(1));
    assert.is(refused.kind === "failed" ? refused.code : "", code);
    state.isFailing = false;
    assert.equal(await store.save(sampleRecord(2)), { kind: "done" }, code);
    assert.is(await loadedCounter(files), 2, code);
  }
});

test("a full folder does not keep half a temporary file", async () => {
  const real = new PowerCutFiles(new Map(), NEVER_CUT);
  let room = 30;
  const full: StoreFiles = {
    read: (name) => real.read(name),
    write: async (name, bytes) => {
      await real.write(name, bytes.slice(0, room));
      const text = "ENOSPC: no space left on device, write";
      return bytes.length > room ? { kind: "failed", code: "ENOSPC", text } : { kind: "done" };
    },
    rename: (from, to) => real.rename(from, to),
    syncFolder: () => real.syncFolder(),
  };
  const { store } = await openStore(full);
  const refused = await store.save(sampleRecord(1));
  assert.is(refused.kind === "failed" ? refused.code : "", "ENOSPC");
  const left = await real.read("state-new.tmp");
  assert.is(left.kind === "bytes" ? left.bytes.length : -1, 0);
  room = 10_000;
  assert.equal(await store.save(sampleRecord(2)), { kind: "done" });
  assert.is(await loadedCounter(real), 2);
});

test("an unreadable folder is neither defaults nor a reason to write; a later save looks again first", async () => {
  const { files, state } = failing("read", "EACCES");
  state.isFailing = false;
  const before = (await openStore(files)).store;
  for (const counter of [1, 2, 3]) await before.save(sampleRecord(counter));
  state.isFailing = true;
  const { loaded, store } = await openStore(files);
  assert.is(loaded.kind === "failed" ? loaded.code : loaded.kind, "EACCES");
  const refused: FileDone = await store.save(sampleRecord(4));
  assert.is(refused.kind, "failed");
  state.isFailing = false;
  assert.is(await loadedCounter(files), 3);
  assert.equal(await store.save(sampleRecord(5)), { kind: "done" });
  assert.is(await loadedCounter(files), 5);
});

test("a read error of one copy is damage of that copy only", async () => {
  const two = await saved(new Map(), [1, 2]);
  const real = new PowerCutFiles(two, NEVER_CUT);
  const eio = { kind: "failed", code: "EIO", text: "EIO" } as const;
  const files: StoreFiles = {
    read: (name) => (name === "state-b.bin" ? Promise.resolve(eio) : real.read(name)),
    write: (name, bytes) => real.write(name, bytes),
    rename: (from, to) => real.rename(from, to),
    syncFolder: () => real.syncFolder(),
  };
  assert.is(await loadedCounter(files), 1);
});

test("a copy that reads back differently is not saved", async () => {
  const real = new PowerCutFiles(new Map(), NEVER_CUT);
  const lying: StoreFiles = {
    read: (name) => real.read(name),
    write: (name, bytes) => real.write(name, bytes.slice(0, -1)),
    rename: (from, to) => real.rename(from, to),
    syncFolder: () => real.syncFolder(),
  };
  const { store } = await openStore(lying);
  const result = await store.save(sampleRecord(1));
  assert.match(result.kind === "failed" ? result.text : "", "reads back differently");
});

test("saves that overlap are joined: all answer, the newest record is on disk, few are written", async () => {
  const files = new PowerCutFiles(new Map(), NEVER_CUT);
  const { store } = await openStore(files);
  const counters = Array.from({ length: 50 }, (_, i) => i + 1);
  const results = await Promise.all(counters.map((counter) => store.save(sampleRecord(counter))));
  assert.ok(results.every((result) => result.kind === "done"));
  assert.is(await loadedCounter(files), 50);
  // Two saves of seven steps: the first, and one for the 49 that waited.
  assert.is(files.steps, 14);
});

test("in a real folder two copies are kept, readable by the owner only, and survive a new opening", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kage-store-"));
  try {
    const files = folderFiles(folder);
    const { loaded, store } = await openStore(files);
    assert.equal(loaded, { kind: "defaults", reason: "missing" });
    for (const counter of [1, 2, 3]) {
      assert.equal(await store.save(sampleRecord(counter)), { kind: "done" });
    }
    assert.equal((await readdir(folder)).sort(), ["state-a.bin", "state-b.bin"]);
    assert.is((await stat(join(folder, "state-a.bin"))).mode & 0o777, 0o600);
    assert.is(await loadedCounter(files), 3);
    // Left over from a crash, and a newer copy that was cut.
    await writeFile(join(folder, "state-new.tmp"), "rest");
    await writeFile(join(folder, "state-a.bin"), "KAGESTO1");
    assert.is(await loadedCounter(files), 2);
    assert.equal(await store.save(sampleRecord(4)), { kind: "done" });
  } finally {
    await rm(folder, { recursive: true });
  }
  const gone = await openStore(folderFiles(folder));
  const refused = await gone.store.save(sampleRecord(1));
  assert.is(refused.kind === "failed" ? refused.code : "", "ENOENT");
});

test.run();
