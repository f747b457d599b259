/**
 * What all servers are to have alike and get from each other in their beats: the configuration text and the
 * cluster's key. One change at a time; a piece of a text leaves no room for a key in the same beat.
 * Source: protocol.md 1.9; reliability.md 4.3; services/configuration/rollout.ts, services/keys/core.ts.
 */
import type { AliveWord, Facts } from "../../services/facts.ts";
import type { Words } from "../../services/failover/words.ts";
import type { ServerContext } from "../local.ts";
import { ConfigDesk, type ConfigDeskOptions } from "./config-desk.ts";
import { type ConfigAnswer, ConfigRequests } from "./config-requests.ts";
import { KeyDesk } from "./key-desk.ts";

export class Distribution {
  readonly #texts: ConfigDesk;
  readonly #requests: ConfigRequests;
  readonly #keys: KeyDesk;

  constructor(context: ServerContext, options: ConfigDeskOptions) {
    this.#texts = new ConfigDesk(context, options);
    this.#requests = new ConfigRequests(context, this.#texts, options.busyGroups);
    this.#keys = new KeyDesk(context, options);
  }

  async open(): Promise<void> {
    this.#keys.open();
    await this.#texts.open();
  }

  /** Orders to groups wait until every server runs by the new text. */
  get isChanging(): boolean {
    return this.#texts.isChanging;
  }

  get revisions(): ConfigDesk["revisions"] {
    return this.#texts.revisions;
  }

  /** The part of this server's words that is about texts and keys. */
  words(): Pick<Words, "rollout" | "keys"> {
    const { state } = this.#texts;
    const keys = this.#keys.words(state.draft === null);
    return { rollout: this.#texts.words(), ...(keys === null ? {} : { keys }) };
  }

  miss(): void {
    this.#texts.miss();
  }

  greet(): void {
    this.#texts.greet();
    this.#keys.greet();
  }

  hear(facts: Facts): Facts {
    this.#keys.hear(facts);
    return this.#texts.hear(facts);
  }

  hearAlive(word: AliveWord): void {
    this.#texts.hearAlive(word);
    this.#keys.hearAlive(word);
  }

  tick(atMs: number): void {
    this.#texts.tick(atMs);
    this.#keys.tick();
  }

  translate(blob: Uint8Array): Words | null {
    return this.#texts.translate(blob);
  }

  answer(verb: string, args: Readonly<Record<string, unknown>>): Promise<ConfigAnswer> {
    if (!verb.startsWith("key.")) return this.#requests.answer(verb, args);
    const busy = this.#texts.isChanging || this.#texts.state.draft !== null;
    return this.#keys.answer(verb, args, busy);
  }
}
