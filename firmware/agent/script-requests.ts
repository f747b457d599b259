/**
 * What the helper commands of scripts ask the agent on its control socket: load, kill, log, look at the
 * group's resources. Nothing malformed passes; every refusal is one of the catalogue.
 * Source: guide 2.2.4; requirements R155-R161; D21; services/catalogue (refusals).
 */
import type { ClusterConfig, GroupConfig } from "../../services/configuration/model.ts";
import type { NoteData } from "../../services/effects.ts";
import {
  FORGET_HOURS_MAX,
  type LoadRules,
  RESTARTS_MAX,
} from "../../services/resources/monitored-load.ts";
import type { LoadRecord } from "./load-record.ts";
import type { Loads } from "./loads.ts";

type Args = Readonly<Record<string, unknown>>;

export type ScriptAnswer =
  | { readonly kind: "done"; readonly result: object }
  | {
      readonly kind: "refused";
      readonly key: string;
      readonly data: Readonly<Record<string, string>>;
    };

export interface ScriptRequestsOptions {
  readonly config: ClusterConfig;
  readonly loads: Loads;
  readonly note: (key: string, data: NoteData) => void;
  /** What is wrong with the group's resources on this server, one line each. */
  readonly look: (group: GroupConfig, all: boolean) => Promise<readonly string[]>;
  /** Monotonic, ms. */
  readonly nowMs: () => number;
}

/** Log lines of one group at once, and how fast the right to more comes back. */
const LOG_BURST = 50;
const LOG_LINE_MS = 1000;
/** The event's text is cut at 400 characters anyway. */
const LOG_CHARACTERS_MAX = 1000;
const ID_CHARACTERS_MAX = 64;
const ARGUMENTS_MAX = 256;
/** Variables of the product itself; a program cannot be told another group's. */
const OWN_VARIABLE = /^(KAGE_|BASH_FUNC_)/;
const ENVIRONMENT_CHARACTERS_MAX = 256 * 1024;

export class ScriptRequests {
  readonly #options: ScriptRequestsOptions;
  readonly #logged = new Map<string, { readonly tokens: number; readonly atMs: number }>();

  constructor(options: ScriptRequestsOptions) {
    this.#options = options;
  }

  async answer(verb: string, args: Args): Promise<ScriptAnswer> {
    const group = this.#options.config.groups.find(({ name }) => name === args["group"]);
    if (group === undefined) {
      return { kind: "refused", key: "unknown-group", data: { group: textOf(args["group"]) } };
    }
    switch (verb) {
      case "script.load":
        return this.#load(group, args);
      case "script.kill":
        return this.#kill(group, args);
      case "script.log":
        return this.#log(group, args);
      case "script.look": {
        const troubles = await this.#options.look(group, args["all"] === true);
        return { kind: "done", result: { troubles } };
      }
      default:
        return malformed(`verb; expected one of script.load, script.kill, script.log, script.look`);
    }
  }

  async #load(group: GroupConfig, args: Args): Promise<ScriptAnswer> {
    const given = readLoad(group, args);
    if (typeof given === "string") return malformed(given);
    const loaded = await this.#options.loads.load(group, given);
    if (loaded.kind === "loaded") return { kind: "done", result: { loaded: true } };
    const data = { group: group.name, id: given.id, detail: loaded.detail };
    return { kind: "refused", key: loaded.key, data };
  }

  async #kill(group: GroupConfig, args: Args): Promise<ScriptAnswer> {
    const { id } = args;
    if (!isId(id)) return malformed(ID_EXPECTED);
    const left = await this.#options.loads.kill(group, id);
    if (left === null || left.length === 0) {
      return { kind: "done", result: { killed: left !== null } };
    }
    const data = { group: group.name, id, detail: left.join(", ") };
    return { kind: "refused", key: "kill-failed", data };
  }

  #log(group: GroupConfig, args: Args): ScriptAnswer {
    const { text } = args;
    if (typeof text !== "string" || text.trim() === "") return malformed("text; expected a text");
    const atMs = this.#options.nowMs();
    const before = this.#logged.get(group.name) ?? { tokens: LOG_BURST, atMs };
    const tokens = Math.min(LOG_BURST, before.tokens + (atMs - before.atMs) / LOG_LINE_MS);
    this.#logged.set(group.name, { tokens: tokens < 1 ? tokens : tokens - 1, atMs });
    if (tokens < 1) return { kind: "refused", key: "log-limited", data: { group: group.name } };
    const key = args["alert"] === true ? "script.alert" : "script.log";
    this.#options.note(key, { group: group.name, text: text.slice(0, LOG_CHARACTERS_MAX) });
    return { kind: "done", result: { logged: true } };
  }
}

const ID_EXPECTED = `id; expected 1 to ${ID_CHARACTERS_MAX} letters, digits, _ or -, not NEC_...`;

/** Letters and digits as the guide's reference has it; NEC_ is reserved there. */
export function isId(value: unknown): value is string {
  const form = new RegExp(`^[A-Za-z0-9_-]{1,${ID_CHARACTERS_MAX}}$`);
  return typeof value === "string" && form.test(value) && !/^nec_/i.test(value);
}

/** The order, or what was expected. */
export function readLoad(
  group: GroupConfig,
  args: Args,
): Omit<LoadRecord, "host" | "restartsAtMs"> | string {
  const { id, argv, env, resource } = args;
  if (!isId(id)) return ID_EXPECTED;
  if (!isTexts(argv) || argv.length === 0 || argv.length > ARGUMENTS_MAX || argv[0] === "") {
    return `argv; expected a program and at most ${ARGUMENTS_MAX - 1} arguments`;
  }
  if (argv.some((word) => word.includes("\0"))) return "argv; expected words without NUL";
  if (!isRecord(env) || !isTexts(Object.values(env))) return "env; expected an object of texts";
  const rules = readRules(args);
  if (typeof rules === "string") return rules;
  const own = Object.entries(env).filter(
    ([name, value]) => /^[A-Za-z_]\w*$/.test(name) && !OWN_VARIABLE.test(name) && isText(value),
  );
  const size = own.reduce((sum, [name, value]) => sum + name.length + String(value).length, 0);
  if (size > ENVIRONMENT_CHARACTERS_MAX) return "env; expected less than 256 KiB";
  const scripts = group.resources.filter(({ kind }) => kind === "script");
  const named = textOf(resource).split("~")[0];
  const script = (scripts.find(({ name }) => name === named) ?? scripts[0])?.name;
  if (script === undefined) return `group; expected one with a script, ${group.name} has none`;
  return {
    id,
    script,
    argv,
    env: Object.fromEntries(own) as Record<string, string>,
    isService: args["service"] === true,
    rules,
  };
}

function readRules(args: Args): LoadRules | string {
  const { restartMax, forgetHours } = args;
  if (!isWhole(restartMax, 0, RESTARTS_MAX)) return `/R; expected 1 to ${RESTARTS_MAX}`;
  if (forgetHours !== null && !isWhole(forgetHours, 1, FORGET_HOURS_MAX)) {
    return `/H; expected 1 to ${FORGET_HOURS_MAX}`;
  }
  const failsOver = args["failover"] === true;
  const isMonitored = args["monitor"] === true;
  if (isMonitored && restartMax > 0) return "/M and /R; expected one of them";
  return { restartMax, forgetHours, failsOver, isMonitored };
}

const malformed = (detail: string): ScriptAnswer => ({
  kind: "refused",
  key: "malformed-request",
  data: { detail },
});

const isText = (value: unknown): value is string => typeof value === "string";
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);
const isWhole = (value: unknown, low: number, high: number): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= low && value <= high;
const isRecord = (value: unknown): value is Args =>
  typeof value === "object" && value !== null && !Array.isArray(value);
