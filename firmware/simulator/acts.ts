/**
 * Invariants of what servers do: writes on the array, starts, wills, flash and orders, each looked at in the
 * instant in which it happens and against what is true, not against what the servers believe.
 * Source: reliability.md 2.5 (S2-S4, S8, S12-S14, L8); protocol.md 1.3.2, 1.3.6, 1.4.5, 1.4.8, 1.5.
 */
import { type StoreRecord, withoutVouching } from "../../flash/store/record.ts";
import type { LoadedRecord } from "../../flash/store/store.ts";
import type { AgentEffect, FailoverState } from "../../services/failover/state.ts";
import type { Landed } from "./array.ts";
import type { SwarmHost } from "./host.ts";
import type { InvariantId } from "./invariants.ts";
import type { World } from "./world.ts";

/** Saves of one server that are remembered; older ones come back only with a state folder of long ago. */
const SAVES_MAX = 400;
/** A probe and a claim wait for each other; more than this many means that somebody asks without end. */
const DISK_QUEUE_MAX = 64;
/** Some frames, wakes and saves per server are under way at once. */
const CLOCK_QUEUE_MAX = 20_000;
/** An agent's own will has the same time as the pulse's; a socket and a wake come on top, ms. */
const WILL_SLACK_MS = 20;

type Fail = (id: InvariantId, text: string) => void;

interface Will {
  readonly host: SwarmHost;
  readonly incarnation: string;
  readonly beganAtMs: number;
  readonly dueAtMs: number;
}

interface Sleep {
  readonly sinceMs: number;
  readonly process: number;
}

export class ActChecks {
  readonly #world: World;
  readonly #fail: Fail;
  readonly #highest = new Map<
    number,
    { readonly counter: number; readonly host: string; readonly atMs: number }
  >();
  readonly #saves = new Map<number, string[]>();
  readonly #answers = new Map<string, number>();
  readonly #sleeps = new Map<number, Sleep>();
  readonly #ran: boolean[] = [];
  /** Whether its newest view is of itself alone. */
  readonly #wasAlone: boolean[] = [];
  readonly #wasOn: boolean[] = [];
  #wills: Will[] = [];
  #overflowed = false;

  constructor(world: World, fail: Fail) {
    this.#world = world;
    this.#fail = fail;
    world.array.onLanded = (landed) => this.#landed(landed);
  }

  look(): void {
    const { nowMs } = this.#world.clock;
    for (const host of this.#world.hosts) {
      this.#lookAtOff(host);
      this.#lookAtSleep(host, nowMs);
    }
    if (this.#wills.length > 0) this.#lookAtWills(nowMs);
    this.#lookAtQueues();
  }

  /** S3: whoever starts outside the view of a server that may own must have outwaited its lease. */
  moved(host: SwarmHost, group: number): void {
    const view = host.pulse?.state.membership.view;
    if (view == null) return;
    for (const other of this.#world.hosts) {
      const { pulse } = other;
      if (other === host || !other.on || pulse === null || pulse.willRunning) continue;
      if (view.members.includes(other.index) || this.#world.isSole(other.index)) continue;
      if (!pulse.covers || !other.running.some((runs) => runs)) continue;
      if (!pulse.state.holdsLease(other.localMs(), pulse.config)) continue;
      this.#fail("S3", `S${host.index} starts ${group} while S${other.index} holds its lease`);
    }
  }

  /** S4: from here on so long, and nothing of it may run any more. */
  gaveUp(host: SwarmHost): void {
    const { marginMs, protection } = host.budget;
    const { watchdogMs } = this.#world.config.budget;
    const beganAtMs = this.#world.clock.nowMs;
    // Something that hangs is left to the board, where there is one that is quick enough.
    const limitMs = protection === "reset-bounded" ? Math.max(marginMs, watchdogMs) : marginMs;
    const dueAtMs = beganAtMs + limitMs + WILL_SLACK_MS;
    this.#wills.push({ host, incarnation: host.incarnation, beganAtMs, dueAtMs });
  }

  saved(host: SwarmHost, record: StoreRecord): void {
    const texts = this.#saves.get(host.index) ?? [];
    texts.push(JSON.stringify(record), JSON.stringify(withoutVouching(record)));
    if (texts.length > SAVES_MAX) texts.splice(0, texts.length - SAVES_MAX);
    this.#saves.set(host.index, texts);
    if (record.cleanMark === null) return;
    const running = this.#world.hosts.find(
      (other) => other.on && other.running.some((runs) => runs),
    );
    if (running === undefined || !running.isAware) return;
    // A7, H2: where two may go on alone, one of them may end its own cluster in order.
    const { method } = this.#world.config;
    const wasAlone = this.#wasAlone[host.index] === true;
    if ((method === "none" || method === "com") && wasAlone) return;
    this.#fail("S12", `S${host.index} marks a clean end while S${running.index} runs a group`);
  }

  loaded(host: SwarmHost, read: LoadedRecord): void {
    if (read.kind !== "loaded") return;
    const texts = this.#saves.get(host.index) ?? [];
    if (texts.includes(JSON.stringify(read.record))) return;
    // A folder of another server is for the boot decision to refuse.
    const own = this.#world.config.servers[host.index]?.name;
    if (read.record.identity.server !== own) return;
    this.#fail("S13", `S${host.index} reads a record that it never wrote whole`);
  }

  answered(commandId: string): void {
    const times = (this.#answers.get(commandId) ?? 0) + 1;
    this.#answers.set(commandId, times);
    if (times > 1) this.#fail("S14", `${commandId} is answered ${times} times`);
  }

  ordered(before: FailoverState, after: FailoverState, effects: readonly AgentEffect[]): void {
    const refused = effects.find(
      (effect) => effect.kind === "command.answer" && effect.code !== "accepted",
    );
    if (refused === undefined) return;
    const changed = after.groups.some((group, index) => {
      const was = before.groups[index];
      return group.desired !== was?.desired || group.order !== was.order;
    });
    if (changed) this.#fail("S14", "an order was refused and has changed the table");
  }

  /** S2, of the array: one writer per slot, and its words go up. */
  #landed({ by, slot, word }: Landed): void {
    if (by !== slot) this.#fail("S2", `S${by} writes the slot of S${slot}`);
    const host = this.#world.at(by);
    if (word === null || by !== slot) return;
    const was = this.#highest.get(slot);
    const { counter } = word.epoch;
    const remembers = was !== undefined && was.host === word.host && host.forgotAtMs < was.atMs;
    if (remembers && counter < was.counter) {
      this.#fail("S2", `S${by} writes epoch ${counter} after ${was.counter}`);
    }
    // A write of a pulse that is gone was known to nobody who lives on.
    const atMs = host.pulse === null ? Number.NEGATIVE_INFINITY : this.#world.clock.nowMs;
    this.#highest.set(slot, { counter, host: word.host, atMs });
  }

  /** S12: an ordered off comes last. */
  #lookAtOff(host: SwarmHost): void {
    const at = host.index;
    const wentOff = this.#wasOn[at] === true && !host.on;
    if (wentOff && host.offReason === "planned" && this.#ran[at] === true) {
      this.#fail("S12", `S${at} goes off by order while it runs a group`);
    }
    this.#wasOn[at] = host.on;
    if (!host.on || host.pulse?.state.membership.view != null) {
      this.#wasAlone[at] = this.#world.isSole(at);
    }
    this.#ran[at] = host.running.some((runs) => runs);
  }

  /** S8: awake again, it may own nothing before it was acknowledged, or has listened. */
  #lookAtSleep(host: SwarmHost, nowMs: number): void {
    const { pulse, index } = host;
    if (pulse === null) {
      this.#sleeps.delete(index);
      return;
    }
    if (pulse.isAsleep || host.isFrozen) {
      if (!this.#sleeps.has(index)) {
        this.#sleeps.set(index, { sinceMs: nowMs, process: pulse.process });
      }
      return;
    }
    const sleep = this.#sleeps.get(index);
    if (sleep === undefined) return;
    this.#sleeps.delete(index);
    const { a3Ms, marginMs } = host.budget;
    const isLong = nowMs - sleep.sinceMs > a3Ms + marginMs && sleep.process === pulse.process;
    if (!isLong || !pulse.covers || pulse.willRunning) return;
    const { membership } = pulse.state;
    if (membership.listenUntilMs !== null || membership.gaveUp !== null) return;
    if (!pulse.state.holdsLease(host.localMs(), pulse.config)) return;
    this.#fail("S8", `S${index} wakes after ${Math.round(nowMs - sleep.sinceMs)} ms with a lease`);
  }

  #lookAtWills(nowMs: number): void {
    this.#wills = this.#wills.filter(({ host, incarnation, beganAtMs, dueAtMs }) => {
      if (!host.on || host.incarnation !== incarnation) return false;
      if (host.frozenUntilMs > beganAtMs || host.helplessAtMs > beganAtMs) return false;
      if (!host.running.some((runs) => runs)) return false;
      if (nowMs <= dueAtMs) return true;
      this.#fail(
        "S4",
        `S${host.index} still runs a group ${Math.round(nowMs - beganAtMs)} ms after its will`,
      );
      return false;
    });
  }

  #lookAtQueues(): void {
    if (this.#overflowed) return;
    const disk = this.#world.hosts.find((host) => host.disk.waiting > DISK_QUEUE_MAX);
    if (disk !== undefined)
      this.#overflow(`S${disk.index} waits for ${disk.disk.waiting} disk operations`);
    else if (this.#world.clock.waiting > CLOCK_QUEUE_MAX) {
      this.#overflow(`${this.#world.clock.waiting} things are under way`);
    }
  }

  #overflow(text: string): void {
    this.#overflowed = true;
    this.#fail("L8", text);
  }
}
