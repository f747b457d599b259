/**
 * Faults of the state folder: copies lost, damaged, old or of another server, a folder that refuses, is slow or
 * lies. What the next agent reads is what firmware/flash/store would make of it.
 * Source: reliability.md 2.3 (node: disk full, fsync lies), F23; D18; protocol.md 1.4.8; work order "Bad input".
 */
import { type StoreRecord, withoutVouching } from "../../flash/store/record.ts";
import type { LoadedRecord } from "../../flash/store/store.ts";
import { serverName } from "../../hal/base/ids.ts";
import { type Blow, type Covers, type FaultKind, INSIDE, OUTSIDE } from "./fault-kind.ts";
import { bend } from "./faults-power.ts";

const store = (
  name: string,
  does: string,
  covers: Covers,
  strike: (blow: Blow) => void,
  end?: (blow: Blow) => void,
): FaultKind => ({
  name,
  medium: "store",
  does,
  unit: "-",
  range: [0, 0],
  covers,
  strike,
  ...(end === undefined ? {} : { end }),
});

const reads = (
  name: string,
  does: string,
  covers: Covers,
  loads: (loaded: LoadedRecord) => LoadedRecord,
): FaultKind => ({
  ...store(name, does, covers, () => undefined),
  ...bend("loads", () => loads, null),
});

const KEPT = new WeakMap<object, StoreRecord | null>();

export const STORE_FAULTS: readonly FaultKind[] = [
  reads("store-copy-lost", "one copy is lost, perhaps the newer one", INSIDE, (loaded) =>
    loaded.kind === "loaded"
      ? { ...loaded, record: withoutVouching(loaded.record), damaged: "a" }
      : loaded,
  ),
  reads("store-damaged", "both copies are damaged", INSIDE, () => ({
    kind: "defaults",
    reason: "damaged",
  })),
  // A folder that is empty looks like a server that has never been in a cluster.
  reads("store-empty", "the folder is empty", OUTSIDE, () => ({
    kind: "defaults",
    reason: "missing",
  })),
  reads("store-unreadable", "the folder cannot be read", INSIDE, () => ({
    kind: "failed",
    code: "EIO",
    text: "EIO: the folder cannot be read",
  })),
  reads("store-foreign", "the folder of another server is found", INSIDE, (loaded) => {
    if (loaded.kind !== "loaded") return loaded;
    const identity = { ...loaded.record.identity, server: serverName("SERVER9") };
    return { ...loaded, record: { ...loaded.record, identity } };
  }),
  store(
    "store-old",
    "at the end the folder is put back as it was at the beginning",
    OUTSIDE,
    ({ host }) => KEPT.set(host, host.flash),
    ({ host }) => {
      host.flash = KEPT.get(host) ?? null;
    },
  ),
  {
    ...store("store-full", "the folder refuses every record", INSIDE, () => undefined),
    ...bend("saveMs", () => Number.POSITIVE_INFINITY, 0),
  },
  {
    ...store("store-slow", "a record is on flash so much later", INSIDE, () => undefined),
    unit: "ms",
    range: [100, 5000],
    ...bend("saveMs", (amount) => amount, 0),
  },
  {
    ...store("store-lies", "records are answered as saved and are not", OUTSIDE, () => undefined),
    ...bend("savesLie", () => true, false),
  },
];
