/**
 * What can befall the servers of a simulated cluster: the blows that faults are made of, and how each is
 * struck in the simulator. Intuition: a fault of the guide's tables is one blow, or an arbiter that is known
 * to be faulty and then a second one. Source: guide 3.2.1, 1.2.4; reliability.md 2.3.
 */
import { unreachable } from "../../hal/base/assert.ts";
import { usesDisk } from "../../services/configuration/budget.ts";
import type { LoadedConfig } from "../../services/configuration/load.ts";
import type { DiskFault } from "../simulator/array.ts";
import type { SwarmHost } from "../simulator/host.ts";
import { COM } from "../simulator/wires.ts";
import type { World } from "../simulator/world.ts";
import { order, orderMs } from "./stage.ts";

export type Blow =
  /** All frames of these wires are lost, in one instant, those sent by the servers of `from`. */
  | {
      readonly kind: "cut";
      readonly lans: readonly number[];
      readonly com: boolean;
      readonly from: readonly number[];
    }
  /** No frame of any LAN passes between the servers of `side` and the others. */
  | { readonly kind: "part"; readonly side: readonly number[] }
  /** Nothing that is sent to `server` on any LAN arrives. */
  | { readonly kind: "deaf"; readonly server: number }
  /** No frame of any LAN passes between two servers. */
  | { readonly kind: "between"; readonly one: number; readonly other: number }
  /** Frames of every wire arrive, but under a key that the receiver does not have. */
  | { readonly kind: "garble" }
  | { readonly kind: "array"; readonly fault: DiskFault; readonly servers: readonly number[] }
  | { readonly kind: "power"; readonly servers: readonly number[] }
  | {
      readonly kind: "kill";
      readonly server: number;
      readonly pulse: boolean;
      readonly agent: boolean;
    }
  | { readonly kind: "hang"; readonly server: number; readonly process: "pulse" | "agent" }
  | { readonly kind: "freeze"; readonly server: number; readonly length: "short" | "long" }
  | { readonly kind: "program"; readonly group: number; readonly forGood: boolean }
  /** Ordered to the first other server of its policy; over when the giving server has stopped it. */
  | { readonly kind: "move"; readonly group: number };

/** From one blow to the next of a pair at the latest: whatever the first one changes is over, ms. */
export function settleMs(config: LoadedConfig): number {
  const { judgeMs, timeoutMs } = config.budget;
  const diskWaitMs = usesDisk(config.method) ? config.budget.diskWaitMs : 0;
  return judgeMs + diskWaitMs + timeoutMs + REACTION_MS;
}

/** Restarts of processes and starts of groups, beside the times of the configuration. */
const REACTION_MS = 3000;

export function strike(world: World, blow: Blow): void {
  switch (blow.kind) {
    case "cut":
      for (const path of [...blow.lans, ...(blow.com ? [COM] : [])]) {
        for (const from of blow.from) world.wires.change(path, from, { cut: true });
      }
      return;
    case "part":
      return cutLinks(world, (from, to) => blow.side.includes(from) !== blow.side.includes(to));
    case "deaf":
      return cutLinks(world, (_, to) => to === blow.server);
    case "between":
      return cutLinks(world, (from, to) => {
        return [from, to].includes(blow.one) && [from, to].includes(blow.other);
      });
    case "garble":
      for (const path of world.wires.paths) {
        for (const { index } of world.hosts) world.wires.change(path, index, { garbled: true });
      }
      return;
    case "array":
      for (const server of blow.servers) world.at(server).disk.setFault(blow.fault);
      return;
    case "power":
      for (const server of blow.servers) world.at(server).off("cut");
      return;
    case "kill":
      return kill(world.at(blow.server), blow.pulse, blow.agent);
    case "hang":
      return hang(world, blow);
    case "freeze":
      return world.at(blow.server).freeze(freezeMs(world.config, blow.length));
    case "program":
      return endProgram(world, blow.group, blow.forGood);
    case "move":
      return beginMove(world, blow.group);
    default:
      return unreachable(blow);
  }
}

/** Cuts every LAN in the directions that are `chosen`. */
function cutLinks(world: World, chosen: (from: number, to: number) => boolean): void {
  for (const path of world.wires.paths) {
    if (path === COM) continue;
    for (const { index: from } of world.hosts) {
      for (const { index: to } of world.hosts) {
        if (from !== to && chosen(from, to)) world.wires.changeLink(path, from, to, { cut: true });
      }
    }
  }
}

/** Everything that somebody can repair from outside is whole again; what is off stays off. */
export function repair(world: World): void {
  world.wires.heal();
  for (const host of world.hosts) {
    host.disk.setFault("none");
    host.broken.clear();
  }
}

/**
 * Short: nobody suspects anything and no watchdog bites. Long: whoever would take over has done so before it
 * wakes. ms.
 */
export function freezeMs(config: LoadedConfig, length: "short" | "long"): number {
  const { a1Ms, sigmaMs, intervalMs, watchdogMs, judgeMs, timeoutMs } = config.budget;
  if (length === "long") return judgeMs + timeoutMs / 2;
  const patienceMs = watchdogMs > 0 ? watchdogMs - 3 * intervalMs : a1Ms;
  return Math.max(1, Math.min(patienceMs, a1Ms - sigmaMs));
}

function kill(host: SwarmHost, pulse: boolean, agent: boolean): void {
  if (pulse) host.killPulse("fault");
  if (agent) host.killAgent();
}

function hang(world: World, blow: Extract<Blow, { kind: "hang" }>): void {
  const host = world.at(blow.server);
  const untilMs = world.clock.nowMs + settleMs(world.config);
  if (blow.process === "pulse") host.pulse?.freeze(untilMs);
  else host.agent?.freeze(untilMs);
}

/** Until nobody runs the group, looked at closely: the taking server begins within some beats. */
function beginMove(world: World, group: number): void {
  const runs = ({ running }: SwarmHost): boolean => running[group] === true;
  const owner = world.hosts.find(runs);
  const to = world.config.groups[group]?.policy.find((server) => server !== owner?.index);
  if (owner === undefined || to === undefined) return;
  order(world, owner.index, "group.move", group, to);
  const endMs = world.clock.nowMs + orderMs(world.config);
  while (world.hosts.some(runs) && world.clock.nowMs < endMs) world.run(MOVE_STEP_MS);
}

const MOVE_STEP_MS = 1;

function endProgram(world: World, group: number, forGood: boolean): void {
  const owner = world.hosts.find((host) => host.running[group] === true);
  if (owner === undefined) return;
  if (forGood) owner.broken.add(group);
  owner.agent?.do(() => owner.agent?.endProgram(group));
}
