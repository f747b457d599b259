/**
 * A second server enrols by a one-time code, and a stopped cluster gets a new key, by commands only. Each
 * "server" is a folder; the one connection is the loopback's.
 */
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { keysFolder, writeKeySet } from "../../../firmware/key-files.ts";
import { parseLocal } from "../../../firmware/local.ts";
import { folderFiles } from "../../../flash/store/files.ts";
import { firstSet } from "../../../services/keys/key-set.ts";
import {
  addSecondIn,
  createIn,
  type Folders,
  newFolders,
  read,
  run,
  twoServersIn,
} from "./cluster-stage.ts";
import type { Ran } from "./fake-terminal.ts";

let folders: Folders;
let one = "";
let two = "";
test.before.each(() => {
  folders = newFolders();
  ({ one, two } = folders);
});
test.after.each(() => folders.remove());

const twoServers = (): Promise<void> => twoServersIn(one);

/** Runs an inviting command until its line is there, hands the line's words on, and gives both ends. */
async function exchange(
  inviting: readonly string[],
  answer: (words: readonly string[]) => Promise<Ran>,
): Promise<{ readonly inviter: Ran; readonly joiner: Ran }> {
  const abort = new AbortController();
  let seen: (words: readonly string[]) => void = () => undefined;
  const line = new Promise<readonly string[]>((resolve) => {
    seen = resolve;
  });
  const onOutput = (out: string): void => {
    const match = /kage ((?:server enrol|key accept) .*)/.exec(out);
    if (match?.[1] !== undefined) seen(match[1].split(" "));
  };
  const inviter = run(inviting, { onOutput, signal: abort.signal });
  const words = await Promise.race([line, inviter.then(() => null)]);
  if (words === null) {
    const { err } = await inviter;
    throw new Error(err);
  }
  const joiner = await answer(words);
  if (joiner.exit !== 0) abort.abort();
  return { inviter: await inviter, joiner };
}

const INVITE = ["server", "invite", "SERVER2", "--listen", "127.0.0.1:0"] as const;

test("the second server enrols by the shown code and has the same text and key", async () => {
  await twoServers();
  const { inviter, joiner } = await exchange([...INVITE, "--dir", one], (words) =>
    run([...words, "--dir", two]),
  );
  assert.is(joiner.exit, 0, joiner.err);
  assert.is(inviter.exit, 0, inviter.err);
  assert.match(joiner.out, "this server is SERVER2 of cluster WWW");
  assert.match(inviter.out, "SERVER2 has configuration and key (from 127.0.0.1)");
  assert.is(read(two, "cluster.jsonc"), read(one, "cluster.jsonc"));
  assert.is(read(two, "cluster.key"), read(one, "cluster.key"));
  assert.is(statSync(join(two, "cluster.key")).mode & 0o777, 0o600);
  assert.is(parseLocal(read(two, "local.json"), "f").server, "SERVER2");
  const check = await run(["config", "check", "--local", join(two, "local.json")]);
  assert.is(check.exit, 0, check.err);
});

test("a wrong code leaves nothing behind, and Ctrl-C withdraws the invitation", async () => {
  await twoServers();
  const { inviter, joiner } = await exchange([...INVITE, "--dir", one], (words) =>
    run([...words.slice(0, -1), "ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ", "--dir", two]),
  );
  assert.is(joiner.exit, 4);
  assert.match(joiner.err, "does not know this code");
  assert.not.ok(existsSync(two));
  assert.match(inviter.err, "a wrong code from 127.0.0.1; 4 attempts left");
  assert.match(inviter.err, "the invitation is withdrawn");
});

test("a server that has a cluster keeps it unless --replace says otherwise", async () => {
  await twoServers();
  mkdirSync(two);
  writeFileSync(join(two, "cluster.key"), "mine");
  const { joiner } = await exchange([...INVITE, "--dir", one], (words) =>
    run([...words, "--dir", two]),
  );
  assert.is(joiner.exit, 3);
  assert.match(joiner.err, "to give it up for the new one: --replace");
  assert.is(read(two, "cluster.key"), "mine");
  const forced = await exchange([...INVITE, "--dir", one], (words) =>
    run([...words, "--dir", two, "--replace"]),
  );
  assert.is(forced.joiner.exit, 0, forced.joiner.err);
  assert.is(read(two, "cluster.key"), read(one, "cluster.key"));
});

test("an invitation needs a known other server; what is typed wrong is said before dialling", async () => {
  await createIn(one);
  const draft = await run([...INVITE, "--dir", one]);
  assert.is(draft.exit, 1);
  assert.match(draft.out, "expected 2 to 16 servers");
  await addSecondIn(one);
  const self = await run(["server", "invite", "SERVER1", "--dir", one]);
  assert.match(self.err, "SERVER1 is this server");
  const other = await run(["server", "invite", "SERVER3", "--dir", one]);
  assert.match(other.err, "it has SERVER1, SERVER2");
  const code = "00000-00000-00000-00000";
  const badFrom = await run(["server", "enrol", "--from", "server1", "--code", code, "--dir", two]);
  assert.match(badFrom.err, '--from cannot be "server1"');
  const badCode = await run([
    "server",
    "enrol",
    "--from",
    "127.0.0.1",
    "--code",
    "1",
    "--dir",
    two,
  ]);
  assert.match(badCode.err, "four groups of five characters");
  const dead = await run([
    "server",
    "enrol",
    "--from",
    "127.0.0.1:1",
    "--code",
    code,
    "--dir",
    two,
  ]);
  assert.is(dead.exit, 6);
  assert.match(dead.err, "nobody invites at 127.0.0.1:1: ECONNREFUSED");
});

async function enrolled(): Promise<void> {
  await twoServers();
  const { joiner } = await exchange([...INVITE, "--dir", one], (words) =>
    run([...words, "--dir", two]),
  );
  assert.is(joiner.exit, 0, joiner.err);
}

const ROTATE = ["key", "rotate", "--listen", "127.0.0.1:0"] as const;

test("key rotate gives a stopped cluster a new key on both servers and keeps the old one", async () => {
  await enrolled();
  const old = read(one, "cluster.key");
  const { inviter, joiner } = await exchange([...ROTATE, "--dir", one], (words) =>
    run([...words, "--dir", two]),
  );
  assert.is(joiner.exit, 0, joiner.err);
  assert.is(inviter.exit, 0, inviter.err);
  assert.is.not(read(one, "cluster.key"), old);
  assert.is(read(two, "cluster.key"), read(one, "cluster.key"));
  for (const dir of [one, two]) {
    assert.is(read(dir, "cluster.key.old"), old);
    for (const name of ["cluster.key", "cluster.key.old"]) {
      assert.is(statSync(join(dir, name)).mode & 0o777, 0o600);
    }
    assert.not.ok(existsSync(join(dir, "cluster.key.next")));
  }
});

test("a cut key rotate leaves the old key here and goes on with the same new one", async () => {
  await enrolled();
  const old = read(one, "cluster.key");
  const cut = await exchange([...ROTATE, "--dir", one], (words) =>
    run([...words.slice(0, -1), "ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZ", "--dir", two]),
  );
  assert.match(cut.inviter.err, "this server still has the old key");
  assert.is(read(one, "cluster.key"), old);
  assert.is(read(two, "cluster.key"), old);
  const next = read(one, "cluster.key.next");
  // As if the second server had stored it and the word of it had been lost.
  writeFileSync(join(two, "cluster.key"), next, { mode: 0o600 });
  const again = await exchange([...ROTATE, "--dir", one], (words) => run([...words, "--dir", two]));
  assert.is(again.inviter.exit, 0, again.inviter.err);
  assert.is(read(one, "cluster.key"), next);
  assert.is(read(two, "cluster.key"), next);
});

test("the key of another cluster is not accepted", async () => {
  await enrolled();
  const text = read(two, "cluster.jsonc");
  writeFileSync(
    join(two, "cluster.jsonc"),
    text.replace(/"id": "[0-9a-f]{8}"/, '"id": "00000001"'),
  );
  const key = read(two, "cluster.key");
  const { joiner } = await exchange([...ROTATE, "--dir", one], (words) =>
    run([...words, "--dir", two]),
  );
  assert.is(joiner.exit, 1);
  assert.match(joiner.err, "the key is of cluster WWW");
  assert.is(read(two, "cluster.key"), key);
});

test("key offer gives the key in force, not the first one, to a stopped server that has missed a rotation", async () => {
  await enrolled();
  const keyFile = join(one, "cluster.key");
  const old = read(two, "cluster.key");
  const key = new Uint8Array(32).fill(7);
  const keys = keysFolder(join(one, "state"));
  mkdirSync(keys, { recursive: true });
  await writeKeySet(folderFiles(keys), keyFile, firstSet(key, 1));
  const offer = ["key", "offer", "SERVER2", "--listen", "127.0.0.1:0", "--dir", one];
  const local = ["--local", join(one, "local.json")];
  const { inviter, joiner } = await exchange([...offer, ...local], (words) =>
    run([...words, "--dir", two]),
  );
  assert.is(joiner.exit, 0, joiner.err);
  assert.is(inviter.exit, 0, inviter.err);
  assert.is(read(two, "cluster.key"), `${"07".repeat(32)}\n`);
  // By the old one its own slot on the array is still its own.
  assert.is(read(two, "cluster.key.old"), old);
  assert.is(read(one, "cluster.key"), old);
  assert.not.ok(inviter.out.includes("0707"));
  const stranger = await run([...offer.slice(0, 2), "SERVER1", ...offer.slice(3), ...local]);
  assert.is(stranger.exit, 2, stranger.err);
});

test("while an agent answers neither key nor enrolment touches its files", async () => {
  await enrolled();
  const server = createServer((socket) => {
    socket.on("data", () => socket.write('{"id":1,"ok":true,"result":{}}\n'));
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(join(one, "run", "agent.sock"), resolve));
  const key = read(one, "cluster.key");
  const words = ["server", "enrol", "--from", "127.0.0.1:1", "--replace", "--code"];
  for (const command of [[...ROTATE], [...words, "00000-00000-00000-00000"]]) {
    const { exit, err } = await run([...command, "--dir", one]);
    assert.is(exit, 3, err);
    assert.match(err, "Kagemusha runs on this server");
    assert.match(err, "stop it on all servers first");
  }
  assert.is(read(one, "cluster.key"), key);
  await new Promise((resolve) => server.close(resolve));
});

test.run();
