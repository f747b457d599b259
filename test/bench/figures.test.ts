/**
 * The bench's arithmetic, by hand: spreads, ratios, VRRP's window, memory counted once per file.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ratio, showTable, spread } from "./figures.ts";
import { parseMappings } from "./footprint.ts";
import { vrrpTiming } from "./keepalived.ts";

test("a spread sorts, rounds to 0.1 and takes the middle of an even count", () => {
  assert.equal(spread([30.04, 10, 20, 41]), {
    n: 4,
    min: 10,
    median: 25,
    max: 41,
    values: [10, 20, 30, 41],
  });
  assert.is(spread([]), null);
});

test("a ratio is of medians; without one of them there is none", () => {
  assert.is(ratio(spread([110]), spread([100])), 1.1);
  assert.is(ratio(spread([110]), null), null);
});

test("VRRP's window 3 advert + skew comes within 1 ms of the timeout", () => {
  assert.equal(vrrpTiming(1000), { advertCs: 33, priority: 248, windowMs: 1000.3 });
  assert.equal(vrrpTiming(300), { advertCs: 10, priority: 254, windowMs: 300.8 });
  assert.equal(vrrpTiming(100), { advertCs: 3, priority: 171, windowMs: 100 });
});

test("a table shows a missed target in words", () => {
  const table = showTable([{ name: "move", value: "60 ms", target: "<= 50", met: false }]);
  assert.match(table, /^what +min \/ median \/ max +target +verdict\nmove +60 ms +<= 50 +MISSED$/);
});

test("smaps: figures belong to the mapping above; a file's pages have one key in all processes", () => {
  const smaps = [
    "5500-5600 r-xp 00001000 fe:00 42                         /usr/bin/node",
    "Rss:                 400 kB",
    "Anonymous:           100 kB",
    "7700-7800 rw-p 00000000 00:00 0                          [heap]",
    "Rss:                  80 kB",
    "Anonymous:            80 kB",
  ].join("\n");
  const one = parseMappings(smaps, 1);
  const two = parseMappings(smaps, 2);
  assert.equal(
    one.map(({ rssKib, anonymousKib }) => [rssKib, anonymousKib]),
    [
      [400, 100],
      [80, 80],
    ],
  );
  assert.is(one[0]?.key, two[0]?.key);
  assert.is.not(one[1]?.key, two[1]?.key);
});

test.run();
