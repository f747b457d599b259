/**
 * Keeps the record on flash in step: the mark erased before the first grant, epoch and orders after the
 * fact, the mark written last of all. Saving is never in the path of a takeover.
 * Source: protocol.md 1.4.8, G7, V5; D18; flash/store.
 */
import { folderFiles } from "../../flash/store/files.ts";
import { belongsTo, emptyRecord, type StoreRecord } from "../../flash/store/record.ts";
import { type LoadedRecord, openStore, type RecordStore } from "../../flash/store/store.ts";
import type { NoteData } from "../../services/effects.ts";
import type { Wish } from "../../services/events.ts";
import type { FailoverState } from "../../services/failover/state.ts";
import type { Words } from "../../services/failover/words.ts";
import type { ServerContext } from "../local.ts";

type Note = (key: string, data: NoteData) => void;

export class Keeper {
  readonly #context: ServerContext;
  readonly #note: Note;
  readonly #identity: StoreRecord["identity"];
  #record: StoreRecord;
  #store: RecordStore | null = null;
  loaded: LoadedRecord = { kind: "defaults", reason: "missing" };
  belongs = true;

  constructor(context: ServerContext, note: Note) {
    this.#context = context;
    this.#note = note;
    this.#identity = { cluster: context.config.name, server: context.local.server };
    this.#record = emptyRecord(this.#identity, context.host);
  }

  async open(): Promise<void> {
    const opened = await openStore(folderFiles(this.#context.local.stateDir));
    this.loaded = opened.loaded;
    this.#store = opened.store;
    if (opened.loaded.kind === "loaded") {
      this.belongs = belongsTo(opened.loaded.record, this.#identity);
      if (this.belongs) this.#record = opened.loaded.record;
      else this.#note("store.foreign", { ...opened.loaded.record.identity });
    }
    if (opened.loaded.kind === "defaults" && opened.loaded.reason !== "missing") {
      this.#note("store.defaults", { reason: opened.loaded.reason });
    }
    if (opened.loaded.kind === "failed") this.#noteFailure(opened.loaded);
  }

  /** Stamps this boot into the record. False = it is not on disk, so nothing may be granted. */
  async begin(consumes: boolean): Promise<boolean> {
    const { host } = this.#context;
    const sameHost = this.#record.hostIncarnation === host;
    const base = sameHost && !consumes ? this.#record : { ...this.#record, members: [] };
    const consumedBy = consumes ? host : sameHost ? this.#record.consumedBy : null;
    return this.#save({ ...base, hostIncarnation: host, cleanMark: null, consumedBy });
  }

  /** Last known orders for a server whose pulse has forgotten them too. */
  words(wish: Wish): Words | null {
    if (wish.kind !== "resume") return null;
    const groups = this.#context.config.groups.map((group) => {
      const kept = this.#record.groups.find(({ name }) => name === group.name);
      const desired = kept?.desired === "running" ? kept.owner : null;
      // Order 0 means "never ordered": a group that an operator stopped must not start by itself again.
      return { state: "stopped" as const, desired, order: kept === undefined ? 0 : 1 };
    });
    return { shutdown: 0, marked: false, offAfterLeave: false, request: null, reply: null, groups };
  }

  keepTable(state: FailoverState): void {
    // The outcome is noted by the save itself; a takeover does not wait for it.
    void this.#save(this.#draw(state));
  }

  async writeMark(state: FailoverState): Promise<void> {
    const record = this.#draw(state);
    const epochCounter = record.epoch?.counter ?? 0;
    const saved = await this.#save({ ...record, cleanMark: { epochCounter }, consumedBy: null });
    if (!saved) throw new Error("the clean mark is not on disk");
    this.#note("shutdown.clean-mark", { epoch: epochCounter });
  }

  #draw(state: FailoverState): StoreRecord {
    const { facts } = state;
    const groups = this.#context.config.groups.map((group, index) => {
      const desired = state.groups[index]?.desired ?? null;
      const wanted = desired === null ? ("stopped" as const) : ("running" as const);
      return { name: group.name, owner: desired, desired: wanted };
    });
    if (facts === null) return { ...this.#record, groups };
    // Outside a view there is nothing to resume, even if pulse and agent both die.
    if (facts.view === null) return { ...this.#record, members: [], groups };
    return { ...this.#record, epoch: facts.view.epoch, members: facts.view.members, groups };
  }

  async #save(record: StoreRecord): Promise<boolean> {
    this.#record = record;
    if (this.#store === null) return false;
    const saved = await this.#store.save(record);
    if (saved.kind === "done") return true;
    this.#noteFailure(saved);
    return false;
  }

  #noteFailure(failure: object): void {
    this.#note("store.failed", { error: JSON.stringify(failure) });
  }
}
