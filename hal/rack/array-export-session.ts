/**
 * One NBD client of the rack's array: handshake, then its requests one after the other in order of
 * arrival.
 * Intuition: the socket is always read, so that the end of a client is noticed at once, and
 * whatever it still had waiting is forgotten: no request of a client that is gone is ever executed.
 * That is what lets a server that lost its path and came back write again without being overtaken
 * by its own past.
 * Source: the NBD protocol document, server side; frames in hal/drivers/array-nbd/protocol.ts.
 */
import type { Socket } from "node:net";
import { unreachable } from "../base/assert.ts";
import { ByteQueue } from "../drivers/array-nbd/byte-queue.ts";
import * as nbd from "../drivers/array-nbd/protocol.ts";
import { resetSocket } from "./reset-socket.ts";

/** Requests a client may have waiting; Linux's own client keeps at most 128 under way. */
const WAITING_MAX = 256;
/** Bytes of waiting writes; twice the largest single write. */
const WAITING_BYTES_MAX = 2 * nbd.PAYLOAD_MAX;
/** Options in one handshake; a real client asks fewer than ten. */
const OPTIONS_MAX = 64;
/** A handshake takes milliseconds; a caller that only connects must not keep its place for ever. */
const HANDSHAKE_TIMEOUT_MS = 5000;
const NO_BYTES = new Uint8Array(0);

export type Outcome =
  /** `error` as errno number, 0 = done; `data` of a read. */
  | { readonly kind: "answer"; readonly error: number; readonly data: Uint8Array }
  /** Drop the connection without an answer. */
  | { readonly kind: "hang-up" };

export interface SessionHost {
  readonly exportName: string;
  readonly info: nbd.ExportInfo;
  /** `isGone` turns true when the client ends; from then on nothing may be executed for it. */
  execute(request: nbd.NbdRequest, data: Uint8Array, isGone: () => boolean): Promise<Outcome>;
}

interface Waiting {
  readonly request: nbd.NbdRequest;
  readonly data: Uint8Array;
}

type Phase =
  | { readonly kind: "client-flags" }
  | { readonly kind: "option" }
  | { readonly kind: "option-data"; readonly option: number; readonly dataBytes: number }
  | { readonly kind: "request" }
  | { readonly kind: "write-data"; readonly request: nbd.NbdRequest }
  /** The client said DISC; what follows is not read any more. */
  | { readonly kind: "done" };

export class ArrayExportSession {
  readonly #socket: Socket;
  readonly #host: SessionHost;
  readonly #queue = new ByteQueue();
  readonly #waiting: Waiting[] = [];
  readonly #handshakeTimer: NodeJS.Timeout;
  #phase: Phase = { kind: "client-flags" };
  #waitingBytes = 0;
  #options = 0;
  #zeroes = true;
  #working = false;
  #gone = false;

  constructor(socket: Socket, host: SessionHost) {
    this.#socket = socket;
    this.#host = host;
    this.#handshakeTimer = setTimeout(() => this.drop(), HANDSHAKE_TIMEOUT_MS);
    socket.on("data", (bytes) => this.#receive(bytes));
    // A client may vanish at any time; "close" follows and says all there is to say.
    socket.on("error", () => this.#leave());
    socket.on("end", () => this.#leave());
    socket.on("close", () => this.#leave());
    socket.write(nbd.encodeGreeting(nbd.HANDSHAKE.fixedNewstyle | nbd.HANDSHAKE.noZeroes));
  }

  /** Ends the connection by a reset; nothing that waits is executed. */
  drop(): void {
    this.#leave();
    resetSocket(this.#socket);
  }

  #leave(): void {
    this.#gone = true;
    this.#waiting.length = 0;
    clearTimeout(this.#handshakeTimer);
  }

  #receive(bytes: Uint8Array): void {
    this.#queue.push(bytes);
    while (!this.#gone && this.#step());
  }

  /** Consumes one piece of the stream; false = more bytes are needed. */
  #step(): boolean {
    const phase = this.#phase;
    switch (phase.kind) {
      case "client-flags":
        return this.#clientFlags();
      case "option":
        return this.#optionHead();
      case "option-data":
        return this.#optionData(phase.option, phase.dataBytes);
      case "request":
        return this.#requestHead();
      case "write-data":
        return this.#writeData(phase.request);
      case "done":
        return false;
      default:
        return unreachable(phase);
    }
  }

  #clientFlags(): boolean {
    const bytes = this.#queue.take(nbd.CLIENT_FLAGS_BYTES);
    if (bytes === null) return false;
    const flags = nbd.viewOf(bytes).getUint32(0);
    const known = nbd.HANDSHAKE.fixedNewstyle | nbd.HANDSHAKE.noZeroes;
    if ((flags & ~known) !== 0) this.drop();
    this.#zeroes = (flags & nbd.HANDSHAKE.noZeroes) === 0;
    this.#phase = { kind: "option" };
    return true;
  }

  #optionHead(): boolean {
    const bytes = this.#queue.take(nbd.OPTION_BYTES);
    if (bytes === null) return false;
    const view = nbd.viewOf(bytes);
    const dataBytes = view.getUint32(12);
    this.#options += 1;
    const broken = view.getBigUint64(0) !== nbd.OPTION_MAGIC || dataBytes > nbd.OPTION_DATA_MAX;
    if (broken || this.#options > OPTIONS_MAX) this.drop();
    this.#phase = { kind: "option-data", option: view.getUint32(8), dataBytes };
    return true;
  }

  #optionData(option: number, dataBytes: number): boolean {
    const data = this.#queue.take(dataBytes);
    if (data === null) return false;
    this.#phase = { kind: "option" };
    switch (option) {
      case nbd.OPTION.exportName:
        this.#enterByName(nbd.textOf(data));
        break;
      case nbd.OPTION.go:
      case nbd.OPTION.info:
        this.#describe(option, data);
        break;
      case nbd.OPTION.list:
        this.#list(data);
        break;
      case nbd.OPTION.abort:
        this.#answer(option, nbd.ANSWER.ack);
        this.#socket.end();
        this.#leave();
        break;
      default:
        this.#answer(option, nbd.ANSWER.unsupported);
    }
    return true;
  }

  #enterByName(name: string): void {
    if (!this.#isOurs(name)) {
      this.drop();
      return;
    }
    this.#socket.write(nbd.encodeExport(this.#host.info, this.#zeroes));
    this.#enterTransmission();
  }

  #describe(option: number, data: Uint8Array): void {
    const asked = nbd.decodeGoData(data);
    if (asked === null) {
      this.#answer(option, nbd.ANSWER.invalid);
    } else if (!this.#isOurs(asked.name)) {
      this.#answer(option, nbd.ANSWER.unknownExport);
    } else {
      this.#answer(option, nbd.ANSWER.info, nbd.encodeExportInfo(this.#host.info));
      if (asked.infos.includes(nbd.INFO.blockSize)) {
        this.#answer(option, nbd.ANSWER.info, nbd.encodeBlockSizes(1, 4096, nbd.PAYLOAD_MAX));
      }
      this.#answer(option, nbd.ANSWER.ack);
      if (option === nbd.OPTION.go) this.#enterTransmission();
    }
  }

  #list(data: Uint8Array): void {
    if (data.length > 0) {
      this.#answer(nbd.OPTION.list, nbd.ANSWER.invalid);
      return;
    }
    const name = nbd.bytesOf(this.#host.exportName);
    const entry = new Uint8Array(4 + name.length);
    entry.set(nbd.encodeU32(name.length));
    entry.set(name, 4);
    this.#answer(nbd.OPTION.list, nbd.ANSWER.server, entry);
    this.#answer(nbd.OPTION.list, nbd.ANSWER.ack);
  }

  /** The empty name asks for the default export. */
  #isOurs(name: string): boolean {
    return name === "" || name === this.#host.exportName;
  }

  #answer(option: number, type: number, data: Uint8Array = NO_BYTES): void {
    this.#socket.write(nbd.encodeAnswer(option, type, data));
  }

  #enterTransmission(): void {
    clearTimeout(this.#handshakeTimer);
    this.#phase = { kind: "request" };
  }

  #requestHead(): boolean {
    const bytes = this.#queue.take(nbd.REQUEST_BYTES);
    if (bytes === null) return false;
    const request = nbd.decodeRequest(bytes);
    if (request === null) {
      this.drop();
    } else if (request.command === nbd.COMMAND.write) {
      // Without its payload the stream is lost: an oversized write cannot be answered, only ended.
      if (request.length > nbd.PAYLOAD_MAX) this.drop();
      this.#phase = { kind: "write-data", request };
    } else {
      this.#enqueue({ request, data: NO_BYTES });
    }
    return true;
  }

  #writeData(request: nbd.NbdRequest): boolean {
    const data = this.#queue.take(request.length);
    if (data === null) return false;
    this.#phase = { kind: "request" };
    this.#enqueue({ request, data });
    return true;
  }

  #enqueue(item: Waiting): void {
    if (item.request.command === nbd.COMMAND.disconnect) this.#phase = { kind: "done" };
    this.#waiting.push(item);
    this.#waitingBytes += item.data.length;
    if (this.#waiting.length > WAITING_MAX || this.#waitingBytes > WAITING_BYTES_MAX) this.drop();
    else if (!this.#working) void this.#work();
  }

  async #work(): Promise<void> {
    this.#working = true;
    while (!this.#gone) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      this.#waitingBytes -= next.data.length;
      if (next.request.command === nbd.COMMAND.disconnect) {
        this.#socket.end();
        break;
      }
      const outcome = await this.#host.execute(next.request, next.data, () => this.#gone);
      if (this.#gone) break;
      if (outcome.kind === "hang-up") this.drop();
      else await this.#reply(outcome.error, next.request.cookie, outcome.data);
    }
    this.#working = false;
  }

  /** Waits until a slow client has taken the answer; its next request is not started before. */
  async #reply(error: number, cookie: bigint, data: Uint8Array): Promise<void> {
    const taken = this.#socket.write(nbd.encodeReply(error, cookie, data));
    if (taken || this.#gone) return;
    await new Promise<void>((resolve) => {
      this.#socket.once("drain", resolve);
      this.#socket.once("close", () => resolve());
    });
  }
}
