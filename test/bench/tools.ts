/**
 * The bench's measuring tools: compiled with gcc into a temporary folder when the bench starts,
 * run inside the lab's namespaces, read line by line. All their times are CLOCK_MONOTONIC in ms,
 * the clock of `monotonicMs()`.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { untilWithin } from "../deadline.ts";
import { gone, run } from "../lab/command.ts";
import type { NetNamespace } from "../lab/namespace.ts";

export interface Tools {
  readonly echo: string;
  readonly probe: string;
  readonly beats: string;
  remove(): void;
}

/** Same clock as the C tools; ms since boot. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** What `performance.now()` of the lab's records has to be raised by. */
export const clockOffsetMs = (): number => monotonicMs() - performance.now();

/** Compiles from the sources; the bench runs from the project's root, as `npm run bench` does. */
export async function buildTools(): Promise<Tools> {
  const sources = resolve("test", "bench");
  if (!existsSync(join(sources, "probe.c"))) {
    throw new Error("test/bench/probe.c is not here: run `npm run bench` from the project's root");
  }
  // Not in /dev/shm, which many hosts mount noexec.
  const folder = mkdtempSync(join(tmpdir(), "kage-bench-"));
  const build = async (name: string): Promise<string> => {
    const program = join(folder, name);
    await run(["gcc", "-O2", "-Wall", "-o", program, join(sources, `${name}.c`)]);
    return program;
  };
  const [echo, probe, beats] = await Promise.all([build("echo"), build("probe"), build("beats")]);
  return {
    echo: echo ?? "",
    probe: probe ?? "",
    beats: beats ?? "",
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface Reply {
  readonly atMs: number;
  readonly server: string;
}

/** A silence between two answers, or a change of the answering server. */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
  readonly from: string;
  readonly to: string;
}

/** Silences shorter than this many asking intervals are the interval itself. */
const GAP_INTERVALS = 2.5;

/** The client: asks all the time, remembers every answer since the last `forget`. */
export class Probe {
  readonly #child: ChildProcess;
  readonly #intervalMs: number;
  #replies: Reply[] = [];

  constructor(
    tools: Tools,
    client: NetNamespace,
    address: string,
    port: number,
    intervalMs: number,
  ) {
    this.#intervalMs = intervalMs;
    const words = [tools.probe, address, String(port), String(intervalMs)];
    this.#child = startInside(client, words, (line) => {
      const [at = "", server = ""] = line.split(" ");
      if (at !== "end") this.#replies.push({ atMs: Number(at), server });
    });
  }

  get last(): Reply | null {
    return this.#replies.at(-1) ?? null;
  }

  /** Every answer heard before this call is dropped, the newest excepted. */
  forget(): void {
    this.#replies = this.#replies.slice(-1);
  }

  firstAfter(atMs: number): Reply | null {
    return this.#replies.find((reply) => reply.atMs > atMs) ?? null;
  }

  lastBefore(atMs: number): Reply | null {
    return this.#replies.findLast((reply) => reply.atMs <= atMs) ?? null;
  }

  gaps(): Gap[] {
    const found: Gap[] = [];
    let before: Reply | null = null;
    for (const reply of this.#replies) {
      if (before !== null) {
        const silent = reply.atMs - before.atMs > GAP_INTERVALS * this.#intervalMs;
        if (silent || reply.server !== before.server) {
          found.push({
            fromMs: before.atMs,
            toMs: reply.atMs,
            from: before.server,
            to: reply.server,
          });
        }
      }
      before = reply;
    }
    return found;
  }

  /** Waits for an answer of that server (any when null) that came after `sinceMs`. */
  answers(server: string | null, sinceMs: number, withinMs: number): Promise<Reply> {
    return untilWithin(`an answer of ${server ?? "any server"}`, withinMs, () =>
      this.#replies.find(
        (reply) => reply.atMs > sinceMs && (server === null || reply.server === server),
      ),
    );
  }

  async close(): Promise<void> {
    this.#child.stdin?.end();
    await gone(this.#child);
  }
}

/** The tap in the switch: when did a server last give a sign of life? */
export class BeatTap {
  readonly #child: ChildProcess;
  readonly #beats: { readonly atMs: number; readonly port: string; readonly kind: string }[] = [];

  constructor(tools: Tools, network: NetNamespace, udpPorts: readonly number[]) {
    this.#child = startInside(network, [tools.beats, ...udpPorts.map(String)], (line) => {
      const [at = "", port = "", kind = ""] = line.split(" ");
      if (port === "") return;
      this.#beats.push({ atMs: Number(at), port, kind });
      if (this.#beats.length > BEATS_KEPT) this.#beats.splice(0, BEATS_KEPT / 2);
    });
  }

  /** Newest sign of life of server `number` at or before `atMs`; null = none heard. */
  lastBefore(number: number, kind: "beat" | "vrrp", atMs: number): number | null {
    const prefix = `s${number}`;
    const found = this.#beats.findLast(
      (beat) => beat.atMs <= atMs && beat.kind === kind && beat.port.startsWith(prefix),
    );
    return found?.atMs ?? null;
  }

  async close(): Promise<void> {
    this.#child.stdin?.end();
    await gone(this.#child);
  }
}

/** Arrivals of UDP frames at one address of the host's own network, per port. */
export class ArrivalTap {
  readonly #child: ChildProcess;
  readonly #arrivals: { readonly atMs: number; readonly port: string }[] = [];

  constructor(tools: Tools, host: string, udpPorts: readonly number[]) {
    const words = ["-d", host, ...udpPorts.map(String)];
    this.#child = listenTo(tools.beats, words, (line) => {
      const [at = "", port = ""] = line.split(" ");
      if (port === "") return;
      this.#arrivals.push({ atMs: Number(at), port });
      if (this.#arrivals.length > BEATS_KEPT) this.#arrivals.splice(0, BEATS_KEPT / 2);
    });
  }

  /** Longest silence of any port within that time, its open end included; NaN when nothing came. */
  silence(fromMs: number, toMs: number): { readonly beats: number; readonly longestMs: number } {
    const within = this.#arrivals.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
    let longestMs = within.length === 0 ? Number.NaN : 0;
    for (const port of new Set(within.map((one) => one.port))) {
      const moments = within.filter((one) => one.port === port).map(({ atMs }) => atMs);
      for (const [nth, atMs] of [...moments, toMs].entries()) {
        const before = nth === 0 ? fromMs : (moments[nth - 1] ?? fromMs);
        longestMs = Math.max(longestMs, atMs - before);
      }
    }
    return { beats: within.length, longestMs };
  }

  async close(): Promise<void> {
    this.#child.stdin?.end();
    await gone(this.#child);
  }
}

/** 100 s of beats at the fastest interval measured, two servers, two paths. */
const BEATS_KEPT = 40_000;

function startInside(
  namespace: NetNamespace,
  words: readonly string[],
  hear: (line: string) => void,
): ChildProcess {
  const [tool = "", ...args] = [...namespace.enter, ...words];
  return listenTo(tool, args, hear);
}

function listenTo(
  tool: string,
  args: readonly string[],
  hear: (line: string) => void,
): ChildProcess {
  const child = spawn(tool, args, { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.on("error", () => child.kill("SIGKILL"));
  createInterface({ input: child.stdout }).on("line", hear);
  return child;
}
