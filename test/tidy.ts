/**
 * House rules as pure checks: a file in, sentences out. One table per kind of rule; every
 * sentence says what is wrong and what to use instead. `tidy.test.ts` runs them over the tree and
 * over seeded violations. Source: style.md 36-38, 4.6; architecture.md 3.
 */
import { dirname, join } from "node:path/posix";

export interface SourceFile {
  /** Path from the project's root, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** Longest source file, lines. Above it a file holds two ideas. */
const LINES_MAX = 400;

const topLevel: ReadonlySet<string> = new Set([
  ...[".ci", "boards", "firmware", "flash", "hal", "services", "test"],
  ...["package.json", "package-lock.json", "tsconfig.json", "biome.json"],
  ...["README.md", "README.ja.md", "LICENSE", "NOTICE", "SECURITY.md", "CHANGELOG.md"],
  ...["CONTRIBUTING.md", ".gitignore", ".gitattributes", ".editorconfig", ".npmrc", ".nvmrc"],
]);

/** Which folder may import which: the first entry whose folder holds the file decides. */
const directions: readonly { folder: string; may: readonly string[] }[] = [
  { folder: "hal/", may: ["hal/"] },
  { folder: "boards/", may: ["boards/", "hal/"] },
  { folder: "services/", may: ["services/", "hal/base/", "hal/ports/"] },
  { folder: "flash/", may: ["flash/", "hal/base/", "hal/ports/"] },
  { folder: "firmware/", may: ["firmware/", "services/", "boards/", "flash/", "hal/"] },
  { folder: "test/", may: [""] },
];

/** The one home of each npm package in shipped code; mqtt has one per side of the broker. */
const packageHomes: ReadonlyMap<string, string | readonly string[]> = new Map<
  string,
  string | readonly string[]
>([
  ["serialport", "hal/drivers/"],
  ["usb", "hal/drivers/"],
  ["i2c-bus", "hal/drivers/"],
  ["pino", "firmware/log.ts"],
  ["jsonc-parser", "services/configuration/"],
  ["valibot", "services/configuration/"],
  ["@valibot/to-json-schema", "services/configuration/"],
  ["mqtt", ["services/telemetry/", "firmware/telemetry/page/"]],
  ["aedes", "firmware/appliance/broker.ts"],
  ["preact", "firmware/telemetry/page/"],
  ["ws", "firmware/telemetry/web/"],
  ["mqtt-packet", "firmware/telemetry/web/"],
]);

interface Ban {
  readonly what: string;
  readonly use: string;
  readonly pattern: RegExp;
  readonly applies: (path: string) => boolean;
}

const isShipped = (path: string): boolean => isTypeScript(path) && !path.startsWith("test/");
const isTest = (path: string): boolean => path.endsWith(".test.ts");
const isTypeScript = (path: string): boolean => /\.tsx?$/.test(path);
const isScript = (path: string): boolean =>
  isTypeScript(path) || /\.(sh|mjs|c)$|^\.ci\//.test(path);
const isCore = (path: string): boolean =>
  path.startsWith("services/") && !path.startsWith("services/telemetry/") && isTypeScript(path);
/** The rules cannot name what they ban without containing it. */
const isRuleBook = (path: string): boolean =>
  path === "test/tidy.ts" || path === "test/tidy.test.ts";

const bans: readonly Ban[] = [
  {
    what: "an unfinished-work mark",
    use: "an issue, and say in the change what is open",
    pattern: /\b(TODO|FIXME|XXX|HACK)\b/,
    applies: isScript,
  },
  {
    what: "Math.random",
    use: "randomBytes of node:crypto for keys and identities, a seeded generator elsewhere",
    pattern: /\bMath\.random\b/,
    applies: isTypeScript,
  },
  {
    what: "the wall clock in a service",
    use: "the event's atMs",
    pattern: /\b(Date\.now|new Date|performance\.now|process\.hrtime)\b/,
    applies: isCore,
  },
  {
    what: "a timer in a service",
    use: "an absolute deadlineMs; the scheduler owns the only timer",
    pattern: /\b(setTimeout|setInterval|setImmediate)\b/,
    applies: isCore,
  },
  {
    what: "console in a service",
    use: "an effect",
    pattern: /\bconsole\./,
    applies: isCore,
  },
  {
    what: ".only or .skip on a test",
    use: "--only PATTERN of the runner, or a line `# skip REASON`",
    pattern: /\.(only|skip)\(/,
    applies: isTest,
  },
  {
    what: "sleeping in a test",
    use: "an event with a deadline",
    pattern: /setTimeout\(\s*(resolve|r|done)\b|\bsleep\(/,
    applies: isTest,
  },
  {
    what: "a swallowed error",
    use: "a branch that names the expected code and rethrows the rest",
    pattern: /catch\s*(\([^)]*\))?\s*\{\s*\}|\.catch\(\(\)\s*=>\s*(\{\s*\}|undefined|null)\)/,
    applies: isTypeScript,
  },
  {
    what: "a default export",
    use: "a named export",
    pattern: /^export default\b/m,
    applies: isTypeScript,
  },
  {
    what: "an enum, a namespace or a decorator",
    use: "an `as const` object or a union: only erasable syntax runs everywhere",
    pattern: /^\s*(export )?(declare )?(const )?(enum|namespace) \w+ ?\{|^\s*@\w+\(.*\)\s*$/m,
    applies: isTypeScript,
  },
  {
    what: "a path of one developer's machine",
    use: "a path from import.meta.url, the working directory or os.tmpdir()",
    pattern: /(?<![\w.$}~-])\/(work|farm|root|home)\/\w/,
    applies: isScript,
  },
];

/** The README's picture of the page: it has no text source. */
const PICTURE = "firmware/telemetry/page/dashboard.png";

/** All faults of one file, each one sentence that begins with the file's path (and line). */
export function faultsOfFile(file: SourceFile): string[] {
  if (file.path === PICTURE) return [];
  if (file.text.includes("\0"))
    return [`${file.path}: a binary is banned here, use its text source`];
  return [
    ...lengthFaults(file),
    ...banFaults(file),
    ...(isTypeScript(file.path) ? importFaults(file) : []),
    ...(isTest(file.path) ? testFaults(file) : []),
    ...headerFaults(file),
  ];
}

/** Faults of the list of paths: unknown top-level entries. */
export function faultsOfTree(paths: readonly string[]): string[] {
  const tops = new Set(paths.map((path) => path.split("/")[0] ?? ""));
  return [...tops]
    .filter((top) => !topLevel.has(top))
    .sort()
    .map(
      (top) =>
        `${top}: a top-level entry of its own is banned here, use the tree of architecture 3`,
    );
}

/** Every runtime package has a line in the README that says why it is there. */
export function faultsOfReadme(dependencies: readonly string[], readme: string): string[] {
  return dependencies
    .filter((name) => !readme.includes(`\`${name}\``))
    .map(
      (name) => `README.md: runtime package ${name} is not explained, add a line with \`${name}\``,
    );
}

function lengthFaults({ path, text }: SourceFile): string[] {
  const lines = text.split("\n").length - 1;
  if (!isScript(path) || lines <= LINES_MAX) return [];
  return [
    `${path}: ${lines} lines are banned here, use two files of one idea each (max ${LINES_MAX})`,
  ];
}

function banFaults({ path, text }: SourceFile): string[] {
  if (isRuleBook(path)) return [];
  const faults: string[] = [];
  for (const { what, use, pattern, applies } of bans) {
    if (!applies(path)) continue;
    for (const found of text.matchAll(new RegExp(pattern, `${pattern.flags}g`))) {
      faults.push(`${path}:${lineOf(text, found.index)}: ${what} is banned here, use ${use}`);
    }
  }
  return faults;
}

const lineOf = (text: string, index: number): number => text.slice(0, index).split("\n").length;

function importFaults({ path, text }: SourceFile): string[] {
  const faults: string[] = [];
  const clause = /(?<!")\b(?:from|import)\s*\(?\s*"([@\w.][^"\s,]*)"/g;
  for (const found of text.matchAll(clause)) {
    const target = found[1] ?? "";
    if (target.startsWith("node:")) continue;
    const fault = target.startsWith(".")
      ? directionFault(path, join(dirname(path), target))
      : packageFault(path, target);
    if (fault !== null) faults.push(`${path}:${lineOf(text, found.index)}: ${fault}`);
  }
  return faults;
}

function directionFault(path: string, target: string): string | null {
  const rule = directions.find(({ folder }) => path.startsWith(folder));
  if (rule === undefined || path.startsWith("test/")) return null;
  if (!rule.may.some((folder) => target.startsWith(folder))) {
    return `import of ${target} is banned here, use only ${rule.may.join(", ")} or a port`;
  }
  const service = /^services\/([^/]+)\//.exec(path)?.[1];
  const core = /^services\/([^/]+)\/core\.ts$/.exec(target)?.[1];
  if (service !== undefined && core !== undefined && service !== core) {
    return `import of ${target} is banned here, use events, effects or its non-core files`;
  }
  return null;
}

function packageFault(path: string, target: string): string | null {
  if (!isShipped(path)) return null;
  const name = target
    .split("/")
    .slice(0, target.startsWith("@") ? 2 : 1)
    .join("/");
  const homes = [packageHomes.get(name) ?? []].flat();
  if (homes.length === 0) {
    return `package ${name} is banned here, use what is there or give it a home in test/tidy.ts`;
  }
  return homes.some((home) => path.startsWith(home))
    ? null
    : `package ${name} is banned here, use a port: its home is ${homes.join(" or ")}`;
}

function testFaults({ path, text }: SourceFile): string[] {
  return /^\s*\w+\.run\(\);/m.test(text)
    ? []
    : [`${path}: a test file without run() is banned here, use test.run() as its last line`];
}

/** Style 25: two to eight lines that say what the file decides or drives, and from where. */
function headerFaults({ path, text }: SourceFile): string[] {
  if (!isTypeScript(path)) return [];
  return /^(#!.*\n)?\s*(\/\*\*|\/\/)/.test(text)
    ? []
    : [`${path}: a file without an opening comment is banned here, say what it decides`];
}
