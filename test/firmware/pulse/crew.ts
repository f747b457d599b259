/**
 * Three and more pulses that decide by the shared disk, in virtual time: real cores, an ideal LAN with single wires
 * that can be cut, and an array that gives back what was written last. One step is one millisecond.
 * The world looks every millisecond whether somebody may begin in a view without a server that still runs something:
 * that is the one thing that must never be. Source: protocol.md 1.3-1.8; guide 1.2.4 B1-B8; R67-R79.
 */

import { hasSaidFarewell } from "../../../firmware/pulse/farewell.ts";
import { drawMajorityLease } from "../../../firmware/pulse/majority-facts.ts";
import {
  createPulse,
  holdsLease,
  type MajorityPulse,
  nextDeadlineMs,
  step,
} from "../../../firmware/pulse/majority-route.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { View } from "../../../hal/base/view.ts";
import { type LoadedConfig, loadConfiguration } from "../../../services/configuration/load.ts";
import type { PulseEffect } from "../../../services/effects.ts";
import type { PulseEvent, Wish } from "../../../services/events.ts";
import { leaseEndMs } from "../../../services/membership/majority/lease.ts";
import { asStamp, type SlotWord, type Stamp } from "../../../services/quorum/stamp.ts";

/** T = DIO = 1000 and one LAN: J = 2000, quiet 1000; `budget` of the result says the rest. */
export function crewConfig(count: number, times: object = {}): LoadedConfig {
  const names = Array.from({ length: count }, (_, index) => `SERVER${index + 1}`);
  const each = (text: (at: number) => string): Record<string, string> =>
    Object.fromEntries(names.map((name, at) => [name, text(at)]));
  const timing = {
    heartbeatTimeoutMs: 1000,
    heartbeatIntervalMs: 100,
    diskWaitMs: 1000,
    startSyncWaitMs: 2000,
    ...times,
  };
  const text = JSON.stringify({
    cluster: { name: "crew" },
    virtual: true,
    method: "disk",
    timing,
    servers: names.map((name) => ({ name })),
    lans: [
      { id: "lan1", kind: "private", addresses: each((at) => `127.1.1.${at + 1}:7001`) },
      { id: "lan2", kind: "public", addresses: each((at) => `127.1.2.${at + 1}:7002`) },
    ],
    disk: { paths: each((at) => `nbd://127.1.1.99:${10_809 + at}/array`) },
    groups: [],
  });
  const loaded = loadConfiguration(text, "crew.jsonc");
  if (loaded.kind === "ok") return loaded.config;
  throw new Error(loaded.findings.map(({ text: why }) => why).join("\n"));
}

export interface Host {
  state: MajorityPulse;
  on: boolean;
  owns: boolean;
  wish: Wish;
  progress: number;
  /** Promise that the agent holds for its pulse. */
  holds: View | null;
  /** Before this moment the agent says nothing, ms. */
  agentHungUntilMs: number;
  frozenUntilMs: number;
  lastWakeMs: number;
  will: { readonly atMs: number; readonly reason: string } | null;
  readonly notes: string[];
  /** Servers that an operator has stated to be off. */
  peersOff: readonly number[];
  fedAtMs: number;
  inbox: PulseEvent[];
  speaksAtMs: number;
  /** Next tick of the pulse. */
  dueAtMs: number;
}

interface Flight {
  readonly atMs: number;
  readonly to: number;
  readonly boot: number;
  readonly event: PulseEvent;
}

/** The agent's answer to its pulse. */
const AGENT_MS = 2;

export class Crew {
  readonly config: LoadedConfig;
  readonly hosts: Host[];
  nowMs = 100_000;
  /** `cut[from][to]` */
  readonly cut: boolean[][];
  /** One operation of each server, ms. */
  readonly diskDelaysMs: number[];
  /** No answer ever comes. */
  readonly diskDown: boolean[];
  readonly slots: (SlotWord | null)[];
  /** Every moment at which somebody held a lease in a view without one that still ran something. */
  readonly violations: string[] = [];
  #flights: Flight[] = [];
  #boots = 0;
  #hasHappened = false;

  constructor(config: LoadedConfig, kinds?: readonly Wish["kind"][]) {
    const count = config.servers.length;
    this.config = config;
    this.cut = Array.from({ length: count }, () => Array.from({ length: count }, () => false));
    this.diskDelaysMs = Array.from({ length: count }, () => 2);
    this.diskDown = Array.from({ length: count }, () => false);
    this.slots = Array.from({ length: count }, () => null);
    this.hosts = Array.from({ length: count }, (_, at) => this.#boot(at, kinds?.[at] ?? "start"));
  }

  at(index: number): Host {
    const host = this.hosts[index];
    if (host === undefined) throw new Error(`no server ${index}`);
    return host;
  }

  run(forMs: number): void {
    const endMs = this.nowMs + forMs;
    while (this.nowMs < endMs) {
      this.nowMs += 1;
      this.#deliver();
      for (const index of this.hosts.keys()) this.#wake(index);
      // Only an event lets somebody begin.
      if (this.#hasHappened) this.#look();
      this.#hasHappened = false;
    }
  }

  /** Runs until it is so; the ms it took, or -1 after `maxMs`. */
  until(is: () => boolean, maxMs: number): number {
    const fromMs = this.nowMs;
    while (this.nowMs - fromMs < maxMs) {
      if (is()) return this.nowMs - fromMs;
      this.run(1);
    }
    return is() ? this.nowMs - fromMs : -1;
  }

  /** Cuts or heals all wires between two sides, both ways. */
  part(a: readonly number[], b: readonly number[], isCut = true): void {
    for (const one of a) {
      for (const other of b) {
        this.wire(one, other, isCut);
        this.wire(other, one, isCut);
      }
    }
  }

  wire(from: number, to: number, isCut: boolean): void {
    const wires = this.cut[from];
    if (wires !== undefined) wires[to] = isCut;
  }

  off(index: number): void {
    this.at(index).on = false;
  }

  boot(index: number, kind: Wish["kind"]): void {
    this.hosts[index] = this.#boot(index, kind, this.at(index).state.membership.floor);
  }

  /** The agent lays down a will, or takes it back; one that hangs does neither. */
  own(index: number, owns: boolean): void {
    if (this.nowMs < this.at(index).agentHungUntilMs) return;
    this.at(index).owns = owns;
    this.#speak(index);
  }

  say(index: number, wish: Wish): void {
    this.at(index).wish = wish;
    this.#speak(index);
  }

  /** The pulse is another one at once; with `remembered` its agent has lived on and teaches it, else both are new. */
  restart(index: number, remembered: boolean): void {
    const host = this.at(index);
    const { view, host: boot } = host.state.membership;
    if (view === null) throw new Error(`server ${index} is in no view`);
    const { ackedMs } = drawMajorityLease(host.state, this.nowMs, this.config);
    const ackedStampMs = remembered ? ackedMs : null;
    host.wish = { kind: "resume", view, ackedStampMs, remembered, unheard: !remembered };
    if (!remembered) host.holds = null;
    host.state = createPulse(index, boot, this.config, this.nowMs);
    host.inbox = [{ kind: "disk.ready", atMs: this.nowMs }];
    this.#speak(index);
  }

  freeze(index: number, forMs: number): void {
    this.at(index).frozenUntilMs = this.nowMs + forMs;
  }

  members(index: number): readonly number[] {
    return this.at(index).state.membership.view?.members ?? [];
  }

  /** "off", "will:reason", or the state with the members of the view. */
  shows(index: number): string {
    const { on, will, state } = this.at(index);
    if (will !== null) return `will:${will.reason}`;
    if (!on) return "off";
    const { server, view } = state.membership;
    return view === null ? server : `${server} ${view.members.join("")}`;
  }

  all(): readonly string[] {
    return this.hosts.map((_, index) => this.shows(index));
  }

  /** Something may run here at this moment; what a frozen host's programs do is not the pulse's. */
  acts(index: number): boolean {
    const { on, owns, will, frozenUntilMs } = this.at(index);
    return on && owns && will === null && this.nowMs >= frozenUntilMs;
  }

  holds(index: number): boolean {
    const { on, state, frozenUntilMs } = this.at(index);
    return on && this.nowMs >= frozenUntilMs && holdsLease(state, this.nowMs, this.config);
  }

  /** End of the lease from this moment on, ms. */
  leaseLeftMs(index: number): number {
    const { state } = this.at(index);
    const { heartbeat, membership, disk } = state;
    const peers = heartbeat.peers.filter((peer) => peer.index !== index);
    const now = { peers, mayOwn: this.at(index).owns, atMs: this.nowMs, config: this.config };
    return leaseEndMs(membership, disk === null ? now : { ...now, disk }) - this.nowMs;
  }

  slot(index: number): Stamp | null {
    return asStamp(this.slots[index] ?? null);
  }

  #boot(index: number, kind: Wish["kind"], floor = 0): Host {
    this.#boots += 1;
    const host = hostIncarnation(`${index}${String(this.#boots).padStart(15, "0")}`);
    const waitUntilMs = this.nowMs + this.config.timing.startSyncWaitMs;
    const wish: Wish =
      kind === "start" ? { kind, floor, waitUntilMs } : { kind: "detached", floor };
    return {
      state: createPulse(index, host, this.config, this.nowMs),
      on: true,
      owns: false,
      wish,
      progress: 0,
      holds: null,
      agentHungUntilMs: 0,
      frozenUntilMs: 0,
      lastWakeMs: this.nowMs,
      will: null,
      notes: [],
      peersOff: [],
      fedAtMs: this.nowMs,
      inbox: [{ kind: "disk.ready", atMs: this.nowMs }],
      speaksAtMs: this.nowMs,
      dueAtMs: this.nowMs,
    };
  }

  #look(): void {
    for (const [index, { state }] of this.hosts.entries()) {
      const { view } = state.membership;
      if (view === null || !this.holds(index)) continue;
      for (const other of this.hosts.keys()) {
        if (view.members.includes(other) || !this.acts(other)) continue;
        this.violations.push(`${this.nowMs}: ${index} begins without ${other}, which acts`);
      }
    }
  }

  #wake(index: number): void {
    const host = this.at(index);
    if (!host.on || this.nowMs < host.frozenUntilMs) return;
    const gapMs = this.nowMs - host.lastWakeMs;
    host.lastWakeMs = this.nowMs;
    if (gapMs > 200) this.take(index, { kind: "gap.noticed", atMs: this.nowMs, gapMs });
    for (const event of host.inbox.splice(0)) this.take(index, { ...event, atMs: this.nowMs });
    if (this.nowMs >= host.speaksAtMs) this.#speak(index);
    if (this.nowMs >= host.dueAtMs) {
      this.take(index, { kind: "tick", atMs: this.nowMs });
    }
  }

  #speak(index: number): void {
    const host = this.at(index);
    host.speaksAtMs = this.nowMs + 50;
    if (!host.on || host.will !== null || this.nowMs < host.agentHungUntilMs) return;
    host.progress += 1;
    const { view, server, promise } = host.state.membership;
    if (server !== "observing") host.holds = promise;
    const isGoing = host.wish.kind === "leave" || host.wish.kind === "stop";
    if (server === "member" && view !== null && !isGoing) {
      host.wish = { kind: "resume", view, ackedStampMs: null, remembered: true };
    }
    const token = {
      progress: host.progress,
      blob: new Uint8Array(0),
      wish: host.wish,
      mayOwn: host.owns,
      holds: host.holds,
      peersOff: host.peersOff,
    };
    this.take(index, { kind: "agent.spoke", atMs: this.nowMs, token });
  }

  take(index: number, event: PulseEvent): void {
    const host = this.at(index);
    const { state, effects } = step(host.state, event, this.config);
    host.state = state;
    host.dueAtMs = nextDeadlineMs(state, this.config, this.nowMs);
    this.#hasHappened = true;
    for (const effect of effects) this.#execute(host, index, effect);
  }

  #execute(host: Host, index: number, effect: PulseEffect): void {
    switch (effect.kind) {
      case "lan.send": {
        const { membership, willDone, disk } = host.state;
        if (
          hasSaidFarewell({ membership, willDone, disk: disk === null ? null : { stamps: disk } })
        )
          return;
        const { beat } = effect;
        if (this.cut[index]?.[beat.to] === true) return;
        this.#fly(1, beat.to, { kind: "beat.received", atMs: 0, path: 0, beat, proven: true });
        return;
      }
      case "claim.write":
      case "claim.read":
        return this.#disk(index, effect);
      case "will.execute":
        host.will = { atMs: this.nowMs, reason: effect.reason };
        host.owns = false;
        if (effect.off) host.on = false;
        return;
      case "watchdog.feed":
        host.fedAtMs = this.nowMs;
        return;
      case "disk.kill":
        this.#fly(20, index, { kind: "disk.gone", atMs: 0 });
        this.#fly(40, index, { kind: "disk.ready", atMs: 0 });
        return;
      case "note":
        host.notes.push(effect.key);
        return;
      case "agent.tell":
        host.speaksAtMs = Math.min(host.speaksAtMs, this.nowMs + AGENT_MS);
        return;
      default:
        return;
    }
  }

  #disk(index: number, effect: Extract<PulseEffect, { kind: "claim.write" | "claim.read" }>): void {
    if (this.diskDown[index] === true) return;
    const isWrite = effect.kind === "claim.write";
    if (isWrite) this.slots[index] = effect.claim;
    const claim = isWrite ? effect.claim : (this.slots[effect.server] ?? null);
    const answer = { kind: "disk.answered" as const, atMs: 0, id: effect.id, ok: true, claim };
    const event: PulseEvent = { ...answer, error: "", op: isWrite ? "write" : "read" };
    this.#fly(this.diskDelaysMs[index] ?? 0, index, event);
  }

  #fly(delayMs: number, to: number, event: PulseEvent): void {
    this.#flights.push({ atMs: this.nowMs + delayMs, to, boot: this.#bootOf(to), event });
  }

  #bootOf(index: number): number {
    return Number.parseInt(this.at(index).state.membership.host.slice(1), 10);
  }

  #deliver(): void {
    const due = this.#flights.filter(({ atMs }) => atMs <= this.nowMs);
    this.#flights = this.#flights.filter(({ atMs }) => atMs > this.nowMs);
    for (const { to, boot, event } of due) {
      if (this.at(to).on && boot === this.#bootOf(to)) this.at(to).inbox.push(event);
    }
  }
}

/** All of them in one view; `owner` runs something, null = nobody does. */
export function formed(count: number, owner: number | null = 0, times: object = {}): Crew {
  const crew = new Crew(crewConfig(count, times));
  const all = crew.hosts.map((_, index) => index).join("");
  const tookMs = crew.until(() => crew.all().every((word) => word === `member ${all}`), 3000);
  if (tookMs < 0) throw new Error(`no view of all: ${crew.all().join(", ")}`);
  if (owner !== null) crew.own(owner, true);
  crew.run(1500);
  return crew;
}
