/**
 * Which method of partition resolution the guide recommends for a cluster, why, and which ones it may
 * choose at all. Intuition: the guide's table answers from four facts; what is missing of the equipment
 * is said beside the proposal, because the recommended method without its cable is no method.
 * Source: guide 1.2.4 (recommendation table), R86, R95-R97, R105, R106, D11.
 */
import type { QuorumMethod } from "./model.ts";

export interface RecommendFacts {
  /** Members of the cluster, at least 1. */
  readonly servers: number;
  /** Several servers reach one disk. */
  readonly sharedDisk: boolean;
  /** A serial cross cable joins the two servers. */
  readonly comCable: boolean;
  /** Data is kept equal on disks of each server. */
  readonly mirror: boolean;
  /** `vxvm` = a volume manager under which the shared-disk method does not work. */
  readonly volumeManager: "none" | "vxvm";
}

/** Key of the sentence that gives the reason; the command line has it in both languages. */
export type ReasonKey =
  | "mirrorAutomatic"
  | "mirrorTwoOnly"
  | "threeMajority"
  | "twoShared"
  | "twoUnshared"
  | "vxvmCom";

export interface Recommendation {
  /** What the guide recommends. */
  readonly method: QuorumMethod;
  readonly reason: ReasonKey;
  /** Equipment that the recommended method needs and that is not there. */
  readonly missing: readonly "com"[];
  /** Every method that the guide permits and the configuration takes here, the recommended one first. */
  readonly offered: readonly QuorumMethod[];
}

/** One server counts as the first of two: a cluster is created server by server. */
export function recommendMethod(facts: RecommendFacts): Recommendation {
  const { method, reason } = pick(facts);
  const offered = offeredMethods(facts).filter((other) => other !== method);
  return { method, reason, missing: missingFor(method, facts), offered: [method, ...offered] };
}

function pick(facts: RecommendFacts): {
  readonly method: QuorumMethod;
  readonly reason: ReasonKey;
} {
  if (facts.servers >= 3) {
    // R97: a mirror joins exactly two servers, so that of three none can have one.
    return { method: "majority", reason: facts.mirror ? "mirrorTwoOnly" : "threeMajority" };
  }
  if (facts.mirror) return { method: "mirror", reason: "mirrorAutomatic" };
  if (facts.volumeManager === "vxvm") return { method: "com", reason: "vxvmCom" };
  if (facts.sharedDisk) return { method: "com-disk", reason: "twoShared" };
  return { method: "com", reason: "twoUnshared" };
}

/** R65-R67: any number of servers that share a disk under no such volume manager (footnote 5). */
const isDiskFit = ({ sharedDisk, mirror, volumeManager }: RecommendFacts): boolean =>
  sharedDisk && !mirror && volumeManager !== "vxvm";

function offeredMethods(facts: RecommendFacts): readonly QuorumMethod[] {
  // The guide sets no limit of servers for none; here it settles between two.
  if (facts.servers >= 3) return isDiskFit(facts) ? ["majority", "disk"] : ["majority"];
  // R96: a mirror cluster has no choice.
  if (facts.mirror) return ["mirror"];
  // R106: on two servers under such a volume manager COM is required.
  if (facts.volumeManager === "vxvm") return ["com"];
  // R100: "none" only where no disk is shared.
  return facts.sharedDisk ? ["com-disk", "com", "disk"] : ["com", "none"];
}

function missingFor(method: QuorumMethod, facts: RecommendFacts): readonly "com"[] {
  const needsCom = method === "com" || method === "com-disk";
  return needsCom && !facts.comCable ? ["com"] : [];
}
