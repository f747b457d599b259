/**
 * Changes to the text of the configuration file that leave every comment and all other layout as the
 * operator wrote it. Pure: a text in, a text or a reason out; whether the result is a good configuration
 * is the loader's question.
 * Source: R210 (create, add server, add group), ecosystem.md 4.2 (commented JSON).
 */
import { applyEdits, modify } from "jsonc-parser";
import type { JsonPath } from "./finding.ts";
import { readDocument } from "./read.ts";

export interface NewServer {
  readonly name: string;
  readonly publicInterface?: string | undefined;
  /** `ip:port` by the id of the LAN; every LAN of the file needs one. */
  readonly lans: Readonly<Record<string, string>>;
  readonly com?: string | undefined;
  readonly disk?: string | undefined;
}

export interface NewGroup {
  readonly name: string;
  readonly start: "auto" | "manual";
  /** Absent = "failover". */
  readonly form?: "parallel";
  readonly policy: readonly string[];
  readonly resources: readonly object[];
}

export type Edited =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "refused"; readonly reason: EditReason; readonly detail: string };

export type EditReason =
  | "unreadable"
  | "exists"
  | "absent"
  | "no-lan"
  | "lan-missing"
  | "no-com"
  | "no-disk"
  | "interface-missing"
  | "com-missing"
  | "disk-missing";

const FORMAT = { formattingOptions: { tabSize: 2, insertSpaces: true, eol: "\n" } } as const;

type Loose = Readonly<Record<string, unknown>>;

/** Appends the server and gives it its place in every map that names servers. */
export function addServer(text: string, server: NewServer): Edited {
  const root = readRoot(text);
  if (root === null) return refused("unreadable", "");
  const servers = listOf(root["servers"]);
  if (nameAt(servers, server.name) !== -1) return refused("exists", server.name);
  const wrong = equipmentTrouble(root, server);
  if (wrong !== null) return wrong;
  const { name, publicInterface } = server;
  const entry = publicInterface === undefined ? { name } : { name, publicInterface };
  let next = put(text, ["servers", servers.length], entry, true);
  for (const [position, lan] of listOf(root["lans"]).entries()) {
    const address = server.lans[String(lan["id"])];
    next = put(next, ["lans", position, "addresses", name], address);
  }
  if (server.com !== undefined) next = put(next, ["com", "devices", name], server.com);
  if (server.disk !== undefined) next = put(next, ["disk", "paths", name], server.disk);
  return { kind: "text", text: next };
}

/** Appends the group. */
export function addGroup(text: string, group: NewGroup): Edited {
  const root = readRoot(text);
  if (root === null) return refused("unreadable", "");
  const groups = listOf(root["groups"]);
  if (nameAt(groups, group.name) !== -1) return refused("exists", group.name);
  return { kind: "text", text: put(text, ["groups", groups.length], group, true) };
}

/** Takes the group out, with the comments inside it. */
export function removeGroup(text: string, name: string): Edited {
  const root = readRoot(text);
  if (root === null) return refused("unreadable", "");
  const position = nameAt(listOf(root["groups"]), name);
  if (position === -1) return refused("absent", name);
  return { kind: "text", text: put(text, ["groups", position], undefined) };
}

/** Sets values that stand alone, such as times; a missing object on the way is made. */
export function setValues(
  text: string,
  values: readonly { readonly at: JsonPath; readonly value: number | string }[],
): Edited {
  if (readRoot(text) === null) return refused("unreadable", "");
  let next = text;
  for (const { at, value } of values) next = put(next, at, value);
  return { kind: "text", text: next };
}

/** Method, names of the servers and ids of the LANs as they stand in the text; empty when it is unreadable. */
export function listNames(text: string): {
  readonly method: string;
  readonly servers: readonly string[];
  readonly lans: readonly string[];
  readonly hasCom: boolean;
  readonly hasDisk: boolean;
} {
  const root = readRoot(text) ?? {};
  return {
    method: String(root["method"] ?? ""),
    servers: listOf(root["servers"]).map(({ name }) => String(name)),
    lans: listOf(root["lans"]).map(({ id }) => String(id)),
    hasCom: isRecord(root["com"]),
    hasDisk: isRecord(root["disk"]),
  };
}

/** What the file has per server must be given for this one, and nothing else. */
function equipmentTrouble(root: Loose, server: NewServer): Edited | null {
  const lans = listOf(root["lans"]).map(({ id }) => String(id));
  const strange = Object.keys(server.lans).find((id) => !lans.includes(id));
  if (strange !== undefined) return refused("no-lan", strange);
  const missing = lans.find((id) => server.lans[id] === undefined);
  if (missing !== undefined) return refused("lan-missing", missing);
  const hasInterfaces = listOf(root["servers"]).some((one) => one["publicInterface"] !== undefined);
  if (hasInterfaces && server.publicInterface === undefined) {
    return refused("interface-missing", "interface");
  }
  for (const [key, given] of [["com", server.com] as const, ["disk", server.disk] as const]) {
    const wanted = isRecord(root[key]);
    if (wanted && given === undefined) return refused(`${key}-missing`, key);
    if (!wanted && given !== undefined) return refused(`no-${key}`, key);
  }
  return null;
}

function put(text: string, at: JsonPath, value: unknown, isInsertion = false): string {
  const options = isInsertion ? { ...FORMAT, isArrayInsertion: true } : FORMAT;
  const clean = text.startsWith("\uFEFF") ? text.slice(1) : text;
  return applyEdits(clean, modify(clean, [...at], value, options));
}

function readRoot(text: string): Loose | null {
  const read = readDocument(text);
  if (read.kind === "malformed" || !isRecord(read.document.value)) return null;
  return read.document.value;
}

function nameAt(list: readonly Loose[], name: string): number {
  return list.findIndex((entry) => String(entry["name"]).toLowerCase() === name.toLowerCase());
}

function listOf(value: unknown): readonly Loose[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function refused(reason: EditReason, detail: string): Edited {
  return { kind: "refused", reason, detail };
}

const isRecord = (value: unknown): value is Loose =>
  typeof value === "object" && value !== null && !Array.isArray(value);
