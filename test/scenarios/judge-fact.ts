/**
 * Looks one fact up in a world, once. The runner decides how often and how long.
 * Every verdict carries what was seen, so that a failed transcript says the actual value.
 */
import { unreachable } from "../../hal/base/assert.ts";
import { eventEntry, isEventKey } from "../../services/catalogue.ts";
import { instanceName, parallelName } from "../../services/configuration/form.ts";
import type { StatusDocument } from "../../services/status.ts";
import type { Fact } from "./fact-grammar.ts";
import { findLateArrayWrites, findTwoOwners, ownersSince } from "./oracle.ts";
import type { Answer, LoggedEvent, Machine, World } from "./world.ts";

export interface Verdict {
  readonly holds: boolean;
  readonly seen: string;
}

/** The world as it stood when the block began; facts about change compare with it. */
export interface Baseline {
  readonly recordsMs: number;
  readonly incarnations: ReadonlyMap<string, string>;
  readonly loggedEvents: ReadonlySet<string>;
  /** Life of each group's program as a client sees it; absent = it never gave an answer. */
  readonly lives: ReadonlyMap<string, string>;
  lastAnswer: Answer | null;
}

const identify = (server: string, e: LoggedEvent): string => `${server} ${e.seq} ${e.at} ${e.key}`;

/** `before`: of the block before; a program that cannot answer just now keeps its life. null = the start. */
export async function takeBaseline(world: World, before: Baseline | null): Promise<Baseline> {
  const { servers } = world.cluster;
  const [records, machines, logs, lives] = await Promise.all([
    world.records(),
    world.machines(),
    Promise.all(servers.map(async (s) => (await world.events(s)).map((e) => identify(s, e)))),
    Promise.all(
      world.cluster.groups.map(async (g) => [g.name, await findLife(world, g.name)] as const),
    ),
  ]);
  return {
    recordsMs: Math.max(0, ...records.map((r) => r.atMs)),
    incarnations: new Map(machines.map((m) => [m.name, m.incarnation])),
    // Whatever a world has logged before its first look belongs to its start.
    loggedEvents: new Set(before === null ? [] : logs.flat()),
    lives: new Map([
      ...(before?.lives ?? []),
      ...lives.flatMap(([g, life]) => (life === undefined ? [] : [[g, life] as const])),
    ]),
    lastAnswer: null,
  };
}

/** Enough of a retained message to see what it says. */
const TOPIC_CHARACTERS = 300;
/** On a busy machine one request may take longer than a client waits; a refusal comes at once. */
const LIFE_TRIES = 3;

async function findLife(world: World, group: string): Promise<string | undefined> {
  for (let attempt = 0; attempt < LIFE_TRIES; attempt += 1) {
    const answer = await world.client(group);
    if (answer !== null) return answer.life;
  }
  return undefined;
}

export async function judgeFact(world: World, fact: Fact, baseline: Baseline): Promise<Verdict> {
  switch (fact.kind) {
    case "group.runs-on":
      return runsOn(await world.status(fact.server), fact.server, fact.group);
    case "group.runs-count": {
      const words = await Promise.all(
        world.cluster.servers.map(async (s) => runsOn(await world.status(s), s, fact.group)),
      );
      const runs = words.filter((v) => v.holds).length;
      return { holds: runs === fact.count, seen: words.map((v) => v.seen).join("; ") };
    }
    case "group.stopped":
      return isStopped(world, fact.group);
    case "client.gets":
      return clientGets(world, fact.group, fact.server);
    case "server.state":
      return seesState(world, fact.server, fact.server, fact.state);
    case "server.seen":
      return seesState(world, fact.by, fact.server, fact.state);
    case "machine":
    case "machines.off":
    case "machines.all":
    case "machine.reset":
      return judgeMachines(await world.machines(), fact, baseline);
    case "event":
      return logged(world, fact, baseline);
    case "script.said":
      return said(world, fact.server, fact.text, baseline);
    case "warning":
    case "level":
    case "path":
      return judgeStatus(await allStatus(world), fact);
    case "configuration.one":
      return haveOneConfiguration(await allStatus(world), await world.machines());
    case "view":
      return isView(world, fact.servers);
    case "view.all":
      return isView(world, world.cluster.servers);
    case "group.unmoved":
    case "owners.never-two":
    case "array.no-late-write":
      return judgeRecords(world, fact, baseline);
    case "group.restarted":
      return restarted(world, fact.group, fact.wanted, baseline);
    case "topic": {
      const text = await world.topic(fact.topic);
      const holds = fact.text === null ? text === null : text?.includes(fact.text) === true;
      return { holds, seen: `${fact.topic}: ${text?.slice(0, TOPIC_CHARACTERS) ?? "nothing"}` };
    }
    case "said": {
      const { lastAnswer } = baseline;
      const text = lastAnswer === null ? "" : `${lastAnswer.stdout}${lastAnswer.stderr}`;
      return { holds: text.includes(fact.text), seen: `it said: ${text.trim() || "nothing"}` };
    }
    default:
      return unreachable(fact);
  }
}

function runsOn(status: StatusDocument | null, server: string, group: string): Verdict {
  const found = status?.groups.find((g) => isMeant(g.name, group, server));
  const holds = found?.owner === server && found.state === "running";
  return { holds, seen: `${server}: ${found === undefined ? "no answer" : describeGroup(found)}` };
}

/** The group itself, or of a parallel one (R131) the instance of that server; without one, each of them. */
function isMeant(name: string, group: string, server = ""): boolean {
  if (name === group) return true;
  return server === "" ? parallelName(name) === group : name === instanceName(group, server);
}

const describeGroup = (g: StatusDocument["groups"][number]): string =>
  `${g.name} ${g.state} on ${g.owner ?? "nobody"}`;

function all(verdicts: readonly Verdict[]): Verdict {
  return {
    holds: verdicts.every((v) => v.holds),
    seen: verdicts.map((v) => v.seen).join("; "),
  };
}

interface Word {
  readonly server: string;
  readonly status: StatusDocument;
}

/** Words of the agents that answer. */
async function allStatus(world: World): Promise<readonly Word[]> {
  const words = await Promise.all(
    world.cluster.servers.map(async (server) => ({ server, status: await world.status(server) })),
  );
  return words.flatMap(({ server, status }) => (status === null ? [] : [{ server, status }]));
}

/** Whoever has power and is not frozen must answer. */
function haveOneConfiguration(words: readonly Word[], machines: readonly Machine[]): Verdict {
  const living = machines.filter(({ on, frozen }) => on && !frozen).length;
  const hashes = words.map(({ status }) => status.cluster.details?.["configHash"]);
  const [first] = hashes;
  const all = words.length === living && hashes.every((hash) => hash === first);
  const seen = words.map(({ server }, i) => `${server} runs by ${String(hashes[i])}`).join(", ");
  return { holds: all && typeof first === "string", seen: seen || "no agent answers" };
}

/** Members as each member tells them; a view has one epoch and one coordinator. */
async function isView(world: World, servers: readonly string[]): Promise<Verdict> {
  const words = await Promise.all(
    servers.map(async (server) => ({ server, status: await world.status(server) })),
  );
  const wanted = servers.join(" ");
  const views = new Set(words.map(({ status }) => nameView(status)));
  const holds = words.every(({ status }) => membersOf(status).join(" ") === wanted);
  const seen = words.map(
    ({ server, status }) =>
      `${server}: ${nameView(status)} with ${membersOf(status).join(" ") || "nobody"}`,
  );
  return { holds: holds && views.size === 1, seen: seen.join("; ") };
}

const membersOf = (status: StatusDocument | null): readonly string[] =>
  status?.servers.filter(({ state }) => state === "member").map(({ name }) => name) ?? [];

function nameView(status: StatusDocument | null): string {
  if (status === null) return "no answer";
  return `epoch ${status.cluster.epoch} by ${status.cluster.coordinator}`;
}

async function isStopped(world: World, group: string): Promise<Verdict> {
  const words = await allStatus(world);
  const verdicts = words.map(({ server, status }): Verdict => {
    const found = status.groups.filter((g) => isMeant(g.name, group));
    const isAtRest = found.every((g) => g.owner === null && g.state !== "running");
    const seen = found.map(describeGroup).join(", ");
    return { holds: found.length > 0 && isAtRest, seen: `${server}: ${seen || "unknown"}` };
  });
  const living = (await world.programs()).filter((p) => isMeant(p.group, group));
  const lives: Verdict = {
    holds: living.length === 0,
    seen: `programs: ${living.map((p) => `${p.server} pid ${p.pid}`).join(", ") || "none"}`,
  };
  const word: Verdict = { holds: words.length > 0, seen: `${words.length} agents answer` };
  return all([word, ...verdicts, lives]);
}

async function clientGets(
  world: World,
  group: string | null,
  server: string | null,
): Promise<Verdict> {
  const name = group ?? world.cluster.groups[0]?.name ?? "";
  const answer = await world.client(name);
  return {
    holds: server === "*" ? answer !== null : (answer?.server ?? null) === server,
    seen: `client of ${name} gets ${answer?.server ?? "nothing"}`,
  };
}

async function seesState(
  world: World,
  by: string,
  server: string,
  state: string,
): Promise<Verdict> {
  const status = await world.status(by);
  const found = status?.servers.find((s) => s.name === server)?.state;
  return { holds: found === state, seen: `${by} sees ${server} ${found ?? "(no answer)"}` };
}

type MachineFact = Extract<
  Fact,
  { kind: "machine" | "machines.off" | "machines.all" | "machine.reset" }
>;

function judgeMachines(
  machines: readonly Machine[],
  fact: MachineFact,
  baseline: Baseline,
): Verdict {
  const seen = machines
    .map((m) => `${m.name} ${m.on ? "on" : "off"}${m.frozen ? " frozen" : ""} ${m.incarnation}`)
    .join("; ");
  const named = machines.find((m) => "server" in fact && m.name === fact.server);
  switch (fact.kind) {
    case "machine":
      return { holds: named?.on === fact.on, seen };
    case "machines.off": {
      const off = machines.filter((m) => !m.on).length;
      return { holds: off >= fact.least && off <= fact.most, seen };
    }
    case "machines.all":
      return { holds: machines.every((m) => m.on === fact.on), seen };
    case "machine.reset": {
      const before = baseline.incarnations.get(fact.server);
      return { holds: named?.on === true && named.incarnation !== before, seen };
    }
    default:
      return unreachable(fact);
  }
}

async function logged(
  world: World,
  fact: Extract<Fact, { kind: "event" }>,
  baseline: Baseline,
): Promise<Verdict> {
  const asked = fact.server === null ? world.cluster.servers : [fact.server];
  const fresh = await Promise.all(
    asked.map(async (server) =>
      (await world.events(server))
        .filter((e) => !baseline.loggedEvents.has(identify(server, e)))
        .map((e) => ({ server, key: e.key })),
    ),
  );
  const found = fresh.flat();
  const listed = found.map((e) => `${e.server} ${e.key}`).join(", ");
  return {
    holds: found.some((e) => e.key === fact.key) === fact.wanted,
    seen: `events since the commands: ${listed || "none"}`,
  };
}

async function said(
  world: World,
  server: string,
  text: string,
  baseline: Baseline,
): Promise<Verdict> {
  const lines = (await world.events(server))
    .filter((e) => e.key === "script.log" && !baseline.loggedEvents.has(identify(server, e)))
    .map((e) => e.text);
  const holds = lines.some((line) => line.endsWith(`: ${text}`));
  return { holds, seen: `scripts of ${server} said: ${lines.join("; ") || "nothing"}` };
}

type StatusFact = Extract<Fact, { kind: "warning" | "level" | "path" }>;

/** A wanted warning, level or path state counts when one agent says so; an unwanted one when none does. */
function judgeStatus(words: readonly Word[], fact: StatusFact): Verdict {
  switch (fact.kind) {
    case "warning": {
      const asked = words.filter((w) => fact.server === null || w.server === fact.server);
      const standing = asked.flatMap((w) => w.status.cluster.reasons.map((r) => r.code));
      const code = isEventKey(fact.key) ? eventEntry(fact.key).code : fact.key;
      const stands = standing.includes(fact.key) || standing.includes(code);
      return {
        holds: asked.length > 0 && stands === fact.wanted,
        seen: `standing: ${standing.join(", ") || "nothing"} (${asked.length} agents answer)`,
      };
    }
    case "level": {
      const levels = words.map((w) => w.status.cluster.level);
      return {
        holds: levels.length > 0 && levels.every((level) => level === fact.level),
        seen: `levels: ${levels.join(", ") || "no agent answers"}`,
      };
    }
    case "path": {
      const paths = words.flatMap((w) => w.status.paths.filter((p) => p.id === fact.id));
      const holds =
        fact.state === "normal"
          ? paths.length > 0 && paths.every((p) => p.state === "normal")
          : paths.some((p) => p.state === fact.state);
      const seen = paths.map((p) => `${p.id} ${p.from}->${p.to} ${p.state}`).join(", ");
      return { holds, seen: seen || "no such path" };
    }
    default:
      return unreachable(fact);
  }
}

type RecordFact = Extract<
  Fact,
  { kind: "group.unmoved" | "owners.never-two" | "array.no-late-write" }
>;

async function judgeRecords(world: World, fact: RecordFact, baseline: Baseline): Promise<Verdict> {
  const records = await world.records();
  const found =
    fact.kind === "group.unmoved"
      ? ownersSince(records, baseline.recordsMs)
      : fact.kind === "owners.never-two"
        ? findTwoOwners(records)
        : findLateArrayWrites(records, fact.server);
  return { holds: found.length === 0, seen: found.join("; ") || "nothing of the kind" };
}

async function restarted(
  world: World,
  group: string,
  wanted: boolean,
  baseline: Baseline,
): Promise<Verdict> {
  const before = baseline.lives.get(group);
  const life = (await world.client(group))?.life;
  const holds = before !== undefined && life !== undefined && (life !== before) === wanted;
  return { holds, seen: `life ${before ?? "none"} before, ${life ?? "none"} now` };
}
