/**
 * From text to model and to refusals. Every refusal is checked for its place and for what it says to
 * do; the texts are bent at one place of a valid sample.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Finding } from "../../../services/configuration/finding.ts";
import { loadConfiguration } from "../../../services/configuration/load.ts";
import { group, lan, sample, write } from "./sample.ts";

type Sample = ReturnType<typeof sample>;

function loadBent(bend: (config: Sample) => unknown) {
  const config = sample();
  bend(config);
  return loadConfiguration(write(config), "cluster.jsonc");
}

function accept(bend: (config: Sample) => unknown) {
  const result = loadBent(bend);
  if (result.kind === "ok") return result;
  throw new Error(result.findings.map((finding) => finding.text).join("\n"));
}

function refuse(bend: (config: Sample) => unknown): readonly Finding[] {
  const result = loadBent(bend);
  assert.is(result.kind, "refused");
  return result.kind === "refused" ? result.findings : [];
}

/** The only finding; its text must carry file, line and the rest. */
function onlyRefusal(bend: (config: Sample) => unknown): Finding {
  const findings = refuse(bend);
  assert.is(findings.length, 1, findings.map((finding) => finding.text).join("\n"));
  const finding = findings[0] as Finding;
  assert.ok(finding.text.startsWith(`cluster.jsonc:${finding.line}:${finding.column}: `));
  assert.ok(finding.text.includes(finding.expected) && finding.text.includes(finding.remedy));
  return finding;
}

test("R140: a valid configuration becomes the model with defaults, indices and budget", () => {
  const { config } = accept(() => undefined);
  assert.is(config.name, "lab");
  // printf lab | sha256sum -> a51146d3...
  assert.is(config.clusterId.toString(16), LAB_ID);
  assert.is(config.revision, 1);
  assert.match(config.hash, /^[0-9a-f]{8}$/);
  assert.equal(config.servers[1], { name: "SERVER2", index: 1, publicInterface: "" });
  assert.equal(config.lans[0]?.addresses, [
    { host: "127.5.5.1", port: 7001 },
    { host: "127.5.5.2", port: 7001 },
  ]);
  assert.equal(config.com, {
    id: "com1",
    devices: ["tcp://127.5.5.254:7100", "tcp://127.5.5.254:7101"],
    baud: 38_400,
  });
  assert.equal(config.groups[0]?.policy, [0, 1]);
  assert.is(config.groups[0]?.startAttribute, "auto");
  assert.equal(config.groups[0]?.resources[1], {
    kind: "program",
    name: "service",
    argv: ["node", "demo.js"],
    env: {},
    stopTimeoutMs: 5000,
    restartMax: 3,
    restartWindowMs: 3_600_000,
  });
  assert.is(config.timing.comIntervalMs, 100);
  assert.is(config.timing.diskWaitMs, 1000);
  assert.is(config.budget.a3Ms, 949);
  assert.is(config.virtual, true);
});

test("the cluster id in the file wins over the one from the name", () => {
  const { config } = accept((c) => Object.assign(c.cluster, { id: "00c0ffee" }));
  assert.is(config.clusterId, 0x00c0ffee);
});

test("R11: without a timing section the timeout is 30 s and the interval 3 s", () => {
  const { config } = accept((c) => Object.assign(c, { timing: undefined }));
  assert.equal([config.budget.timeoutMs, config.budget.intervalMs], [30_000, 3000]);
  assert.is(config.timing.startSyncWaitMs, 300_000);
});

test("R144: the order of the policy is kept, not the order of the servers", () => {
  const { config } = accept((c) => {
    c.groups = [group("web", ["SERVER2", "SERVER1"], "127.5.5.101")];
  });
  assert.equal(config.groups[0]?.policy, [1, 0]);
});

test("any change of the text changes the hash", () => {
  const one = accept(() => undefined).config.hash;
  const two = accept((c) => Object.assign(c, { revision: 2 })).config.hash;
  assert.is.not(one, two);
});

test("a mistyped key is refused at its own line with the key that was meant", () => {
  const finding = onlyRefusal((c) => Object.assign(c.timing, { watchdogTimeotMs: 500 }));
  assert.is(finding.path, "timing.watchdogTimeotMs");
  assert.is(finding.line, 10);
  assert.is(finding.column, 5);
  assert.match(finding.remedy, 'did you mean "watchdogTimeoutMs"?');
});

test("an unknown key inside a resource is compared with that resource's keys", () => {
  const finding = onlyRefusal((c) => {
    c.groups[0]?.resources.splice(1, 1, { type: "program", name: "p", argv: ["x"], restartMx: 1 });
  });
  assert.is(finding.path, "groups[0].resources[1].restartMx");
  assert.match(finding.remedy, 'did you mean "restartMax"?');
});

test("a wrong type is refused with what was expected", () => {
  const finding = onlyRefusal((c) => Object.assign(c.timing, { heartbeatTimeoutMs: "1000" }));
  assert.is(finding.path, "timing.heartbeatTimeoutMs");
  assert.is(finding.expected, "a whole number of ms from 50 to 600000");
  assert.is(finding.found, '"1000"');
});

test("a missing key is named together with its meaning", () => {
  const finding = onlyRefusal((c) => Object.assign(c, { method: undefined }));
  assert.is(finding.path, "method");
  assert.is(finding.found, "nothing");
  assert.match(finding.remedy, /add "method" \(Network partition resolution/);
});

test("a key __proto__ is refused like any other unknown key and changes no object", () => {
  const text = write(sample()).replace('"method"', '"__proto__": { "x": 1 },\n  "method"');
  const result = loadConfiguration(text, "f");
  assert.is(result.kind, "refused");
  if (result.kind === "refused") assert.is(result.findings[0]?.path, "__proto__");
  assert.is(({} as { x?: number }).x, undefined);
});

test("duplicate names of servers, groups, paths and resources are refused, also in other case", () => {
  const servers = refuse((c) => {
    c.servers = [{ name: "SERVER1" }, { name: "server1" }];
  });
  assert.ok(servers.some((finding) => finding.path === "servers[1].name"));
  const again = (c: Sample) => c.groups.push(group("Web", ["SERVER1", "SERVER2"], "127.5.5.102"));
  assert.is(onlyRefusal(again).path, "groups[1].name");
  const path = onlyRefusal((c) => {
    c.lans[1] = lan("lan1", "public", "127.5.5.1:7002", "127.5.5.2:7002");
  });
  assert.is(path.path, "lans[1].id");
  const com = onlyRefusal((c) => Object.assign(c.com ?? {}, { id: "lan2" }));
  assert.is(com.path, "com.id");
  const resource = onlyRefusal((c) =>
    Object.assign(c.groups[0]?.resources[1] ?? {}, { name: "ip" }),
  );
  assert.is(resource.path, "groups[0].resources[1].name");
});

test("R136: a 17th server is refused and pointed at; one server is refused too", () => {
  const many = refuse((c) => {
    c.servers = Array.from({ length: 17 }, (_, i) => ({ name: `S${i + 1}` }));
  });
  const limit = many.find((finding) => finding.path === "servers[16]");
  assert.is(limit?.expected, "at most 16 servers");
  const one = refuse((c) => {
    c.servers = [{ name: "SERVER1" }];
  });
  assert.ok(one.some((finding) => finding.path === "servers" && finding.found === "1"));
});

test("a policy that names an unknown server is refused with the nearest name", () => {
  const finding = onlyRefusal((c) => {
    c.groups = [group("web", ["SERVR1", "SERVER2"], "127.5.5.101")];
  });
  assert.is(finding.path, "groups[0].policy[0]");
  assert.is(finding.remedy, 'did you mean "SERVER1"?');
});

test("a LAN that lacks a server or names a stranger is refused", () => {
  const findings = refuse((c) => {
    c.lans[0] = {
      id: "lan1",
      kind: "private",
      addresses: { SERVER1: "127.5.5.1:7001", SRV2: "x" },
    };
  });
  const paths = findings.map((finding) => finding.path);
  assert.ok(paths.includes("lans[0].addresses.SRV2"));
  assert.ok(findings.some((finding) => finding.found === 'none for "SERVER2"'));
});

test("the same address on two LANs is refused with the place of its first use", () => {
  const finding = onlyRefusal((c) => {
    c.lans[1] = lan("lan2", "public", "127.5.5.1:7001", "127.5.5.2:7002");
  });
  assert.is(finding.path, "lans[1].addresses.SERVER1");
  assert.match(finding.found, "SERVER1 on lan1");
});

test("between real servers one address on two LANs is one wire and refused, whatever the port", () => {
  const findings = refuse((c) =>
    Object.assign(c, { virtual: false, method: "none", disk: undefined }),
  );
  const paths = findings.map((finding) => finding.path);
  assert.ok(
    paths.includes("lans[1].addresses.SERVER1") && paths.includes("lans[1].addresses.SERVER2"),
  );
});

test("a host name as heartbeat address is refused: heartbeats do not wait for a name service", () => {
  const finding = onlyRefusal((c) => {
    c.lans[0] = lan("lan1", "private", "server1.example:7001", "127.5.5.2:7001");
  });
  assert.match(finding.remedy, "names are not looked up");
});

test("R115: a floating IP outside the public network, on a server, twice or no host is refused", () => {
  const withAddress =
    (address: unknown, prefixLength = 24) =>
    (c: Sample) =>
      Object.assign(c.groups[0]?.resources[0] ?? {}, { address, prefixLength });
  assert.match(onlyRefusal(withAddress("127.5.6.101")).expected, "network 127.5.5.1/24");
  assert.match(onlyRefusal(withAddress("127.5.5.2")).found, "the address of SERVER2");
  assert.match(onlyRefusal(withAddress("127.5.5.255")).found, "broadcast");
  assert.match(onlyRefusal(withAddress("127.5.5.0")).found, "network itself");
  assert.is(
    onlyRefusal(withAddress("127.5.5.101", 33)).path,
    "groups[0].resources[0].prefixLength",
  );
  assert.match(onlyRefusal(withAddress("127.5.5.101/24")).remedy, "prefixLength");
  const twice = onlyRefusal((c) => {
    c.groups.push(group("db", ["SERVER2", "SERVER1"], "127.5.5.101"));
  });
  assert.is(twice.path, "groups[1].resources[0].address");
  assert.match(twice.found, "group web");
});

test("R57, R80: a COM method with three servers is refused", () => {
  for (const method of ["com", "com-disk"]) {
    const findings = refuse((c) => {
      Object.assign(c, { method });
      c.servers.push({ name: "SERVER3" });
      for (const [i, path] of c.lans.entries()) path.addresses["SERVER3"] = `127.5.5.3:${7001 + i}`;
      Object.assign(c.com?.devices ?? {}, { SERVER3: "tcp://127.5.5.254:7102" });
      Object.assign(c.disk?.paths ?? {}, { SERVER3: "nbd://127.5.5.254:1082/array" });
    });
    assert.equal(
      findings.map(({ path, expected }) => [path, expected]),
      [["method", "exactly 2 servers"]],
    );
  }
});

test("R58: a COM method without a COM section is refused", () => {
  const finding = onlyRefusal((c) => Object.assign(c, { com: undefined }));
  assert.is(finding.path, "method");
  assert.match(finding.remedy, "cross cable");
});

test("R80: COM + disk without an arbitration partition is refused", () => {
  const finding = onlyRefusal((c) => Object.assign(c, { disk: undefined }));
  assert.is(finding.expected, "an arbitration partition");
});

test("R100: method none together with a shared disk is refused", () => {
  const finding = onlyRefusal((c) => Object.assign(c, { method: "none" }));
  assert.is(finding.found, '"none" together with "disk"');
});

test("methods and resources of later releases are recognised and refused by name", () => {
  const finding = onlyRefusal((c) => Object.assign(c, { method: "mirror" }));
  assert.match(
    finding.remedy,
    "arrives with a later release; choose com, com-disk, disk, majority or none",
  );
  const resource = onlyRefusal((c) => {
    c.groups[0]?.resources.splice(0, 1, { type: "partition", name: "x" });
  });
  assert.match(resource.remedy, "later release");
});

test("COM over TCP and nbd:// are refused unless the appliance is virtual", () => {
  const findings = refuse((c) => {
    Object.assign(c, { virtual: undefined });
    c.lans = [
      lan("lan1", "private", "127.5.1.1:7001", "127.5.1.2:7001"),
      lan("lan2", "public", "127.5.2.1:7001", "127.5.2.2:7001"),
    ];
    c.groups = [];
  });
  assert.equal(findings.map((finding) => finding.path).sort(), [
    "com.devices.SERVER1",
    "com.devices.SERVER2",
    "disk.paths.SERVER1",
    "disk.paths.SERVER2",
  ]);
  assert.match(findings[0]?.remedy ?? "", "COM over IP fails together with the LAN");
});

test("impossible timing is refused with the rule, the missing milliseconds and a timeout that fits", () => {
  const findings = refuse((c) => {
    c.timing = { heartbeatTimeoutMs: 500, heartbeatIntervalMs: 50 };
  });
  // Default COM interval 70; the same two inequalities as in budget.test.ts.
  assert.equal(
    findings.map((finding) => finding.found),
    ["heartbeatTimeoutMs 500: too short by 200 ms", "heartbeatTimeoutMs 500: too short by 43 ms"],
  );
  assert.is(findings[0]?.line, 8);
  assert.match(findings[0]?.remedy ?? "", "set heartbeatTimeoutMs to at least 700");
});

test("a program without a program, with NUL or with the product's own variables is refused", () => {
  const withProgram = (fields: object) => (c: Sample) =>
    Object.assign(c.groups[0]?.resources[1] ?? {}, fields);
  assert.match(onlyRefusal(withProgram({ argv: [] })).expected, "the program first");
  assert.is(onlyRefusal(withProgram({ argv: [""] })).path, "groups[0].resources[1].argv[0]");
  assert.match(onlyRefusal(withProgram({ argv: ["a", "b\0c"] })).expected, "without NUL");
  assert.is(
    onlyRefusal(withProgram({ env: { KAGE_TREE: "x" } })).path,
    "groups[0].resources[1].env.KAGE_TREE",
  );
  assert.match(onlyRefusal(withProgram({ env: { "A=B": "x" } })).expected, "a variable name");
});

test("what an expert would do differently is a warning, not a refusal", () => {
  const { warnings } = accept((c) => {
    c.lans.length = 1;
    c.groups = [group("web", ["SERVER1"], "127.5.5.101")];
  });
  assert.equal(
    warnings.map((warning) => warning.path),
    ["lans", "timing", "groups[0].policy"],
  );
  assert.equal(accept((c) => Object.assign(c.timing, { watchdogTimeoutMs: 700 })).warnings, []);
});

test("several faults of one stage are reported together", () => {
  const findings = refuse((c) => {
    Object.assign(c.timing, { heartbeatTimeoutMs: -1, comIntervalMs: 1.5 });
    Object.assign(c.cluster, { name: "" });
  });
  assert.is(findings.length, 3);
});

/** First four bytes of the SHA-256 of "lab", from sha256sum. */
const LAB_ID = "a51146d3";

test.run();
