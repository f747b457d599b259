/**
 * Cross-field rules about names and references: who exists, who is named twice, who is missing.
 * Source: R115, R136, R140, R144, R160 (unique names); D6 (order of the list = priority); D47 (edition).
 */
import { editionRemarks } from "./edition.ts";
import { type JsonPath, quote, type Remark } from "./finding.ts";
import { formRemarks } from "./form.ts";
import { type RawConfiguration, SERVERS_MAX } from "./schema.ts";
import { scriptOrderRemarks, scriptRemarks } from "./script-rules.ts";
import { remedyForUnknown } from "./suggest.ts";

/** Words the rack's and the CLI's path lists use for other things than LANs. */
const RESERVED_LAN_IDS = ["com", "disk", "array", "public-switch"];
/** Set by the product itself for every process of a server; a program must not hide from it. */
const RESERVED_VARIABLES = [
  "KAGE_TREE",
  "KAGE_HOST_INCARNATION",
  "KAGE_HOST_STARTED_MS",
  "KAGE_SCRIPT",
];

/** Everything that is wrong, in the order of the rules; empty = nothing. */
export function nameRemarks(raw: RawConfiguration): Remark[] {
  return [
    ...serverCountRemarks(raw),
    ...duplicateNames(
      raw.servers.map((server, i) => ({ name: server.name, at: ["servers", i, "name"] })),
      "every server name once",
    ),
    ...duplicateNames(pathIds(raw), "every path id once"),
    ...reservedIdRemarks(raw),
    ...duplicateNames(
      raw.groups.map((group, i) => ({ name: group.name, at: ["groups", i, "name"] })),
      "every group name once",
    ),
    ...raw.groups.flatMap((group, i) => groupRemarks(raw, group, ["groups", i])),
    ...raw.lans.flatMap((lan, i) => perServerRemarks(raw, lan.addresses, ["lans", i, "addresses"])),
    ...(raw.com
      ? equipmentRemarks(raw, raw.com.devices, ["com", "devices"], raw.servers.length === 2)
      : []),
    ...(raw.disk
      ? equipmentRemarks(raw, raw.disk.paths, ["disk", "paths"], raw.method !== "majority")
      : []),
    ...formRemarks(raw),
    ...editionRemarks(raw),
  ];
}

function serverCountRemarks(raw: RawConfiguration): Remark[] {
  const count = raw.servers.length;
  if (count > SERVERS_MAX) {
    const remedy = `remove this server and those after it; a cluster has 2 to ${SERVERS_MAX} (R136)`;
    const at = ["servers", SERVERS_MAX] as const;
    return [{ at, expected: `at most ${SERVERS_MAX} servers`, found: `${count}`, remedy }];
  }
  if (count >= 2) return [];
  const remedy = "add the second server: one server has nobody to fail over to";
  return [{ at: ["servers"], expected: "2 to 16 servers", found: `${count}`, remedy }];
}

interface NamedPlace {
  readonly name: string;
  readonly at: JsonPath;
}

/** Names that differ only in case are refused too: people read them aloud. */
function duplicateNames(places: readonly NamedPlace[], expected: string): Remark[] {
  const seen = new Set<string>();
  const remarks: Remark[] = [];
  for (const { name, at } of places) {
    const key = name.toLowerCase();
    if (seen.has(key)) {
      const found = `${quote(name)} a second time`;
      remarks.push({ at, expected, found, remedy: "choose another name" });
    }
    seen.add(key);
  }
  return remarks;
}

function pathIds(raw: RawConfiguration): NamedPlace[] {
  const lans = raw.lans.map((lan, i) => ({ name: lan.id, at: ["lans", i, "id"] }));
  return raw.com ? [...lans, { name: raw.com.id, at: ["com", "id"] }] : lans;
}

function reservedIdRemarks(raw: RawConfiguration): Remark[] {
  return raw.lans.flatMap((lan, i) => {
    if (!RESERVED_LAN_IDS.includes(lan.id)) return [];
    const expected = "an id that does not mean another path";
    const found = quote(lan.id);
    return [{ at: ["lans", i, "id"], expected, found, remedy: "choose another id, e.g. lan1" }];
  });
}

function groupRemarks(
  raw: RawConfiguration,
  group: RawConfiguration["groups"][number],
  at: JsonPath,
): Remark[] {
  const names = raw.servers.map((server) => server.name);
  const unknown = group.policy.flatMap((name, i) => {
    if (names.includes(name)) return [];
    const place = [...at, "policy", i];
    const found = `unknown server ${quote(name)}`;
    return [{ at: place, expected: "a server", found, remedy: remedyForUnknown(name, names) }];
  });
  const policy = group.policy.map((name, i) => ({ name, at: [...at, "policy", i] }));
  const resources = group.resources.map((resource, i) => ({
    name: resource.name,
    at: [...at, "resources", i, "name"],
  }));
  return [
    ...unknown,
    ...duplicateNames(policy, "every server once in a policy"),
    ...duplicateNames(resources, "every resource name once in a group"),
    ...group.resources.flatMap((resource, i) =>
      resource.type === "program" ? programRemarks(resource, [...at, "resources", i]) : [],
    ),
    ...group.resources.flatMap((resource, i) =>
      resource.type === "script" ? scriptRemarks(resource, [...at, "resources", i]) : [],
    ),
    ...scriptOrderRemarks(group.resources, [...at, "resources"]),
  ];
}

function programRemarks(
  program: { readonly argv: readonly string[]; readonly env: Readonly<Record<string, string>> },
  at: JsonPath,
): Remark[] {
  const remarks: Remark[] = [];
  const check = (
    good: boolean,
    place: JsonPath,
    expected: string,
    found: string,
    remedy: string,
  ) => {
    if (!good) remarks.push({ at: place, expected, found, remedy });
  };
  check(program.argv[0] !== "", [...at, "argv", 0], "a program", '""', "name the program to start");
  // The operating system ends arguments and variables at the first NUL.
  for (const [i, argument] of program.argv.entries()) {
    const place = [...at, "argv", i];
    check(!argument.includes("\0"), place, "a text without NUL", quote(argument), "remove \\u0000");
  }
  for (const [name, value] of Object.entries(program.env)) {
    const place = [...at, "env", name];
    const shape = "a variable name of letters, digits and underscores";
    check(/^[A-Za-z_][A-Za-z0-9_]*$/.test(name), place, shape, quote(name), "rename the variable");
    const reserved = RESERVED_VARIABLES.includes(name);
    check(!reserved, place, "a variable of the program's own", quote(name), "remove it");
    check(!value.includes("\0"), place, "a text without NUL", quote(value), "remove \\u0000");
  }
  return remarks;
}

/** Whoever lacks equipment that has no role lacks nothing: a cable between three, a partition of a majority. */
function equipmentRemarks(
  raw: RawConfiguration,
  map: Readonly<Record<string, string>>,
  at: JsonPath,
  hasRole: boolean,
): Remark[] {
  const remarks = perServerRemarks(raw, map, at);
  return hasRole ? remarks : remarks.filter(({ onKey }) => onKey === true);
}

/** A map with one entry per server: nobody unknown, nobody missing. */
function perServerRemarks(
  raw: RawConfiguration,
  map: Readonly<Record<string, string>>,
  at: JsonPath,
): Remark[] {
  const names = raw.servers.map((server) => server.name);
  const unknown = Object.keys(map).filter((name) => !names.includes(name));
  const missing = names.filter((name) => !Object.hasOwn(map, name));
  return [
    ...unknown.map((name) => ({
      at: [...at, name],
      onKey: true,
      expected: "a server",
      found: `unknown server ${quote(name)}`,
      remedy: remedyForUnknown(name, missing.length > 0 ? missing : names),
    })),
    ...missing.map((name) => ({
      at,
      expected: "an entry for every server",
      found: `none for ${quote(name)}`,
      remedy: `add "${name}": ...`,
    })),
  ];
}
