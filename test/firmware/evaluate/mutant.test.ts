/**
 * A rule taken out of a copy of the compiled cores: `kage evaluate` must then report a difference. Without
 * this the table could agree with whatever the cores do. Source: protocol.md chapter 3; work order 4 item 6.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { sheet } from "./sheets.ts";

const dist = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const require = createRequire(import.meta.url);
const packages = dirname(dirname(dirname(realpathSync(require.resolve("uvu")))));
/** A run of one method takes some seconds; on a busy machine many. */
const RUN_TIMEOUT_MS = 120_000;

interface Rule {
  readonly name: string;
  readonly method: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Fault that must be reported. */
  readonly fault: string;
}

const RULES: readonly Rule[] = [
  {
    name: "A5: COM that lives on after the LANs is no sign of life",
    method: "com",
    file: "services/heartbeat/peer.js",
    from: 'return "alive";',
    to: 'return "together";',
    fault: "lans",
  },
  {
    name: "A4, A6: COM that was faulty before counts as lost together",
    method: "com",
    file: "services/heartbeat/peer.js",
    from: 'comFaultyMs ? "faulty" : "together"',
    to: 'comFaultyMs ? "together" : "together"',
    fault: "com-lans",
  },
];

let folder = "";
test.before(() => {
  folder = mkdtempSync(join(tmpdir(), "kage-evaluate-"));
  for (const part of ["firmware", "services", "hal", "flash"]) {
    cpSync(join(dist, part), join(folder, part), { recursive: true });
  }
  writeFileSync(join(folder, "package.json"), '{"type":"module","version":"0.0.0"}');
  symlinkSync(packages, join(folder, "node_modules"));
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

function run(method: string): { readonly exit: number | null; readonly out: string } {
  const file = join(folder, "cluster.jsonc");
  writeFileSync(file, sheet(method));
  const words = [join(folder, "firmware/main.js"), "evaluate", "--config", file, "--json"];
  const ran = spawnSync(process.execPath, words, {
    encoding: "utf8",
    timeout: RUN_TIMEOUT_MS,
    maxBuffer: 64 * 1024 * 1024,
  });
  return { exit: ran.status, out: ran.stdout };
}

for (const rule of RULES) {
  test(`evaluate reports it: ${rule.name}`, () => {
    const path = join(folder, rule.file);
    const whole = readFileSync(path, "utf8");
    assert.is(whole.split(rule.from).length, 2, `exactly one "${rule.from}" in ${rule.file}`);
    writeFileSync(
      path,
      whole.replace(rule.from, () => rule.to),
    );
    try {
      const { exit, out } = run(rule.method);
      assert.is(exit, 1);
      const { faults } = JSON.parse(out) as {
        faults: readonly { readonly fault: string; readonly permitted: boolean }[];
      };
      const bad = faults.filter(({ permitted }) => !permitted).map(({ fault }) => fault);
      assert.ok(bad.includes(rule.fault), `differs: ${bad.join(", ")}`);
    } finally {
      writeFileSync(path, whole);
    }
  });
}

test("with every rule in place nothing differs", () => {
  assert.is(run("com").exit, 0);
});

test.run();
