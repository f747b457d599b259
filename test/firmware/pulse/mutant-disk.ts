/**
 * The mutants of the shared-disk method: one rule of protocol.md 1.6 taken out each.
 */
import type { Mutant } from "./mutant-table.ts";

const TABLE = "services/quorum/disk.js";
const WITNESS = "services/quorum/disk-witness.js";
const STAMPING = "services/quorum/stamping.js";
const PART = "firmware/pulse/disk-part.js";

export const SHARED_DISK: readonly Mutant[] = [
  {
    name: "shared disk: B5: nobody has to give way",
    file: TABLE,
    from: "members.filter(({ index }) => index < self)",
    to: "members.filter(() => false)",
  },
  {
    name: "shared disk: B5: an owner that must give way does not begin M before the verdict",
    file: TABLE,
    from: "mayOwn ? budget.leaveMs : budget.judgeMs",
    to: "budget.judgeMs + budget.timeoutMs",
  },
  {
    name: "shared disk: B4, B6: own stamps do not matter",
    file: TABLE,
    from: "if (!disk.stampsInTime)\n        return stop",
    to: "if (disk.members.length === 0)\n        return stop",
  },
  {
    name: "shared disk: B8: verdict at T",
    file: TABLE,
    from: "return early ? budget.quietMs : budget.judgeMs;",
    to: "return budget.timeoutMs;",
  },
  {
    name: "shared disk: D1: early verdict whatever the setting",
    file: TABLE,
    from: "budget.earlyVerdict && !away",
    to: "!away",
  },
  {
    name: "shared disk: D1: the living are taken over early",
    file: TABLE,
    from: "budget.earlyVerdict && !away.some((member) => lives(member))",
    to: "budget.earlyVerdict",
  },
  {
    name: "shared disk: B5: who reaches the top judges and leaves",
    file: TABLE,
    from: "if (top.twoWay)\n            return WAIT;",
    to: "",
  },
  {
    name: "shared disk: D6: a top without a disk",
    file: TABLE,
    from: "lives(member) && (member.stamps || !member.twoWay)",
    to: "lives(member)",
  },
  {
    name: "shared disk: D7: those in reach have to be silent as well",
    file: TABLE,
    from: "if (!away.every((member) => isSilent(member, waitMs)))",
    to: "if (!disk.members.every((member) => isSilent(member, waitMs)))",
  },
  {
    name: "shared disk: G8: presence is no life",
    file: TABLE,
    from: 'life === "alive" || presence',
    to: 'life === "alive"',
  },
  {
    name: "shared disk: a sleeper judges",
    file: TABLE,
    from: "if (disk.slept && !mayOwn)",
    to: "if (disk.members.length === 0)",
  },
  {
    name: "shared disk: who was left out judges",
    file: TABLE,
    from: "if (disk.excluded)",
    to: "if (disk.members.length === 0)",
  },
  {
    name: "shared disk: 1.7: no word on the disk before a start alone",
    file: TABLE,
    from: 'return { kind: "claim" };',
    to: 'return { kind: "survive" };',
  },
  {
    name: "shared disk: 1.7: start beside a rival",
    file: TABLE,
    from: 'disk.rivals.includes("stands")',
    to: "false",
  },
  {
    name: "shared disk: silence without a reading",
    file: WITNESS,
    from: "readFromMs >= aliveAtMs + budget.quietMs",
    to: "readFromMs >= heardAtMs",
  },
  {
    name: "shared disk: B3: stamps above the LAN are no life",
    file: WITNESS,
    from: "newer || unknown ?",
    to: "unknown ?",
  },
  {
    name: "shared disk: B3: any stamp is life",
    file: WITNESS,
    from: "newer || unknown ?",
    to: "stamp !== null ?",
  },
  {
    name: "shared disk: off counts although it is old",
    file: WITNESS,
    from: 'if (newer && stamp.state === "off")',
    to: 'if (own && stamp.state === "off")',
  },
  {
    name: "shared disk: L3: any other boot is a reboot",
    file: WITNESS,
    from: "&& formerHost === peer.host",
    to: "",
  },
  {
    name: "shared disk: R79: a late answer extends the lease",
    file: STAMPING,
    from: "const counts = operation.fresh && extends_;",
    to: "const counts = operation.fresh;",
  },
  {
    name: "shared disk: G10: the lease counts from the answer",
    file: STAMPING,
    from: "counts ? operation.atMs :",
    to: "counts ? event.atMs :",
  },
  {
    name: "shared disk: G9: stamps without the agent",
    file: STAMPING,
    from: "progress !== state.progress && context.mayLive",
    to: "context.mayLive",
  },
  {
    name: "shared disk: who has given up stamps on",
    file: STAMPING,
    from: "progress !== state.progress && context.mayLive",
    to: "progress !== state.progress",
  },
  {
    name: "shared disk: P1: off is said as soon as a server gives up",
    file: PART,
    from: 'const gone = state.willDone === "completed";',
    to: "const gone = state.membership.gaveUp !== null;",
  },
  {
    name: "shared disk: P1: off is said after a will that left something behind",
    file: PART,
    from: 'const gone = state.willDone === "completed";',
    to: 'const gone = state.willDone !== "no";',
  },
  {
    name: "shared disk: P6: the last stamp overtakes what is under way",
    file: STAMPING,
    from: "roundAtMs: event.atMs }, context, event, config);\n        default:",
    to: "operation: null, roundAtMs: event.atMs }, context, event, config);\n        default:",
  },
  {
    name: "shared disk: 1.6: no last stamp",
    file: STAMPING,
    from: "const fresh = context.gone || lives;",
    to: "const fresh = lives;",
  },
  {
    name: "shared disk: 1.6: the last stamp waits for a whole round",
    file: STAMPING,
    from: "if (context.gone && !state.saidOff && !saysOff)",
    to: "if (false)",
  },
  {
    name: "shared disk: R78: a stale stamp is a reading",
    file: STAMPING,
    from: "if (stamp === null && before !== null)\n        return null;",
    to: "",
  },
  {
    name: "shared disk: P6: a hung operation is overtaken",
    file: STAMPING,
    from: "if (!overdue || state.killedId === operation.id)\n            return noted;",
    to: "if (overdue) return beginRound({ ...noted.state, operation: null }, context, atMs);",
  },
  {
    name: "shared disk: the LAN alone carries the lease",
    file: PART,
    from: "Math.max(fromMs + a3Ms, Math.min(stampedMs, limitMs))",
    to: "fromMs + a3Ms",
  },
  {
    name: "shared disk: L5: an owner's gap does not depose it",
    file: "services/membership/core.js",
    from: "if (onDisk ||",
    to: "if (",
  },
];
