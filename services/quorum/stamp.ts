/**
 * Sign of life on the arbitration partition (shared-disk method): what a server writes into its own slot
 * again and again while its pulse beats and its agent progresses.
 * Intuition: a lighthouse keeper turns the page of his log every few hundred ms; who sees no new page for
 * long enough knows that the lamp is out, whatever his own clock and the keeper's say.
 * A stamp lies where a claim lies (claim.ts) and is signed like it; its bit set takes the place of the
 * claim's number. Source: protocol.md 1.6, G9; requirements B3, R17, R68.
 */
import type { HostIncarnation } from "../../hal/base/ids.ts";
import type { Epoch } from "../../hal/base/view.ts";
import type { Claim } from "./claim.ts";
import { isEpoch, isIncarnation, isRecord, isWholeBelow } from "./slot-fields.ts";

/**
 * `off`: takes no part and owns nothing. `starting`: would begin alone. `running`: member of a common
 * view, groups may run. `alone`: goes on, or is about to begin, without the others.
 */
export type StampStateName = "off" | "starting" | "running" | "alone";

export interface Stamp {
  readonly state: StampStateName;
  readonly host: HostIncarnation;
  /** Epoch of the view, or outside one the highest that is known. */
  readonly epoch: Epoch;
  /** Bit per server index heard and hearing on a LAN. */
  readonly twoWay: number;
  /**
   * Bit per member of the view that `epoch` names, where three and more servers decide by the disk: who is
   * not in it is to go. Absent or 0 = nothing is said about others.
   */
  readonly members?: number;
  /** The pulse's clock, whole ms: the same count as in its LAN beats. */
  readonly stampMs: number;
}

/** What a slot says: a claim (COM + disk) or a stamp (shared disk). */
export type SlotWord = Claim | Stamp;

/** Value of the copy's state byte; 0 and 1 are `none` and `claimed`. */
const CODES: readonly (readonly [StampStateName, number])[] = [
  ["off", 2],
  ["starting", 3],
  ["running", 4],
  ["alone", 5],
];

/** 2-5. */
export const stampCode = (state: StampStateName): number =>
  CODES.find(([name]) => name === state)?.[1] ?? 0;

/** null = no stamp has this code. */
export const stampStateOf = (code: number): StampStateName | null =>
  CODES.find(([, value]) => value === code)?.[0] ?? null;

/** `members` of a stamp for these servers. */
export const bitsOf = (servers: readonly number[]): number =>
  servers.reduce((bits, index) => bits | (1 << index), 0);

export function asStamp(word: SlotWord | null): Stamp | null {
  return word === null || word.state === "claimed" ? null : word;
}

/** True for a value that may travel as a stamp: every field present, whole and within its range. */
export function isStamp(value: unknown): value is Stamp {
  if (!isRecord(value)) return false;
  const { state, host, epoch, twoWay, members = 0, stampMs } = value;
  return (
    CODES.some(([name]) => name === state) &&
    isIncarnation(host) &&
    isEpoch(epoch) &&
    isWholeBelow(twoWay, 2 ** 16) &&
    isWholeBelow(members, 2 ** 16) &&
    isWholeBelow(stampMs, 2 ** 48)
  );
}
