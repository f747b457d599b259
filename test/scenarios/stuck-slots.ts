/**
 * Makes the arbitration array return old data: what stood in a server's slot at one moment is put back
 * again and again, as a mirror or cache that has lost its way would.
 * Source: R78, R84 (an old block is no sign of death and no licence); claim-freshness.ts.
 */
import { closeSync, openSync, readSync, writeSync } from "node:fs";

/** Shorter than any server's period of writing, so that readers hardly ever see what was written. */
const PUT_BACK_EVERY_MS = 3;
/** Until then every reader has seen later writes, so that what is put back is old for all of them. */
const HELD_BACK_MS = 1500;

export class StuckSlots {
  readonly #stuck = new Map<string, { timer: NodeJS.Timeout; readonly file: number }>();

  /** Puts `bytes` of the image from `offset` on back as they are now, beginning a little later. */
  stick(server: string, path: string, offset: number, bytes: number): void {
    this.free(server);
    const file = openSync(path, "r+");
    const kept = Buffer.alloc(bytes);
    readSync(file, kept, 0, bytes, offset);
    const putBack = () => writeSync(file, kept, 0, bytes, offset);
    const stuck = {
      file,
      timer: setTimeout(() => {
        stuck.timer = setInterval(putBack, PUT_BACK_EVERY_MS);
      }, HELD_BACK_MS),
    };
    this.#stuck.set(server, stuck);
  }

  free(server: string): void {
    const stuck = this.#stuck.get(server);
    if (stuck === undefined) return;
    clearTimeout(stuck.timer);
    closeSync(stuck.file);
    this.#stuck.delete(server);
  }

  freeAll(): void {
    for (const server of [...this.#stuck.keys()]) this.free(server);
  }
}
