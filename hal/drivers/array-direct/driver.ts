/**
 * Drives the arbitration partition on a block device or a file, past every cache of this host.
 * Intuition: what the other server wrote must be seen and what we wrote must be there, so O_DIRECT
 * for both ways and O_DSYNC for the write. O_DIRECT wants aligned memory, which a Buffer is by luck
 * only; the memory of a WebAssembly.Memory starts on a page, always (measured; it must never grow,
 * that would move it). A dead disk holds the thread of the one operation under way and keeps even a
 * killed process from ending (D state): hence a process of its own, and never a second operation.
 * Source: hardware.md 5; protocol.md 1.5; open(2).
 */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { ARRAY_BLOCK_BYTES, type ArbitrationArray, ArrayError } from "../../ports/array.ts";

/**
 * The one thing of the language's WebAssembly that is needed here; Node's types leave it to the
 * browser's.
 */
declare const WebAssembly: {
  readonly Memory: new (descriptor: {
    readonly initial: number;
  }) => { readonly buffer: ArrayBuffer };
};

export interface DirectArrayOptions {
  /** Block device or existing file; a file ends where it ends, it is never extended. */
  readonly path: string;
  /**
   * Tests only: without O_DIRECT, for file systems that refuse it. Two hosts would not see each
   * other.
   */
  readonly allowBuffered?: boolean;
}

/** Opens at the first operation and again after each error. */
export function createDirectArray(options: DirectArrayOptions): ArbitrationArray {
  return new DirectArray(options);
}

interface Opened {
  readonly handle: FileHandle;
  /** Blocks of a file; a device says itself where it ends. */
  readonly blocks: number | null;
}

class DirectArray implements ArbitrationArray {
  readonly #options: DirectArrayOptions;
  readonly #page = new Uint8Array(
    new WebAssembly.Memory({ initial: 1 }).buffer,
    0,
    ARRAY_BLOCK_BYTES,
  );
  #opened: Opened | null = null;
  #busy = false;
  #closed = false;

  constructor(options: DirectArrayOptions) {
    this.#options = options;
  }

  async readBlock(index: number): Promise<Uint8Array> {
    return await this.#alone(index, async (handle, position) => {
      const { bytesRead } = await handle.read(this.#page, 0, ARRAY_BLOCK_BYTES, position);
      this.#whole(bytesRead, "read", index);
      return this.#page.slice();
    });
  }

  async writeBlock(index: number, bytes: Uint8Array): Promise<void> {
    await this.#alone(index, async (handle, position) => {
      if (bytes.length !== ARRAY_BLOCK_BYTES) {
        throw new ArrayError(
          "EINVAL",
          `a block is ${ARRAY_BLOCK_BYTES} bytes, got ${bytes.length}`,
        );
      }
      this.#page.set(bytes);
      const { bytesWritten } = await handle.write(this.#page, 0, ARRAY_BLOCK_BYTES, position);
      this.#whole(bytesWritten, "wrote", index);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#release();
  }

  async #alone<T>(
    index: number,
    operation: (handle: FileHandle, position: number) => Promise<T>,
  ): Promise<T> {
    if (this.#closed) throw new ArrayError("ECANCELED", `array ${this.#options.path}: closed`);
    if (this.#busy) {
      throw new ArrayError("EBUSY", `array ${this.#options.path}: an operation is under way`);
    }
    this.#busy = true;
    try {
      this.#opened ??= await openArray(this.#options);
      const { handle, blocks } = this.#opened;
      if (!Number.isInteger(index) || index < 0 || (blocks !== null && index >= blocks)) {
        throw new ArrayError(
          "ERANGE",
          `array ${this.#options.path}: no block ${index}${blocks === null ? "" : ` of ${blocks}`}`,
        );
      }
      return await operation(handle, index * ARRAY_BLOCK_BYTES);
    } catch (error) {
      // A device that went away and came back is another one for an old handle: open it anew.
      await this.#release();
      throw asArrayError(error, this.#options.path);
    } finally {
      this.#busy = false;
    }
  }

  #whole(bytes: number, verb: string, index: number): void {
    if (bytes === ARRAY_BLOCK_BYTES) return;
    throw new ArrayError(
      "EIO",
      `array ${this.#options.path}: ${verb} ${bytes} of ${ARRAY_BLOCK_BYTES} bytes ` +
        `of block ${index}; ` +
        "is the partition large enough?",
    );
  }

  async #release(): Promise<void> {
    const opened = this.#opened;
    this.#opened = null;
    try {
      await opened?.handle.close();
    } catch (error) {
      // The descriptor is gone all the same, and the operation before has told what is wrong.
      if (systemCode(error) === null) throw error;
    }
  }
}

async function openArray(options: DirectArrayOptions): Promise<Opened> {
  const direct = options.allowBuffered === true ? 0 : constants.O_DIRECT;
  let handle: FileHandle;
  try {
    handle = await open(options.path, constants.O_RDWR | constants.O_DSYNC | direct);
  } catch (error) {
    if (systemCode(error) !== "EINVAL" || direct === 0) throw error;
    throw new ArrayError(
      "EINVAL",
      `array ${options.path}: this file system refuses direct access (O_DIRECT); ` +
        "expected a block device, or a file on ext4 or xfs. Name the partition by its /dev/disk/by-id path",
    );
  }
  const found = await handle.stat();
  if (found.isBlockDevice()) return { handle, blocks: null };
  if (found.isFile()) return { handle, blocks: Math.floor(found.size / ARRAY_BLOCK_BYTES) };
  await handle.close();
  throw new ArrayError(
    "ENODEV",
    `array ${options.path}: expected a block device or a file; ` +
      "name the partition by its /dev/disk/by-id path",
  );
}

/** Trouble of a system call with the path in front; a broken contract stays what it is. */
function asArrayError(error: unknown, path: string): unknown {
  const code = systemCode(error);
  if (code === null || !(error instanceof Error)) return error;
  return new ArrayError(code, `array ${path}: ${error.message}`);
}

/** errno name of a failed system call; null for every other error. */
function systemCode(error: unknown): string | null {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}
