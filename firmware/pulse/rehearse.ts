/**
 * Plays a peer's death through the cores once more than life does: code that runs for the first time is
 * compiled first, and the first time would be the takeover. Pure state, thrown away; nothing is executed.
 */
import type { HostIncarnation, ServerIndex } from "../../hal/base/ids.ts";
import type { View } from "../../hal/base/view.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { PulseEffect } from "../../services/effects.ts";
import type { PulseEvent, Wish } from "../../services/events.ts";
import { SAID_METHODS } from "../../services/failover/method-words.ts";
import { encodeWords } from "../../services/failover/words.ts";
import type { LanBeat } from "../../services/heartbeat/beat.ts";
import { createCores, isCrew } from "./cores.ts";

/** Enough for the interpreter's caches; some tens of milliseconds at the start of the process. */
const ROUNDS = 20;
const BEATS = 5;

/** Words of a server of this software: beside any other one the method may say something else. */
const WORDS = encodeWords({
  shutdown: 0,
  marked: false,
  offAfterLeave: false,
  request: null,
  reply: null,
  groups: [],
  methods: SAID_METHODS,
});

export function rehearseTakeover(
  self: ServerIndex,
  host: HostIncarnation,
  config: ClusterConfig,
): void {
  for (let round = 0; round < ROUNDS; round += 1) playDeath(self, host, config);
}

function playDeath(self: ServerIndex, host: HostIncarnation, config: ClusterConfig): void {
  const { servers, budget } = config;
  const members = servers.map(({ index }) => index);
  const others = members.filter((index) => index !== self);
  const view: View = { epoch: { counter: 1, coordinator: 0, host }, members };
  const { intervalMs, timeoutMs } = budget;
  const cores = createCores(self, host, config, 0);
  const take = (event: PulseEvent): void => {
    const { effects } = cores.take(event, config);
    for (const effect of effects) answer(effect, event.atMs);
  };
  const answer = (effect: PulseEffect, atMs: number): void => {
    if (effect.kind !== "claim.write" && effect.kind !== "claim.read") return;
    const op = effect.kind === "claim.write" ? ("write" as const) : ("read" as const);
    take({ kind: "disk.answered", atMs, id: effect.id, op, ok: true, claim: null, error: "" });
  };
  const wish: Wish = { kind: "resume", view, ackedStampMs: 0, remembered: true };
  const speak = (atMs: number): void => {
    const holds = cores.membership.promise;
    const token = { progress: atMs, blob: new Uint8Array(64), wish, mayOwn: false, holds };
    take({ kind: "agent.spoke", atMs, token });
  };
  const hear = (from: ServerIndex, atMs: number): void => {
    const words = drawBeat(from, self, host, view, atMs, config);
    const crowd = { promise: cores.membership.promise, hears: (1 << members.length) - 1 };
    const beat = isCrew(config) ? { ...words, ...crowd } : words;
    take({ kind: "beat.received", atMs, path: 0, beat, proven: true });
    if (config.com !== null)
      take({ kind: "beat.received", atMs, path: 0, beat: drawCom(beat), proven: true });
  };
  speak(0);
  if (config.disk !== null) take({ kind: "disk.ready", atMs: 0 });
  let atMs = 0;
  for (let beats = 0; beats < BEATS; beats += 1) {
    atMs += intervalMs;
    for (const from of others) hear(from, atMs);
  }
  // The last of them falls silent; of two there is no other left to speak.
  const living = others.slice(0, -1);
  const endMs = atMs + timeoutMs + 2 * intervalMs;
  for (; atMs < endMs; atMs += intervalMs / 2) {
    const nowMs = Math.ceil(atMs);
    take({ kind: "tick", atMs: nowMs });
    for (const from of living) hear(from, nowMs);
    if (living.length > 0) speak(nowMs);
  }
  cores.drawFacts(1, Math.ceil(atMs), config);
}

function drawBeat(
  from: ServerIndex,
  to: ServerIndex,
  host: HostIncarnation,
  view: View,
  stampMs: number,
  config: ClusterConfig,
): LanBeat {
  return {
    kind: "lan-beat",
    from,
    to,
    host,
    stampMs,
    state: "member",
    view,
    promise: null,
    heardStampMs: stampMs - 1,
    ack: { stampMs: stampMs - 1, grantedMs: config.budget.timeoutMs },
    hearsLanBits: 3,
    hearsCom: true,
    claim: 0,
    mayOwn: true,
    configRevision: config.revision,
    configHash: config.hash,
    agentProgress: 1,
    blob: WORDS,
  };
}

function drawCom({
  from,
  to,
  host,
  stampMs,
}: LanBeat): Extract<PulseEvent, { kind: "beat.received" }>["beat"] {
  const words = {
    state: "member" as const,
    epochCounter: 1,
    hearsCom: true,
    sole: false,
    mayOwn: true,
  };
  return { kind: "com-beat", from, to, host, stampMs, ...words };
}
