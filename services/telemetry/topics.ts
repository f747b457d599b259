/**
 * Names of the MQTT tree: topic ids, the prefix of a cluster, and what a command's topic says. The role
 * stands in the topic, so that a static broker list decides who may order what; here the topic is taken
 * apart again and everything that is not in the table is refused.
 * Source: ecosystem.md 1.3, 1.4.
 */
import type { Role } from "./model.ts";

/** Longest topic id; the ids of Homie 5 and of DNS labels fit as well. */
export const TOPIC_ID_CHARACTERS_MAX = 31;
/** Longest topic that is looked at, characters: prefix 40, `cmd/admin/node/`, id, action. */
export const TOPIC_CHARACTERS_MAX = 256;

/** Lower case, everything but `a-z 0-9` becomes `-`; never empty. Two names may get the same id. */
export function topicId(name: string): string {
  const id = name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return id.replace(/^-+/, "").slice(0, TOPIC_ID_CHARACTERS_MAX) || "x";
}

/** An id for each name in the order given; a name whose id is taken gets `-2`, `-3` and so on. */
export function assignIds(names: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  const ids = new Map<string, string>();
  for (const name of names) {
    const plain = topicId(name);
    let id = plain;
    for (let nth = 2; taken.has(id); nth += 1) {
      const tail = `-${nth}`;
      id = `${plain.slice(0, TOPIC_ID_CHARACTERS_MAX - tail.length)}${tail}`;
    }
    taken.add(id);
    ids.set(name, id);
  }
  return ids;
}

/** `kage/v1/<cluster>`, without a slash at its end. */
export const prefixOf = (cluster: string): string => `kage/v1/${topicId(cluster)}`;

/** Client id of a server's telemetry; fixed, so that a second one drives the first out. */
export const clientIdOf = (cluster: string, server: string): string =>
  `kage-${topicId(cluster)}-${topicId(server)}`;

export type GroupAction = "start" | "stop" | "move";
export type NodeAction = "detach" | "return" | "shutdown" | "force-return" | "start-now";

/** What a command's topic asks for; `id` is a topic id that may not exist. */
export type CommandTopic =
  | { readonly kind: "group"; readonly action: GroupAction; readonly id: string }
  | { readonly kind: "node"; readonly action: NodeAction; readonly id: string }
  | { readonly kind: "cluster"; readonly action: "shutdown" | "start-now" }
  | { readonly kind: "view"; readonly action: "ping" | "snapshot" };

export type ReadTopic =
  | { readonly kind: "command"; readonly role: Role; readonly command: CommandTopic }
  /** A known command under another role than the table says. */
  | { readonly kind: "wrong-role"; readonly role: Role; readonly needed: Role }
  | { readonly kind: "unknown" };

/** The one role under which each command is taken. */
const COMMAND_ROLES: ReadonlyMap<string, Role> = new Map([
  ["group start", "op"],
  ["group stop", "op"],
  ["group move", "op"],
  ["node detach", "op"],
  ["node return", "op"],
  ["node shutdown", "admin"],
  ["node force-return", "admin"],
  ["node start-now", "admin"],
  ["cluster shutdown", "admin"],
  ["cluster start-now", "admin"],
  ["view ping", "view"],
  ["view snapshot", "view"],
]);

/** Reads a topic below `<prefix>/cmd/`. */
export function readCommandTopic(prefix: string, topic: string): ReadTopic {
  const unknown: ReadTopic = { kind: "unknown" };
  const head = `${prefix}/cmd/`;
  if (topic.length > TOPIC_CHARACTERS_MAX || !topic.startsWith(head)) return unknown;
  const [role = "", ...words] = topic.slice(head.length).split("/");
  if (role !== "view" && role !== "op" && role !== "admin") return unknown;
  const command = readWords(words);
  if (command === null) return unknown;
  const needed = COMMAND_ROLES.get(`${command.kind} ${command.action}`) ?? "admin";
  return needed === role
    ? { kind: "command", role, command }
    : { kind: "wrong-role", role, needed };
}

function readWords(words: readonly string[]): CommandTopic | null {
  const [first = "", second = "", third = ""] = words;
  if (words.length === 1 && (first === "ping" || first === "snapshot")) {
    return { kind: "view", action: first };
  }
  if (words.length === 2 && first === "cluster") {
    return second === "shutdown" || second === "start-now"
      ? { kind: "cluster", action: second }
      : null;
  }
  if (words.length !== 3 || !isTopicId(second)) return null;
  if (first === "group" && (third === "start" || third === "stop" || third === "move")) {
    return { kind: "group", action: third, id: second };
  }
  return first === "node" && isNodeAction(third)
    ? { kind: "node", action: third, id: second }
    : null;
}

const isNodeAction = (word: string): word is NodeAction => COMMAND_ROLES.has(`node ${word}`);

export const isTopicId = (text: string): boolean => /^[a-z0-9][a-z0-9-]{0,30}$/.test(text);

/** `<prefix>/reply/<account>/<client>` and nothing else: replies must not reach a foreign topic. */
export function isReplyTopic(prefix: string, topic: string): boolean {
  const head = `${prefix}/reply/`;
  if (topic.length > TOPIC_CHARACTERS_MAX || !topic.startsWith(head)) return false;
  return /^\w[\w.@-]{0,63}\/\w[\w.@-]{0,127}$/.test(topic.slice(head.length));
}
