/**
 * Commands of a scenario: what happens to the wires, the power, the array, the processes, and what
 * the operator types. One pattern per command; a line that fits none is refused with the list.
 * Source: protocol.md 2 (the faults), architecture 7 (what a rack may do to a server).
 */

import type { TextEdit } from "./config-text.ts";
import type { ScriptCondition } from "./script-folder.ts";

export type Role = "agent" | "pulse" | "disk" | "telemetry";
export type ProcessSignal = "SIGKILL" | "SIGSTOP" | "SIGCONT";
export type FolderCondition = "normal" | "full" | "read-only" | "damaged";
/**
 * `stuck`: whatever is written there, what stands now is put back, until `free`. `old`: what stood there at
 * `kept` is put back once.
 */
export type SlotContent = "wiped" | "foreign" | "stuck" | "free" | "kept" | "old";
/** `late`: as `stall`, but what was asked before is carried out at its end although the server is off. */
export type DiskFault = "none" | "stall" | "late" | "error" | "torn";

/** Cuts or restores several paths in one instant; no direction = both. */
export interface WireOrder {
  readonly verb: "cut" | "restore";
  readonly paths: readonly string[];
  /**
   * Only what leads out of this set: one server's plug, e.g. its path to the array, or all wires between
   * these servers and the others. Empty = no such choice.
   */
  readonly servers: readonly string[];
  /** Only the wires between these two; null = no such choice. */
  readonly between: readonly [string, string] | null;
  readonly from: string | null;
  readonly to: string | null;
}

export interface ApplyOrder {
  readonly server: string;
  /** Of a `text` line. */
  readonly text: string;
}

export type Command =
  | ({ readonly kind: "wire" } & WireOrder)
  | { readonly kind: "power"; readonly on: boolean; readonly servers: readonly string[] }
  /** Off and on at once: faster than any timeout. */
  | { readonly kind: "power.cycle"; readonly server: string }
  | { readonly kind: "freeze"; readonly server: string; readonly frozen: boolean }
  | {
      readonly kind: "signal";
      readonly server: string;
      readonly role: Role;
      readonly signal: ProcessSignal;
    }
  /** Killed, and its supervisor cannot start it until it is found again. */
  | {
      readonly kind: "loss";
      readonly server: string;
      readonly role: "agent" | "pulse";
      readonly lost: boolean;
    }
  /** The broker of the virtual appliance, which belongs to no server. */
  | { readonly kind: "broker"; readonly signal: ProcessSignal }
  /** The server's telemetry runs in circles from now on: all of a core, and no word any more. */
  | { readonly kind: "spin"; readonly server: string }
  | { readonly kind: "program.kill"; readonly group: string }
  | { readonly kind: "disk"; readonly server: string | null; readonly fault: DiskFault }
  /** A foreign station on the public segment that has the group's floating address. */
  | { readonly kind: "stranger"; readonly group: string; readonly on: boolean }
  | { readonly kind: "kage"; readonly args: readonly string[]; readonly exit: number }
  /** The server boots the next time with another cluster key. */
  | { readonly kind: "key.wrong"; readonly server: string }
  /** Random bytes, `count` pieces, onto a wire of that server. */
  | {
      readonly kind: "garbage";
      readonly path: string;
      readonly server: string;
      readonly count: number;
    }
  /** Frames recorded earlier from `from` are played again to the other server, `count` of them. */
  | {
      readonly kind: "replay";
      readonly path: string;
      readonly from: string;
      readonly count: number;
    }
  /** Every frame the server sends from now on bears another version of the protocol, or its own. */
  | { readonly kind: "version"; readonly server: string; readonly other: boolean }
  /** What the folder of the server's saved state does with a write. */
  | { readonly kind: "state"; readonly server: string; readonly condition: FolderCondition }
  | { readonly kind: "slot"; readonly server: string; readonly content: SlotContent }
  /** A configuration text made from the one in force; `kage config apply @NAME` takes it. */
  | { readonly kind: "text"; readonly name: string; readonly edit: TextEdit }
  /** Two texts, each given to the agent of another server in the same instant; one is to be taken. */
  | { readonly kind: "apply.both"; readonly orders: readonly ApplyOrder[] }
  /** A second appliance on the same state folder. */
  | { readonly kind: "appliance.second"; readonly exit: number }
  /** The start script of the groups, on both servers. */
  | { readonly kind: "script"; readonly condition: ScriptCondition }
  /** Nothing is done; the facts that follow look at the next stretch of time. */
  | { readonly kind: "watch" };

type Reader = (m: readonly string[]) => Command | null;
/** Both worlds have these two and no other. */
const LANS = ["lan1", "lan2"];
const SERVER = "(SERVER\\d{1,2})";

const TABLE: readonly { readonly form: string; readonly pattern: RegExp; readonly read: Reader }[] =
  [
    {
      form: "cut|restore PATH... [--server S[,S...]] [--between A,B] [--from A --to B]",
      pattern: /^(cut|restore) (.+)$/,
      read: readWire,
    },
    {
      form: "isolate|rejoin SERVER...",
      pattern: /^(isolate|rejoin)((?: SERVER\d{1,2})+)$/,
      read: (m) => ({
        kind: "wire",
        verb: m[1] === "isolate" ? "cut" : "restore",
        paths: LANS,
        servers: (m[2] ?? "").trim().split(" "),
        between: null,
        from: null,
        to: null,
      }),
    },
    {
      form: "power on|off SERVER...",
      pattern: /^power (on|off)((?: SERVER\d{1,2})+)$/,
      read: (m) => ({
        kind: "power",
        on: m[1] === "on",
        servers: (m[2] ?? "").trim().split(" "),
      }),
    },
    {
      form: "power cycle SERVER",
      pattern: new RegExp(`^power cycle ${SERVER}$`),
      read: (m) => ({ kind: "power.cycle", server: m[1] ?? "" }),
    },
    {
      form: "freeze|thaw SERVER",
      pattern: new RegExp(`^(freeze|thaw) ${SERVER}$`),
      read: (m) => ({ kind: "freeze", server: m[2] ?? "", frozen: m[1] === "freeze" }),
    },
    {
      form: "kill -9|stop|continue SERVER agent|pulse|disk|telemetry",
      pattern: new RegExp(`^(kill -9|stop|continue) ${SERVER} (agent|pulse|disk|telemetry)$`),
      read: readSignal,
    },
    {
      form: "lose|find SERVER agent|pulse",
      pattern: new RegExp(`^(lose|find) ${SERVER} (agent|pulse)$`),
      read: (m) => ({
        kind: "loss",
        server: m[2] ?? "",
        role: m[3] === "pulse" ? "pulse" : "agent",
        lost: m[1] === "lose",
      }),
    },
    {
      form: "kill -9|stop|continue broker",
      pattern: /^(kill -9|stop|continue) broker$/,
      read: (m) => ({ kind: "broker", signal: signalOf(m[1]) }),
    },
    {
      form: "spin SERVER telemetry",
      pattern: new RegExp(`^spin ${SERVER} telemetry$`),
      read: (m) => ({ kind: "spin", server: m[1] ?? "" }),
    },
    {
      form: "kill program of GROUP",
      pattern: /^kill program of ([a-z][a-z0-9-]*)$/,
      read: (m) => ({ kind: "program.kill", group: m[1] ?? "" }),
    },
    {
      form: "disk all|SERVER none|stall|late|error|torn",
      pattern: /^disk (all|SERVER\d{1,2}) (none|stall|late|error|torn)$/,
      read: (m) => ({
        kind: "disk",
        server: m[1] === "all" ? null : (m[1] ?? null),
        fault: (m[2] ?? "none") as DiskFault,
      }),
    },
    {
      form: "stranger on|off GROUP",
      pattern: /^stranger (on|off) ([a-z][a-z0-9-]*)$/,
      read: (m) => ({ kind: "stranger", group: m[2] ?? "", on: m[1] === "on" }),
    },
    {
      form: "kage ARGS... [=> exit N]",
      pattern: /^kage (.+?)(?: => exit (\d))?$/,
      read: (m) => ({
        kind: "kage",
        args: (m[1] ?? "").split(" "),
        exit: Number(m[2] ?? 0),
      }),
    },
    {
      form: "wrong-key SERVER",
      pattern: new RegExp(`^wrong-key ${SERVER}$`),
      read: (m) => ({ kind: "key.wrong", server: m[1] ?? "" }),
    },
    {
      form: "garbage N onto PATH to SERVER",
      pattern: new RegExp(`^garbage (\\d{1,4}) onto (\\S+) to ${SERVER}$`),
      read: (m) => ({
        kind: "garbage",
        count: Number(m[1]),
        path: m[2] ?? "",
        server: m[3] ?? "",
      }),
    },
    {
      form: "replay N frames of SERVER on PATH",
      pattern: new RegExp(`^replay (\\d{1,4}) frames of ${SERVER} on (\\S+)$`),
      read: (m) => ({ kind: "replay", count: Number(m[1]), from: m[2] ?? "", path: m[3] ?? "" }),
    },
    {
      form: "slot of SERVER wiped|foreign|stuck|free|kept|old",
      pattern: new RegExp(`^slot of ${SERVER} (wiped|foreign|stuck|free|kept|old)$`),
      read: (m) => ({
        kind: "slot",
        server: m[1] ?? "",
        content: (m[2] ?? "wiped") as SlotContent,
      }),
    },
    {
      form: "version of SERVER other|own",
      pattern: new RegExp(`^version of ${SERVER} (other|own)$`),
      read: (m) => ({ kind: "version", server: m[1] ?? "", other: m[2] === "other" }),
    },
    {
      form: "state of SERVER normal|full|read-only|damaged",
      pattern: new RegExp(`^state of ${SERVER} (normal|full|read-only|damaged)$`),
      read: (m) => ({
        kind: "state",
        server: m[1] ?? "",
        condition: (m[2] ?? "normal") as FolderCondition,
      }),
    },
    {
      form: "second appliance => exit N",
      pattern: /^second appliance => exit (\d)$/,
      read: (m) => ({ kind: "appliance.second", exit: Number(m[1]) }),
    },
    {
      form: "text NAME add|remove GROUP, text NAME timeout MS, text NAME method METHOD, text NAME same",
      pattern: /^text ([a-z]+) (?:(add|remove|timeout|method) ([a-z0-9-]+)|same)$/,
      read: (m) => ({ kind: "text", name: m[1] ?? "", edit: readEdit(m[2], m[3] ?? "") }),
    },
    {
      form: "apply NAME on SERVER and NAME on SERVER at once",
      pattern: /^apply ([a-z]+) on (SERVER\d{1,2}) and ([a-z]+) on (SERVER\d{1,2}) at once$/,
      read: ([, one = "", first = "", two = "", second = ""]) => ({
        kind: "apply.both",
        orders: [
          { text: one, server: first },
          { text: two, server: second },
        ],
      }),
    },
    {
      form: "start script missing|unexecutable|there",
      pattern: /^start script (missing|unexecutable|there)$/,
      read: (m) => ({ kind: "script", condition: (m[1] ?? "there") as ScriptCondition }),
    },
    { form: "watch", pattern: /^watch$/, read: () => ({ kind: "watch" }) },
  ];

/** The command, or a text that says which forms exist. */
export function parseCommand(line: string): Command | string {
  for (const row of TABLE) {
    const match = row.pattern.exec(line);
    const command = match === null ? null : row.read(match);
    if (command !== null) return command;
  }
  return `one of: ${TABLE.map((row) => row.form).join("; ")}`;
}

function readEdit(verb: string | undefined, value: string): TextEdit {
  if (verb === "add" || verb === "remove") return { kind: verb, group: value };
  if (verb === "timeout") return { kind: "timeout", timeoutMs: Number(value) };
  return verb === "method" ? { kind: "method", method: value } : { kind: "same" };
}

function readWire(m: readonly string[]): Command | null {
  const options: Record<string, string | null> = {
    server: null,
    between: null,
    from: null,
    to: null,
  };
  const paths: string[] = [];
  const words = (m[2] ?? "").split(" ");
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? "";
    if (!word.startsWith("--")) {
      paths.push(word);
      continue;
    }
    const name = word.slice(2);
    const value = words[i + 1];
    if (!(name in options) || value === undefined) return null;
    options[name] = value;
    i += 1;
  }
  const [one, two, ...more] = options["between"]?.split(",") ?? [];
  const between = one === undefined || two === undefined ? null : ([one, two] as const);
  const isPair = options["between"] === null || (between !== null && more.length === 0);
  if (paths.length === 0 || !isPair) return null;
  return {
    kind: "wire",
    verb: m[1] === "cut" ? "cut" : "restore",
    paths,
    servers: options["server"]?.split(",") ?? [],
    between,
    from: options["from"] ?? null,
    to: options["to"] ?? null,
  };
}

function signalOf(word: string | undefined): ProcessSignal {
  const signals = { "kill -9": "SIGKILL", stop: "SIGSTOP", continue: "SIGCONT" } as const;
  return signals[(word ?? "stop") as keyof typeof signals];
}

function readSignal(m: readonly string[]): Command {
  return {
    kind: "signal",
    signal: signalOf(m[1]),
    server: m[2] ?? "",
    role: (m[3] ?? "agent") as Role,
  };
}
