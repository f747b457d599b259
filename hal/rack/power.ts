/**
 * The power feed of the servers: on = the supervisor is started with a fresh host incarnation, off =
 * the wires are dark at that instant, then the process tree is killed and read back as gone.
 * The supervisor's standard input is the feed line: when the rack itself dies the pipe closes and
 * the tree ends. Orders for one server run one after the other.
 * Source: issue 2 item 5; architecture.md 1 point 2 ("off" means off was read back), 7.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, openSync, renameSync, statSync } from "node:fs";
import { assert } from "../base/assert.ts";
import { monotonicMs } from "../base/clock.ts";
import type { ProcessStat } from "../drivers/process-tree/process-tree.ts";
import type { RackEvent } from "./record.ts";
import {
  commandLine,
  continueTree,
  killTree,
  signalGroup,
  stopTree,
  TREE_VARIABLE,
} from "./server-tree.ts";

/** What is started when a server gets power. */
export interface ServerBoot {
  readonly name: string;
  readonly file: string;
  readonly argv: readonly string[];
  /** Added to the rack's own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Standard output and error of the whole tree, appended. */
  readonly consoleFile: string;
  /** Called before each start, e.g. to empty what a reboot empties. Throws when that is impossible. */
  prepare(): void;
  /** Which role a process of the tree has, by its command line; null = none. */
  roleOf(argv: readonly string[]): string | null;
}

export type PowerResult =
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly message: string };

export interface ServerPower {
  readonly power: "on" | "off";
  readonly frozen: boolean;
  /** 16 hex digits; null before the first power-on. */
  readonly incarnation: string | null;
  readonly pids: Readonly<Record<string, number>>;
}

export interface Power {
  isPowered(server: string): boolean;
  isFrozen(server: string): boolean;
  on(server: string, reason: string): Promise<PowerResult>;
  /** Resolves when no process is left. Repeating it is allowed and tries again. */
  off(server: string, reason: string): Promise<PowerResult>;
  reset(server: string, reason: string): Promise<PowerResult>;
  freeze(server: string): PowerResult;
  thaw(server: string): PowerResult;
  /** `processes`: of one look at the machine, so that sixteen servers cost no more than one. */
  status(server: string, processes: readonly ProcessStat[]): ServerPower;
}

export interface PowerOptions {
  readonly servers: readonly ServerBoot[];
  /** Called in the very instant a server loses power, before any process is killed. */
  onDark(server: string): void;
  record(event: RackEvent): void;
}

interface Feed {
  readonly boot: ServerBoot;
  phase: "off" | "on" | "dark";
  frozen: boolean;
  incarnation: string | null;
  cookie: string | null;
  child: ChildProcess | null;
  orders: Promise<unknown>;
}

/** A killed tree is gone in milliseconds; what is still there then hangs in the kernel. */
const KILL_DEADLINE_MS = 10_000;
/** The console file is turned over at power-on above this size, so it cannot fill the disk. */
const CONSOLE_BYTES_MAX = 1024 * 1024;
const DONE: PowerResult = { kind: "done" };

export function createPower(options: PowerOptions): Power {
  return new RackPower(options);
}

class RackPower implements Power {
  readonly #options: PowerOptions;
  readonly #feeds: ReadonlyMap<string, Feed>;

  constructor(options: PowerOptions) {
    this.#options = options;
    this.#feeds = new Map(options.servers.map((boot) => [boot.name, makeFeed(boot)]));
  }

  isPowered = (server: string): boolean => this.#feeds.get(server)?.phase === "on";

  isFrozen = (server: string): boolean => this.#feeds.get(server)?.frozen ?? false;

  on(server: string, reason: string): Promise<PowerResult> {
    const feed = this.#feedOf(server);
    return this.#inOrder(feed, () => this.#becomeOn(feed, reason));
  }

  off(server: string, reason: string): Promise<PowerResult> {
    const feed = this.#feedOf(server);
    this.#becomeDark(feed, reason);
    return this.#inOrder(feed, () => {
      // An order to power on may have been under way; this one came later and wins.
      this.#becomeDark(feed, reason);
      return this.#finishOff(feed, reason);
    });
  }

  reset(server: string, reason: string): Promise<PowerResult> {
    const feed = this.#feedOf(server);
    this.#becomeDark(feed, reason);
    return this.#inOrder(feed, async () => {
      const off = await this.#finishOff(feed, reason);
      return off.kind === "failed" ? off : this.#becomeOn(feed, reason);
    });
  }

  freeze(server: string): PowerResult {
    const feed = this.#feedOf(server);
    if (feed.phase !== "on" || feed.cookie === null) return notOn(server);
    signalFeed(feed, "SIGSTOP");
    feed.frozen = true;
    this.#options.record({ kind: "freeze", server, frozen: true });
    if (stopTree(feed.cookie)) return DONE;
    return { kind: "failed", message: `${server} starts processes faster than they are stopped` };
  }

  thaw(server: string): PowerResult {
    const feed = this.#feedOf(server);
    if (feed.phase !== "on" || feed.cookie === null) return notOn(server);
    feed.frozen = false;
    this.#options.record({ kind: "freeze", server, frozen: false });
    signalFeed(feed, "SIGCONT");
    continueTree(feed.cookie);
    return DONE;
  }

  status(server: string, processes: readonly ProcessStat[]): ServerPower {
    const feed = this.#feedOf(server);
    return {
      power: feed.phase === "off" ? "off" : "on",
      frozen: feed.frozen,
      incarnation: feed.incarnation,
      pids: feed.phase === "on" ? rolePids(feed, processes) : {},
    };
  }

  #feedOf(server: string): Feed {
    const feed = this.#feeds.get(server);
    assert(feed !== undefined, `the rack has a server ${server}`);
    return feed;
  }

  #inOrder(feed: Feed, act: () => Promise<PowerResult>): Promise<PowerResult> {
    const result = feed.orders.then(act);
    feed.orders = result.catch((error: Error) => {
      this.#options.record({ kind: "trouble", text: `power ${feed.boot.name}: ${error.message}` });
    });
    return result;
  }

  /** The instant of the power cut: synchronous, so nothing passes any wire after it. */
  #becomeDark(feed: Feed, reason: string): void {
    if (feed.phase !== "on") return;
    feed.phase = "dark";
    this.#options.record({ kind: "power", server: feed.boot.name, to: "dark", reason });
    this.#options.onDark(feed.boot.name);
    signalFeed(feed, "SIGSTOP");
  }

  async #finishOff(feed: Feed, reason: string): Promise<PowerResult> {
    const { name } = feed.boot;
    if (feed.phase === "off" || feed.cookie === null) return DONE;
    signalFeed(feed, "SIGKILL");
    const left = await killTree(feed.cookie, KILL_DEADLINE_MS);
    if (left.length > 0) {
      const message = `${name} still has processes ${left.join(" ")} that SIGKILL does not end (waiting for a device); repeat power off when the device answers`;
      this.#options.record({ kind: "trouble", text: message });
      return { kind: "failed", message };
    }
    feed.child?.stdin?.destroy();
    feed.child = null;
    feed.frozen = false;
    feed.phase = "off";
    this.#options.record({ kind: "power", server: name, to: "off", reason });
    return DONE;
  }

  async #becomeOn(feed: Feed, reason: string): Promise<PowerResult> {
    const { name } = feed.boot;
    if (feed.phase === "on") return DONE;
    if (feed.phase === "dark") {
      return { kind: "failed", message: `${name} is not off yet; power it off first` };
    }
    const started = await startTree(feed, (child) => {
      if (feed.child !== child || feed.phase !== "on") return;
      this.#becomeDark(feed, "supervisor-ended");
      // Nobody waits for this order; #inOrder itself writes a rejection into the records.
      void this.#inOrder(feed, () => this.#finishOff(feed, "supervisor-ended"));
    });
    if (started.kind === "done") {
      this.#options.record({ kind: "power", server: name, to: "on", reason });
    }
    return started;
  }
}

function makeFeed(boot: ServerBoot): Feed {
  return {
    boot,
    phase: "off",
    frozen: false,
    incarnation: null,
    cookie: null,
    child: null,
    orders: Promise.resolve(),
  };
}

/** Supervisor, pulse, agent and disk share the supervisor's process group: stopped in one call. */
function signalFeed(feed: Feed, signal: NodeJS.Signals): void {
  const { child } = feed;
  // Once the supervisor is reaped its number may be somebody else's; the sweep finds the rest.
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  signalGroup(child.pid, signal);
}

async function startTree(feed: Feed, onEnd: (child: ChildProcess) => void): Promise<PowerResult> {
  const { boot } = feed;
  const incarnation = randomBytes(8).toString("hex");
  const cookie = `${boot.name}-${randomBytes(12).toString("hex")}`;
  let output: number;
  try {
    boot.prepare();
    output = openConsole(boot.consoleFile);
  } catch (error) {
    return { kind: "failed", message: `${boot.name} cannot start: ${(error as Error).message}` };
  }
  const child = spawn(boot.file, boot.argv, {
    detached: true,
    stdio: ["pipe", output, output],
    env: {
      ...process.env,
      ...boot.env,
      [TREE_VARIABLE]: cookie,
      KAGE_HOST_INCARNATION: incarnation,
      KAGE_HOST_STARTED_MS: String(Math.floor(monotonicMs())),
    },
  });
  closeSync(output);
  const trouble = await new Promise<Error | null>((resolve) => {
    child.once("error", resolve);
    child.once("spawn", () => resolve(null));
  });
  if (trouble !== null) {
    return { kind: "failed", message: `${boot.name} cannot start: ${trouble.message}` };
  }
  // The pipe carries nothing; it breaks when the tree is killed, which power off reads back itself.
  child.stdin?.on("error", () => child.stdin?.destroy());
  Object.assign(feed, { phase: "on", frozen: false, incarnation, cookie, child });
  child.once("exit", () => onEnd(child));
  return DONE;
}

function openConsole(file: string): number {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > CONSOLE_BYTES_MAX) renameSync(file, `${file}.1`);
  return openSync(file, "a", 0o600);
}

/** The supervisor's process group: what it keeps running. Programs have groups of their own. */
function rolePids(
  { boot, child }: Feed,
  processes: readonly ProcessStat[],
): Readonly<Record<string, number>> {
  const pids: Record<string, number> = {};
  for (const { pid, groupId } of processes) {
    if (groupId !== child?.pid) continue;
    const role = boot.roleOf(commandLine(pid));
    if (role !== null) pids[role] = pid;
  }
  return pids;
}

function notOn(server: string): PowerResult {
  return { kind: "failed", message: `${server} has no power; power it on first` };
}
