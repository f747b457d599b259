/** Operating forms (guide 1.3.2) in the configuration: what each needs, what is refused, what is derived. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { addGroup } from "../../../services/configuration/edit.ts";
import { explainBudget } from "../../../services/configuration/explain.ts";
import { formsOf, parallelName } from "../../../services/configuration/form.ts";
import { type LoadResult, loadConfiguration } from "../../../services/configuration/load.ts";
import { group, sample, write } from "./sample.ts";

type Sample = ReturnType<typeof sample>;

function load(bend: (config: Sample) => unknown): LoadResult {
  const config = sample();
  bend(config);
  return loadConfiguration(write(config), "cluster.jsonc");
}

function accepted(bend: (config: Sample) => unknown) {
  const result = load(bend);
  if (result.kind === "refused") throw new Error(result.findings[0]?.text);
  return result;
}

const refusals = (bend: (config: Sample) => unknown): readonly string[] => {
  const result = load(bend);
  return result.kind === "refused" ? result.findings.map((f) => `${f.path}: ${f.expected}`) : [];
};

const program = (argv: string[], env: Record<string, string> = {}) => ({
  type: "program",
  name: "service",
  argv,
  env,
});

/** A second group at home on SERVER2, with an address of its own. */
const second = (argv: string[]) => {
  const made = group("db", ["SERVER2", "SERVER1"], "127.5.5.102");
  return { ...made, resources: [...made.resources.slice(0, 1), program(argv)] };
};

const parallel = (name: string, policy: string[], argv = ["/usr/bin/ops"]) => ({
  name,
  policy,
  form: "parallel",
  resources: [program(argv)] as Record<string, unknown>[],
});

const forms = (bend: (config: Sample) => unknown): string[] =>
  formsOf(accepted(bend).config.groups).map(({ kind, groups }) => `${kind} ${groups.join(",")}`);

test("R128: groups that are at home on one server are a one-way standby", () => {
  assert.equal(
    forms(() => undefined),
    ["one-way web"],
  );
  assert.equal(
    forms((c) => c.groups.push(group("mail", ["SERVER1"], "127.5.5.102"))),
    ["one-way web,mail"],
  );
});

test("R129: one program at home on two servers that stand by for each other is the same application", () => {
  assert.equal(
    forms((c) => c.groups.push(second(["node", "demo.js", "8081"]))),
    ["two-way-same web,db"],
  );
});

test("R129: an address is given to one of the two instances only", () => {
  const both = refusals((c) => {
    c.groups.push(group("db", ["SERVER2", "SERVER1"], "127.5.5.101"));
  });
  assert.equal(both, ["groups[1].resources[0].address: an address used once"]);
});

test("R129: instances that nothing tells apart on one server are warned of", () => {
  const warned = (argv: string[], resources: number, policy = ["SERVER2", "SERVER1"]): string[] =>
    accepted((c) => {
      const made = { ...second(argv), policy };
      c.groups.push({ ...made, resources: made.resources.slice(-resources) });
    })
      .warnings.map(({ path, found }) => `${path}: ${found}`)
      .filter((text) => text.includes("argv"));
  assert.equal(warned(["node", "demo.js"], 1), [
    'groups[1].resources[0].argv: the command of group "web", which stands by for it',
  ]);
  assert.equal(warned(["node", "demo.js"], 2), [], "an address of its own each");
  assert.equal(warned(["node", "demo.js", "8081"], 1), [], "another port");
  assert.equal(warned(["node", "demo.js"], 1, ["SERVER2"]), [
    'groups[1].resources[0].argv: the command of group "web", which stands by for it',
  ]);
  assert.equal(warned(["node", "demo.js"], 1, ["SERVER1", "SERVER2"]), [], "the same home");
});

test("R130: other programs at home on two servers are different applications, each with its policy", () => {
  assert.equal(
    forms((c) => c.groups.push(second(["/usr/sbin/mysqld"]))),
    ["two-way-different web,db"],
  );
  const { config } = accepted((c) => c.groups.push(second(["/usr/sbin/mysqld"])));
  assert.equal(
    config.groups.map(({ name, policy }) => [name, policy]),
    [
      ["web", [0, 1]],
      ["db", [1, 0]],
    ],
  );
});

test("R131: a parallel group is one instance for each server of its policy, and nowhere else", () => {
  const { config } = accepted((c) => {
    c.groups.unshift(parallel("ops", ["SERVER2", "SERVER1"]));
  });
  assert.equal(
    config.groups.map(({ name, index, policy, parallelOf }) => [name, index, policy, parallelOf]),
    [
      ["ops@SERVER2", 0, [1], "ops"],
      ["ops@SERVER1", 1, [0], "ops"],
      ["web", 2, [0, 1], undefined],
    ],
  );
  assert.equal(formsOf(config.groups), [
    { kind: "one-way", groups: ["web"] },
    { kind: "parallel", groups: ["ops"] },
  ]);
  assert.is(parallelName("ops@SERVER2"), "ops");
  assert.is(parallelName("web"), null);
});

test("R131: a parallel group has two servers at least and no address that only one can have", () => {
  assert.equal(
    refusals((c) => c.groups.push(parallel("ops", ["SERVER1"]))),
    ["groups[1].policy: at least two servers for a parallel group"],
  );
  const floating = refusals((c) => {
    const made = parallel("ops", ["SERVER1", "SERVER2"]);
    const address = { type: "floating-ip", name: "ip", address: "127.5.5.109", prefixLength: 24 };
    c.groups.push({ ...made, resources: [address, ...made.resources] });
  });
  assert.equal(floating, ["groups[1].resources[0]: no floating address in a parallel group"]);
});

test("R131: every server of a parallel group counts as a group: 32 share the beat", () => {
  const many = (groups: number) =>
    refusals((c) => {
      c.groups = [];
      for (let number = 1; number <= groups; number += 1) {
        c.groups.push(parallel(`ops${number}`, ["SERVER1", "SERVER2"], [`/bin/ops${number}`]));
      }
    });
  assert.equal(many(16), []);
  assert.equal(many(17), [
    "groups: at most 32 groups, each server of a parallel group counted as one",
  ]);
});

test("R131: a group is added as parallel by one edit of the text", () => {
  const edited = addGroup(write(sample()), {
    name: "ops",
    start: "auto",
    form: "parallel",
    policy: ["SERVER1", "SERVER2"],
    resources: [program(["/usr/bin/ops"])],
  });
  const result = loadConfiguration(edited.kind === "text" ? edited.text : "", "f");
  assert.equal(result.kind === "ok" ? result.config.groups.map(({ name }) => name) : [], [
    "web",
    "ops@SERVER1",
    "ops@SERVER2",
  ]);
});

test("R128-R131: the forms and the edition are explained, in both languages", () => {
  const { config } = accepted((c) => {
    Object.assign(c, { edition: "standard" });
    c.groups.push(second(["/usr/sbin/mysqld"]), parallel("ops", ["SERVER1", "SERVER2"]));
  });
  const said = explainBudget(config).slice(1, 4);
  assert.match(said[0] ?? "", "Edition standard: its limits");
  assert.match(said[1] ?? "", "two-way standby, different applications: web, db;");
  assert.match(said[2] ?? "", "parallel: ops; runs on every server of its policy at once");
  assert.match(explainBudget(config, "ja")[1] ?? "", "エディション standard");
  assert.match(explainBudget(accepted(() => undefined).config)[1] ?? "", "Edition: none");
});

test.run();
