/**
 * A server's slot of the arbitration array as somebody else with access to the array, or the array itself,
 * may leave it: wiped, full of foreign data, an old copy put back once, or put back again and again as a
 * mirror or cache would that has lost its way.
 * Source: R78, R79, R84 (an old block is no sign of death and no licence); claim-freshness.ts.
 */
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { ARRAY_BLOCK_BYTES } from "../../hal/ports/array.ts";
import { claimBlockIndex } from "../../services/quorum/arbitration-layout.ts";
import type { SlotContent } from "./command-grammar.ts";
import { slotBytes } from "./garbage.ts";

/** Both copies. */
const SLOT_BYTES = 2 * ARRAY_BLOCK_BYTES;
/** Shorter than any server's period of writing, so that readers hardly ever see what was written. */
const PUT_BACK_EVERY_MS = 3;
/** Until then every reader has seen later writes, so that what is put back is old for all of them. */
const HELD_BACK_MS = 1500;

export class Slots {
  readonly #image: string;
  readonly #stuck = new Map<string, { timer: NodeJS.Timeout; readonly file: number }>();
  readonly #kept = new Map<string, Buffer>();

  /** `image`: file with the array's bytes. */
  constructor(image: string) {
    this.#image = image;
  }

  set(server: string, content: SlotContent): void {
    switch (content) {
      case "wiped":
      case "foreign":
        return this.#write(server, slotBytes(content, SLOT_BYTES));
      case "stuck":
        return this.#stick(server);
      case "free":
        return this.#free(server);
      case "kept":
        this.#kept.set(server, this.#read(server));
        return;
      case "old": {
        const kept = this.#kept.get(server);
        if (kept === undefined) throw new Error(`nothing was kept of the slot of ${server}`);
        return this.#write(server, kept);
      }
    }
  }

  freeAll(): void {
    for (const server of [...this.#stuck.keys()]) this.#free(server);
  }

  #stick(server: string): void {
    this.#free(server);
    const kept = this.#read(server);
    const file = openSync(this.#image, "r+");
    const putBack = () => writeSync(file, kept, 0, SLOT_BYTES, offsetOf(server));
    const stuck = {
      file,
      timer: setTimeout(() => {
        stuck.timer = setInterval(putBack, PUT_BACK_EVERY_MS);
      }, HELD_BACK_MS),
    };
    this.#stuck.set(server, stuck);
  }

  #free(server: string): void {
    const stuck = this.#stuck.get(server);
    if (stuck === undefined) return;
    clearTimeout(stuck.timer);
    closeSync(stuck.file);
    this.#stuck.delete(server);
  }

  #read(server: string): Buffer {
    const bytes = Buffer.alloc(SLOT_BYTES);
    const file = openSync(this.#image, "r");
    try {
      readSync(file, bytes, 0, SLOT_BYTES, offsetOf(server));
    } finally {
      closeSync(file);
    }
    return bytes;
  }

  #write(server: string, bytes: Buffer): void {
    const file = openSync(this.#image, "r+");
    try {
      writeSync(file, bytes, 0, SLOT_BYTES, offsetOf(server));
    } finally {
      closeSync(file);
    }
  }
}

/** `SERVER1` is the first of the configuration, as the worlds write it. */
const offsetOf = (server: string): number =>
  claimBlockIndex(Number(/\d+$/.exec(server)?.[0]) - 1, 0) * ARRAY_BLOCK_BYTES;
