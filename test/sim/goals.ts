/**
 * What a campaign has to have met at least once ("sometimes"): every verdict with every method that can give it,
 * every way to lose and to regain a server, every repair. A goal that no storm reaches says that the storms
 * are too tame, or that the product cannot get there. Source: reliability.md 1.3, 2.5 (sometimes), 6.
 */
import type { World } from "../../firmware/simulator/world.ts";

/** A last will with this reason, by method. */
const WILLS: Readonly<Record<string, readonly string[]>> = {
  "com-disk": [
    "partition",
    "presence",
    "arbiter-faulty",
    "claim-lost",
    "disk-faulty",
    "deposed",
    "excluded",
    "agent-lost",
    "left-over",
    "agent",
  ],
  com: ["partition", "presence", "arbiter-faulty", "agent", "agent-lost"],
  disk: ["disk-faulty", "outranked", "deposed", "excluded", "agent", "agent-lost", "left-over"],
  none: ["conflict", "agent", "agent-lost"],
  majority: ["partition", "agent"],
};

/** An event, by its key, with any method. */
const EVENTS = [
  "peer.suspected",
  "peer.heard",
  "peer.presence",
  "peer.lost",
  "peer.rebooted",
  "path.lost",
  "path.restored",
  "com.faulty",
  "com.restored",
  "disk.faulty",
  "disk.restored",
  "claim.started",
  "claim.won",
  "claim.lost",
  "verdict.survive",
  "view.installed",
  "gap.deposed",
  "sole.conflict",
  "server.detached",
  "server.excluded",
  "start.alone",
  "start.refused-alone",
  "force-return.ordered",
  "force-return.confirmed",
  "force-return.waiting",
  "shutdown.cluster",
  "agent.stalled",
  "group.starting",
  "group.running",
  "group.stopping",
  "group.stopped",
  "group.failed",
  "program.exited",
  "program.restarted",
  "program.restarts-exhausted",
  "failover.started",
  "failover.completed",
  "failover-not-possible",
  "config.prepared",
  "config.installed",
  "config.withdrawn",
  "config.unfit",
  "release.differs",
  "release.same",
] as const;

const OFFS = ["watchdog", "planned", "cut", "es:pulse-lost"] as const;
const REFUSED = ["replay", "length", "magic"] as const;
const ANSWERS = [
  "accepted",
  "not-member",
  "already-running",
  "not-detached",
  "not-running",
  "view-changing",
  "other-release",
] as const;
/** What became of an operator's configuration text. */
const TEXTS = [
  "installed",
  "dropped: trouble",
  "dropped: refused",
  "dropped: outvoted",
  "dropped: unfit",
  "config-busy",
  "config-trouble",
  "config-outside",
  "config-group-runs",
  "config-times-apart",
  "config-offline",
] as const;

export const GOALS: readonly string[] = [
  ...Object.entries(WILLS).flatMap(([method, reasons]) =>
    reasons.map((reason) => `${method} gives up: ${reason}`),
  ),
  ...Object.keys(WILLS).map((method) => `${method} goes on alone`),
  ...EVENTS.map((key) => `event ${key}`),
  ...OFFS.map((reason) => `off: ${reason}`),
  ...REFUSED.map((reason) => `frame refused: ${reason}`),
  ...ANSWERS.map((code) => `order answered: ${code}`),
  ...TEXTS.map((outcome) => `text answered: ${outcome}`),
  "everybody down, and back",
  "a group ran on three servers or more",
  "a write landed after it had been answered as failed",
  "an assumption was broken, and an alert stood",
];
const KNOWN = new Set(GOALS);

/** Goals that this run has reached. */
export function goalsOf(world: World, isExcused: boolean): Set<string> {
  const { method } = world.config;
  const reached = new Set<string>();
  const add = (goal: string): void => {
    if (KNOWN.has(goal)) reached.add(goal);
  };
  for (const { reason } of world.wills) add(`${method} gives up: ${reason}`);
  for (const { key } of world.notes) {
    add(`event ${key}`);
    if (key === "verdict.survive") add(`${method} goes on alone`);
  }
  for (const { outcome } of world.textAnswers) add(`text answered: ${outcome}`);
  for (const code of world.answers) add(`order answered: ${code}`);
  for (const reason of world.refused.keys()) add(`frame refused: ${reason}`);
  for (const reason of world.offs) add(`off: ${reason}`);
  if (world.notes.some(({ key }) => key === "force-return.confirmed"))
    add("everybody down, and back");
  for (const group of world.config.groups) {
    const servers = world.starts.filter((start) => start.group === group.index);
    if (new Set(servers.map(({ index }) => index)).size > 2) {
      add("a group ran on three servers or more");
    }
  }
  if (world.array.lateWrites > 0) add("a write landed after it had been answered as failed");
  if (isExcused) add("an assumption was broken, and an alert stood");
  return reached;
}
