/**
 * Every text that a person reads stands in both languages, whichever table it is kept in: events and
 * refusals in services/catalogue, the words of commands, page and scripts beside their users. Read from the
 * source, so that a table which is not exported cannot hide. Source: ecosystem.md 3.2 point 10; R202.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";

interface Pair {
  /** File and line. */
  readonly at: string;
  readonly en: string;
  /** null = nothing that could be read follows. */
  readonly ja: string | null;
}

/** Tests run in the project's root. */
const sourceRoot = process.cwd();
const FOLDERS = ["firmware", "services"];
const LITERAL = String.raw`(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')`;
/** One literal, or several joined with `+` over lines. */
const TEXT = String.raw`${LITERAL}(?:\s*\+\s*${LITERAL})*`;
const EN = new RegExp(String.raw`\ben:\s*(${TEXT})`, "g");
const JA = new RegExp(String.raw`^,\s*ja:\s*(${TEXT})`);
const JAPANESE = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u;

const textOf = (source: string): string =>
  [...source.matchAll(new RegExp(LITERAL, "g"))]
    .map(([one]) => one.slice(1, -1).replace(/\\n/g, "\n").replace(/\\(.)/g, "$1"))
    .join("");

function pairsOf(file: string, source: string): readonly Pair[] {
  return [...source.matchAll(EN)].map((match) => {
    const end = match.index + match[0].length;
    const ja = JA.exec(source.slice(end))?.[1];
    const line = source.slice(0, match.index).split("\n").length;
    const at = `${file}:${line}`;
    return { at, en: textOf(match[1] ?? ""), ja: ja === undefined ? null : textOf(ja) };
  });
}

const SOURCES: ReadonlyMap<string, string> = new Map(
  FOLDERS.flatMap((folder) =>
    readdirSync(join(sourceRoot, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => [join(folder, name), readFileSync(join(sourceRoot, folder, name), "utf8")]),
  ),
);
const PAIRS = [...SOURCES].flatMap(([file, source]) => pairsOf(file, source));

/** Tables whose texts are asked for by name. */
const BY_NAME = [
  /^firmware\/cli\/messages[a-z-]*\.ts$/,
  /^firmware\/telemetry\/web\/status-words\.ts$/,
  /^services\/telemetry\/picture\/[a-z]+-text\.ts$/,
];

const placeholders = (text: string): string =>
  [...new Set([...text.matchAll(/\{([A-Za-z]+)\}/g)].map(([, name]) => name))].sort().join(" ");

/** What the test reads wrongly it would also call good. */
test("the reader of tables sees both texts, over several lines, and a missing one", () => {
  const source = `a: { en: "x {n}" +\n "y", ja: "あ" }, b: { en: 'on"ly' }, c: { en: string }`;
  assert.equal(pairsOf("f", source), [
    { at: "f:1", en: "x {n}y", ja: "あ" },
    { at: "f:2", en: 'on"ly', ja: null },
  ]);
  assert.ok(PAIRS.length > 500, `${PAIRS.length} pairs found`);
});

test("every text has its Japanese beside it", () => {
  assert.equal(
    PAIRS.filter(({ ja }) => ja === null).map(({ at, en }) => `${at}: ${en}`),
    [],
  );
});

test("both languages have the same placeholders", () => {
  const wrong = PAIRS.filter(({ en, ja }) => ja !== null && placeholders(en) !== placeholders(ja));
  assert.equal(
    wrong.map(({ at, en, ja }) => `${at}: ${en} | ${ja}`),
    [],
  );
});

test("no text is empty in one language only, and no English stands where Japanese belongs", () => {
  const wrong = PAIRS.filter(({ en, ja }) => {
    if (ja === null || ja === en || JAPANESE.test(en)) return false;
    const isWordless = !/[a-z]{2}/.test(ja.replace(/\{[A-Za-z]+\}/g, ""));
    return (en === "") !== (ja === "") || !(isWordless || JAPANESE.test(ja));
  });
  assert.equal(
    wrong.map(({ at, en, ja }) => `${at}: ${en} | ${ja}`),
    [],
  );
});

test("no text is kept that nobody says", () => {
  const tables = [...SOURCES].filter(([file]) => BY_NAME.some((table) => table.test(file)));
  const everything = [...SOURCES.values()].join("\n");
  const dead = tables.flatMap(([file, source]) =>
    [...source.matchAll(/^ {2}([A-Za-z]+): \{/gm)]
      .map(([, name = ""]) => name)
      .filter((name) => !everything.includes(`"${name}"`))
      .map((name) => `${file}: ${name}`),
  );
  assert.ok(tables.length > 4);
  assert.equal(dead, []);
});

test.run();
