/**
 * What is different between two pictures, one line each, in a form that greps well. Ages and counters
 * change all the time and are no change.
 */
import type { StatusDocument } from "../../services/status.ts";
import type { Call } from "./call.ts";
import { printable } from "./columns.ts";
import { groupNow, groupState, redundancy, serverNow } from "./status-table.ts";
import { type Answer, agentName } from "./survey.ts";
import { LEVEL_WORDS, PATH_WORDS, SERVER_WORDS } from "./words.ts";

export interface Seen {
  readonly shown: Answer;
  /** Somebody answered this time. */
  readonly reached: boolean;
}

/** The state from which changes are told. */
export function firstLines(call: Call, { document }: Answer): string[] {
  const { say, lang } = call;
  const { cluster, servers, groups } = document;
  const level = LEVEL_WORDS[cluster.level].text[lang];
  const values = { name: cluster.name, level, redundancy: redundancy(call, document) };
  return [
    say("firstLine", values),
    ...cluster.reasons.map((reason) => say("changeReason", { text: reason.text })),
    ...servers.map((server) => serverNow(call, server)),
    ...groups.map((group) => groupNow(call, group)),
  ].map(printable);
}

export function changeLines(call: Call, before: Seen, now: Seen): string[] {
  const { say } = call;
  const lines: string[] = [];
  if (before.reached && !now.reached) lines.push(say("changeGone"));
  const server = agentName(now.shown.agent);
  const other = before.shown.agent !== now.shown.agent;
  if (now.reached && (!before.reached || other)) lines.push(say("changeBack", { server }));
  const was = before.shown.document;
  const is = now.shown.document;
  lines.push(...clusterChanges(call, was, is), ...serverChanges(call, was, is));
  lines.push(...groupChanges(call, was, is), ...pathChanges(call, was, is));
  return lines.map(printable);
}

function clusterChanges(call: Call, before: StatusDocument, now: StatusDocument): string[] {
  const { say, lang } = call;
  const a = before.cluster;
  const b = now.cluster;
  const lines: string[] = [];
  if (a.level !== b.level || a.survivesFailures !== b.survivesFailures) {
    const was = LEVEL_WORDS[a.level].text[lang];
    const is = `${LEVEL_WORDS[b.level].text[lang]}, ${redundancy(call, now)}`;
    lines.push(say("changeCluster", { name: b.name, was, now: is }));
  }
  if (a.coordinator !== b.coordinator) {
    const nobody = say("nobody");
    const values = { was: a.coordinator ?? nobody, now: b.coordinator ?? nobody };
    lines.push(say("changeCoordinator", values));
  }
  const known = new Set(a.reasons.map((reason) => reason.text));
  for (const { text } of b.reasons) {
    if (!known.has(text)) lines.push(say("changeReason", { text }));
  }
  return lines;
}

function serverChanges(call: Call, before: StatusDocument, now: StatusDocument): string[] {
  return now.servers.flatMap((server) => {
    const was = before.servers.find((candidate) => candidate.name === server.name);
    const rebooted =
      was !== undefined && was.incarnation !== server.incarnation && server.incarnation !== null;
    if (was === undefined || (was.state === server.state && !rebooted)) return [];
    const word = (state: typeof server.state): string => SERVER_WORDS[state].text[call.lang];
    const values = { name: server.name, was: word(was.state), now: word(server.state) };
    return [call.say("changeServer", values)];
  });
}

function groupChanges(call: Call, before: StatusDocument, now: StatusDocument): string[] {
  return now.groups.flatMap((group) => {
    const was = before.groups.find((candidate) => candidate.name === group.name);
    if (was === undefined || (was.state === group.state && was.owner === group.owner)) return [];
    const values = { was: groupState(call, was), now: groupState(call, group) };
    return [call.say("changeGroup", { name: group.name, ...values })];
  });
}

function pathChanges(call: Call, before: StatusDocument, now: StatusDocument): string[] {
  return now.paths.flatMap((path) => {
    const was = before.paths.find(
      (p) => p.id === path.id && p.from === path.from && p.to === path.to,
    );
    if (was === undefined || was.state === path.state) return [];
    const word = (state: typeof path.state): string => PATH_WORDS[state].text[call.lang];
    const values = { name: path.id, from: path.from, to: path.to };
    return [call.say("changePath", { ...values, was: word(was.state), now: word(path.state) })];
  });
}
