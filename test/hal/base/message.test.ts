/** The first look at a datagram of a board or of the public switch. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { MESSAGE_BYTES_MAX, readAddressMessage, readMessage } from "../../../hal/base/message.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("an object is handed out with its fields, unchecked", () => {
  assert.equal(readMessage(bytes('{"kind":"feed","timeoutMs":"x"}')), {
    kind: "feed",
    timeoutMs: "x",
  });
});

test("truncated, foreign and too long datagrams are nothing", () => {
  for (const text of ["", "{", '{"kind":', "null", "7", '"text"', "[]", "\u0000\u0001"]) {
    assert.is(readMessage(bytes(text)), null, text);
  }
  const filler = (length: number): string => `{"a":"${"x".repeat(length - 8)}"}`;
  assert.ok(readMessage(bytes(filler(MESSAGE_BYTES_MAX))));
  assert.is(readMessage(bytes(filler(MESSAGE_BYTES_MAX + 1))), null);
});

test("an address message needs one of the kinds and an address", () => {
  const kinds = ["announce", "withdraw"] as const;
  const read = (value: unknown) => readAddressMessage(bytes(JSON.stringify(value)), kinds);
  assert.equal(read({ kind: "announce", address: "127.9.9.101", more: 1 }), {
    kind: "announce",
    address: "127.9.9.101",
  });
  assert.is(read({ kind: "probe", address: "127.9.9.101" }), null);
  assert.is(read({ kind: "announce" }), null);
  assert.is(read({ kind: "announce", address: 7 }), null);
  assert.is(read({ address: "127.9.9.101" }), null);
});

test.run();
