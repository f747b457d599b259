/**
 * What the slots testify about the other servers, for the table of the shared-disk method.
 * Intuition: a page of the log counts as life only if it is newer than the last word on the LAN, and its
 * absence counts as silence only if somebody has looked after the whole waiting time was over.
 * Source: protocol.md 1.6, 1.7, L3; requirements B3, R17, R78; D1.
 */
import type { ServerIndex } from "../../hal/base/ids.ts";
import { compareEpochs, type View } from "../../hal/base/view.ts";
import type { Budget } from "../configuration/model.ts";
import type { PeerHealth } from "../heartbeat/peer.ts";
import type { SlotLife, StartRival } from "./disk.ts";
import type { Stamp } from "./stamp.ts";
import type { SlotSight } from "./stamp-state.ts";

/**
 * `heardAtMs`: newest LAN beat of the peer, or the moment from which this server has listened.
 * Silence is proven by a reading that was *begun* when the wait was over: what had been written before
 * is in it, and what is written later comes too late for the writer's own lease.
 */
export function lifeOf(
  sight: SlotSight,
  peer: PeerHealth,
  heardAtMs: number,
  budget: Budget,
): SlotLife {
  const { stamp, roseAtMs, readFromMs, formerHost } = sight;
  const own = stamp !== null && stamp.host === peer.host;
  const newer = own && (peer.beat === null || stamp.stampMs > peer.beat.stampMs);
  if (newer && stamp.state === "off") return "gone";
  // Only a boot that was seen to follow the known one proves that the known one is over (L3).
  if (stamp !== null && !own && peer.host !== null && formerHost === peer.host) return "gone";
  const unknown = stamp !== null && peer.host === null;
  const aliveAtMs = newer || unknown ? Math.max(heardAtMs, roseAtMs) : heardAtMs;
  return readFromMs >= aliveAtMs + budget.quietMs ? "silent" : "alive";
}

/** A slot whose writer went on without `self` in an epoch above `view`. */
export function excludes(sight: SlotSight, view: View): boolean {
  const { stamp } = sight;
  if (stamp === null || stamp.state !== "alone") return false;
  return compareEpochs(stamp.epoch, view.epoch) > 0;
}

/** At a start after a clean stop. `floor`: highest epoch counter that this server knows of. */
export const rivalOf = (
  sight: SlotSight,
  self: ServerIndex,
  floor: number,
  atMs: number,
  budget: Budget,
): StartRival => rivalUnless(sight, self, ({ epoch }) => epoch.counter <= floor, atMs, budget);

/**
 * `isOver`: a server that went on and has written nothing new since cannot own anything any more. After a
 * force-return no epoch says so: a sole server needs neither the LAN nor its disk, and a founder's own epoch may
 * be above that of a server that it cannot hear.
 */
export function rivalUnless(
  sight: SlotSight,
  self: ServerIndex,
  isOver: (stamp: Stamp) => boolean,
  atMs: number,
  budget: Budget,
): StartRival {
  const { stamp, roseAtMs, readFromMs, moved } = sight;
  if (atMs - readFromMs >= budget.diskWaitMs) return "unproven";
  if (stamp === null || stamp.state === "off") return "none";
  const silent = readFromMs >= roseAtMs + budget.quietMs;
  const goesOn = stamp.state === "running" || stamp.state === "alone";
  if (silent) return goesOn && !isOver(stamp) ? "stands" : "none";
  if (!moved) return "unproven";
  return goesOn || sight.server < self ? "stands" : "none";
}
