/**
 * Edition profiles (D47) against the guide's table 1.3.3, row by row: what each edition refuses, and where.
 * Data mirror is no method of this build, so a mirror edition always has the one finding that says so.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Finding } from "../../../services/configuration/finding.ts";
import { loadConfiguration } from "../../../services/configuration/load.ts";
import { group, sample, write } from "./sample.ts";

type Sample = ReturnType<typeof sample>;

/** Findings about the edition alone, `path: expected`. */
function limits(edition: string | undefined, bend: (config: Sample) => void): string[] {
  return findings(edition, bend)
    .filter(({ expected, remedy }) => /edition/.test(`${expected} ${remedy}`))
    .map(({ path, expected }) => `${path}: ${expected}`);
}

function findings(edition: string | undefined, bend: (config: Sample) => void): readonly Finding[] {
  const config = sample();
  bend(config);
  const whole = edition === undefined ? config : { edition, ...config };
  const result = loadConfiguration(write(whole), "cluster.jsonc");
  return result.kind === "refused" ? result.findings : [];
}

/** A mirror cluster: no shared disk, data mirrored between two servers. */
function mirror(config: Sample): void {
  config.method = "mirror";
  config.com = undefined;
  config.disk = undefined;
}

function addServers(config: Sample, count: number): void {
  for (let number = 3; number <= count; number += 1) {
    const name = `SERVER${number}`;
    config.servers.push({ name });
    for (const [i, { addresses }] of config.lans.entries()) {
      addresses[name] = `127.5.5.${number}:${7001 + i}`;
    }
  }
}

function twoWay(config: Sample): void {
  config.groups.push(group("db", ["SERVER2", "SERVER1"], "127.5.5.102"));
}

function parallel(config: Sample): void {
  const both = group("ops", ["SERVER1", "SERVER2"], "127.5.5.103");
  config.groups.push(Object.assign(both, { form: "parallel", resources: both.resources.slice(1) }));
}

/** By the majority of the servers, without cable and disk. */
function majority(config: Sample): void {
  config.method = "majority";
  config.com = undefined;
  config.disk = undefined;
}

const nothing = (): void => undefined;

test("R132: Value is two servers with mirrored data in one-way standby", () => {
  assert.equal(limits("value", mirror), []);
  assert.equal(limits("value", nothing), [
    'method: method "mirror" (data mirror) with edition "value"',
    'disk: no shared disk with edition "value"',
  ]);
  const third = limits("value", (c) => {
    mirror(c);
    addServers(c, 3);
  });
  assert.equal(third, ['servers[2]: at most 2 servers with edition "value"']);
});

test("R132: Value refuses both two-way forms and the parallel form", () => {
  const ways = limits("value", (c) => {
    mirror(c);
    twoWay(c);
  });
  assert.equal(ways, [
    'groups[1].policy[0]: "SERVER1" first in every policy (one-way standby) with edition "value"',
  ]);
  const forms = limits("value", (c) => {
    mirror(c);
    parallel(c);
  });
  assert.equal(forms, ['groups[1].form: no parallel group with edition "value"']);
});

test("R133: Lite is two servers with mirrored data, one-way or two-way, and not parallel", () => {
  const bent = (...bends: ((config: Sample) => void)[]): string[] =>
    limits("lite", (config) => {
      mirror(config);
      for (const bend of bends) bend(config);
    });
  assert.equal(bent(), []);
  assert.equal(bent(twoWay), []);
  assert.equal(bent(parallel), ['groups[1].form: no parallel group with edition "lite"']);
  assert.equal(
    bent((c) => addServers(c, 3)),
    ['servers[2]: at most 2 servers with edition "lite"'],
  );
  assert.equal(limits("lite", nothing), [
    'method: method "mirror" (data mirror) with edition "lite"',
    'disk: no shared disk with edition "lite"',
  ]);
});

test("R134: Standard is two servers without mirror, in all forms", () => {
  for (const bend of [nothing, twoWay, parallel]) {
    assert.equal(findings("standard", bend), [], bend.name);
  }
  assert.equal(limits("standard", mirror), [
    'method: a method without mirror with edition "standard"',
  ]);
  const third = findings("standard", (c) => {
    majority(c);
    addServers(c, 3);
  });
  const [finding, ...more] = third;
  assert.equal(more, []);
  assert.is(finding?.path, "servers[2]");
  assert.is(finding?.found, "3");
  assert.match(finding?.remedy ?? "", 'choose edition "enterprise", or remove "edition"');
});

test("R135: Enterprise is two to sixteen servers without mirror, in all forms", () => {
  for (const bend of [nothing, twoWay, parallel]) {
    assert.equal(findings("enterprise", bend), [], bend.name);
  }
  const many = (count: number) =>
    findings("enterprise", (c) => {
      majority(c);
      addServers(c, count);
    });
  assert.equal(many(3), []);
  assert.equal(many(16), []);
  assert.equal(
    many(17).map(({ path, expected }) => `${path}: ${expected}`),
    ["servers[16]: at most 16 servers"],
  );
  assert.equal(limits("enterprise", mirror), [
    'method: a method without mirror with edition "enterprise"',
  ]);
});

test("D47: without an edition only technical limits hold", () => {
  assert.equal(limits(undefined, mirror), []);
  const sixteen = findings(undefined, (c) => {
    majority(c);
    addServers(c, 16);
    twoWay(c);
    parallel(c);
  });
  assert.equal(sixteen, []);
});

test("D47: a limit is refused with its line, what stands there and the editions that allow it", () => {
  const [finding] = findings("lite", (c) => {
    mirror(c);
    parallel(c);
  }).filter(({ expected }) => expected.startsWith("no parallel group"));
  assert.is(finding?.path, "groups[1].form");
  assert.ok(finding !== undefined && finding.line > 40, `line ${finding?.line}`);
  assert.is(finding?.found, '"parallel"');
  assert.is(
    finding?.remedy,
    'remove "form", or choose edition "standard" or "enterprise", or remove "edition"',
  );
});

test("D47: an edition that does not exist is refused with the four that do", () => {
  const [finding] = findings("premium", nothing);
  assert.is(finding?.path, "edition");
  assert.is(finding?.expected, 'one of "value", "lite", "standard", "enterprise"');
});

test.run();
