/**
 * What an onlooker who sees all servers at once demands of three or more: in every state, and after healing.
 * Only what these demands read is kept of a server, so that millions of situations are some hundred sights.
 * Source: protocol.md 1.3-1.4; reliability.md S1, S4, S5, L1.
 */
import { holdsLease } from "../../firmware/pulse/majority-route.ts";
import { compareEpochs, sameEpoch, type View } from "../../hal/base/view.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import { isIn } from "../../services/membership/majority/sight.ts";
import type { Host } from "./crew-host.ts";
import { NOW_MS } from "./pack.ts";

export interface Sight {
  readonly index: number;
  readonly on: boolean;
  readonly owns: boolean;
  readonly mayOwn: boolean;
  /** null = it is in none. */
  readonly view: View | null;
  readonly holdsLease: boolean;
  /** Highest epoch counter that it shows. */
  readonly counter: number;
  readonly breach: string | null;
}

export function sightOf(host: Host, config: ClusterConfig): Sight {
  const { index, on, owns, mayOwn, pulse, breach } = host;
  const isHolder = pulse !== null && holdsLease(pulse, NOW_MS, config);
  const epochs = [pulse?.membership.view, pulse?.membership.promise].map((view) => view?.epoch);
  const counter = Math.max(...epochs.map((epoch) => epoch?.counter ?? 0));
  return { index, on, owns, mayOwn, view: viewOf(host), holdsLease: isHolder, counter, breach };
}

function viewOf({ pulse }: Host): View | null {
  return pulse !== null && isIn(pulse.membership) ? pulse.membership.view : null;
}

/** Strictly more than half of those that are counted (D2); not the product's own sum. */
const majorityOf = (view: View, configured: number): number =>
  Math.floor((configured - (view.absent?.length ?? 0)) / 2) + 1;

/** What must hold in every state; the first that does not. */
export function problemAmong(servers: readonly Sight[], configured: number): string | null {
  const owners = servers.filter(({ on, owns }) => on && owns);
  if (owners.length > 1) return `two owners: ${owners.map(({ index }) => index).join(" and ")}`;
  for (const one of servers) {
    const { index, view, breach } = one;
    if (breach !== null) return `${index} ${breach}`;
    // Nobody forces a return in these worlds: a view is a majority, or it is none.
    if (view !== null && view.members.length < majorityOf(view, configured)) {
      return `${index} is in a view of ${view.members}, of ${configured} configured servers`;
    }
    for (const other of servers) {
      const problem = one === other ? null : problemBetween(one, other, configured);
      if (problem !== null) return problem;
    }
  }
  return null;
}

/** One epoch has one crew, and no owner has a lease once a quorum has gone on without it. */
function problemBetween(one: Sight, other: Sight, configured: number): string | null {
  const [mine, theirs] = [one.view, other.view];
  if (mine === null || theirs === null) return null;
  if (sameEpoch(mine.epoch, theirs.epoch)) {
    const { counter } = mine.epoch;
    if (String(mine.members) !== String(theirs.members)) {
      return `epoch ${counter} is ${mine.members} at ${one.index} and ${theirs.members} at ${other.index}`;
    }
    return null;
  }
  const isQuorum = theirs.members.length >= majorityOf(theirs, configured);
  const isNewer = compareEpochs(theirs.epoch, mine.epoch) > 0;
  if (theirs.members.includes(one.index) || !isQuorum || !isNewer || !one.mayOwn) return null;
  if (!one.holdsLease) return null;
  const [old, next] = [mine.epoch.counter, theirs.epoch.counter];
  return `owner ${one.index} holds a lease of epoch ${old}, ${other.index} has installed ${next} without it`;
}

/** After healing: all that are on in one view with one owner, or nobody in any. */
export function settledAs(all: readonly Host[]): "one" | "down" | { readonly problem: string } {
  const hosts = all.filter(({ on }) => on);
  const views = hosts.map(viewOf);
  const first = views.find((view) => view !== null) ?? null;
  if (first === null) return "down";
  const isOne = views.every((view) => view !== null && sameEpoch(view.epoch, first.epoch));
  const owners = hosts.filter(({ owns }) => owns).length;
  const isWanted = hosts.some(
    ({ real }) => real === null || real.state.groups[0]?.desired !== null,
  );
  if (hosts.some(({ text }) => text !== hosts[0]?.text)) return { problem: "two texts" };
  if (isOne && first.members.length === hosts.length && owners === (isWanted ? 1 : 0)) return "one";
  return { problem: isOne ? `${owners} owners` : "no common view" };
}

export function describeHost(host: Host): string {
  if (!host.on) return `${host.index}:off`;
  const { pulse } = host;
  const view = pulse?.membership.view ?? null;
  const where = view === null ? "-" : `${view.epoch.counter}{${view.members.join("")}}`;
  const promise = pulse?.membership.promise ?? null;
  const next = promise === null ? "" : `?${promise.epoch.counter}{${promise.members.join("")}}`;
  const group = host.real?.state.groups[0];
  const marks = [
    host.owns ? "OWNS" : host.mayOwn ? "may" : "",
    host.will ? "WILL" : "",
    host.pausedFor > 0 ? "paused" : "",
    pulse?.membership.lapsed === true ? "lapsed" : "",
    group === undefined ? "" : `order ${group.order}:${group.desired ?? "-"}`,
    host.text === 0 ? "" : "text 2",
    host.draft === null ? "" : `draft ${host.draft + 1}`,
  ].filter((mark) => mark !== "");
  return `${host.index}:${pulse?.membership.server ?? "restarting"} ${where}${next} ${marks.join(" ")}`;
}
