/**
 * The picture of the cluster as lines of text: first the sentence that matters (level, how many more
 * failures it survives, why), then servers, groups, paths, then who said so and what to do next.
 * Normal things are folded, abnormal ones never: sixteen servers have hundreds of directions.
 * Source: ecosystem.md 3.2 (1-3); R16, R202, R204.
 */
import type {
  GroupStatus,
  PathStatus,
  ServerStatus,
  StatusDocument,
} from "../../services/status.ts";
import { showSpan, spanSince } from "./ages.ts";
import type { Call } from "./call.ts";
import { type Cell, cellWidth, layTable, type Paint, printable, type Style } from "./columns.ts";
import type { MessageKey } from "./messages.ts";
import { foldDirections, foldReasons, namesText, policyText } from "./status-fold.ts";
import { type Answer, agentName, type Sighting, type Survey, whyNot } from "./survey.ts";
import {
  GROUP_WORDS,
  LEVEL_WORDS,
  METHOD_WORDS,
  PATH_KIND_WORDS,
  PATH_WORDS,
  SERVER_WORDS,
  signOf,
  type Word,
} from "./words.ts";

/** As much of an incarnation as tells two boots apart at a glance. */
const INCARNATION_SHOWN = 8;
/** Between two columns (columns.ts). */
const GAP_CELLS = 2;

/** `answer` is what is shown; `fresh` is the newest survey, which may have found nobody. */
export function statusLines(call: Call, answer: Answer, fresh: Survey): string[] {
  const stale = fresh.best === null;
  const paint: Paint = stale ? (_style, text) => call.paint("quiet", text) : call.paint;
  const drawn: Call = { ...call, paint };
  const { document } = answer;
  return [
    ...(stale ? [staleLine(call, answer), ""] : []),
    ...headLines(drawn, document),
    "",
    ...layTable(serverRows(call, document.servers), paint),
    ...section(layTable(groupRows(call, document), paint), document.groups.length),
    ...section(layTable(pathRows(call, document), paint), document.paths.length),
    "",
    ...nextLines(call, document),
    ...sourceLines(call, answer, fresh),
  ];
}

/** `survives 1 more failure`. */
export function redundancy(call: Call, document: StatusDocument): string {
  const count = document.cluster.survivesFailures;
  if (count === 0) return call.say("survivesNone");
  return count === 1 ? call.say("survivesOne") : call.say("survivesMany", { count: `${count}` });
}

function staleLine(call: Call, answer: Answer): string {
  const time = showSpan(call.io.nowMs() - answer.atMs, call.lang);
  return call.paint("bad", `${signOf("bad", call.utf8)} ${call.say("staleSince", { time })}`);
}

function headLines(call: Call, { cluster, ...rest }: StatusDocument): string[] {
  const { say, lang, paint, utf8 } = call;
  const { tone, text } = LEVEL_WORDS[cluster.level];
  const lead = redundancy(call, { cluster, ...rest });
  const level = paint(tone, `${signOf(tone, utf8)} ${text[lang]}`);
  const method = METHOD_WORDS[cluster.method]?.[lang] ?? printable(cluster.method);
  const view =
    cluster.epoch === null || cluster.coordinator === null
      ? [say("noView")]
      : [
          say("epochLine", { epoch: `${cluster.epoch}` }),
          say("coordinatorLine", { server: printable(cluster.coordinator) }),
        ];
  const protection = cluster.details?.["protection"];
  const kept = typeof protection === "string" ? [printable(protection)] : [];
  const inForce = revisionText(call, cluster.details);
  const survives = paint(cluster.survivesFailures === 0 ? "warn" : "plain", lead);
  return [
    `${paint("bold", printable(cluster.name))}  ${level}  ${survives}`,
    paint("quiet", [say("methodLine", { method }), ...view, ...inForce, ...kept].join(", ")),
    ...foldReasons(call, cluster.reasons).map((reason) => {
      const sign = signOf(tone === "good" ? "warn" : tone, utf8);
      return `  ${paint(tone, `${sign} ${printable(reason.text)}`)} (${printable(reason.code)})`;
    }),
  ];
}

/** Number and hash as `kage config history` shows them; nothing when the agent does not say. */
function revisionText(call: Call, details: StatusDocument["cluster"]["details"]): string[] {
  const { revision, configHash } = details ?? {};
  if (typeof revision !== "number" || typeof configHash !== "string") return [];
  return [call.say("revisionLine", { rev: `${revision}`, hash: printable(configHash) })];
}

const heads = (call: Call, ...keys: readonly MessageKey[]): Cell[] =>
  keys.map((key) => ({ text: call.say(key), style: "head" }));

const plain = (text: string): Cell => ({ text, style: "plain" });

function worded(call: Call, word: Word): Cell {
  return { text: `${signOf(word.tone, call.utf8)} ${word.text[call.lang]}`, style: word.tone };
}

function serverRows(call: Call, servers: readonly ServerStatus[]): Cell[][] {
  const rows = servers.map((server) => {
    const word = SERVER_WORDS[server.state];
    const span = spanSince(server.since, call.io.wallMs());
    const name: Style = word.tone === "bad" ? "bad" : "bold";
    return [
      { text: server.name, style: name },
      worded(call, word),
      plain(span === null ? "-" : showSpan(span, call.lang)),
      { text: server.incarnation?.slice(0, INCARNATION_SHOWN) ?? "-", style: "quiet" as const },
    ];
  });
  return [heads(call, "headServer", "headState", "headFor", "headIncarnation"), ...rows];
}

function groupRows(call: Call, { groups, servers }: StatusDocument): Cell[][] {
  const usable = new Set(servers.filter((s) => s.state === "member").map((s) => s.name));
  const head = heads(call, "headGroup", "headState", "headOwner", "headPolicy");
  const left = [
    head.slice(0, 3),
    ...groups.map((group): Cell[] => [
      { text: group.name, style: "bold" },
      worded(call, GROUP_WORDS[group.state]),
      plain(group.owner ?? "-"),
    ]),
  ];
  const widest = [0, 1, 2].map((at) =>
    Math.max(...left.map((row) => cellWidth(printable(row[at]?.text ?? "")))),
  );
  const taken = widest.reduce((sum, cells) => sum + cells + GAP_CELLS, 0);
  const room = call.io.stdout.size().columns - taken;
  const rows = groups.map((group, index): Cell[] => [
    ...(left[index + 1] ?? []),
    { text: policyText(call, group, usable, room), style: "quiet" },
  ]);
  return [head, ...rows];
}

function pathRows(call: Call, { paths, servers }: StatusDocument): Cell[][] {
  const ids = [...new Set(paths.map((path) => path.id))];
  const rows = ids.flatMap((id) => {
    const directions = paths.filter((path) => path.id === id);
    return rowsOfPath(call, directions, servers);
  });
  const head = heads(call, "headPath", "headKind", "headState", "headHeard");
  // No direction to name, no heading for it.
  if (rows.some((row) => row.at(-1)?.text !== "")) head.push(...heads(call, "headDirection"));
  return [head, ...rows];
}

function rowsOfPath(
  call: Call,
  directions: readonly PathStatus[],
  servers: readonly ServerStatus[],
): Cell[][] {
  const [first] = directions;
  if (first === undefined) return [];
  const normal = directions.filter((path) => path.state === "normal");
  const rest = directions.filter((path) => path.state !== "normal");
  const count = `${directions.length}`;
  const alike = directions.every((path) => path.state === first.state);
  const rows: Cell[][] = [];
  const add = (some: readonly PathStatus[], direction: string): void => {
    const [one] = some;
    if (one === undefined) return;
    const head = rows.length === 0;
    rows.push([
      { text: head ? one.id : "", style: "bold" },
      plain(head ? PATH_KIND_WORDS[one.kind][call.lang] : ""),
      worded(call, PATH_WORDS[one.state]),
      plain(oldest(call, some)),
      plain(direction),
    ]);
  };
  if (alike && directions.length > 1) {
    add(directions, first.state === "normal" ? "" : call.say("allDirections", { count }));
  } else {
    for (const row of foldDirections(call, rest, servers)) add(row.paths, row.direction);
    const others = normal.length === 1 ? direct(normal) : { count: `${normal.length}` };
    if (rest.length === 0) add(normal, "");
    else add(normal, typeof others === "string" ? others : call.say("theRest", others));
  }
  return rows;
}

const direct = ([path]: readonly PathStatus[]): string =>
  path === undefined ? "" : `${path.from} > ${path.to}`;

/** The least favourable age among directions that are shown as one row. */
function oldest(call: Call, paths: readonly PathStatus[]): string {
  const agesMs = paths.flatMap(({ lastHeardMs }) => (lastHeardMs === null ? [] : [lastHeardMs]));
  // Of a faulty direction away from the answering server the other side does not say since when.
  if (agesMs.length === 0) {
    return paths.some(({ state }) => state === "faulty") ? "-" : call.say("never");
  }
  return call.say("ago", { time: showSpan(Math.max(...agesMs), call.lang) });
}

function section(lines: readonly string[], entries: number): string[] {
  return entries === 0 ? [] : ["", ...lines];
}

function nextLines(call: Call, { servers, groups }: StatusDocument): string[] {
  const alive = servers.some(({ state }) => state !== "detached" && state !== "off");
  const step = alive ? "nextReturn" : "nextForceReturn";
  const waits = servers.some(({ details }) => typeof details?.["startWaitS"] === "number");
  const steps = [
    ...(waits ? [call.say("nextStartNow")] : []),
    ...groups
      .filter((group) => group.state === "failed")
      .map((group) => call.say("nextStart", { group: printable(group.name) })),
    ...servers
      .filter((server) => server.state === "detached")
      .map((server) => call.say(step, { server: printable(server.name) })),
  ];
  const lead = call.paint("bold", `${call.say("nextStep")}:`);
  return steps.map((step) => `${lead} ${step}`);
}

/** Who said so, and what is known of the agents that did not. */
export function sourceLines(call: Call, answer: Answer, fresh: Survey): string[] {
  const { say, lang, paint } = call;
  const time = showSpan(call.io.nowMs() - answer.atMs, lang);
  const lines = [paint("quiet", say("answeredBy", { server: agentName(answer.agent), time }))];
  for (const [why, servers] of byWords(fresh, (sighting) =>
    sighting.kind === "no-answer" ? printable(whyNot(call, sighting.reply)) : null,
  )) {
    const server = namesText(call, servers);
    lines.push(paint("warn", `! ${say("unreachableAgent", { server, why })}`));
  }
  for (const [view, servers] of byWords(fresh, (sighting) =>
    sighting.kind === "answer" &&
    sighting.agent !== answer.agent &&
    differs(sighting.document, answer.document)
      ? printable(viewText(call, sighting.document))
      : null,
  )) {
    const server = namesText(call, servers);
    lines.push(paint("bad", `! ${say("disagrees", { server, view })}`));
  }
  return lines;
}

/** Names of those of whom the same is to be said; null = nothing is. */
function byWords(
  { sightings }: Survey,
  wordsOf: (sighting: Sighting) => string | null,
): ReadonlyMap<string, string[]> {
  const found = new Map<string, string[]>();
  for (const sighting of sightings) {
    const words = wordsOf(sighting);
    if (words === null) continue;
    const names = found.get(words) ?? [];
    names.push(agentName(sighting.agent));
    found.set(words, names);
  }
  return found;
}

/** Another view or another owner; ages and reasons may differ between honest observers. */
function differs(a: StatusDocument, b: StatusDocument): boolean {
  if (a.cluster.epoch !== b.cluster.epoch) return true;
  if (a.cluster.coordinator !== b.cluster.coordinator) return true;
  return a.groups.some((group) => {
    const other = b.groups.find((candidate) => candidate.name === group.name);
    return other?.owner !== group.owner;
  });
}

function viewText(call: Call, { cluster, groups }: StatusDocument): string {
  const { say } = call;
  const epoch = say("epochLine", { epoch: `${cluster.epoch ?? "-"}` });
  const coordinator = say("coordinatorLine", { server: cluster.coordinator ?? "-" });
  const owners = groups.map((group) => groupNow(call, group));
  return [epoch, coordinator, ...owners].join(", ");
}

/** `running on SERVER1`. */
export function groupState(call: Call, group: GroupStatus): string {
  const owner = group.owner === null ? "" : call.say("onServer", { server: group.owner });
  return GROUP_WORDS[group.state].text[call.lang] + owner;
}

/** `web is running on SERVER1`. */
export function groupNow(call: Call, group: GroupStatus): string {
  return call.say("isNow", { name: group.name, state: groupState(call, group) });
}

/** `SERVER1 is detached`. */
export function serverNow(call: Call, server: ServerStatus): string {
  return call.say("isNow", {
    name: server.name,
    state: SERVER_WORDS[server.state].text[call.lang],
  });
}
