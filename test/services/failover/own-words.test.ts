/**
 * The words of a beat are drawn from seven parts of the state, and the agent compares no others before it says
 * that nothing has changed. A word drawn from an eighth would be said too late.
 * Source: protocol.md 1.3 (all state is in the beat); services/failover/core.ts.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ownWords } from "../../../services/failover/core.ts";
import { stageAgent } from "./failover-stage.ts";

const COMPARED = ["afterLeave", "groups", "marked", "ownEpoch", "reply", "request", "shutdown"];

test("ownWords reads the parts of the state that are compared, and no others", () => {
  const read = new Set<string>();
  const watched = new Proxy(stageAgent(0).state, {
    get(target, key) {
      read.add(String(key));
      return Reflect.get(target, key);
    },
  });
  ownWords(watched);
  assert.equal([...read].sort(), COMPARED);
});

test.run();
