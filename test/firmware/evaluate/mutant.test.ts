/**
 * A rule taken out of a copy of the compiled cores: `kage evaluate` must then report a difference. Without
 * this the table could agree with whatever the cores do. Source: protocol.md chapter 3; work order 4 item 6.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Replacement } from "../../mutants/mutant.ts";
import { copyOfSources, removeCopies, withMutant } from "../../mutants/sources.ts";
import { sheet } from "./sheets.ts";

/** A run of one method takes some seconds; on a busy machine many. */
const RUN_TIMEOUT_MS = 120_000;

interface Rule extends Replacement {
  readonly name: string;
  readonly method: string;
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
  folder = copyOfSources();
});
test.after(removeCopies);

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
  test(`evaluate reports it: ${rule.name}`, async () => {
    const ran = await withMutant(folder, rule, () => run(rule.method));
    assert.is.not(ran, "unfit", `exactly one "${rule.from}" in ${rule.file}`);
    if (ran === "unfit") return;
    assert.is(ran.exit, 1);
    const { faults } = JSON.parse(ran.out) as {
      faults: readonly { readonly fault: string; readonly permitted: boolean }[];
    };
    const bad = faults.filter(({ permitted }) => !permitted).map(({ fault }) => fault);
    assert.ok(bad.includes(rule.fault), `differs: ${bad.join(", ")}`);
  });
}

test("with every rule in place nothing differs", () => {
  assert.is(run("com").exit, 0);
});

test.run();
