/**
 * The disk process: all raw I/O of the arbitration array, and nothing else.
 * Intuition: the one clerk who may be kept waiting for ever by a dead counter. He takes requests in
 * order, one at a time, and never lets a newer one overtake a hung one; who waits for him (the
 * pulse) keeps the deadlines and treats silence as "not won". He owns nothing, so he may be killed
 * at any instant.
 *
 * Thread pool: a hung operation holds one of libuv's four threads. One operation at a time means
 * one thread at most; nothing else here uses the pool (no file log, no name look-up: the array is
 * named by address), so UV_THREADPOOL_SIZE stays at its default. A killed process with a hung
 * operation stays until the device answers (D state); its successor is started after it was reaped,
 * never beside it.
 * Source: protocol.md 1.5; architecture.md 2; hardware.md 5.
 */
import { join } from "node:path";
import { assert, unreachable } from "../../hal/base/assert.ts";
import { monotonicMs } from "../../hal/base/clock.ts";
import { type ArbitrationArray, ArrayError } from "../../hal/ports/array.ts";
import { ringOf } from "../../services/keys/key-set.ts";
import { readFormerKey, readKeySet } from "../key-files.ts";
import { type ServerContext, StartFault } from "../local.ts";
import { openArbitrationArray } from "./array.ts";
import {
  DiskLink,
  type DiskRequest,
  type ParsedLine,
  type PulseConnection,
  type SeenSlot,
} from "./link.ts";
import { ArbitrationSlots, type SlotIdentity, type SlotResult } from "./slots.ts";

/**
 * Requests that may wait; the pulse has two under way at most, more means that nobody reads the
 * answers.
 */
const WAITING_MAX = 16;

export interface DiskOptions extends SlotIdentity {
  /** `nbd://host:port/export` or the absolute path of a block device or file. */
  readonly arrayUrl: string;
  readonly pulseSocketPath: string;
  /** Tests only: see DirectArrayOptions. */
  readonly allowBuffered?: boolean;
  /** One line of text for the operator's log; default: standard error. */
  readonly report?: (text: string) => void;
}

export interface RunningDisk {
  /** Stops serving. The array is closed, which waits for an operation that hangs on a device. */
  close(): Promise<void>;
}

/**
 * Serves until `close` or death. Throws ArrayError EINVAL for an `arrayUrl` that names nothing;
 * every later trouble is an answer. `array` replaces the driver that `arrayUrl` names (tests).
 */
export function runDisk(
  options: DiskOptions,
  array: ArbitrationArray = openArbitrationArray(options.arrayUrl, options.allowBuffered),
): RunningDisk {
  return new DiskProcess(options, array);
}

/**
 * The disk process of a server; null = its configuration names no array. Throws StartFault for a key
 * file or an array that cannot be used.
 */
export function runServerDisk({ config, self, local, host }: ServerContext): RunningDisk | null {
  const arrayUrl = config.disk?.paths[self];
  if (arrayUrl === undefined) return null;
  const [active, ...others] = ringOf(readKeySet(local).set);
  assert(active !== undefined, "there is a key to tag with");
  try {
    return runDisk({
      arrayUrl,
      clusterId: config.clusterId,
      clusterKey: active.key,
      otherKeys: others.map(({ key }) => key),
      formerKey: readFormerKey(local),
      self,
      host,
      serverNames: config.servers.map(({ name }) => name),
      pulseSocketPath: join(local.runDir, "pulse.sock"),
    });
  } catch (error) {
    if (!(error instanceof ArrayError)) throw error;
    throw new StartFault(
      `${local.configFile}: disk.paths of ${local.server}: ${error.message}; correct it and start again`,
      { cause: error },
    );
  }
}

interface Waiting {
  readonly connection: PulseConnection;
  readonly request: DiskRequest;
}

class DiskProcess implements RunningDisk {
  readonly #array: ArbitrationArray;
  readonly #slots: ArbitrationSlots;
  readonly #link: DiskLink;
  readonly #report: (text: string) => void;
  readonly #waiting: Waiting[] = [];
  #closed = false;
  /** True from the start: nothing is served before `#start` has read the partition. */
  #busy = true;

  constructor(options: DiskOptions, array: ArbitrationArray) {
    this.#array = array;
    this.#slots = new ArbitrationSlots(array, options);
    this.#report = options.report ?? ((text) => process.stderr.write(`${text}\n`));
    this.#link = new DiskLink({
      socketPath: options.pulseSocketPath,
      self: options.self,
      onRequest: (connection, parsed) => this.#take(connection, parsed),
      report: this.#report,
    });
    void this.#start();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.length = 0;
    this.#link.close();
    await this.#array.close();
  }

  #take(connection: PulseConnection, parsed: ParsedLine): void {
    switch (parsed.kind) {
      case "request":
        this.#enqueue({ connection, request: parsed.request });
        return;
      case "keys":
        this.#slots.setKeys(parsed.keys.map(({ key }) => key));
        return connection.sendHeld(parsed.keys.map(({ id }) => id));
      case "refused": {
        const { id, op, reason } = parsed;
        connection.send({ id, op, result: { ok: false, error: reason } });
        return;
      }
      case "recalled":
        this.#slots.recall(parsed.server, parsed.memory);
        return;
      case "ignored":
        this.#report(`pulse socket: ignored ${parsed.reason}`);
        return;
      default:
        unreachable(parsed);
    }
  }

  #enqueue(item: Waiting): void {
    // Requests of a pulse that is gone make room: they will not be carried out.
    const live = this.#waiting.filter((other) => other.connection.isUp());
    this.#waiting.splice(0, this.#waiting.length, ...live);
    if (this.#waiting.length < WAITING_MAX) {
      this.#waiting.push(item);
      if (!this.#busy) void this.#serve();
      return;
    }
    const error = `${WAITING_MAX} requests are waiting for the array; expected it to answer, check its paths`;
    const { id, kind } = item.request;
    item.connection.send({ id, op: opOf(kind), result: { ok: false, error } });
  }

  /**
   * Header and own copies are read ahead of the first claim; requests wait for it like for any
   * other.
   */
  async #start(): Promise<void> {
    const ready = await this.#slots.prepare();
    if (!ready.ok && !this.#closed) this.#report(`disk: ${ready.error}`);
    await this.#serve();
  }

  async #serve(): Promise<void> {
    this.#busy = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const { connection, request } = next;
      if (!connection.isUp()) continue;
      const startedMs = monotonicMs();
      const outcome = await this.#perform(request);
      const tookMs = monotonicMs() - startedMs;
      const result = outcome.ok ? { ...outcome, tookMs, ...this.#seenBy(request) } : outcome;
      connection.send({ id: request.id, op: opOf(request.kind), result });
    }
    this.#busy = false;
  }

  #seenBy(request: DiskRequest): { seen?: SeenSlot } {
    if (request.kind !== "disk.read") return {};
    const memory = this.#slots.memoryOf(request.server);
    if (memory === null) return {};
    return { seen: { kind: "disk.recall", server: request.server, memory } };
  }

  async #perform(request: DiskRequest): Promise<SlotResult> {
    switch (request.kind) {
      case "disk.write":
        return await this.#slots.write(request.claim);
      case "disk.read":
        return await this.#slots.read(request.server);
      default:
        return unreachable(request);
    }
  }
}

const opOf = (kind: DiskRequest["kind"]): "write" | "read" =>
  kind === "disk.write" ? "write" : "read";
