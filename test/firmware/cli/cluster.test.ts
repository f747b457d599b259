/**
 * A cluster made by commands only, in temporary folders: create, add a server and groups, check. What is
 * refused leaves every file as it was.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseLocal } from "../../../firmware/local.ts";
import { loadConfiguration } from "../../../services/configuration/load.ts";
import {
  CREATE,
  createIn,
  EQUIPMENT,
  type Folders,
  newFolders,
  read,
  run,
  twoServersIn,
} from "./cluster-stage.ts";
import type { Ran } from "./fake-terminal.ts";

let folders: Folders;
let root = "";
let one = "";
let two = "";
test.before.each(() => {
  folders = newFolders();
  ({ root, one, two } = folders);
});
test.after.each(() => folders.remove());

const create = (...more: readonly string[]): Promise<Ran> => createIn(one, ...more);
const twoServers = (): Promise<void> => twoServersIn(one);

test("R105, R210: create proposes the method with its reason and writes three files", async () => {
  const { exit, out, err } = await create();
  assert.is(exit, 0, err);
  assert.match(out, "recommended method: com-disk (two servers with a shared disk");
  assert.match(out, "next: kage server add SERVER2");
  const made = ["cluster.jsonc", "cluster.key", "local.json", "run", "state"];
  assert.equal(readdirSync(one).sort(), made);
  assert.is(statSync(join(one, "cluster.key")).mode & 0o777, 0o600);
  assert.match(read(one, "cluster.key"), /^[0-9a-f]{64}\n$/);
  const local = parseLocal(read(one, "local.json"), "local.json");
  assert.is(local.server, "SERVER1");
  assert.is(local.configFile, join(one, "cluster.jsonc"));
  assert.is(local.off.kind === "command" ? local.off.armed : true, false);
});

test("two clusters of one name have different keys and ids", async () => {
  await create();
  await run(["cluster", "create", "WWW", ...CREATE, ...EQUIPMENT, "--dir", two]);
  assert.is.not(read(one, "cluster.key"), read(two, "cluster.key"));
  assert.is.not(read(one, "cluster.jsonc"), read(two, "cluster.jsonc"));
});

test("create refuses to overwrite anything and leaves everything as it was", async () => {
  await create();
  const files = ["cluster.jsonc", "cluster.key", "local.json"];
  const before = files.map((name) => read(one, name));
  const again = await create();
  assert.is(again.exit, 3);
  assert.match(again.err, `${join(one, "cluster.jsonc")} is there already; nothing was written`);
  assert.equal(
    files.map((name) => read(one, name)),
    before,
  );
});

test("what the loader refuses is never written", async () => {
  const { exit, out } = await create("--heartbeat-timeout", "5000", "--heartbeat-interval", "3000");
  assert.is(exit, 1);
  assert.match(out, "timing.heartbeatTimeoutMs: expected times that satisfy T >= 10 I");
  assert.not.ok(existsSync(one));
  const odd = await create("--method", "none");
  assert.is(odd.exit, 2);
  assert.match(odd.err, "possible: com-disk, com, disk");
  assert.not.ok(existsSync(one));
});

test("R106: with VxVM on two servers only COM is offered", async () => {
  const com = await create("--volume-manager", "vxvm", "--dry-run");
  assert.match(com.out, "recommended method: com (COM is required");
  const refused = await create("--volume-manager", "vxvm", "--method", "com-disk");
  assert.is(refused.exit, 2);
  assert.match(refused.err, "possible: com\n");
});

test("D49: LVM is no manager that owns whole disks: the partition lies outside the volume group", async () => {
  const proposed = await create("--volume-manager", "lvm", "--dry-run");
  assert.is(proposed.exit, 0, proposed.err);
  assert.match(proposed.out, '"method": "com-disk"');
  const chosen = await create("--volume-manager", "lvm", "--method", "disk", "--dry-run");
  assert.match(chosen.out, '"method": "disk"');
});

test("R80, R105: three servers are created one by one with --method majority and pass config check", async () => {
  const made = await run([
    "cluster",
    "create",
    "WWW",
    ...CREATE,
    "--method",
    "majority",
    "--dir",
    one,
  ]);
  assert.is(made.exit, 0, made.err);
  assert.match(made.out, "recommended method: majority");
  assert.match(made.out, "a majority takes three servers");
  const file = join(one, "cluster.jsonc");
  for (const [name, number] of [
    ["SERVER2", 2],
    ["SERVER3", 3],
  ] as const) {
    assert.is((await run(["config", "check", file])).exit, 1, name);
    const lans = `127.9.1.${number},127.9.2.${number}`;
    const added = await run(["server", "add", name, "--lan", lans, "--dir", one]);
    assert.is(added.exit, 0, added.err);
  }
  const checked = await run(["config", "check", file]);
  assert.is(checked.exit, 0, checked.err);
});

test("R80: a third server beside two that a cable joins is refused with the way to a majority", async () => {
  await twoServers();
  const before = read(one, "cluster.jsonc");
  const lans = ["--lan", "127.9.1.3,127.9.2.3"];
  const { exit, err } = await run(["server", "add", "SERVER3", ...lans, "--dir", one]);
  assert.is(exit, 3);
  assert.match(err, "SERVER3 would be the third");
  assert.match(err, '"method": "majority"');
  assert.match(err, 'or "disk" where one is shared');
  assert.is(read(one, "cluster.jsonc"), before);
});

test("R67: a third server joins two that decide by the shared disk, with its path to it", async () => {
  const words = ["cluster", "create", "WWW", ...CREATE, "--method", "disk", "--disk", "/dev/sdz9"];
  const made = await run([...words, "--dir", one]);
  assert.is(made.exit, 0, made.err);
  for (const number of [2, 3]) {
    const lans = `127.9.1.${number},127.9.2.${number}`;
    const added = ["server", "add", `SERVER${number}`, "--lan", lans, "--dir", one];
    assert.match((await run(added)).err, "the cluster has disk; --disk is missing");
    const { exit, err } = await run([...added, "--disk", "/dev/sdz9"]);
    assert.is(exit, 0, err);
  }
  const checked = await run(["config", "check", join(one, "cluster.jsonc")]);
  assert.is(checked.exit, 0, checked.err);
});

test("without a cable the missing cable is named, and --dry-run writes nothing", async () => {
  const words = ["cluster", "create", "WWW", ...CREATE, "--dir", one];
  const bare = await run(words);
  assert.is(bare.exit, 1);
  assert.match(bare.out, 'add "com"');
  const none = await run([...words, "--method", "none", "--dry-run"]);
  assert.is(none.exit, 0, none.err);
  assert.match(none.out, "it needs a serial cross cable");
  assert.match(none.out, '  "method": "none",');
  assert.not.ok(existsSync(one));
});

test("on a terminal what is missing is asked for, with the proposal before the method", async () => {
  const answers = ["WWW", "", "127.9.1.1,127.9.2.1", "", "/dev/sdz9", "", ""];
  const { exit, out, err } = await run(["cluster", "create", "--dir", one], { answers });
  assert.is(exit, 0, err);
  assert.match(err, "Name of this server [SERVER1]: ");
  assert.match(err, "(com-disk, com, disk) [com-disk]: ");
  assert.match(out, "recommended method: com-disk");
  const text = read(one, "cluster.jsonc");
  assert.match(text, '"devices": { "SERVER1": "/dev/ttyS0" }');
  const ended = await run(["cluster", "create", "--dir", two], { answers: ["X"], typed: null });
  assert.is(ended.exit, 1);
  assert.match(ended.err, "stopped; nothing was written");
  assert.not.ok(existsSync(two));
});

test("where nobody can be asked the missing option is named", async () => {
  const none = await run(["cluster", "create", "--dir", one]);
  assert.is(none.exit, 2);
  assert.match(none.err, "NAME is missing");
  const noLan = await run(["cluster", "create", "WWW", "--dir", one]);
  assert.match(noLan.err, "--lan is missing");
  const bad = await run(["cluster", "create", "WWW", "--lan", "server1", "--dir", one]);
  assert.match(bad.err, '"server1" is no address of a LAN');
});

test("a local.json that kage install left for this server stays; one of another server stops", async () => {
  mkdirSync(one);
  await run(["cluster", "create", "WWW", ...CREATE, ...EQUIPMENT, "--dir", two]);
  const local = read(two, "local.json").replaceAll(two, one).replace("false", "true");
  writeFileSync(join(one, "local.json"), local);
  assert.is((await create()).exit, 0);
  assert.is(read(one, "local.json"), local);
  rmSync(one, { recursive: true });
  mkdirSync(one);
  writeFileSync(join(one, "local.json"), local.replace("SERVER1", "SERVER9"));
  const other = await create();
  assert.is(other.exit, 3);
  assert.match(other.err, "is of server SERVER9, not SERVER1");
  assert.equal(readdirSync(one), ["local.json"]);
});

test("R210: with its second server and a group the cluster passes config check", async () => {
  await twoServers();
  const added = await run([
    ...["group", "add", "web", "--address", "127.9.2.100/24", "--dir", one],
    ...["--program", '/usr/sbin/httpd -D "FORE GROUND"'],
  ]);
  // A floating address on the loopback is refused: the loader speaks before the file is touched.
  assert.is(added.exit, 1);
  assert.match(added.out, "a loopback address");
  assert.not.match(read(one, "cluster.jsonc"), "127.9.2.100");
  const program = ["--program", '/usr/sbin/httpd -D "FORE GROUND"'];
  const good = await run([
    "group",
    "add",
    "web",
    "--policy",
    "SERVER2",
    "--policy",
    "SERVER1",
    ...program,
    "--dir",
    one,
  ]);
  assert.is(good.exit, 0, good.err + good.out);
  const file = join(one, "cluster.jsonc");
  const check = await run(["config", "check", file]);
  assert.is(check.exit, 0, check.out);
  const loaded = loadConfiguration(read(one, "cluster.jsonc"), file);
  const config = loaded.kind === "ok" ? loaded.config : null;
  assert.equal(
    config?.servers.map(({ name }) => name),
    ["SERVER1", "SERVER2"],
  );
  assert.equal(config?.groups[0]?.policy, [1, 0]);
  const resource = config?.groups[0]?.resources[0];
  assert.equal(resource?.kind === "program" ? resource.argv : [], [
    "/usr/sbin/httpd",
    "-D",
    "FORE GROUND",
  ]);
});

test("an edit keeps comments, shows what changes, and --dry-run changes nothing", async () => {
  await twoServers();
  const before = read(one, "cluster.jsonc");
  const words = ["group", "add", "app", "--script", "/srv/app", "--dir", one];
  const dry = await run([...words, "--dry-run"]);
  assert.is(dry.exit, 0, dry.err);
  assert.match(dry.out, '+           "start": "/srv/app/start.sh",');
  assert.match(dry.out, "nothing was changed");
  assert.is(read(one, "cluster.jsonc"), before);
  const real = await run(words);
  assert.match(real.out, "no agent runs here, so only this file was changed");
  assert.match(read(one, "cluster.jsonc"), "// The order is the cluster priority, best first.");
  const gone = await run(["group", "remove", "app", "--dir", one]);
  assert.is(gone.exit, 0, gone.err);
  const after = loadConfiguration(read(one, "cluster.jsonc"), "f");
  assert.equal(after.kind === "ok" ? after.config.groups : null, []);
});

test("edits that cannot be are refused with the name of what is missing", async () => {
  await create();
  const refusals: readonly (readonly [readonly string[], number, string])[] = [
    [["server", "add", "server1", ...EQUIPMENT], 3, "server1 is there already"],
    [["server", "add", "S2", "--lan", "127.9.1.2", ...EQUIPMENT], 3, "S2 on lan2 is missing"],
    [
      ["server", "add", "S2", "--lan", "127.9.1.2,127.9.2.2,127.9.3.2", ...EQUIPMENT],
      3,
      "has no LAN lan3; it has lan1, lan2",
    ],
    [
      ["server", "add", "S2", "--lan", "127.9.1.2,127.9.2.2", "--interface", "eth0"],
      3,
      "--com is missing for S2",
    ],
    [["group", "remove", "web"], 3, "there is no group web"],
    [["group", "add", "web"], 2, "the group has nothing to run"],
    [["group", "add", "web", "--program", 'a "b'], 2, "open quotation mark"],
    [["group", "add", "web", "--address", "10.0.0.1"], 2, "expected address/prefix"],
  ];
  const before = read(one, "cluster.jsonc");
  for (const [words, code, said] of refusals) {
    const { exit, err } = await run([...words, "--dir", one]);
    assert.is(exit, code, words.join(" "));
    assert.ok(err.includes(said), `${words.join(" ")}: ${err}`);
  }
  assert.is(read(one, "cluster.jsonc"), before);
  const nowhere = await run(["group", "remove", "web", "--dir", join(root, "nothing")]);
  assert.match(nowhere.err, "create it: kage cluster create NAME");
});

test.run();
