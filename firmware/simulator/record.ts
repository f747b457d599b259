/**
 * The record on flash of one server of the simulator, kept as firmware/agent/keeper.ts keeps it; a save is on
 * flash some milliseconds later, and a power cut before that loses it.
 */
import type { StoreRecord } from "../../flash/store/record.ts";
import { belongsTo, emptyRecord } from "../../flash/store/record.ts";
import type { LoadedRecord } from "../../flash/store/store.ts";
import { sameEpoch } from "../../hal/base/view.ts";
import type { ClusterConfig } from "../../services/configuration/model.ts";
import type { Wish } from "../../services/events.ts";
import type { FailoverState } from "../../services/failover/state.ts";
import type { Words } from "../../services/failover/words.ts";
import type { SwarmHost } from "./host.ts";

/** As firmware/agent/keeper.ts: between two tries on a folder that refused. */
const RETRY_MS = 1000;

export class SwarmRecord {
  readonly #host: SwarmHost;
  readonly #config: ClusterConfig;
  readonly #isAlive: () => boolean;
  #record: StoreRecord;
  #saves = 0;
  /** Refusals since the newest record that is on flash. */
  #failures = 0;
  #hasBegun = false;
  /** The server has given up and stays on. */
  #isOutside = false;

  /** `config`: what its agent goes by. `isAlive`: the process that keeps it runs. */
  constructor(host: SwarmHost, config: ClusterConfig, isAlive: () => boolean) {
    this.#host = host;
    this.#config = config;
    this.#isAlive = isAlive;
    const { name, servers } = config;
    const identity = { cluster: name, server: servers[host.index]?.name ?? "" };
    this.#record = emptyRecord(identity, host.incarnation);
  }

  /** The newest record is not on flash. */
  get isBehind(): boolean {
    return this.#failures > 0;
  }

  /** Newest epoch whose view this server was in, by what was read and kept; 0 = none. */
  get epochCounter(): number {
    return this.#record.epoch?.counter ?? 0;
  }

  /** Who enters a view has its boot on flash (D18): until then there may be a clean mark of before. */
  allowed(wish: Wish): Wish {
    const enters = wish.kind === "return" || wish.kind === "found";
    return enters && !this.#hasBegun ? { kind: "detached", floor: wish.floor } : wish;
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
  read(): {
    readonly loaded: LoadedRecord;
    readonly belongs: boolean;
    readonly hasRun: boolean;
  } {
    const loaded = this.loaded();
    const { identity } = this.#record;
    const { incarnation, begunAs } = this.#host;
    const belongs = loaded.kind !== "loaded" || belongsTo(loaded.record, identity);
    const isOwn = loaded.kind === "loaded" && belongs;
    // What cannot be read is kept by nobody: the next save does not know it either.
    this.#record = isOwn ? loaded.record : emptyRecord(identity, incarnation);
    this.#hasBegun = isOwn && loaded.record.hostIncarnation === incarnation;
    return { loaded, belongs, hasRun: begunAs === incarnation };
  }

  /** On flash before anything may be granted; false = the folder refuses it. */
  begin(consumes: boolean): boolean {
    const { incarnation } = this.#host;
    const sameHost = this.#record.hostIncarnation === incarnation;
    const isKept = sameHost && !consumes;
    const base = isKept ? this.#record : { ...this.#record, members: [], absent: [] };
    const consumedBy = consumes ? incarnation : sameHost ? this.#record.consumedBy : null;
    this.#record = { ...base, hostIncarnation: incarnation, cleanMark: null, consumedBy };
    const saved = this.#put(this.#record);
    // The start on the mark does not take place, so a later try must not say that it did.
    if (!saved && consumes) this.#record = { ...this.#record, consumedBy: null };
    this.#host.begunAs = incarnation;
    return saved;
  }

  words(wish: Wish): Words | null {
    if (wish.kind !== "resume") return null;
    const groups = this.#config.groups.map((group) => {
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
    if (ms === Number.POSITIVE_INFINITY) return this.#refuse();
    this.#host.world.clock.after(ms, () => {
      const newest = save === this.#saves;
      const lives = this.#host.on && this.#host.incarnation === incarnation;
      if (newest && lives) this.#put(record);
    });
  }

  /** In no view for the rest of this boot (D24); `done` once that is on flash, however often it is refused. */
  leave(state: FailoverState, done: () => void): void {
    this.#isOutside = true;
    this.#record = this.#draw(state);
    this.#saves += 1;
    const look = (): void => {
      if (!this.#isAlive()) return;
      if (this.#put(this.#record)) done();
      else this.#host.world.clock.after(RETRY_MS, look);
    };
    look();
  }

  /** `done` once it is on flash, or a newer record that says the same; `failed` when the folder refuses it. */
  hold(state: FailoverState, done: () => void, failed: () => void): void {
    this.keep(state);
    if (this.#host.bends.saveMs === Number.POSITIVE_INFINITY) return failed();
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
    const saved = this.#put(this.#record);
    const { world, index } = this.#host;
    if (saved) world.note(index, "shutdown.clean-mark", { epoch: epochCounter });
    // Only the last act of a shutdown may write it.
    else this.#record = { ...this.#record, cleanMark: null };
    return saved;
  }

  /** False = refused; it is then tried again until it is there. */
  #put(record: StoreRecord): boolean {
    const { world, index, bends, incarnation } = this.#host;
    if (bends.saveMs === Number.POSITIVE_INFINITY) {
      this.#refuse();
      return false;
    }
    this.#hasBegun ||= record.hostIncarnation === incarnation;
    if (this.#failures > 0) world.note(index, "store.recovered", { failures: this.#failures });
    this.#failures = 0;
    if (bends.savesLie) return true;
    this.#host.flash = record;
    world.checks.saved(this.#host, record);
    return true;
  }

  #refuse(): void {
    const { world, index } = this.#host;
    this.#failures += 1;
    if (this.#failures > 1) return;
    world.note(index, "store.failed", { error: "the state folder refuses the record" });
    const retry = (): void => {
      if (!this.#isAlive() || this.#failures === 0) return;
      if (this.#host.bends.saveMs === Number.POSITIVE_INFINITY) this.#failures += 1;
      else this.#put(this.#record);
      world.clock.after(RETRY_MS, retry);
    };
    world.clock.after(RETRY_MS, retry);
  }

  #draw(state: FailoverState): StoreRecord {
    const { facts } = state;
    const groups = this.#config.groups.map((group, index) => {
      const desired = state.groups[index]?.desired ?? null;
      const stranded = state.groups[index]?.stranded === true;
      const wanted = desired === null && !stranded ? ("stopped" as const) : ("running" as const);
      return { name: group.name, owner: desired, desired: wanted };
    });
    if (facts === null) return { ...this.#record, groups };
    const view = state.hold?.view ?? facts.view;
    const outside = { ...this.#record, members: [], absent: [], provisional: false, groups };
    if (this.#isOutside) return { ...outside, consumedBy: null };
    if (view === null) return outside;
    const provisional = state.hold === null && facts.provisional === true;
    const { epoch, members, absent = [] } = view;
    return { ...this.#record, epoch, members, absent, provisional, consumedBy: null, groups };
  }
}

const namesEpoch = (record: StoreRecord | null, epoch: StoreRecord["epoch"]): boolean =>
  record?.epoch != null && epoch !== null && sameEpoch(record.epoch, epoch);
