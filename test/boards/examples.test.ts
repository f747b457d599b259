/** The shipped example is the guide's system and loads without a warning. Run from the project folder. */
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { loadConfiguration } from "../../services/configuration/load.ts";

const FILE = "boards/examples/cluster.jsonc";

test("R11: the shipped example has the guide's times, servers, group and address", () => {
  const result = loadConfiguration(readFileSync(FILE, "utf8"), FILE);
  if (result.kind === "refused") throw new Error(result.findings[0]?.text);
  const { config, warnings } = result;
  assert.equal(warnings, []);
  assert.equal(
    [config.timing.heartbeatTimeoutMs, config.timing.heartbeatIntervalMs],
    [30_000, 3000],
  );
  assert.equal(
    config.servers.map((server) => server.name),
    ["SERVER1", "SERVER2"],
  );
  const group = config.groups[0];
  assert.equal([group?.name, group?.startAttribute, group?.policy], ["IIS", "auto", [0, 1]]);
  assert.equal(group?.resources[0], {
    kind: "floating-ip",
    name: "www-address",
    address: "192.168.0.3",
    prefixLength: 24,
  });
  assert.is(config.budget.protection, "reset-bounded");
});

test.run();
