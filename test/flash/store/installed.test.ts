/**
 * Which text a process starts by: the installed revision within one boot, the file after a boot or an orderly
 * stop, the installed one again where the file merely lags behind.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { folderFiles } from "../../../flash/store/files.ts";
import { chooseStartText, revisionsFolder } from "../../../flash/store/installed.ts";
import { openRevisions, type RevisionStore, textHash } from "../../../flash/store/revisions.ts";

const entry = (rev: number, text: string) => ({
  rev,
  hash: textHash(Buffer.from(text)),
  at: "2026-01-01T00:00:00.000Z",
  by: "root",
});

async function inFolder(act: (dir: string, store: RevisionStore) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "kage-installed-"));
  try {
    mkdirSync(revisionsFolder(dir));
    const store = await openRevisions(folderFiles(revisionsFolder(dir)));
    await store.adopt(entry(1, "one"), Buffer.from("one"), "boot1");
    await act(dir, store);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

test("1.9: within one boot the installed revision rules, after a boot the file", () =>
  inFolder(async (dir) => {
    assert.equal(chooseStartText(dir, "one", "boot1"), { text: "one", rev: 1, isFileOther: false });
    const edited = chooseStartText(dir, "edited", "boot1");
    assert.equal(edited, { text: "one", rev: 1, isFileOther: true });
    const booted = chooseStartText(dir, "edited", "boot2");
    assert.equal(booted, { text: "edited", rev: null, isFileOther: false });
  }));

test("1.9: a file that could not be replaced at the install does not bring the old text back", () =>
  inFolder(async (dir, store) => {
    await store.prepare(entry(2, "two"), Buffer.from("two"));
    assert.is(chooseStartText(dir, "one", "boot1")?.text, "one", "prepared is not in force");
    await store.install(entry(2, "two").hash, "boot1");
    assert.is(chooseStartText(dir, "one", "boot2")?.text, "two", "the file lags behind");
    assert.is(chooseStartText(dir, "mine", "boot2")?.text, "mine", "a person has changed it since");
    await store.fileWritten();
    assert.is(chooseStartText(dir, "one", "boot2")?.text, "one", "a person has put it back");
  }));

test("1.9: after an orderly stop of the service the file rules within the same boot", () =>
  inFolder(async (dir, store) => {
    await store.release();
    assert.is(chooseStartText(dir, "edited", "boot1")?.text, "edited");
  }));

test("1.9: without a folder the file counts, without a file the installed text", () =>
  inFolder(async (dir) => {
    assert.is(chooseStartText(join(dir, "absent"), "file", "boot1")?.text, "file");
    assert.is(chooseStartText(join(dir, "absent"), null, "boot1"), null);
    assert.is(chooseStartText(dir, null, "boot9")?.text, "one");
  }));

test.run();
