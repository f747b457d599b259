/**
 * The record on flash of one server of the simulator, kept as firmware/agent/keeper.ts keeps it; a save is on
 * flash some milliseconds later, and a power cut before that loses it.
 */
import type { StoreRecord } from "../../flash/store/record.ts";
import { belongsTo, emptyRecord } from "../../flash/store/record.ts";
import type { LoadedRecord } from "../../flash/store/store.ts";
import { sameEpoch } from "../../hal/base/view.ts";
import type { Wish } from "../../services/events.ts";
import type { FailoverState } from "../../services/failover/state.ts";
import type { Words } from "../../services/failover/words.ts";
import type { SwarmHost } from "./host.ts";

export class SwarmRecord {
  readonly #host: SwarmHost;
  #record: StoreRecord;
  #saves = 0;

  constructor(host: SwarmHost) {
    this.#host = host;
    const { name, servers } = host.world.config;
    const identity = { cluster: name, server: servers[host.index]?.name ?? "" };
    this.#record = host.flash ?? emptyRecord(identity, host.incarnation);
  }

  loaded(): LoadedRecord {
    const record = this.#host.flash;
    const found: LoadedRecord =
      record === null
        ? { kind: "defaults", reason: "missing" }
        : { kind: "loaded", record, damaged: null };
    const { loads } = this.#host.bends;
    const read = loads === null ? found : loads(found);
    this.#host.world.checks.loaded(this.#host, read);
    return read;
  }

  /** What is there, and whether it is of this server. */
  read(): { readonly loaded: LoadedRecord; readonly belongs: boolean } {
    const loaded = this.loaded();
    const belongs = loaded.kind !== "loaded" || belongsTo(loaded.record, this.#record.identity);
    return { loaded, belongs };
  }

  /** On flash before anything may be granted. */
  begin(consumes: boolean): void {
    const { incarnation } = this.#host;
    const sameHost = this.#record.hostIncarnation === incarnation;
    const isKept = sameHost && !consumes;
    const base = isKept ? this.#record : { ...this.#record, members: [], absent: [] };
    const consumedBy = consumes ? incarnation : sameHost ? this.#record.consumedBy : null;
    this.#record = { ...base, hostIncarnation: incarnation, cleanMark: null, consumedBy };
    this.#put(this.#record);
  }

  words(wish: Wish): Words | null {
    if (wish.kind !== "resume") return null;
    const groups = this.#host.world.config.groups.map((group) => {
      const kept = this.#record.groups.find(({ name }) => name === group.name);
      const desired = kept?.desired === "running" ? kept.owner : null;
      const order = kept === undefined ? 0 : 1;
      const stranded = kept?.desired === "running" && kept.owner === null;
      return { state: "stopped" as const, desired, order, stranded };
    });
    return { shutdown: 0, marked: false, offAfterLeave: false, request: null, reply: null, groups };
  }

  keep(state: FailoverState): void {
    this.#record = this.#draw(state);
    const record = this.#record;
    const { incarnation } = this.#host;
    this.#saves += 1;
    const save = this.#saves;
    const ms = 1 + this.#host.random.below(40) + this.#host.bends.saveMs;
    if (ms === Number.POSITIVE_INFINITY) return;
    this.#host.world.clock.after(ms, () => {
      const newest = save === this.#saves;
      const lives = this.#host.on && this.#host.incarnation === incarnation;
      if (newest && lives) this.#put(record);
    });
  }

  /** `done` once it is on flash, or a newer record that says the same. */
  hold(state: FailoverState, done: () => void): void {
    this.keep(state);
    const { epoch } = this.#record;
    const { incarnation } = this.#host;
    const look = (): void => {
      const lives = this.#host.on && this.#host.incarnation === incarnation;
      const { flash, bends } = this.#host;
      if (!lives) return;
      if (namesEpoch(flash, epoch) || (bends.savesLie && bends.saveMs === 0)) done();
      else if (namesEpoch(this.#record, epoch)) this.#host.world.clock.after(1, look);
    };
    look();
  }

  /** False when the folder refuses it. */
  writeMark(state: FailoverState): boolean {
    const record = this.#draw(state);
    const epochCounter = record.epoch?.counter ?? 0;
    this.#saves += 1;
    this.#record = { ...record, cleanMark: { epochCounter }, consumedBy: null };
    this.#put(this.#record);
    return this.#host.bends.saveMs !== Number.POSITIVE_INFINITY;
  }

  #put(record: StoreRecord): void {
    const { saveMs, savesLie } = this.#host.bends;
    if (saveMs === Number.POSITIVE_INFINITY || savesLie) return;
    this.#host.flash = record;
    this.#host.world.checks.saved(this.#host, record);
  }

  #draw(state: FailoverState): StoreRecord {
    const { facts } = state;
    const groups = this.#host.world.config.groups.map((group, index) => {
      const desired = state.groups[index]?.desired ?? null;
      const stranded = state.groups[index]?.stranded === true;
      const wanted = desired === null && !stranded ? ("stopped" as const) : ("running" as const);
      return { name: group.name, owner: desired, desired: wanted };
    });
    if (facts === null) return { ...this.#record, groups };
    const view = state.hold?.view ?? facts.view;
    if (view === null) {
      return { ...this.#record, members: [], absent: [], provisional: false, groups };
    }
    const provisional = state.hold === null && facts.provisional === true;
    const { epoch, members, absent = [] } = view;
    return { ...this.#record, epoch, members, absent, provisional, consumedBy: null, groups };
  }
}

const namesEpoch = (record: StoreRecord | null, epoch: StoreRecord["epoch"]): boolean =>
  record?.epoch != null && epoch !== null && sameEpoch(record.epoch, epoch);
