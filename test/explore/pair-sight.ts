/**
 * What an onlooker who sees both servers at once demands of them: in every state, and after healing. Only
 * what these demands read is kept of a server.
 * Source: protocol.md 1.5; reliability.md S1, S2, S4, L1.
 */
import { holdsLease } from "../../firmware/pulse/route.ts";
import { sameEpoch, type View } from "../../hal/base/view.ts";
import { isMember } from "../../services/membership/state.ts";
import { NOW_MS } from "./pack.ts";
import { isSoleNow, type PairHost } from "./pair-host.ts";
import type { Texts } from "./pair-texts.ts";

export interface PairSight {
  readonly index: number;
  readonly on: boolean;
  readonly owns: boolean;
  /** It goes on alone and may start what the other ran. */
  readonly isSole: boolean;
  readonly isReal: boolean;
  readonly view: View | null;
}

export function sightOf(host: PairHost, texts: Texts): PairSight {
  const { index, on, owns, pulse } = host;
  const isHolder = pulse !== null && holdsLease(pulse, NOW_MS, texts.at(host.text));
  const isReal = host.real !== null;
  return { index, on, owns, isSole: isSoleNow(host) && isHolder, isReal, view: viewOf(host) };
}

const viewOf = ({ pulse }: PairHost): View | null =>
  pulse !== null && isMember(pulse.membership) ? pulse.membership.view : null;

/** `isBound`: the method promises that never both go on. */
export function problemAmong(one: PairSight, other: PairSight, isBound: boolean): string | null {
  const [mine, theirs] = [one.view, other.view];
  const isSame = mine !== null && theirs !== null && sameEpoch(mine.epoch, theirs.epoch);
  if (isSame && String(mine.members) !== String(theirs.members)) return "one epoch, two views";
  if (!isBound) return null;
  if (one.isReal && one.owns && other.owns) return "two owners";
  if (one.isSole && other.isSole) return "two sole servers";
  for (const [sole, rival] of [
    [one, other],
    [other, one],
  ] as const) {
    if (sole.isSole && rival.on && rival.owns) {
      return `${sole.index} is sole while ${rival.index} has effects`;
    }
  }
  return null;
}

/** After healing: all that are on in one view, or nobody in any. */
export function settledAs(
  all: readonly PairHost[],
  isReal: boolean,
): "one" | "down" | { readonly problem: string } {
  const hosts = all.filter(({ on }) => on);
  const views = hosts.map(viewOf);
  const first = views.find((view) => view !== null) ?? null;
  if (first === null) return "down";
  const isOne = views.every((view) => view !== null && sameEpoch(view.epoch, first.epoch));
  if (!isOne || first.members.length !== hosts.length) return { problem: "no common view" };
  const owners = hosts.filter(({ owns }) => owns).length;
  const isWanted = hosts.some(({ real }) => real?.state.groups[0]?.desired != null);
  const isServed = !isReal || owners === (isWanted ? 1 : 0);
  return isServed ? "one" : { problem: `${owners} owners` };
}

export function describeHost(host: PairHost): string {
  if (!host.on) return `${host.index}:off`;
  if (host.pulse === null) return `${host.index}:restarting`;
  const { membership, quorum, disk } = host.pulse;
  const { view } = membership;
  const where = view === null ? "-" : `${view.epoch.counter}{${view.members.join("")}}`;
  const claim = quorum.claim === "none" ? disk.stamps.claim : quorum.claim;
  const group = host.real?.state.groups[0];
  const marks = [
    host.owns ? "OWNS" : host.mayOwn ? "may" : "",
    host.will ? "WILL" : "",
    host.pausedFor > 0 ? "paused" : "",
    claim === "none" ? "" : `claim ${claim}`,
    host.mode === "fast" ? "" : `disk ${host.mode}`,
    host.stored === 0 ? "" : "text 2",
    group === undefined ? "" : `order ${group.order}:${group.desired ?? "-"}`,
  ].filter((mark) => mark !== "");
  return `${host.index}:${membership.server} ${where} ${marks.join(" ")}`;
}
