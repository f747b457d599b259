/**
 * Which steps from one text to another a running server may take, and the times it lives by in between.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { blendBudgets } from "../../../services/configuration/blend.ts";
import { judgeStep } from "../../../services/configuration/judge-step.ts";
import { type LoadedConfig, loadConfiguration } from "../../../services/configuration/load.ts";

const program = (argv: readonly string[]) => ({ type: "program", name: "p", argv });
const group = (name: string, argv: readonly string[] = ["/bin/true"]) => {
  return { name, policy: ["A", "B"], resources: [program(argv)] };
};

const BASE = {
  cluster: { name: "step" },
  virtual: true,
  method: "none",
  timing: { heartbeatTimeoutMs: 1000, heartbeatIntervalMs: 100 },
  servers: [{ name: "A" }, { name: "B" }],
  lans: [
    { id: "lan1", kind: "private", addresses: { A: "127.1.1.1:7001", B: "127.1.1.2:7001" } },
    { id: "lan2", kind: "public", addresses: { A: "127.1.2.1:7001", B: "127.1.2.2:7001" } },
  ],
  groups: [group("web")],
};

function load(changed: object): LoadedConfig {
  const loaded = loadConfiguration(JSON.stringify({ ...BASE, ...changed }), "step.jsonc");
  if (loaded.kind === "refused")
    throw new Error(loaded.findings.map(({ text }) => text).join("\n"));
  return loaded.config;
}

/** Key of the refusal, or the changes in short. */
function judged(changed: object, busy: readonly string[] = ["web"]): string {
  const verdict = judgeStep(load({}), load(changed), busy);
  if (verdict.kind === "refused") return `${verdict.key}: ${verdict.what}`;
  return verdict.changes.map(({ kind, at }) => `${kind} ${at}`.trim()).join(", ");
}

test("1.9: what is live, what waits for a stop, and what needs the whole cluster down", () => {
  const { servers, lans, timing } = BASE;
  assert.is(judged({}), "");
  assert.is(judged({ groups: [group("new"), group("web")] }), "group-added new");
  assert.is(judged({ groups: [] }), "config-group-runs: web");
  assert.is(judged({ groups: [] }, []), "group-removed web");
  assert.is(judged({ groups: [group("web", ["/bin/false"])] }), "config-group-runs: web");
  assert.is(judged({ groups: [{ ...group("web"), policy: ["B", "A"] }] }), "policy web");
  assert.is(judged({ groups: [{ ...group("web"), start: "manual" }] }), "policy web");
  assert.is(
    judged({ timing: { ...timing, heartbeatTimeoutMs: 1500 } }),
    "timing timing.heartbeatTimeoutMs, timing timing.diskWaitMs",
  );
  assert.is(judged({ cluster: { name: "other" } }), "config-other-cluster: cluster.name");
  assert.is(
    judged({ lans: lans.slice(0, 1).concat({ ...lans[1], id: "x" } as never) }),
    "config-offline: lans",
  );
  assert.match(judged({ servers: [...servers].reverse() }), "config-offline: servers");
  assert.is(
    judged({ timing: { ...timing, watchdogTimeoutMs: 500 } }),
    "config-offline: timing.watchdogTimeoutMs",
  );
});

test("1.2, L10: in between a server owes by the shorter times and waits by the longer", () => {
  const [short, long] = [
    load({}).budget,
    load({ timing: { ...BASE.timing, heartbeatTimeoutMs: 1600 } }).budget,
  ];
  for (const [from, to] of [
    [short, long],
    [long, short],
  ] as const) {
    const blend = blendBudgets(from, to);
    assert.ok(blend !== null);
    assert.is(blend?.timeoutMs, long.timeoutMs);
    assert.is(blend?.a3Ms, short.a3Ms);
    assert.is(blend?.a1Ms, short.a1Ms);
    assert.is(blend?.abstainMs, long.abstainMs);
  }
});

test("1.2: times that leave no room between them are not one step", () => {
  const slow = load({ timing: { heartbeatTimeoutMs: 30_000, heartbeatIntervalMs: 3000 } });
  assert.is(blendBudgets(load({}).budget, slow.budget), null);
  assert.is(judgeStep(load({}), slow, []).kind, "refused");
});

test("R67: two servers on a shared disk become three only while the cluster is down", () => {
  const { servers, lans } = BASE;
  const disk = { paths: { A: "/dev/a", B: "/dev/b" } };
  const third = {
    servers: [...servers, { name: "C" }],
    lans: lans.map((lan, at) => ({
      ...lan,
      addresses: { ...lan.addresses, C: `127.1.${at + 1}.3:7001` },
    })),
    disk: { paths: { ...disk.paths, C: "/dev/c" } },
  };
  const two = load({ method: "disk", disk });
  const verdict = judgeStep(two, load({ method: "disk", ...third }), []);
  assert.is(verdict.kind === "refused" ? verdict.key : "", "config-offline");
  assert.is(verdict.kind === "refused" ? verdict.what : "", "servers, lans, disk");
});

test.run();
