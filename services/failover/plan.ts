/**
 * Placement: which server a group is to run on. Same inputs, same placement, on every server.
 * Source: requirements R52-R54, R144; D28.
 */
import type { ServerIndex } from "../../hal/base/ids.ts";
import type { GroupConfig } from "../configuration/model.ts";

/** Best server of the policy among `candidates` that is not in `except`; null = none (R54). */
export function place(
  group: GroupConfig,
  candidates: readonly ServerIndex[],
  except: readonly ServerIndex[],
): ServerIndex | null {
  const fit = group.policy.filter((index) => candidates.includes(index) && !except.includes(index));
  return fit[0] ?? null;
}
