/** The budget in words: the numbers of budget.test.ts must appear, and the level must be explained. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { explainBudget, recoverableSilenceMs } from "../../../services/configuration/explain.ts";
import { loadConfiguration } from "../../../services/configuration/load.ts";
import { sample, write } from "./sample.ts";

function explain(bend: (config: ReturnType<typeof sample>) => unknown): string {
  const config = sample();
  bend(config);
  const result = loadConfiguration(write(config), "f");
  if (result.kind === "refused") throw new Error(result.findings[0]?.text);
  return explainBudget(result.config).join("\n");
}

test("COM + disk at 1000 and 100 ms: takeover, margin, A1, A2, A3 and R13 are said", () => {
  const text = explain(() => undefined);
  // 1000 + delta 5 + P 25
  assert.match(text, "at the latest after 1.03 s");
  assert.match(text, "arbitration 0 ms");
  assert.match(text, "margin M = 51 ms");
  for (const instant of ["A1 559 ms", "A2 809 ms", "A3 949 ms"]) assert.match(text, instant);
  // R13: 1000 - 51 - 2 * 100
  assert.match(text, "a silence of up to 749 ms");
  assert.match(text, "newer than the LAN loss by more than 326 ms");
  assert.match(text, "software-bounded (no watchdog)");
});

test("a watchdog that fits is explained as reset-bounded, one that does not with the reason", () => {
  const set = (ms: number) => explain((c) => Object.assign(c.timing, { watchdogTimeoutMs: ms }));
  assert.match(set(700), "reset-bounded: the watchdog resets a frozen server 700 ms");
  assert.match(set(900), "software-bounded (watchdog 900 + sigma 210 exceeds the timeout)");
});

test("in Japanese the same numbers stand, and no sentence is left in English", () => {
  const result = loadConfiguration(write(sample()), "f");
  const lines = result.kind === "ok" ? explainBudget(result.config, "ja") : [];
  const english = result.kind === "ok" ? explainBudget(result.config) : [];
  assert.is(lines.length, english.length);
  for (const [index, line] of lines.entries()) {
    const numbers = (text: string | undefined): string =>
      [...(text ?? "").matchAll(/\d+(?:\.\d+)? (?:ms|s|%)(?![a-z])/g)]
        .map(([one]) => one)
        .sort()
        .join(" ");
    assert.is(numbers(line), numbers(english[index]), line);
    assert.match(line, /[ぁ-ん一-龠]/);
    assert.not.match(line, /\{|[a-z]+ [a-z]+ [a-z]+ [a-z]+/);
  }
});

test("method none has neither claim nor COM lines and says that both run", () => {
  const text = explain((c) =>
    Object.assign(c, { method: "none", disk: undefined, com: undefined }),
  );
  assert.match(text, "every server runs its groups");
  for (const word of ["A2", "Claim", "COM"]) assert.not.match(text, word);
});

test("R13: the recoverable silence is the timeout less margin less two intervals", () => {
  const config = sample();
  const result = loadConfiguration(write(config), "f");
  assert.is(result.kind === "ok" ? recoverableSilenceMs(result.config.budget) : -1, 749);
});

test.run();
