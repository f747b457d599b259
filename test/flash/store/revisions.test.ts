/**
 * The folder of configuration texts under power cuts: after a cut at any step of prepare and install the
 * next start finds the old revision or the new one in force, whole, and whatever the index names is there.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  OLD_REVISIONS_MAX,
  openRevisions,
  type RevisionIndex,
  type RevisionStore,
  textHash,
} from "../../../flash/store/revisions.ts";
import { PowerCutFiles, type Survivor } from "./power-cut-files.ts";

const ENDLESS = 1_000_000;
const text = (rev: number): Uint8Array =>
  Buffer.from(`{ "revision": ${rev} } // ${"x".repeat(rev)}`);
const entryOf = (rev: number) => ({
  rev,
  hash: textHash(text(rev)),
  at: "2026-01-01T00:00:00.000Z",
  by: "root",
});
const hashOf = (rev: number): string => textHash(text(rev));

async function filled(revs: number): Promise<Survivor> {
  const files = new PowerCutFiles(new Map(), ENDLESS);
  const store = await openRevisions(files);
  assert.is((await store.adopt(entryOf(1), text(1), "host")).kind, "done");
  for (let rev = 2; rev <= revs; rev += 1) await advance(store, rev);
  const [folder] = files.survivors();
  assert.ok(folder);
  return folder ?? new Map();
}

async function advance(store: RevisionStore, rev: number): Promise<void> {
  assert.is((await store.prepare(entryOf(rev), text(rev))).kind, "done");
  assert.is((await store.install(hashOf(rev), "host")).kind, "done");
  assert.is((await store.fileWritten()).kind, "done");
}

async function reopen(folder: Survivor): Promise<RevisionStore> {
  return openRevisions(new PowerCutFiles(folder, ENDLESS));
}

async function checkWhole(
  store: RevisionStore,
  index: RevisionIndex,
  label: string,
): Promise<void> {
  for (const entry of [index.current, ...index.old, index.prepared]) {
    if (entry === null) continue;
    const bytes = await store.read(entry);
    assert.ok(bytes !== null, `${label}: revision ${entry.rev} is named but not there`);
  }
}

test("1.9: a power cut at every step of prepare and install leaves the old revision or the new one", async () => {
  for (const revs of [1, 2, OLD_REVISIONS_MAX + 3]) {
    const before = await filled(revs);
    const seen = new Set<number>();
    for (let steps = 0; ; steps += 1) {
      const files = new PowerCutFiles(before, steps);
      const store = await openRevisions(files);
      const next = revs + 1;
      const prepared = await store.prepare(entryOf(next), text(next));
      const isPrepared = prepared.kind === "done";
      const installed = isPrepared ? await store.install(hashOf(next), "host") : prepared;
      for (const folder of files.survivors()) {
        const label = `${revs} revisions, cut after ${steps} steps`;
        const again = await reopen(folder);
        assert.ok(again.index !== null, label);
        if (again.index === null) continue;
        const { rev } = again.index.current;
        assert.ok(rev === revs || rev === next, label);
        if (installed.kind === "done") assert.is(rev, next, `${label}: said done`);
        if (isPrepared && rev === revs)
          assert.is(again.index.prepared?.rev, next, `${label}: was ready`);
        await checkWhole(again, again.index, label);
        seen.add(rev);
        // Whatever was found, the server goes on from there.
        if (again.index.prepared === null && rev === revs) {
          assert.is((await again.prepare(entryOf(next), text(next))).kind, "done");
        }
        assert.is((await again.install(hashOf(next), "host")).kind, "done");
        assert.is(again.index.current.rev, next);
      }
      if (!files.isOff) break;
    }
    assert.equal(
      [...seen].sort((a, b) => a - b),
      [revs, revs + 1],
    );
  }
});

test("ecosystem 4.2: old revisions are kept, and only so many", async () => {
  const store = await reopen(await filled(OLD_REVISIONS_MAX + 10));
  const { index } = store;
  assert.ok(index !== null);
  if (index === null) return;
  assert.is(index.current.rev, OLD_REVISIONS_MAX + 10);
  assert.is(index.old.length, OLD_REVISIONS_MAX);
  assert.equal(index.old.map(({ rev }) => rev)[0], OLD_REVISIONS_MAX + 9, "newest first");
  await checkWhole(store, index, "full history");
});

test("1.9: a text that is given up or spoiled is never installed", async () => {
  const files = new PowerCutFiles(await filled(2), ENDLESS);
  const store = await openRevisions(files);
  await store.prepare(entryOf(3), text(3));
  assert.is((await store.drop()).kind, "done");
  assert.is((await store.install(hashOf(3), "host")).kind, "failed");
  const prepared = { ...entryOf(4), slot: 0 };
  assert.is(await store.read({ ...prepared, hash: hashOf(5) }), null);
});

test("1.9: both index copies torn is no index, and the next start makes one from its file", async () => {
  const before = new Map(await filled(3));
  for (const name of ["index-a.bin", "index-b.bin"]) before.set(name, Buffer.from("torn"));
  const store = await reopen(before);
  assert.is(store.index, null);
  assert.is((await store.prepare(entryOf(4), text(4))).kind, "failed");
  assert.is((await store.adopt(entryOf(4), text(4), "host")).kind, "done");
  assert.is(store.index?.current.rev, 4);
});

test.run();
