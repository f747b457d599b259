/**
 * Plays one scenario in a world and writes the transcript: every command and fact with its time, and
 * for a failed one what was seen instead, the state of every server and the cabinet's last records.
 * Intuition: waiting is looking again until a deadline, never a guess at how long something takes.
 * Every story ends with the safety oracle and with the proof that nothing is left behind.
 * Source: style.md 31-35; invariants of protocol.md 1.4 and 1.5.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { dropTexts } from "./config-text.ts";
import { type Baseline, judgeFact, takeBaseline, type Verdict } from "./judge-fact.ts";
import type { Block, FactLine, Scenario } from "./language.ts";
import { findTwoOwners } from "./oracle.ts";
import { playCommand } from "./play-command.ts";
import type { World, WorldClock } from "./world.ts";

export interface Report {
  readonly ok: boolean;
  /** The oracle has found nothing; a story that broke off before it was asked says nothing against it. */
  readonly isSafe: boolean;
  readonly tookMs: number;
  readonly transcript: string;
}

/** Time between two looks at a fact that does not hold yet. */
const LOOK_EVERY_MS = 40;
/** A cold start of two servers on a loaded machine; every further one adds its processes. */
const BOOT_WITHIN_MS = 20_000;
const BOOT_PER_SERVER_MS = 3000;
const TIMEOUTS_PER_FACT = 4;
/** Records and events printed per server in a failed transcript. */
const LAST_LINES = 25;

/** How long the runner waits where the story gives no time itself, ms. */
export interface Patience {
  /** Beyond the timeouts: arbitration, activation, process start on a loaded machine. */
  readonly reactionMs: number;
  /** The finale waits so long for a group that is just being stopped or started. */
  readonly settleMs: number;
}

const PATIENCE: Patience = { reactionMs: 8000, settleMs: 3000 };

/** Lets a story's cold start happen when its turn comes; starts compete for the same cores. */
export type StartGate = <T>(start: () => Promise<T>) => Promise<T>;

const MACHINE: WorldClock = {
  nowMs: () => performance.now(),
  pause: async (ms) => void (await sleep(ms)),
};
const clockOf = ({ clock }: World): WorldClock => clock ?? MACHINE;
const nowIn = (world: World): number => clockOf(world).nowMs();
const pauseIn = (world: World, ms: number): Promise<void> => clockOf(world).pause(ms);

export async function playScenario(
  scenario: Scenario,
  world: World,
  patience: Patience = PATIENCE,
  gate: StartGate = (start) => start(),
): Promise<Report> {
  const beganMs = performance.now();
  const lines: string[] = [`# ${scenario.title}`];
  let ok = false;
  let isSafe = true;
  try {
    const [first, ...rest] = scenario.blocks;
    const started = await gate(async () => {
      await world.start();
      const baseline = await takeBaseline(world, null);
      const good =
        first === undefined ||
        (await playBlock(world, first, baseline, bootWithinMs(world), lines));
      return good ? baseline : null;
    });
    ok = started !== null && (await playBlocks(scenario, rest, world, started, patience, lines));
    isSafe = await checkSafety(scenario, world, patience, lines);
    ok = ok && isSafe;
    if (!ok) lines.push(...(await describe(world)));
  } catch (error) {
    ok = false;
    lines.push(`!! the story broke off: ${error instanceof Error ? error.stack : String(error)}`);
    lines.push(...(await describe(world)));
  }
  const left = await world
    .close()
    .catch((error: Error) => [`the world did not close: ${error.message}`]);
  dropTexts(world);
  for (const one of left) lines.push(`!! left behind: ${one}`);
  return {
    ok: ok && left.length === 0,
    isSafe,
    tookMs: Math.round(performance.now() - beganMs),
    transcript: lines.join("\n"),
  };
}

async function playBlocks(
  scenario: Scenario,
  blocks: readonly Block[],
  world: World,
  started: Baseline,
  patience: Patience,
  lines: string[],
): Promise<boolean> {
  const { timeoutMs, startWaitMs } = scenario.cluster;
  const usualMs = patience.reactionMs + TIMEOUTS_PER_FACT * timeoutMs + (startWaitMs ?? 0);
  let baseline = started;
  for (const block of blocks) {
    baseline = await takeBaseline(world, baseline);
    if (!(await playBlock(world, block, baseline, usualMs, lines))) return false;
  }
  return true;
}

const bootWithinMs = ({ cluster }: World): number =>
  BOOT_WITHIN_MS + (cluster.servers.length - 2) * BOOT_PER_SERVER_MS;

async function playBlock(
  world: World,
  block: Block,
  baseline: Baseline,
  boundMs: number,
  lines: string[],
): Promise<boolean> {
  let lastMs = nowIn(world);
  for (const { text, command, line } of block.commands) {
    lastMs = nowIn(world);
    const verdict = await playCommand(world, command, baseline);
    lines.push(`${mark(verdict)} ${line}: ${text}`);
    if (!verdict.holds) {
      lines.push(`   seen: ${verdict.seen}`);
      return false;
    }
  }
  lines.push("   ----");
  for (const fact of block.facts) {
    const verdict = await awaitFact(world, fact, baseline, lastMs, boundMs);
    const atMs = Math.round(nowIn(world) - lastMs);
    lines.push(`${mark(verdict)} ${fact.line}: ${fact.text}  (+${atMs} ms)`);
    if (!verdict.holds) {
      lines.push(`   seen: ${verdict.seen}`);
      return false;
    }
  }
  return true;
}

const mark = (verdict: Verdict): string => (verdict.holds ? "ok" : "!!");

/** `eventually` counts from the last command, `throughout` from the moment the fact's turn comes. */
async function awaitFact(
  world: World,
  { fact, expectation }: FactLine,
  baseline: Baseline,
  lastCommandMs: number,
  boundMs: number,
): Promise<Verdict> {
  if (isFinal(fact) && expectation.kind === "eventually") return judgeFact(world, fact, baseline);
  if (expectation.kind === "throughout") {
    const untilMs = nowIn(world) + expectation.forMs;
    for (;;) {
      const verdict = await judgeFact(world, fact, baseline);
      if (!verdict.holds || nowIn(world) >= untilMs) return verdict;
      await pauseIn(world, LOOK_EVERY_MS);
    }
  }
  const limitMs =
    expectation.withinMs === null ? nowIn(world) + boundMs : lastCommandMs + expectation.withinMs;
  for (;;) {
    // The look must have begun in time, else a slow look would pass for a fast cluster.
    const lookMs = nowIn(world);
    const verdict = await judgeFact(world, fact, baseline);
    if (lookMs > limitMs) return { holds: false, seen: `too late; at last: ${verdict.seen}` };
    if (verdict.holds) return verdict;
    await pauseIn(world, LOOK_EVERY_MS);
  }
}

/** What has happened stays so: looking again cannot make these true. */
function isFinal(fact: FactLine["fact"]): boolean {
  return (
    fact.kind === "group.unmoved" ||
    fact.kind === "owners.never-two" ||
    fact.kind === "array.no-late-write" ||
    fact.kind === "said" ||
    (fact.kind === "event" && !fact.wanted)
  );
}

/** Never two owners, and no program of a group on a server that does not own it. */
async function checkSafety(
  scenario: Scenario,
  world: World,
  patience: Patience,
  lines: string[],
): Promise<boolean> {
  const crimes: string[] = [];
  if (scenario.cluster.twoOwners === "forbidden") {
    crimes.push(...findTwoOwners(await world.records()));
  }
  crimes.push(...(await findOwnerless(world, patience.settleMs)));
  for (const crime of crimes) lines.push(`!! oracle: ${crime}`);
  return crimes.length === 0;
}

async function findOwnerless(world: World, settleMs: number): Promise<readonly string[]> {
  const untilMs = nowIn(world) + settleMs;
  for (;;) {
    const found = await lookForOwnerless(world);
    if (found.length === 0 || nowIn(world) >= untilMs) return found;
    await pauseIn(world, LOOK_EVERY_MS);
  }
}

async function lookForOwnerless(world: World): Promise<readonly string[]> {
  const machines = new Map((await world.machines()).map((m) => [m.name, m]));
  const found: string[] = [];
  for (const program of await world.programs()) {
    const machine = machines.get(program.server);
    const who = `program of ${program.group} (pid ${program.pid})`;
    if (machine?.on !== true) found.push(`${who} lives on ${program.server}, which is off`);
    else if (!machine.frozen) {
      const status = await world.status(program.server);
      const group = status?.groups.find((g) => g.name === program.group);
      if (group?.owner !== program.server) {
        found.push(`${who} lives on ${program.server}, owner there: ${group?.owner ?? "nobody"}`);
      }
    }
  }
  return found;
}

/** The state a reader needs to see why. Never throws: the world may be half gone. */
async function describe(world: World): Promise<readonly string[]> {
  const lines: string[] = [];
  const add = async (title: string, read: () => Promise<readonly string[]>): Promise<void> => {
    try {
      lines.push(`-- ${title}`, ...(await read()).map((line) => `   ${line}`));
    } catch (error) {
      lines.push(`   unreadable: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  await add("machines", async () => (await world.machines()).map((m) => JSON.stringify(m)));
  for (const server of world.cluster.servers) {
    await add(`${server} says`, async () => describeStatus(world, server));
    await add(`${server} events`, async () =>
      (await world.events(server)).slice(-LAST_LINES).map((e) => `${e.at} ${e.key}: ${e.text}`),
    );
  }
  await add("records", async () =>
    collapse((await world.records()).map((r) => JSON.stringify(r))).slice(-2 * LAST_LINES),
  );
  await add("logs", async () => (await world.blackBox()).split("\n"));
  return lines;
}

/** Answers come by the dozen; only changes are worth a line. */
function collapse(records: readonly string[]): readonly string[] {
  const shape = (line: string): string => line.replace(/"atMs":[\d.]+,?/, "");
  return records.filter(
    (line, i) => shape(line) !== shape(records[i - 1] ?? "") || i === records.length - 1,
  );
}

async function describeStatus(world: World, server: string): Promise<readonly string[]> {
  const status = await world.status(server);
  if (status === null) return ["no answer"];
  const { cluster, servers, groups, paths } = status;
  return [
    `level ${cluster.level}, epoch ${cluster.epoch}, coordinator ${cluster.coordinator}`,
    ...cluster.reasons.map((r) => `reason ${r.code}: ${r.text}`),
    servers.map((s) => `${s.name} ${s.state}`).join(", "),
    groups.map((g) => `${g.name} ${g.state} on ${g.owner ?? "nobody"}`).join(", "),
    paths.map((p) => `${p.id} ${p.from}->${p.to} ${p.state}`).join(", "),
  ];
}
