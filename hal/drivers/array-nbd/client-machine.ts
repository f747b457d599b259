/**
 * The client's side of one NBD connection as a machine without a socket: bytes in, actions out.
 * Intuition: a polite caller who asks GO first and falls back to the older EXPORT_NAME for a server
 * that does not know it. Whatever does not fit the protocol ends the connection with a reason;
 * nothing throws.
 * Source: the NBD protocol document; frames in protocol.ts.
 */
import { unreachable } from "../../base/assert.ts";
import { ByteQueue } from "./byte-queue.ts";
import * as nbd from "./protocol.ts";

/** GO answers taken before the final one; a server that goes on talking is broken. */
const INFO_ANSWERS_MAX = 64;

export type ClientAction =
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  /** Handshake done: requests may be sent. */
  | { readonly kind: "ready"; readonly info: nbd.ExportInfo }
  /** Answer to the one request under way. `error` 0 = done; `data` of a read. */
  | { readonly kind: "reply"; readonly error: number; readonly data: Uint8Array }
  /** Drop the connection. */
  | { readonly kind: "failed"; readonly reason: string };

export type AwaitedReply = { readonly cookie: bigint; readonly dataBytes: number };

type Phase = "greeting" | "go" | "export-name" | "transmission" | "reply-data" | "failed";

export class NbdClientMachine {
  readonly #exportName: Uint8Array;
  /** Requests move whole blocks of this size; the server's smallest unit must divide it. */
  readonly #blockBytes: number;
  readonly #queue = new ByteQueue();
  #phase: Phase = "greeting";
  #zeroes = true;
  #infoAnswers = 0;
  #info: nbd.ExportInfo | null = null;
  #awaited: AwaitedReply | null = null;
  /** Head of the option's answer being read, kept until its data is there. */
  #head: { readonly type: number; readonly dataBytes: number } | null = null;

  constructor(exportName: string, blockBytes: number) {
    this.#exportName = nbd.bytesOf(exportName);
    this.#blockBytes = blockBytes;
  }

  /** Names the one reply that may come next; called before its request is sent. */
  expect(reply: AwaitedReply): void {
    this.#awaited = reply;
  }

  receive(bytes: Uint8Array): ClientAction[] {
    this.#queue.push(bytes);
    const actions: ClientAction[] = [];
    while (this.#phase !== "failed") {
      const step = this.#step();
      if (step === null) break;
      actions.push(...step);
    }
    return actions;
  }

  /** Consumes one frame; null = more bytes are needed. */
  #step(): ClientAction[] | null {
    switch (this.#phase) {
      case "greeting":
        return this.#greeting();
      case "go":
        return this.#goAnswer();
      case "export-name":
        return this.#exportNameAnswer();
      case "transmission":
        return this.#reply();
      case "reply-data":
        return this.#replyData();
      case "failed":
        return null;
      default:
        return unreachable(this.#phase);
    }
  }

  #greeting(): ClientAction[] | null {
    const bytes = this.#queue.take(nbd.GREETING_BYTES);
    if (bytes === null) return null;
    const view = nbd.viewOf(bytes);
    if (view.getBigUint64(0) !== nbd.NBD_MAGIC) return this.#fail("this is no NBD server");
    if (view.getBigUint64(8) !== nbd.OPTION_MAGIC) {
      return this.#fail("the server speaks the oldstyle handshake; expected newstyle");
    }
    const offered = view.getUint16(16);
    const flags = offered & (nbd.HANDSHAKE.fixedNewstyle | nbd.HANDSHAKE.noZeroes);
    this.#zeroes = (flags & nbd.HANDSHAKE.noZeroes) === 0;
    const hello: ClientAction = { kind: "send", bytes: nbd.encodeU32(flags) };
    if ((flags & nbd.HANDSHAKE.fixedNewstyle) === 0) return [hello, this.#askByExportName()];
    this.#phase = "go";
    const go = nbd.encodeOption(nbd.OPTION.go, nbd.encodeGoData(this.#exportName));
    return [hello, { kind: "send", bytes: go }];
  }

  #askByExportName(): ClientAction {
    this.#phase = "export-name";
    return { kind: "send", bytes: nbd.encodeOption(nbd.OPTION.exportName, this.#exportName) };
  }

  #goAnswer(): ClientAction[] | null {
    const head = this.#head;
    if (head === null) return this.#goAnswerHead();
    const data = this.#queue.take(head.dataBytes);
    if (data === null) return null;
    this.#head = null;
    if (head.type === nbd.ANSWER.info) return this.#goInfo(data);
    if (head.type === nbd.ANSWER.ack) return this.#enter();
    if (head.type === nbd.ANSWER.unsupported) return [this.#askByExportName()];
    if (head.type === nbd.ANSWER.unknownExport) return this.#fail("the server has no such export");
    const text = nbd.textOf(data.subarray(0, 200));
    return this.#fail(`the server refused the export (answer ${head.type}) ${text}`.trim());
  }

  #goAnswerHead(): ClientAction[] | null {
    const bytes = this.#queue.take(nbd.ANSWER_BYTES);
    if (bytes === null) return null;
    const view = nbd.viewOf(bytes);
    if (view.getBigUint64(0) !== nbd.ANSWER_MAGIC || view.getUint32(8) !== nbd.OPTION.go) {
      return this.#fail("an answer to an option that was not asked");
    }
    const dataBytes = view.getUint32(16);
    if (dataBytes > nbd.OPTION_DATA_MAX) return this.#fail(`an answer of ${dataBytes} bytes`);
    this.#head = { type: view.getUint32(12), dataBytes };
    return [];
  }

  #goInfo(data: Uint8Array): ClientAction[] {
    this.#infoAnswers += 1;
    if (this.#infoAnswers > INFO_ANSWERS_MAX) return this.#fail("too many answers to one option");
    if (data.length < 2) return this.#fail("an information answer without a type");
    const view = nbd.viewOf(data);
    const type = view.getUint16(0);
    if (type === nbd.INFO.export) {
      if (data.length !== 12) return this.#fail("an export answer of the wrong length");
      this.#info = nbd.decodeExport(data, 2);
      if (this.#info === null) return this.#fail("an impossible export size");
    }
    if (type === nbd.INFO.blockSize) {
      if (data.length !== 14) return this.#fail("a block size answer of the wrong length");
      const minimum = view.getUint32(2);
      if (minimum === 0 || this.#blockBytes % minimum !== 0) {
        return this.#fail(
          `the server's blocks of ${minimum} bytes do not divide ${this.#blockBytes}`,
        );
      }
    }
    return [];
  }

  #exportNameAnswer(): ClientAction[] | null {
    const length = nbd.EXPORT_BYTES + (this.#zeroes ? nbd.EXPORT_ZEROES : 0);
    const bytes = this.#queue.take(length);
    if (bytes === null) return null;
    this.#info = nbd.decodeExport(bytes, 0);
    return this.#enter();
  }

  #enter(): ClientAction[] {
    const info = this.#info;
    if (info === null) return this.#fail("the server never said the export's size");
    this.#phase = "transmission";
    return [{ kind: "ready", info }];
  }

  #reply(): ClientAction[] | null {
    const bytes = this.#queue.take(nbd.REPLY_BYTES);
    if (bytes === null) return null;
    const reply = nbd.decodeReply(bytes);
    if (reply === null) return this.#fail("a reply with a wrong magic");
    const awaited = this.#awaited;
    if (awaited === null || awaited.cookie !== reply.cookie) {
      return this.#fail("a reply to a request that was not sent");
    }
    if (reply.error !== 0 || awaited.dataBytes === 0) {
      this.#awaited = null;
      return [{ kind: "reply", error: reply.error, data: new Uint8Array(0) }];
    }
    this.#phase = "reply-data";
    return [];
  }

  #replyData(): ClientAction[] | null {
    const data = this.#queue.take(this.#awaited?.dataBytes ?? 0);
    if (data === null) return null;
    this.#awaited = null;
    this.#phase = "transmission";
    return [{ kind: "reply", error: 0, data }];
  }

  #fail(reason: string): ClientAction[] {
    this.#phase = "failed";
    return [{ kind: "failed", reason }];
  }
}
