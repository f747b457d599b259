/**
 * Keeps the record on flash in step: the mark erased before the first grant, epoch and orders after the
 * fact, the mark written last of all. Saving is never in the path of a takeover: a folder that refuses
 * costs redundancy, not service. It is tried again until it takes the newest record.
 * Source: protocol.md 1.4.8, G7, V5; D18; issue 2 Behaviour ("full state folder"); flash/store.
 */
import { type FileFailure, folderFiles } from "../../flash/store/files.ts";
import { belongsTo, emptyRecord, type StoreRecord } from "../../flash/store/record.ts";
import { type LoadedRecord, openStore, type RecordStore } from "../../flash/store/store.ts";
import { monotonicMs } from "../../hal/base/clock.ts";
import type { NoteData } from "../../services/effects.ts";
import type { Wish } from "../../services/events.ts";
import type { FailoverState } from "../../services/failover/state.ts";
import type { Words } from "../../services/failover/words.ts";
import type { ServerContext } from "../local.ts";
import { hasRunBefore, leaveBootMark } from "./boot-mark.ts";

type Note = (key: string, data: NoteData) => void;

/** Between two tries on a folder that refused: a full disk is emptied by a person, not in milliseconds. */
const RETRY_MS = 1000;

/** A record that is not on disk. */
interface Unsaved {
  /** What was told last, so that the same refusal is one event and not one a second. */
  readonly told: string;
  readonly failures: number;
  /** Absolute; infinite while a try is under way. */
  readonly retryAtMs: number;
}

export class Keeper {
  readonly #context: ServerContext;
  readonly #note: Note;
  readonly #identity: StoreRecord["identity"];
  #record: StoreRecord;
  #store: RecordStore | null = null;
  #unsaved: Unsaved | null = null;
  #begun = false;
  /** The server has given up and stays on: waits for the record that says so. */
  #onOutside: (() => void) | null = null;
  loaded: LoadedRecord = { kind: "defaults", reason: "missing" };
  belongs = true;
  /** An agent has begun in this boot before this one. */
  readonly hasRun: boolean;

  constructor(context: ServerContext, note: Note) {
    this.#context = context;
    this.#note = note;
    this.#identity = { cluster: context.config.name, server: context.local.server };
    this.#record = emptyRecord(this.#identity, context.host);
    this.hasRun = hasRunBefore(context.local.runDir, context.host);
  }

  async open(): Promise<void> {
    const opened = await openStore(folderFiles(this.#context.local.stateDir));
    this.loaded = opened.loaded;
    this.#store = opened.store;
    if (opened.loaded.kind === "loaded") {
      this.belongs = belongsTo(opened.loaded.record, this.#identity);
      if (this.belongs) {
        this.#record = opened.loaded.record;
        this.#begun = this.#record.hostIncarnation === this.#context.host;
      } else this.#note("store.foreign", { ...opened.loaded.record.identity });
    }
    if (opened.loaded.kind === "defaults" && opened.loaded.reason !== "missing") {
      this.#note("store.defaults", { reason: opened.loaded.reason });
    }
    if (opened.loaded.kind === "failed") this.#noteFailure(opened.loaded);
  }

  /** The newest record is not on disk. */
  get isBehind(): boolean {
    return this.#unsaved !== null;
  }

  /**
   * This boot is on disk. Until then the folder may still hold the clean mark, or nothing at all, and a
   * server that joined would start clean after a power cut that was not (D18).
   */
  get hasBegun(): boolean {
    return this.#begun;
  }

  /** Newest epoch whose view this server was in, by the record; 0 = none. */
  get epochCounter(): number {
    return this.#record.epoch?.counter ?? 0;
  }

  /** Tries again what was refused. */
  tick(atMs: number): void {
    if (this.#unsaved === null || atMs < this.#unsaved.retryAtMs) return;
    this.#unsaved = { ...this.#unsaved, retryAtMs: Number.POSITIVE_INFINITY };
    // The outcome is noted by the save itself.
    void this.#save(this.#record);
  }

  /** Stamps this boot into the record. False = it is not on disk, so nothing may be granted. */
  async begin(consumes: boolean): Promise<boolean> {
    const { host } = this.#context;
    const sameHost = this.#record.hostIncarnation === host;
    const isKept = sameHost && !consumes;
    const base = isKept ? this.#record : { ...this.#record, members: [], absent: [] };
    const consumedBy = consumes ? host : sameHost ? this.#record.consumedBy : null;
    const saved = await this.#save({ ...base, hostIncarnation: host, cleanMark: null, consumedBy });
    // The start on the mark does not take place, so a later try must not say that it did.
    if (!saved && consumes) this.#record = { ...this.#record, consumedBy: null };
    const unmarked = leaveBootMark(this.#context.local.runDir, host);
    if (unmarked !== null) this.#note("host.trouble", { text: unmarked });
    return saved;
  }

  /** Last known orders for a server whose pulse has forgotten them too. */
  words(wish: Wish): Words | null {
    if (wish.kind !== "resume") return null;
    const groups = this.#context.config.groups.map((group) => {
      const kept = this.#record.groups.find(({ name }) => name === group.name);
      const desired = kept?.desired === "running" ? kept.owner : null;
      // Order 0 means "never ordered": a group that an operator stopped must not start by itself again.
      const order = kept === undefined ? 0 : 1;
      const stranded = kept?.desired === "running" && kept.owner === null;
      return { state: "stopped" as const, desired, order, stranded };
    });
    return { shutdown: 0, marked: false, offAfterLeave: false, request: null, reply: null, groups };
  }

  keepTable(state: FailoverState): void {
    // The outcome is noted by the save itself; a takeover does not wait for it.
    void this.#save(this.#draw(state));
  }

  /** Before the wish names the view that the pulse proposes: both processes may die right after. */
  async hold(state: FailoverState): Promise<void> {
    if (!(await this.#save(this.#draw(state)))) throw new Error("the proposed view is not on disk");
  }

  /**
   * In no view for the rest of this boot, whatever the pulse's last facts said (D24). `done` once that is on disk,
   * however often the folder refuses it: a next agent that reads of the old view would resume it.
   */
  leave(state: FailoverState, done: () => void): void {
    this.#onOutside = done;
    this.keepTable(state);
  }

  async writeMark(state: FailoverState): Promise<void> {
    const record = this.#draw(state);
    const epochCounter = record.epoch?.counter ?? 0;
    const saved = await this.#save({ ...record, cleanMark: { epochCounter }, consumedBy: null });
    if (!saved) {
      // Only the last act of a shutdown may write it; a later try would vouch for what it has not seen.
      this.#record = { ...this.#record, cleanMark: null };
      throw new Error("the clean mark is not on disk");
    }
    this.#note("shutdown.clean-mark", { epoch: epochCounter });
  }

  #draw(state: FailoverState): StoreRecord {
    const { facts } = state;
    const groups = this.#context.config.groups.map((group, index) => {
      const desired = state.groups[index]?.desired ?? null;
      const stranded = state.groups[index]?.stranded === true;
      const wanted = desired === null && !stranded ? ("stopped" as const) : ("running" as const);
      return { name: group.name, owner: desired, desired: wanted };
    });
    if (facts === null) return { ...this.#record, groups };
    // Outside a view there is nothing to resume, even if pulse and agent both die.
    const view = state.hold?.view ?? facts.view;
    const outside = { ...this.#record, members: [], absent: [], provisional: false, groups };
    if (this.#onOutside !== null) return { ...outside, consumedBy: null };
    if (view === null) return outside;
    const provisional = state.hold === null && facts.provisional === true;
    // The start on the mark has led into a view: whoever is outside later was put there.
    const consumedBy = null;
    const { epoch, members, absent = [] } = view;
    return { ...this.#record, epoch, members, absent, provisional, consumedBy, groups };
  }

  async #save(record: StoreRecord): Promise<boolean> {
    this.#record = record;
    if (this.#store === null) return false;
    const saved = await this.#store.save(record);
    if (saved.kind === "failed") {
      this.#noteFailure(saved);
      return false;
    }
    this.#begun ||= record.hostIncarnation === this.#context.host;
    if (this.#unsaved !== null) {
      this.#note("store.recovered", { failures: this.#unsaved.failures });
      this.#unsaved = null;
    }
    if (record.members.length === 0) this.#onOutside?.();
    return true;
  }

  #noteFailure({ text }: FileFailure): void {
    if (this.#unsaved?.told !== text) this.#note("store.failed", { error: text });
    const failures = (this.#unsaved?.failures ?? 0) + 1;
    this.#unsaved = { told: text, failures, retryAtMs: monotonicMs() + RETRY_MS };
  }
}
