/**
 * One server of three or more in one round: the real pulse, and beside it an agent with one group, either of
 * a few lines or the real failover core. Effects end a whole round after the last will, the latest moment that
 * the budget allows. Source: protocol.md 1.3-1.4.
 */
import { drawMajorityFacts } from "../../firmware/pulse/majority-facts.ts";
import { createPulse, type MajorityPulse, step } from "../../firmware/pulse/majority-route.ts";
import { hostIncarnation } from "../../hal/base/ids.ts";
import { sameEpoch, type View } from "../../hal/base/view.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { PulseEffect } from "../../services/effects.ts";
import type { PulseEvent, Wish } from "../../services/events.ts";
import type { LanBeat } from "../../services/heartbeat/beat.ts";
import { isIn } from "../../services/membership/majority/sight.ts";
import { type CrewTexts, textAt } from "./crew-config.ts";
import { NOW_MS } from "./pack.ts";
import { createReal, flashOf, type Real, realTurn, restartReal, tokenOf } from "./real-agent.ts";
import { silenced } from "./silence.ts";
import { endStop, smallTurn, type Words } from "./small-agent.ts";

/** Everything on one server; instants count from `NOW_MS`. */
export interface Host {
  readonly index: number;
  readonly boot: number;
  readonly on: boolean;
  /** null = it is started again in this round. */
  readonly pulse: MajorityPulse | null;
  /** Newest beat of each server that waits for the pulse. */
  readonly inbox: readonly (LanBeat | null)[];
  readonly wish: Wish;
  readonly holds: View | null;
  readonly taught: Extract<Wish, { kind: "resume" }> | null;
  readonly words: Words;
  readonly stops: boolean;
  /** The real agent, where there is one; the four fields above are the small one's. */
  readonly real: Real | null;
  readonly mayOwn: boolean;
  /** The group may have effects here. */
  readonly owns: boolean;
  readonly will: boolean;
  readonly pausedFor: number;
  readonly sleptFor: number;
  /** Rounds since the watchdog was fed. */
  readonly unfedFor: number;
  readonly leaves: boolean;
  /** Numbers of the text that the pulse runs by, of the one in force on flash, and of the agent's draft. */
  readonly text: number;
  readonly stored: number;
  readonly draft: number | null;
  /** What the rollout has just said about texts, and about which; null = nothing. */
  readonly textOrder: TextOrder | null;
  /** A rule on texts that this server has just broken, in words; null = none. */
  readonly breach: string | null;
}

export interface TextOrder {
  readonly kind: "prepare" | "install" | "drop";
  readonly text: number;
}

export interface Turn {
  readonly host: Host;
  /** Newest beat to each server in this round. */
  readonly out: readonly (LanBeat | null)[];
}

export type BootKind = "start" | "return" | "detached" | "off";

const incarnation = (index: number, boot: number): ReturnType<typeof hostIncarnation> =>
  hostIncarnation((index * 1000 + boot).toString(16).padStart(16, "0"));

export function bootHost(
  index: number,
  boot: number,
  kind: BootKind,
  before: Real | null,
  text: number,
  texts: CrewTexts,
): Host {
  const config = textAt(texts, text);
  const waitUntilMs = NOW_MS + config.timing.startSyncWaitMs;
  const aside = kind === "off" ? "detached" : kind;
  const floor = before?.state.ownEpoch ?? 0;
  const wish: Wish =
    aside === "start" ? { kind: aside, floor, waitUntilMs } : { kind: aside, floor };
  return {
    index,
    boot,
    on: kind !== "off",
    pulse: kind === "off" ? null : createPulse(index, incarnation(index, boot), config, NOW_MS),
    inbox: config.servers.map(() => null),
    wish,
    holds: null,
    taught: null,
    words: { runs: "stopped", desired: null, order: 0 },
    stops: false,
    real: before === null ? null : createReal(index, wish, floor, config),
    mayOwn: false,
    owns: false,
    will: false,
    pausedFor: 0,
    sleptFor: 0,
    unfedFor: 0,
    leaves: false,
    text,
    stored: text,
    draft: null,
    textOrder: null,
    breach: null,
  };
}

/** A server without power: nothing is remembered but what is on its flash, and how often it was started. */
export const offHost = (host: Host, texts: CrewTexts): Host => ({
  ...bootHost(host.index, host.boot, "off", null, host.stored, texts),
  real: host.real === null ? null : flashOf(host.real, textAt(texts, host.stored)),
});

/** Powered on: as a server that ended in peace when its clean mark says so, else outside (D18). */
export function onHost(host: Host, texts: CrewTexts): Host {
  const kind = host.real === null ? "return" : host.real.marked ? "start" : "detached";
  return bootHost(host.index, host.boot + 1, kind, host.real, host.stored, texts);
}

/**
 * The pulse is lost and is there again in the next round, by the text in force on flash. `remembers` false:
 * the agent is new as well and knows the view from its file and what runs, but neither promise nor newest
 * acknowledgement nor draft.
 */
export function restarted(host: Host, remembers: boolean, texts: CrewTexts): Host {
  const wish = host.wish.kind === "leave" && host.taught !== null ? host.taught : host.wish;
  const inbox = host.inbox.map(() => null);
  const lost = { ...host, pulse: null, wish, inbox, text: host.stored };
  if (remembers) return lost;
  const forgot: Wish =
    wish.kind === "resume" ? { ...wish, ackedStampMs: null, remembered: false } : wish;
  const words = { ...host.words, desired: null, order: 0 };
  const config = textAt(texts, host.stored);
  const real = host.real === null ? null : restartReal(host.real, null, config);
  const gone = { holds: null, words, leaves: false, draft: null, textOrder: null };
  return { ...lost, ...gone, wish: forgot, real };
}

/** The agent alone is lost and is there again at once; the pulse has kept its words. */
export function newAgent(host: Host, texts: CrewTexts): Host {
  const blob = host.pulse?.agent.token?.blob ?? null;
  if (host.real === null) return host;
  return { ...host, real: restartReal(host.real, blob, textAt(texts, host.stored)) };
}

/**
 * Moments of things that are not there, and what is read of a beat only when it arrives: nothing looks at
 * them again. Fewer differences, fewer states. A text is written by its number.
 */
export function trimmed(host: Host, texts: CrewTexts): Host {
  if (host.pulse === null) return host;
  const { membership, heartbeat } = host.pulse;
  const isGone = host.will && membership.gaveUp !== null;
  const peers = heartbeat.peers.map((peer) => {
    if (isGone) return silenced(peer);
    const { beat } = peer;
    if (beat === null) return peer;
    const heardStampMs = beat.heardStampMs === null ? null : 0;
    return { ...peer, beat: { ...beat, ack: null, heardStampMs } };
  });
  const { promise, server } = membership;
  const kept = {
    ...membership,
    promiseAtMs: promise === null ? 0 : membership.promiseAtMs,
    sinceMs: server === "starting" ? membership.sinceMs : 0,
  };
  const { prepared } = host.pulse.revision;
  const isText = typeof prepared === "object" && prepared !== null;
  const named = isText ? (texts.indexOf(prepared) as never) : prepared;
  const revision = { ...host.pulse.revision, prepared: named };
  const pulse = { ...host.pulse, membership: kept, heartbeat: { ...heartbeat, peers }, revision };
  return { ...host, pulse };
}

/**
 * A promise that its agent holds is the very one that is shown: the pulse compares them as objects. And the
 * text itself instead of its number.
 */
export function rejoined(host: Host, texts: CrewTexts): Host {
  if (host.pulse === null) return host;
  const { prepared } = host.pulse.revision;
  const isNamed = typeof prepared === "number";
  const revision = isNamed
    ? { ...host.pulse.revision, prepared: textAt(texts, prepared) }
    : host.pulse.revision;
  const { shown, promise } = host.pulse.membership;
  const isHeld = shown !== null && promise !== null && sameEpoch(shown.epoch, promise.epoch);
  if (!isNamed && !isHeld) return host;
  const membership = isHeld ? { ...host.pulse.membership, shown: promise } : host.pulse.membership;
  return { ...host, pulse: { ...host.pulse, revision, membership } };
}

/** One round of one server: watchdog, pause, what is heard, tick, agent. */
export function takeRound(
  before: Host,
  heard: readonly (LanBeat | null)[],
  texts: CrewTexts,
): Turn {
  const silent = before.inbox.map(() => null);
  if (!before.on) return { host: before, out: silent };
  const inbox = before.inbox.map((old, from) => heard[from] ?? old);
  const unfedFor = before.mayOwn ? before.unfedFor + 1 : 0;
  const host: Host = { ...before, inbox, unfedFor };
  const { budget } = textAt(texts, host.text);
  if (host.mayOwn && unfedFor * budget.intervalMs >= budget.watchdogMs) {
    return { host: offHost(host, texts), out: silent };
  }
  if (host.pausedFor > 0) {
    const [pausedFor, sleptFor] = [host.pausedFor - 1, host.sleptFor + 1];
    return { host: { ...host, pausedFor, sleptFor }, out: silent };
  }
  if (host.will) return { host: offHost(host, texts), out: silent };
  return new Round(host, texts, true).play();
}

/** Later in the same round: what the others said at once is heard, and answered at once. */
export function takeHop(before: Host, heard: readonly (LanBeat | null)[], texts: CrewTexts): Turn {
  const silent = before.inbox.map(() => null);
  if (!before.on || heard.every((beat) => beat === null)) return { host: before, out: silent };
  const host: Host = { ...before, inbox: before.inbox.map((old, from) => heard[from] ?? old) };
  if (host.pausedFor > 0 || host.sleptFor > 0 || host.will || host.pulse === null) {
    return { host, out: silent };
  }
  return new Round(host, texts, false).hop();
}

class Round {
  #host: Host;
  readonly #texts: CrewTexts;
  readonly #isRound: boolean;
  readonly #out: (LanBeat | null)[];

  constructor(host: Host, texts: CrewTexts, isRound: boolean) {
    this.#host = host;
    this.#texts = texts;
    this.#isRound = isRound;
    this.#out = host.inbox.map(() => null);
  }

  /** Of the text that the pulse runs by at this moment. */
  get #config(): ClusterConfig {
    return textAt(this.#texts, this.#host.text);
  }

  play(): Turn {
    const { index, boot, inbox, sleptFor, text } = this.#host;
    const pulse =
      this.#host.pulse ?? createPulse(index, incarnation(index, boot), this.#config, NOW_MS);
    // The agent has written what its pulse took in the round before.
    const draft = this.#host.draft === text ? null : this.#host.draft;
    const kept = { draft, stored: text, sleptFor: 0, inbox: inbox.map(() => null) };
    this.#host = { ...this.#host, ...kept, pulse };
    const gapMs = (sleptFor + 1) * this.#config.budget.intervalMs;
    const isLate = sleptFor > 0 && gapMs >= this.#config.budget.a3Ms;
    if (isLate) this.#take({ kind: "gap.noticed", atMs: NOW_MS, gapMs });
    this.#hear(inbox);
    this.#take({ kind: "tick", atMs: NOW_MS });
    if (this.#host.stops && !this.#host.will) this.#host = endStop(this.#host);
    this.#rollOut();
    return this.#end();
  }

  hop(): Turn {
    const { inbox } = this.#host;
    this.#host = { ...this.#host, inbox: inbox.map(() => null) };
    this.#hear(inbox);
    return this.#end();
  }

  #hear(inbox: readonly (LanBeat | null)[]): void {
    for (const beat of inbox) {
      if (beat === null) continue;
      this.#take({ kind: "beat.received", atMs: NOW_MS, path: 0, beat, proven: true });
    }
  }

  #end(): Turn {
    if (!this.#host.will) this.#speak();
    if (this.#host.pulse?.isJudgeDue === true) this.#take({ kind: "tick", atMs: NOW_MS });
    return { host: this.#host, out: this.#out };
  }

  #take(event: PulseEvent): void {
    const { pulse, will } = this.#host;
    if (pulse === null || will) return;
    const { state, effects } = step(pulse, event, this.#config);
    const breach = this.#host.breach ?? breachOf(pulse, state, effects);
    this.#host = { ...this.#host, pulse: state, breach };
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: PulseEffect): void {
    if (effect.kind === "lan.send") this.#out[effect.beat.to] = effect.beat;
    if (effect.kind === "watchdog.feed") this.#host = { ...this.#host, unfedFor: 0 };
    if (effect.kind === "will.execute") this.#host = { ...this.#host, will: true };
    if (effect.kind === "config.switched") {
      this.#host = { ...this.#host, text: effect.config.revision - 1 };
    }
  }

  /** What an operator's rollout has come to on this server; a new pulse is handed the draft again. */
  #rollOut(): void {
    const { textOrder } = this.#host;
    const atMs = NOW_MS;
    if (textOrder !== null) {
      const { kind, text } = textOrder;
      const draft = kind === "prepare" ? text : kind === "drop" ? null : this.#host.draft;
      this.#host = { ...this.#host, textOrder: null, draft };
      if (kind === "drop") this.#take({ kind: "config.dropped", atMs });
      const { hash } = textAt(this.#texts, text);
      if (kind === "install") this.#take({ kind: "config.install", atMs, hash });
    }
    const { draft, pulse, text } = this.#host;
    if (draft === null || draft === text || pulse === null || pulse.revision.prepared !== null)
      return;
    this.#take({ kind: "config.prepared", atMs, config: textAt(this.#texts, draft) });
  }

  #speak(): void {
    const { pulse, real } = this.#host;
    if (pulse === null) return;
    if (real !== null) return this.#speakReal(pulse, real);
    const { host, token } = smallTurn(this.#host, pulse, this.#config);
    this.#host = host;
    this.#take({ kind: "agent.spoke", atMs: NOW_MS, token });
  }

  #speakReal(pulse: MajorityPulse, before: Real): void {
    // Its newest will travels with its token, and the pulse has taken in every token of an earlier turn.
    const facts = drawMajorityFacts(pulse, 1, null, NOW_MS, this.#config);
    const real = realTurn(before, facts, this.#isRound, this.#config);
    const { owns, mayOwn } = real;
    const unfedFor = mayOwn && !this.#host.mayOwn ? 0 : this.#host.unfedFor;
    const will = real.forced || real.off;
    this.#host = { ...this.#host, real, owns, mayOwn, unfedFor, will };
    const token = will ? null : tokenOf(real, facts.server === "observing");
    if (token !== null) this.#take({ kind: "agent.spoke", atMs: NOW_MS, token });
  }
}

/**
 * Rules 1.3.1 and 1.9: nobody acknowledges a server of another text, and whoever is in a view with others
 * changes its text with an epoch that it has called itself, or follows another who is in its epoch by it.
 */
function breachOf(
  before: MajorityPulse,
  after: MajorityPulse,
  effects: readonly PulseEffect[],
): string | null {
  const { view, self } = after.membership;
  const shown = after.heartbeat.peers.map(({ beat }) => beat);
  for (const effect of effects) {
    if (effect.kind === "lan.send" && effect.beat.ack !== null) {
      const { to, configHash } = effect.beat;
      if (shown[to]?.configHash !== configHash) return `acknowledges ${to}, who has another text`;
    }
    if (effect.kind !== "config.switched" || view === null || !isIn(after.membership)) continue;
    const was = isIn(before.membership) ? before.membership.view : null;
    const isNew = was === null || !sameEpoch(was.epoch, view.epoch);
    const isCalled = isNew && view.epoch.coordinator === self;
    const isFollowed = shown.some(
      (beat) =>
        beat?.view != null &&
        sameEpoch(beat.view.epoch, view.epoch) &&
        beat.configHash === effect.config.hash,
    );
    if (view.members.length > 1 && !isCalled && !isFollowed) return "changes its text by itself";
  }
  return null;
}
