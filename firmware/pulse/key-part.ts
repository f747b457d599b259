/**
 * The pulse's keys: what it seals and opens with, which of them the disk process has confirmed, and what the
 * agent is told of it. The agent alone decides and writes the file; the pulse reads it once, at its start.
 * Source: reliability.md 4.3; services/keys/core.ts.
 */
import type { ServerIndex } from "../../hal/base/ids.ts";
import type { KeyFacts } from "../../services/facts.ts";
import type { SealingKey } from "../../services/heartbeat/key-ring.ts";
import { formatRing, keyHint, parseRing, type RingKey } from "../../services/keys/key-set.ts";

type Message = Readonly<Record<string, unknown>>;

export interface KeyPartOptions {
  readonly setKeys: (keys: readonly SealingKey[], holders: readonly ServerIndex[]) => void;
  readonly tellDisk: (message: object) => void;
}

export class KeyPart {
  readonly #options: KeyPartOptions;
  #ring: readonly RingKey[];
  /** Ids that the connected disk process has confirmed; null = none is connected. */
  #disk: readonly string[] | null = null;

  constructor(ring: readonly RingKey[], options: KeyPartOptions) {
    this.#ring = ring;
    this.#options = options;
  }

  /** Ids, the one that is sealed with first. Without a disk process the next one will read them from the file. */
  get facts(): KeyFacts {
    const ids = this.#ring.map(({ id }) => id);
    return { ids, disk: this.#disk };
  }

  /** True when the message was about keys. */
  hearAgent(message: Message): boolean {
    if (message["kind"] !== "keys") return false;
    const ring = parseRing(message["keys"]);
    if (ring === null) return true;
    const holders = message["holders"];
    const known = Array.isArray(holders) ? holders.filter((one) => Number.isInteger(one)) : [];
    this.#ring = ring;
    // The array first: a slot must be readable to whoever hears a beat under the new key.
    this.#options.tellDisk(diskKeys(ring));
    this.#options.setKeys(ring.map(sealing), known);
    return true;
  }

  /** True when the message was about keys. */
  hearDisk(message: Message): boolean {
    if (message["kind"] !== "disk.keys-held") return false;
    const ids = message["ids"];
    this.#disk = Array.isArray(ids) ? ids.map(String) : [];
    return true;
  }

  greetDisk(): void {
    this.#disk = [];
    this.#options.tellDisk(diskKeys(this.#ring));
  }

  missDisk(): void {
    this.#disk = null;
  }
}

export const sealing = ({ id, key, role }: RingKey): SealingKey => {
  return { id, key, role, hint: keyHint(id) };
};

const diskKeys = (ring: readonly RingKey[]): object => ({
  kind: "disk.keys",
  keys: formatRing(ring),
});
