/**
 * The store on a disk that loses what was not synced: a power cut before every call of the system, and every
 * call failing, from every state the copies can be in. What the next start finds is the old record or the
 * new one, whole; and what was answered as saved is there.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { decideBoot } from "../../../firmware/agent/boot.ts";
import { encodeCopy } from "../../../flash/store/copy.ts";
import { folderFiles } from "../../../flash/store/files.ts";
import { type StoreRecord, withoutVouching } from "../../../flash/store/record.ts";
import { type LoadedRecord, openStore } from "../../../flash/store/store.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { Facts } from "../../../services/facts.ts";
import { type Contents, EmulatedDisk, type Trouble } from "./emulated-disk.ts";
import { sampleRecord } from "./sample-record.ts";

const NAMES = ["state-a.bin", "state-b.bin"] as const;
const GROUPS = 24;

/** Some sectors long, and different everywhere, so that a mixture of two is neither. */
function longRecord(counter: number): StoreRecord {
  const groups = Array.from({ length: GROUPS }, (_, at) => ({
    name: `group-${at}-${"abcdefgh"[counter % 8]?.repeat(40)}`,
    owner: counter % 2,
    desired: null,
  }));
  return { ...sampleRecord(counter), groups: groups as StoreRecord["groups"] };
}

const copyOf = (serial: number, counter: number): Uint8Array =>
  encodeCopy(serial, longRecord(counter)) ?? new Uint8Array();
const torn = copyOf(8, 8).slice(0, 900);
const foreign = Buffer.from("#!/bin/sh\necho not a copy\n");

/** Before the save: the two copies, and what a start finds in them. */
const BEFORE: Readonly<Record<string, readonly [Uint8Array | null, Uint8Array | null]>> = {
  "no copy": [null, null],
  "the first copy": [copyOf(0, 1), null],
  "two copies": [copyOf(6, 1), copyOf(7, 2)],
  "two copies, the other way round": [copyOf(7, 2), copyOf(6, 1)],
  "the older copy torn": [torn, copyOf(7, 2)],
  "the newer copy torn": [copyOf(6, 1), torn],
  "the other copy foreign": [copyOf(6, 1), foreign],
  "the other copy gone": [null, copyOf(7, 2)],
  "both copies torn": [torn, torn],
  "two copies at the end of the circle": [copyOf(0xffff_ffff, 1), copyOf(0xffff_fffe, 2)],
};

function contentsOf(copies: readonly (Uint8Array | null)[]): Contents {
  const named = NAMES.map((name, at) => [name, copies[at] ?? null] as const);
  return new Map(named.flatMap(([name, bytes]) => (bytes === null ? [] : [[name, bytes]])));
}

const openOn = (disk: EmulatedDisk) => openStore(folderFiles("state", disk));
const load = async (contents: Contents): Promise<LoadedRecord> =>
  (await openOn(new EmulatedDisk(contents))).loaded;

/** The record as a start takes it; null = it starts without one. */
const found = (loaded: LoadedRecord): string | null =>
  loaded.kind === "loaded" ? JSON.stringify(loaded.record) : null;
/** New in full, or with the doubt that a lost other copy brings. */
const isFresh = (text: string | null, counter: number): boolean =>
  text === JSON.stringify(longRecord(counter)) ||
  text === JSON.stringify(withoutVouching(longRecord(counter)));

const FRESH = 3;

async function checkAfter(
  survivors: readonly Contents[],
  old: string | null,
  wasDone: boolean,
  label: string,
): Promise<void> {
  for (const contents of survivors) {
    const text = found(await load(contents));
    const fresh = isFresh(text, FRESH);
    assert.ok(fresh || (!wasDone && text === old), `${label}: found ${text?.slice(0, 200)}`);
    assert.ok(fresh || text !== null || old === null, label);
  }
}

test("D18: a power cut before any call leaves the old record or the new one, whole, from any state", async () => {
  for (const [name, copies] of Object.entries(BEFORE)) {
    const before = contentsOf(copies);
    const old = found(await load(before));
    let looked = 0;
    for (let cut = 0; ; cut += 1) {
      const disk = new EmulatedDisk(before, cut);
      const { store } = await openOn(disk);
      const { kind } = await store.save(longRecord(FRESH));
      const survivors = disk.survivors(NAMES);
      looked += survivors.length;
      await checkAfter(survivors, old, kind === "done", `${name}, cut before call ${cut}`);
      // The machine comes back and saves again.
      const [first] = survivors;
      const again = new EmulatedDisk(first ?? new Map());
      assert.is((await (await openOn(again)).store.save(longRecord(FRESH))).kind, "done");
      await checkAfter(again.survivors(NAMES), null, true, `${name}, saved after cut ${cut}`);
      if (!disk.isOff) break;
      assert.is(kind, "failed", `${name}, cut before call ${cut}`);
    }
    assert.ok(looked > 15, `${name}: ${looked} folders looked at`);
  }
});

async function fail(name: string, before: Contents, old: string | null, trouble: Trouble) {
  const label = `${name}, ${trouble.code} at call ${trouble.at}, ${trouble.count} times`;
  const disk = new EmulatedDisk(before, undefined, trouble);
  const { store } = await openOn(disk);
  const { kind } = await store.save(longRecord(FRESH));
  const wasTroubled = disk.calls.length > trouble.at;
  const isDone = kind === "done";
  await checkAfter([disk.contents(), ...disk.survivors(NAMES)], old, isDone, label);
  // The trouble ends; the same process tries again, as the agent does.
  const later = Math.max(0, trouble.at + trouble.count - disk.calls.length);
  for (let tries = 0; tries <= later; tries += 1) {
    if ((await store.save(longRecord(FRESH))).kind === "done") break;
  }
  await checkAfter(disk.survivors(NAMES), null, true, `${label}, then saved`);
  return wasTroubled;
}

test("D18: ENOSPC and EIO at any call, once or for a while, never leave more or less than one of the two", async () => {
  for (const [name, copies] of Object.entries(BEFORE)) {
    const before = contentsOf(copies);
    const old = found(await load(before));
    for (const code of ["ENOSPC", "EIO"] as const) {
      for (const count of [1, 2, 3, 6]) {
        for (let at = 0; await fail(name, before, old, { at, count, code }); at += 1) {
          assert.ok(at < 100, "a save has an end");
        }
      }
    }
  }
});

test("a power cut after a call has failed leaves the old record or the new one", async () => {
  const before = contentsOf(BEFORE["two copies"] ?? []);
  const old = found(await load(before));
  for (let at = 0; at < 24; at += 1) {
    for (let cut = at + 1; cut < 30; cut += 1) {
      const disk = new EmulatedDisk(before, cut, { at, count: 1, code: "EIO" });
      const { store } = await openOn(disk);
      const { kind } = await store.save(longRecord(FRESH));
      const label = `EIO at call ${at}, cut before call ${cut}`;
      await checkAfter(disk.survivors(NAMES), old, kind === "done", label);
    }
  }
});

test("D18: two copies that could not be read do not outlive what was saved over them", async () => {
  // Both reads fail at the start; later the disk gives the old content back.
  const before = contentsOf([copyOf(500, 1), copyOf(501, 2)]);
  const calls = (await callsOfOpening(before)).length;
  const disk = new EmulatedDisk(before, undefined, { at: 0, count: calls, code: "EIO" });
  const { loaded, store } = await openOn(disk);
  assert.equal(loaded, { kind: "defaults", reason: "damaged" });
  assert.is((await store.save(longRecord(FRESH))).kind, "done");
  assert.ok(isFresh(found(await load(disk.contents())), FRESH));
});

async function callsOfOpening(contents: Contents): Promise<readonly string[]> {
  const disk = new EmulatedDisk(contents, undefined, { at: 0, count: 1000, code: "EIO" });
  await openOn(disk);
  return disk.calls;
}

test("D18: without its newer copy a record vouches for no clean end, no view and no start", async () => {
  const marked = { ...sampleRecord(4), provisional: true };
  const bytes = encodeCopy(6, marked) ?? new Uint8Array();
  for (const other of [torn, foreign, null]) {
    const loaded = await load(contentsOf([bytes, other]));
    assert.is(loaded.kind, "loaded");
    if (loaded.kind !== "loaded") continue;
    assert.is(loaded.damaged, "b");
    const { cleanMark, consumedBy, members, provisional, epoch } = loaded.record;
    assert.equal([cleanMark, consumedBy, members, provisional], [null, null, [], false]);
    assert.is(epoch?.counter, 4, "the epoch stays as a floor");
  }
  const whole = await load(contentsOf([bytes, encodeCopy(5, sampleRecord(3))]));
  assert.equal(whole, { kind: "loaded", record: marked, damaged: null });
});

test("D18: a server whose newer copy is lost comes up detached, even where the older one has the mark", async () => {
  const clean = { ...sampleRecord(4), members: [], consumedBy: null };
  const bytes = encodeCopy(6, clean) ?? new Uint8Array();
  const wishAfter = async (other: Uint8Array | null) => {
    const loaded = await load(contentsOf([bytes, other]));
    const facts = { server: "observing", floor: 0 } as unknown as Facts;
    const host = hostIncarnation("00000000000000a2");
    const times = { atMs: 1000, waitUntilMs: 2000 };
    return decideBoot({ loaded, belongs: true, host, facts, runs: false, ...times }).wish.kind;
  };
  assert.is(await wishAfter(encodeCopy(5, clean)), "start", "both copies are there");
  assert.is(await wishAfter(torn), "detached");
  assert.is(await wishAfter(null), "detached");
});

test("the emulated disk loses what was not synced: without the sync of content or folder records are torn", async () => {
  const unsynced = new EmulatedDisk(contentsOf(BEFORE["two copies"] ?? []));
  const file = await unsynced.open("state/state-new.tmp", "replace");
  await file.write(copyOf(8, 3));
  await unsynced.rename("state/state-new.tmp", "state/state-a.bin");
  const kinds = new Set<string>();
  for (const contents of unsynced.survivors(NAMES)) {
    const loaded = await load(contents);
    kinds.add(loaded.kind === "loaded" ? `${loaded.record.epoch?.counter}` : loaded.kind);
    if (loaded.kind === "loaded" && loaded.damaged !== null) kinds.add("damaged");
  }
  assert.equal([...kinds].sort(), ["2", "3", "damaged"]);
});

test.run();
