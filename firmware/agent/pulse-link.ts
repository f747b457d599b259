/**
 * The agent's end of the pulse's socket: connects again and again, hands facts up, carries orders down.
 * Source: architecture.md 2; protocol.md P3, P7.
 */
import { connect } from "node:net";
import type { NoteData } from "../../services/effects.ts";
import type { AliveWord, Facts } from "../../services/facts.ts";
import { type LineChannel, openLineChannel } from "../ipc.ts";

const RECONNECT_MS = 20;
/** An address order is done in milliseconds; a hung one must fail the start before the lease does. */
const ORDER_DEADLINE_MS = 5000;

export interface PulseLinkHandlers {
  /** `blob`: this agent's own last words, kept by the pulse over its restart. */
  readonly onWelcome: (blob: Uint8Array, pulsePid: number) => void;
  readonly onFacts: (facts: Facts) => void;
  readonly onAlive: (word: AliveWord) => void;
  readonly onNote: (key: string, data: NoteData, at: number) => void;
  readonly onGone: () => void;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

export class PulseLink {
  readonly #path: string;
  readonly #handlers: PulseLinkHandlers;
  readonly #waiting = new Map<number, Waiting>();
  #channel: LineChannel | null = null;
  #closed = false;
  #nextId = 1;

  constructor(path: string, handlers: PulseLinkHandlers) {
    this.#path = path;
    this.#handlers = handlers;
    this.#connect();
  }

  get isUp(): boolean {
    return this.#channel !== null;
  }

  send(message: object): void {
    this.#channel?.send(message);
  }

  /** Resolves when the pulse has carried the order out; rejects with its reason. */
  order(message: object): Promise<void> {
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      if (this.#channel === null) return reject(new Error("the pulse is not there"));
      const timer = setTimeout(() => this.#fail(id, "the pulse did not answer"), ORDER_DEADLINE_MS);
      this.#waiting.set(id, { resolve, reject, timer });
      this.#channel.send({ ...message, id });
    });
  }

  close(): void {
    this.#closed = true;
    this.#channel?.close();
  }

  #connect(): void {
    if (this.#closed) return;
    const socket = connect(this.#path);
    let up = false;
    const channel = openLineChannel(
      socket,
      (message) => this.#hear(message),
      () => {
        if (up) this.#lose();
        setTimeout(() => this.#connect(), RECONNECT_MS);
      },
    );
    socket.on("connect", () => {
      up = true;
      this.#channel = channel;
      channel.send({ kind: "hello", role: "agent", pid: process.pid });
    });
  }

  #lose(): void {
    this.#channel = null;
    for (const id of [...this.#waiting.keys()]) this.#fail(id, "the pulse went away");
    this.#handlers.onGone();
  }

  #hear(message: Readonly<Record<string, unknown>>): void {
    switch (message["kind"]) {
      case "welcome": {
        const blob = Buffer.from(String(message["blob"] ?? ""), "base64");
        return this.#handlers.onWelcome(blob, Number(message["pid"] ?? 0));
      }
      case "facts": {
        const facts = message["facts"] as Facts;
        const peers = facts.peers.map((one) => ({
          ...one,
          blob: Buffer.from(String(one.blob), "base64"),
        }));
        return this.#handlers.onFacts({ ...facts, peers });
      }
      case "alive":
        return this.#handlers.onAlive(message["word"] as AliveWord);
      case "note":
        return this.#handlers.onNote(
          String(message["key"]),
          message["data"] as NoteData,
          Number(message["at"]),
        );
      case "done":
        return this.#finish(Number(message["id"]), message);
      default:
        return;
    }
  }

  #finish(id: number, message: Readonly<Record<string, unknown>>): void {
    if (message["ok"] !== true) return this.#fail(id, String(message["error"]));
    const waiting = this.#take(id);
    waiting?.resolve();
  }

  #fail(id: number, reason: string): void {
    this.#take(id)?.reject(new Error(reason));
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined) clearTimeout(waiting.timer);
    this.#waiting.delete(id);
    return waiting;
  }
}
