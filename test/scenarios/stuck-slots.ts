/**
 * Makes the arbitration array return old data: what stood in a server's slot at one moment is put back
 * again and again, as a mirror or cache that has lost its way would.
 * Source: R78, R84 (an old block is no sign of death and no licence); claim-freshness.ts.
 */
import { closeSync, openSync, readSync, writeSync } from "node:fs";

/** Shorter than any server's period of writing, so that readers hardly ever see what was written. */
const PUT_BACK_EVERY_MS = 3;

export class StuckSlots {
  readonly #stuck = new Map<string, { readonly timer: NodeJS.Timeout; readonly file: number }>();

  /** Keeps `bytes` of the image from `offset` on as they are now. */
  stick(server: string, path: string, offset: number, bytes: number): void {
    this.free(server);
    const file = openSync(path, "r+");
    const kept = Buffer.alloc(bytes);
    readSync(file, kept, 0, bytes, offset);
    const timer = setInterval(() => writeSync(file, kept, 0, bytes, offset), PUT_BACK_EVERY_MS);
    this.#stuck.set(server, { timer, file });
  }

  free(server: string): void {
    const stuck = this.#stuck.get(server);
    if (stuck === undefined) return;
    clearInterval(stuck.timer);
    closeSync(stuck.file);
    this.#stuck.delete(server);
  }

  freeAll(): void {
    for (const server of [...this.#stuck.keys()]) this.free(server);
  }
}
