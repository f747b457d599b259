/** The guide's table of variables (2.2.4), row by row. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  connectsDisk,
  type ScriptSituation,
  scriptEnvironment,
} from "../../../services/resources/script-environment.ts";

const base: ScriptSituation = {
  event: "START",
  group: "IIS",
  isHome: true,
  isDiskConnected: true,
};

const rows: readonly [string, Partial<ScriptSituation>, string, string][] = [
  ["R146: a normal start is START", {}, "ARMS_EVENT", "START"],
  ["R147: a failover is FAILOVER", { event: "FAILOVER" }, "ARMS_EVENT", "FAILOVER"],
  ["R148: a return is RECOVER", { event: "RECOVER" }, "ARMS_EVENT", "RECOVER"],
  ["R151: a disk that failed is FAILURE", { isDiskConnected: false }, "ARMS_DISK", "FAILURE"],
  ["R151: any other value is connected", {}, "ARMS_DISK", "SUCCESS"],
  ["R152: the home server is HOME", {}, "ARMS_SERVER", "HOME"],
  ["R152: any other server is OTHER", { isHome: false }, "ARMS_SERVER", "OTHER"],
  ["R153: the group's name", {}, "ARMS_GROUPNAME", "IIS"],
];

for (const [name, change, variable, value] of rows) {
  test(name, () => assert.is(scriptEnvironment({ ...base, ...change })[variable], value));
}

test("R151: FAILURE is for a failed connection alone, so a group without a disk is told SUCCESS", () => {
  // The kinds of this release; none of them is a disk.
  assert.equal((["floating-ip", "program", "script"] as const).map(connectsDisk), [
    false,
    false,
    false,
  ]);
  // What the guide's script does with it (2.2.4): only FAILURE leads to ERROR_DISK.
  assert.is.not(scriptEnvironment(base)["ARMS_DISK"], "FAILURE");
});

test("R146-R153: these four and no other", () => {
  assert.equal(Object.keys(scriptEnvironment(base)), [
    "ARMS_EVENT",
    "ARMS_DISK",
    "ARMS_SERVER",
    "ARMS_GROUPNAME",
  ]);
});

test.run();
