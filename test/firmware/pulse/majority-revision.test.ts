/**
 * A new text among three pulses: the reducers of the product, beats that arrive at once, and an agent of a few
 * lines that holds promises. What the agents agree on beforehand is played in
 * test/services/configuration/rollout-many.test.ts. T = 1000 ms, interval 100 ms.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  createPulse,
  holdsLease,
  type MajorityPulse,
  step,
} from "../../../firmware/pulse/majority-route.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { View } from "../../../hal/base/view.ts";
import type { ClusterConfig } from "../../../services/configuration/model.ts";
import type { PulseEffect } from "../../../services/effects.ts";
import type { PulseEvent } from "../../../services/events.ts";
import type { LanBeat } from "../../../services/heartbeat/beat.ts";
import { majorityConfig } from "../../sim/majority-world.ts";

const ALL = [0, 1, 2] as const;
const hostOf = (index: number) => hostIncarnation(`${index + 1}`.padStart(16, "0"));
const OLD = majorityConfig(3, 1000);
const NEW: ClusterConfig = { ...OLD, hash: "11111111", revision: 2 };

interface Server {
  pulse: MajorityPulse;
  config: ClusterConfig;
  notes: string[];
  view: View;
  holds: View | null;
  progress: number;
}

class Trio {
  nowMs = 1000;
  /** Who is cut off from everybody. */
  cut: readonly number[] = [];
  /** Who gave up. */
  readonly ended: number[] = [];
  readonly servers: readonly Server[];
  #beats: LanBeat[] = [];

  constructor() {
    const epoch = { counter: 5, coordinator: 0, host: hostOf(0) };
    const view: View = { epoch, members: [...ALL] };
    this.servers = ALL.map((index): Server => {
      const pulse = createPulse(index, hostOf(index), OLD, this.nowMs);
      return { pulse, config: OLD, notes: [], view, holds: null, progress: 0 };
    });
    for (const index of ALL) this.speak(index);
    this.run(500);
    for (const { notes } of this.servers) notes.splice(0);
  }

  at(index: number): Server {
    const server = this.servers[index];
    if (server === undefined) throw new Error(`no server ${index}`);
    return server;
  }

  /** The agent's word: the view it knows and the promise it holds. */
  speak(index: number): void {
    const server = this.at(index);
    server.view = server.pulse.membership.view ?? server.view;
    server.holds = server.pulse.membership.promise;
    server.progress += 1;
    const wish = { kind: "resume", view: server.view, ackedStampMs: this.nowMs, remembered: true };
    const { holds, progress } = server;
    const token = { progress, blob: new Uint8Array(0), wish, mayOwn: index === 0, holds } as const;
    this.take(index, {
      kind: "agent.spoke",
      atMs: this.nowMs,
      token: { ...token, wish: { ...wish, kind: "resume" } },
    });
  }

  take(index: number, event: PulseEvent): void {
    const server = this.at(index);
    const { state, effects } = step(server.pulse, event, server.config);
    server.pulse = state;
    for (const effect of effects) this.#execute(server, effect);
  }

  prepare(...servers: readonly number[]): void {
    for (const index of servers) {
      this.take(index, { kind: "config.prepared", atMs: this.nowMs, config: NEW });
    }
  }

  install(index: number): void {
    this.take(index, { kind: "config.install", atMs: this.nowMs, hash: NEW.hash });
    this.#deliver();
  }

  run(ms: number): void {
    const endMs = this.nowMs + ms;
    while (this.nowMs < endMs) {
      this.nowMs += 50;
      for (const index of ALL) this.take(index, { kind: "tick", atMs: this.nowMs });
      for (const index of ALL) this.speak(index);
      this.#deliver();
    }
  }

  get hashes(): readonly string[] {
    return this.servers.map(({ config }) => config.hash);
  }

  get epochs(): readonly (number | null)[] {
    return this.servers.map(({ pulse }) => pulse.membership.view?.epoch.counter ?? null);
  }

  leased(index: number): boolean {
    const { pulse, config } = this.at(index);
    return holdsLease(pulse, this.nowMs, config);
  }

  #deliver(): void {
    for (let beat = this.#beats.shift(); beat !== undefined; beat = this.#beats.shift()) {
      if (this.cut.includes(beat.from) || this.cut.includes(beat.to)) continue;
      const { promise } = this.at(beat.to).pulse.membership;
      this.take(beat.to, { kind: "beat.received", atMs: this.nowMs, path: 0, beat, proven: true });
      if (this.at(beat.to).pulse.membership.promise !== promise) this.speak(beat.to);
    }
  }

  #execute(server: Server, effect: PulseEffect): void {
    if (effect.kind === "lan.send") this.#beats.push(effect.beat);
    if (effect.kind === "config.switched") server.config = effect.config;
    if (effect.kind === "note") server.notes.push(effect.key);
    if (effect.kind === "will.execute") this.ended.push(server.pulse.membership.self);
  }
}

test("1.9: the coordinator's renewed view carries the text: all three change with the same epoch", () => {
  const trio = new Trio();
  assert.equal(trio.epochs, [5, 5, 5]);
  trio.prepare(...ALL);
  assert.equal(trio.hashes, [OLD.hash, OLD.hash, OLD.hash], "held, not in force");
  trio.install(0);
  trio.run(300);
  assert.equal(trio.hashes, [NEW.hash, NEW.hash, NEW.hash]);
  assert.equal(trio.epochs, [6, 6, 6]);
  assert.equal(
    ALL.map((index) => trio.leased(index)),
    [true, true, true],
  );
  for (const { notes, pulse } of trio.servers) {
    assert.equal(notes, ["view.installed", "config.installed"]);
    assert.is(pulse.revision.prepared, null);
  }
  trio.run(5000);
  assert.equal(trio.epochs, [6, 6, 6], "and once only");
  assert.equal(trio.ended, []);
});

test("1.9: whoever is not the coordinator installs nothing, and gives the order up after T", () => {
  const trio = new Trio();
  trio.prepare(...ALL);
  trio.install(1);
  trio.run(300);
  assert.equal(trio.epochs, [5, 5, 5]);
  trio.run(1000);
  assert.is(trio.at(1).pulse.revision.renewsSinceMs, null);
  assert.equal(trio.hashes, [OLD.hash, OLD.hash, OLD.hash]);
});

test("1.9 V3: a cut before the install leaves the old text at those that go on", () => {
  const trio = new Trio();
  trio.prepare(...ALL);
  trio.cut = [2];
  trio.install(0);
  trio.run(800);
  assert.equal(trio.epochs, [5, 5, 5], "not without the promise of all members");
  trio.run(800);
  assert.equal(trio.at(0).pulse.membership.view?.members, [0, 1]);
  assert.equal(trio.hashes.slice(0, 2), [OLD.hash, OLD.hash]);
  assert.ok(trio.leased(0));
  assert.equal(trio.ended, [2], "who was cut off");
});

test("1.9: an order that is taken back leaves the epoch without the text", () => {
  const trio = new Trio();
  trio.prepare(...ALL);
  trio.take(0, { kind: "config.install", atMs: trio.nowMs, hash: NEW.hash });
  trio.take(0, { kind: "config.dropped", atMs: trio.nowMs });
  trio.run(500);
  assert.equal(trio.hashes, [OLD.hash, OLD.hash, OLD.hash]);
  for (const { notes } of trio.servers) assert.not.ok(notes.includes("config.installed"));
});

test("1.3.1: a member without the text follows the epoch, is granted nothing, and takes it when handed", () => {
  const trio = new Trio();
  trio.prepare(0, 1);
  trio.install(0);
  trio.run(200);
  assert.equal(trio.hashes, [NEW.hash, NEW.hash, OLD.hash]);
  assert.equal(trio.epochs, [6, 6, 6]);
  assert.not.ok(trio.leased(2), "another text is granted nothing");
  assert.ok(trio.leased(0), "the other two carry each other");
  trio.prepare(2);
  trio.run(200);
  assert.is(trio.at(2).config.hash, NEW.hash);
  assert.ok(trio.leased(2));
  assert.equal(trio.ended, []);
});

test("1.2: a text with other times is not held ready while a majority lives by these", () => {
  const trio = new Trio();
  const slower = { ...majorityConfig(3, 1500), hash: "22222222", revision: 2 };
  trio.take(0, { kind: "config.prepared", atMs: trio.nowMs, config: slower });
  assert.is(trio.at(0).pulse.revision.prepared, null);
});

test.run();
