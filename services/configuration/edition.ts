/**
 * Edition profiles: the limits of the guide's product table, for whoever wants to be held to one of them.
 * Without `edition` only the technical limits hold. Each limit that is exceeded is refused at the place that
 * exceeds it. Source: guide 1.3.3; R132-R135, D47; R137 waits for mirrored volumes.
 */
import { quote, type Remark } from "./finding.ts";
import { EDITIONS, type RawConfiguration, SERVERS_MAX } from "./schema.ts";

export type Edition = (typeof EDITIONS)[number];

/** One column of the table. */
export interface EditionProfile {
  readonly serversMax: number;
  /** Where the data lies: mirrored between two servers, or on a disk that both reach. */
  readonly disk: "mirror" | "shared";
  /** Groups at home on different servers, standing by for each other. */
  readonly isTwoWay: boolean;
  readonly isParallel: boolean;
}

export const EDITION_PROFILES: Readonly<Record<Edition, EditionProfile>> = {
  value: { serversMax: 2, disk: "mirror", isTwoWay: false, isParallel: false },
  lite: { serversMax: 2, disk: "mirror", isTwoWay: true, isParallel: false },
  standard: { serversMax: 2, disk: "shared", isTwoWay: true, isParallel: true },
  enterprise: { serversMax: SERVERS_MAX, disk: "shared", isTwoWay: true, isParallel: true },
};

export function editionRemarks(raw: RawConfiguration): Remark[] {
  const { edition } = raw;
  if (edition === undefined) return [];
  const profile = EDITION_PROFILES[edition];
  return [
    ...countRemarks(raw, edition, profile),
    ...diskRemarks(raw, edition, profile),
    ...(profile.isTwoWay ? [] : twoWayRemarks(raw, edition)),
    ...(profile.isParallel ? [] : parallelRemarks(raw, edition)),
  ];
}

function countRemarks(
  raw: RawConfiguration,
  edition: Edition,
  { serversMax }: EditionProfile,
): Remark[] {
  // A cluster that is too large for any edition is refused as such.
  if (raw.servers.length <= serversMax || serversMax === SERVERS_MAX) return [];
  const at = ["servers", serversMax];
  const expected = `at most ${serversMax} servers with edition ${quote(edition)}`;
  const remedy = `${chooseInstead((p) => p.serversMax > serversMax)}, or remove this server`;
  return [{ at, expected, found: `${raw.servers.length}`, remedy }];
}

function diskRemarks(raw: RawConfiguration, edition: Edition, { disk }: EditionProfile): Remark[] {
  const remarks: Remark[] = [];
  const isMirror = raw.method === "mirror";
  const remedy = chooseInstead((profile) => profile.disk !== disk);
  if (isMirror !== (disk === "mirror")) {
    const wanted = disk === "mirror" ? 'method "mirror" (data mirror)' : "a method without mirror";
    const expected = `${wanted} with edition ${quote(edition)}`;
    remarks.push({ at: ["method"], expected, found: quote(raw.method), remedy });
  }
  if (disk === "mirror" && raw.disk !== undefined) {
    const expected = `no shared disk with edition ${quote(edition)}`;
    remarks.push({ at: ["disk"], onKey: true, expected, found: '"disk"', remedy });
  }
  return remarks;
}

/** One-way standby: one server runs the business, the other none. */
function twoWayRemarks(raw: RawConfiguration, edition: Edition): Remark[] {
  const home = raw.groups.find(({ form }) => form === "failover")?.policy[0];
  return raw.groups.flatMap((group, i): Remark[] => {
    if (group.form !== "failover" || group.policy[0] === home) return [];
    const at = ["groups", i, "policy", 0];
    const expected = `${quote(home)} first in every policy (one-way standby) with edition ${quote(edition)}`;
    const remedy = `put it first, or ${chooseInstead((profile) => profile.isTwoWay)}`;
    return [{ at, expected, found: quote(group.policy[0]), remedy }];
  });
}

function parallelRemarks(raw: RawConfiguration, edition: Edition): Remark[] {
  return raw.groups.flatMap((group, i): Remark[] => {
    if (group.form !== "parallel") return [];
    const at = ["groups", i, "form"];
    const expected = `no parallel group with edition ${quote(edition)}`;
    const remedy = `remove "form", or ${chooseInstead((profile) => profile.isParallel)}`;
    return [{ at, expected, found: '"parallel"', remedy }];
  });
}

/** The editions that would allow it, and the way without any. */
function chooseInstead(allows: (profile: EditionProfile) => boolean): string {
  const names = EDITIONS.filter((edition) => allows(EDITION_PROFILES[edition])).map(quote);
  return `choose edition ${names.join(" or ")}, or remove "edition"`;
}
