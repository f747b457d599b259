/** A record with every field filled; `counter` tells one from another. */
import type { StoreRecord } from "../../../flash/store/record.ts";
import { hostIncarnation } from "../../../hal/base/ids.ts";

export function sampleRecord(counter: number): StoreRecord {
  return {
    identity: { cluster: "lab", server: "SERVER1" },
    hostIncarnation: hostIncarnation("0123456789abcdef"),
    epoch: { counter, coordinator: 1, host: hostIncarnation("fedcba9876543210") },
    members: [0, 1],
    cleanMark: { epochCounter: counter },
    consumedBy: hostIncarnation("00000000000000ff"),
    groups: [
      { name: "web", owner: 1, desired: "running" },
      { name: "db", owner: null, desired: null },
    ],
  };
}
