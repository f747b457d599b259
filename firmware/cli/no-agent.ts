/**
 * What to say when no agent answers: why each is silent, and what to do about it. On the virtual appliance the
 * rack knows who has no power, and the folder of such a server why: then that is said, and how to switch it on.
 * Source: requirements R108; ecosystem.md 4.1; style (error texts).
 */
import type { Call } from "./call.ts";
import { request } from "./client.ts";
import type { AgentAddress, Place } from "./discover.ts";
import { EXIT, type Trouble } from "./exit-code.ts";
import { lastEnd } from "./last-end.ts";
import { localFolders } from "./local-paths.ts";
import { type RackState, readRackState } from "./rack-state.ts";
import { agentName, type NoAnswer, type Survey, whyNot } from "./survey.ts";

/** From here on one line for all is read more easily than a command for each. */
const COMMANDS_MAX = 4;

/** The trouble when nobody answered, or null when somebody did. */
export async function surveyTrouble(
  call: Call,
  place: Place,
  result: Survey,
  server?: string,
): Promise<Trouble | null> {
  if (result.best !== null) return null;
  const { say } = call;
  const silent = result.sightings.filter((sighting) => sighting.kind === "no-answer");
  if (silent.length === 0) {
    const message = say("unknownServer", { server: server ?? "" });
    const all = place.agents.map(agentName).join(", ");
    return { exit: EXIT.usage, code: null, message, remedy: say("oneOf", { all }) };
  }
  const kinds = new Set(silent.map(({ reply }) => reply.kind));
  const rack = await askRack(call, place);
  const each = silent.map((sighting) => lineOf(call, sighting, rack));
  const message = [say("noAgent"), ...each].join("\n");
  if (kinds.has("forbidden")) {
    return { exit: EXIT.unauthorised, code: null, message, remedy: say("forbiddenDo") };
  }
  if (kinds.has("malformed")) {
    return { exit: EXIT.failed, code: null, message, remedy: say("garbageDo") };
  }
  const hangs = kinds.has("silent") || rack !== null;
  const remedy = powerDo(call, rack, silent) ?? say(hangs ? "hungDo" : "noAgentDo");
  return { exit: EXIT.unreachable, code: null, message, remedy };
}

export interface NoPower {
  /** One for each server that does not answer. */
  readonly lines: readonly string[];
  readonly remedy: string;
}

/** Nobody answers because of servers without power; null = somebody does, or that is not why. */
export async function noPower(call: Call, place: Place, result: Survey): Promise<NoPower | null> {
  if (result.best !== null) return null;
  const silent = result.sightings.filter((sighting) => sighting.kind === "no-answer");
  const rack = await askRack(call, place);
  const remedy = powerDo(call, rack, silent);
  return remedy === null
    ? null
    : { lines: silent.map((sighting) => lineOf(call, sighting, rack)), remedy };
}

/** null = there is none, or it does not answer. */
async function askRack(call: Call, { rackSocket }: Place): Promise<RackState | null> {
  if (rackSocket === null) return null;
  const { queryDeadlineMs, interrupted } = call.io;
  const reply = await request(rackSocket, { verb: "status" }, queryDeadlineMs, interrupted);
  return reply.kind === "ok" ? readRackState(reply.body) : null;
}

const isOff = (server: string, rack: RackState | null): boolean =>
  rack?.servers.some(({ name, power }) => name === server && power === "off") === true;

function lineOf(call: Call, { agent, reply }: NoAnswer, rack: RackState | null): string {
  const why = isOff(agent.server, rack) ? whyOff(call, agent) : whyNot(call, reply);
  return `${agentName(agent)}: ${why}`;
}

function whyOff(call: Call, agent: AgentAddress): string {
  const folders = localFolders(agent);
  const end = folders === null ? null : lastEnd(folders.stateDir, agent.server, call.lang);
  if (end === null) return call.say("noPower");
  return call.say("noPowerBecause", { why: end.told.text, code: end.told.code });
}

/** null = nobody of them is off. */
function powerDo(call: Call, rack: RackState | null, silent: readonly NoAnswer[]): string | null {
  const names = silent.map(({ agent }) => agent.server).filter((name) => isOff(name, rack));
  if (rack === null || names.length === 0) return null;
  const { command, texts } = call.invocation;
  // Where the appliance is not the one that is looked for anyway, the commands have to say so, too.
  const state = texts.state === undefined ? "" : ` --state ${texts.state}`;
  const kage = (words: string): string => `kage ${words}${state}`;
  const cut = [...new Set(rack.paths.filter(({ isCut }) => isCut).map(({ path }) => path))];
  const isLong = names.length > COMMANDS_MAX;
  const commands = [
    ...(cut.length === 0 ? [] : [kage(`rack restore ${cut.join(" ")}`)]),
    ...(isLong
      ? [call.say("powerOnEach", { state })]
      : names.map((name) => kage(`rack power on ${name}`))),
    kage("status"),
  ];
  const remedy = call.say("powerDo", { commands: commands.join("; ") });
  return command === "events" ? remedy : call.say("seeEventsDo", { state, remedy });
}
