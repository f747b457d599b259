/** "Did you mean": helpful for slips, silent for words that are simply other words. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { remedyForUnknown, suggest } from "../../../services/configuration/suggest.ts";

const keys = ["heartbeatTimeoutMs", "heartbeatIntervalMs", "comIntervalMs", "lans", "com"];

test("a slip, a swap and a wrong case find the key that was meant", () => {
  assert.is(suggest("heartbeatTimoutMs", keys), "heartbeatTimeoutMs");
  assert.is(suggest("lasn", keys), "lans");
  assert.is(suggest("LANS", keys), "lans");
  assert.is(suggest("cmo", keys), "com");
});

test("a different word suggests nothing, and the known words are listed instead", () => {
  assert.is(suggest("quorum", keys), null);
  assert.is(suggest("x".repeat(1000), keys), null);
  assert.is(remedyForUnknown("zz", ["a-long-one", "other"]), "use one of: a-long-one, other");
  assert.is(remedyForUnknown("zz", []), "remove it");
});

test.run();
