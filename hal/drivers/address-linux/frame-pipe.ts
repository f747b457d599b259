/**
 * One kept-open `socat` with a raw packet socket on the public interface: frames go in by a pipe,
 * heard frames come out, of the same socket or of another that hears less. Its block size is one
 * frame, so writes that the pipe has joined leave as single frames, and what is heard comes in
 * pieces of that size at most. When this process dies socat reads end-of-file and ends too.
 * Source: socat(1) SOCKET-DATAGRAM; packet(7); architecture.md 2 (nothing is forked in a takeover).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { packetAddress } from "./protocol.ts";

export interface FramePipeOptions {
  /** How to call socat, e.g. `["socat"]`. */
  readonly command: readonly string[];
  readonly interfaceIndex: number;
  readonly frameBytes: number;
  /** Send as and, when `onHeard` is given without `listener`, listen to this EtherType. */
  readonly ethertype: number;
  /** socat's address of a socket that listens in place of the sending one. */
  readonly listener?: string;
  /** Bytes heard, in pieces of at most `frameBytes`; null = send only. */
  readonly onHeard: ((bytes: Buffer) => void) | null;
  /** Told when the pipe cannot be had or ends. `missing`: there is no such tool. */
  readonly onLost: (loss: { readonly missing: boolean; readonly detail: string }) => void;
}

/** AF_PACKET and SOCK_RAW as numbers; socat's generic sockets know no names. */
const AF_PACKET = 17;
const SOCK_RAW = 3;
/**
 * socat's words, at its second level of talk, when both its ends are open and it passes frames on
 * (the same in 1.7 and 1.8). Only from then on what is written goes out and what is said is heard.
 */
const NOTICES = ["-d", "-d"];
const STARTED = "starting data transfer loop";
const NOTICE = "] N ";
/** A hundred announcements that nobody takes: the tool hangs, and old ones are worth nothing. */
const QUEUE_MAX_BYTES = 8192;

export class FramePipe {
  readonly #options: FramePipeOptions;
  readonly #child: ChildProcess;
  readonly #waiting: (() => void)[] = [];
  #said = "";
  #passes = false;
  #ended = false;

  constructor(options: FramePipeOptions) {
    this.#options = options;
    const { ethertype, interfaceIndex, frameBytes, onHeard, listener } = options;
    const address = packetAddress(ethertype, interfaceIndex);
    // The protocol of a packet socket is given in network order; 0 hears nothing.
    const sendsOnly = onHeard === null || listener !== undefined;
    const protocol = sendsOnly ? 0 : ((ethertype & 0xff) << 8) | (ethertype >> 8);
    const socket = `SOCKET-DATAGRAM:${AF_PACKET}:${SOCK_RAW}:${protocol}:${address}`;
    const [tool = "", ...before] = options.command;
    const oneWay = onHeard === null ? ["-u"] : [];
    const both = listener === undefined ? `${socket},bind=${address}` : `${listener}!!${socket}`;
    const end = onHeard === null ? socket : both;
    const args = [...before, ...NOTICES, ...oneWay, "-b", String(frameBytes), "-", end];
    this.#child = spawn(tool, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.#listen();
  }

  /** False when the frame was not taken: the pipe is lost or full. Never blocks. */
  send(frame: Buffer): boolean {
    const input = this.#child.stdin;
    if (this.#ended || input === null || input.writableLength > QUEUE_MAX_BYTES) return false;
    input.write(frame);
    return true;
  }

  /** Calls once, when frames pass; at once when they do already, never when the pipe is lost before. */
  whenPassing(call: () => void): void {
    if (this.#passes) call();
    else this.#waiting.push(call);
  }

  close(): void {
    this.#ended = true;
    this.#child.stdin?.destroy();
    this.#child.kill("SIGTERM");
  }

  #listen(): void {
    const { onHeard } = this.#options;
    if (onHeard !== null) this.#child.stdout?.on("data", onHeard);
    this.#child.stderr?.on("data", (part: Buffer) => {
      this.#said = (this.#said + part.toString("latin1")).slice(-1000);
      if (!this.#passes && this.#said.includes(STARTED)) this.#pass();
    });
    this.#child.stdin?.on("error", (error) => this.#lose(false, error.message));
    this.#child.once("error", (error: NodeJS.ErrnoException) => {
      this.#lose(error.code === "ENOENT", error.message);
    });
    this.#child.once("close", (status, signal) => {
      this.#lose(false, `ended (${signal ?? status}) ${this.#complaints()}`.trim());
    });
  }

  #pass(): void {
    this.#passes = true;
    if (this.#ended) return;
    for (const call of this.#waiting.splice(0)) call();
  }

  #complaints(): string {
    const lines = this.#said.split("\n").filter((line) => !line.includes(NOTICE));
    return lines.join("\n").trim().slice(-400);
  }

  #lose(missing: boolean, why: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onLost({ missing, detail: `${this.#options.command.join(" ")}: ${why}` });
  }
}
