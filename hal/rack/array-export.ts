/**
 * The array of the virtual appliance: one image, one NBD listener per server (its path to the
 * array), and the faults that arrays and paths have.
 * Intuition: a disk cabinet with one host port per server and a technician who may pull a cable,
 * freeze the drives, make them fail, or cut a write in the middle. Every write is noted for the
 * rack's records.
 * Source: architecture.md 7; hardware.md 5; the NBD protocol document.
 */
import { createServer, type Server } from "node:net";
import { assert } from "../base/assert.ts";
import { monotonicMs } from "../base/clock.ts";
import * as nbd from "../drivers/array-nbd/protocol.ts";
import { type ArrayExportImage, openImage } from "./array-export-image.ts";
import { ArrayExportSession, type Outcome } from "./array-export-session.ts";
import { resetSocket } from "./reset-socket.ts";

/** What a torn write leaves on the medium, bytes: one sector of the old kind. */
const TORN_BYTES = 512;
/** Connections on one path at a time; a server has one, a person looking on another. */
const SESSIONS_MAX = 16;

/**
 * `stall`: requests are held until the fault is cleared and then completed late. `late`: the same, and a
 * write is carried out then although its client is gone: the array had taken it. `error`: each is
 * answered EIO.
 * `torn`: a write stores its first 512 bytes, then the connection is reset without an answer.
 */
export type ArrayFault = "none" | "stall" | "late" | "error" | "torn";

export interface ArrayWrite {
  /** Monotonic clock of the machine, ms, when the bytes were on the medium. */
  readonly atMs: number;
  /** Index of the path, that is of the server. */
  readonly server: number;
  readonly offset: number;
  /** Bytes stored, fewer than asked when torn. */
  readonly length: number;
  readonly torn: boolean;
}

export interface ArrayExportOptions {
  readonly host: string;
  /** One TCP port per server; 0 = any free one, see `ArrayExport.ports`. */
  readonly ports: readonly number[];
  readonly sizeBytes: number;
  /** Name of the export; default `array`. The empty name is answered as well. */
  readonly exportName?: string;
  /** Keeps the image beyond the rack's life; default in memory only. */
  readonly imageFile?: string;
  readonly onWrite: (write: ArrayWrite) => void;
}

export interface ArrayExport {
  /** The ports in use, one per server. */
  readonly ports: readonly number[];
  setFault(server: number | "all", fault: ArrayFault): void;
  /**
   * Cut: connections are reset at once and new ones refused. Settles when done; rejects when the
   * port cannot be had again at a restore.
   */
  cutPath(server: number, cut: boolean): Promise<void>;
  /** The server lost power: its connections end and what it still had waiting is forgotten. */
  dropServer(server: number): void;
  close(): Promise<void>;
}

/** Rejects when a port is taken or the image file does not fit. */
export async function createArrayExport(options: ArrayExportOptions): Promise<ArrayExport> {
  const image = await openImage(options.sizeBytes, options.imageFile ?? null);
  const array = new RackArray(options, image);
  try {
    await array.open();
  } catch (error) {
    await array.close();
    throw error;
  }
  return array;
}

interface ServerPath {
  port: number;
  fault: ArrayFault;
  cut: boolean;
  listener: Server | null;
  readonly sessions: Set<ArrayExportSession>;
  /** Cut and restore of one path follow each other, however quickly they are asked. */
  change: Promise<unknown>;
  /** Ends the waiting of requests held by a stall. */
  release: Array<() => void>;
}

class RackArray implements ArrayExport {
  readonly #options: ArrayExportOptions;
  readonly #image: ArrayExportImage;
  readonly #paths: readonly ServerPath[];

  constructor(options: ArrayExportOptions, image: ArrayExportImage) {
    this.#options = options;
    this.#image = image;
    this.#paths = options.ports.map((port) => ({
      port,
      fault: "none",
      cut: false,
      listener: null,
      sessions: new Set(),
      change: Promise.resolve(),
      release: [],
    }));
  }

  get ports(): readonly number[] {
    return this.#paths.map((path) => path.port);
  }

  async open(): Promise<void> {
    for (const server of this.#paths.keys()) await this.#listen(server);
  }

  setFault(server: number | "all", fault: ArrayFault): void {
    const paths = server === "all" ? this.#paths : [this.#path(server)];
    for (const path of paths) {
      path.fault = fault;
      if (!holds(fault)) releaseHeld(path);
    }
  }

  async cutPath(server: number, cut: boolean): Promise<void> {
    const path = this.#path(server);
    path.cut = cut;
    if (cut) dropSessions(path);
    const change = path.change.then(async () => {
      if (path.cut !== cut) return;
      if (cut) await stopListening(path);
      else if (path.listener === null) await this.#listen(server);
    });
    path.change = Promise.allSettled([change]);
    await change;
  }

  dropServer(server: number): void {
    dropSessions(this.#path(server));
  }

  async close(): Promise<void> {
    for (const path of this.#paths) {
      path.cut = true;
      // What a fault still holds ends with the array and is not carried out.
      path.fault = "error";
      dropSessions(path);
      releaseHeld(path);
      await path.change;
      await stopListening(path);
    }
    await this.#image.close();
  }

  #path(server: number): ServerPath {
    const path = this.#paths[server];
    assert(path !== undefined, `a server with a path to the array, got ${server}`);
    return path;
  }

  async #listen(server: number): Promise<void> {
    const path = this.#path(server);
    const listener = createServer({ noDelay: true });
    listener.on("connection", (socket) => {
      if (path.cut || path.sessions.size >= SESSIONS_MAX) {
        resetSocket(socket);
        return;
      }
      const session = new ArrayExportSession(socket, {
        exportName: this.#options.exportName ?? "array",
        info: { sizeBytes: this.#image.sizeBytes, flags: EXPORT_FLAGS },
        execute: (request, data, isGone) => this.#execute(server, request, data, isGone),
      });
      path.sessions.add(session);
      socket.on("close", () => path.sessions.delete(session));
    });
    await new Promise<void>((resolve, reject) => {
      listener.once("error", reject);
      listener.listen(path.port, this.#options.host, () => {
        listener.off("error", reject);
        resolve();
      });
    });
    const address = listener.address();
    if (typeof address === "object" && address !== null) path.port = address.port;
    path.listener = listener;
  }

  async #execute(
    server: number,
    request: nbd.NbdRequest,
    data: Uint8Array,
    isGone: () => boolean,
  ): Promise<Outcome> {
    const path = this.#path(server);
    let isTaken = false;
    const isVoid = (): boolean => isGone() && !isTaken;
    for (;;) {
      while (holds(path.fault) && !isVoid()) {
        isTaken ||= path.fault === "late" && request.command === nbd.COMMAND.write;
        await new Promise<void>((resolve) => path.release.push(resolve));
      }
      const outcome = await this.#image.alone(async () => {
        if (isVoid()) return HANG_UP;
        return holds(path.fault) ? null : await this.#perform(server, request, data);
      });
      if (outcome !== null) return outcome;
    }
  }

  async #perform(server: number, request: nbd.NbdRequest, data: Uint8Array): Promise<Outcome> {
    const fault = this.#path(server).fault;
    const { command, offset, length, flags } = request;
    if (fault === "error") return failure(nbd.NBD_ERROR.EIO);
    if ((flags & ~nbd.COMMAND_FUA) !== 0) return failure(nbd.NBD_ERROR.EINVAL);
    const outside = offset + length > this.#image.sizeBytes;
    switch (command) {
      case nbd.COMMAND.read:
        if (outside || length > nbd.PAYLOAD_MAX) return failure(nbd.NBD_ERROR.EINVAL);
        return await this.#onFile(() => this.#image.read(offset, length));
      case nbd.COMMAND.write:
        if (outside) return failure(nbd.NBD_ERROR.ENOSPC);
        return await this.#write(server, request, fault === "torn" ? TORN_BYTES : null, data);
      case nbd.COMMAND.flush:
        // Every answered write is where it will stay; operations are answered in order.
        return { kind: "answer", error: 0, data: new Uint8Array(0) };
      default:
        return failure(nbd.NBD_ERROR.EINVAL);
    }
  }

  async #write(
    server: number,
    request: nbd.NbdRequest,
    tornBytes: number | null,
    data: Uint8Array,
  ): Promise<Outcome> {
    const stored = tornBytes === null ? data : data.subarray(0, tornBytes);
    const outcome = await this.#onFile(async () => {
      await this.#image.write(request.offset, stored);
      return undefined;
    });
    if (outcome.kind === "answer" && outcome.error === 0) {
      this.#options.onWrite({
        atMs: monotonicMs(),
        server,
        offset: request.offset,
        length: stored.length,
        torn: tornBytes !== null,
      });
    }
    return tornBytes === null ? outcome : HANG_UP;
  }

  /** Trouble of the image file is the array's trouble and reaches the client as such. */
  async #onFile(operation: () => Promise<Uint8Array | undefined>): Promise<Outcome> {
    try {
      const data = (await operation()) ?? new Uint8Array(0);
      return { kind: "answer", error: 0, data };
    } catch (error) {
      const full = error instanceof Error && "code" in error && error.code === "ENOSPC";
      return failure(full ? nbd.NBD_ERROR.ENOSPC : nbd.NBD_ERROR.EIO);
    }
  }
}

const HANG_UP: Outcome = { kind: "hang-up" };

/** One image behind all paths, so a client may use several connections. */
const EXPORT_FLAGS =
  nbd.TRANSMISSION.hasFlags |
  nbd.TRANSMISSION.flush |
  nbd.TRANSMISSION.fua |
  nbd.TRANSMISSION.multiConn;

const holds = (fault: ArrayFault): boolean => fault === "stall" || fault === "late";

const failure = (error: number): Outcome => ({ kind: "answer", error, data: new Uint8Array(0) });

function releaseHeld(path: ServerPath): void {
  const held = path.release;
  path.release = [];
  for (const resolve of held) resolve();
}

function dropSessions(path: ServerPath): void {
  for (const session of path.sessions) session.drop();
  path.sessions.clear();
}

async function stopListening(path: ServerPath): Promise<void> {
  const listener = path.listener;
  path.listener = null;
  if (listener === null) return;
  await new Promise<void>((resolve) => listener.close(() => resolve()));
}
