/** Tags on the array while one cluster key takes the other's place. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ClaimKeys } from "../../../services/quorum/claim-tag.ts";

const keyOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const NONCE = new Uint8Array(12);
const CONTENT = Uint8Array.of(1, 2, 3);
const tagOf = (keys: ClaimKeys, server: number): Uint8Array => keys.tag(server, NONCE, CONTENT);

test("R84: a slot of the key before is believed until that key is let go, new writes bear the active one", () => {
  const before = tagOf(new ClaimKeys(keyOf(1)), 1);
  const keys = new ClaimKeys(keyOf(1));
  keys.setKeys([keyOf(2), keyOf(1)]);
  assert.ok(keys.isTagged(1, NONCE, CONTENT, before));
  assert.equal(tagOf(keys, 1), tagOf(new ClaimKeys(keyOf(2)), 1));
  keys.setKeys([keyOf(2)]);
  assert.not.ok(keys.isTagged(1, NONCE, CONTENT, before));
});

test("a former key proves this server's own slot only, and never tags", () => {
  const former = new ClaimKeys(keyOf(1));
  const keys = new ClaimKeys(keyOf(2), { server: 1, key: keyOf(1) });
  assert.ok(keys.isTagged(1, NONCE, CONTENT, tagOf(former, 1)));
  assert.not.ok(keys.isTagged(0, NONCE, CONTENT, tagOf(former, 0)));
  assert.not.ok(former.isTagged(1, NONCE, CONTENT, tagOf(keys, 1)));
});

test.run();
