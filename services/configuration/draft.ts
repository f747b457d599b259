/**
 * The text of a new cluster, and the check of a cluster that has only its first servers.
 * Intuition: a cluster is created server by server (guide 3.1), but the loader rightly refuses one
 * server, and two that are to decide by majority; so a draft is checked as if the missing ones stood there
 * already, with the neighbouring addresses. Everything but "these are too few" is found before a byte is written.
 * Source: guide 3.1 step 2.3, R210, R104; ecosystem.md 4.2.
 */
import { parseEndpoint, parseIp } from "./address.ts";
import { addServer } from "./edit.ts";
import { type LoadResult, loadConfiguration } from "./load.ts";
import type { QuorumMethod } from "./model.ts";
import { readDocument } from "./read.ts";

export interface DraftLan {
  readonly id: string;
  readonly kind: "private" | "public";
  /** `ip:port` of the first server. */
  readonly address: string;
}

export interface Draft {
  readonly cluster: string;
  /** 8 hex digits, random: tells two clusters of one name apart. */
  readonly clusterId: string;
  readonly method: QuorumMethod;
  /** Why this method; becomes a comment. One line. */
  readonly reason: string;
  readonly server: string;
  readonly publicInterface?: string | undefined;
  readonly lans: readonly DraftLan[];
  readonly com?: string | undefined;
  readonly disk?: string | undefined;
  /** ms */
  readonly heartbeatTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly startSyncWaitMs: number;
  readonly watchdogTimeoutMs: number;
}

/** Name of the server that stands in for a missing one; a further one has a number behind it. */
export const STAND_IN = "SERVER-TO-COME";

export type DraftCheck = LoadResult & {
  /** The text has fewer servers than its method needs; the cluster cannot start before they are added. */
  readonly isDraft: boolean;
};

/** Commented JSON with one server and no group. */
export function draftText(draft: Draft): string {
  const { server } = draft;
  const json = (value: unknown): string => JSON.stringify(value);
  const own = (value: string): string => `{ ${json(server)}: ${json(value)} }`;
  const { publicInterface } = draft;
  const nic = publicInterface === undefined ? "" : `, "publicInterface": ${json(publicInterface)}`;
  const lans = draft.lans.map(
    ({ id, kind, address }) =>
      `    { "id": ${json(id)}, "kind": ${json(kind)}, "addresses": ${own(address)} }`,
  );
  const lines = [
    "// Configuration of the cluster, the same text on every server. Written by `kage cluster create`.",
    "// Check it with `kage config check FILE`, read its times with `kage config explain FILE`.",
    "{",
    `  "cluster": { "name": ${json(draft.cluster)}, "id": ${json(draft.clusterId)} },`,
    "",
    `  // ${draft.reason.replace(/\s+/g, " ")}`,
    `  "method": ${json(draft.method)},`,
    "",
    '  "timing": {',
    "    // T: silence on all LANs after which a server is lost.",
    `    "heartbeatTimeoutMs": ${draft.heartbeatTimeoutMs},`,
    "    // Time between two beats; the timeout must hold ten.",
    `    "heartbeatIntervalMs": ${draft.heartbeatIntervalMs},`,
    "    // A server that starts alone waits so long for the others.",
    `    "startSyncWaitMs": ${draft.startSyncWaitMs},`,
    "    // Watchdog timeout plus reset time; 0 = none.",
    `    "watchdogTimeoutMs": ${draft.watchdogTimeoutMs}`,
    "  },",
    "",
    "  // The order is the cluster priority, best first.",
    '  "servers": [',
    `    { "name": ${json(server)}${nic} }`,
    "  ],",
    "",
    "  // private = dedicated to the interconnect, public = spare interconnect.",
    '  "lans": [',
    lans.join(",\n"),
    "  ],",
    ...(draft.com === undefined
      ? []
      : [
          "",
          "  // Serial cross cable, 38400 bit/s 8N1.",
          `  "com": { "devices": ${own(draft.com)} },`,
        ]),
    ...(draft.disk === undefined
      ? []
      : [
          "",
          "  // Arbitration partition: a raw partition of the shared disk, used by nobody else.",
          `  "disk": { "paths": ${own(draft.disk)} },`,
        ]),
    "",
    '  "groups": []',
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

/** Loads the text; one with too few servers is loaded together with stand-ins for the missing ones. */
export function checkDraft(text: string, fileName: string): DraftCheck {
  const completed = withStandIns(text);
  if (completed === null) return { ...loadConfiguration(text, fileName), isDraft: false };
  const result = loadConfiguration(completed, fileName);
  if (result.kind === "refused") return { ...result, isDraft: true };
  const warnings = result.warnings.filter((warning) => !warning.text.includes(STAND_IN));
  return { ...result, warnings, isDraft: true };
}

/** Fewest servers of a cluster with that method (R80, D2). */
export const leastServers = (method: unknown): number => (method === "majority" ? 3 : 2);

/** A method that settles between two servers takes no third (R67, R80, guide 1.2.4). */
export const takesThird = (method: unknown): boolean => method === "majority" || method === "disk";

/** null = not a text with at least one server and fewer than its method needs. */
function withStandIns(text: string): string | null {
  let completed: string | null = null;
  for (let nth = 1; nth < leastServers("majority"); nth += 1) {
    const next = withStandIn(completed ?? text, nth === 1 ? STAND_IN : `${STAND_IN}${nth}`);
    if (next === null) return completed;
    completed = next;
  }
  return completed;
}

function withStandIn(text: string, standIn: string): string | null {
  const read = readDocument(text);
  if (read.kind === "malformed" || !isRecord(read.document.value)) return null;
  const { servers, lans, com, disk, method } = read.document.value;
  const named = Array.isArray(servers) ? servers : [];
  const last = named.at(-1);
  if (!isRecord(last) || named.length >= leastServers(method)) return null;
  const name = String(last["name"]);
  const nic = last["publicInterface"];
  const addresses = (Array.isArray(lans) ? lans.filter(isRecord) : []).map((lan) => {
    const map = isRecord(lan["addresses"]) ? lan["addresses"] : {};
    const taken = Object.values(map).map(String);
    return [String(lan["id"]), freeNeighbour(String(map[name]), taken)] as const;
  });
  const path = (section: unknown, key: string): string | undefined => {
    const map = isRecord(section) ? section[key] : undefined;
    return isRecord(map) ? String(map[name]) : undefined;
  };
  const edited = addServer(text, {
    name: standIn,
    publicInterface: typeof nic === "string" ? nic : undefined,
    lans: Object.fromEntries(addresses),
    com: path(com, "devices"),
    disk: path(disk, "paths"),
  });
  return edited.kind === "text" ? edited.text : null;
}

/** A neighbouring address that nobody has yet; at the end of a network the next one downwards. */
function freeNeighbour(text: string, taken: readonly string[]): string {
  let next = neighbour(text);
  for (let tries = 0; tries < taken.length && taken.includes(next); tries += 1) {
    next = neighbour(next, -1);
  }
  return next;
}

/** The next address of the same network; the text itself where there is no address to count from. */
function neighbour(text: string, step: 1 | -1 = 1): string {
  const endpoint = parseEndpoint(text);
  const bytes = endpoint === null ? null : parseIp(endpoint.host);
  if (endpoint === null || bytes === null) return text;
  const last = bytes.at(-1) ?? 0;
  // Neither 0 nor 255 may come out.
  const next = [...bytes.slice(0, -1), last >= 254 || step < 0 ? last - 1 : last + 1];
  if (next.length === 4) return `${next.join(".")}:${endpoint.port}`;
  const pairs = Array.from({ length: 8 }, (_, i) =>
    (((next[2 * i] ?? 0) << 8) | (next[2 * i + 1] ?? 0)).toString(16),
  );
  return `[${pairs.join(":")}]:${endpoint.port}`;
}

type Loose = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Loose =>
  typeof value === "object" && value !== null && !Array.isArray(value);
