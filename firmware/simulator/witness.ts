/**
 * Invariants of what servers believe of each other, against what is true: who is put out of a view, who is
 * taken for gone, who looks alive although it is off, who starts alone too early.
 * Intuition: a witness who sees both rooms. Source: reliability.md 2.5 (S7, S9-S11); protocol.md 1.3.4, 1.4, 1.7.
 */
import type { View } from "../../hal/base/view.ts";
import type { SwarmHost } from "./host.ts";
import type { InvariantId } from "./invariants.ts";
import type { World } from "./world.ts";

/** A frame that some queue held back may arrive so long after its sender went off, ms. */
const FLIGHT_MAX_MS = 4000;
/** From the power to the first look of a process, ms, and a clock's rate. */
const READ_SLACK_MS = 60;
const RATE_SLACK = 0.002;

type Fail = (id: InvariantId, text: string) => void;

/** When a server was last heard by another one's clock, as it stood at the first look after `offMs`. */
interface LastHeard {
  readonly offMs: number;
  readonly ownMs: number | null;
}

export class Witness {
  readonly #world: World;
  readonly #fail: Fail;
  readonly #views: (View | null)[] = [];
  readonly #onSinceMs: number[] = [];
  readonly #offSinceMs: number[] = [];
  readonly #starts: boolean[] = [];
  readonly #wasOn: boolean[] = [];
  readonly #ghosts = new Set<number>();
  readonly #heard = new Map<number, LastHeard>();

  constructor(world: World, fail: Fail) {
    this.#world = world;
    this.#fail = fail;
  }

  look(): void {
    const { nowMs } = this.#world.clock;
    for (const host of this.#world.hosts) {
      const at = host.index;
      if (host.on !== this.#wasOn[at]) {
        this.#wasOn[at] = host.on;
        if (host.on) this.#onSinceMs[at] = nowMs;
        else this.#offSinceMs[at] = nowMs;
      }
      const server = host.pulse?.state.membership.server;
      if (server !== undefined) this.#starts[at] = server === "starting";
      if (!host.on) this.#lookForGhost(host, nowMs);
    }
  }

  viewChanged(host: SwarmHost, view: View): void {
    const before = this.#views[host.index] ?? null;
    this.#views[host.index] = view;
    const isSole = view.members.length === 1 && view.members[0] === host.index;
    const starts = this.#starts[host.index] === true;
    this.#starts[host.index] = false;
    // A majority may put out whom some of it hear.
    if (!isSole || this.#world.config.method === "majority") return;
    if (starts) this.#lookAtStart(host);
    for (const index of before?.members ?? []) {
      if (index !== host.index && before?.members.includes(host.index) === true) {
        this.#lookAtDropped(host, this.#world.at(index));
      }
    }
  }

  /** S9, S10: whoever is dropped before its grant is over must be gone, and must own nothing. */
  #lookAtDropped(host: SwarmHost, other: SwarmHost): void {
    const heard = host.pulse?.state.peers.find(({ index }) => index === other.index);
    if (heard?.lanHeardAtMs == null || heard.beat === null || !other.on) return;
    if (other.incarnation !== heard.host) return;
    const { timeoutMs } = host.budget;
    const ageMs = host.localMs() - heard.lanHeardAtMs;
    if (ageMs >= timeoutMs * (1 - RATE_SLACK)) return;
    const gone = other.pulse?.willRunning === true || other.pulse?.state.membership.gaveUp != null;
    if (gone) return;
    const text = `S${host.index} drops S${other.index}, heard ${Math.round(ageMs)} ms ago as ${heard.beat.state}`;
    if (other.running.some((runs) => runs)) this.#fail("S10", `${text}, which runs a group`);
    else if (heard.beat.state === "member") this.#fail("S9", text);
  }

  /** S11: by the simulator's own clock. */
  #lookAtStart(host: SwarmHost): void {
    const { startSyncWaitMs } = this.#world.config.timing;
    const waitedMs = this.#world.clock.nowMs - (this.#onSinceMs[host.index] ?? 0);
    // Whoever hears that everybody else stands outside and owns nothing has nobody to wait for.
    const others = this.#world.hosts.filter((other) => other !== host);
    const isFree = others.every(
      (other) =>
        other.pulse?.state.membership.server === "detached" && !other.running.some((runs) => runs),
    );
    if (isFree) return;
    if (host.startNow || waitedMs >= startSyncWaitMs * (1 - RATE_SLACK) - READ_SLACK_MS) return;
    this.#fail("S11", `S${host.index} starts alone after ${Math.round(waitedMs)} ms`);
  }

  /** S7: nothing new is heard of a server that is off; a clock that jumps makes no sound. */
  #lookForGhost(off: SwarmHost, nowMs: number): void {
    const sinceMs = this.#offSinceMs[off.index] ?? nowMs;
    if (nowMs - sinceMs < FLIGHT_MAX_MS || this.#world.troubleAtMs > sinceMs) return;
    for (const host of this.#world.hosts) {
      const peers = host.pulse?.state.peers;
      if (host === off || peers === undefined || this.#ghosts.has(host.index)) continue;
      const ownMs = peers.find(({ index }) => index === off.index)?.lanHeardAtMs ?? null;
      const pair = host.index * this.#world.hosts.length + off.index;
      const last = this.#heard.get(pair);
      if (last?.offMs !== sinceMs) this.#heard.set(pair, { offMs: sinceMs, ownMs });
      if (last?.offMs !== sinceMs || last.ownMs === ownMs || ownMs === null) continue;
      this.#ghosts.add(host.index);
      this.#fail(
        "S7",
        `S${host.index} hears S${off.index}, which is off since ${Math.round(sinceMs)}`,
      );
    }
  }
}
