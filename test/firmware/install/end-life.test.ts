/** What a stop of kage.target leaves on flash for the next start in the same boot; D18. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type BootDecision, decideBoot } from "../../../firmware/agent/boot.ts";
import { endLife } from "../../../firmware/install/end-life.ts";
import { folderFiles } from "../../../flash/store/files.ts";
import { emptyRecord, type StoreRecord } from "../../../flash/store/record.ts";
import { openStore } from "../../../flash/store/store.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { Facts } from "../../../services/facts.ts";

const HOST = hostIncarnation("00000000000000a2");
const RUNNING: StoreRecord = {
  ...emptyRecord({ cluster: "demo", server: "SERVER1" }, HOST),
  epoch: { counter: 7, coordinator: 0, host: HOST },
  members: [0, 1],
  consumedBy: HOST,
};

/** What the agent decides when it is started again in the boot that `left` is the record of. */
async function startAfter(left: StoreRecord, isEnded: boolean): Promise<BootDecision> {
  const folder = mkdtempSync(join(tmpdir(), "kage-end-life-"));
  try {
    const { store } = await openStore(folderFiles(folder));
    // Both copies, as after any two saves: a lone one does not vouch.
    for (const record of [RUNNING, left]) assert.equal(await store.save(record), { kind: "done" });
    if (isEnded) assert.equal(await endLife(folder), { kind: "done" });
    const { loaded } = await openStore(folderFiles(folder));
    const facts = { server: "observing", floor: 0 } as unknown as Facts;
    const times = { atMs: 1000, waitUntilMs: 2000 };
    return decideBoot({ loaded, belongs: true, host: HOST, facts, runs: false, ...times });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("D18: a member whose software was stopped comes back detached, not in its old view", async () => {
  assert.is((await startAfter(RUNNING, false)).wish.kind, "resume");
  const { wish, notes } = await startAfter(RUNNING, true);
  assert.equal(wish, { kind: "detached", floor: 7 });
  assert.equal(
    notes.map(({ key }) => key),
    ["start.unclean"],
  );
});

test("D18: a server that has left in order does not join by itself in the same boot", async () => {
  const left = { ...RUNNING, members: [] };
  assert.is((await startAfter(left, true)).wish.kind, "detached");
});

test("D18: the clean mark counts without a boot in between once nothing is left", async () => {
  const marked = { ...RUNNING, members: [], cleanMark: { epochCounter: 7 }, consumedBy: null };
  assert.is((await startAfter(marked, false)).wish.kind, "detached");
  const { wish, consumes } = await startAfter(marked, true);
  assert.is(wish.kind, "start");
  assert.is(consumes, true);
});

test("a state folder without a record has no life to end", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kage-end-life-"));
  assert.equal(await endLife(folder), { kind: "done" });
  assert.is((await openStore(folderFiles(folder))).loaded.kind, "defaults");
  rmSync(folder, { recursive: true, force: true });
});

test.run();
