/** The cabinet as lines of text: what has power, which wire is cut, who announces which address. */
import { showSpan } from "./ages.ts";
import type { Call } from "./call.ts";
import { type Cell, layTable } from "./columns.ts";
import type { MessageKey } from "./messages.ts";
import type { RackPath, RackState } from "./rack-state.ts";
import { namesText } from "./status-fold.ts";
import { signOf, type Tone } from "./words.ts";

export function rackLines(call: Call, state: RackState): string[] {
  const { paint } = call;
  const lines = layTable(serverRows(call, state), paint);
  if (state.paths.length > 0) lines.push("", ...layTable(pathRows(call, state.paths), paint));
  if (state.floating.length > 0) lines.push("", ...layTable(addressRows(call, state), paint));
  return lines;
}

/** `nowMs`: the rack's clock; null shows the instants as they are. */
export function recordLines(
  call: Call,
  entries: readonly Readonly<Record<string, unknown>>[],
  nowMs: number | null,
): string[] {
  if (entries.length === 0) return [call.say("noRecords")];
  const rows = entries.map((entry) => {
    const { kind, atMs, seq: _seq, lastMs: _lastMs, count, ...rest } = entry;
    const values = Object.entries(rest).map(([key, value]) => `${key}=${String(value)}`);
    if (typeof count === "number" && count > 1) values.push(`x${count}`);
    return [plain(when(call, atMs, nowMs)), bold(String(kind)), plain(values.join(" "))];
  });
  return layTable(rows, call.paint);
}

function when(call: Call, atMs: unknown, nowMs: number | null): string {
  if (typeof atMs !== "number") return "-";
  if (nowMs === null) return `${atMs}`;
  return call.say("ago", { time: showSpan(nowMs - atMs, call.lang) });
}

function serverRows(call: Call, state: RackState): Cell[][] {
  const { say } = call;
  const rows = state.servers.map((server) => {
    const tone: Tone = server.power === "off" ? "bad" : server.frozen ? "warn" : "good";
    const power = server.power === "off" ? say("powerOff") : say("powerOn");
    const time = showSpan(server.watchdogMs ?? 0, call.lang);
    return [
      bold(server.name),
      signed(call, tone, server.frozen ? say("frozen") : power),
      plain(server.watchdogMs === null ? say("disarmed") : say("armed", { time })),
      plain(server.roles.join(" ") || "-"),
      { text: server.incarnation.slice(0, 8), style: "quiet" as const },
    ];
  });
  const keys = ["headServer", "headPower", "headWatchdog", "headProcesses", "headIncarnation"];
  return [heads(call, keys as MessageKey[]), ...rows];
}

/** One row per path; cut directions are named, whole ones are not. */
function pathRows(call: Call, paths: readonly RackPath[]): Cell[][] {
  const rows = [...new Set(paths.map((path) => path.path))].map((id) => {
    const directions = paths.filter((path) => path.path === id);
    const cut = directions.filter((path) => path.isCut);
    const state =
      cut.length === 0
        ? signed(call, "good", call.say("wireUp"))
        : signed(call, "bad", call.say("wireCut"));
    const whole = cut.length === directions.length && cut.length > 1;
    const named = whole
      ? call.say("allDirections", { count: `${cut.length}` })
      : cutText(call, directions, cut);
    return [bold(id), state, plain(named)];
  });
  return [heads(call, ["headPath", "headState", "headDirection"]), ...rows];
}

/**
 * Servers that the cut has parted, `SERVER1 SERVER2 | SERVER3`, when nothing but that is cut; else the
 * directions.
 */
function cutText(call: Call, all: readonly RackPath[], cut: readonly RackPath[]): string {
  if (cut.length === 0) return "";
  const parts = partsOf(all);
  const partOf = (name: string): number => parts.findIndex((part) => part.includes(name));
  const isParting = cut.every(({ from, to }) => to !== null && partOf(from) !== partOf(to));
  if (parts.length > 1 && isParting && all.length > 2) {
    return parts.map((part) => namesText(call, part)).join(" | ");
  }
  return namesText(
    call,
    cut.map(({ from, to }) => (to === null ? from : `${from} > ${to}`)),
  );
}

/** Servers that still reach each other, in at least one direction, by their order. */
function partsOf(all: readonly RackPath[]): string[][] {
  const names = [...new Set(all.flatMap(({ from, to }) => (to === null ? [from] : [from, to])))];
  let parts = names.map((name) => [name]);
  for (const { from, to, isCut } of all) {
    if (isCut || to === null) continue;
    const joined = parts.filter((part) => part.includes(from) || part.includes(to));
    if (joined.length < 2) continue;
    const whole = names.filter((name) => joined.some((part) => part.includes(name)));
    parts = parts.flatMap((part) =>
      part === joined[0] ? [whole] : joined.includes(part) ? [] : [part],
    );
  }
  return parts;
}

function addressRows(call: Call, state: RackState): Cell[][] {
  const rows = state.floating.map((entry) => [
    bold(entry.address),
    entry.announcer === null ? signed(call, "quiet", call.say("nobody")) : plain(entry.announcer),
  ]);
  return [heads(call, ["headAddress", "headAnnouncer"]), ...rows];
}

const plain = (text: string): Cell => ({ text, style: "plain" });
const bold = (text: string): Cell => ({ text, style: "bold" });
const signed = (call: Call, tone: Tone, text: string): Cell => ({
  text: `${signOf(tone, call.utf8)} ${text}`,
  style: tone,
});
const heads = (call: Call, keys: readonly MessageKey[]): Cell[] =>
  keys.map((key) => ({ text: call.say(key), style: "head" }));
