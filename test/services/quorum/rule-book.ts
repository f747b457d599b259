/**
 * Tests that stand for rules of the guide: the title begins with the rule's id, and a file that has lost one of
 * its rules, or whose test of it was not run, fails. `const test = ruleBook(["A1", ...])`, then as with uvu.
 * Source: guide 1.2.4; style 30.
 */
import { test as plain } from "uvu";
import * as assert from "uvu/assert";

export interface RuleTest {
  (title: string, check: () => void): void;
  readonly run: () => void;
}

/** `rules`: ids that the file has to have run, e.g. `A1`, `D13`. */
export function ruleBook(rules: readonly string[]): RuleTest {
  const ran = new Set<string>();
  const add = (title: string, check: () => void): void => {
    plain(title, () => {
      for (const id of rulesOf(title)) ran.add(id);
      check();
    });
  };
  return Object.assign(add, {
    run: () => {
      plain(`every one of the ${rules.length} rules has a test here, and it ran`, () => {
        assert.equal(
          rules.filter((rule) => !ran.has(rule)),
          [],
        );
      });
      plain.run();
    },
  });
}

/** Ids at the head of a title, before its colon: `A4, R60: ...` has A4 and R60. */
export function rulesOf(title: string): string[] {
  const [head = "", ...rest] = title.split(":");
  return rest.length === 0 ? [] : head.split(/[\s,]+/).filter((id) => /^[A-Z]\d+$/.test(id));
}
