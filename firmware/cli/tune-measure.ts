/**
 * The measuring of `kage tune`: asks each agent that can be reached again and again and keeps the worst
 * figures, so that a pulse that is restarted meanwhile loses little; half of the time under a load of its own
 * where that is wanted. Of a server whose agent is out of reach it knows what the others hear of it.
 * Source: D51; guide 3.2.3 (parameters to adjust).
 */
import { type Worst, worstBetween } from "../../hal/base/histogram.ts";
import type { Call } from "./call.ts";
import { isRecord, request } from "./client.ts";
import type { AgentAddress } from "./discover.ts";
import { agentName } from "./survey.ts";
import type { startLoad } from "./tune-load.ts";

/** Time between two looks, ms. */
const LOOK_EVERY_MS = 5000;

/** Counts by class, as an agent gives them; null = it does not. */
interface Snapshot {
  readonly server: string;
  /** The one other server, whose beats are heard; null = there are more or none. */
  readonly peer: string | null;
  readonly late: readonly number[] | null;
  readonly disk: readonly number[] | null;
  readonly heard: readonly number[] | null;
}

export interface Figures {
  readonly late: Worst | null;
  readonly disk: Worst | null;
  /** Lateness of the peer's beats as heard here. */
  readonly heard: Worst | null;
}

export interface ServerFigures extends Figures {
  readonly server: string;
  readonly peer: string | null;
  /** Its own agent has given measurements. */
  readonly isSeen: boolean;
  /** Of the part under load; null = no load was made. */
  readonly loaded: Figures | null;
}

const NONE: Figures = { late: null, disk: null, heard: null };

/** `makeLoad` null = at the load of the moment. `count`: busy processes, 0 without load. */
export async function measureServers(
  call: Call,
  agents: readonly AgentAddress[],
  forMs: number,
  makeLoad: typeof startLoad | null,
): Promise<{ readonly servers: readonly ServerFigures[]; readonly count: number }> {
  const first = await look(call, agents);
  if (makeLoad === null) {
    const { last, figures } = await watch(call, agents, first, forMs);
    return { servers: join(last, figures, null), count: 0 };
  }
  const quiet = await watch(call, agents, first, forMs / 2);
  const load = await makeLoad(forMs / 2);
  try {
    const loaded = await watch(call, agents, quiet.last, forMs / 2);
    return { servers: join(loaded.last, quiet.figures, loaded.figures), count: load.count };
  } finally {
    await load.stop();
  }
}

interface Watched {
  readonly last: readonly Snapshot[];
  readonly figures: readonly Figures[];
}

async function watch(
  call: Call,
  agents: readonly AgentAddress[],
  first: readonly Snapshot[],
  forMs: number,
): Promise<Watched> {
  let watched: Watched = { last: first, figures: first.map(() => NONE) };
  for (let leftMs = forMs; leftMs > 0 && !call.io.interrupted.aborted; leftMs -= LOOK_EVERY_MS) {
    await call.io.pause(Math.min(leftMs, LOOK_EVERY_MS));
    watched = keepWorst(watched, await look(call, agents));
  }
  return watched;
}

function keepWorst({ last, figures }: Watched, seen: readonly Snapshot[]): Watched {
  const grown = seen.map((now, at): Figures => {
    const before = last[at];
    const kept = figures[at] ?? NONE;
    const of = (key: keyof Figures): Worst | null =>
      worse(kept[key], worstBetween(before?.[key] ?? null, now[key]));
    return { late: of("late"), disk: of("disk"), heard: of("heard") };
  });
  // Who did not answer this time goes on from what it said last.
  const kept = seen.map((now, at) => (now.late === null ? (last[at] ?? now) : now));
  return { last: kept, figures: grown };
}

function worse(a: Worst | null, b: Worst | null): Worst | null {
  if (a === null || b === null) return a ?? b;
  return { atMostMs: Math.max(a.atMostMs, b.atMostMs), count: a.count + b.count };
}

function join(
  last: readonly Snapshot[],
  figures: readonly Figures[],
  loaded: readonly Figures[] | null,
): readonly ServerFigures[] {
  return last.map(({ server, peer, late }, at) => {
    const isSeen = late !== null;
    return { server, peer, isSeen, ...(figures[at] ?? NONE), loaded: loaded?.[at] ?? null };
  });
}

function look(call: Call, agents: readonly AgentAddress[]): Promise<readonly Snapshot[]> {
  return Promise.all(agents.map((agent) => snapshot(call, agent)));
}

async function snapshot(call: Call, agent: AgentAddress): Promise<Snapshot> {
  const none = { server: agentName(agent), peer: null, late: null, disk: null, heard: null };
  const body = { verb: "status", args: {} };
  const reply = await request(agent.socketPath, body, call.io.queryDeadlineMs, call.io.interrupted);
  const result = reply.kind === "ok" ? reply.body["result"] : null;
  const listed = isRecord(result) && Array.isArray(result["servers"]) ? result["servers"] : [];
  const servers = listed.filter(isRecord);
  const names = servers.map(({ name }) => String(name));
  for (const { name, details } of servers) {
    const measured = isRecord(details) ? details["measured"] : null;
    if (!isRecord(measured)) continue;
    const others = names.filter((other) => other !== String(name));
    return {
      server: String(name),
      peer: others.length === 1 ? (others[0] ?? null) : null,
      late: countsOf(measured["late"]),
      disk: countsOf(measured["disk"]),
      heard: countsOf(measured["heard"]),
    };
  }
  return none;
}

function countsOf(value: unknown): readonly number[] | null {
  if (!Array.isArray(value)) return null;
  return value.every((one) => typeof one === "number") ? value : null;
}
