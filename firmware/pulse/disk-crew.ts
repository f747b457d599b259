/**
 * The pulse's part of the shared-disk method where three and more servers decide: what the own slot says, and when
 * a round on the disk is due. Intuition: the slot is a notice board of one's own; what is to be decided stands on
 * it before anybody acts on it, so news for it does not wait for the next turn.
 * Source: protocol.md 1.6, 1.7, G9; requirements B3-B8, R67-R79.
 */
import type { View } from "../../hal/base/view.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { PulseEffect, Step } from "../../services/effects.ts";
import type { PulseEvent } from "../../services/events.ts";
import { isTwoWay } from "../../services/heartbeat/peer.ts";
import { type DiskField, ownDrop } from "../../services/membership/majority/disk-rule.ts";
import { judgeAlone } from "../../services/membership/majority/disk-turn.ts";
import { carriedByMs } from "../../services/membership/majority/lease.ts";
import { shownPromise } from "../../services/membership/majority/propose.ts";
import { isIn } from "../../services/membership/majority/sight.ts";
import type { MajorityState } from "../../services/membership/majority/state.ts";
import { isSole } from "../../services/membership/state.ts";
import type { Judgement } from "../../services/quorum/judgement.ts";
import { bitsOf, type StampStateName } from "../../services/quorum/stamp.ts";
import type { StampContext, StampState } from "../../services/quorum/stamp-state.ts";
import * as stamping from "../../services/quorum/stamping.ts";

/** What the disk's part looks at beside the slots. */
export interface Standing {
  readonly membership: MajorityState;
  /** The agent's progress; null = it has not spoken. */
  readonly progress: number | null;
  /** The will has run to its end. */
  readonly gone: boolean;
}

/** One event: an answer of the disk process, its coming and going, a tick. */
export function stepCrewDisk(
  standing: Standing,
  event: PulseEvent,
  field: DiskField,
): Step<StampState, PulseEffect> {
  return stamping.step(field.disk, event, contextOf(standing, field), field.config);
}

/** A start or the end of a force-return: what the slots say, and what the own slot is to do about it. */
export function followCrewDisk(
  standing: Standing,
  field: DiskField,
): { readonly judgement: Judgement | null; readonly next: Step<StampState, PulseEffect> } {
  const judgement = judgeAlone(standing.membership, field);
  const done: Judgement = judgement ?? { kind: "withdraw" };
  const context = contextOf(standing, field);
  return { judgement, next: stamping.follow(field.disk, done, context, field.atMs) };
}

/** What is to be said has changed: the next round is due at once. */
export function hastenCrewDisk(standing: Standing, field: DiskField): StampState {
  const { disk, atMs } = field;
  const old = disk.standing;
  const { epoch, members = 0, word } = contextOf(standing, field);
  if (old === null || word === null || word === "off") return disk;
  const isSame = (old.members ?? 0) === members && old.epoch.counter >= epoch.counter;
  return isSame ? disk : stamping.hasten(disk, atMs);
}

/** Moments at which something on the disk is due although nothing arrives, ms. */
export function crewDiskDeadlinesMs(field: DiskField): readonly number[] {
  const { disk, config } = field;
  const { diskWaitMs } = config.budget;
  return [
    stamping.nextDeadlineMs(disk, config),
    disk.saying === null ? Number.POSITIVE_INFINITY : disk.saying.writtenAtMs + diskWaitMs,
  ];
}

function contextOf({ membership, progress, gone }: Standing, field: DiskField): StampContext {
  const { self, host, floor, view } = membership;
  const { atMs, config, peers, mayOwn } = field;
  const inView = isIn(membership) && view !== null ? view : null;
  // Only what the agent holds as well: the next pulse must know what stands there (1.4.8).
  const drop = shownPromise(membership) === null ? null : ownDrop(membership);
  const said = inView === null ? null : (drop ?? inView);
  const twoWay = peers.filter((peer) => isTwoWay(peer, atMs, config)).map(({ index }) => index);
  const onLanUntilMs = Math.max(
    membership.carriedUntilMs,
    carriedByMs(membership, field) + config.budget.a3Ms,
  );
  const epoch = said?.epoch ?? { counter: floor, coordinator: self, host };
  return {
    self,
    host,
    epoch,
    // Of a view that waits for proof nobody is put out.
    members: said === null || membership.provisional !== null ? 0 : bitsOf(said.members),
    word: gone ? "off" : wordOf(membership, said, mayOwn),
    twoWay: bitsOf(twoWay),
    progress,
    mayLive: membership.gaveUp === null,
    gone,
    carried: inView === null || isSole(view, self) || atMs < onLanUntilMs,
  };
}

/** `off` only when nothing can run here any more; null before the agent has spoken. */
function wordOf(
  membership: MajorityState,
  said: View | null,
  mayOwn: boolean,
): StampStateName | null {
  if (membership.server === "observing") return null;
  if (membership.provisional !== null) return mayOwn ? "running" : "starting";
  if (said !== null) return isSole(said, membership.self) ? "alone" : "running";
  if (mayOwn) return "running";
  return membership.server === "starting" ? "starting" : "off";
}

/** One disk serves all of them. */
export const usesCrewDisk = ({ method, servers }: ClusterConfig): boolean =>
  method === "disk" && servers.length > 2;
