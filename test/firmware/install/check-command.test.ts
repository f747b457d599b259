/**
 * `kage install --check` as an operator and a script see it: both languages, JSON, exit codes.
 * Source: work order 3 item 5; ecosystem.md 4.1.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { checkTexts } from "../../../services/catalogue/install.ts";
import { kage } from "../cli/fake-terminal.ts";
import { healthyRoot } from "./fake-root.ts";

test("the command tells reason and remedy in both languages, and exits 0 or 1", async () => {
  const root = healthyRoot();
  try {
    const good = await kage("/nonexistent", ["install", "--check", "--root", root.path]);
    assert.is(good.exit, 0, good.out);
    assert.match(good.out, "this machine is ready, 0 warnings");
    root.remove("/dev/ttyS0");
    const bad = await kage("/nonexistent", ["install", "--check", "--root", root.path]);
    assert.is(bad.exit, 1);
    assert.match(bad.out, /serial +lacks +\/dev\/ttyS0 does not exist\n.+do: check the BIOS/);
    assert.match(bad.err, "1 things are lacking");
    const japanese = await kage("/nonexistent", [
      ...["--lang", "ja", "install", "--check", "--root", root.path],
    ]);
    assert.match(japanese.out, /不足 +\/dev\/ttyS0 がありません/);
    const json = await kage("/nonexistent", [
      ...["install", "--check", "-o", "json", "--root", root.path],
    ]);
    assert.is(json.exit, 1);
    const { ok, lines } = JSON.parse(json.out);
    assert.is(ok, false);
    const serial = lines.find(({ check }: { check: string }) => check === "serial");
    assert.equal(serial, {
      check: "serial",
      verdict: "lacks",
      code: "serial.missing",
      reason: "/dev/ttyS0 does not exist",
      remedy: "check the BIOS setting and the name of the port",
    });
  } finally {
    root.close();
  }
});

test("every text is there in both languages with the same places", () => {
  const places = (text = ""): string[] => [...text.matchAll(/\{\w+\}/g)].map(([p]) => p).sort();
  for (const [key, { en, ja }] of Object.entries<(typeof checkTexts)["node.old"]>(
    checkTexts as never,
  )) {
    assert.equal([...new Set(places(ja.reason))], [...new Set(places(en.reason))], key);
    assert.equal([...new Set(places(ja.remedy))], [...new Set(places(en.remedy))], key);
    assert.is(ja.remedy === undefined, en.remedy === undefined, key);
  }
});

test.run();
