/**
 * A cluster that nothing but commands have made, started for real on loopback addresses: two folders, two
 * pulses, two agents, one program. As root everything runs as an ordinary user, so that nothing of the
 * machine can be touched. Source: guide 3.1 step 2.3, R210, work order 3 item 4.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";

const MAIN = join(import.meta.dirname, "..", "..", "firmware", "main.js");
const NOBODY = 65_534;
/** Machines under load start processes slowly. */
const DEADLINE_MS = 60_000;

const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
const canRun = spawnSync(process.execPath, [MAIN, "--version"], user).status === 0;
const block = `127.${64 + (process.pid % 64)}.${Math.floor(process.pid / 64) % 250}`;

let root = "";
const servers: ChildProcess[] = [];

test.before(() => {
  root = mkdtempSync(join(tmpdir(), "kage-made-"));
  chmodSync(root, 0o777);
});
test.after(() => {
  for (const server of servers) server.kill("SIGKILL");
  rmSync(root, { recursive: true, force: true });
});

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** One command; `onOut` hears everything printed so far. */
function kage(words: readonly string[], onOut: (out: string) => void = () => undefined) {
  const env = { PATH: process.env["PATH"] ?? "", HOME: root, LANG: "C.UTF-8" };
  const child = spawn(process.execPath, [MAIN, ...words], { ...user, env });
  let out = "";
  let err = "";
  child.stdout.on("data", (bytes: Buffer) => {
    out += bytes.toString("utf8");
    onOut(out);
  });
  child.stderr.on("data", (bytes: Buffer) => {
    err += bytes.toString("utf8");
  });
  return new Promise<Ended>((resolve) => {
    child.on("close", (status) => resolve({ status, out, err }));
  });
}

async function done(words: readonly string[]): Promise<string> {
  const { status, out, err } = await kage(words);
  assert.is(status, 0, `kage ${words.join(" ")}: ${err}${out}`);
  return out;
}

const folder = (name: string): string => join(root, name);
const local = (name: string): string => join(root, name, "local.json");

async function enrolSecond(): Promise<void> {
  let show: (words: readonly string[]) => void = () => undefined;
  const shown = new Promise<readonly string[]>((resolve) => {
    show = resolve;
  });
  const invite = ["server", "invite", "SERVER2", "--listen", "127.0.0.1:0"];
  const inviter = kage([...invite, "--dir", folder("one")], (out) => {
    const match = /kage (server enrol .*)/.exec(out);
    if (match?.[1] !== undefined) show(match[1].split(" "));
  });
  const words = await Promise.race([shown, inviter.then(({ err }) => [err])]);
  await done([...words, "--dir", folder("two")]);
  assert.is((await inviter).status, 0);
}

/** Pulse and agent of a server; each folder is a machine with its own boot. */
function startServer(name: string, host: string): void {
  for (const role of ["pulse", "agent"]) {
    const env = { PATH: process.env["PATH"] ?? "", KAGE_HOST_INCARNATION: host };
    const argv = [MAIN, role, "--local", local(name)];
    servers.push(spawn(process.execPath, argv, { ...user, env, stdio: "ignore" }));
  }
}

interface Status {
  readonly servers: readonly { readonly state: string }[];
  readonly groups: readonly { readonly state: string; readonly owner: string | null }[];
}

/** Asks until `holds`; each question is a process, so nothing spins. */
async function until(holds: (status: Status) => boolean): Promise<void> {
  const endMs = performance.now() + DEADLINE_MS;
  let last = "";
  while (performance.now() < endMs) {
    const { status, out, err } = await kage(["status", "-o", "json", "--local", local("one")]);
    last = out + err;
    if (status === 0 && holds(JSON.parse(out) as Status)) return;
  }
  assert.unreachable(`not reached: ${last}`);
}

test("R210: a cluster made by commands only starts, runs its group and can be measured", async () => {
  if (!canRun) {
    process.stdout.write("skipped: an ordinary user cannot read the program here\n");
    return;
  }
  const create = ["cluster", "create", "made", "--server", "SERVER1", "--method", "none"];
  const lans = (last: number) => ["--lan", `${block}.${last},${block}.${100 + last}`];
  const times = ["--heartbeat-timeout", "3000", "--start-sync", "60", "--interface", "lo"];
  await done([...create, ...lans(1), ...times, "--dir", folder("one")]);
  const at = ["--dir", folder("one")];
  await done(["server", "add", "SERVER2", ...lans(2), "--interface", "lo", ...at]);
  await done(["group", "add", "web", "--program", "sleep 3600", ...at]);
  await enrolSecond();
  await done(["config", "check", "--local", local("two")]);
  assert.is(
    readFileSync(join(folder("two"), "cluster.jsonc"), "utf8"),
    readFileSync(join(folder("one"), "cluster.jsonc"), "utf8"),
  );
  startServer("one", "00000000000000a1");
  startServer("two", "00000000000000b2");
  try {
    await until(({ servers: all }) => all.every(({ state }) => state === "member"));
    await until(({ groups }) => groups[0]?.state === "running" && groups[0].owner === "SERVER1");
    const refused = await kage(["key", "rotate", ...at]);
    assert.is(refused.status, 3);
    assert.match(refused.err, "Kagemusha runs on this server");
    const tuned = await done(["tune", "--for", "2", "-o", "json", "--local", local("one")]);
    const [own] = JSON.parse(tuned).servers;
    assert.is(own.server, "SERVER1");
    assert.ok(own.late.count > 0, tuned);
  } finally {
    await kage(["group", "stop", "web", "--local", local("one")]);
  }
});

test.run();
