/**
 * The last minute of a run as an operator would want to read it: one line per change, in fixed columns; what
 * befell the cluster and what broke stand between. Source: reliability.md 2.4 (report of a failing plan).
 */
import type { SwarmHost } from "../../firmware/simulator/host.ts";
import { COM } from "../../firmware/simulator/wires.ts";
import type { World } from "../../firmware/simulator/world.ts";
import type { PathFact } from "../../services/facts.ts";

/** Only so much before the end is kept. */
const SHOWN_MS = 60_000;
const LINES_MAX = 400;
/** Between two looks; what changes and changes back within is not shown. */
const LOOK_MS = 5;

export const HEAD = "   t(s)  n role cfg view  LANs COM DSK claim    epoch groups  power";

/** `/` leads its view, `\` follows, `#` off, `!` gave up, `^` outside, `z` not scheduled. */
function roleOf(host: SwarmHost): string {
  const membership = host.pulse?.state.membership;
  if (!host.on) return "#";
  if (host.isFrozen || host.pulse?.isFrozen === true) return "z";
  if (membership === undefined || membership.gaveUp !== null) return "!";
  if (membership.view === null || membership.server !== "member") return "^";
  return membership.view.epoch.coordinator === host.index ? "/" : "\\";
}

/** `^` they hear us, `v` we hear them, `.` neither; one pair of signs per path. */
function pathsOf(world: World, host: SwarmHost, lans: boolean): string {
  const signs = world.wires.paths
    .filter((path) => (path === COM) !== lans)
    .map((path) => {
      const others = world.hosts.filter((other) => other !== host);
      const up = others.some((other) => carries(world, path, host, other));
      const down = others.some((other) => carries(world, path, other, host));
      return `${up ? "^" : "."}${down ? "v" : "."}`;
    });
  return signs.join("");
}

function carries(world: World, path: number, from: SwarmHost, to: SwarmHost): boolean {
  const wire = world.wires.at(path, from.index, to.index);
  return from.on && to.on && wire !== null && !wire.cut && wire.loss < 1 && !wire.garbled;
}

interface Arbiter {
  readonly disk: string;
  readonly claim: string;
}

function rowOf(world: World, host: SwarmHost, arbiter: Arbiter): string {
  const { index } = host;
  const membership = host.pulse?.state.membership;
  const view = `{${membership?.view?.members.map((member) => member + 1).join("") ?? ""}}`;
  const epoch = String(membership?.view?.epoch.counter ?? membership?.floor ?? "-");
  const groups = host.running.map((runs, group) => groupSign(host, group, runs)).join(" ");
  const { disk, claim } = arbiter;
  const com = world.config.com === null ? "-" : pathsOf(world, host, false);
  const power = host.on ? "on" : host.offReason;
  return [
    String(index + 1),
    roleOf(host).padEnd(4),
    (host.pulse?.config ?? host.config).hash.slice(0, 3),
    view.padEnd(5),
    pathsOf(world, host, true).padEnd(4),
    com.padEnd(3),
    disk.padEnd(3),
    claim.padEnd(8),
    epoch.padEnd(5),
    groups.padEnd(7),
    power,
  ].join(" ");
}

/** As the agent knows it; while none is there, what was known last. */
function arbiterOf(world: World, host: SwarmHost, last: Arbiter): Arbiter {
  const facts = host.agent?.state.facts ?? null;
  if (world.config.disk === null) return { disk: "-", claim: "-" };
  if (facts === null) return last;
  const state = facts.paths.find(({ kind }: PathFact) => kind === "disk")?.state;
  const disk = state === "normal" ? "ok" : state === "faulty" ? "bad" : "?";
  return { disk, claim: facts.claim };
}

function groupSign(host: SwarmHost, group: number, runs: boolean): string {
  const actual = host.agent?.state.groups[group]?.actual ?? "stopped";
  const short = actual === "running" ? "run" : actual === "stopped" ? "-" : actual.slice(0, 4);
  return runs ? `G${group + 1}:${short === "-" ? "run" : short}` : "-";
}

/** Watches a world from its birth; `lines` after the run. */
export class Timeline {
  readonly #world: World;
  readonly #rows: string[] = [];
  readonly #arbiters: Arbiter[] = [];
  readonly #lines: { readonly atMs: number; readonly text: string }[] = [];

  constructor(world: World) {
    this.#world = world;
    world.onTrace = (text) => {
      if (/^(\*\*|==|FAIL)/.test(text)) this.#add(`  - ${text}`);
    };
    const look = (): void => {
      this.#look();
      world.clock.after(LOOK_MS, look);
    };
    look();
  }

  get lines(): readonly string[] {
    const fromMs = this.#world.clock.nowMs - SHOWN_MS;
    return [HEAD, ...this.#lines.filter(({ atMs }) => atMs >= fromMs).map(({ text }) => text)];
  }

  #look(): void {
    for (const host of this.#world.hosts) {
      const last = this.#arbiters[host.index] ?? { disk: "?", claim: "-" };
      const arbiter = arbiterOf(this.#world, host, last);
      this.#arbiters[host.index] = arbiter;
      const row = rowOf(this.#world, host, arbiter);
      if (this.#rows[host.index] === row) continue;
      this.#rows[host.index] = row;
      this.#add(` ${row}`);
    }
  }

  #add(text: string): void {
    const atMs = this.#world.clock.nowMs;
    this.#lines.push({ atMs, text: `${(atMs / 1000).toFixed(3).padStart(8)}${text}` });
    if (this.#lines.length > LINES_MAX) this.#lines.shift();
  }
}
