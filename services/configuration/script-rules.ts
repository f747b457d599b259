/**
 * Rules about the scripts of groups: what can be said from the text alone, and where in the text a
 * script stands that does not pass a look at its file (the look itself is the edge's).
 * Source: requirements R118, R146-R153, R166; guide 2.2.4; D20.
 */
import { composeFinding, type Finding, type JsonPath, quote, type Remark } from "./finding.ts";
import type { ClusterConfig } from "./model.ts";
import { readDocument } from "./read.ts";
import type { RawConfiguration } from "./schema.ts";

type RawResource = RawConfiguration["groups"][number]["resources"][number];
type RawScript = Extract<RawResource, { readonly type: "script" }>;

const RUNS = ["start", "stop", "recover"] as const;

/** One path, or a list of program and arguments, as the list; null = nothing is run. */
export function scriptWords(given: string | readonly string[] | false): readonly string[] | null {
  if (given === false) return null;
  return typeof given === "string" ? [given] : given;
}

/** Cross-field rules of one script resource at `at`. */
export function scriptRemarks(script: RawScript, at: JsonPath): Remark[] {
  return RUNS.flatMap((run) => {
    const given = script[run];
    const words = given === undefined ? null : scriptWords(given);
    return words === null ? [] : wordRemarks(words, typeof given === "string", [...at, run]);
  });
}

/** Two scripts in one group would both hear the group's events, and nothing would say which is first. */
export function scriptOrderRemarks(resources: readonly RawResource[], at: JsonPath): Remark[] {
  const first = resources.findIndex(({ type }) => type === "script");
  return resources.flatMap((resource, i) => {
    if (first < 0 || i <= first || resource.type !== "floating-ip") return [];
    const expected = "addresses before the script, which starts when they are up (R44)";
    const found = `${quote(resource.name)} after ${quote(resources[first]?.name)}`;
    const remedy = "move the script behind the addresses";
    return [{ at: [...at, i], expected, found, remedy }];
  });
}

/** Every file that scripts of the groups begin with, each once. */
export function scriptPaths(config: ClusterConfig): readonly string[] {
  const paths = config.groups.flatMap(({ resources }) =>
    resources.flatMap((resource) =>
      resource.kind === "script"
        ? [resource.start[0], resource.stop[0], resource.recover?.[0]]
        : [],
    ),
  );
  return [...new Set(paths.filter((path) => path !== undefined))];
}

/** `troubles`: path of a script and what a look at it found. The text must be one that was accepted. */
export function scriptFindings(
  text: string,
  fileName: string,
  troubles: ReadonlyMap<string, string>,
): readonly Finding[] {
  const read = readDocument(text);
  if (read.kind === "malformed" || troubles.size === 0) return [];
  const { value, placeOf } = read.document;
  const { groups } = value as { readonly groups: readonly { readonly resources: RawResource[] }[] };
  return groups.flatMap(({ resources }, g) =>
    resources.flatMap((resource, r) => {
      if (resource.type !== "script") return [];
      return RUNS.flatMap((run) => {
        const given = resource[run];
        const path = given === undefined ? undefined : scriptWords(given)?.[0];
        const trouble = path === undefined ? undefined : troubles.get(path);
        if (trouble === undefined) return [];
        const at = ["groups", g, "resources", r, run];
        const found = `${quote(path)} on this machine: ${trouble}`;
        const remedy = "correct it on every server of the policy; a takeover would fail on it";
        const remark = { at, expected: "a script that can be run", found, remedy };
        return [composeFinding(fileName, placeOf(at), remark)];
      });
    }),
  );
}

function wordRemarks(words: readonly string[], isText: boolean, at: JsonPath): Remark[] {
  const remarks: Remark[] = [];
  const path = words[0] ?? "";
  const place = isText ? at : [...at, 0];
  if (!/^\/[^\0]*[^\0/]$/.test(path)) {
    const expected = "the full path of a script";
    const remedy = /\s/.test(path.trim())
      ? 'write path and arguments as a list: ["/path", "argument"]'
      : "write it from the root, e.g. /etc/kagemusha/scripts/start.sh; no shell looks for it";
    remarks.push({ at: place, expected, found: quote(path), remedy });
  } else if (isText && path.includes(" /")) {
    const remedy = 'write path and arguments as a list: ["/path", "argument"]';
    remarks.push({ at, expected: "one path", found: quote(path), remedy });
  }
  for (const [i, word] of words.entries()) {
    if (i === 0 || !word.includes("\0")) continue;
    const remedy = "remove \\u0000";
    remarks.push({ at: [...at, i], expected: "a text without NUL", found: quote(word), remedy });
  }
  return remarks;
}
