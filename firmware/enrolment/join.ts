/**
 * The joining side of an enrolment: proves the one-time code to the inviting server, takes configuration
 * and key, stores them, and only then says so. Whatever goes wrong before leaves nothing here.
 * Source: ecosystem.md 7; services/enrolment/handshake.ts.
 */
import { generateKeyPairSync } from "node:crypto";
import { connect, type Socket } from "node:net";
import {
  openChannel,
  PUBLIC_KEY_BYTES,
  rawPublicKey,
  TAG_BYTES,
} from "../../services/enrolment/handshake.ts";
import {
  encodeWord,
  type Gift,
  PLAIN_BYTES_MAX,
  parseWord,
  type RefusalReason,
} from "../../services/enrolment/words.ts";
import { FrameSocket } from "./frame-socket.ts";

/** Dialling and the whole conversation, ms. */
export const JOIN_MS = 20_000;

export interface JoinOptions {
  readonly host: string;
  readonly port: number;
  /** As `parseCode` gives it. */
  readonly code: string;
  /** Own name; empty = as invited. */
  readonly server: string;
  readonly wants: "cluster" | "key";
  readonly signal: AbortSignal;
  /** Stores what came; null = stored, else why not. */
  readonly store: (gift: Gift) => Promise<string | null>;
  /** Default JOIN_MS. */
  readonly forMs?: number;
}

export type JoinEnd =
  | { readonly kind: "stored"; readonly gift: Gift }
  /** Stored here, but the inviter could not be told. */
  | { readonly kind: "stored-untold"; readonly gift: Gift }
  | { readonly kind: "not-stored"; readonly detail: string }
  | { readonly kind: "unreachable"; readonly detail: string }
  /** The other side does not know this code, or is not the one that gave it out. */
  | { readonly kind: "not-proven" }
  | { readonly kind: "refused"; readonly reason: RefusalReason; readonly detail: string }
  /** What answers there speaks something else. */
  | { readonly kind: "foreign" }
  | { readonly kind: "late" };

/** Never rejects but for a broken contract. */
export async function join(options: JoinOptions): Promise<JoinEnd> {
  const dialled = await dial(options);
  if (typeof dialled === "string") return { kind: "unreachable", detail: dialled };
  const abort = (): void => void dialled.destroy();
  options.signal.addEventListener("abort", abort, { once: true });
  const frames = new FrameSocket(dialled, options.forMs ?? JOIN_MS);
  try {
    return await converse(frames, options);
  } finally {
    options.signal.removeEventListener("abort", abort);
    frames.close();
  }
}

async function converse(frames: FrameSocket, options: JoinOptions): Promise<JoinEnd> {
  const { code, server, wants, store } = options;
  const pair = generateKeyPairSync("x25519");
  await frames.write(rawPublicKey(pair));
  const theirs = await frames.read(PUBLIC_KEY_BYTES);
  if (theirs.kind === "ended") return theirs.isLate ? { kind: "late" } : { kind: "foreign" };
  if (theirs.kind === "too-long") return { kind: "foreign" };
  const channel = openChannel("joiner", pair, theirs.bytes, code);
  if (channel === null) return { kind: "foreign" };
  await frames.write(channel.seal(encodeWord({ kind: "hello", server, wants })));
  const answer = await frames.read(PLAIN_BYTES_MAX + TAG_BYTES);
  // A wrong code is answered by hanging up.
  if (answer.kind === "ended") return answer.isLate ? { kind: "late" } : { kind: "not-proven" };
  if (answer.kind === "too-long") return { kind: "foreign" };
  const plain = channel.open(answer.bytes);
  if (plain === null) return { kind: "not-proven" };
  const word = parseWord(plain);
  if (word?.kind === "refusal") {
    return { kind: "refused", reason: word.reason, detail: word.detail };
  }
  if (word?.kind !== "gift") return { kind: "foreign" };
  const trouble = await store(word);
  const outcome = { kind: "outcome", stored: trouble === null, detail: trouble ?? "" } as const;
  const isTold = await frames.write(channel.seal(encodeWord(outcome)));
  if (trouble !== null) return { kind: "not-stored", detail: trouble };
  return isTold ? { kind: "stored", gift: word } : { kind: "stored-untold", gift: word };
}

/** The connection, or why there is none. */
function dial({ host, port, signal, forMs }: JoinOptions): Promise<Socket | string> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve("interrupted");
    const socket = connect({ host, port });
    const timer = setTimeout(() => settle("ETIMEDOUT"), forMs ?? JOIN_MS);
    const onAbort = (): void => settle("interrupted");
    const onError = (error: NodeJS.ErrnoException): void => settle(error.code ?? error.message);
    const settle = (result: Socket | string): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      if (typeof result === "string") socket.destroy();
      resolve(result);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("error", onError);
    socket.once("connect", () => settle(socket));
  });
}
