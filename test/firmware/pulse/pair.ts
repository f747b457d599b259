/**
 * Two pulses in virtual time: real cores, simulated wires, array and agents. One step is one millisecond,
 * so a run of some seconds takes some milliseconds and is the same every time.
 */

import * as assert from "uvu/assert";
import { hasSaidFarewell, isFarewellOpen } from "../../../firmware/pulse/farewell.ts";
import { holdsLease, nextDeadlineMs, peerOf, step } from "../../../firmware/pulse/route.ts";
import { createPulse, type PulseState } from "../../../firmware/pulse/state.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { LoadedConfig } from "../../../services/configuration/load.ts";
import { loadConfiguration } from "../../../services/configuration/load.ts";
import type { PulseEffect } from "../../../services/effects.ts";
import type { PulseEvent, Wish } from "../../../services/events.ts";
import { acknowledgedMs } from "../../../services/heartbeat/peer.ts";
import { proposalOf } from "../../../services/membership/state.ts";
import type { SlotWord } from "../../../services/quorum/stamp.ts";
import { SAYS } from "./pair-words.ts";

export interface Node {
  state: PulseState;
  /** What this server runs by at the moment. */
  config: LoadedConfig;
  /** Virtual moment before which this server is frozen, ms. */
  frozenUntilMs: number;
  /** Until then there is no process that could receive anything. */
  absentUntilMs: number;
  on: boolean;
  owns: boolean;
  wish: Wish;
  progress: number;
  /** Words of its agent. */
  says: Uint8Array;
  /** The agent does nothing until then, ms. */
  agentHungUntilMs: number;
  /** Moment and reason of the last will. */
  will: { readonly atMs: number; readonly reason: string; readonly off: boolean } | null;
  notes: string[];
  /** Newest feed of the watchdog. */
  fedAtMs: number;
  lastWakeMs: number;
  inbox: PulseEvent[];
  /** An operator has stated that the other server is off. */
  peerOff?: boolean;
}

interface Flight {
  readonly atMs: number;
  readonly to: number;
  readonly event: PulseEvent;
}

export function pairConfig(method: string, timeoutMs = 1000, times: object = {}): LoadedConfig {
  const text = JSON.stringify({
    cluster: { name: "pair" },
    virtual: true,
    method,
    timing: {
      heartbeatTimeoutMs: timeoutMs,
      heartbeatIntervalMs: timeoutMs / 10,
      diskWaitMs: 1000,
      startSyncWaitMs: 2000,
      ...times,
    },
    servers: [{ name: "SERVER1" }, { name: "SERVER2" }],
    lans: [
      {
        id: "lan1",
        kind: "private",
        addresses: { SERVER1: "127.1.1.1:7001", SERVER2: "127.1.1.2:7001" },
      },
      {
        id: "lan2",
        kind: "public",
        addresses: { SERVER1: "127.1.2.1:7002", SERVER2: "127.1.2.2:7002" },
      },
    ],
    ...(method === "none" || method === "disk"
      ? {}
      : {
          com: {
            id: "com1",
            devices: { SERVER1: "tcp://127.1.1.9:7101", SERVER2: "tcp://127.1.1.9:7102" },
          },
        }),
    ...(method === "com-disk" || method === "disk"
      ? {
          disk: {
            paths: {
              SERVER1: "nbd://127.1.1.9:10809/array",
              SERVER2: "nbd://127.1.1.9:10810/array",
            },
          },
        }
      : {}),
    groups: [],
  });
  const loaded = loadConfiguration(text, "pair.jsonc");
  if (loaded.kind === "refused")
    throw new Error(loaded.findings.map(({ text: why }) => why).join("\n"));
  return loaded.config;
}

export class Pair {
  readonly config: LoadedConfig;
  readonly nodes: Node[];
  nowMs = 100_000;
  /** `from` to `to` on LAN path: cut[path][from] */
  readonly cut = [
    [false, false],
    [false, false],
  ];
  readonly comCut = [false, false];
  comDelayMs = 20;
  /** Time of one operation on each server's path, ms. */
  readonly diskDelaysMs = [2, 2];
  /** Operations are carried out, but answered as failed. */
  readonly diskErrors = [false, false];
  readonly diskDown = [false, false];
  readonly blocks: (SlotWord | null)[] = [null, null];
  #flights: Flight[] = [];
  #boots = 1;

  constructor(config: LoadedConfig, wishes: readonly Wish["kind"][] = ["start", "start"]) {
    this.config = config;
    this.nodes = wishes.map((kind, self) => this.#boot(self, kind, 0));
  }

  run(forMs: number): void {
    const endMs = this.nowMs + forMs;
    while (this.nowMs < endMs) {
      this.nowMs += 1;
      this.#deliver();
      for (const [self, node] of this.nodes.entries()) this.#wake(node, self);
    }
  }

  cutLan(
    isCut: boolean,
    from: readonly number[] = [0, 1],
    paths: readonly number[] = [0, 1],
  ): void {
    for (const path of paths) {
      const wires = this.cut[path];
      if (wires !== undefined) for (const side of from) wires[side] = isCut;
    }
  }

  cutCom(isCut: boolean): void {
    this.comCut[0] = isCut;
    this.comCut[1] = isCut;
  }

  at(self: number): Node {
    const node = this.nodes[self];
    if (node === undefined) throw new Error(`no server ${self}`);
    return node;
  }

  power(self: number, on: boolean, kind: Wish["kind"] = "detached", floor = 0): void {
    if (!on) {
      this.at(self).on = false;
      return;
    }
    this.nodes[self] = this.#boot(self, kind, floor);
  }

  /** The pulse dies and comes back after `awayMs`; its agent lives, remembers and teaches it. */
  restartPulse(self: number, awayMs: number): void {
    const node = this.at(self);
    const { view, host, carriedMs } = node.state.membership;
    const peer = peerOf(node.state);
    const backMs = this.nowMs + awayMs;
    const ackedMs = view === null || peer === null ? null : acknowledgedMs(peer, view);
    const ackedStampMs = ackedMs ?? carriedMs;
    const hung = backMs < node.agentHungUntilMs || this.nowMs < node.agentHungUntilMs;
    if (view !== null && !hung)
      node.wish = { kind: "resume", view, ackedStampMs, remembered: true };
    node.state = createPulse(self, host, node.config, backMs);
    node.frozenUntilMs = backMs;
    node.absentUntilMs = backMs;
    node.lastWakeMs = backMs;
    node.progress = 0;
    node.inbox = this.config.disk === null ? [] : [{ kind: "disk.ready", atMs: backMs }];
  }

  /** Ended by an order or a failed stop: all of it is proved gone, the last stamp follows, then the off. */
  end(self: number): void {
    const node = this.at(self);
    node.owns = false;
    node.agentHungUntilMs = Number.POSITIVE_INFINITY;
    this.#take(node, self, { kind: "will.done", atMs: this.nowMs, completed: true, off: true });
    while (isFarewellOpen(node.state, this.config)) this.run(1);
    this.power(self, false);
  }

  /** "member", "detached", "sole", "will:reason", ... */
  shows(self: number): string {
    const node = this.at(self);
    if (!node.on) return "off";
    if (node.will !== null) return `will:${node.will.reason}`;
    const { server, view } = node.state.membership;
    return server === "member" && view?.members.length === 1 ? "sole" : server;
  }

  /** May run groups at this very moment. */
  acts(self: number): boolean {
    const node = this.at(self);
    return node.on && node.owns && node.will === null && this.nowMs >= node.frozenUntilMs;
  }

  holds(self: number): boolean {
    return holdsLease(this.at(self).state, this.nowMs, this.at(self).config);
  }

  /** One word to the pulse from outside, e.g. about a configuration text. */
  tell(self: number, event: PulseEvent): void {
    this.#take(this.at(self), self, event);
  }

  setWish(self: number, wish: Wish): void {
    this.at(self).wish = wish;
    this.#speak(self);
  }

  own(self: number, owns: boolean): void {
    this.at(self).owns = owns;
    this.#speak(self);
  }

  #boot(self: number, kind: Wish["kind"], floor: number): Node {
    const host = hostIncarnation(`${self}${String(this.#boots).padStart(15, "0")}`);
    this.#boots += 1;
    const wish: Wish =
      kind === "start"
        ? { kind, floor, waitUntilMs: this.nowMs + this.config.timing.startSyncWaitMs }
        : { kind: "detached", floor };
    const node: Node = {
      state: createPulse(self, host, this.config, this.nowMs),
      config: this.config,
      frozenUntilMs: 0,
      absentUntilMs: 0,
      on: true,
      owns: false,
      wish,
      progress: 0,
      says: SAYS,
      agentHungUntilMs: 0,
      will: null,
      notes: [],
      fedAtMs: this.nowMs,
      lastWakeMs: this.nowMs,
      inbox: [],
    };
    if (this.config.disk !== null) node.inbox.push({ kind: "disk.ready", atMs: this.nowMs });
    return node;
  }

  #wake(node: Node, self: number): void {
    if (!node.on || this.nowMs < node.frozenUntilMs) return;
    const gapMs = this.nowMs - node.lastWakeMs;
    node.lastWakeMs = this.nowMs;
    if (gapMs > 50) this.#take(node, self, { kind: "gap.noticed", atMs: this.nowMs, gapMs });
    for (const event of node.inbox.splice(0))
      this.#take(node, self, { ...event, atMs: this.nowMs });
    if (this.nowMs % 50 === 0 || node.progress === 0) this.#speak(self);
    if (this.nowMs >= nextDeadlineMs(node.state, node.config, this.nowMs - 1)) {
      this.#take(node, self, { kind: "tick", atMs: this.nowMs });
    }
  }

  #speak(self: number): void {
    const node = this.at(self);
    if (!node.on || node.will !== null || this.nowMs < node.agentHungUntilMs) return;
    node.progress += 1;
    const { view, server } = node.state.membership;
    if (
      server === "member" &&
      view !== null &&
      node.wish.kind !== "leave" &&
      node.wish.kind !== "stop"
    ) {
      const held = proposalOf(node.state.membership);
      const ackedStampMs = held === null ? null : this.nowMs;
      node.wish = { kind: "resume", view: held ?? view, ackedStampMs, remembered: true };
    }
    const token = {
      progress: node.progress,
      blob: node.says,
      wish: node.wish,
      mayOwn: node.owns,
      peersOff: node.peerOff === true ? [1 - self] : [],
    };
    this.#take(node, self, { kind: "agent.spoke", atMs: this.nowMs, token });
  }

  #take(node: Node, self: number, event: PulseEvent): void {
    const { state, effects } = step(node.state, event, node.config);
    node.state = state;
    for (const effect of effects) this.#execute(node, self, effect);
  }

  #execute(node: Node, self: number, effect: PulseEffect): void {
    switch (effect.kind) {
      case "lan.send":
        if (hasSaidFarewell(node.state)) return;
        for (const [path, wires] of this.cut.entries()) {
          if (wires[self] !== true) this.#send(effect.beat.to, path, effect.beat, 1);
        }
        return;
      case "com.send":
        if (this.comCut[self] !== true) this.#send(effect.beat.to, 0, effect.beat, this.comDelayMs);
        return;
      case "claim.write":
      case "claim.read":
        return this.#disk(self, effect);
      case "will.execute":
        node.will = { atMs: this.nowMs, reason: effect.reason, off: effect.off };
        node.owns = false;
        if (effect.off) node.on = false;
        return;
      case "watchdog.feed":
        node.fedAtMs = this.nowMs;
        return;
      case "note":
        node.notes.push(effect.key);
        return;
      case "config.switched":
        node.config = effect.config as LoadedConfig;
        return;
      default:
        return;
    }
  }

  #send(
    to: number,
    path: number,
    beat: Extract<PulseEvent, { kind: "beat.received" }>["beat"],
    delayMs: number,
  ): void {
    const event: PulseEvent = { kind: "beat.received", atMs: 0, path, beat, proven: true };
    this.#flights.push({ atMs: this.nowMs + delayMs, to, event });
  }

  #disk(self: number, effect: Extract<PulseEffect, { kind: "claim.write" | "claim.read" }>): void {
    if (this.diskDown[self] === true) return;
    const write = effect.kind === "claim.write";
    if (write) this.blocks[self] = effect.claim;
    const claim = write ? effect.claim : (this.blocks[effect.server] ?? null);
    const answer = {
      kind: "disk.answered" as const,
      atMs: 0,
      id: effect.id,
      ok: this.diskErrors[self] !== true,
      claim,
      error: "",
    };
    const event: PulseEvent = { ...answer, op: write ? "write" : "read" };
    this.#flights.push({ atMs: this.nowMs + (this.diskDelaysMs[self] ?? 0), to: self, event });
  }

  #deliver(): void {
    const due = this.#flights.filter(({ atMs }) => atMs <= this.nowMs);
    this.#flights = this.#flights.filter(({ atMs }) => atMs > this.nowMs);
    for (const { to, event } of due) {
      const node = this.at(to);
      if (node.on && this.nowMs >= node.absentUntilMs) node.inbox.push(event);
    }
  }
}

/** Two members of a method or text, together for a while; `owner` runs groups, null = nobody does. */
export function started(what: string | LoadedConfig, owner: number | null = 0): Pair {
  const pair = new Pair(typeof what === "string" ? pairConfig(what) : what);
  pair.run(1000);
  assert.is(pair.shows(0), "member");
  assert.is(pair.shows(1), "member");
  if (owner !== null) pair.own(owner, true);
  pair.run(2000);
  return pair;
}

export function cutAll(pair: Pair, isCut: boolean): void {
  pair.cutLan(isCut);
  pair.cutCom(isCut);
}

/** Runs and returns whether both were sole in one moment. */
export function everBothSole(pair: Pair, forMs: number): boolean {
  let both = false;
  for (let ms = 0; ms < forMs; ms += 1) {
    pair.run(1);
    both ||= pair.shows(0) === "sole" && pair.shows(1) === "sole";
  }
  return both;
}
