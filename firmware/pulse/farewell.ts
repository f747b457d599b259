/**
 * The last word of a server that ends itself with the shared-disk method: the stamp `off`, after the will is
 * proved done and before the host is switched off, so that nobody has to wait for the deadline.
 * Intuition: who leaves for good locks up first, then hangs the sign on the door, then goes; a sign that will
 * not hang keeps nobody from going. Source: protocol.md 1.3.7, 1.6.
 */
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { MembershipState } from "../../services/membership/state.ts";
import type { StampState } from "../../services/quorum/stamp-state.ts";

/** A healthy write takes milliseconds; a hung one must not keep the host on, ms. */
export const FAREWELL_MAX_MS = 1000;

/** What a farewell looks at, of two servers or more; null = no disk decides. */
export interface Leaver {
  readonly membership: Pick<MembershipState, "gaveUp" | "server">;
  readonly willDone: "no" | "completed" | "overdue";
  readonly disk: { readonly stamps: StampState } | null;
}

/** The last stamp is owed or under way, and the disk may take it. */
export function isFarewellOpen({ willDone, disk }: Leaver, config: ClusterConfig): boolean {
  if (config.method !== "disk" || disk === null || willDone !== "completed") return false;
  return disk.stamps.diskHealthy && !disk.stamps.saidOff;
}

/**
 * An operator or a failed stop ended this server: its beats, still those of a member, would make `off` old.
 * Whoever has given up by a verdict, or stands outside because of its agent (D24), says so in its beats, which
 * are as good.
 */
export const hasSaidFarewell = ({ willDone, membership, disk }: Leaver): boolean =>
  willDone === "completed" &&
  membership.gaveUp === null &&
  membership.server !== "detached" &&
  disk?.stamps.standing?.state === "off";

/** Waits for the last stamp. */
export class Farewell {
  #settle: (() => void) | null = null;

  /** Before the will is reported as done. Resolves when the stamp stands, has no use, or takes too long. */
  begin(): Promise<void> {
    return new Promise((settle) => {
      this.#settle = settle;
      setTimeout(settle, FAREWELL_MAX_MS);
    });
  }

  /** After every step of the cores. */
  look(state: Leaver, config: ClusterConfig): void {
    if (state.willDone === "completed" && !isFarewellOpen(state, config)) this.#settle?.();
  }
}
