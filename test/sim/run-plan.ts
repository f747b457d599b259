/**
 * Runs a fault plan over a majority cluster: faults, healing, calm; then looks whether it is one cluster.
 * Invariants by their ids: S1 two owners at any moment; L1 everybody is back in one view; L2 the group runs;
 * L3 a majority that nothing befell has not gone down.
 * Source: reliability.md 2.3-2.5; protocol.md 1.3-1.4, 3.
 */
import { createHash } from "node:crypto";
import { MajorityWorld, type Turn } from "./majority-world.ts";
import type { Fault, FaultKind, Plan } from "./plan.ts";

export interface Problem {
  readonly id: "S1" | "L1" | "L2" | "L3";
  readonly text: string;
}

export interface PlanResult {
  readonly problems: readonly Problem[];
  readonly log: readonly string[];
  /** SHA-256 over the log: two runs of one plan have to agree. */
  readonly trace: string;
  /** Virtual time that has passed, ms. */
  readonly simMs: number;
  /** At the end nobody was a member any more: allowed where too much failed at once, and counted. */
  readonly isAllDown: boolean;
}

type Act = (world: MajorityWorld, fault: Fault) => void;

const ACTS: Readonly<Record<FaultKind, Act>> = {
  "cut-link": (world, { one, other }) => setCut(world, [one], [other], true, true),
  "cut-one-way": (world, { one, other }) => setCut(world, [one], [other], true, false),
  isolate: (world, { one }) => setCut(world, [one], all(world), true, true),
  "isolate-out": (world, { one }) => setCut(world, [one], all(world), true, false),
  "isolate-in": (world, { one }) => setCut(world, all(world), [one], true, false),
  "cut-in-two": (world, { amount }) => {
    const side = all(world).filter((index) => (amount & (1 << index)) !== 0);
    const rest = all(world).filter((index) => !side.includes(index));
    setCut(world, side, rest, true, true);
  },
  "heal-server": (world, { one }) => setCut(world, [one], all(world), false, true),
  "heal-links": (world) => healLinks(world),
  "power-off": (world, { one }) => {
    if (world.at(one).on) world.powerOff(one);
  },
  "power-on-detached": (world, { one }) => {
    if (!world.at(one).on) world.boot(one, { kind: "detached", floor: 0 });
  },
  "power-on-returning": (world, { one }) => {
    if (!world.at(one).on) world.boot(one, { kind: "return", floor: 0 });
  },
  "restart-pulse": (world, { one, amount }) => world.restartPulse(one, amount),
  "restart-pulse-slowly": (world, { one, amount }) => world.restartPulse(one, amount),
  pause: (world, { one, amount }) => world.pause(one, amount),
  "short-pause": (world, { one, amount }) => world.pause(one, amount),
  loss: (world, { amount }) => {
    world.loss = amount / 100;
  },
  "no-loss": (world) => {
    world.loss = 0;
  },
  leave: (world, { one }) => {
    world.at(one).leaves = true;
  },
  "return-all": (world) => returnAll(world),
};

/** `turn`: what the agents do; default the small one of `group-agent.ts`. */
export function runPlan(plan: Plan, turn?: Turn): PlanResult {
  const { timeoutMs } = plan;
  const world = new MajorityWorld(plan.servers, timeoutMs, plan.seed, timeoutMs / 2, turn);
  for (const fault of plan.faults) {
    world.run(Math.max(0, fault.atMs - world.nowMs));
    if (world.violations.length > 0) break;
    world.note(`** ${fault.kind} S${fault.one} S${fault.other} ${fault.amount}`);
    ACTS[fault.kind](world, fault);
  }
  world.run(Math.max(0, plan.healAtMs - world.nowMs));
  const fallen = plan.core.filter((index) => world.at(index).will !== null || !world.at(index).on);
  heal(world);
  world.run(8 * timeoutMs);
  const problems: Problem[] = [
    ...world.violations.map((text) => ({ id: "S1" as const, text })),
    ...fallen.map((index) => ({ id: "L3" as const, text: `S${index} of the core went down` })),
    ...judgeEnd(world),
  ];
  const trace = createHash("sha256").update(world.log.join("\n")).digest("hex");
  const isAllDown = all(world).every((index) => world.membersAt(index).length === 0);
  return { problems, log: world.log, trace, simMs: world.nowMs, isAllDown };
}

const all = (world: MajorityWorld): number[] => world.hosts.map(({ index }) => index);

function setCut(
  world: MajorityWorld,
  from: readonly number[],
  to: readonly number[],
  isCut: boolean,
  bothWays: boolean,
): void {
  for (const a of from) {
    for (const b of to) {
      const there = world.cut[a];
      const back = world.cut[b];
      if (a === b || there === undefined || back === undefined) continue;
      there[b] = isCut;
      if (bothWays) back[a] = isCut;
    }
  }
}

function healLinks(world: MajorityWorld): void {
  setCut(world, all(world), all(world), false, true);
}

/** An operator takes back whoever stands outside (D18). */
function returnAll(world: MajorityWorld): void {
  for (const host of world.hosts) {
    const floor = host.pulse?.membership.floor ?? 0;
    const isOut = host.pulse?.membership.server === "detached";
    if (host.on && isOut && host.will === null) host.wish = { kind: "return", floor };
  }
}

function heal(world: MajorityWorld): void {
  const { timeoutMs } = world.config.budget;
  world.note("== heal");
  world.loss = 0;
  healLinks(world);
  for (const host of world.hosts) {
    host.leaves = false;
    host.pausedUntilMs = Math.min(host.pausedUntilMs, world.nowMs);
    if (host.on && host.pulse !== null) continue;
    if (host.on) world.powerOff(host.index);
    world.boot(host.index, { kind: "return", floor: 0 });
  }
  world.run(2 * timeoutMs);
  for (const host of world.hosts) {
    host.leaves = false;
    if (!host.on) world.boot(host.index, { kind: "return", floor: 0 });
  }
  returnAll(world);
  world.run(2 * timeoutMs);
  returnAll(world);
}

/** With a member left, everybody comes back to it and the group runs once; without one, nothing runs. */
function judgeEnd(world: MajorityWorld): Problem[] {
  const everybody = all(world);
  const owners = world.owners();
  if (everybody.every((index) => world.membersAt(index).length === 0)) {
    return owners.length === 0
      ? []
      : [{ id: "L2", text: `nobody is a member, but S${owners.join(", S")} owns` }];
  }
  const problems: Problem[] = [];
  for (const index of everybody) {
    const seen = world.membersAt(index);
    if (seen.length !== everybody.length) {
      problems.push({ id: "L1", text: `S${index} sees [${seen.join(" ")}] at the end` });
    }
  }
  if (owners.length !== 1)
    problems.push({ id: "L2", text: `owners at the end: [${owners.join(" ")}]` });
  return problems;
}
