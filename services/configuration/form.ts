/**
 * Operating forms: one-way standby, two-way standby (same or different applications) and parallel.
 * Intuition: the first three follow from the policies and need no key. Only a parallel group says so
 * itself; it becomes one instance for each server of its policy, `db@SERVER1`, `db@SERVER2`, each at home
 * on its server and nowhere else. One owner for each name therefore holds without an exception, and the
 * loss of a server leaves its instance waiting for that server (R54) while the others go on.
 * Source: guide 1.3.2; R128-R131, D40; GROUPS_MAX of the words in the beat.
 */

import { quote, type Remark } from "./finding.ts";
import type { GroupConfig } from "./model.ts";
import type { RawConfiguration } from "./schema.ts";

type RawGroup = RawConfiguration["groups"][number];

/** One row of the order table. */
export interface GroupRow {
  /** As operators name it: `web`, of a parallel group `db@SERVER1`. */
  readonly name: string;
  readonly policy: readonly string[];
  /** The parallel group that this is an instance of; null = an ordinary group. */
  readonly parallelOf: string | null;
  readonly group: RawGroup;
}

/** All groups' states share one beat; each instance of a parallel group is one of them. */
export const GROUP_ROWS_MAX = 32;

/** No group's and no server's name has this character. */
const AT = "@";

/** Name of one server's instance of a parallel group. */
export const instanceName = (group: string, server: string): string => `${group}${AT}${server}`;

/** `db@SERVER1` -> `db`; null = not the name of an instance. */
export function parallelName(name: string): string | null {
  const at = name.indexOf(AT);
  return at < 0 ? null : name.slice(0, at);
}

/** Rows in the order of the file; instances in the order of their policy. */
export function groupRows(groups: readonly RawGroup[]): readonly GroupRow[] {
  return groups.flatMap((group): readonly GroupRow[] => {
    const { name, policy, form } = group;
    if (form === "failover") return [{ name, policy, parallelOf: null, group }];
    return policy.map((server) => ({
      name: instanceName(name, server),
      policy: [server],
      parallelOf: name,
      group,
    }));
  });
}

/** What a parallel group needs, and what it cannot have. */
export function formRemarks(raw: RawConfiguration): Remark[] {
  const rows = groupRows(raw.groups).length;
  const tooMany: Remark = {
    at: ["groups"],
    expected: `at most ${GROUP_ROWS_MAX} groups, each server of a parallel group counted as one`,
    found: `${rows}`,
    remedy: "remove groups, or shorten the policy of a parallel group",
  };
  return [
    ...raw.groups.flatMap((group, i) =>
      group.form === "parallel" ? parallelRemarks(raw, group, i) : [],
    ),
    ...(rows > GROUP_ROWS_MAX ? [tooMany] : []),
  ];
}

function parallelRemarks(raw: RawConfiguration, group: RawGroup, i: number): Remark[] {
  const remarks: Remark[] = [];
  if (group.policy.length < 2) {
    const at = ["groups", i, "policy"];
    const found = `${group.policy.length}`;
    const remedy = 'name every server that is to run it, or remove "form" (R131)';
    remarks.push({ at, expected: "at least two servers for a parallel group", found, remedy });
  }
  if (raw.method === "mirror") {
    const at = ["groups", i, "form"];
    const expected = 'a group of form "failover" with method "mirror"';
    const remedy =
      "a mirrored volume is writable on one server only; a parallel group needs shared data";
    remarks.push({ at, expected, found: '"parallel"', remedy });
  }
  for (const [r, resource] of group.resources.entries()) {
    if (resource.type !== "floating-ip") continue;
    const at = ["groups", i, "resources", r];
    const expected = "no floating address in a parallel group";
    const remedy =
      "clients reach each server by its own address; put this one into a group of its own (R131)";
    remarks.push({ at, expected, found: quote(resource.address), remedy });
  }
  return remarks;
}

/**
 * Two instances of one program that stand by for each other meet on one server after a failover. With one
 * command and no address of their own nothing tells them apart there (R129).
 */
export function formWarnings(raw: RawConfiguration): Remark[] {
  return raw.groups.flatMap((group, i) =>
    group.resources.flatMap((resource, r): Remark[] => {
      if (resource.type !== "program" || group.form === "parallel") return [];
      const command = JSON.stringify([resource.argv, resource.env]);
      const twin = raw.groups.slice(0, i).find((other) => {
        const isSame = other.resources.some(
          (one) => one.type === "program" && JSON.stringify([one.argv, one.env]) === command,
        );
        return isSame && standByForEachOther(other.policy, group.policy);
      });
      if (twin === undefined || (hasAddress(twin) && hasAddress(group))) return [];
      const at = ["groups", i, "resources", r, "argv"];
      const found = `the command of group ${quote(twin.name)}, which stands by for it`;
      const expected = "a port and data of its own for each of two instances";
      const remedy =
        "tell them apart in argv or env, or give both groups a floating address (KAGE_GROUP, KAGE_FLOATING_IP)";
      return [{ at, expected, found, remedy }];
    }),
  );
}

const hasAddress = (group: RawGroup): boolean =>
  group.resources.some(({ type }) => type === "floating-ip");

/** Each at home on another server, and at least one may come to where the other is at home. */
function standByForEachOther<T>(one: readonly T[], other: readonly T[]): boolean {
  const [home, otherHome] = [one[0], other[0]];
  if (home === undefined || otherHome === undefined || home === otherHome) return false;
  return one.includes(otherHome) || other.includes(home);
}

/** A form, and the groups that are run in it. */
export interface FormFact {
  readonly kind: "one-way" | "two-way-same" | "two-way-different" | "parallel";
  readonly groups: readonly string[];
}

/** The forms of a checked configuration; a cluster may have an ordinary one and parallel groups. */
export function formsOf(groups: readonly GroupConfig[]): readonly FormFact[] {
  const ordinary = groups.filter(({ parallelOf }) => parallelOf === undefined);
  const parallel = [...new Set(groups.flatMap(({ parallelOf }) => parallelOf ?? []))];
  const forms: FormFact[] = [];
  const homes = new Set(ordinary.map(({ policy }) => policy[0]));
  const all = ordinary.map(({ name }): string => name);
  if (homes.size === 1) forms.push({ kind: "one-way", groups: all });
  if (homes.size > 1) {
    const twins = ordinary.filter((group) =>
      ordinary.some(
        (other) =>
          isSameApplication(group, other) && standByForEachOther(group.policy, other.policy),
      ),
    );
    const others = ordinary.filter((group) => !twins.includes(group));
    const named = (list: readonly GroupConfig[]) => list.map(({ name }): string => name);
    if (twins.length > 0) forms.push({ kind: "two-way-same", groups: named(twins) });
    if (others.length > 0) forms.push({ kind: "two-way-different", groups: named(others) });
  }
  if (parallel.length > 0) forms.push({ kind: "parallel", groups: parallel });
  return forms;
}

/** The same executables or scripts in the same order; arguments are what tells two instances apart. */
function isSameApplication(one: GroupConfig, other: GroupConfig): boolean {
  const [mine, theirs] = [applicationOf(one), applicationOf(other)];
  return one.name !== other.name && mine !== "" && mine === theirs;
}

function applicationOf({ resources }: GroupConfig): string {
  const words = resources.flatMap((resource): string[] => {
    if (resource.kind === "script") return [resource.start[0] ?? ""];
    if (resource.kind !== "program") return [];
    const [program = "", first = ""] = resource.argv;
    // An interpreter's program is its first argument.
    return first.startsWith("/") ? [program, first] : [program];
  });
  return words.join("\n");
}
