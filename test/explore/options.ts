/**
 * The words of the explorer's command, read once and checked against each other: what is to be searched, how
 * far, and what the exit code is to say. Whatever is not understood is answered with one line.
 * Source: issue 4 item 7.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { type SmallWorld, WORLDS, worldNamed } from "./worlds.ts";

export const USAGE = `Visits every state of small worlds over the real cores.

  npm run explore                              all worlds of the default set
  npm run explore -- --deep                    those that need more memory and time
  npm run explore -- --world NAME              one world
  npm run explore -- --list                    the worlds: name, set, events, content (bounds)
  npm run explore -- --mutants [PATTERN]       takes one rule out at a time; each has to be noticed

  --events K     at most so many events in each world, 0-9 (default: the world's own)
  --states N     a world is given up at so many states (default 12000000)
  --seconds S    and after so much time of the processor (default 600); also for one mutant
  --complete     exit 3 when no violation was found but a world was given up
  --jobs N       mutants that are searched at once (default: one per core)
  --json         one line of JSON per world
  --help         this text

A world that was given up is INCOMPLETE: so many states seen, frontier = those of them not looked at.
Exit 0: no violation, or all mutants caught; 1: a violation, or a mutant that was not caught; 2: the
command was not understood; 3: see --complete.
`;

/** Bounds of one search. */
export interface Bounds {
  /** null = the world's own. */
  readonly events: number | null;
  readonly states: number;
  readonly seconds: number;
}

export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "list" }
  | {
      readonly kind: "mutants";
      readonly pattern: RegExp;
      readonly jobs: number;
      readonly seconds: number | null;
    }
  | {
      readonly kind: "search";
      readonly worlds: readonly SmallWorld[];
      readonly bounds: Bounds;
      readonly json: boolean;
      readonly mustComplete: boolean;
    }
  /** One line. */
  | { readonly kind: "wrong"; readonly text: string };

/** Far more than any machine has memory for. */
const STATES_MAX = 100_000_000;
const STATES_DEFAULT = 12_000_000;
const SECONDS_MAX = 86_400;
const SECONDS_DEFAULT = 600;
const EVENTS_MAX = 9;
const JOBS_MAX = 256;

const OPTIONS = {
  world: { type: "string" },
  deep: { type: "boolean" },
  list: { type: "boolean" },
  mutants: { type: "boolean" },
  events: { type: "string" },
  states: { type: "string" },
  seconds: { type: "string" },
  jobs: { type: "string" },
  complete: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

type Name = keyof typeof OPTIONS;
type Values = Readonly<Partial<Record<Name, string | boolean>>>;

/** What goes with each of the four things that may be asked for; `help` goes with everything. */
const ALLOWED: Readonly<Record<"list" | "mutants" | "search", readonly Name[]>> = {
  list: ["list"],
  mutants: ["mutants", "seconds", "jobs"],
  search: ["world", "deep", "events", "states", "seconds", "complete", "json"],
};

/** Thrown within this file only. */
class Misunderstood extends Error {}

export function readCommand(args: readonly string[]): Command {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: OPTIONS,
      allowPositionals: true,
    });
    return commandOf(values, positionals);
  } catch (error) {
    const isUsage = error instanceof TypeError && "code" in error;
    if (!(error instanceof Misunderstood) && !isUsage) throw error;
    // Node's texts go on with advice; the first sentence says what is wrong.
    const [text = ""] = (error as Error).message.split(/\. |\n/);
    return { kind: "wrong", text };
  }
}

function commandOf(values: Values, positionals: readonly string[]): Command {
  if (values.help === true) return { kind: "help" };
  const kind = values.list === true ? "list" : values.mutants === true ? "mutants" : "search";
  const name = Object.keys(values).find((key) => !ALLOWED[kind].includes(key as Name));
  if (name !== undefined) {
    const what = kind === "search" ? "the search of worlds" : `--${kind}`;
    throw new Misunderstood(`--${name} does not go with ${what}`);
  }
  const [word, more] = positionals;
  const surplus = kind === "mutants" ? more : word;
  if (surplus !== undefined)
    throw new Misunderstood(`expected no further word, found "${surplus}"`);
  if (kind === "list") return { kind };
  if (kind === "mutants") {
    const seconds = values.seconds === undefined ? null : number(values, "seconds", SECONDS_MAX, 0);
    const jobs = number(values, "jobs", JOBS_MAX, availableParallelism());
    if (jobs < 1)
      throw new Misunderstood(`--jobs: expected a whole number 1-${JOBS_MAX}, found "0"`);
    return { kind, pattern: patternOf(word ?? ""), jobs, seconds };
  }
  return {
    kind,
    worlds: worldsOf(values),
    bounds: {
      events: values.events === undefined ? null : number(values, "events", EVENTS_MAX, 0),
      states: number(values, "states", STATES_MAX, STATES_DEFAULT),
      seconds: number(values, "seconds", SECONDS_MAX, SECONDS_DEFAULT),
    },
    json: values.json === true,
    mustComplete: values.complete === true,
  };
}

function number(values: Values, key: Name, max: number, otherwise: number): number {
  const text = values[key];
  if (text === undefined) return otherwise;
  const value = typeof text === "string" && /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value <= max) return value;
  throw new Misunderstood(`--${key}: expected a whole number 0-${max}, found "${text}"`);
}

function patternOf(text: string): RegExp {
  try {
    return new RegExp(text, "i");
  } catch {
    throw new Misunderstood(`--mutants: expected a regular expression, found "${text}"`);
  }
}

function worldsOf(values: Values): readonly SmallWorld[] {
  const { world: name, deep } = values;
  if (typeof name !== "string") {
    const set = deep === true ? "deep" : "default";
    return WORLDS.filter((world) => world.set === set);
  }
  if (deep === true) throw new Misunderstood("--deep does not go with --world");
  const world = worldNamed(name);
  if (world !== null) return [world];
  const names = WORLDS.map((one) => one.name).join(", ");
  throw new Misunderstood(`--world: expected one of ${names}, found "${name}"`);
}
