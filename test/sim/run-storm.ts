/**
 * Runs a storm: start, faults, healing, calm, the operator who takes back whoever stands outside, calm; all
 * invariants are looked at in every moment (firmware/simulator/checks.ts) and those of liveness at the end.
 * A storm that leaves the envelope may break S1 and S5, but then there has to be an alert.
 * Source: reliability.md 2.3-2.5; D18 (who was out comes back by an operator's order).
 */
import { findAtEnd } from "../../firmware/simulator/checks.ts";
import type { SwarmHost } from "../../firmware/simulator/host.ts";
import type { Violation } from "../../firmware/simulator/invariants.ts";
import { World } from "../../firmware/simulator/world.ts";
import { unreachable } from "../../hal/base/assert.ts";
import { AES_256_GCM } from "../../services/heartbeat/cipher.ts";
import { type Blow, streamOf } from "./fault-kind.ts";
import { faultNamed, healAll } from "./faults.ts";
import { configOf, textOf } from "./settings.ts";
import type { Storm, StormFault } from "./storm.ts";

export interface StormResult {
  readonly violations: readonly Violation[];
  /** Of these the level of the setting promises nothing, and the cluster has said what happened. */
  readonly excused: readonly Violation[];
  readonly world: World;
  /** Two runs of one storm have to agree on it. */
  readonly trace: string;
  readonly simMs: number;
}

/** What an operator lets pass between two looks at a timeout of 1 s, and how often he looks. */
const PATIENCE_MS = 7000;
const LOOKS = 4;
/** One seed in so many has frames under the product's own cipher; the others under a check that costs less. */
const AES_EVERY = 10;
/** One order at a time: the table takes the next one when it has shown the first. */
const STARTS = 2;
/** Events that tell an operator that something was not as it should be. */
const ALERTS =
  /conflict|deposed|refused|faulty|stalled|lost|failed|partition|excluded|presence|rebooted|survive|stop|unclean|gap|suspected/;

export function runStorm(storm: Storm, watch?: (world: World) => void): StormResult {
  const isReal = storm.seed % AES_EVERY === 0;
  const manner = { text: textOf(storm.setting), ...(isReal ? { cipher: AES_256_GCM } : {}) };
  const world = new World(configOf(storm.setting), storm.seed, manner);
  watch?.(world);
  for (const host of world.hosts) {
    world.clock.after(streamOf(storm.seed, "start", host.index).below(50), () => host.power());
  }
  for (const fault of storm.faults) arrange(world, storm, fault);
  const { tendMs = storm.healAtMs, healAtMs } = storm;
  for (let atMs = tendMs; atMs < healAtMs; atMs += tendMs) {
    world.run(tendMs);
    if (takeBack(world)) startAll(world);
  }
  world.run(healAtMs - world.clock.nowMs);
  healAll(world);
  const patienceMs = PATIENCE_MS * Math.max(1, world.config.budget.timeoutMs / 1000);
  world.run(patienceMs);
  for (let look = 0; look < LOOKS; look += 1) {
    if (takeBack(world)) world.run(patienceMs);
  }
  const isForced = world.notes.some(({ key }) => key === "force-return.ordered");
  for (let look = 0; isForced && look < STARTS; look += 1) {
    startAll(world);
    world.run(patienceMs);
  }
  // A text that was on its way at the healing comes to its end as well.
  for (let look = 0; look < LOOKS && isMovingText(world, patienceMs); look += 1) {
    world.run(patienceMs);
  }
  const stopsAsked = storm.faults.some(({ kind }) => ASKS_STOP.includes(kind));
  const found = [...world.checks.found, ...findAtEnd(world, { stopsAsked }), ...judgeCrew(world)];
  const { violations, excused } = sort(storm, world, found);
  return { violations, excused, world, trace: world.hash.digest, simMs: world.clock.nowMs };
}

/** A text is under way, or was a moment ago. */
const isMovingText = (world: World, forMs: number): boolean =>
  world.clock.nowMs - world.textAtMs < forMs ||
  world.hosts.some(({ agent }) => agent?.isMovingText === true);

/** What cannot be healed from outside: stamps below earlier ones count for nothing until they are caught up. */
const LASTING = ["clock-back"];
/** Orders after which a group may stay stopped. */
const ASKS_STOP = [
  "order-stop",
  "order-crossed",
  "order-cluster-shutdown",
  "program-broken",
  "program-start-fails",
];

function arrange(world: World, storm: Storm, fault: StormFault): void {
  const kind = faultNamed(fault.kind);
  if (kind === undefined) throw new Error(`no fault kind ${fault.kind}`);
  const host = world.at(fault.server);
  const random = streamOf(storm.seed, fault.kind, fault.key);
  const blow: Blow = { world, host, amount: fault.amount, random };
  world.clock.at(fault.atMs, () => {
    world.trace(`** ${fault.kind} S${fault.server} ${fault.amount} ${kind.unit}`);
    world.moved();
    kind.strike(blow);
  });
  const { end } = kind;
  if (fault.forMs === 0 || end === undefined) return;
  const endAtMs = fault.atMs + fault.forMs;
  if (endAtMs >= storm.healAtMs) return;
  world.clock.at(endAtMs, () => {
    world.trace(`** ${fault.kind} S${fault.server} ends`);
    world.moved();
    end(blow);
  });
}

/** What a server is that is in no view; one that wants to return waits for somebody who is. */
const OUTSIDE: readonly string[] = ["detached", "starting", "returning"];

/** False when there is nothing left to do. */
function takeBack(world: World): boolean {
  const shows = world.hosts.map((host) => world.shows(host.index).replace("sole ", ""));
  if (shows.every((text) => text === "member")) return false;
  for (const host of world.hosts) {
    if (!host.on) host.power();
    else if (shows[host.index]?.startsWith("gave up") === true) {
      host.off("cut");
      host.power();
    }
  }
  const out = world.hosts.filter(({ index }) => shows[index] === "detached");
  if (shows.includes("member")) {
    for (const host of out) host.agent?.order("server.return", 0, host.index);
  } else if (out.length > 0 && shows.every((text) => OUTSIDE.includes(text))) {
    // Nobody is left: who knows the latest epoch is brought back by force, the others follow.
    const epochOf = (host: SwarmHost): number => host.flash?.epoch?.counter ?? 0;
    const [latest] = [...out].sort((a, b) => epochOf(b) - epochOf(a));
    // A server that wants to start counts as alive: he who stands before it switches it off for so long.
    for (const host of world.hosts) if (shows[host.index] === "starting") host.off("cut");
    const quietMs = 2 * world.config.budget.timeoutMs;
    world.clock.after(quietMs, () => latest?.agent?.order("server.force-return", 0, latest.index));
  }
  return true;
}

/** Who was brought back by force begins with everything stopped, and says so. */
function startAll(world: World): void {
  const member = world.hosts.find(({ index }) => world.shows(index).endsWith("member"));
  for (const group of world.config.groups) {
    if (world.hosts.some((host) => host.running[group.index] === true)) continue;
    member?.agent?.order("group.start", group.index, null);
  }
}

/** With everything whole and an operator at hand nobody stays outside. */
export function judgeCrew(world: World): Violation[] {
  return world.hosts.flatMap((host) => {
    const text = world.shows(host.index);
    if (text.endsWith("member")) return [];
    const id = world.hosts.some(({ index }) => world.shows(index).endsWith("member")) ? "L2" : "L3";
    return [{ id, text: `S${host.index} is ${text} after the operator` } as const];
  });
}

function sort(
  storm: Storm,
  world: World,
  found: readonly Violation[],
): { violations: Violation[]; excused: Violation[] } {
  // Sleep is not among them: what wakes is not blamed before it had its time (checks.ts).
  const outside = storm.faults.some(
    ({ kind }) => faultNamed(kind)?.covers["reset-bounded"] === "outside",
  );
  const said = world.notes.some(({ key }) => ALERTS.test(key));
  const violations: Violation[] = [];
  const excused: Violation[] = [];
  // A text that a disk has lied about lives in the pulse alone.
  const isTextLost = world.textAtMs > 0 && storm.faults.some(({ kind }) => kind === "store-lies");
  const lasts = isTextLost || storm.faults.some(({ kind }) => LASTING.includes(kind));
  for (const violation of found) {
    const may = isExcusable(violation) || (lasts && violation.id.startsWith("L"));
    if (outside && said && may) excused.push(violation);
    else violations.push(violation);
  }
  return { violations, excused };
}

/** What an assumption that does not hold may break; not what is left when it holds again. */
function isExcusable({ id }: Violation): boolean {
  switch (id) {
    case "S1":
    case "S2":
    case "S3":
    case "S4":
    case "S5":
    case "S6":
    case "S8":
    case "S9":
    case "S10":
    case "S11":
    case "S12":
    case "S13":
      return true;
    case "S7":
    case "S14":
    case "S15":
    case "L1":
    case "L2":
    case "L3":
    case "L4":
    case "L5":
    case "L6":
    case "L7":
    case "L8":
      return false;
    default:
      return unreachable(id);
  }
}
