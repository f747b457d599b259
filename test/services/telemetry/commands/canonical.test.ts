/**
 * The one spelling of a JSON value: expectations from RFC 8785 3.2 (blanks, order of keys, texts) and from
 * what the subset leaves out.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { canonicalJson } from "../../../../services/telemetry/commands/canonical.ts";

test("keys are sorted by UTF-16 units and no blank is written", () => {
  // RFC 8785 3.2.3: the order of its own example, without the pair of surrogates' partner key.
  const value = {
    "\u20ac": 1,
    "\r": 2,
    "\ufb33": 3,
    "1": 4,
    "\u{1f600}": 5,
    "\u0080": 6,
    "\u00f6": 7,
  };
  assert.is(
    canonicalJson(value),
    '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}',
  );
  assert.is(
    canonicalJson({ b: [true, null], a: { d: "", c: -1 } }),
    '{"a":{"c":-1,"d":""},"b":[true,null]}',
  );
});

test("texts are escaped as RFC 8785 3.2.2.2 says", () => {
  assert.is(canonicalJson("\u20ac$\u000f\nA'B\"\\/"), '"\u20ac$\\u000f\\nA\'B\\"\\\\/"');
});

test("what is outside of the subset has no spelling", () => {
  const deep = JSON.parse(`${"[".repeat(20)}1${"]".repeat(20)}`);
  for (const value of [
    1.5,
    2 ** 53,
    Number.NaN,
    "\ud800",
    { "\udc00": 1 },
    [0.1],
    undefined,
    deep,
  ]) {
    assert.is(canonicalJson(value), null);
  }
});

test.run();
