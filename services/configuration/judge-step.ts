/**
 * May a running server take the step from one text to the other? Asked on every server, before it says
 * that it is ready, and once more by whoever orders the change.
 * Source: protocol.md 1.9, V3; work order 3 item 4.
 */
import { blendBudgets } from "./blend.ts";
import { type ConfigChange, compareConfigs, groupsToStop } from "./changes.ts";
import type { ClusterConfig } from "./model.ts";

export type StepVerdict =
  | { readonly kind: "fit"; readonly changes: readonly ConfigChange[] }
  | {
      readonly kind: "refused";
      /** Of the catalogue of refusals. */
      readonly key: string;
      /** What stands in the way: keys, names of groups. */
      readonly what: string;
      readonly changes: readonly ConfigChange[];
    };

type Compared = ClusterConfig & { readonly virtual?: boolean };

/** `busy`: names of the groups that are not stopped. */
export function judgeStep(current: Compared, next: Compared, busy: readonly string[]): StepVerdict {
  const changes = compareConfigs(current, next);
  const refuse = (key: string, what: string): StepVerdict => ({
    kind: "refused",
    key,
    what,
    changes,
  });
  const offline = changes.filter(({ needs }) => needs === "offline").map(({ at }) => at);
  const foreign = offline.find((at) => at.startsWith("cluster."));
  if (foreign !== undefined) return refuse("config-other-cluster", foreign);
  if (offline.length > 0) return refuse("config-offline", offline.join(", "));
  const runs = groupsToStop(changes).filter((name) => busy.includes(name));
  if (runs.length > 0) return refuse("config-group-runs", runs.join(", "));
  if (blendBudgets(current.budget, next.budget) === null) {
    const times = changes.filter(({ kind }) => kind === "timing").map(({ at }) => at);
    return refuse("config-times-apart", times.join(", "));
  }
  return { kind: "fit", changes };
}
