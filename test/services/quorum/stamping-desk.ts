/**
 * A server with its disk process, one event at a time, for the tests of the shared-disk method's traffic. Times:
 * DIO 2000, M 100, so a stamp carries 1900 ms from its issue; a round every 200 ms.
 */
import { hostIncarnation } from "../../../hal/base/ids.ts";
import type { ClusterConfig } from "../../../services/configuration/model.ts";
import type { PulseEffect } from "../../../services/effects.ts";
import type { SlotWord, Stamp } from "../../../services/quorum/stamp.ts";
import {
  createStamping,
  type StampContext,
  type StampState,
} from "../../../services/quorum/stamp-state.ts";
import { step } from "../../../services/quorum/stamping.ts";

export const HOST = hostIncarnation("00000000000000aa");
export const PEER_HOST = hostIncarnation("00000000000000bb");
export const CONFIG = {
  budget: { diskWaitMs: 2000, stampLeaseMs: 1900, stampIntervalMs: 200, a3Ms: 900 },
} as ClusterConfig;
export const CONTEXT: StampContext = {
  self: 0,
  host: HOST,
  epoch: { counter: 7, coordinator: 0, host: HOST },
  word: "running",
  twoWay: 2,
  progress: 1,
  mayLive: true,
  gone: false,
  carried: true,
};

export const peerStamp = (stampMs: number, host = PEER_HOST): Stamp => ({
  state: "running",
  host,
  epoch: { counter: 7, coordinator: 0, host: HOST },
  twoWay: 1,
  stampMs,
});

/** A server with its disk process; every call plays one event and keeps what was asked. */
export class Desk {
  state: StampState;
  asked: PulseEffect[] = [];
  context: StampContext;

  constructor(servers = 2, context: StampContext = CONTEXT) {
    this.state = createStamping(servers, 0);
    this.context = context;
  }

  tick(atMs: number): void {
    this.#take({ kind: "tick", atMs });
  }

  ready(atMs: number): void {
    this.#take({ kind: "disk.ready", atMs });
  }

  slept(atMs: number, gapMs: number): void {
    this.#take({ kind: "gap.noticed", atMs, gapMs });
  }

  gone(atMs: number): void {
    this.#take({ kind: "disk.gone", atMs });
  }

  answer(atMs: number, claim: SlotWord | null = null, ok = true): void {
    const id = this.state.operation?.id ?? 0;
    this.#take({ kind: "disk.answered", atMs, id, op: "write", ok, claim, error: ok ? "" : "EIO" });
  }

  done(atMs: number): void {
    this.#take({ kind: "will.done", atMs, completed: true, off: true });
  }

  /** A whole round begun at `atMs`: 5 ms to write, 5 ms to read. */
  round(atMs: number, progress: number, peer: SlotWord | null): void {
    this.context = { ...this.context, progress };
    this.tick(atMs);
    this.answer(atMs + 5);
    this.answer(atMs + 10, peer);
  }

  written(): Stamp | null {
    const write = this.asked.findLast(({ kind }) => kind === "claim.write");
    return write?.kind === "claim.write" ? (write.claim as Stamp | null) : null;
  }

  #take(event: Parameters<typeof step>[1]): void {
    const { state, effects } = step(this.state, event, this.context, CONFIG);
    this.state = state;
    this.asked.push(...effects);
  }
}

export const readyDesk = (): Desk => {
  const desk = new Desk();
  desk.ready(1000);
  desk.answer(1005);
  desk.answer(1010, peerStamp(50));
  return desk;
};
