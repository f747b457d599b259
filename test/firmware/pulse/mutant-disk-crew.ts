/**
 * Mutants of the shared-disk method for three and more servers: each takes one rule of protocol.md 1.3-1.8, as
 * disk-rule.ts reads it, out of the compiled cores. Source: guide 1.2.4 B1-B8; R67-R79, D1, D7.
 */
import type { Mutant } from "./mutant-table.ts";

const RULE = "services/membership/majority/disk-rule.js";
const TURN = "services/membership/majority/disk-turn.js";
const LEASE = "services/membership/majority/lease.js";
const PROPOSE = "services/membership/majority/propose.js";
const CORE = "services/membership/majority/core.js";
const STAMPING = "services/quorum/stamping.js";
const CREW = "firmware/pulse/disk-crew.js";

const LEASES: readonly Mutant[] = [
  {
    name: "shared disk: R67: a majority of acknowledgements carries a lease",
    file: LEASE,
    from: "return view.members.length - 1;",
    to: "return Math.floor(view.members.length / 2);",
  },
  {
    name: "shared disk: R67: rounds on the disk carry nothing",
    file: LEASE,
    from: "decidesByDisk(field) ? roundLeaseEndMs(state, field) : Number.NEGATIVE_INFINITY",
    to: "Number.NEGATIVE_INFINITY",
  },
  {
    name: "shared disk: R67: a round of the view before carries in this one",
    file: RULE,
    from: "disk.wholeFromMs < baseMs",
    to: "false",
  },
  {
    name: "shared disk: R79: a round carries from its end",
    file: STAMPING,
    from: "wholeFromMs: carries ? round.fromMs : state.wholeFromMs",
    to: "wholeFromMs: carries ? atMs : state.wholeFromMs",
  },
  {
    name: "shared disk: R79: a round that ends too late extends the lease",
    file: STAMPING,
    from: "round?.fresh === true && isInTime",
    to: "round?.fresh === true",
  },
  {
    name: "shared disk: G9: a round without a new word of the agent carries",
    file: STAMPING,
    from: "round?.fresh === true && isInTime",
    to: "round !== null && isInTime",
  },
  {
    name: "shared disk: R67: the endless lease of a sole server is taken along",
    file: TURN,
    from: "endMs === Number.POSITIVE_INFINITY ? atMs + config.budget.a3Ms : endMs",
    to: "endMs",
  },
  {
    name: "shared disk: R67: a leaver that stays begins in the view that others may have left",
    file: CORE,
    from: "lapsed: state.lapsed || decidesByDisk(field)",
    to: "lapsed: state.lapsed",
  },
  {
    name: "shared disk: R78: an owner that slept past its rounds goes on",
    file: TURN,
    from: "return gapMs < stampLeaseMs ? still(state) : null;",
    to: "return still(state);",
  },
];

const WORDS: readonly Mutant[] = [
  {
    name: "shared disk: R73: nobody obeys a slot",
    file: RULE,
    from: "return found?.server ?? null;",
    to: "return null;",
  },
  {
    name: "shared disk: R73: a word that is not above the own view is obeyed",
    file: RULE,
    from: " && epoch.counter > counter;",
    to: ";",
  },
  {
    name: "shared disk: L3: the word of a boot that is over is obeyed",
    file: RULE,
    from: "return !isOver && counts(",
    to: "return counts(",
  },
  {
    name: "shared disk: R73: whoever was put out can put out",
    file: RULE,
    from: "return stands || view?.members.includes(writer) === true;",
    to: "return true;",
  },
  {
    name: "shared disk: R73: a newcomer of a promised view cannot put out",
    file: RULE,
    from: "return stands || view?.members.includes(writer) === true;",
    to: "return view?.members.includes(writer) === true;",
  },
  {
    name: "shared disk: R67: both of two that put each other out go",
    file: RULE,
    from: "if (dropping !== null && hasAnnounced(dropping, field) && field.atMs",
    to: "if (dropping === undefined && field.atMs",
  },
  {
    name: "shared disk: R67: what the last reading of the announcing round shows is void",
    file: RULE,
    from: " && field.atMs > readBackMs(field))",
    to: ")",
  },
  {
    name: "shared disk: R67: the own word shields from those that it keeps",
    file: RULE,
    from: "return dropping.members.includes(writer);",
    to: "return false;",
  },
  {
    name: "shared disk: R67: forgotten promises make a newcomer's word void",
    file: RULE,
    from: "if (abstainUntilMs > baseMs)",
    to: "if (false)",
  },
  {
    name: "shared disk: R67: a word stands before every slot was read after it",
    file: STAMPING,
    from: "return whole.writtenAtMs >= saying.writtenAtMs && says(saying, whole.stamp) ? saying : null;",
    to: "return saying;",
  },
  {
    name: "shared disk: R67: the counter of the own slot goes down",
    file: STAMPING,
    from: "context.members === undefined ? context.epoch : highest(context.epoch, state)",
    to: "context.epoch",
  },
  {
    name: "shared disk: R67: the own slot is not read before the first write",
    file: STAMPING,
    from: "if (context.members !== undefined && state.left === undefined)",
    to: "if (context.members === null)",
  },
  {
    name: "shared disk: R67: nothing is said about others without a new word of the agent",
    file: STAMPING,
    from: "return { ...drawn, stampMs: old.stampMs };",
    to: "return old;",
  },
  {
    name: "shared disk: R67: a word is said again as a newer life",
    file: STAMPING,
    from: "return { ...drawn, stampMs: old.stampMs };",
    to: "return drawn;",
  },
  {
    name: "shared disk: R67: what is to be decided does not stand on the own slot",
    file: CREW,
    from: "const said = inView === null ? null : (drop ?? inView);",
    to: "const said = inView;",
  },
  {
    name: "shared disk: R67: it stands there before the agent holds it",
    file: CREW,
    from: "shownPromise(membership) === null ? null : ownDrop(membership)",
    to: "ownDrop(membership)",
  },
];

const DROPS: readonly Mutant[] = [
  {
    name: "shared disk: R67: installed on any word of the own slot",
    file: RULE,
    from: "const isSaid = saying !== null && hasAnnounced(drop, field);",
    to: "const isSaid = saying !== null;",
  },
  {
    name: "shared disk: R67: installed without a wait for one that may hang",
    file: RULE,
    from: 'return member.life === "silent" || atMs - saying.writtenAtMs >= diskWaitMs;',
    to: "return true;",
  },
  {
    name: "shared disk: R67: installed before the grants are over",
    file: RULE,
    from: "if (!isBound || member.presence)",
    to: "if (member.presence)",
  },
  {
    name: "shared disk: G8: installed without one that cannot be understood",
    file: RULE,
    from: "if (!isBound || member.presence)",
    to: "if (!isBound)",
  },
  {
    name: "shared disk: B8: installed before J",
    file: RULE,
    from: "if (member.ageMs < waitMs)",
    to: "if (member.ageMs < 0)",
  },
  {
    name: "shared disk: R67: newcomers of a promised view are not waited for",
    file: RULE,
    from: "const isClear = strangers.every((sight) => ownsNothing(sight, field));",
    to: "const isClear = true;",
  },
  {
    name: "shared disk: R67: an old word outside lets a newcomer go that has come in",
    file: RULE,
    from: "view !== null && acknowledgedMs(peer, view) !== null;",
    to: "view !== null && peer.index >= 0;",
  },
  {
    name: "shared disk: R67: a word outside from before the announcement proves that it is out",
    file: RULE,
    from: "const answersIt = (peer.heardOwnStampMs ?? 0) >= saying.writtenAtMs;",
    to: "const answersIt = true;",
  },
  {
    name: "shared disk: L3: a later boot in the slot ends a member that was never heard in the view",
    file: RULE,
    from: "hosts[peer.index] === peer.host ? peer :",
    to: "hosts[peer.index] !== undefined ? peer :",
  },
  {
    name: "shared disk: R67: installed without the rule of the disk",
    file: PROPOSE,
    from: "return drop === null || isSettled(state, drop, field) ? promise : null;",
    to: "return promise;",
  },
  {
    name: "shared disk: B5: every server puts out those that it does not hear",
    file: RULE,
    from: "|| topOf(witness) !== null)",
    to: ")",
  },
  {
    name: "shared disk: B4: who does not stamp in time puts others out",
    file: RULE,
    from: "!isLosing(state, field) || !witness.stampsInTime ||",
    to: "!isLosing(state, field) ||",
  },
  {
    name: "shared disk: R67: a word on the own slot is taken back when the LAN heals",
    file: RULE,
    from: "if (standing !== null)\n        return stays",
    to: "if (standing === undefined)\n        return stays",
  },
  {
    name: "shared disk: R67: who puts a server out promises it another view",
    file: PROPOSE,
    from: "return ownDrop(state)?.members.includes(from.index) !== false;",
    to: "return true;",
  },
  {
    name: "shared disk: R67: a drop is proposed anew before it could be read",
    file: PROPOSE,
    from: "isPatient ? 2 * judgeMs + timeoutMs : timeoutMs",
    to: "timeoutMs",
  },
  {
    name: "shared disk: 1.7: what the claiming round has shown is not judged",
    file: PROPOSE,
    from: "const isRefused = decidesByDisk(field) && !isProvenAlone(state, members, field);",
    to: 'const isRefused = decidesByDisk(field) && members.length < field.config.servers.length && field.disk.claim !== "won";',
  },
  {
    name: "shared disk: 1.7: a promise outlives the claim that it rests on",
    file: PROPOSE,
    from: "if (decidesByDisk(field) && beginsAlone(state, promise))",
    to: "if (false)",
  },
  {
    name: "shared disk: 1.8: a force-returned view puts others out",
    file: CREW,
    from: "said === null || membership.provisional !== null ? 0",
    to: "said === null ? 0",
  },
];

export const DISK_CREW: readonly Mutant[] = [...LEASES, ...WORDS, ...DROPS];
