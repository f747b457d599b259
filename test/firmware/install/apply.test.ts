/**
 * Putting the package into an image and taking it off: what is whose, nothing twice, nothing half.
 * Every path is below a temporary root. Source: work order 3 item 5.
 */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type InstallOptions, install, uninstall } from "../../../firmware/install/apply.ts";
import { distRoot } from "../../../firmware/install/command.ts";
import { collectSource, type SourceFile } from "../../../firmware/install/source.ts";
import { readClusterKey } from "../../../firmware/local.ts";
import { kage } from "../cli/fake-terminal.ts";

const LIB = "usr/local/lib/kagemusha";

interface Stage {
  readonly root: string;
  readonly options: InstallOptions;
  readonly source: SourceFile[];
  readonly at: (path: string) => string;
}

/** A root and a small program of two files. */
function withStage(act: (stage: Stage) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "kage-install-"));
  try {
    const root = join(folder, "root");
    const program = join(folder, "program");
    mkdirSync(program);
    writeFileSync(join(program, "main.js"), "1;\n");
    writeFileSync(join(program, "other.js"), "2;\n");
    const source = ["main.js", "other.js"].map((name) => ({
      from: join(program, name),
      to: `dist/firmware/${name}`,
      mode: 0o644,
    }));
    const common = { prefix: "/usr/local", nodePath: "/usr/bin/node", isDryRun: false };
    const options = { ...common, root, server: "SERVER1" };
    act({ root, options, source, at: (path) => join(root, path) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const acts = (changes: readonly { act: string }[]): string[] => [
  ...new Set(changes.map(({ act }) => act)),
];

test("a first installation makes everything, the key for its owner alone", () => {
  withStage(({ options, source, at }) => {
    assert.equal(acts(install(options, source)), ["create"]);
    assert.is(statSync(at("etc/kagemusha/cluster.key")).mode & 0o777, 0o600);
    assert.is(readClusterKey(at("etc/kagemusha/cluster.key")).length, 32);
    assert.is(statSync(at("var/lib/kagemusha")).mode & 0o777, 0o700);
    assert.is(statSync(at("usr/local/bin/kage")).mode & 0o777, 0o755);
    assert.is(JSON.parse(readFileSync(at("etc/kagemusha/local.json"), "utf8")).server, "SERVER1");
    assert.not(existsSync(at("etc/kagemusha/cluster.jsonc")));
  });
});

test("the same command again changes nothing, and a strict umask does not either", () => {
  withStage(({ options, source }) => {
    const before = process.umask(0o077);
    try {
      install(options, source);
      assert.equal(acts(install(options, source)).sort(), ["keep", "same"]);
    } finally {
      process.umask(before);
    }
  });
});

test("configuration, local file, key and state are never overwritten", () => {
  withStage(({ options, source, at }) => {
    mkdirSync(at("etc/kagemusha"), { recursive: true });
    mkdirSync(at("var/lib/kagemusha"), { recursive: true });
    const own = ["etc/kagemusha/local.json", "etc/kagemusha/cluster.key"];
    own.push("etc/kagemusha/cluster.jsonc", "var/lib/kagemusha/store.0");
    for (const path of own) writeFileSync(at(path), `own ${path}`);
    install(options, source);
    uninstall(options);
    for (const path of own) assert.is(readFileSync(at(path), "utf8"), `own ${path}`);
  });
});

test("a link in the key's place is kept as it is, even when it leads nowhere", () => {
  withStage(({ options, source, at }) => {
    mkdirSync(at("etc/kagemusha"), { recursive: true });
    symlinkSync("/nonexistent/key", at("etc/kagemusha/cluster.key"));
    const changes = install(options, source);
    const key = changes.find(({ path }) => path.endsWith("cluster.key"));
    assert.is(key?.act, "keep");
    assert.not(existsSync("/nonexistent/key"));
  });
});

test("a new version replaces what differs, removes what is gone, and repairs a wrong mode", () => {
  withStage(({ options, source, at }) => {
    install(options, source);
    writeFileSync(source[0]?.from ?? "", "new;\n");
    chmodSync(at("etc/systemd/system/kage.target"), 0o600);
    const changes = install(options, source.slice(0, 1));
    const byAct = (act: string): string[] =>
      changes.filter((change) => change.act === act).map(({ path }) => path);
    assert.equal(byAct("replace"), [
      `/${LIB}/dist/firmware/main.js`,
      "/etc/systemd/system/kage.target",
    ]);
    assert.equal(byAct("remove"), [`/${LIB}/dist/firmware/other.js`]);
    assert.is(readFileSync(at(`${LIB}/dist/firmware/main.js`), "utf8"), "new;\n");
    assert.not(existsSync(at(`${LIB}/dist/firmware/other.js`)));
  });
});

test("what an installation that was killed has left half is removed by the next", () => {
  withStage(({ options, source, at }) => {
    install(options, source);
    writeFileSync(at(`${LIB}/dist/firmware/main.js.kage-new-4711`), "1");
    install(options, source);
    assert.equal(readdirSync(at(`${LIB}/dist/firmware`)), ["main.js", "other.js"]);
  });
});

test("--dry-run tells the same and touches nothing", () => {
  withStage(({ options, source, root }) => {
    const told = install({ ...options, isDryRun: true }, source);
    assert.not(existsSync(root));
    assert.equal(install(options, source), told);
    assert.ok(uninstall({ ...options, isDryRun: true }).some(({ act }) => act === "remove"));
    assert.equal(acts(install(options, source)).sort(), ["keep", "same"]);
  });
});

test("uninstall leaves the site's folders and nothing else of ours", () => {
  withStage(({ options, source, at }) => {
    install(options, source);
    const kept = uninstall(options).filter(({ act }) => act === "keep");
    assert.equal(
      kept.map(({ path }) => path),
      ["/etc/kagemusha", "/var/lib/kagemusha", "/run/kagemusha"],
    );
    assert.not(existsSync(at(LIB)));
    assert.equal(readdirSync(at("etc/systemd/system")), []);
    assert.equal(readdirSync(at("usr/local/bin")), []);
    assert.equal(
      uninstall(options).filter(({ act }) => act === "remove"),
      [],
    );
  });
});

test("a place that cannot be written to is refused with what to do", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kage-install-"));
  try {
    const file = join(folder, "file");
    writeFileSync(file, "");
    const ran = await kage("/nonexistent", ["install", "--root", join(file, "below")]);
    assert.is(ran.exit, 1);
    assert.match(ran.err, /cannot install: .*ENOTDIR(.|\n)*do: run it as root/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a prefix that a unit would read as more than a path is refused", async () => {
  for (const prefix of ["usr/local", "/opt/my programs", "/opt/%n", "/opt/$x", "/opt/../etc"]) {
    const ran = await kage("/nonexistent", ["install", "--dry-run", "--prefix", prefix]);
    assert.is(ran.exit, 2, prefix);
    assert.match(ran.err, "expected an absolute path");
  }
});

test("uninstall is refused while the software runs", async () => {
  const root = mkdtempSync(join(tmpdir(), "kage-install-"));
  try {
    mkdirSync(join(root, "proc/4711"), { recursive: true });
    const argv = ["/usr/bin/node", "/usr/local/lib/kagemusha/dist/firmware/main.js", "agent"];
    writeFileSync(join(root, "proc/4711/cmdline"), `${argv.join("\0")}\0`);
    const ran = await kage("/nonexistent", ["install", "--uninstall", "--root", root]);
    assert.is(ran.exit, 3);
    assert.match(ran.err, "processes 4711");
    assert.match(ran.err, "systemctl disable --now kage.target");
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

test("the real tree runs where it was installed, without tests, maps and build tools", () => {
  const root = mkdtempSync(join(tmpdir(), "kage-install-"));
  try {
    const source = collectSource(distRoot());
    const names = source.map(({ to }) => to);
    for (const name of ["node_modules/pino/package.json", "dist/firmware/main.js", "LICENSE"]) {
      assert.ok(names.includes(name), name);
    }
    const unwanted = /\.map$|^dist\/test|node_modules\/(typescript|uvu|esbuild|aedes|@biomejs)\//;
    assert.equal(
      names.filter((name) => unwanted.test(name)),
      [],
    );
    const options = { prefix: "/opt/kage", nodePath: process.execPath, root, server: "S" };
    install({ ...options, isDryRun: false }, source);
    const command = join(root, "opt/kage/lib/kagemusha/firmware/kage.mjs");
    const run = (words: readonly string[]) =>
      spawnSync(process.execPath, [command, ...words], { encoding: "utf8", cwd: "/" });
    assert.match(run(["--version"]).stdout, /^kage \d/);
    const example = join(root, "opt/kage/lib/kagemusha/cluster.example.jsonc");
    const checked = run(["config", "check", example]);
    assert.is(checked.status, 0, checked.stdout + checked.stderr);
    const again = run(["install", "--root", root, "--prefix", "/opt/kage"]);
    assert.match(again.stdout, "0 new, 0 replaced, 0 removed", "installed from itself");
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

test.run();
