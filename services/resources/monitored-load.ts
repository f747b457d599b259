/**
 * What the end of a program that a script started with ARMLOAD means: nothing, a restart, a failover of
 * the group, or an alert.
 * Intuition: one end is weather, the tenth within the hour is a fault of this server. Only an abnormal
 * end counts: a program that has done its work is done.
 * Source: guide 2.2.4; requirements R38, R155-R159; D21, D22; successor.md 2.1 (ranges).
 */

export interface LoadRules {
  /** `/R n`: restarts before the rest applies; 0-9, 0 = not given. */
  readonly restartMax: number;
  /** `/H h`: a restart is forgotten after so many hours, 1-24; null = never. */
  readonly forgetHours: number | null;
  /** `/FOV`: when the restarts are used up the group fails over. */
  readonly failsOver: boolean;
  /** `/M`: watched without restart; its abnormal end fails the group over. */
  readonly isMonitored: boolean;
}

export type LoadVerdict =
  | { readonly kind: "ended" }
  /** `restartsAtMs` replaces the list that was given. */
  | { readonly kind: "restart"; readonly restartsAtMs: readonly number[] }
  | { readonly kind: "failover" }
  | { readonly kind: "alert" };

/** Largest `/R`. */
export const RESTARTS_MAX = 9;
/** Largest `/H`. */
export const FORGET_HOURS_MAX = 24;
const HOUR_MS = 3_600_000;

/** `status` as of the shell, null = unknown; `restartsAtMs` ascending, `atMs` of the same clock. */
export function judgeLoadEnd(
  rules: LoadRules,
  restartsAtMs: readonly number[],
  status: number | null,
  atMs: number,
): LoadVerdict {
  if (status === 0) return { kind: "ended" };
  const keptMs = rules.forgetHours === null ? null : rules.forgetHours * HOUR_MS;
  const recent = restartsAtMs.filter((at) => keptMs === null || atMs - at < keptMs);
  if (recent.length < rules.restartMax) {
    return { kind: "restart", restartsAtMs: [...recent, atMs] };
  }
  return { kind: rules.failsOver || rules.isMonitored ? "failover" : "alert" };
}
