/**
 * A hand-written cluster for the page's tests: states as the topic tree has them, changed by simple calls,
 * with commands and rack verbs answered the way the real ones answer. It decides nothing; every test
 * says what happens. Source: services/telemetry/model.ts; ecosystem.md 1.3, 1.4.
 */
import type {
  Bilingual,
  ClusterState,
  CommandReply,
  CommandRequest,
  EventMessage,
  GroupState,
  NodeState,
  PathState,
} from "../../../../services/telemetry/model.ts";

import { AS_MEMBER, fakePlan } from "./fake-plan.ts";
import { both, type FakeShape, kindOf, PAIR, topicOf } from "./fake-shape.ts";

export type Publish = (topic: string, payload: object | string, retain: boolean) => void;

export const PREFIX = "kage/v1/example";

export class FakeCluster {
  readonly #publish: Publish;
  readonly #shape: FakeShape;
  readonly nodes = new Map<string, NodeState["state"]>();
  readonly owners = new Map<string, string | null>();
  readonly groupStates = new Map<string, GroupState["state"]>();
  readonly cut = new Set<string>();
  readonly frozen = new Set<string>();
  #rev = 0;
  #seq = 0;
  readonly #events: EventMessage[] = [];
  headline: Bilingual = both("", "");

  constructor(publish: Publish, shape: FakeShape = PAIR) {
    this.#publish = publish;
    this.#shape = shape;
    for (const server of shape.servers) this.nodes.set(server, "member");
    shape.groups.forEach((group, index) => {
      this.owners.set(group, shape.servers[index % shape.servers.length] ?? null);
      this.groupStates.set(group, "running");
    });
  }

  get pathIds(): readonly string[] {
    return ["lan1", "lan2", "com1", "array"];
  }

  #envelope() {
    this.#rev += 1;
    return {
      v: 1 as const,
      ts: new Date().toISOString(),
      by: this.#shape.servers[0] ?? "",
      epoch: 7,
      rev: this.#rev,
    };
  }

  publishAll(): void {
    this.publishInfo();
    for (const server of this.#shape.servers) this.publishNode(server);
    for (const group of this.#shape.groups) this.publishGroup(group);
    for (const path of this.pathIds) this.publishPath(path);
    this.publishState();
    this.#publish(`node/${topicOf(this.#shape.servers[0] ?? "")}/online`, "online", true);
  }

  publishInfo(): void {
    const groups = this.#shape.groups.map((name) => ({
      name,
      policy: this.#policy(name),
      resources: [
        { name: `${name}-ip`, type: "floating-ip" },
        { name: `${name}-service`, type: "exec" },
      ],
    }));
    const paths = this.pathIds.map((id) => ({ id, kind: kindOf(id) }));
    const fixed = { cluster: "example", version: "0.1.0", method: "com-disk" };
    const times = { timeoutMs: 1000, intervalMs: 100 };
    const { servers } = this.#shape;
    this.#publish(
      "info",
      { ...this.#envelope(), ...fixed, ...times, servers, groups, paths },
      true,
    );
  }

  #policy(group: string): readonly string[] {
    const { servers, groups } = this.#shape;
    const home = groups.indexOf(group) % servers.length;
    return [...servers.slice(home), ...servers.slice(0, home)];
  }

  publishState(): void {
    const down = [...this.nodes].filter(([, state]) => state !== "member");
    const failed = [...this.groupStates].filter(([, state]) => state === "failed");
    const members = this.nodes.size - down.length;
    const survives = Math.max(0, members - 1);
    const cutPaths = [...this.cut].filter((path) => path !== "array");
    const reasons: ClusterState["reasons"] = [
      ...down.map(([name, state]) => ({
        code: "KG-2010",
        text: `Server ${name} is ${state === "off" ? "not heard" : state}.`,
        ja: `サーバ ${name} は${state === "off" ? "応答がありません" : "切り離し中です"}。`,
      })),
      ...cutPaths.map((path) => ({
        code: "KG-1001",
        text: `Path ${path} is faulty.`,
        ja: `経路 ${path} に異常があります。`,
      })),
      ...failed.map(([name]) => ({
        code: "KG-4031",
        text: `Group ${name} has failed.`,
        ja: `グループ ${name} に異常があります。`,
      })),
    ];
    const level = failed.length > 0 ? "failed" : reasons.length > 0 ? "degraded" : "ok";
    this.#publish(
      "state",
      {
        ...this.#envelope(),
        level,
        reasons,
        coordinator: [...this.nodes].find(([, state]) => state === "member")?.[0] ?? null,
        survivesFailures: survives,
        headline: this.headline,
        configRevision: "3fa9c1d2",
        revision: 3,
      },
      true,
    );
  }

  setNode(server: string, state: NodeState["state"]): void {
    this.nodes.set(server, state);
    this.publishNode(server);
    this.publishState();
  }

  publishNode(name: string): void {
    const state = this.nodes.get(name) ?? "off";
    const since = new Date().toISOString();
    const incarnation = "0123456789abcdef";
    const value = { ...this.#envelope(), name, state, since, incarnation };
    this.#publish(`node/${topicOf(name)}/state`, value, true);
  }

  setGroup(name: string, state: GroupState["state"], owner: string | null): void {
    this.groupStates.set(name, state);
    this.owners.set(name, owner);
    this.publishGroup(name);
  }

  publishGroup(name: string): void {
    const state = this.groupStates.get(name) ?? "unknown";
    const owner = this.owners.get(name) ?? null;
    const value = { ...this.#envelope(), name, state, owner, policy: this.#policy(name) };
    this.#publish(`group/${topicOf(name)}/state`, value, true);
  }

  /** Both ways faulty, or healthy again. */
  setCut(path: string, isCut: boolean): void {
    if (isCut) this.cut.add(path);
    else this.cut.delete(path);
    this.publishPath(path);
    this.publishState();
  }

  publishPath(id: string): void {
    const kind = kindOf(id);
    const { servers } = this.#shape;
    const pairs: PathState["pairs"][number][] = [];
    for (const from of servers) {
      for (const to of kind === "disk" ? [from] : servers.filter((name) => name !== from)) {
        const isDown = this.nodes.get(from) === "off" || this.nodes.get(to) === "off";
        const faulty = this.cut.has(id) || (isDown && kind !== "disk");
        pairs.push({
          from,
          to,
          state: faulty ? "faulty" : "normal",
          lastHeardMs: faulty ? 4200 : 60,
        });
      }
    }
    this.#publish(`path/${topicOf(id)}/state`, { ...this.#envelope(), kind, id, pairs }, true);
  }

  /** Returns the id, to be given as `cause` of another. */
  event(
    about: Pick<EventMessage, "severity" | "code" | "key" | "subject" | "text"> &
      Partial<Pick<EventMessage, "cause" | "why" | "hint">>,
  ): string {
    this.#seq += 1;
    const server = this.#shape.servers[0] ?? "";
    const event: EventMessage = {
      v: 1,
      id: `${topicOf(server)}-${this.#seq}`,
      seq: this.#seq,
      ts: new Date().toISOString(),
      server,
      args: {},
      cause: null,
      why: both("Seen by the heartbeat.", "ハートビートで検出しました。"),
      hint: both("Nothing to do.", "対処は不要です。"),
      ...about,
    };
    this.#events.push(event);
    this.#publish("event", event, false);
    const recent = { ...this.#envelope(), events: this.#events.slice(-50) };
    this.#publish("event/recent", recent, true);
    return event.id;
  }

  /** The takeover of everything on `from`, told as a story. */
  takeOver(from: string, to: string): void {
    const lost = this.event({
      severity: "warning",
      code: "KG-2004",
      key: "peer.suspected",
      subject: { kind: "node", id: from },
      text: both(
        `Server ${from} is not heard on any path.`,
        `サーバ ${from} からの受信がすべての経路で途絶えました。`,
      ),
    });
    this.nodes.set(from, "off");
    this.publishNode(from);
    for (const path of this.pathIds) this.publishPath(path);
    const verdict = this.event({
      severity: "error",
      code: "KG-2005",
      key: "peer.lost",
      subject: { kind: "node", id: from },
      cause: lost,
      text: both(
        `Server ${from} is judged down; ${to} goes on alone.`,
        `サーバ ${from} を停止と判定し、${to} が単独で継続します。`,
      ),
      why: both(
        "No sign of life for 1.0 s on LAN and COM, claim won.",
        "LAN と COM で 1.0 秒間受信がなく、調停に勝ちました。",
      ),
      hint: both(
        `Check the power of ${from}, then return it.`,
        `${from} の電源を確認し、復帰させてください。`,
      ),
    });
    for (const [group, owner] of this.owners) {
      if (owner !== from) continue;
      const began = this.event({
        severity: "warning",
        code: "KG-4001",
        key: "failover.started",
        subject: { kind: "group", id: group },
        cause: verdict,
        text: both(
          `Failover of group ${group} from ${from} to ${to} has begun.`,
          `グループ ${group} のフェイルオーバを開始しました(${from} から ${to})。`,
        ),
      });
      this.setGroup(group, "running", to);
      this.event({
        severity: "warning",
        code: "KG-4002",
        key: "failover.completed",
        subject: { kind: "group", id: group },
        cause: began,
        text: both(
          `Failover of group ${group} to ${to} is complete: detection 1004 ms, resolution 9 ms, activation 12 ms, start 6 ms.`,
          `グループ ${group} のフェイルオーバが完了しました(${to})。検出 1004 ms、解決 9 ms、活性化 12 ms、開始 6 ms。`,
        ),
      });
    }
    this.publishState();
  }

  /** Answers a command the way the telemetry does: a plan for a dry run, else accepted, running, done. */
  command(topic: string, request: CommandRequest, reply: (reply: CommandReply) => void): void {
    const [, , kind = "", id = "", verb = id] = topic.split("/");
    const name = this.#nameOf(kind, id);
    const to = request.args?.to ?? this.#best(name);
    const say = (
      status: CommandReply["status"],
      text: Bilingual,
      plan: readonly Bilingual[] = [],
    ) =>
      reply({
        v: 1,
        commandId: request.commandId,
        status,
        code: status === "rejected" ? "KG-9007" : null,
        text,
        hint: both("", ""),
        plan,
        ts: new Date().toISOString(),
        by: this.#shape.servers[0] ?? "",
      });
    if (kind === "group" && request.expect?.owner !== this.owners.get(name)) {
      say("rejected", both("The owner has changed meanwhile.", "所有サーバが変わっています。"));
      return;
    }
    const plan = fakePlan(kind, verb, { name, to, from: this.owners.get(name) ?? "" });
    if (request.dryRun === true) {
      say("done", both("", ""), plan);
      return;
    }
    say("accepted", both("", ""));
    say("running", both("", ""));
    if (kind === "group" && verb === "move") this.setGroup(name, "running", to);
    if (kind === "group" && verb === "stop") this.setGroup(name, "stopped", null);
    if (kind === "group" && verb === "start") this.setGroup(name, "running", to);
    if (kind === "node" && verb === "detach") this.setNode(name, "detached");
    if (kind === "node" && AS_MEMBER.has(verb)) this.setNode(name, "member");
    if (kind === "cluster")
      for (const group of this.#shape.groups) this.setGroup(group, "stopped", null);
    say("done", plan.at(-1) ?? both("", ""));
  }

  #nameOf(kind: string, id: string): string {
    const names = kind === "group" ? this.#shape.groups : this.#shape.servers;
    return names.find((name) => topicOf(name) === id) ?? id;
  }

  #best(group: string): string {
    const owner = this.owners.get(group);
    const members = this.#shape.servers.filter((name) => this.nodes.get(name) === "member");
    return members.find((name) => name !== owner) ?? members[0] ?? "";
  }

  rack(request: Readonly<Record<string, unknown>>): object {
    const { verb, paths, server } = request;
    if ((verb === "cut" || verb === "restore") && Array.isArray(paths)) {
      for (const path of paths) {
        const id = path === "com" ? "com1" : String(path);
        this.setCut(id, verb === "cut");
        if (verb === "cut") this.#cutEvent(id);
      }
    }
    if (verb === "power" && typeof server === "string") {
      if (request["on"] === true) this.setNode(server, "detached");
      else this.takeOver(server, this.#shape.servers.find((name) => name !== server) ?? "");
    }
    if (verb === "freeze" && typeof server === "string") this.frozen.add(server);
    if (verb === "thaw" && typeof server === "string") this.frozen.delete(server);
    return this.rackStatus();
  }

  #cutEvent(path: string): void {
    this.event({
      severity: "warning",
      code: "KG-1001",
      key: "path.lost",
      subject: { kind: "path", id: path },
      text: both(`Path ${path} is faulty.`, `経路 ${path} に異常があります。`),
      hint: both(`Check the cable of ${path}.`, `${path} のケーブルを確認してください。`),
    });
  }

  rackStatus(): object {
    const [one = "", two = ""] = this.#shape.servers;
    const wire = (path: string, id: string) => {
      const state = this.cut.has(id) ? "cut" : "up";
      return [
        { path, from: one, to: two, state },
        { path, from: two, to: one, state },
      ];
    };
    return {
      ok: true,
      servers: this.#shape.servers.map((name) => ({
        name,
        power: this.nodes.get(name) === "off" ? "off" : "on",
        frozen: this.frozen.has(name),
      })),
      paths: [
        ...wire("lan1", "lan1"),
        ...wire("lan2", "lan2"),
        ...wire("com", "com1"),
        { path: "array", server: one, state: this.cut.has("array") ? "cut" : "up" },
        { path: "array", server: two, state: this.cut.has("array") ? "cut" : "up" },
      ],
    };
  }
}
