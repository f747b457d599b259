/**
 * Enrolment onto a disk that is full, nearly full or read-only: whatever is left of it, the new server has
 * all its files or none, and both ends say what happened. Every refusal comes from the kernel.
 * Root only. Source: work order 3 item 4, "Faults and bad input"; tmpfs(5); firmware/enrolment/file-set.
 */
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  type Folders,
  run as kage,
  newFolders,
  twoServersIn,
} from "../firmware/cli/cluster-stage.ts";
import type { Ran } from "../firmware/cli/fake-terminal.ts";
import { errorCode, run } from "./command.ts";

const test = suite("enrolment onto a full disk");
const FILES = ["cluster.jsonc", "cluster.key", "local.json"];
const PAGE_BYTES = 4096;
/** Two folders, the side folder, three files and what tmpfs needs for their names. */
const ENOUGH = 12;

let folders: Folders;
let disk = "";

test.before.each(async () => {
  folders = newFolders();
  disk = mkdtempSync(join(tmpdir(), "kage-small-"));
  await run(["mount", "-t", "tmpfs", "-o", "size=256k,nr_inodes=32,mode=755", "kage-small", disk]);
  await twoServersIn(folders.one);
});
test.after.each(async () => {
  await run(["umount", disk]);
  rmSync(disk, { recursive: true });
  folders.remove();
});

/** Leaves so many pages free. */
function fillUp(pagesFree: number): void {
  const fd = openSync(join(disk, "filler"), "w", 0o600);
  const page = Buffer.alloc(PAGE_BYTES, 0x66);
  let written = 0;
  try {
    for (;;) written += writeSync(fd, page);
  } catch (error) {
    if (errorCode(error) !== "ENOSPC") throw error;
  } finally {
    closeSync(fd);
  }
  const keep = Math.max(0, written - pagesFree * PAGE_BYTES);
  const again = openSync(join(disk, "filler"), "w", 0o600);
  for (let bytes = 0; bytes < keep; bytes += PAGE_BYTES) writeSync(again, page);
  closeSync(again);
}

/** Leaves so many inodes free: room for the text, none for another name. */
function fillNames(inodesFree: number): void {
  const made: string[] = [];
  try {
    for (;;) {
      const file = join(disk, `name${made.length}`);
      closeSync(openSync(file, "w", 0o600));
      made.push(file);
    }
  } catch (error) {
    if (errorCode(error) !== "ENOSPC") throw error;
  }
  for (const file of made.slice(0, inodesFree)) rmSync(file);
}

/** The second server enrols into `dir` of the small disk. */
async function enrol(dir: string): Promise<{ readonly inviter: Ran; readonly joiner: Ran }> {
  let show: (words: readonly string[]) => void = () => undefined;
  const shown = new Promise<readonly string[]>((resolve) => {
    show = resolve;
  });
  const onOutput = (out: string): void => {
    const line = /kage (server enrol .*)/.exec(out)?.[1];
    if (line !== undefined) show(line.split(" "));
  };
  const invite = ["server", "invite", "SERVER2", "--listen", "127.0.0.1:0", "--dir", folders.one];
  const abort = new AbortController();
  const inviting = kage(invite, { onOutput, signal: abort.signal });
  const joiner = await kage([...(await shown), "--dir", dir]);
  // Where the joiner did not even dial nobody would end the invitation.
  if (joiner.exit === 3) abort.abort();
  return { inviter: await inviting, joiner };
}

const present = (dir: string): readonly string[] =>
  FILES.filter((name) => existsSync(join(dir, name)));

const ROOMS = { pages: fillUp, names: fillNames } as const;

for (const [what, leave] of Object.entries(ROOMS)) {
  test(`on a disk with any number of ${what} left: all files or none, and both ends say which`, () =>
    tryEach(what, leave));
}

async function tryEach(what: string, leave: (free: number) => void): Promise<void> {
  const ends = new Set<number>();
  for (let free = 0; free <= ENOUGH; free += 1) {
    leave(free);
    const dir = join(disk, `second${free}`);
    const { inviter, joiner } = await enrol(dir);
    ends.add(joiner.exit);
    const found = present(dir);
    assert.ok(found.length === 0 || found.length === FILES.length, `${free} ${what}: ${found}`);
    assert.is(joiner.exit === 0, found.length === FILES.length, `${free}: ${joiner.err}`);
    assert.is(inviter.exit, joiner.exit, inviter.err);
    if (joiner.exit !== 0) {
      assert.match(joiner.err, "ENOSPC");
      assert.match(joiner.err, "do:");
      assert.match(inviter.err, "ENOSPC");
      assert.not.ok(existsSync(join(dir, ".kage-ready")), "nothing is decided");
    } else {
      const key = readFileSync(join(dir, "cluster.key"), "utf8");
      assert.is(key, readFileSync(join(folders.one, "cluster.key"), "utf8"));
    }
    for (const name of readdirSync(disk)) rmSync(join(disk, name), { recursive: true });
  }
  assert.equal([...ends].sort(), [0, 1], "both ends of the scale were met");
}

test("what stood there before a replacement that finds no room stays whole", async () => {
  const dir = join(disk, "second");
  assert.is((await enrol(dir)).joiner.exit, 0);
  const before = FILES.map((name) => readFileSync(join(dir, name), "utf8"));
  fillUp(0);
  const again = await kage([
    ...["server", "enrol", "--from", "127.0.0.1:9", "--code", "AAAAA-AAAAA-AAAAA-AAAAA"],
    ...["--dir", dir],
  ]);
  assert.is(again.exit, 3, again.err);
  assert.equal(
    FILES.map((name) => readFileSync(join(dir, name), "utf8")),
    before,
  );
});

test("a read-only folder is said in words on both sides, and nothing is there", async () => {
  await run(["mount", "-o", "remount,ro", disk]);
  const dir = join(disk, "second");
  const { inviter, joiner } = await enrol(dir);
  assert.is(joiner.exit, 1);
  assert.match(joiner.err, "EROFS");
  assert.match(joiner.err, "do:");
  assert.match(inviter.err, "EROFS");
  assert.not.ok(existsSync(dir));
});

test.run();
