/**
 * The bytes of the rack's array: in memory, or in a file when they shall outlive the rack.
 * Intuition: one drive head. Operations of all servers pass one after the other, so what a write
 * has answered is what every later read sees. A write is "on stable storage" once the file has it:
 * it outlives every kill of the rack. It is not forced to the host's disk: the cabinet loses power
 * together with that host, and waiting for somebody else's disk would make the array's times those
 * of the machine it is played on.
 * Source: protocol.md 1.5 ("the array returns the last completed write to either server").
 */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { ArrayError } from "../ports/array.ts";

/** Where the bytes are; offsets and lengths have been checked by the caller. */
type Medium =
  | { readonly kind: "memory"; readonly bytes: Uint8Array }
  /** Never cached here: whoever edits the file edits the array. */
  | { readonly kind: "file"; readonly file: FileHandle };

export class ArrayExportImage {
  readonly sizeBytes: number;
  readonly #medium: Medium;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(sizeBytes: number, medium: Medium) {
    this.sizeBytes = sizeBytes;
    this.#medium = medium;
  }

  /** Runs `operation` alone, after everything that was asked before it. */
  async alone<T>(operation: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(operation);
    this.#tail = Promise.allSettled([result]);
    return await result;
  }

  /** A copy. Rejects with the file's error, EIO when the file has become shorter. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    if (this.#medium.kind === "memory") return this.#medium.bytes.slice(offset, offset + length);
    const out = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const { bytesRead } = await this.#medium.file.read(out, done, length - done, offset + done);
      if (bytesRead === 0) throw new ArrayError("EIO", "array image: the file has become shorter");
      done += bytesRead;
    }
    return out;
  }

  /** Rejects with the file's error, for example ENOSPC of a file with holes. */
  async write(offset: number, data: Uint8Array): Promise<void> {
    if (this.#medium.kind === "memory") {
      this.#medium.bytes.set(data, offset);
      return;
    }
    const { file } = this.#medium;
    for (let done = 0; done < data.length; ) {
      done += (await file.write(data, done, data.length - done, offset + done)).bytesWritten;
    }
  }

  async close(): Promise<void> {
    await this.alone(async () => {
      if (this.#medium.kind === "file") await this.#medium.file.close();
    });
  }
}

/** Zeros of `sizeBytes`, or the content of `imageFile`, which is made when it does not exist. */
export async function openImage(
  sizeBytes: number,
  imageFile: string | null,
): Promise<ArrayExportImage> {
  if (imageFile === null) {
    return new ArrayExportImage(sizeBytes, { kind: "memory", bytes: new Uint8Array(sizeBytes) });
  }
  const file = await open(imageFile, constants.O_RDWR | constants.O_CREAT, 0o600);
  const foundBytes = (await file.stat()).size;
  if (foundBytes === 0) await file.truncate(sizeBytes);
  else if (foundBytes !== sizeBytes) {
    await file.close();
    throw new ArrayError(
      "EINVAL",
      `array image ${imageFile}: expected ${sizeBytes} bytes, found ${foundBytes}; ` +
        "remove it or name another file",
    );
  }
  return new ArrayExportImage(sizeBytes, { kind: "file", file });
}
