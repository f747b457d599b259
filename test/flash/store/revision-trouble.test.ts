/**
 * The folder of configuration texts on a disk that fails: ENOSPC and EIO at any call, then another text, then
 * a power cut. What the index names is there and whole: a text that an index on disk may name is not
 * overwritten, also when the process that wrote it was told that its save failed.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { folderFiles } from "../../../flash/store/files.ts";
import {
  INDEX_NAMES,
  OLD_REVISIONS_MAX,
  openRevisions,
  type RevisionStore,
  textHash,
  textName,
} from "../../../flash/store/revisions.ts";
import { type Contents, EmulatedDisk, type Trouble } from "./emulated-disk.ts";

const NAMES = [
  ...Object.values(INDEX_NAMES),
  ...Array.from({ length: OLD_REVISIONS_MAX + 6 }, (_, slot) => textName(slot)),
];
/** Above a sector, so that a torn one differs from a whole one. */
const text = (rev: number): Uint8Array => Buffer.from(`// ${rev} ${"x".repeat(600 + rev)}\n`);
const entryOf = (rev: number) => ({
  rev,
  hash: textHash(text(rev)),
  at: "2026-01-01T00:00:00.000Z",
  by: "root",
});

const openOn = (disk: EmulatedDisk): Promise<RevisionStore> =>
  openRevisions(folderFiles("revisions", disk));

async function filled(revs: number): Promise<Contents> {
  const disk = new EmulatedDisk(new Map());
  const store = await openOn(disk);
  for (let rev = 1; rev <= revs; rev += 1) await store.adopt(entryOf(rev), text(rev), "host");
  return disk.contents();
}

/** Folders that were looked at: most cuts leave one of a few. */
const seen = new Set<string>();

async function checkWhole(contents: Contents, label: string): Promise<void> {
  const key = [...contents].map(([name, bytes]) => `${name} ${textHash(bytes)}`).join();
  if (seen.has(key)) return;
  seen.add(key);
  const store = await openOn(new EmulatedDisk(contents));
  assert.ok(store.index !== null, `${label}: no index`);
  if (store.index === null) return;
  const { current, prepared, old } = store.index;
  for (const entry of [current, ...old, ...(prepared === null ? [] : [prepared])]) {
    const bytes = await store.read(entry);
    assert.ok(bytes !== null, `${label}: revision ${entry.rev} is named but not there`);
  }
}

type Act = (store: RevisionStore, rev: number) => Promise<unknown>;
const adopt: Act = (store, rev) => store.adopt(entryOf(rev), text(rev), "host");
const prepare: Act = (store, rev) => store.prepare(entryOf(rev), text(rev));

/** True while the trouble lies within the first change. */
async function play(before: Contents, act: Act, revs: number, trouble: Trouble, label: string) {
  let within = false;
  for (let cut = trouble.at + trouble.count; ; cut += 1) {
    const disk = new EmulatedDisk(before, cut, trouble);
    const store = await openOn(disk);
    await act(store, revs + 1);
    within = disk.calls.length > trouble.at;
    await act(store, revs + 2);
    for (const contents of disk.survivors(NAMES)) {
      await checkWhole(contents, `${label}, cut before call ${cut}`);
    }
    if (!disk.isOff) return within;
  }
}

test("1.9: after a failed save no text that the index on disk may name is overwritten", async () => {
  const plans = [
    { revs: 2, name: "adopt", act: adopt, code: "EIO" },
    { revs: 2, name: "adopt", act: adopt, code: "ENOSPC" },
    { revs: 2, name: "prepare", act: prepare, code: "EIO" },
    { revs: OLD_REVISIONS_MAX + 2, name: "adopt", act: adopt, code: "EIO" },
  ] as const;
  for (const { revs, name, act, code } of plans) {
    const before = await filled(revs);
    for (let at = 0; ; at += 1) {
      const label = `${revs} revisions, ${name}, ${code} at call ${at}`;
      if (!(await play(before, act, revs, { at, count: 1, code }, label))) break;
    }
  }
  assert.ok(seen.size > 30, `${seen.size} folders looked at`);
});

test.run();
