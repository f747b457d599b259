/**
 * Drives the array over NBD: one TCP connection, one request at a time.
 * Intuition: the line is kept dialled, so that a claim never waits for a handshake; when it drops,
 * the request under way fails (outcome unknown) and the line is dialled again, ever more slowly. A
 * request that gets no answer on a standing connection waits for ever: the deadline is the pulse's,
 * the order is ours. It relies on a server that executes nothing of a connection that has ended (as
 * SCSI targets do at session loss), else a write given up here could land after a newer one.
 * Source: the NBD protocol document; protocol.md 1.5; hardware.md 5.
 */
import { connect, type Socket } from "node:net";
import { ARRAY_BLOCK_BYTES, type ArbitrationArray, ArrayError } from "../../ports/array.ts";
import { type ClientAction, NbdClientMachine } from "./client-machine.ts";
import * as nbd from "./protocol.ts";

/** Connect and handshake together, ms: longer means the path is down. */
const CONNECT_TIMEOUT_MS = 2000;
/** Pause before the next dial, ms: doubles from the first to the second. */
const BACKOFF_FIRST_MS = 20;
const BACKOFF_MAX_MS = 1000;
/** A silent idle line is probed after this long, ms, and lost about 10 s later. */
const KEEP_ALIVE_MS = 5000;

export interface NbdArrayOptions {
  readonly host: string;
  readonly port: number;
  /** Empty = the server's default export. */
  readonly exportName: string;
  /** Connect and handshake together, ms; default 2000. */
  readonly connectTimeoutMs?: number;
}

export type NbdUrl =
  | { readonly kind: "good"; readonly options: NbdArrayOptions }
  | { readonly kind: "bad"; readonly reason: string };

/** `nbd://host:port/export`; port default 10809. Never throws. */
export function parseNbdUrl(text: string): NbdUrl {
  const match = /^nbd:\/\/(\[[0-9a-fA-F:.]+\]|[^/:[\]?#\s]+)(?::(\d{1,5}))?(?:\/([^?#\s]*))?$/.exec(
    text,
  );
  const port = match?.[2] === undefined ? 10809 : Number(match[2]);
  if (match?.[1] === undefined || port < 1 || port > 65535) {
    return { kind: "bad", reason: `expected nbd://host:port/export, got ${JSON.stringify(text)}` };
  }
  const host = match[1].replace(/^\[|\]$/g, "");
  const exportName = match[3] ?? "";
  if (nbd.bytesOf(exportName).length > nbd.STRING_BYTES_MAX) {
    return {
      kind: "bad",
      reason: `the export's name is longer than ${nbd.STRING_BYTES_MAX} bytes`,
    };
  }
  return { kind: "good", options: { host, port, exportName } };
}

/** Dials at once and keeps dialling until `close`. */
export function createNbdArray(options: NbdArrayOptions): ArbitrationArray {
  return new NbdArray(options);
}

interface Pending {
  readonly resolve: (data: Uint8Array) => void;
  readonly reject: (error: ArrayError) => void;
}

interface Line {
  readonly socket: Socket;
  readonly machine: NbdClientMachine;
  /** Settles when the handshake ends, either way. */
  readonly ready: Promise<void>;
  readonly settle: (error: ArrayError | null) => void;
  info: nbd.ExportInfo | null;
  pending: Pending | null;
  /** First reason heard for the end of this line. */
  reason: string | null;
}

class NbdArray implements ArbitrationArray {
  readonly #options: NbdArrayOptions;
  readonly #name: string;
  #line: Line | null = null;
  #redial: NodeJS.Timeout | null = null;
  #backoffMs = BACKOFF_FIRST_MS;
  #cookie = 0n;
  #busy = false;
  #closed = false;

  constructor(options: NbdArrayOptions) {
    this.#options = options;
    this.#name = `array nbd://${options.host}:${options.port}/${options.exportName}`;
    this.#dial();
  }

  async readBlock(index: number): Promise<Uint8Array> {
    return await this.#alone(async () => {
      const line = await this.#standingLine(index);
      return await this.#request(line, nbd.COMMAND.read, 0, index, new Uint8Array(0));
    });
  }

  async writeBlock(index: number, bytes: Uint8Array): Promise<void> {
    await this.#alone(async () => {
      if (bytes.length !== ARRAY_BLOCK_BYTES) {
        throw new ArrayError(
          "EINVAL",
          `a block is ${ARRAY_BLOCK_BYTES} bytes, got ${bytes.length}`,
        );
      }
      const line = await this.#standingLine(index);
      const flags = line.info?.flags ?? 0;
      const fua = (flags & nbd.TRANSMISSION.fua) !== 0;
      await this.#request(line, nbd.COMMAND.write, fua ? nbd.COMMAND_FUA : 0, index, bytes);
      if (!fua) await this.#request(line, nbd.COMMAND.flush, 0, 0, new Uint8Array(0));
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#redial !== null) clearTimeout(this.#redial);
    const line = this.#line;
    if (line === null) return;
    const gone = new Promise<void>((resolve) => line.socket.once("close", () => resolve()));
    if (line.info !== null && line.pending === null) {
      const farewell = {
        flags: 0,
        command: nbd.COMMAND.disconnect,
        cookie: 0n,
        offset: 0,
        length: 0,
      };
      line.socket.end(nbd.encodeRequest(farewell, new Uint8Array(0)));
      // The server hangs up after DISC; one that does not is not waited for.
      const patience = setTimeout(() => line.socket.destroy(), CONNECT_TIMEOUT_MS);
      line.socket.once("close", () => clearTimeout(patience));
    } else {
      this.#drop(line, "closed by us");
    }
    await gone;
  }

  /** One operation at a time, for a second one could overtake a hung first. */
  async #alone<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#busy) throw new ArrayError("EBUSY", `${this.#name}: an operation is under way`);
    this.#busy = true;
    try {
      return await operation();
    } finally {
      this.#busy = false;
    }
  }

  /** A line past its handshake; while waiting for the next dial, dials at once. */
  async #standingLine(index: number): Promise<Line> {
    if (this.#closed) throw new ArrayError("ECANCELED", `${this.#name}: closed`);
    const line = this.#line ?? this.#dial();
    await line.ready;
    const sizeBytes = line.info?.sizeBytes ?? 0;
    if (!Number.isInteger(index) || index < 0 || (index + 1) * ARRAY_BLOCK_BYTES > sizeBytes) {
      throw new ArrayError("ERANGE", `${this.#name}: no block ${index} in ${sizeBytes} bytes`);
    }
    return line;
  }

  async #request(
    line: Line,
    command: number,
    flags: number,
    index: number,
    data: Uint8Array,
  ): Promise<Uint8Array> {
    if (line !== this.#line) throw this.#lost(line);
    this.#cookie = BigInt.asUintN(64, this.#cookie + 1n);
    const cookie = this.#cookie;
    const length = command === nbd.COMMAND.flush ? 0 : ARRAY_BLOCK_BYTES;
    const request = { flags, command, cookie, offset: index * ARRAY_BLOCK_BYTES, length };
    const dataBytes = command === nbd.COMMAND.read ? length : 0;
    return await new Promise<Uint8Array>((resolve, reject) => {
      line.pending = { resolve, reject };
      line.machine.expect({ cookie, dataBytes });
      line.socket.write(nbd.encodeRequest(request, data));
    });
  }

  #dial(): Line {
    if (this.#redial !== null) clearTimeout(this.#redial);
    this.#redial = null;
    const { host, port, exportName } = this.#options;
    let settle: Line["settle"] = () => undefined;
    const ready = new Promise<void>((resolve, reject) => {
      settle = (error) => (error === null ? resolve() : reject(error));
    });
    const socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
    });
    const machine = new NbdClientMachine(exportName, ARRAY_BLOCK_BYTES);
    const line: Line = { socket, machine, ready, settle, info: null, pending: null, reason: null };
    const timeoutMs = this.#options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
    const timer = setTimeout(
      () => this.#drop(line, `no NBD handshake within ${timeoutMs} ms`),
      timeoutMs,
    );
    // A dial that nobody waits for may fail: the next one is planned by then.
    const stop = (): void => clearTimeout(timer);
    ready.then(stop, stop);
    socket.on("data", (bytes) => {
      for (const action of machine.receive(bytes)) this.#act(line, action);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      line.reason ??= error.code ?? error.message;
    });
    socket.on("close", () => this.#ended(line));
    this.#line = line;
    return line;
  }

  #act(line: Line, action: ClientAction): void {
    switch (action.kind) {
      case "send":
        line.socket.write(action.bytes);
        return;
      case "ready":
        this.#begin(line, action.info);
        return;
      case "reply":
        this.#settlePending(line, action);
        return;
      case "failed":
        this.#drop(line, action.reason);
        return;
    }
  }

  #begin(line: Line, info: nbd.ExportInfo): void {
    if ((info.flags & nbd.TRANSMISSION.readOnly) !== 0) {
      this.#drop(line, "the export is read-only; claims must be written");
    } else if ((info.flags & (nbd.TRANSMISSION.fua | nbd.TRANSMISSION.flush)) === 0) {
      this.#drop(
        line,
        "the export offers neither FUA nor FLUSH; a claim could be lost in its cache",
      );
    } else {
      line.info = info;
      this.#backoffMs = BACKOFF_FIRST_MS;
      line.settle(null);
    }
  }

  #settlePending(line: Line, reply: { error: number; data: Uint8Array }): void {
    const pending = line.pending;
    line.pending = null;
    if (pending === null) return;
    if (reply.error === 0) pending.resolve(reply.data);
    else {
      const code = nbd.nbdErrorCode(reply.error);
      pending.reject(new ArrayError(code, `${this.#name}: the array answered ${code}`));
      // The protocol wants the client to hang up then; the next dial finds the server back or not.
      if (code === "ESHUTDOWN") this.#drop(line, "the server is shutting down");
    }
  }

  #drop(line: Line, reason: string): void {
    line.reason ??= reason;
    line.socket.destroy();
  }

  #ended(line: Line): void {
    const error = this.#lost(line);
    line.settle(error);
    line.pending?.reject(error);
    line.pending = null;
    this.#line = null;
    if (this.#closed) return;
    this.#redial = setTimeout(() => this.#dial(), this.#backoffMs);
    this.#backoffMs = Math.min(2 * this.#backoffMs, BACKOFF_MAX_MS);
  }

  #lost(line: Line): ArrayError {
    const code = line.info === null ? "ENOTCONN" : "ECONNRESET";
    const what = line.info === null ? "no path to the array" : "path to the array lost";
    return new ArrayError(
      code,
      `${this.#name}: ${what}: ${line.reason ?? "the other side closed"}`,
    );
  }
}
