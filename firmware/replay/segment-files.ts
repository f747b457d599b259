/**
 * The live ring of one process: a few segment files in the run folder, which lies in memory, the oldest
 * removed when a new one has begun. Written through the thread pool, one write at a time, so that the process
 * waits for no file system; what is not yet written when it ends is written at once, and every write says
 * where it belongs, so that doing it twice does no harm.
 * A new segment is a new file: old and new never mix, wherever a kill falls.
 */
import { close, constants, open, openSync, unlink, write, writeSync } from "node:fs";
import type { Sink } from "./recorder.ts";

/** Segments kept: two whole ones and the one under way, so that the last 60 s are always there. */
export const SEGMENTS = 3;
/** Waiting for a file system that hangs; beyond it the segment is given up. */
const PENDING_BYTES_MAX = 4 * 1024 * 1024;
/** Never truncated: the names are new, and what a late open would cut off may be the last word. */
const FLAGS = constants.O_WRONLY | constants.O_CREAT;

interface Chunk {
  readonly segment: number;
  readonly position: number;
  readonly bytes: Buffer;
}

export interface SegmentOptions {
  readonly pathOf: (segment: number) => string;
  /** Once per segment that is lost: folder full, gone or hanging. */
  readonly onTrouble: (text: string) => void;
}

export class SegmentFiles implements Sink {
  readonly #options: SegmentOptions;
  readonly #fds = new Map<number, number>();
  #pending: Chunk[] = [];
  #pendingBytes = 0;
  #inFlight: Chunk | null = null;
  #segment = -1;
  #position = 0;
  #lost = false;
  /** A write has been under way for so long that what waits behind it was given up. */
  #hangs = false;
  #idle: (() => void)[] = [];

  constructor(options: SegmentOptions) {
    this.#options = options;
  }

  get isLost(): boolean {
    return this.#lost;
  }

  get bytes(): number {
    return this.#position;
  }

  begin(segment: number, bytes: Buffer): void {
    this.#segment = segment;
    this.#position = 0;
    this.#lost = this.#hangs;
    this.append(bytes);
  }

  append(bytes: Buffer): void {
    if (this.#lost || bytes.length === 0) return;
    if (this.#pendingBytes + bytes.length > PENDING_BYTES_MAX) {
      this.#pending = [];
      this.#pendingBytes = 0;
      this.#hangs = true;
      return this.#lose("writing to it takes too long");
    }
    this.#pending.push({ segment: this.#segment, position: this.#position, bytes });
    this.#position += bytes.length;
    this.#pendingBytes += bytes.length;
    this.#pump();
  }

  flush(): void {
    // A folder that hangs must not keep the process from ending.
    if (this.#hangs) return;
    const chunks = this.#inFlight === null ? this.#pending : [this.#inFlight, ...this.#pending];
    try {
      for (const { segment, position, bytes } of chunks) {
        const fd = this.#fds.get(segment) ?? this.#openNow(segment);
        writeSync(fd, bytes, 0, bytes.length, position);
      }
      this.#pending = [];
      this.#pendingBytes = 0;
    } catch (error) {
      this.#lose(textOf(error));
    }
  }

  whenIdle(done: () => void): void {
    if (this.#inFlight === null && this.#pending.length === 0) done();
    else this.#idle.push(done);
  }

  #openNow(segment: number): number {
    const fd = openSync(this.#options.pathOf(segment), FLAGS, 0o600);
    this.#fds.set(segment, fd);
    return fd;
  }

  #pump(): void {
    if (this.#inFlight !== null) return;
    const chunk = this.#pending.shift();
    if (chunk === undefined) {
      for (const done of this.#idle.splice(0)) done();
      return;
    }
    this.#inFlight = chunk;
    this.#pendingBytes -= chunk.bytes.length;
    const fd = this.#fds.get(chunk.segment);
    if (fd !== undefined) return this.#write(chunk, fd);
    open(this.#options.pathOf(chunk.segment), FLAGS, 0o600, (error, opened) => {
      if (error !== null) return this.#done(chunk, error.message);
      this.#fds.set(chunk.segment, opened);
      this.#write(chunk, opened);
    });
  }

  #write(chunk: Chunk, fd: number): void {
    const { bytes, position } = chunk;
    write(fd, bytes, 0, bytes.length, position, (error, count) => {
      if (error !== null) return this.#done(chunk, error.message);
      if (count < bytes.length)
        return this.#done(chunk, `${count} of ${bytes.length} bytes written`);
      if (position === 0) this.#forget(chunk.segment);
      this.#done(chunk, null);
    });
  }

  #done(chunk: Chunk, trouble: string | null): void {
    this.#inFlight = null;
    this.#hangs = false;
    if (trouble !== null) {
      this.#pending = this.#pending.filter(({ segment }) => segment !== chunk.segment);
      this.#pendingBytes = this.#pending.reduce((sum, { bytes }) => sum + bytes.length, 0);
      if (chunk.segment === this.#segment) this.#lose(trouble);
    }
    this.#pump();
  }

  /** The new segment stands: the one before is closed, the oldest goes. */
  #forget(newest: number): void {
    for (const [segment, fd] of this.#fds) {
      if (segment >= newest) continue;
      this.#fds.delete(segment);
      close(fd, (error) => this.#tell(error));
    }
    const oldest = newest - SEGMENTS;
    if (oldest < 0) return;
    unlink(this.#options.pathOf(oldest), (error) => {
      // A segment that was lost may have no file.
      if (error?.code !== "ENOENT") this.#tell(error);
    });
  }

  #tell(error: Error | null | undefined): void {
    if (error != null) this.#options.onTrouble(error.message);
  }

  #lose(text: string): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#options.onTrouble(text);
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
