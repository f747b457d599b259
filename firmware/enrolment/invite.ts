/**
 * The inviting side of an enrolment: waits in the foreground for one server that proves the one-time
 * code, gives it configuration and key, and hears whether they are stored.
 * Intuition: the proof comes first and the code is used up with the first right one, before anything is
 * given; wrong proofs are counted, silence is only timed.
 * Source: ecosystem.md 7; services/enrolment/handshake.ts.
 */
import { generateKeyPairSync } from "node:crypto";
import { createServer, type Socket } from "node:net";
import {
  type Channel,
  openChannel,
  PUBLIC_KEY_BYTES,
  rawPublicKey,
} from "../../services/enrolment/handshake.ts";
import { encodeWord, parseWord, type RefusalReason } from "../../services/enrolment/words.ts";
import { FrameSocket } from "./frame-socket.ts";

/** How long a code is good, ms. */
export const CODE_VALID_MS = 600_000;
/** Wrong proofs before the code is void. */
export const ATTEMPTS_MAX = 5;
/** Connections that may be under way together: strangers shall not keep the right one out for long. */
const SESSIONS_MAX = 8;
/** One conversation, ms: two round trips, and two synced files at the other side. */
export const SESSION_MS = 20_000;
/** Hello and outcome are short; what is longer is something else. */
const SMALL_BYTES_MAX = 1024;

export interface InviteOptions {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  /** As `parseCode` gives it. */
  readonly code: string;
  /** Name of the server that is invited. */
  readonly server: string;
  readonly purpose: "cluster" | "key";
  /** Text of cluster.jsonc. */
  readonly config: string;
  /** 64 lower-case hex digits. */
  readonly key: string;
  readonly signal: AbortSignal;
  /** Told of every wrong proof: how many are left. */
  readonly onWrong?: (left: number, from: string) => void;
  /** Default CODE_VALID_MS. */
  readonly validMs?: number;
  /** Default SESSION_MS. */
  readonly sessionMs?: number;
}

export type InviteEnd =
  | { readonly kind: "enrolled"; readonly from: string }
  /** The other side has the files in hand and says that it could not store them. */
  | { readonly kind: "not-stored"; readonly detail: string }
  /** Given, but the other side did not say what became of it. */
  | { readonly kind: "unconfirmed" }
  /** The right code, but of another server or for another purpose. */
  | { readonly kind: "mismatched"; readonly detail: string }
  | { readonly kind: "expired" }
  | { readonly kind: "too-many-wrong" }
  | { readonly kind: "stopped" };

export type Invitation =
  | {
      readonly kind: "open";
      readonly host: string;
      readonly port: number;
      readonly end: Promise<InviteEnd>;
    }
  | { readonly kind: "failed"; readonly detail: string };

/** Listens; the promise `end` settles once, and then nothing listens any more. */
export function openInvitation(options: InviteOptions): Promise<Invitation> {
  return new Promise((resolve) => {
    let finish: (end: InviteEnd) => void = () => undefined;
    const end = new Promise<InviteEnd>((settle) => {
      finish = settle;
    });
    const desk = new Desk(options, finish);
    const server = createServer((socket) => desk.take(socket));
    server.once("error", (error) => {
      desk.stop();
      resolve({ kind: "failed", detail: error.message });
    });
    void end.then(() => server.close());
    server.listen({ host: options.host, port: options.port, exclusive: true }, () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : options.port;
      resolve({ kind: "open", host: options.host, port, end });
    });
  });
}

class Desk {
  readonly #options: InviteOptions;
  readonly #finish: (end: InviteEnd) => void;
  readonly #sockets = new Set<Socket>();
  readonly #expiry: NodeJS.Timeout;
  #wrong = 0;
  #isUsed = false;
  #isOver = false;

  constructor(options: InviteOptions, finish: (end: InviteEnd) => void) {
    this.#options = options;
    this.#finish = finish;
    this.#expiry = setTimeout(() => {
      // Whoever proved the code in time may finish.
      if (!this.#isUsed) this.#end({ kind: "expired" });
    }, options.validMs ?? CODE_VALID_MS);
    options.signal.addEventListener("abort", this.#onAbort, { once: true });
    if (options.signal.aborted) this.#onAbort();
  }

  readonly #onAbort = (): void => this.#end({ kind: "stopped" });

  stop(): void {
    this.#end({ kind: "stopped" });
  }

  take(socket: Socket): void {
    if (this.#isOver || this.#sockets.size >= SESSIONS_MAX) {
      socket.on("error", () => socket.destroy());
      return void socket.destroy();
    }
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    void this.#serve(socket);
  }

  async #serve(socket: Socket): Promise<void> {
    const from = `${socket.remoteAddress ?? "?"}`;
    const frames = new FrameSocket(socket, this.#options.sessionMs ?? SESSION_MS);
    const pair = generateKeyPairSync("x25519");
    const first = await frames.read(PUBLIC_KEY_BYTES);
    if (first.kind !== "frame") return frames.destroy();
    await frames.write(rawPublicKey(pair));
    const proof = await frames.read(SMALL_BYTES_MAX);
    if (proof.kind !== "frame") return frames.destroy();
    const channel = openChannel("inviter", pair, first.bytes, this.#options.code);
    const plain = channel?.open(proof.bytes) ?? null;
    if (channel === null || plain === null) {
      frames.destroy();
      return this.#countWrong(from);
    }
    await this.#give(frames, channel, plain, from);
  }

  #countWrong(from: string): void {
    if (this.#isOver || this.#isUsed) return;
    this.#wrong += 1;
    const left = ATTEMPTS_MAX - this.#wrong;
    this.#options.onWrong?.(left, from);
    if (left <= 0) this.#end({ kind: "too-many-wrong" });
  }

  async #give(
    frames: FrameSocket,
    channel: Channel,
    plain: Uint8Array,
    from: string,
  ): Promise<void> {
    if (this.#isUsed || this.#isOver) return this.#refuse(frames, channel, "used", "");
    this.#isUsed = true;
    const { server, purpose, config, key } = this.#options;
    const hello = parseWord(plain);
    if (hello?.kind !== "hello") {
      frames.destroy();
      return this.#end({ kind: "unconfirmed" });
    }
    const isOther = hello.server !== "" && hello.server !== server;
    if (isOther || hello.wants !== purpose) {
      const reason = isOther ? "other-server" : "other-purpose";
      await this.#refuse(frames, channel, reason, isOther ? server : purpose);
      return this.#end({ kind: "mismatched", detail: isOther ? hello.server : hello.wants });
    }
    const isSent = await frames.write(
      channel.seal(encodeWord({ kind: "gift", server, config, key })),
    );
    const answer = isSent ? await frames.read(SMALL_BYTES_MAX) : null;
    const told = answer?.kind === "frame" ? channel.open(answer.bytes) : null;
    const outcome = told === null ? null : parseWord(told);
    frames.close();
    if (outcome?.kind !== "outcome") return this.#end({ kind: "unconfirmed" });
    const { stored, detail } = outcome;
    this.#end(stored ? { kind: "enrolled", from } : { kind: "not-stored", detail });
  }

  async #refuse(
    frames: FrameSocket,
    channel: Channel,
    reason: RefusalReason,
    detail: string,
  ): Promise<void> {
    await frames.write(channel.seal(encodeWord({ kind: "refusal", reason, detail })));
    frames.close();
  }

  #end(end: InviteEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#expiry);
    this.#options.signal.removeEventListener("abort", this.#onAbort);
    const isSpoken = end.kind === "mismatched" || end.kind === "enrolled";
    // A last frame may be on its way; its deadline is the session's.
    if (!isSpoken && end.kind !== "not-stored") {
      for (const socket of this.#sockets) socket.destroy();
    }
    this.#finish(end);
  }
}
