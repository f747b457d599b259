/** Scripts in the configuration: what is taken, and every refusal with file, line and remedy. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { loadConfiguration } from "../../../services/configuration/load.ts";
import { scriptFindings, scriptPaths } from "../../../services/configuration/script-rules.ts";
import { sample, write } from "./sample.ts";

type Resource = Record<string, unknown>;
const FILE = "cluster.jsonc";

function textWith(script: Resource, place = 2): string {
  const config = sample();
  config.groups[0]?.resources.splice(place, 0, { type: "script", name: "app", ...script });
  return write(config);
}

function findingsOf(script: Resource, place = 2): readonly { line: number; text: string }[] {
  const result = loadConfiguration(textWith(script, place), FILE);
  return result.kind === "refused" ? result.findings : [];
}

function lineOf(text: string, part: string): number {
  return text.split("\n").findIndex((line) => line.includes(part)) + 1;
}

test("R118, R166: a script has start, stop and the successor's 30 minutes; RECOVER runs the start script", () => {
  const result = loadConfiguration(
    textWith({ start: "/s/start.sh", stop: ["/s/stop.sh", "x"] }),
    FILE,
  );
  if (result.kind === "refused") throw new Error(result.findings[0]?.text);
  assert.equal(result.config.groups[0]?.resources[2], {
    kind: "script",
    name: "app",
    start: ["/s/start.sh"],
    stop: ["/s/stop.sh", "x"],
    recover: ["/s/start.sh"],
    startTimeoutMs: 1_800_000,
    stopTimeoutMs: 1_800_000,
  });
  assert.equal(scriptPaths(result.config), ["/s/start.sh", "/s/stop.sh"]);
});

test("D20: recover may be another script or none", () => {
  const load = (recover: unknown): unknown => {
    const text = textWith({ start: "/s/a", stop: "/s/b", recover });
    const result = loadConfiguration(text, FILE);
    if (result.kind === "refused") throw new Error(result.findings[0]?.text);
    const script = result.config.groups[0]?.resources[2];
    return script?.kind === "script" ? script.recover : undefined;
  };
  assert.equal(load("/s/c"), ["/s/c"]);
  assert.equal(load(["/s/c", "-q"]), ["/s/c", "-q"]);
  assert.is(load(false), null);
});

const refusals: readonly [string, Resource, string, RegExp][] = [
  ["no stop", { start: "/s/a" }, '"type": "script"', /expected the key "stop"/],
  ["a relative path", { start: "start.sh", stop: "/s/b" }, '"start":', /full path of a script/],
  ["a command line", { start: "/s/a x /y", stop: "/s/b" }, '"start":', /as a list/],
  ["a folder", { start: "/s/", stop: "/s/b" }, '"start":', /full path of a script/],
  ["a number", { start: 5, stop: "/s/b" }, '"start":', /a list: script and arguments/],
  ["an empty list", { start: [], stop: "/s/b" }, '"start":', /script first, then its arguments/],
  ["NUL", { start: ["/s/a", "\0"], stop: "/s/b" }, '"\\u0000"', /without NUL/],
  [
    "a time of no use",
    { start: "/s/a", stop: "/s/b", stopTimeoutMs: 1 },
    '"stopTimeoutMs"',
    /from 100 to/,
  ],
  ["recover: true", { start: "/s/a", stop: "/s/b", recover: true }, '"recover"', /or false/],
  [
    "a mistyped key",
    { start: "/s/a", stop: "/s/b", startTimeout: 1000 },
    '"startTimeout"',
    /did you mean "startTimeoutMs"/,
  ],
];

for (const [name, script, part, expected] of refusals) {
  test(`R118: a script with ${name} is refused at its line`, () => {
    const findings = findingsOf(script);
    assert.is(findings.length, 1, JSON.stringify(findings));
    assert.match(findings[0]?.text ?? "", expected);
    const line = lineOf(textWith(script), part);
    const near = Math.abs((findings[0]?.line ?? 0) - line);
    assert.ok(near <= 1, `${findings[0]?.line} is not near ${line}`);
    assert.match(findings[0]?.text ?? "", /^cluster\.jsonc:\d+:\d+: groups\[0\]\.resources\[2\]/);
  });
}

test("R44: an address behind the script is refused, because addresses are up first", () => {
  const findings = findingsOf({ start: "/s/a", stop: "/s/b" }, 0);
  assert.match(findings[0]?.text ?? "", /addresses before the script/);
});

test("R118: KAGE_SCRIPT belongs to the product", () => {
  const config = sample();
  config.groups[0]?.resources.splice(1, 1, {
    type: "program",
    name: "p",
    argv: ["x"],
    env: { KAGE_SCRIPT: "1" },
  });
  const result = loadConfiguration(write(config), FILE);
  assert.match(result.kind === "refused" ? (result.findings[0]?.text ?? "") : "", /KAGE_SCRIPT/);
});

test("R118: what a look at the file finds is told with file and line of the resource", () => {
  const text = textWith({ start: "/s/a", stop: ["/s/b", "x"] });
  const findings = scriptFindings(text, FILE, new Map([["/s/b", "not there"]]));
  assert.is(findings.length, 1);
  assert.is(findings[0]?.line, lineOf(text, '"stop":'));
  assert.match(findings[0]?.text ?? "", /found "\/s\/b" on this machine: not there/);
  assert.equal(scriptFindings("{", FILE, new Map([["/s/b", "x"]])), []);
});

test.run();
